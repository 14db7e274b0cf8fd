//! The accounts: what objects 0 (Security) and 1 (Server) hold, read through the same trait as everything else.

use crate::model::{Object, Objects, Value, ValueWriter};

pub(crate) const SECURITY: u16 = 0;
pub(crate) const SERVER: u16 = 1;

/// Resources of object 0 (Core 1.1.1, appendix E.1).
pub(crate) mod security {
    pub(crate) const BOOTSTRAP_SERVER: u16 = 1;
    pub(crate) const SHORT_SERVER_ID: u16 = 10;
    #[cfg(feature = "bootstrap")]
    pub(crate) const HOLD_OFF: u16 = 11;
}

/// Resources of object 1 (Core 1.1.1, appendix E.2).
pub(crate) mod server {
    pub(crate) const SHORT_SERVER_ID: u16 = 0;
    pub(crate) const LIFETIME: u16 = 1;
    #[cfg(feature = "observe")]
    pub(crate) const DEFAULT_PMIN: u16 = 2;
    #[cfg(feature = "observe")]
    pub(crate) const DEFAULT_PMAX: u16 = 3;
    pub(crate) const DISABLE: u16 = 4;
    pub(crate) const DISABLE_TIMEOUT: u16 = 5;
    #[cfg(feature = "observe")]
    pub(crate) const NOTIFICATION_STORING: u16 = 6;
    pub(crate) const UPDATE_TRIGGER: u16 = 8;
    #[cfg(feature = "bootstrap")]
    pub(crate) const BOOTSTRAP_TRIGGER: u16 = 9;
    pub(crate) const INITIAL_DELAY: u16 = 14;
    #[cfg(feature = "bootstrap")]
    pub(crate) const BOOTSTRAP_ON_FAILURE: u16 = 16;
    pub(crate) const RETRY_COUNT: u16 = 17;
    pub(crate) const RETRY_TIMER: u16 = 18;
    pub(crate) const SEQUENCE_DELAY: u16 = 19;
    pub(crate) const SEQUENCE_COUNT: u16 = 20;
}

/// The object with this id, where it has the instance: a server may have deleted its own account.
#[inline(never)]
pub(crate) fn find(objects: &dyn Objects, object: u16, instance: u16) -> Option<&dyn Object> {
    let object = objects.object(object)?;
    object.has_instance(instance).then_some(object)
}

/// The value of a resource of an object that has the instance, which is neither string nor opaque; `None` when it is not
/// there.
#[inline(never)]
fn value_in(object: &dyn Object, instance: u16, resource: u16) -> Option<Value<'static>> {
    let mut out = ValueWriter::capturing(&mut []);
    object.read(instance, resource, &mut out).ok()?;
    out.captured_short()
}

/// An unsigned number that fits 32 bits.
pub(crate) fn number(
    objects: &dyn Objects,
    object: u16,
    instance: u16,
    resource: u16,
) -> Option<u32> {
    number_in(find(objects, object, instance)?, instance, resource)
}

/// The same, of an object that has the instance.
pub(crate) fn number_in(object: &dyn Object, instance: u16, resource: u16) -> Option<u32> {
    value_in(object, instance, resource)?
        .as_u64()
        .and_then(|value| u32::try_from(value).ok())
}

/// A truth value.
pub(crate) fn boolean(
    objects: &dyn Objects,
    object: u16,
    instance: u16,
    resource: u16,
) -> Option<bool> {
    value_in(find(objects, object, instance)?, instance, resource)?.as_bool()
}

/// A resource of a Server instance, with what the specification says when it is absent.
#[inline(never)]
pub(crate) fn server_number(
    objects: &dyn Objects,
    instance: u16,
    resource: u16,
    default: u32,
) -> u32 {
    number(objects, SERVER, instance, resource).unwrap_or(default)
}

/// The Server instance with this short server id.
pub(crate) fn server_instance(objects: &dyn Objects, short_id: u16) -> Option<u16> {
    instances(objects, SERVER).find(|&instance| {
        number(objects, SERVER, instance, server::SHORT_SERVER_ID) == Some(u32::from(short_id))
    })
}

/// The Security instance of the bootstrap server.
#[cfg(feature = "bootstrap")]
pub(crate) fn bootstrap_account(objects: &dyn Objects) -> Option<u16> {
    instances(objects, SECURITY).find(|&instance| is_bootstrap(objects, instance))
}

/// Whether a Security instance is the bootstrap server's.
pub(crate) fn is_bootstrap(objects: &dyn Objects, instance: u16) -> bool {
    boolean(objects, SECURITY, instance, security::BOOTSTRAP_SERVER) == Some(true)
}

/// The short server id of a Security instance that is not the bootstrap server's.
pub(crate) fn short_id(objects: &dyn Objects, security_instance: u16) -> Option<u16> {
    let id = number(
        objects,
        SECURITY,
        security_instance,
        security::SHORT_SERVER_ID,
    )?;
    u16::try_from(id)
        .ok()
        .filter(|&id| id != 0 && id != u16::MAX)
}

/// The instances of an object in ascending order.
pub(crate) fn instances(objects: &dyn Objects, object: u16) -> impl Iterator<Item = u16> {
    let object = objects.object(object);
    let mut last = None;
    core::iter::from_fn(move || {
        last = Some(object?.next_instance(last)?);
        last
    })
}

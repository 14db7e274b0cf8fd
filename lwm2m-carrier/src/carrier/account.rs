//! Objects 0 and 1 as the carrier sees them: what the profile puts there, and where the credentials lie.

use lwm2m_core::{
    model::{Error, Object, Objects, Target, Value, ValueWriter},
    objects::tables::{security, server},
};

use crate::{
    error::ConfigurationError,
    hal::CredentialKind,
    profile::{Credentials, Profile},
    record::continued,
    uri::ServerUri,
};

const SECURITY: u16 = 0;
const SERVER: u16 = 1;

/// Security instance of the profile's server.
pub(super) const FIRST: u16 = 0;

/// What stands for a secret key that has gone to the key store. The engine asks that a key be there, and no real key
/// is one byte long.
const IN_KEY_STORE: &[u8] = &[0];

/// Security modes (resource /0/x/2).
const PSK: i64 = 0;
const NO_SEC: i64 = 3;

/// A check sum over what a device is provisioned with: when that changes, the device begins anew. The key itself is
/// left out, so that the storage tells nothing about it.
pub(super) fn provisioning(profile: &Profile<'_>) -> u32 {
    let crc = continued(u32::MAX, profile.server_uri.as_bytes());
    let crc = continued(crc, &[0, u8::from(profile.is_bootstrap_server)]);
    let crc = match profile.credentials {
        Credentials::None => continued(crc, &[0]),
        Credentials::Psk { identity, .. } => continued(continued(crc, &[1]), identity),
        Credentials::Tag(tag) => continued(continued(crc, &[2]), &tag.0.to_be_bytes()),
    };
    if profile.is_bootstrap_server {
        crc
    } else {
        continued(crc, &profile.lifetime.to_be_bytes())
    }
}

/// Makes objects 0 and 1 what the profile says, and empties object 2.
///
/// # Errors
/// What is wrong with the profile; [`ConfigurationError::TooLong`] or [`ConfigurationError::Objects`] when the objects
/// have no room for it.
pub(super) fn provision(
    profile: &Profile<'_>,
    objects: &mut dyn Objects,
) -> Result<(), ConfigurationError> {
    let uri = ServerUri::parse(profile.server_uri).ok_or(ConfigurationError::Uri)?;
    if uri.secure == matches!(profile.credentials, Credentials::None) {
        return Err(ConfigurationError::Credentials);
    }
    write_accounts(profile, uri.secure, objects).map_err(|error| match error {
        Error::TooLarge => ConfigurationError::TooLong,
        _ => ConfigurationError::Objects,
    })
}

fn write_accounts(
    profile: &Profile<'_>,
    secure: bool,
    objects: &mut dyn Objects,
) -> Result<(), Error> {
    for id in [SECURITY, SERVER, 2] {
        if let Some(object) = objects.object_mut(id) {
            while let Some(instance) = object.next_instance(None) {
                object.delete(instance)?;
            }
        }
    }
    let object = objects.object_mut(SECURITY).ok_or(Error::NotFound)?;
    object.create(FIRST)?;
    let identity = match profile.credentials {
        Credentials::Psk { identity, .. } => identity,
        _ => &[],
    };
    let (mode, key): (_, &[u8]) = if secure {
        (PSK, IN_KEY_STORE)
    } else {
        (NO_SEC, &[])
    };
    let bootstrap = profile.is_bootstrap_server;
    for (resource, value) in &[
        (security::SERVER_URI, Value::String(profile.server_uri)),
        (security::BOOTSTRAP_SERVER, Value::Boolean(bootstrap)),
        (security::SECURITY_MODE, Value::Integer(mode)),
        (security::PUBLIC_KEY_OR_IDENTITY, Value::Opaque(identity)),
        (security::SECRET_KEY, Value::Opaque(key)),
    ] {
        write(object, *resource, value)?;
    }
    if bootstrap {
        return Ok(());
    }
    write(object, security::SHORT_SERVER_ID, &Value::Integer(1))?;
    let object = objects.object_mut(SERVER).ok_or(Error::NotFound)?;
    object.create(FIRST)?;
    for (resource, value) in &[
        (server::SHORT_SERVER_ID, Value::Integer(1)),
        (server::LIFETIME, Value::Integer(profile.lifetime.into())),
        (
            server::NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE,
            Value::Boolean(true),
        ),
        (server::BINDING, Value::String("U")),
    ] {
        write(object, *resource, value)?;
    }
    Ok(())
}

fn write(object: &mut dyn Object, resource: u16, value: &Value<'_>) -> Result<(), Error> {
    let target = Target::new(FIRST, resource);
    object.check(target, value)?;
    object.write(target, value).map(|_| ())
}

/// A resource of a Security instance.
fn read<'b>(
    objects: &dyn Objects,
    instance: u16,
    resource: u16,
    buffer: &'b mut [u8],
) -> Option<Value<'b>> {
    let object = objects.object(SECURITY)?;
    let mut out = ValueWriter::capturing(buffer);
    object.read(instance, resource, &mut out).ok()?;
    out.captured()
}

/// The URI of a server.
pub(super) fn uri<'b>(
    objects: &dyn Objects,
    instance: u16,
    buffer: &'b mut [u8],
) -> Option<ServerUri<'b>> {
    match read(objects, instance, security::SERVER_URI, buffer)? {
        Value::String(uri) => ServerUri::parse(uri),
        _ => None,
    }
}

/// Whether there is a server to register with.
pub(super) fn has_server(objects: &dyn Objects) -> bool {
    instances(objects, SECURITY).any(|instance| {
        let bootstrap = read(objects, instance, security::BOOTSTRAP_SERVER, &mut []);
        matches!(bootstrap, Some(Value::Boolean(false)))
    })
}

/// The short ids of the servers.
pub(super) fn server_ids(objects: &dyn Objects) -> impl Iterator<Item = u16> {
    let id = move |instance| {
        let object = objects.object(SERVER)?;
        let mut out = ValueWriter::capturing(&mut []);
        object
            .read(instance, server::SHORT_SERVER_ID, &mut out)
            .ok()?;
        u16::try_from(out.captured()?.as_u64()?).ok()
    };
    instances(objects, SERVER).filter_map(id)
}

/// The instances of an object.
pub(super) fn instances(objects: &dyn Objects, id: u16) -> impl Iterator<Item = u16> {
    let object = objects.object(id);
    let mut last = None;
    core::iter::from_fn(move || {
        last = Some(object?.next_instance(last)?);
        last
    })
}

/// Whether a server is to be reached through a secure session.
pub(super) fn is_secure(objects: &dyn Objects, instance: u16) -> bool {
    let mode = read(objects, instance, security::SECURITY_MODE, &mut []);
    mode.and_then(|mode| mode.as_u64()) != Some(NO_SEC.unsigned_abs())
}

/// The credentials that a Security instance holds in itself, in the order in which they are written: the kinds that
/// its mode has. Empty when they have gone to the key store.
fn kinds(objects: &dyn Objects, instance: u16, buffer: &mut [u8]) -> &'static [CredentialKind] {
    let mode = read(objects, instance, security::SECURITY_MODE, &mut []).and_then(|m| m.as_u64());
    let key = read(objects, instance, security::SECRET_KEY, buffer);
    if key.is_some_and(|key| key.as_bytes() == Some(IN_KEY_STORE)) {
        return &[];
    }
    match mode {
        Some(0) => &[CredentialKind::PskIdentity, CredentialKind::Psk],
        Some(1 | 2) => &[
            CredentialKind::CaChain,
            CredentialKind::ClientCertificate,
            CredentialKind::PrivateKey,
        ],
        _ => &[],
    }
}

/// Whether the credentials of a Security instance are its own, still to be written to the key store.
pub(super) fn holds_keys(objects: &dyn Objects, instance: u16, buffer: &mut [u8]) -> bool {
    !kinds(objects, instance, buffer).is_empty()
}

/// Where a walk over the credentials of all accounts stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    instance: Option<u16>,
    part: u8,
}

impl Cursor {
    /// Before the first one.
    pub(super) const START: Self = Self {
        instance: None,
        part: 0,
    };

    /// The next credential that an account holds in itself; `None` at the end. `buffer` is used for keys.
    pub(super) fn next(
        &mut self,
        objects: &dyn Objects,
        buffer: &mut [u8],
    ) -> Option<(u16, CredentialKind)> {
        loop {
            if let Some(instance) = self.instance
                && let Some(&kind) = kinds(objects, instance, buffer).get(usize::from(self.part))
            {
                self.part += 1;
                return Some((instance, kind));
            }
            self.part = 0;
            self.instance = Some(objects.object(SECURITY)?.next_instance(self.instance)?);
        }
    }
}

/// A credential of a Security instance; empty when there is none.
pub(super) fn credential<'b>(
    objects: &dyn Objects,
    instance: u16,
    kind: CredentialKind,
    buffer: &'b mut [u8],
) -> &'b [u8] {
    let resource = match kind {
        CredentialKind::CaChain => security::SERVER_PUBLIC_KEY,
        CredentialKind::ClientCertificate | CredentialKind::PskIdentity => {
            security::PUBLIC_KEY_OR_IDENTITY
        }
        CredentialKind::PrivateKey | CredentialKind::Psk => security::SECRET_KEY,
    };
    match read(objects, instance, resource, buffer) {
        Some(Value::Opaque(bytes)) => bytes,
        _ => &[],
    }
}

/// Takes the secret keys, which are in the key store now, out of object 0.
pub(super) fn forget_keys(objects: &mut dyn Objects, buffer: &mut [u8]) {
    let mut last = None;
    while let Some(instance) = objects
        .object(SECURITY)
        .and_then(|object| object.next_instance(last))
    {
        last = Some(instance);
        if holds_keys(objects, instance, buffer)
            && let Some(object) = objects.object_mut(SECURITY)
        {
            let target = Target::new(instance, security::SECRET_KEY);
            // A byte fits where a key did.
            let _ = object.write(target, &Value::Opaque(IN_KEY_STORE));
        }
    }
}

//! Whether what a bootstrap server has left can be used (Core 1.1.1, section 6.1.7.2).

use super::super::accounts;
use crate::model::{Objects, ValueWriter};

/// Resources of object 0.
const URI: u16 = 0;
const SECURITY_MODE: u16 = 2;
const IDENTITY: u16 = 3;
const SERVER_KEY: u16 = 4;
const SECRET_KEY: u16 = 5;

/// At least one account; each with a Server instance of the same short server id, an id of its own, a URI whose scheme
/// agrees with the security mode, and the keys that the mode needs. `scratch` takes one URI or key.
pub(super) fn is_consistent(objects: &dyn Objects, scratch: &mut [u8]) -> bool {
    let mut accounts_found = 0;
    let mut last = None;
    while let Some(instance) = objects
        .object(accounts::SECURITY)
        .and_then(|object| object.next_instance(last))
    {
        last = Some(instance);
        if accounts::is_bootstrap(objects, instance) {
            continue;
        }
        let Some(short_id) = accounts::short_id(objects, instance) else {
            return false;
        };
        let same = |other: &u16| {
            *other != instance
                && !accounts::is_bootstrap(objects, *other)
                && accounts::short_id(objects, *other) == Some(short_id)
        };
        if accounts::instances(objects, accounts::SECURITY).any(|other| same(&other))
            || accounts::server_instance(objects, short_id).is_none()
            || !is_reachable(objects, instance, scratch)
        {
            return false;
        }
        accounts_found += 1;
    }
    accounts_found > 0
}

/// Scheme, mode and keys.
fn is_reachable(objects: &dyn Objects, instance: u16, scratch: &mut [u8]) -> bool {
    let Some(mode) = accounts::number(objects, accounts::SECURITY, instance, SECURITY_MODE) else {
        return false;
    };
    let (scheme, keys): (&[u8], &[u16]) = match mode {
        0 => (b"coaps://", &[IDENTITY, SECRET_KEY]),
        1 | 2 => (b"coaps://", &[IDENTITY, SERVER_KEY, SECRET_KEY]),
        3 => (b"coap://", &[]),
        _ => return false,
    };
    let uri = bytes(objects, instance, URI, scratch);
    uri.len() > scheme.len()
        && uri.starts_with(scheme)
        && keys
            .iter()
            .all(|&key| !bytes(objects, instance, key, scratch).is_empty())
}

/// A string or opaque value of a Security instance; empty when there is none.
fn bytes<'s>(
    objects: &dyn Objects,
    instance: u16,
    resource: u16,
    scratch: &'s mut [u8],
) -> &'s [u8] {
    let mut out = ValueWriter::capturing(scratch);
    match objects.object(accounts::SECURITY) {
        Some(object) if object.read(instance, resource, &mut out).is_ok() => {
            out.into_writer().into_stored()
        }
        _ => &[],
    }
}

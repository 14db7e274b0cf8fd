//! LwM2M Security, object 0, version 1.1.

use core::fmt;

use zeroize::Zeroize;

use crate::model::{Error, Object, ObjectDefinition, ValueWriter};
#[cfg(feature = "bootstrap")]
use crate::model::{Outcome, Target, Transaction, Value};

use super::{
    SetError,
    staging::{Label, Slots},
    tables::security as table,
};

#[cfg(feature = "bootstrap")]
mod change;
mod instance;
mod store;

#[cfg(feature = "bootstrap")]
use change::Change;
pub use instance::{SecurityInstance, SecurityMode};
use store::{Account, Edit, View};

/// The Security object, with room for `N` instances. A bootstrap session changes copies, so `N` is best twice the
/// number of servers, the bootstrap server included.
///
/// `URI`, `IDENTITY`, `KEY` and `SERVER_KEY` are the most bytes of resources 0, 3, 5 and 4; the last is needed for raw
/// public keys and certificates only. A longer value is refused with 4.13. A write that finds no free slot for the copy
/// fails with 5.00, a create with 4.00.
///
/// The SMS resources (6 to 9), matching type (13), SNI (14), certificate usage (15) and ciphersuites (16) are taken and
/// forgotten. A reference to an OSCORE object (17) is refused with 4.00, because ignoring it would send messages without
/// the protection that the server asks for.
///
/// Only a bootstrap server changes it: without the feature `bootstrap` the operations that it has for that are refused with
/// 4.05.
///
/// Keys are zeroized when they are overwritten or deleted and when the object is dropped. Moving the object copies
/// them, so it is best created where it stays.
pub struct Security<
    const N: usize,
    const URI: usize = 128,
    const IDENTITY: usize = 128,
    const KEY: usize = 64,
    const SERVER_KEY: usize = 0,
> {
    slots: Slots<[Label; N]>,
    accounts: [Account; N],
    uris: [[u8; URI]; N],
    identities: [[u8; IDENTITY]; N],
    server_keys: [[u8; SERVER_KEY]; N],
    keys: [[u8; KEY]; N],
}

impl<
    const N: usize,
    const URI: usize,
    const IDENTITY: usize,
    const KEY: usize,
    const SERVER_KEY: usize,
> Security<N, URI, IDENTITY, KEY, SERVER_KEY>
{
    /// No servers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: Slots::new(),
            accounts: [const { Account::FREE }; N],
            uris: [[0; URI]; N],
            identities: [[0; IDENTITY]; N],
            server_keys: [[0; SERVER_KEY]; N],
            keys: [[0; KEY]; N],
        }
    }

    /// Adds a server, such as the bootstrap server that a device is made with.
    ///
    /// # Errors
    /// [`SetError::TooLong`], [`SetError::OutOfRange`] for the short server ids 0 and 65535 and the instance 65535,
    /// [`SetError::InUse`], [`SetError::Full`].
    pub fn add(&mut self, instance: u16, account: &SecurityInstance<'_>) -> Result<(), SetError> {
        self.edit().add(instance, account)
    }

    /// What is known of a server, keys included.
    #[must_use]
    pub fn get(&self, instance: u16) -> Option<SecurityInstance<'_>> {
        self.view().get(instance)
    }

    fn view(&self) -> View<'_> {
        View {
            slots: &self.slots,
            accounts: &self.accounts,
            fields: [
                self.uris.as_flattened(),
                self.identities.as_flattened(),
                self.server_keys.as_flattened(),
                self.keys.as_flattened(),
            ],
        }
    }

    #[inline(never)]
    fn edit(&mut self) -> Edit<'_> {
        Edit {
            slots: &mut self.slots,
            accounts: &mut self.accounts,
            fields: [
                self.uris.as_flattened_mut(),
                self.identities.as_flattened_mut(),
                self.server_keys.as_flattened_mut(),
                self.keys.as_flattened_mut(),
            ],
        }
    }
}

impl<
    const N: usize,
    const URI: usize,
    const IDENTITY: usize,
    const KEY: usize,
    const SERVER_KEY: usize,
> Default for Security<N, URI, IDENTITY, KEY, SERVER_KEY>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<
    const N: usize,
    const URI: usize,
    const IDENTITY: usize,
    const KEY: usize,
    const SERVER_KEY: usize,
> Drop for Security<N, URI, IDENTITY, KEY, SERVER_KEY>
{
    fn drop(&mut self) {
        for field in self.edit().fields {
            field.zeroize();
        }
    }
}

impl<
    const N: usize,
    const URI: usize,
    const IDENTITY: usize,
    const KEY: usize,
    const SERVER_KEY: usize,
> fmt::Debug for Security<N, URI, IDENTITY, KEY, SERVER_KEY>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = self.view();
        let mut map = f.debug_map();
        let mut next = view.slots.next(None);
        while let Some(instance) = next {
            map.entry(&instance, &view.get(instance));
            next = view.slots.next(Some(instance));
        }
        map.finish()
    }
}

impl<
    const N: usize,
    const URI: usize,
    const IDENTITY: usize,
    const KEY: usize,
    const SERVER_KEY: usize,
> Object for Security<N, URI, IDENTITY, KEY, SERVER_KEY>
{
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        self.view().slots.next(after)
    }

    fn has_resource(&self, instance: u16, resource: u16) -> bool {
        self.view().has_resource(instance, resource)
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        self.view().read(instance, resource, out)
    }

    #[cfg(feature = "bootstrap")]
    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        self.view().check(&Change::parse(target.resource, value)?)
    }

    #[cfg(feature = "bootstrap")]
    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.edit().write(target, value)
    }

    #[cfg(feature = "bootstrap")]
    fn reset(&mut self, instance: u16) {
        let mut edit = self.edit();
        // Without a slot to stage the change in, the write that follows fails and says so.
        if let Ok(slot) = edit.writable(instance) {
            edit.wipe(slot);
        }
    }

    #[cfg(feature = "bootstrap")]
    fn check_create(&self, instance: u16) -> Result<(), Error> {
        self.view().slots.check_create(instance)
    }

    #[cfg(feature = "bootstrap")]
    fn create(&mut self, instance: u16) -> Result<(), Error> {
        let mut edit = self.edit();
        let slot = edit.slots.create(instance)?;
        edit.wipe(slot);
        Ok(())
    }

    #[cfg(feature = "bootstrap")]
    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        let mut edit = self.edit();
        if let Some(slot) = edit.slots.delete(instance)? {
            edit.wipe(slot);
        }
        Ok(())
    }

    #[cfg(feature = "bootstrap")]
    fn transaction(&mut self, step: Transaction) -> Result<(), Error> {
        self.edit().transaction(step)
    }
}

#[cfg(test)]
#[cfg(feature = "bootstrap")]
mod tests {
    extern crate std;

    use std::format;

    use super::*;

    type Small = Security<4, 32, 8, 16>;

    const KEY: &[u8] = b"SECRETSECRETSECR";

    fn with_bootstrap_account() -> Small {
        let mut security = Small::new();
        let account = SecurityInstance::psk("coaps://bs.example", b"me", KEY).bootstrap(3);
        security.add(0, &account).unwrap();
        security
    }

    fn write(
        security: &mut Small,
        instance: u16,
        resource: u16,
        value: Value<'_>,
    ) -> Result<Outcome, Error> {
        security.write(Target::new(instance, resource), &value)
    }

    /// Whether the key is anywhere in memory that the object owns.
    fn holds_key(security: &Small) -> bool {
        let keys = security.keys.as_flattened();
        keys.windows(KEY.len()).any(|window| window == KEY)
    }

    /// What a Leshan bootstrap server writes to a Security instance, the SMS resources included.
    #[test]
    fn an_account_of_a_bootstrap_server_is_taken() {
        let mut security = Small::new();
        security.create(1).unwrap();
        let values: [(u16, Value<'_>); 13] = [
            (0, Value::String("coap://127.0.0.1:5683")),
            (1, Value::Boolean(false)),
            (2, Value::Integer(3)),
            (3, Value::Opaque(&[])),
            (4, Value::Opaque(&[])),
            (5, Value::Opaque(&[])),
            (6, Value::Integer(3)),
            (7, Value::Opaque(&[])),
            (8, Value::Opaque(&[])),
            (9, Value::String("")),
            (10, Value::Integer(111)),
            (11, Value::Integer(1)),
            (12, Value::Integer(0)),
        ];
        for (resource, value) in values {
            let definition = table::DEFINITION.resource(resource).unwrap();
            assert!(definition.takes(&value), "{resource}");
            let target = Target::new(1, resource);
            assert_eq!(security.check(target, &value), Ok(()), "{resource}");
            assert_eq!(security.write(target, &value), Ok(Outcome::Done));
        }
        let account = security.get(1).unwrap();
        assert_eq!(account.uri, "coap://127.0.0.1:5683");
        assert_eq!(account.mode, SecurityMode::NoSec);
        assert_eq!(account.short_server_id, Some(111));
        assert_eq!(account.hold_off, Some(1));
        assert_eq!(account.account_timeout, Some(0));
        // What is not kept is not there.
        for resource in 6..=9 {
            assert!(!security.has_resource(1, resource), "{resource}");
        }
    }

    #[test]
    fn resources_read_with_the_type_of_the_registry() {
        let mut security = with_bootstrap_account();
        write(&mut security, 0, 10, Value::Integer(7)).unwrap();
        let mut read = 0;
        for definition in table::DEFINITION.resources {
            let mut buf = [0; 32];
            let mut out = ValueWriter::capturing(&mut buf);
            let result = security.read(0, definition.id, &mut out);
            let present = security.has_resource(0, definition.id);
            assert_eq!(result.is_ok(), present, "{}", definition.id);
            if present {
                let value = out.captured().unwrap();
                assert_eq!(value.data_type(), definition.data_type, "{}", definition.id);
                read += 1;
            }
        }
        // 0 to 5, 10, 11
        assert_eq!(read, 8);
    }

    #[test]
    fn a_value_that_does_not_fit_changes_nothing() {
        let mut security = with_bootstrap_account();
        for (resource, value, error) in [
            (
                0,
                Value::String("coaps://a-name-that-is-too-long.example"),
                Error::TooLarge,
            ),
            (3, Value::Opaque(&[0; 9]), Error::TooLarge),
            (4, Value::Opaque(&[0]), Error::TooLarge),
            (5, Value::Opaque(&[0; 17]), Error::TooLarge),
            (2, Value::Integer(5), Error::BadRequest),
            (2, Value::Integer(-1), Error::BadRequest),
            (1, Value::Integer(1), Error::BadRequest),
            (10, Value::Integer(0), Error::BadRequest),
            (10, Value::Integer(65_535), Error::BadRequest),
            (11, Value::Integer(-1), Error::BadRequest),
            (
                17,
                Value::ObjectLink {
                    object: 21,
                    instance: 0,
                },
                Error::BadRequest,
            ),
        ] {
            assert_eq!(security.check(Target::new(0, resource), &value), Err(error));
            assert_eq!(
                write(&mut security, 0, resource, value),
                Err(error),
                "{resource}"
            );
        }
        let account = security.get(0).unwrap();
        assert_eq!(account.uri, "coaps://bs.example");
        assert_eq!((account.mode, account.key), (SecurityMode::Psk, KEY));
        assert_eq!(account.hold_off, Some(3));
        assert_eq!(
            write(&mut security, 9, 1, Value::Boolean(true)),
            Err(Error::NotFound)
        );
    }

    #[test]
    fn roll_back_restores_exactly() {
        let mut security = with_bootstrap_account();
        security.transaction(Transaction::Begin).unwrap();
        assert_eq!(security.transaction(Transaction::Begin), Err(Error::Busy));
        write(&mut security, 0, 0, Value::String("coap://new")).unwrap();
        write(&mut security, 0, 5, Value::Opaque(b"other")).unwrap();
        security.create(1).unwrap();
        write(&mut security, 1, 0, Value::String("coap://b")).unwrap();
        let staged = security.get(0).unwrap();
        assert_eq!(
            (staged.uri, staged.key),
            ("coap://new", b"other".as_slice())
        );
        assert_eq!(staged.identity, b"me");
        assert_eq!(security.next_instance(Some(0)), Some(1));

        security.transaction(Transaction::Rollback).unwrap();
        let restored = security.get(0).unwrap();
        assert_eq!(restored.uri, "coaps://bs.example");
        assert_eq!((restored.identity, restored.key), (b"me".as_slice(), KEY));
        assert!(restored.bootstrap);
        assert_eq!(restored.hold_off, Some(3));
        assert_eq!(security.next_instance(Some(0)), None);
        // The slots of what was undone are empty for whoever comes next.
        security.create(1).unwrap();
        assert_eq!(security.get(1).unwrap().uri, "");
        assert_eq!(security.get(1).unwrap().mode, SecurityMode::NoSec);
    }

    #[test]
    fn commit_makes_the_staged_view_valid() {
        let mut security = with_bootstrap_account();
        security.transaction(Transaction::Begin).unwrap();
        write(&mut security, 0, 5, Value::Opaque(b"other")).unwrap();
        assert!(holds_key(&security));
        security.transaction(Transaction::Commit).unwrap();
        assert_eq!(security.get(0).unwrap().key, b"other");
        assert!(!holds_key(&security));
        security.transaction(Transaction::Begin).unwrap();
    }

    #[test]
    fn a_deleted_or_overwritten_key_is_zeroized() {
        let mut security = with_bootstrap_account();
        assert!(holds_key(&security));
        security.delete(0).unwrap();
        assert!(security.keys.as_flattened().iter().all(|&byte| byte == 0));

        let mut security = with_bootstrap_account();
        write(&mut security, 0, 5, Value::Opaque(&[1])).unwrap();
        assert_eq!(security.keys.as_flattened().iter().sum::<u8>(), 1);

        let mut security = with_bootstrap_account();
        security.transaction(Transaction::Begin).unwrap();
        security.delete(0).unwrap();
        assert!(security.get(0).is_none());
        security.transaction(Transaction::Commit).unwrap();
        assert!(!holds_key(&security));

        let mut security = with_bootstrap_account();
        security.reset(0);
        assert!(!holds_key(&security));
    }

    #[test]
    fn debug_shows_no_key_and_no_identity() {
        let security = with_bootstrap_account();
        let shown = format!("{security:?} {:?}", security.get(0).unwrap());
        assert!(shown.contains("coaps://bs.example"));
        // As text, or as the decimal or hexadecimal bytes of "SECR" and "me".
        for secret in ["SECR", "83, 69", "53, 45", "\"me\"", "109, 101"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn without_a_free_slot_a_staged_write_fails_and_the_original_stays() {
        let mut security = Security::<1>::new();
        security
            .add(0, &SecurityInstance::no_sec("coap://a"))
            .unwrap();
        security.transaction(Transaction::Begin).unwrap();
        let uri = Value::String("coap://b");
        assert_eq!(
            security.write(Target::new(0, 0), &uri),
            Err(Error::Internal)
        );
        assert_eq!(security.check_create(1), Err(Error::BadRequest));
        assert_eq!(security.get(0).unwrap().uri, "coap://a");
    }

    #[test]
    fn an_application_hears_why_an_account_is_not_taken() {
        let mut security = Security::<1, 8, 4, 4>::new();
        let long = SecurityInstance::psk("coap://a", b"12345", b"");
        assert_eq!(security.add(0, &long), Err(SetError::TooLong));
        let account = SecurityInstance::no_sec("coap://a");
        assert_eq!(
            security.add(0, &account.short_server_id(0)),
            Err(SetError::OutOfRange)
        );
        assert_eq!(security.add(65_535, &account), Err(SetError::OutOfRange));
        security.add(0, &account.short_server_id(1)).unwrap();
        assert_eq!(security.add(0, &account), Err(SetError::InUse));
        assert_eq!(security.add(1, &account), Err(SetError::Full));
    }
}

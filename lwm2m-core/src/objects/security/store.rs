//! Where the Security object keeps its instances: code without const generics, so that it exists once.

use zeroize::Zeroize;

use crate::{
    model::{Error, ValueWriter},
    objects::{SetError, staging::Slots, tables::security as table},
};

use super::{SecurityInstance, SecurityMode};

/// What has a fixed size in an instance. Not `Copy`: cloned field by field, two slots of one array need no `memmove`.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) lens: [u16; 4],
    /// 0 when absent.
    pub(super) short_server_id: u16,
    pub(super) bootstrap: bool,
    pub(super) mode: SecurityMode,
    pub(super) hold_off: Option<u32>,
    pub(super) account_timeout: Option<u32>,
}

impl Account {
    /// In a slot that is free: all zeros, so that a `static` takes no flash.
    pub(super) const FREE: Self = Self {
        mode: SecurityMode::Psk,
        ..Self::NEW
    };

    pub(super) const NEW: Self = Self {
        lens: [0; 4],
        short_server_id: 0,
        bootstrap: false,
        mode: SecurityMode::NoSec,
        hold_off: None,
        account_timeout: None,
    };
}

/// The values whose length varies.
#[derive(Clone, Copy)]
pub(super) enum Field {
    Uri,
    Identity,
    ServerKey,
    Key,
}

/// The object without its sizes, so that the code below exists once. The fields of all slots lie side by side.
pub(super) struct View<'a> {
    pub(super) slots: &'a Slots,
    pub(super) accounts: &'a [Account],
    pub(super) fields: [&'a [u8]; 4],
}

/// Where the `index`th of `count` equal parts of `len` bytes lies.
pub(super) fn part(index: usize, count: usize, len: usize) -> core::ops::Range<usize> {
    let size = len.checked_div(count).unwrap_or(0);
    index * size..(index + 1) * size
}

impl<'a> View<'a> {
    pub(super) fn bytes(&self, field: Field, slot: usize) -> &'a [u8] {
        let (Some(all), Some(account)) = (self.fields.get(field as usize), self.accounts.get(slot))
        else {
            return &[];
        };
        let room = all.get(part(slot, self.accounts.len(), all.len()));
        let len = account.lens.get(field as usize).copied().unwrap_or(0);
        room.and_then(|room| room.get(..usize::from(len)))
            .unwrap_or(&[])
    }

    pub(super) fn text(&self, field: Field, slot: usize) -> &'a str {
        core::str::from_utf8(self.bytes(field, slot)).unwrap_or("")
    }

    pub(super) fn get(&self, instance: u16) -> Option<SecurityInstance<'a>> {
        let slot = self.slots.find(instance)?;
        let account = self.accounts.get(slot)?;
        Some(SecurityInstance {
            uri: self.text(Field::Uri, slot),
            bootstrap: account.bootstrap,
            mode: account.mode,
            identity: self.bytes(Field::Identity, slot),
            server_key: self.bytes(Field::ServerKey, slot),
            key: self.bytes(Field::Key, slot),
            short_server_id: Some(account.short_server_id).filter(|&id| id != 0),
            hold_off: account.hold_off,
            account_timeout: account.account_timeout,
        })
    }

    pub(super) fn has_resource(&self, instance: u16, resource: u16) -> bool {
        let slot = self.slots.find(instance);
        let Some(account) = slot.and_then(|slot| self.accounts.get(slot)) else {
            return false;
        };
        match resource {
            table::SERVER_URI..=table::SECRET_KEY => true,
            table::SHORT_SERVER_ID => account.short_server_id != 0,
            table::CLIENT_HOLD_OFF_TIME => account.hold_off.is_some(),
            table::BOOTSTRAP_SERVER_ACCOUNT_TIMEOUT => account.account_timeout.is_some(),
            _ => false,
        }
    }

    pub(super) fn read(
        &self,
        instance: u16,
        resource: u16,
        out: &mut ValueWriter<'_>,
    ) -> Result<(), Error> {
        let slot = self.slots.find(instance).ok_or(Error::NotFound)?;
        let account = self.accounts.get(slot).ok_or(Error::NotFound)?;
        let number = match resource {
            table::SERVER_URI => {
                out.string(self.text(Field::Uri, slot));
                return Ok(());
            }
            table::BOOTSTRAP_SERVER => {
                out.boolean(account.bootstrap);
                return Ok(());
            }
            table::PUBLIC_KEY_OR_IDENTITY => {
                out.opaque(self.bytes(Field::Identity, slot));
                return Ok(());
            }
            table::SERVER_PUBLIC_KEY => {
                out.opaque(self.bytes(Field::ServerKey, slot));
                return Ok(());
            }
            table::SECRET_KEY => {
                out.opaque(self.bytes(Field::Key, slot));
                return Ok(());
            }
            table::SECURITY_MODE => Some(u32::from(account.mode.number())),
            table::SHORT_SERVER_ID => {
                Some(u32::from(account.short_server_id)).filter(|&id| id != 0)
            }
            table::CLIENT_HOLD_OFF_TIME => account.hold_off,
            table::BOOTSTRAP_SERVER_ACCOUNT_TIMEOUT => account.account_timeout,
            _ => None,
        };
        out.integer(i64::from(number.ok_or(Error::NotFound)?));
        Ok(())
    }

    /// Whether there is room for `bytes`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub(super) fn check_bytes(&self, field: Field, bytes: &[u8]) -> Result<(), Error> {
        let all = self.fields.get(field as usize).map_or(0, |all| all.len());
        if bytes.len() > all.checked_div(self.accounts.len()).unwrap_or(0) {
            return Err(Error::TooLarge);
        }
        Ok(())
    }
}

/// The same, to be changed.
pub(super) struct Edit<'a> {
    pub(super) slots: &'a mut Slots,
    pub(super) accounts: &'a mut [Account],
    pub(super) fields: [&'a mut [u8]; 4],
}

impl Edit<'_> {
    pub(super) fn view(&self) -> View<'_> {
        let [uri, identity, server_key, key] = &self.fields;
        View {
            slots: self.slots,
            accounts: self.accounts,
            fields: [uri, identity, server_key, key],
        }
    }

    pub(super) fn add(
        &mut self,
        instance: u16,
        account: &SecurityInstance<'_>,
    ) -> Result<(), SetError> {
        let values = [
            (Field::Uri, account.uri.as_bytes()),
            (Field::Identity, account.identity),
            (Field::ServerKey, account.server_key),
            (Field::Key, account.key),
        ];
        for (field, bytes) in values {
            self.view()
                .check_bytes(field, bytes)
                .map_err(|_| SetError::TooLong)?;
        }
        if matches!(account.short_server_id, Some(0 | 65535)) {
            return Err(SetError::OutOfRange);
        }
        let slot = self.slots.add(instance)?;
        if let Some(stored) = self.accounts.get_mut(slot) {
            stored.short_server_id = account.short_server_id.unwrap_or(0);
            stored.bootstrap = account.bootstrap;
            stored.mode = account.mode;
            stored.hold_off = account.hold_off;
            stored.account_timeout = account.account_timeout;
        }
        for (field, bytes) in values {
            self.set_bytes(slot, field, bytes);
        }
        Ok(())
    }

    /// Stores bytes for which there is room.
    pub(super) fn set_bytes(&mut self, slot: usize, field: Field, bytes: &[u8]) {
        let count = self.accounts.len();
        let (Some(account), Some(all)) = (
            self.accounts.get_mut(slot),
            self.fields.get_mut(field as usize),
        ) else {
            return;
        };
        let Some(room) = all.get_mut(part(slot, count, all.len())) else {
            return;
        };
        room.zeroize();
        if let (Some(room), Ok(len)) = (room.get_mut(..bytes.len()), u16::try_from(bytes.len()))
            && let Some(stored) = account.lens.get_mut(field as usize)
        {
            room.copy_from_slice(bytes);
            *stored = len;
        }
    }
}

//! Where the Security object keeps its instances: code without const generics, so that it exists once.

use zeroize::Zeroize;

use crate::{
    model::{Error, Outcome, Target, Transaction, Value, ValueWriter},
    objects::{SetError, server::short_server_id, staging::Slots, tables::security as table},
    wire::shift::shift,
};

use super::{SecurityInstance, SecurityMode};

/// What has a fixed size in an instance. Not `Copy`: cloned field by field, two slots of one array need no `memmove`.
#[derive(Clone)]
pub(super) struct Account {
    lens: [u16; 4],
    /// 0 when absent.
    short_server_id: u16,
    bootstrap: bool,
    mode: SecurityMode,
    hold_off: Option<u32>,
    account_timeout: Option<u32>,
}

impl Account {
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

/// A value of the right type and range for its resource.
pub(super) enum Change<'v> {
    Bytes(Field, &'v [u8]),
    Bootstrap(bool),
    Mode(SecurityMode),
    ShortServerId(u16),
    HoldOff(u32),
    AccountTimeout(u32),
    /// Taken, and of no consequence.
    Nothing,
}

impl<'v> Change<'v> {
    pub(super) fn parse(resource: u16, value: &Value<'v>) -> Result<Self, Error> {
        let seconds = || value.as_u64().and_then(|value| u32::try_from(value).ok());
        let bytes = |field| value.as_bytes().map(|bytes| Self::Bytes(field, bytes));
        match resource {
            table::SERVER_URI => value
                .as_str()
                .map(|uri| Self::Bytes(Field::Uri, uri.as_bytes())),
            table::BOOTSTRAP_SERVER => value.as_bool().map(Self::Bootstrap),
            table::SECURITY_MODE => value
                .as_u64()
                .and_then(|mode| u8::try_from(mode).ok())
                .and_then(SecurityMode::from_number)
                .map(Self::Mode),
            table::PUBLIC_KEY_OR_IDENTITY => bytes(Field::Identity),
            table::SERVER_PUBLIC_KEY => bytes(Field::ServerKey),
            table::SECRET_KEY => bytes(Field::Key),
            table::SHORT_SERVER_ID => short_server_id(value).ok().map(Self::ShortServerId),
            table::CLIENT_HOLD_OFF_TIME => seconds().map(Self::HoldOff),
            table::BOOTSTRAP_SERVER_ACCOUNT_TIMEOUT => seconds().map(Self::AccountTimeout),
            table::OSCORE_SECURITY_MODE => None,
            _ => Some(Self::Nothing),
        }
        .ok_or(Error::BadRequest)
    }
}

/// The object without its sizes, so that the code below exists once. The fields of all slots lie side by side.
pub(super) struct View<'a> {
    pub(super) slots: &'a Slots,
    pub(super) accounts: &'a [Account],
    pub(super) fields: [&'a [u8]; 4],
}

/// Where the `index`th of `count` equal parts of `len` bytes lies.
fn part(index: usize, count: usize, len: usize) -> core::ops::Range<usize> {
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

    pub(super) fn check(&self, change: &Change<'_>) -> Result<(), Error> {
        let &Change::Bytes(field, bytes) = change else {
            return Ok(());
        };
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
        let changes = [
            Change::Bytes(Field::Uri, account.uri.as_bytes()),
            Change::Bytes(Field::Identity, account.identity),
            Change::Bytes(Field::ServerKey, account.server_key),
            Change::Bytes(Field::Key, account.key),
        ];
        for change in &changes {
            self.view().check(change).map_err(|_| SetError::TooLong)?;
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
        for change in changes {
            self.apply(slot, &change);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        let change = Change::parse(target.resource, value)?;
        self.view().check(&change)?;
        let slot = self.writable(target.instance)?;
        self.apply(slot, &change);
        Ok(Outcome::Done)
    }

    /// The slot where `instance` may be changed, filled with a copy where the change is staged.
    pub(super) fn writable(&mut self, instance: u16) -> Result<usize, Error> {
        let writable = self.slots.writable(instance)?;
        let Some(original) = writable.copy_of else {
            return Ok(writable.slot);
        };
        let count = self.accounts.len();
        if let Ok([original, copy]) = self.accounts.get_disjoint_mut([original, writable.slot]) {
            copy.clone_from(original);
        }
        for field in &mut self.fields {
            let from = part(original, count, field.len());
            let to = part(writable.slot, count, field.len()).start;
            shift(field, from, to);
        }
        Ok(writable.slot)
    }

    /// Makes a change that was checked.
    pub(super) fn apply(&mut self, slot: usize, change: &Change<'_>) {
        let count = self.accounts.len();
        let Some(account) = self.accounts.get_mut(slot) else {
            return;
        };
        match *change {
            Change::Bytes(field, bytes) => {
                let Some(all) = self.fields.get_mut(field as usize) else {
                    return;
                };
                let room = part(slot, count, all.len());
                let Some(room) = all.get_mut(room) else {
                    return;
                };
                room.zeroize();
                if let (Some(room), Ok(len)) =
                    (room.get_mut(..bytes.len()), u16::try_from(bytes.len()))
                    && let Some(stored) = account.lens.get_mut(field as usize)
                {
                    room.copy_from_slice(bytes);
                    *stored = len;
                }
            }
            Change::Bootstrap(bootstrap) => account.bootstrap = bootstrap,
            Change::Mode(mode) => account.mode = mode,
            Change::ShortServerId(id) => account.short_server_id = id,
            Change::HoldOff(seconds) => account.hold_off = Some(seconds),
            Change::AccountTimeout(seconds) => account.account_timeout = Some(seconds),
            Change::Nothing => {}
        }
    }

    pub(super) fn wipe(&mut self, slot: usize) {
        wipe(self.accounts, &mut self.fields, slot);
    }

    pub(super) fn transaction(&mut self, step: Transaction) -> Result<(), Error> {
        let Self {
            slots,
            accounts,
            fields,
        } = self;
        slots.transaction(step, &mut |slot| wipe(accounts, fields, slot))
    }
}

/// Zeroizes a slot.
fn wipe(accounts: &mut [Account], fields: &mut [&mut [u8]; 4], slot: usize) {
    let count = accounts.len();
    if let Some(account) = accounts.get_mut(slot) {
        *account = Account::NEW;
    }
    for field in fields {
        let room = part(slot, count, field.len());
        if let Some(room) = field.get_mut(room) {
            room.zeroize();
        }
    }
}

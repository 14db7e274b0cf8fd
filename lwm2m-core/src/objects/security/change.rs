//! What a bootstrap server does to the Security object: no other server reaches it.

use zeroize::Zeroize;

use crate::{
    model::{Error, Outcome, Target, Transaction, Value},
    objects::{server::short_server_id, tables::security as table},
    wire::shift::shift,
};

use super::SecurityMode;
use super::store::{Account, Edit, Field, View, part};

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

impl View<'_> {
    pub(super) fn check(&self, change: &Change<'_>) -> Result<(), Error> {
        match *change {
            Change::Bytes(field, bytes) => self.check_bytes(field, bytes),
            _ => Ok(()),
        }
    }
}

impl Edit<'_> {
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
    fn apply(&mut self, slot: usize, change: &Change<'_>) {
        if let Change::Bytes(field, bytes) = *change {
            self.set_bytes(slot, field, bytes);
        }
        let Some(account) = self.accounts.get_mut(slot) else {
            return;
        };
        match *change {
            Change::Bootstrap(bootstrap) => account.bootstrap = bootstrap,
            Change::Mode(mode) => account.mode = mode,
            Change::ShortServerId(id) => account.short_server_id = id,
            Change::HoldOff(seconds) => account.hold_off = Some(seconds),
            Change::AccountTimeout(seconds) => account.account_timeout = Some(seconds),
            Change::Bytes(..) | Change::Nothing => {}
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

//! What the Server object says of one server.

use crate::{
    model::{Error, Path, Value, ValueWriter},
    objects::{SetError, tables::server as table},
};

/// How many resources are numbers, in seconds where they are times. A server may write the first of them, bootstrap
/// servers only write the others, which are unsigned.
const NUMBERS: usize = 10;
const WRITABLE_NUMBERS: u32 = 4;
/// The first number.
const LIFETIME: u8 = 0;

/// How many flags a server may write; two more come by bootstrap only.
const WRITABLE_FLAGS: u32 = 2;
const STORING: u8 = 0;
const BOOTSTRAP_ON_FAILURE: u8 = 3;

/// The transports of LwM2M 1.1 and 1.2, and what a binding may name: the `Q` of 1.0 too.
const TRANSPORTS: &[u8] = b"UMHTSN";
const BINDING: &[u8] = b"UMHTSNQ";

/// Seconds of a registration where nothing else is said.
const DEFAULT_LIFETIME: u32 = 86_400;

/// What the Server object says of one server.
///
/// Resources that are not set are absent, except the lifetime (86,400 s), the binding (`U`) and the storing of
/// notifications (true), which are mandatory. APN link (10), alert code (11), time of the last bootstrap (12) and trigger
/// (21) are not kept: a write to them is taken and forgotten.
// Not `Copy`: cloned field by field, two slots of one array need no `memmove`.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerInstance {
    numbers: [u32; NUMBERS],
    /// A bit for each number that is present.
    present: u16,
    pub(super) short_server_id: u16,
    /// The values of flags, and from bit 4 on which of them are present.
    flags: u8,
    /// The letter of the preferred transport; 0 when absent.
    transport: [u8; 1],
    /// Letters, and zeros behind them.
    binding: [u8; 6],
}

impl ServerInstance {
    /// In a slot that is free: all zeros, so that a `static` takes no flash.
    pub(super) const FREE: Self = Self {
        numbers: [0; NUMBERS],
        present: 0,
        short_server_id: 0,
        flags: 0,
        transport: [0],
        binding: [0; 6],
    };

    /// A server with this short server id, 1 to 65534.
    #[must_use]
    pub fn new(short_server_id: u16) -> Self {
        let mut new = Self {
            short_server_id,
            ..Self::FREE
        };
        new.reset();
        new
    }

    /// The same, with a registration lifetime in seconds (resource 1); 0 is without end.
    #[must_use]
    pub fn lifetime(self, seconds: u32) -> Self {
        self.number(table::LIFETIME, seconds)
    }

    /// The same, with a default minimum period of notifications in seconds (resource 2).
    #[must_use]
    pub fn minimum_period(self, seconds: u32) -> Self {
        self.number(table::DEFAULT_MINIMUM_PERIOD, seconds)
    }

    /// The same, with a default maximum period of notifications in seconds (resource 3).
    #[must_use]
    pub fn maximum_period(self, seconds: u32) -> Self {
        self.number(table::DEFAULT_MAXIMUM_PERIOD, seconds)
    }

    /// The same, with the seconds for which Disable disables (resource 5).
    #[must_use]
    pub fn disable_timeout(self, seconds: u32) -> Self {
        self.number(table::DISABLE_TIMEOUT, seconds)
    }

    /// The same, with `count` tries of a communication sequence, the first wait between them being `timer` seconds
    /// (resources 17 and 18).
    #[must_use]
    pub fn retries(self, count: u32, timer: u32) -> Self {
        self.number(table::COMMUNICATION_RETRY_COUNT, count)
            .number(table::COMMUNICATION_RETRY_TIMER, timer)
    }

    /// The same, with `count` communication sequences, `delay` seconds apart (resources 20 and 19).
    #[must_use]
    pub fn sequences(self, count: u32, delay: u32) -> Self {
        self.number(table::COMMUNICATION_SEQUENCE_RETRY_COUNT, count)
            .number(table::COMMUNICATION_SEQUENCE_DELAY_TIMER, delay)
    }

    /// The same, with the choice of a bootstrap when registration fails (resource 16).
    #[must_use]
    pub fn bootstrap_on_failure(mut self, bootstrap: bool) -> Self {
        self.set_flag(BOOTSTRAP_ON_FAILURE, bootstrap);
        self
    }

    /// The same, with the choice whether notifications are stored while the server cannot be reached (resource 6).
    #[must_use]
    pub fn store_notifications(mut self, store: bool) -> Self {
        self.set_flag(STORING, store);
        self
    }

    /// The same, with a binding such as `U` (resource 7).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] when it is not made of one to six letters of `UMHTSNQ`.
    pub fn binding(mut self, binding: &str) -> Result<Self, SetError> {
        set_letters(&mut self.binding, BINDING, binding).map_err(|_| SetError::OutOfRange)?;
        Ok(self)
    }

    fn number(mut self, resource: u16, value: u32) -> Self {
        if let Kept::Number(index) = Kept::of(resource) {
            self.set_number(index, value);
        }
        self
    }

    fn set_number(&mut self, index: u8, value: u32) {
        if let Some(number) = self.numbers.get_mut(usize::from(index)) {
            *number = value;
            self.present |= 1 << index;
        }
    }

    fn set_flag(&mut self, index: u8, value: bool) {
        self.flags = self.flags & !(1 << index) | u8::from(value) << index | 1 << (index + 4);
    }

    /// Puts back what a server may write.
    pub(super) fn reset(&mut self) {
        self.present &= !0 << WRITABLE_NUMBERS;
        self.set_number(LIFETIME, DEFAULT_LIFETIME);
        let kept = !0 << WRITABLE_FLAGS & 0xf;
        self.flags &= kept | kept << 4;
        self.set_flag(STORING, true);
        self.transport = [0];
        self.binding = *b"U\0\0\0\0\0";
    }

    pub(super) fn has(&self, resource: u16) -> bool {
        match Kept::of(resource) {
            Kept::Number(index) => self.present & 1 << index != 0,
            Kept::Flag(index) => self.flags & 1 << (index + 4) != 0,
            Kept::Otherwise => match resource {
                table::PREFERRED_TRANSPORT => self.transport != [0],
                table::APN_LINK
                | table::TLS_DTLS_ALERT_CODE
                | table::LAST_BOOTSTRAPPED
                | table::TRIGGER => false,
                _ => true,
            },
        }
    }

    pub(super) fn read(&self, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        if !self.has(resource) {
            return Err(Error::NotFound);
        }
        match Kept::of(resource) {
            Kept::Number(index) => {
                let number = self.numbers.get(usize::from(index));
                let number = number.copied().unwrap_or_default();
                if resource < table::REGISTRATION_PRIORITY_ORDER {
                    out.integer(i64::from(number));
                } else {
                    out.unsigned(u64::from(number));
                }
            }
            Kept::Flag(index) => out.boolean(self.flags & 1 << index != 0),
            Kept::Otherwise => match resource {
                table::SHORT_SERVER_ID => out.integer(i64::from(self.short_server_id)),
                table::BINDING => out.string(letters(&self.binding)),
                table::PREFERRED_TRANSPORT => out.string(letters(&self.transport)),
                _ => return Err(Error::NotFound),
            },
        }
        Ok(())
    }

    pub(super) fn write(&mut self, resource: u16, value: &Value<'_>) -> Result<(), Error> {
        match Kept::of(resource) {
            Kept::Number(index) => self.set_number(index, number_of(resource, value)?),
            Kept::Flag(index) => self.set_flag(index, value.as_bool().ok_or(Error::BadRequest)?),
            Kept::Otherwise => match resource {
                table::SHORT_SERVER_ID => self.short_server_id = short_server_id(value)?,
                table::BINDING | table::PREFERRED_TRANSPORT => {
                    let (room, known): (&mut [u8], _) = match resource {
                        table::BINDING => (&mut self.binding, BINDING),
                        _ => (&mut self.transport, TRANSPORTS),
                    };
                    set_letters(room, known, value.as_str().unwrap_or_default())?;
                }
                _ => {}
            },
        }
        Ok(())
    }
}

/// Where a resource is kept.
#[derive(Clone, Copy)]
enum Kept {
    Number(u8),
    Flag(u8),
    Otherwise,
}

impl Kept {
    #[inline(never)]
    fn of(resource: u16) -> Self {
        match resource {
            table::LIFETIME => Self::Number(LIFETIME),
            table::DEFAULT_MINIMUM_PERIOD => Self::Number(1),
            table::DEFAULT_MAXIMUM_PERIOD => Self::Number(2),
            table::DISABLE_TIMEOUT => Self::Number(3),
            table::REGISTRATION_PRIORITY_ORDER => Self::Number(4),
            table::INITIAL_REGISTRATION_DELAY_TIMER => Self::Number(5),
            table::COMMUNICATION_RETRY_COUNT => Self::Number(6),
            table::COMMUNICATION_RETRY_TIMER => Self::Number(7),
            table::COMMUNICATION_SEQUENCE_DELAY_TIMER => Self::Number(8),
            table::COMMUNICATION_SEQUENCE_RETRY_COUNT => Self::Number(9),
            table::NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE => Self::Flag(STORING),
            table::MUTE_SEND => Self::Flag(1),
            table::REGISTRATION_FAILURE_BLOCK => Self::Flag(2),
            table::BOOTSTRAP_ON_REGISTRATION_FAILURE => Self::Flag(BOOTSTRAP_ON_FAILURE),
            _ => Self::Otherwise,
        }
    }
}

/// A count or a number of seconds. The retry resources have a largest value that stands for "never", so what they
/// cannot hold is as large as it gets.
fn number_of(resource: u16, value: &Value<'_>) -> Result<u32, Error> {
    let number = value.as_u64().ok_or(Error::BadRequest)?;
    match u32::try_from(number) {
        Err(_) if resource < table::REGISTRATION_PRIORITY_ORDER => Err(Error::BadRequest),
        number => Ok(number.unwrap_or(u32::MAX)),
    }
}

/// A short server id, 1 to 65534.
#[inline(never)]
pub(in crate::objects) fn short_server_id(value: &Value<'_>) -> Result<u16, Error> {
    let id = value.as_u16().ok_or(Error::BadRequest)?;
    if id == 0 || id == Path::RESERVED_ID {
        return Err(Error::BadRequest);
    }
    Ok(id)
}

/// The text of letters that end with the first zero.
fn letters(room: &[u8]) -> &str {
    let text = room.split(|&letter| letter == 0).next();
    core::str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
}

/// Stores one or more `known` letters.
fn set_letters(room: &mut [u8], known: &[u8], text: &str) -> Result<(), Error> {
    let mut letters = text.bytes();
    if text.is_empty() || text.len() > room.len() || !letters.all(|letter| known.contains(&letter))
    {
        return Err(Error::BadRequest);
    }
    for (slot, letter) in room
        .iter_mut()
        .zip(text.bytes().chain(core::iter::repeat(0)))
    {
        *slot = letter;
    }
    Ok(())
}

//! The modem's AT commands: the channel, and what comes back.
//!
//! The parsers take what lies in the caller's buffer apart and keep nothing. There are crates for this; at-commands
//! wants a response to have one fixed shape, and atat brings its own reader of a serial line. What the modem answers
//! differs by its firmware and by what was subscribed, and no serial line is involved.

mod command;
mod date;
mod exchange;
mod fields;
mod line;
mod registration;
mod response;
mod signal;
mod urc;

use core::fmt;

pub use command::Command;
pub use date::{parse_clock, parse_network_time};
pub use exchange::{Exchange, Interpreter};
pub(crate) use fields::nibble;
pub use fields::{Field, Fields};
pub(crate) use line::{Line, hex_digits};
pub use registration::{AccessTechnology, Cell, Registration, RegistrationStatus};
pub use response::Response;
pub use signal::{Monitor, Signal};
pub use urc::{ModemDomainEvent, PacketEvent, Urc};

/// The way to the modem's command interpreter.
///
/// Each part of the port owns one, so it should be a handle that costs nothing to copy.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait At {
    /// Sends `command`, and puts all that the modem answers to the start of `response`, with its line ends and the final
    /// result code; the length. Notifications between the lines do no harm.
    ///
    /// # Errors
    /// [`AtError::Channel`]. A response that is longer than the buffer may be cut: it has no final result code, and is
    /// taken for [`AtError::Truncated`].
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError>;
}

impl<A: At> At for &mut A {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        A::send(self, command, response).await
    }
}

/// Where the modem's notifications (unsolicited result codes) come from.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Notifications {
    /// Waits for the next notification and puts it, with its line end, to the start of `line`; the length. One that
    /// is longer is cut, and then ignored because its end is missing.
    ///
    /// Cancel-safe: a notification that was not returned is returned by the next call.
    async fn next(&mut self, line: &mut [u8]) -> usize;
}

/// Why a command has no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AtError {
    /// `ERROR`, or `+CME ERROR` with its number, which the modem tells only after `AT+CMEE=1` (3GPP TS 27.007, section
    /// 9.2; from 512 on the vendor's own).
    Refused(Option<u16>),
    /// The response has no end: it was longer than the buffer.
    Truncated,
    /// The response is not what the command answers.
    Malformed,
    /// The channel itself fails, with Linux's number for it where there is one.
    Channel(i32),
}

impl fmt::Display for AtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(_) => "AT command refused",
            Self::Truncated => "AT response without its end",
            Self::Malformed => "AT response not understood",
            Self::Channel(_) => "AT channel failure",
        })
    }
}

impl core::error::Error for AtError {}

/// Sends `command` and reads the response.
pub(crate) async fn ask<'b>(
    at: &mut impl At,
    command: Command<'_>,
    buffer: &'b mut [u8],
) -> Result<Response<'b>, AtError> {
    let len = at.send(command, buffer).await?;
    Response::parse(buffer.get(..len).ok_or(AtError::Truncated)?)
}

/// Sends `command`, of whose response only the result counts.
pub(crate) async fn order(at: &mut impl At, command: Command<'_>) -> Result<(), AtError> {
    let mut buffer = [0; 128];
    ask(at, command, &mut buffer).await.map(drop)
}

/// The functional mode that the modem is in (3GPP TS 27.007, section 8.2).
pub(crate) async fn ask_mode(at: &mut impl At) -> Result<u8, AtError> {
    let mut buffer = [0; 128];
    let response = ask(at, "AT+CFUN?".into(), &mut buffer).await?;
    let mode = response.named("+CFUN").find_map(|mut it| it.number());
    mode.ok_or(AtError::Malformed)
}

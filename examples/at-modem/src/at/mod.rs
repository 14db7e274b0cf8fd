//! The language of the modem: what is sent, what comes back. Nothing here keeps state but [`Framer`].

mod command;
mod date;
mod fields;
mod framing;
mod urc;

pub(crate) use command::READ;
pub use command::{Command, Kind};
pub use date::parse_clock;
pub use fields::Fields;
pub use framing::{Framer, LINE, Piece};
pub use urc::{Registration, Urc};

/// The line behind `prefix` and the spaces after it.
#[must_use]
pub fn after<'l>(line: &'l str, prefix: &str) -> Option<&'l str> {
    Some(line.strip_prefix(prefix)?.trim_start_matches(' '))
}

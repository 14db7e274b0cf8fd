//! A port of [`lwm2m_carrier`] to a modem that is driven by AT commands over a serial line: the worked example of
//! `docs/porting.md`.
//!
//! The commands are those of 3GPP TS 27.007 and the `AT+QI…` socket commands that Quectel publishes for BG95, BG96 and
//! their relatives. Another modem of the kind has other names for the same things: they stand in [`at`], one file for what
//! is sent and one for what comes back. Everything above them stays.
//!
//! | file | |
//! | --- | --- |
//! | `at/framing.rs` | bytes to lines, prompts and counted data, wherever they were cut |
//! | `at/command.rs` | the commands, and how long each may take |
//! | `at/urc.rs`, `at/fields.rs`, `at/date.rs` | what comes back |
//! | `state/` | what is known of the modem, and the one command under way; no I/O |
//! | [`modem`](Modem) | state and serial line together; one modem, lent to the parts below |
//! | [`link`](AtLink), [`sessions`](AtSessions), [`info`](AtInfo), [`clock`](NetworkClock), [`keys`](NoKeys) | the hal traits |
//!
//! # What the board brings
//!
//! A UART with [`Read`](embedded_io_async::Read) and [`Write`](embedded_io_async::Write). A read or write that is dropped
//! loses nothing, and what it waited for wakes its task all the same: buffered UARTs of embassy and ring buffers filled by
//! an interrupt are so. And a [`Clock`](lwm2m_carrier::hal::Clock) whose clones tell the same time.
//!
//! # Cancel safety
//!
//! The driver drops futures all the time; a modem that has half of a command, or a datagram of which half was read, is
//! not put off by that. So the futures only wait: what is written comes from a buffer of [`Modem`], what is read
//! goes into one, and whichever future is polled carries both on.
//!
//! # Security
//!
//! Datagrams only, and plain ones: the published DTLS of these modems knows certificates, while LwM2M servers ask for
//! pre-shared keys. A session that is asked to be secure is refused with
//! [`Unsupported`](lwm2m_carrier::hal::SessionErrorKind::Unsupported), and so is one of a stream; [`NoKeys`] takes no key.
#![no_std]

pub mod at;
mod clock;
mod info;
mod keys;
mod link;
mod modem;
mod race;
mod sessions;
mod state;

pub use clock::NetworkClock;
pub use info::AtInfo;
pub use keys::NoKeys;
pub use link::AtLink;
pub use modem::Modem;
pub use sessions::AtSessions;
pub use state::{DATAGRAM, SOCKETS};

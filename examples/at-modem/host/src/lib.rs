//! A modem with AT commands, played by a computer: what `at-modem` needs of Quectel's BG95, as published, over whatever
//! carries bytes. Its UDP sockets are real ones.
//!
//! [`Modem`] has no threads and does not wait: bytes of the serial line go [in](Modem::input), and what the modem has to say
//! comes [out](Modem::output). The program `at_modem_host` puts it behind a TCP port, where QEMU's `-serial` finds it.
//!
//! It refuses what it does not know with `ERROR`, and says nothing that has not happened: a datagram that was sent was
//! handed to the network, and the registration is as [`Options`] and [`Modem::set_coverage`] have it.

mod modem;
mod options;
mod sockets;

pub use modem::Modem;
pub use options::Options;

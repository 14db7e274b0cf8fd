//! A port whose modem, network and flash are at the other end of the serial line: each call is a frame there and a
//! frame back. It has no code of its own to speak of, so that what is measured is the library.

mod application;
mod at;
mod parts;
mod slot;
mod sockets;

pub use application::{Application, Objects, serve};
#[cfg(feature = "nrf91")]
pub use at::{AtLine, Delta, Urcs};
pub use parts::{Flash, Keys, Modem, Network, Switch, Timer, Transport};
pub use slot::{BootLoader, SlotFlash};
#[cfg(feature = "nrf91")]
pub use sockets::Wires;

use core::cell::Cell;

use lwm2m_carrier::hal::Random;
use lwm2m_core::time::Instant;

use crate::board::{self, Line, Noise};

/// What is asked of the other end: the number of the frame.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Operation {
    LinkUp = 128,
    LinkDown,
    WriteKey,
    DeleteKey,
    FindKey,
    CheckKey,
    Open,
    Send,
    Close,
    Hold,
    Receive,
    Load,
    Store,
    Delete,
    Reboot,
    ReadFlash,
    WriteFlash,
    EraseFlash,
    Activate,
    RestartModem,
    Outcome,
    Fact,
    Event,
    Report,
    Wait,
    #[cfg(feature = "nrf91")]
    Command,
    #[cfg(feature = "nrf91")]
    Notification,
    #[cfg(feature = "nrf91")]
    Delta,
    #[cfg(feature = "nrf91")]
    Socket,
}

/// What has happened at the other end and was not fetched yet.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum News {
    #[default]
    None,
    /// A datagram, or the end of a session; its number.
    Session(u8),
    /// The link has changed; the reason.
    Link(u8),
    /// The application wants something; what.
    Application(u8),
    /// The modem has sent a line.
    #[cfg(feature = "nrf91")]
    Notification,
}

/// The other end.
#[derive(Debug)]
pub struct Port {
    line: Line,
    news: Cell<News>,
}

impl Port {
    /// Over this line.
    #[must_use]
    pub const fn new(line: Line) -> Self {
        let news = Cell::new(News::None);
        Self { line, news }
    }

    /// Sends a frame of `parts` and waits for the answer, the length of which it returns: a status, and the rest in the
    /// first bytes of `answer`.
    ///
    /// # Errors
    /// A status other than 0.
    fn call(&self, operation: Operation, parts: &[&[u8]], answer: &mut [u8]) -> Result<usize, u8> {
        self.line.send(operation as u8, parts);
        let (_, len) = self.line.head();
        if len == 0 {
            return Ok(0);
        }
        match self.line.byte() {
            0 => Ok(self.line.bytes(len.saturating_sub(1), answer)),
            status => {
                self.line.bytes(len.saturating_sub(1), &mut []);
                Err(status)
            }
        }
    }

    /// The same where the answer is no more than its status.
    fn order(&self, operation: Operation, parts: &[&[u8]]) -> Result<(), u8> {
        self.call(operation, parts, &mut []).map(drop)
    }

    /// Waits until something happens, or until `until`.
    pub fn wait(&self, until: Instant) {
        if self.news.get() != News::None {
            return;
        }
        let millis = until.since(board::now()).as_millis();
        let millis = u32::try_from(millis).unwrap_or(u32::MAX).to_be_bytes();
        let mut answer = [0; 2];
        let told = self.call(Operation::Wait, &[&millis], &mut answer);
        self.news.set(match (told, answer) {
            (Ok(2), [1, number]) => News::Session(number),
            (Ok(2), [2, reason]) => News::Link(reason),
            (Ok(2), [3, what]) => News::Application(what),
            #[cfg(feature = "nrf91")]
            (Ok(2), [4, _]) => News::Notification,
            _ => News::None,
        });
    }

    /// What the application wants.
    pub fn application(&self) -> Option<u8> {
        let News::Application(what) = self.news.get() else {
            return None;
        };
        self.news.set(News::None);
        Some(what)
    }

    /// Whether this has happened; it has not any more afterwards.
    #[cfg(feature = "nrf91")]
    fn take(&self, news: News) -> bool {
        let is = self.news.get() == news;
        if is {
            self.news.set(News::None);
        }
        is
    }
}

/// The board's noise.
pub const fn random() -> impl Random {
    Noise
}

/// The one of `kinds` that a status stands for.
fn pick<K: Copy>(status: u8, kinds: &[K], other: K) -> K {
    let at = usize::from(status).saturating_sub(1);
    kinds.get(at).copied().unwrap_or(other)
}

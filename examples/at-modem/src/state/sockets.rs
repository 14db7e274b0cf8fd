//! The sockets of the modem, and the datagram that was read from one of them.

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};
use lwm2m_core::time::{Duration, Instant};

use super::Failure;
use crate::at::READ;

/// Sockets that are used; the modem has twelve.
pub const SOCKETS: usize = 4;
/// Bytes of the longest datagram; a longer one is neither sent nor returned.
pub const DATAGRAM: usize = 1280;
/// How long the modem may take to tell the outcome of `AT+QIOPEN`.
const OPENING: Duration = Duration::from_secs(150);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Socket {
    #[default]
    Closed,
    /// The modem may have it open; it is to be closed first.
    Unknown,
    /// Until then at the latest.
    Opening(Instant),
    Open,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    socket: Socket,
    /// Datagrams lie in the modem.
    unread: bool,
    /// What comes is the rest of a datagram that was longer than one read.
    cut: bool,
    /// To be told: it is open, or will not be.
    news: Option<Result<(), SessionError>>,
}

/// What was read last.
#[derive(Debug)]
struct Datagram {
    connection: u8,
    /// Bytes that it has, and that have come.
    len: usize,
    come: usize,
    bytes: [u8; DATAGRAM],
    state: Reading,
    /// The last read has ended with `OK`, and without a number of bytes.
    wordless: bool,
}

#[derive(Debug, Eq, PartialEq)]
enum Reading {
    Empty,
    /// It was asked for, and the modem has not said how many bytes it has.
    Asked,
    /// Its bytes come.
    Begun,
    /// It waits to be taken.
    Whole,
}

#[derive(Debug)]
pub(crate) struct Sockets {
    slots: [Slot; SOCKETS],
    datagram: Datagram,
}

impl Sockets {
    pub(super) const fn new() -> Self {
        let slot = Slot {
            socket: Socket::Closed,
            unread: false,
            cut: false,
            news: None,
        };
        Self {
            slots: [slot; SOCKETS],
            datagram: Datagram {
                connection: 0,
                len: 0,
                come: 0,
                bytes: [0; DATAGRAM],
                state: Reading::Empty,
                wordless: false,
            },
        }
    }

    fn slot(&mut self, connection: u8) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(connection))
    }

    /// `None`: there is no such socket.
    pub(crate) fn get(&self, connection: u8) -> Option<Socket> {
        let slot = self.slots.get(usize::from(connection))?;
        Some(slot.socket)
    }

    /// `AT+QIOPEN` is sent.
    pub(crate) fn open_begins(&mut self, connection: u8, now: Instant) {
        if let Some(slot) = self.slot(connection) {
            *slot = Slot {
                socket: Socket::Opening(now + OPENING),
                ..Slot::default()
            };
        }
    }

    /// Whatever the socket is, it is no longer ours: nothing of it is told any more.
    pub(crate) fn forget(&mut self, connection: u8) {
        if let Some(slot) = self.slot(connection)
            && slot.socket != Socket::Closed
        {
            *slot = Slot {
                socket: Socket::Unknown,
                ..Slot::default()
            };
        }
    }

    pub(super) fn close_ends(&mut self, connection: u8, done: bool) {
        if let Some(slot) = self.slot(connection)
            && slot.socket == Socket::Unknown
            && done
        {
            *slot = Slot::default();
        }
        if self.datagram.connection == connection {
            self.datagram.state = Reading::Empty;
        }
    }

    /// The modem has no socket any more.
    pub(super) fn gone(&mut self) {
        self.slots = [Slot::default(); SOCKETS];
        self.datagram.state = Reading::Empty;
    }

    pub(super) fn opened(&mut self, connection: u8, error: u16) {
        if let Some(slot) = self.slot(connection)
            && matches!(slot.socket, Socket::Opening(_))
        {
            let failed = failure(error);
            slot.socket = if failed.is_none() {
                Socket::Open
            } else {
                Socket::Unknown
            };
            slot.news = Some(failed.map_or(Ok(()), Err));
        }
    }

    pub(super) fn received(&mut self, connection: u8) {
        if let Some(slot) = self.slot(connection) {
            slot.unread = slot.socket == Socket::Open;
        }
    }

    pub(super) fn closed(&mut self, connection: u8) {
        if let Some(slot) = self.slot(connection)
            && slot.socket == Socket::Open
        {
            slot.socket = Socket::Unknown;
            let error = SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);
            slot.news = Some(Err(error));
        }
    }

    /// The socket that is to be read next, once there is room for what it has.
    pub(super) fn unread(&self) -> Option<u8> {
        if self.datagram.state != Reading::Empty {
            return None;
        }
        // Behind the one that was read last, so that each has its turn.
        let numbers = (0..).zip(self.slots.iter()).filter(|(_, slot)| slot.unread);
        let next = numbers
            .clone()
            .find(|(number, _)| *number > self.datagram.connection);
        next.or_else(|| numbers.clone().next())
            .map(|(number, _)| number)
    }

    pub(super) fn read_begins(&mut self, connection: u8) {
        if let Some(slot) = self.slot(connection) {
            // Said again while the command is under way: it is true again.
            slot.unread = false;
        }
        self.datagram.connection = connection;
        self.datagram.state = Reading::Asked;
    }

    /// So many bytes follow.
    pub(super) fn read(&mut self, connection: u8, count: usize) -> Option<usize> {
        let slot = self.slot(connection)?;
        if count == 0 {
            slot.cut = false;
            self.datagram.state = Reading::Empty;
            return None;
        }
        slot.unread = true;
        // As many as were asked for: what follows may belong to it.
        slot.cut |= count >= usize::from(READ);
        let usable = !slot.cut && count <= DATAGRAM;
        self.datagram.len = if usable { count } else { usize::MAX };
        self.datagram.come = 0;
        self.datagram.state = Reading::Begun;
        Some(count)
    }

    pub(super) fn data(&mut self, byte: u8) {
        if self.datagram.state == Reading::Begun {
            if let Some(to) = self.datagram.bytes.get_mut(self.datagram.come) {
                *to = byte;
            }
            self.datagram.come = self.datagram.come.saturating_add(1);
        }
    }

    pub(super) fn read_ends(&mut self, result: Result<(), Failure>) {
        // The answer was lost, or its first line. The modem tells of what it has only once, so it is asked again; not for
        // ever, if it answers that it has nothing to say.
        let lost =
            self.datagram.state == Reading::Asked && !matches!(result, Err(Failure::Refused(_)));
        let wordless = lost && result.is_ok();
        let again = lost && !(wordless && self.datagram.wordless);
        self.datagram.wordless = wordless;
        if again && let Some(slot) = self.slot(self.datagram.connection) {
            slot.unread = slot.socket == Socket::Open;
        }
        let datagram = &mut self.datagram;
        let whole =
            result.is_ok() && datagram.state == Reading::Begun && datagram.come == datagram.len;
        datagram.state = if whole {
            Reading::Whole
        } else {
            Reading::Empty
        };
    }

    /// Takes the datagram that waits, if it fits; one that does not is gone.
    pub(crate) fn datagram(&mut self, buffer: &mut [u8]) -> Option<(u8, usize)> {
        if self.datagram.state != Reading::Whole {
            return None;
        }
        self.datagram.state = Reading::Empty;
        let (connection, len) = (self.datagram.connection, self.datagram.len);
        if self.get(connection) != Some(Socket::Open) {
            return None;
        }
        let bytes = self.datagram.bytes.get(..len)?;
        buffer.get_mut(..len)?.copy_from_slice(bytes);
        Some((connection, len))
    }

    /// Takes what is to be told of a socket.
    pub(crate) fn news(&mut self, now: Instant) -> Option<(u8, Result<(), SessionError>)> {
        for (number, slot) in (0..).zip(self.slots.iter_mut()) {
            if matches!(slot.socket, Socket::Opening(until) if until <= now) {
                slot.socket = Socket::Unknown;
                let error = SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);
                slot.news = Some(Err(error));
            }
            if let Some(news) = slot.news.take() {
                return Some((number, news));
            }
        }
        None
    }

    /// When the next socket has taken too long to open.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let opening = self.slots.iter().filter_map(|slot| match slot.socket {
            Socket::Opening(until) => Some(until),
            _ => None,
        });
        opening.min()
    }
}

/// What the modem's numbers for failures of sockets mean.
fn failure(error: u16) -> Option<SessionError> {
    let (kind, errno) = match error {
        0 => return None,
        // Not enough memory; no socket could be created or bound; the number or the port is in use.
        553 | 554 | 556 | 563 | 574 => (SessionErrorKind::Resources, errno::ENOMEM),
        564 | 565 => (SessionErrorKind::NameResolution, errno::EHOSTUNREACH),
        // The packet data context is not active, or has broken down.
        561 | 570 => (SessionErrorKind::NoRoute, errno::ENETDOWN),
        566 => (SessionErrorKind::Refused, errno::ECONNREFUSED),
        569 => (SessionErrorKind::Timeout, errno::ETIMEDOUT),
        _ => (SessionErrorKind::Io, errno::EIO),
    };
    Some(SessionError::new(kind, errno))
}

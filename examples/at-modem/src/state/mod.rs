//! What is known of the modem, and the one command under way: no I/O.
//!
//! What an answer means is noted here when it comes, whether or not the future that has asked is still there.

mod network;
mod sockets;

use heapless::Vec;
use lwm2m_carrier::hal::DetachReason;
use lwm2m_core::time::{Duration, Instant, UnixTime};

use crate::at::{Command, Kind, Piece, Urc, after, parse_clock};

pub(crate) use network::{Network, Next};
pub use sockets::{DATAGRAM, SOCKETS};
pub(crate) use sockets::{Socket, Sockets};

/// Bytes of the longest command with a datagram behind it. `AT+QIOPEN` with a name of 255 bytes fits too.
const OUT: usize = DATAGRAM + 32;
/// Bytes of the longest fact.
const FACT: usize = 64;
/// How long nothing is sent after the modem has answered again: what it still had to say is said by then.
const SETTLE: Duration = Duration::from_millis(200);

/// Why a command has come to nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// `ERROR`, or `+CME ERROR` with its number (3GPP TS 27.007, section 9.2).
    Refused(Option<u16>),
    /// No answer in time.
    Silent,
    /// The modem has begun anew meanwhile.
    Restarted,
    /// A parameter is longer than fits.
    TooLong,
}

#[derive(Debug)]
struct Transaction {
    ticket: u32,
    kind: Kind,
    deadline: Instant,
    result: Option<Result<(), Failure>>,
    /// Nobody asks for the result.
    orphan: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) network: Network,
    pub(crate) sockets: Sockets,
    /// The access point.
    pub(crate) apn: &'static str,
    /// The date that the network has told, and when.
    pub(crate) date: Option<(UnixTime, Instant)>,
    fact: Vec<u8, FACT>,
    out: [u8; OUT],
    /// How much of `out` is written, may be written now, and is there in all.
    out_at: [usize; 3],
    under_way: Option<Transaction>,
    tickets: u32,
    /// A command was not answered, or none was sent yet: what comes next may be a late answer.
    silent: bool,
    /// Bytes of a datagram that the modem may still wait for, after a prompt that was not understood.
    owed: usize,
    quiet_until: Instant,
}

impl State {
    pub(crate) fn new(apn: &'static str) -> Self {
        Self {
            network: Network::new(),
            sockets: Sockets::new(),
            apn,
            date: None,
            fact: Vec::new(),
            out: [0; OUT],
            out_at: [0; 3],
            under_way: None,
            tickets: 0,
            silent: true,
            owed: 0,
            quiet_until: Instant::ZERO,
        }
    }

    pub(crate) const fn is_silent(&self) -> bool {
        self.silent
    }

    /// Whether a command can begin.
    pub(crate) fn is_idle(&self, now: Instant) -> bool {
        self.under_way.is_none() && now >= self.quiet_until
    }

    /// Begins a command; what [`result`](Self::result) asks by.
    pub(crate) fn begin(&mut self, command: &Command<'_>, now: Instant) -> Result<u32, Failure> {
        let kind = command.kind();
        // A modem that waits for a datagram takes whatever comes for one; to one that does not, these are empty commands.
        let owed = match kind {
            Kind::Attention => core::mem::take(&mut self.owed),
            _ => 0,
        };
        let (front, place) = self
            .out
            .split_at_mut_checked(owed)
            .ok_or(Failure::TooLong)?;
        front.fill(b'\r');
        let len = command.write(place).ok_or(Failure::TooLong)?.len() + owed;
        let mut end = len;
        if let Command::Send { datagram, .. } = command {
            end = len.saturating_add(datagram.len());
            let room = self.out.get_mut(len..end).ok_or(Failure::TooLong)?;
            room.copy_from_slice(datagram);
        }
        self.out_at = [0, len, end];
        self.fact.clear();
        self.tickets = self.tickets.wrapping_add(1);
        self.under_way = Some(Transaction {
            ticket: self.tickets,
            kind,
            deadline: now + kind.timeout(),
            result: None,
            orphan: false,
        });
        Ok(self.tickets)
    }

    /// How a command has ended; `None`: not yet.
    pub(crate) fn result(&mut self, ticket: u32) -> Option<Result<(), Failure>> {
        let under_way = self.under_way.as_ref();
        let result = under_way.filter(|it| it.ticket == ticket)?.result?;
        self.under_way = None;
        Some(result)
    }

    /// Nobody will ask for the result; the command goes on to its end all the same.
    pub(crate) fn abandon(&mut self, ticket: u32) {
        if let Some(transaction) = &mut self.under_way
            && transaction.ticket == ticket
        {
            transaction.orphan = true;
            if transaction.result.is_some() {
                self.under_way = None;
            }
        }
    }

    /// Begins what nobody waits for: reading datagrams that lie in the modem.
    pub(crate) fn background(&mut self, now: Instant) {
        let Some(connection) = self.sockets.unread().filter(|_| self.is_idle(now)) else {
            return;
        };
        let kind = if self.silent {
            Kind::Attention
        } else {
            self.sockets.read_begins(connection);
            Kind::Read(connection)
        };
        if let Ok(ticket) = self.begin(&Command::Plain(kind), now) {
            self.abandon(ticket);
        }
    }

    /// What can be written to the serial line now.
    pub(crate) fn to_write(&self) -> &[u8] {
        let [written, allowed, _] = self.out_at;
        self.out.get(written..allowed).unwrap_or_default()
    }

    /// So many bytes were written.
    pub(crate) fn written(&mut self, count: usize) {
        let [written, allowed, _] = &mut self.out_at;
        *written = written.saturating_add(count).min(*allowed);
    }

    /// Whether the datagram waits for the prompt.
    pub(crate) const fn awaits_prompt(&self) -> bool {
        let [_, allowed, end] = self.out_at;
        allowed < end
    }

    /// The next point at which something must be done although nothing comes.
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        let command = self.under_way.as_ref().filter(|it| it.result.is_none());
        [
            command.map(|it| it.deadline),
            Some(self.quiet_until),
            Some(self.network.retry_at()),
            self.sockets.deadline(),
        ]
        .into_iter()
        .flatten()
        .filter(|point| *point > now)
        .min()
        .unwrap_or(Instant::FAR_FUTURE)
    }

    /// Gives up the command that has not been answered in time; whether there was one.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let command = self.under_way.as_ref();
        let late = command.is_some_and(|it| it.result.is_none() && it.deadline <= now);
        if late {
            self.silent = true;
            if self.awaits_prompt() {
                let [_, allowed, end] = self.out_at;
                self.owed = end.saturating_sub(allowed);
            }
            self.finish(Err(Failure::Silent), now);
        }
        late
    }

    /// Takes what has come from the modem; how many bytes of data follow, where that is said.
    pub(crate) fn take(&mut self, piece: Piece<'_>, now: Instant) -> Option<usize> {
        match piece {
            Piece::Line(line) => return self.line(line, now),
            Piece::Prompt => {
                let [_, allowed, end] = &mut self.out_at;
                *allowed = *end;
            }
            Piece::Data(byte, _) => self.sockets.data(byte),
        }
        None
    }

    fn line(&mut self, line: &str, now: Instant) -> Option<usize> {
        if let Some(urc) = Urc::parse(line) {
            self.unsolicited(urc, now);
            return None;
        }
        let under_way = self.under_way.as_ref();
        let kind = under_way.filter(|it| it.result.is_none())?.kind;
        match line {
            // The answer to the bytes of a datagram is another one.
            "OK" if !matches!(kind, Kind::Send(_)) => self.finish(Ok(()), now),
            "SEND OK" if matches!(kind, Kind::Send(_)) => self.finish(Ok(()), now),
            "ERROR" | "SEND FAIL" => self.finish(Err(Failure::Refused(None)), now),
            _ => {
                if let Some(number) = after(line, "+CME ERROR:") {
                    self.finish(Err(Failure::Refused(number.parse().ok())), now);
                } else {
                    return self.information(kind, line, now);
                }
            }
        }
        None
    }

    /// A line of the answer to a command of this kind, which is not its last.
    fn information(&mut self, kind: Kind, line: &str, now: Instant) -> Option<usize> {
        match kind {
            Kind::Sim => self.network.sim(after(line, "+CPIN:")? == "READY"),
            Kind::Registration => self.unsolicited(Urc::answer(line)?, now),
            Kind::Contexts => self.network.context(after(line, "+QIACT:")?),
            Kind::Date => {
                let date = after(line, "+CCLK:")?.trim_matches('"');
                self.date = parse_clock(date).map(|date| (date, now));
            }
            Kind::Read(connection) => {
                let count = after(line, "+QIRD:")?.parse().ok()?;
                return self.sockets.read(connection, count);
            }
            _ => {
                let fact = match kind.fact()? {
                    Some(prefix) => after(line, prefix)?,
                    // A command that is sent back is not its answer, nor is a code that is not known here.
                    None => Some(line)
                        .filter(|line| !line.starts_with("AT+") && !line.starts_with('+'))?,
                };
                if self.fact.is_empty() {
                    // A fact that does not fit is none.
                    let _ = self.fact.extend_from_slice(fact.as_bytes());
                }
            }
        }
        None
    }

    /// The fact that the last command has asked for.
    pub(crate) fn fact(&self) -> Option<&str> {
        let fact = core::str::from_utf8(&self.fact).ok()?;
        (!fact.is_empty()).then_some(fact)
    }

    fn unsolicited(&mut self, urc: Urc, now: Instant) {
        match urc {
            Urc::Registration(registration, cell) => self.network.registration(registration, cell),
            Urc::Opened(connection, error) => self.sockets.opened(connection, error),
            Urc::Received(connection) => self.sockets.received(connection),
            Urc::Closed(connection) => self.sockets.closed(connection),
            Urc::Deactivated => self.network.deactivated(),
            Urc::NoSim => self.network.restart(DetachReason::Sim),
            Urc::Restarted => {
                self.network.restart(DetachReason::Modem);
                self.sockets.gone();
                self.silent = true;
                self.owed = 0;
                self.quiet_until = now + SETTLE;
                self.finish(Err(Failure::Restarted), now);
            }
        }
    }

    fn finish(&mut self, result: Result<(), Failure>, now: Instant) {
        let Some(transaction) = self.under_way.as_mut().filter(|it| it.result.is_none()) else {
            return;
        };
        transaction.result = Some(result);
        let (kind, orphan) = (transaction.kind, transaction.orphan);
        if orphan {
            self.under_way = None;
        }
        self.out_at = [0; 3];
        let done = result.is_ok();
        self.network.answered(kind, done);
        match kind {
            Kind::Attention if done => {
                self.silent = false;
                self.quiet_until = now + SETTLE;
            }
            Kind::RadioOff if done => self.sockets.gone(),
            Kind::Close(connection) => self.sockets.close_ends(connection, done),
            Kind::Read(_) => self.sockets.read_ends(result),
            _ => {}
        }
    }
}

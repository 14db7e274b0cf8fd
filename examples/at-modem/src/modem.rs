//! The modem: what is known of it, and the serial line to it.

use core::cell::RefCell;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll};

use embedded_io_async::{Read, Write};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

use crate::at::{Command, Framer, Kind};
use crate::race::unless;
use crate::state::{Failure, State};
use crate::{AtInfo, AtLink, AtSessions, NetworkClock};

/// How often a modem that is starting, or was silent, is asked whether it is there: once a second.
const ATTEMPTS: u32 = 10;
/// Bytes that are read at a time.
const CHUNK: usize = 64;

/// A modem on a serial line; its parts borrow it.
pub struct Modem<U, C> {
    port: RefCell<Port<U>>,
    clock: C,
}

struct Port<U> {
    uart: U,
    framer: Framer,
    state: State,
    flushed: bool,
}

impl<U: Read + Write, C: Clock + Clone> Modem<U, C> {
    /// A modem on `uart` that uses the access point `apn`; empty for the one of the subscription.
    #[must_use]
    pub fn new(uart: U, clock: C, apn: &'static str) -> Self {
        Self {
            port: RefCell::new(Port {
                uart,
                framer: Framer::default(),
                state: State::new(apn),
                flushed: true,
            }),
            clock,
        }
    }

    /// The way to the network.
    pub const fn link(&self) -> AtLink<'_, U, C> {
        AtLink::new(self)
    }

    /// The sockets; to be called once, since all of them have the same numbers.
    pub const fn sessions(&self) -> AtSessions<'_, U, C> {
        AtSessions::new(self)
    }

    /// Facts about modem and SIM card.
    pub const fn info(&self) -> AtInfo<'_, U, C> {
        AtInfo::new(self)
    }

    /// The board's clock with the network's date.
    pub fn clock(&self) -> NetworkClock<'_, U, C> {
        NetworkClock::new(self, self.clock.clone())
    }

    /// Runs a command to its end. When the future is dropped, the command still comes to its end, before the next one
    /// begins.
    pub(crate) async fn run(&self, command: &Command<'_>) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            if self.with(|state, _| state.is_silent()) != Some(true) {
                return self.transact(command).await;
            }
            // The answer, or that of the command that was given up: what follows is waited for before the next.
            let _ = self.transact(&Command::Plain(Kind::Attention)).await;
        }
        if self.with(|state, _| state.is_silent()) == Some(true) {
            self.with(|state, _| state.network.silent());
            return Err(Failure::Silent);
        }
        self.transact(command).await
    }

    async fn transact(&self, command: &Command<'_>) -> Result<(), Failure> {
        let mut ticket = Ticket {
            port: &self.port,
            number: None,
        };
        self.until(|state, now| match ticket.number {
            None if state.is_idle(now) => match state.begin(command, now) {
                Ok(number) => {
                    ticket.number = Some(number);
                    None
                }
                Err(failure) => Some(Err(failure)),
            },
            None => None,
            Some(number) => state.result(number),
        })
        .await
    }

    /// Looks at the state, or changes it; `None` while somebody else does.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut State, Instant) -> T) -> Option<T> {
        let mut port = self.port.try_borrow_mut().ok()?;
        Some(work(&mut port.state, self.clock.now()))
    }

    /// Waits until `step` answers; meanwhile what is to be written is written, and what comes is taken in. Cancel-safe.
    pub(crate) async fn until<T>(
        &self,
        mut step: impl FnMut(&mut State, Instant) -> Option<T>,
    ) -> T {
        let mut clock = self.clock.clone();
        loop {
            let now = clock.now();
            let until = self.with(|state, now| state.deadline(now)).unwrap_or(now);
            let news = poll_fn(|context| {
                let Ok(mut port) = self.port.try_borrow_mut() else {
                    return Poll::Pending;
                };
                let now = self.clock.now();
                let mut moved = port.turn(context, now);
                let answer = step(&mut port.state, now);
                // What `step` has begun is written at once.
                moved |= port.turn(context, now);
                if moved {
                    // Another future may wait for what has come.
                    context.waker().wake_by_ref();
                }
                match answer {
                    None if !moved && port.state.deadline(now) == until => Poll::Pending,
                    answer => Poll::Ready(answer),
                }
            });
            if let Some(Some(answer)) = unless(news, clock.wait(until)).await {
                return answer;
            }
        }
    }
}

impl<U: Read + Write> Port<U> {
    /// Writes and reads as far as it goes without waiting; whether anything has moved.
    ///
    /// A UART that fails is one that is silent: the command under way is given up in its time.
    fn turn(&mut self, context: &mut Context<'_>, now: Instant) -> bool {
        if self.state.expire(now) {
            // Where bytes were lost, the rest of what was counted never comes.
            self.framer = Framer::default();
        }
        self.state.background(now);
        let mut moved = false;
        loop {
            let mut again = false;
            while !self.state.to_write().is_empty() {
                let bytes = self.state.to_write();
                let written = pin!(self.uart.write(bytes)).poll(context);
                let Poll::Ready(Ok(count @ 1..)) = written else {
                    break;
                };
                self.state.written(count);
                self.flushed = false;
                again = true;
            }
            if !self.flushed {
                self.flushed = pin!(self.uart.flush()).poll(context).is_ready();
            }
            let mut chunk = [0; CHUNK];
            let read = pin!(self.uart.read(&mut chunk)).poll(context);
            if let Poll::Ready(Ok(count)) = read {
                for &byte in chunk.iter().take(count) {
                    self.framer.expect_prompt(self.state.awaits_prompt());
                    let data = match self.framer.push(byte) {
                        Some(piece) => self.state.take(piece, now),
                        None => None,
                    };
                    if let Some(count) = data {
                        self.framer.expect_data(count);
                    }
                }
                again |= count > 0;
            }
            if !again {
                return moved;
            }
            moved = true;
            self.state.background(now);
        }
    }
}

/// A command that was begun; when it is dropped before its end, nobody asks for the result.
struct Ticket<'m, U> {
    port: &'m RefCell<Port<U>>,
    number: Option<u32>,
}

impl<U> Drop for Ticket<'_, U> {
    fn drop(&mut self) {
        if let (Some(number), Ok(mut port)) = (self.number, self.port.try_borrow_mut()) {
            port.state.abandon(number);
        }
    }
}

impl<U, C> fmt::Debug for Modem<U, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modem").finish_non_exhaustive()
    }
}

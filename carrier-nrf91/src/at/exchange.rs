//! One command at a time, where the modem answers in an interrupt.

use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, Waker};

use super::{AtError, Command};
use crate::net::Errno;

/// Bytes of the longest response that is kept, with its line ends.
const RESPONSE: usize = 512;
/// Tasks that wait at once and need not take turns.
const WAITERS: usize = 4;

/// A command interpreter that takes one command, answers it in an interrupt, and takes the next one only then.
pub trait Interpreter {
    /// Has `command` executed. The answer goes to [`Exchange::answer`], perhaps before this returns.
    ///
    /// # Errors
    /// [`Errno::INPROGRESS`] while it executes a command that somebody else has sent.
    fn begin(&self, command: Command<'_>) -> Result<(), Errno>;

    /// Lends the exchange, which the interrupt cannot reach meanwhile.
    fn with<R>(&self, access: impl FnOnce(&mut Exchange) -> R) -> R;

    /// What [`At::send`](super::At::send) does. When it is dropped, the modem goes on executing; whoever sends next waits for
    /// that.
    ///
    /// # Errors
    /// [`AtError::Channel`] with Linux's number where there is one.
    #[allow(
        async_fn_in_trait,
        reason = "the drivers run on one thread; no Send is promised"
    )]
    async fn exchange(&self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let mut turn = Turn {
            interpreter: self,
            owned: false,
        };
        poll_fn(|context| turn.poll(command, response, context)).await
    }
}

/// The command under way, and its response: between the tasks that send and the interrupt that answers.
pub struct Exchange {
    phase: Phase,
    response: [u8; RESPONSE],
    len: usize,
    waiting: [Option<Waker>; WAITERS],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Idle,
    Executing,
    /// Whoever has sent it does not want the response any more.
    Abandoned,
    Answered,
}

impl Exchange {
    /// No command is under way.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            phase: Phase::Idle,
            response: [0; RESPONSE],
            len: 0,
            waiting: [const { None }; WAITERS],
        }
    }

    /// The modem's answer. More than 512 bytes are cut, and a response without its end is
    /// [truncated](AtError::Truncated).
    pub fn answer(&mut self, response: &[u8]) {
        self.phase = match self.phase {
            Phase::Executing => {
                self.len = copy(response, &mut self.response);
                Phase::Answered
            }
            Phase::Abandoned => Phase::Idle,
            other => other,
        };
        self.wake();
    }

    fn claim(&mut self, waker: &Waker) -> bool {
        let free = self.phase == Phase::Idle;
        if free {
            self.phase = Phase::Executing;
        } else {
            self.wait(waker);
        }
        free
    }

    fn take(&mut self, to: &mut [u8], waker: &Waker) -> Option<usize> {
        if self.phase != Phase::Answered {
            self.wait(waker);
            return None;
        }
        let response = self.response.get(..self.len).unwrap_or_default();
        Some(copy(response, to))
    }

    /// Whoever has claimed it is done with it.
    fn release(&mut self, begun: bool) {
        if begun && self.phase == Phase::Executing {
            self.phase = Phase::Abandoned;
            return;
        }
        self.phase = Phase::Idle;
        self.wake();
    }

    fn wait(&mut self, waker: &Waker) {
        let mut waiting = self.waiting.iter().flatten();
        if waiting.any(|it| it.will_wake(waker)) {
            return;
        }
        let free = self.waiting.iter().position(Option::is_none);
        if let Some(place) = self.waiting.get_mut(free.unwrap_or(0))
            && let Some(displaced) = place.replace(waker.clone())
        {
            // It asks again.
            displaced.wake();
        }
    }

    fn wake(&mut self) {
        for waker in self.waiting.iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// As much of `from` as has room.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    from.len().min(to.len())
}

/// The way of one command through the exchange.
struct Turn<'i, I: Interpreter + ?Sized> {
    interpreter: &'i I,
    /// The command under way is this one.
    owned: bool,
}

impl<I: Interpreter + ?Sized> Turn<'_, I> {
    fn poll(
        &mut self,
        command: Command<'_>,
        response: &mut [u8],
        context: &Context<'_>,
    ) -> Poll<Result<usize, AtError>> {
        let (interpreter, waker) = (self.interpreter, context.waker());
        if !self.owned {
            if !interpreter.with(|exchange| exchange.claim(waker)) {
                return Poll::Pending;
            }
            // Not while the exchange is lent: the library waits for an interrupt in here.
            if let Err(error) = interpreter.begin(command) {
                interpreter.with(|exchange| exchange.release(false));
                if error == Errno::INPROGRESS {
                    // Nobody tells when that has ended.
                    waker.wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(Err(AtError::Channel(error.to_linux())));
            }
            self.owned = true;
        }
        match interpreter.with(|exchange| exchange.take(response, waker)) {
            Some(len) => Poll::Ready(Ok(len)),
            None => Poll::Pending,
        }
    }
}

impl<I: Interpreter + ?Sized> Drop for Turn<'_, I> {
    fn drop(&mut self) {
        if self.owned {
            self.interpreter.with(|exchange| exchange.release(true));
        }
    }
}

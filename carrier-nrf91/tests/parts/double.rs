//! A scripted command channel, notifications in virtual time, a clock that jumps.

use core::cell::{Cell, RefCell};
use core::future::{Future, pending, poll_fn};
use core::task::Poll;
use std::collections::VecDeque;
use std::rc::Rc;

use carrier_nrf91::at::{At, AtError, Command, Notifications};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// Runs a future that never has to wait for anything real.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    block_on(future, || panic!("waits for ever"))
}

/// Polls a future once.
pub(crate) fn is_pending(future: impl Future) -> bool {
    let mut future = core::pin::pin!(future);
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    future.as_mut().poll(&mut context).is_pending()
}

/// Pending at the first poll, as a wait has to be.
pub(crate) async fn pending_once() {
    let mut polled = false;
    poll_fn(|context| {
        if core::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Answers the commands of a script, each once and in order.
#[derive(Clone, Default)]
pub(crate) struct Script(Rc<RefCell<VecDeque<(String, String)>>>);

impl Script {
    pub(crate) fn expect(&self, command: &str, response: &str) -> &Self {
        let response = response.replace('\n', "\r\n");
        self.0
            .borrow_mut()
            .push_back((command.to_owned(), response));
        self
    }

    pub(crate) fn is_done(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

impl At for Script {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let command = &*command.to_string();
        let (expected, text) = self.0.borrow_mut().pop_front().expect(command);
        assert_eq!(command, expected);
        Ok(answer(&text, response))
    }
}

/// As the modem library does it: what does not fit is cut.
pub(crate) fn answer(text: &str, response: &mut [u8]) -> usize {
    let len = text.len().min(response.len());
    response[..len].copy_from_slice(&text.as_bytes()[..len]);
    len
}

/// Time that passes by waiting; once it is [stopped](Self::stop), only by hand.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Rc<Time>);

#[derive(Default)]
struct Time {
    millis: Cell<u64>,
    stopped: Cell<bool>,
}

impl VirtualClock {
    pub(crate) fn secs(&self) -> u64 {
        self.0.millis.get() / 1000
    }

    pub(crate) fn pass(&self, secs: u64) {
        self.0.millis.set(self.0.millis.get() + secs * 1000);
    }

    /// Waits end no more by themselves.
    pub(crate) fn stop(&self) {
        self.0.stopped.set(true);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.millis.get())
    }

    async fn wait(&mut self, until: Instant) {
        if self.0.stopped.get() && self.now() < until {
            pending::<()>().await;
        }
        self.0
            .millis
            .set(self.0.millis.get().max(until.as_millis()));
    }
}

/// Notifications that have come.
#[derive(Clone, Default)]
pub(crate) struct Queue(Rc<RefCell<VecDeque<String>>>);

impl Queue {
    pub(crate) fn push(&self, line: &str) {
        self.0.borrow_mut().push_back(format!("{line}\r\n"));
    }
}

impl Notifications for Queue {
    async fn next(&mut self, line: &mut [u8]) -> usize {
        let next = self.0.borrow_mut().pop_front();
        match next {
            Some(text) => answer(&text, line),
            None => pending().await,
        }
    }
}

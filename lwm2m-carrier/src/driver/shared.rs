//! What runner and handle share.

use core::{
    cell::{Cell, RefCell},
    fmt,
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use lwm2m_core::{model::Objects, time::Instant};

use super::{Handle, Runner};
use crate::carrier::Carrier;

/// Tasks that may wait for the runner at a time without being polled in vain.
const WATCHERS: usize = 4;

/// The carrier and the objects, between a [`Runner`] and its [`Handle`]s.
///
/// They lie in a cell that is never locked across an await, so no other task ever waits for it.
pub struct Shared<'r, O> {
    pub(super) state: RefCell<State<'r, O>>,
    /// The runner's, while it waits.
    waker: Cell<Option<Waker>>,
    /// The application has asked for something.
    signalled: Cell<bool>,
    /// Those who wait for the runner.
    watchers: RefCell<heapless::Vec<Waker, WATCHERS>>,
    pub(super) deadline: Cell<Instant>,
}

/// The state machine and what it works on.
pub(super) struct State<'r, O> {
    pub(super) carrier: Carrier<'r>,
    pub(super) objects: &'r mut O,
}

impl<'r, O: Objects> Shared<'r, O> {
    /// A carrier with the objects of the application; 0 (Security) and 1 (Server) must be among them. They stay where
    /// they are: together they are larger than all else.
    #[must_use]
    pub const fn new(carrier: Carrier<'r>, objects: &'r mut O) -> Self {
        Self {
            state: RefCell::new(State { carrier, objects }),
            waker: Cell::new(None),
            signalled: Cell::new(false),
            watchers: RefCell::new(heapless::Vec::new()),
            deadline: Cell::new(Instant::ZERO),
        }
    }

    /// The half that runs the loop: `hal` is the port, `handler` takes the events, `buffer` is for messages and
    /// records: 1,280 bytes suit every network. There should be one runner at a time.
    pub const fn runner<'s, H, E>(
        &'s self,
        hal: H,
        handler: E,
        buffer: &'s mut [u8],
    ) -> Runner<'s, 'r, O, H, E> {
        Runner::new(self, hal, handler, buffer)
    }

    /// The half for the application.
    pub const fn handle(&self) -> Handle<'_, 'r, O> {
        Handle::new(self)
    }

    /// Makes the runner look around.
    pub(super) fn signal(&self) {
        self.signalled.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Waits for [`signal`](Self::signal).
    pub(super) fn poll_signalled(&self, context: &Context<'_>) -> Poll<()> {
        if self.signalled.replace(false) {
            return Poll::Ready(());
        }
        self.waker.set(Some(context.waker().clone()));
        Poll::Pending
    }

    /// Tells those who wait for the runner that it has done something.
    pub(super) fn progressed(&self) {
        if let Ok(mut watchers) = self.watchers.try_borrow_mut() {
            while let Some(watcher) = watchers.pop() {
                watcher.wake();
            }
        }
    }

    /// Waits until `condition` holds, looking after each turn of the runner.
    pub(super) async fn watch(&self, mut condition: impl FnMut(&mut State<'r, O>) -> bool) {
        poll_fn(|context| {
            if self
                .state
                .try_borrow_mut()
                .is_ok_and(|mut state| condition(&mut state))
            {
                return Poll::Ready(());
            }
            if let Ok(mut watchers) = self.watchers.try_borrow_mut()
                && !watchers
                    .iter()
                    .any(|other| other.will_wake(context.waker()))
                && let Err(waker) = watchers.push(context.waker().clone())
            {
                // There is no room: ask again at once.
                waker.wake();
            }
            Poll::Pending
        })
        .await;
    }
}

impl<O> fmt::Debug for Shared<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

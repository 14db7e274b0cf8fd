//! A small executor that takes wakers seriously, for tests that hold beside
//! [`driver::blocking`](lwm2m_carrier::driver::blocking), which polls without being woken.

use std::sync::Arc;
use std::task::Wake;

use core::future::Future;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// Runs `future` to its end, polling it only when it was woken. `None` when it waits and nothing has woken it: in a
/// simulation of one thread nothing ever will.
pub fn block_on<F: Future>(future: F) -> Option<F::Output> {
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    while flag.0.swap(false, Ordering::AcqRel) {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::{pending, poll_fn};

    #[test]
    fn only_what_is_woken_is_polled() {
        let mut polls = 0;
        let woken = poll_fn(|context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(polls);
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!(block_on(woken), Some(3));
        assert_eq!(block_on(pending::<()>()), None);
    }
}

//! Waiting for something, but not for ever.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Duration;

/// Polls of something that should be done at once, or soon by itself.
const POLLS: u32 = 100_000;

/// What `future` returns, if it does so within `limit` of the clock.
pub(super) async fn within<T>(
    clock: &mut impl Clock,
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let until = clock.now() + limit;
    let mut future = pin!(future);
    loop {
        let output = {
            let mut wait = pin!(clock.wait(until));
            poll_fn(|context| match future.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending => wait.as_mut().poll(context).map(|()| None),
            })
            .await
        };
        if output.is_some() || clock.now() >= until {
            return output;
        }
    }
}

/// Waits for `span`; a wait may end early.
pub(super) async fn pause(clock: &mut impl Clock, span: Duration) {
    within(clock, span, core::future::pending::<()>()).await;
}

/// Polls `future` once and drops it.
pub(super) async fn once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// What `future` returns without a clock to wait on: polled again and again, for a while.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        polls += 1;
        if polls >= POLLS {
            return Poll::Ready(None);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

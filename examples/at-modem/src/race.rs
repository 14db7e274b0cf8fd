//! Waiting for the first of two futures, and for a point in time.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// What `first` returns; `None` when `second` was ready before it.
pub(crate) async fn unless<T>(
    first: impl Future<Output = T>,
    second: impl Future<Output = ()>,
) -> Option<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        if let Poll::Ready(output) = first.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        second.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Waits until `until`, or for a shorter time.
///
/// A blocking clock sleeps within the poll and returns early: whoever else waits in the same task has its turn then.
pub(crate) async fn wait(clock: &mut impl Clock, until: Instant) {
    if until == Instant::FAR_FUTURE {
        core::future::pending::<()>().await;
    }
    clock.wait(until).await;
    let mut yielded = false;
    poll_fn(|context| {
        if core::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

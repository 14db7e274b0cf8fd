//! Whichever is ready first.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;

/// Which of two futures was ready first.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures; the left one goes before the right. They are pinned where they are: by value, each
/// would lie in the caller's future twice.
pub(crate) fn race<A, B>(
    mut left: Pin<&mut impl Future<Output = A>>,
    mut right: Pin<&mut impl Future<Output = B>>,
) -> impl Future<Output = First<A, B>> {
    poll_fn(move |context| {
        if let Poll::Ready(it) = left.as_mut().poll(context) {
            return Poll::Ready(First::Left(it));
        }
        right.as_mut().poll(context).map(First::Right)
    })
}

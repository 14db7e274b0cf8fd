//! Running the same loop without an executor.
//!
//! A blocking port has no interrupt that wakes a future; its functions are of the `nb` kind: they answer at once, with
//! a result or with [`nb::Error::WouldBlock`]. [`ready`] makes a future of such a function, and [`block_on`] runs a
//! future by polling it again and again.
//!
//! A bare-metal port sleeps in one of two places: in [`Clock::wait`](crate::hal::Clock::wait), which may block until the
//! time given or until an interrupt comes before it is pending, or in the `wait` argument of [`block_on`], which is called
//! between any two polls, whatever is under way, and is where the application does its own work.
//!
//! ```
//! use lwm2m_carrier::driver::blocking::{block_on, ready};
//!
//! let mut polls = 0;
//! let read_register = || {
//!     polls += 1;
//!     if polls < 3 { Err(nb::Error::<()>::WouldBlock) } else { Ok(42) }
//! };
//! let mut sleeps = 0;
//! assert_eq!(block_on(ready(read_register), || sleeps += 1), Ok(42));
//! assert_eq!(sleeps, 2);
//! ```

use core::{
    future::{Future, poll_fn},
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Runs `future` to its end. Between two polls `wait` is called, in which a port sleeps a little: until the next
/// interrupt, or some milliseconds.
pub fn block_on<F: Future>(future: F, mut wait: impl FnMut()) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => wait(),
        }
    }
}

/// A future that calls `function` until it answers something other than [`nb::Error::WouldBlock`].
///
/// Under a real executor it asks to be polled again at once, which keeps the processor busy: it is made for
/// [`block_on`].
///
/// # Errors
/// What `function` answers.
pub async fn ready<T, E>(mut function: impl FnMut() -> nb::Result<T, E>) -> Result<T, E> {
    poll_fn(|context| match function() {
        Ok(value) => Poll::Ready(Ok(value)),
        Err(nb::Error::Other(error)) => Poll::Ready(Err(error)),
        Err(nb::Error::WouldBlock) => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_happens_between_polls_only() {
        let mut waits = 0;
        assert_eq!(block_on(async { 1 }, || waits += 1), 1);
        assert_eq!(waits, 0);
    }

    #[test]
    fn an_error_ends_the_future() {
        let mut answers = [
            Err(nb::Error::WouldBlock),
            Err(nb::Error::Other("broken")),
            Ok(()),
        ]
        .into_iter();
        let mut waits = 0;
        let result = block_on(ready(|| answers.next().unwrap()), || waits += 1);
        assert_eq!((result, waits), (Err("broken"), 1));
    }
}

//! A small executor that takes wakers seriously, and needs no heap.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// The one task was woken.
static WOKEN: AtomicBool = AtomicBool::new(false);

static WAKER: RawWakerVTable = RawWakerVTable::new(|_| RAW, wake, wake, |_| ());
const RAW: RawWaker = RawWaker::new(core::ptr::null(), &WAKER);

fn wake(_: *const ()) {
    WOKEN.store(true, Ordering::Release);
}

/// Runs `future` to its end, polling it only when it was woken. `false` when it waits and nothing has woken it: without
/// interrupts nothing ever will.
#[allow(unsafe_code, reason = "a waker without heap")]
pub fn block_on(mut future: Pin<&mut dyn Future<Output = ()>>) -> bool {
    // SAFETY: the functions use no data: they may be called with any pointer, as often as one likes, by whom one likes.
    let waker = unsafe { Waker::from_raw(RAW) };
    let mut context = Context::from_waker(&waker);
    wake(core::ptr::null());
    while WOKEN.swap(false, Ordering::AcqRel) {
        if let Poll::Ready(()) = future.as_mut().poll(&mut context) {
            return true;
        }
    }
    false
}

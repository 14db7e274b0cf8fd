//! What happens on a panic: the image does not link, because a panic that cannot be reached is not linked either.

use core::panic::PanicInfo;

#[cfg(not(feature = "find-panics"))]
#[panic_handler]
#[allow(unsafe_code, reason = "the symbol is not to be found")]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: nothing defines the function, so no image has this call.
    unsafe { a_panic_is_reachable() }
}

#[cfg(feature = "find-panics")]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Keeps callers from being merged into an endless loop.
    core::hint::black_box(info);
    loop {}
}

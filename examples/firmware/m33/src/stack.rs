//! How deep the stack has been: the free part of it is painted, and later looked at.

const PAINT: u32 = 0x5afe_57ac;
/// Not painted, so that the painter itself does not stand on it.
const MARGIN: usize = 64;

#[allow(unsafe_code, reason = "a symbol of the linker script")]
unsafe extern "C" {
    /// End of the static variables, below which the stack must not grow; from the linker script of cortex-m-rt.
    static _stack_end: u32;
}

fn bottom() -> *mut u32 {
    (&raw const _stack_end).cast_mut()
}

/// Paints what is free below the caller.
#[inline(never)]
#[allow(unsafe_code, reason = "the free stack is no variable")]
pub fn paint() {
    let here = core::hint::black_box(0_u32);
    let end = (&raw const here).addr() - MARGIN;
    let mut place = bottom();
    while place.addr() < end {
        // SAFETY: between the static variables and the stack that is in use lies memory that nobody uses.
        unsafe {
            place.write_volatile(PAINT);
            place = place.add(1);
        }
    }
}

/// Bytes of stack below the caller that have been used since [`paint`].
#[inline(never)]
#[must_use]
#[allow(unsafe_code, reason = "the free stack is no variable")]
pub fn high_water() -> usize {
    let here = core::hint::black_box(0_u32);
    let top = (&raw const here).addr();
    let mut place = bottom();
    // SAFETY: as in `paint`; reading goes no further than the stack that is in use.
    unsafe {
        while place.addr() < top && place.read_volatile() == PAINT {
            place = place.add(1);
        }
    }
    top - place.addr()
}

//! What the computer that runs the emulator says, over semihosting (Arm IHI 0029).

use cortex_m_semihosting::nr;

/// The command line of the program, as far as `buffer` goes.
pub(crate) fn arguments(buffer: &mut [u8]) -> Option<&str> {
    let mut block = [buffer.as_mut_ptr() as usize, buffer.len()];
    // SAFETY: SYS_GET_CMDLINE takes the address of a field of two words, where and how long the buffer is; it writes to the
    // buffer, and its length to the second word. Both are ours, and stay until it returns.
    #[allow(unsafe_code, reason = "the debugger reads and writes memory")]
    let failed =
        unsafe { cortex_m_semihosting::syscall1(nr::GET_CMDLINE, block.as_mut_ptr() as usize) };
    let [_, len] = core::hint::black_box(block);
    let line = buffer.get(..len).filter(|_| failed == 0)?;
    core::str::from_utf8(line).ok()
}

/// Seconds since 1970.
pub(crate) fn time() -> u32 {
    // SAFETY: SYS_TIME takes no parameter, and touches no memory.
    #[allow(unsafe_code, reason = "a request to the debugger")]
    let seconds = unsafe { cortex_m_semihosting::syscall1(nr::TIME, 0) };
    seconds as u32
}

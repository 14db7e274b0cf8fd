//! UART 0 as what `at-modem` asks for.

use core::convert::Infallible;
use core::future::poll_fn;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};
use m33::uart::Uart;

/// How often in vain the UART is looked at before the processor sleeps until the next tick. The line is faster than ticks.
const PATIENCE: u32 = 500;

/// How often nothing has come since the last byte.
static IN_VAIN: AtomicU32 = AtomicU32::new(0);

/// The serial line to the modem, polled: a read that is dropped has taken nothing.
pub(crate) struct Serial(Uart);

impl Serial {
    pub(crate) fn new(number: usize) -> Self {
        Self(Uart::new(number))
    }
}

/// Sleeps until the next tick, unless bytes are on their way.
pub(crate) fn rest() {
    if IN_VAIN.load(Relaxed) > PATIENCE {
        cortex_m::asm::wfi();
    }
}

impl ErrorType for Serial {
    type Error = Infallible;
}

impl Read for Serial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|_| {
            let mut len = 0;
            for to in buffer.iter_mut() {
                let Some(byte) = self.0.read() else { break };
                *to = byte;
                len += 1;
            }
            if len > 0 {
                IN_VAIN.store(0, Relaxed);
                return Poll::Ready(Ok(len));
            }
            let in_vain = IN_VAIN.load(Relaxed);
            IN_VAIN.store(in_vain.saturating_add(1), Relaxed);
            Poll::Pending
        })
        .await
    }
}

impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        poll_fn(|_| {
            let sent = bytes.iter().take_while(|byte| self.0.write(**byte)).count();
            if sent == 0 && !bytes.is_empty() {
                return Poll::Pending;
            }
            IN_VAIN.store(0, Relaxed);
            Poll::Ready(Ok(sent))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

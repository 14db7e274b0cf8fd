//! The modem program's engine on the other end of a serial line in memory.

use core::cell::{Cell, RefCell};
use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant as StdInstant;

use at_modem::Modem;
use at_modem_host::{Modem as Engine, Options};
use embedded_io_async::{ErrorType, Read, Write};
use lwm2m_carrier::hal::Clock;
use lwm2m_core::time::Instant;

/// The far end of the line.
pub(crate) type Far = Rc<RefCell<Engine>>;

/// A serial line that cuts what goes over it into pieces of changing lengths, and loses its connection at will.
pub(crate) struct Line {
    far: Far,
    come: VecDeque<u8>,
    /// A small generator for the lengths of the pieces.
    chance: Cell<u32>,
}

impl Line {
    fn piece(&self, most: usize) -> usize {
        let next = self
            .chance
            .get()
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        self.chance.set(next);
        (1 + (next >> 24) as usize % 40).min(most)
    }
}

impl ErrorType for Line {
    type Error = Infallible;
}

impl Read for Line {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            self.come.extend(self.far.borrow_mut().output());
            if self.come.is_empty() {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let len = self.piece(buffer.len().min(self.come.len()));
            for (to, from) in buffer.iter_mut().zip(self.come.drain(..len)) {
                *to = from;
            }
            Poll::Ready(Ok(len))
        })
        .await
    }
}

impl Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let len = self.piece(bytes.len());
        self.far
            .borrow_mut()
            .input(bytes.get(..len).unwrap_or_default());
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Milliseconds since it was made, or as many times that; a wait sleeps one at a time.
#[derive(Clone, Copy)]
pub(crate) struct SleepingClock {
    start: StdInstant,
    times: u32,
}

impl SleepingClock {
    pub(crate) fn new() -> Self {
        Self::fast(1)
    }

    /// So many times as fast as the computer's, for modems that are silent for minutes.
    pub(crate) fn fast(times: u32) -> Self {
        let start = StdInstant::now();
        Self { start, times }
    }
}

impl Clock for SleepingClock {
    fn now(&self) -> Instant {
        let passed = self.start.elapsed() * self.times;
        Instant::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    async fn wait(&mut self, until: Instant) {
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            std::thread::sleep(Duration::from_millis(1));
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// A modem, and the engine that plays it.
pub(crate) fn modem(options: Options, seed: u32) -> (Modem<Line, SleepingClock>, Far) {
    modem_by(SleepingClock::new(), options, seed)
}

/// The same by this clock.
pub(crate) fn modem_by(
    clock: SleepingClock,
    options: Options,
    seed: u32,
) -> (Modem<Line, SleepingClock>, Far) {
    let far = Rc::new(RefCell::new(Engine::new(options)));
    let line = Line {
        far: Rc::clone(&far),
        come: VecDeque::new(),
        chance: Cell::new(seed),
    };
    (Modem::new(line, clock, "iot.example"), far)
}

/// A modem that says things unasked, and takes its time.
pub(crate) fn talkative() -> Options {
    Options {
        boot: Duration::from_millis(300),
        registration: Duration::from_millis(30),
        chatter: true,
        ..Options::default()
    }
}

//! Waiting in a world, and running a device in it until something is the case.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use lwm2m_core::time::{Duration, Instant};

use super::World;
use crate::flash::FlashError;

/// Why a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// What was waited for is the case.
    Condition,
    /// The clock has reached the [horizon](World::set_horizon).
    Horizon,
    /// Nothing can happen any more, and nobody waits for a point in time.
    Stalled,
    /// The device's power has failed.
    PowerLost,
    /// The device has reset itself.
    Reset,
}

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Run<T> {
    /// The future is done.
    Finished(T),
    /// It was stopped, and dropped.
    Stopped(Stop),
}

/// Takes a deadline back when its wait ends or is dropped.
struct Timer<'a, 'w> {
    world: &'a World<'w>,
    number: u32,
}

impl Drop for Timer<'_, '_> {
    fn drop(&mut self) {
        if let Ok(mut timers) = self.world.timers.try_borrow_mut() {
            timers.remove(self.number);
        }
    }
}

impl World<'_> {
    /// Waits for `span`. Never returns once the device's power has failed.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now() + span).await;
    }

    /// Waits until the world's time `until`. Never returns once the device's power has failed.
    pub async fn sleep_until(&self, until: Instant) {
        let mut timer = None;
        poll_fn(|context| {
            if !self.is_running() {
                return Poll::Pending;
            }
            if self.now() >= until {
                return Poll::Ready(());
            }
            // The first poll only says what is waited for: others, polled after it, may wait for something earlier.
            let moving = match &timer {
                None => {
                    let number = self.timers.borrow_mut().add(until);
                    timer = Some(Timer {
                        world: self,
                        number,
                    });
                    true
                }
                Some(_) => self.step(until),
            };
            if self.now() >= until {
                return Poll::Ready(());
            }
            if moving {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
    }

    /// Goes on at once while the device has power, else never.
    pub(crate) async fn powered(&self) {
        poll_fn(|_| {
            if self.is_running() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Goes on with what a flash has answered, unless its power was cut: then the device's power has failed.
    pub(crate) async fn alive<T>(&self, result: Result<T, FlashError>) -> Result<T, FlashError> {
        if let Err(FlashError::PowerLost | FlashError::PoweredOff) = result {
            self.power_off();
        }
        self.powered().await;
        result
    }

    /// Waits until `condition` holds, or the run cannot or must not go on. Does not move the clock: to be polled beside,
    /// and after, what does.
    pub async fn until(&self, mut condition: impl FnMut() -> bool) -> Stop {
        poll_fn(|_| match self.stop(&mut condition) {
            Some(stop) => Poll::Ready(stop),
            None => Poll::Pending,
        })
        .await
    }

    /// Runs `future` until it is done, or as [`until`](Self::until) says.
    pub async fn run<F: Future>(
        &self,
        future: F,
        condition: impl FnMut() -> bool,
    ) -> Run<F::Output> {
        let mut future = pin!(future);
        let mut stop = pin!(self.until(condition));
        self.idle.set(0);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Run::Finished(output));
            }
            stop.as_mut().poll(context).map(Run::Stopped)
        })
        .await
    }

    fn stop(&self, condition: &mut impl FnMut() -> bool) -> Option<Stop> {
        if !self.powered.get() {
            Some(Stop::PowerLost)
        } else if self.reset.get() {
            Some(Stop::Reset)
        } else if condition() {
            Some(Stop::Condition)
        } else if self.now() >= self.horizon.get() {
            Some(Stop::Horizon)
        } else if self.idle.get() >= 2 {
            Some(Stop::Stalled)
        } else {
            None
        }
    }
}

//! Waits after failures.

/// Waiting times after failures, in seconds; the last one repeats.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BackOff<'r> {
    delays: &'r [u32],
    jitter_percent: u8,
}

impl<'r> BackOff<'r> {
    /// 1, 2, 4, 8, 16, 32 and 60 minutes, then 24 hours, spread by 10 %.
    pub const DEFAULT: BackOff<'static> = BackOff {
        delays: &[60, 120, 240, 480, 960, 1_920, 3_600, 86_400],
        jitter_percent: 10,
    };

    /// Waits `delays` seconds one after the other, each spread by up to `jitter_percent` either way; the last
    /// repeats. Without any delay it is a day.
    #[must_use]
    pub const fn new(delays: &'r [u32], jitter_percent: u8) -> Self {
        Self {
            delays,
            jitter_percent,
        }
    }
}

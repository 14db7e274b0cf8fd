//! What kind of modem it is, and what is wrong with it.

use core::time::Duration;

/// A modem; by default everything works at once.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "made by tests and the program")]
pub struct Options {
    /// `AT+CGSN`
    pub imei: String,
    /// `AT+CNUM`; without, the SIM card has no number.
    pub msisdn: Option<String>,
    /// Whether there is a SIM card.
    pub sim: bool,
    /// How long the modem is deaf and dumb after it was switched on.
    pub boot: Duration,
    /// How long it looks for a network.
    pub registration: Duration,
    /// Whether the network refuses the device.
    pub denied: bool,
    /// Says things unasked between the lines of its answers.
    pub chatter: bool,
    /// Loses the second half of the data of so many reads, with all that follows in the answer.
    pub cut_reads: u32,
    /// Never answers this command, so many times.
    pub mute: Option<(&'static str, u32)>,
    /// Answers this command once, so much later.
    pub late: Option<(&'static str, Duration)>,
    /// Refuses this command.
    pub refuse: Option<&'static str>,
    /// Crashes at this command, and begins anew, each time.
    pub crash: Option<&'static str>,
    /// Says so many prompts in the middle of noise.
    pub noisy_prompts: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // The example of 3GPP TS 23.003 with its check digit.
            imei: "490154203237518".to_owned(),
            msisdn: Some("14155550123".to_owned()),
            sim: true,
            boot: Duration::ZERO,
            registration: Duration::ZERO,
            denied: false,
            chatter: false,
            cut_reads: 0,
            mute: None,
            late: None,
            refuse: None,
            crash: None,
            noisy_prompts: 0,
        }
    }
}

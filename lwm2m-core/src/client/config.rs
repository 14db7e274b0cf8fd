//! What an application decides once.

use crate::message::transmission::Transmission;
use crate::model::ContentFormat;
use crate::random::share;
use crate::time::Duration;

/// Waiting times after failures that the specification leaves to the client, in seconds; the last one repeats.
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

    /// How many waits there are before the last one repeats.
    #[cfg(feature = "bootstrap")]
    pub(super) fn listed(&self) -> u8 {
        u8::try_from(self.delays.len()).unwrap_or(u8::MAX)
    }

    /// The wait after failure number `failures` (0 is the first), in seconds before jitter.
    #[must_use]
    pub fn delay(&self, failures: u8) -> u32 {
        self.delays
            .get(usize::from(failures))
            .or_else(|| self.delays.last())
            .copied()
            .unwrap_or(86_400)
    }

    /// The same with jitter.
    #[must_use]
    pub fn spread(&self, failures: u8, random: &mut dyn crate::random::Random) -> Duration {
        let secs = u64::from(self.delay(failures));
        // A per cent of a second is 10 ms.
        let range = secs * 10 * u64::from(self.jitter_percent);
        let part = share(2 * range, random);
        Duration::from_millis((secs * 1000 + part).saturating_sub(range))
    }
}

/// How the client behaves; see the methods for what can be changed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Config<'r> {
    /// Endpoint client name (`ep`). At most 252 bytes: a Uri-Query has no more than 255 (RFC 7252, section 5.10), with `ep=`.
    pub endpoint: &'r str,
    /// Whether the client announces queue mode (`Q`).
    pub queue_mode: bool,
    /// Whether Register carries `b` although it is the default `U`.
    pub announce_binding: bool,
    /// Whether Register carries the link to the root with the formats served (14 bytes and more).
    pub root_link: bool,
    /// The format of answers and notifications when the server asks for none.
    pub format: ContentFormat,
    /// Whether every notification is confirmable, not only one a day.
    pub confirmable_notifications: bool,
    /// Parameters of the message layer.
    pub transmission: Transmission,
    /// Waits between attempts after the retries that the Server object prescribes are used up.
    pub registration_back_off: BackOff<'r>,
    /// Waits between bootstrap attempts.
    #[cfg(feature = "bootstrap")]
    pub bootstrap_back_off: BackOff<'r>,
    /// How long the client answers a repeated Bootstrap-Finish before it goes on: 1.5 x ACK_TIMEOUT when `None`.
    #[cfg(feature = "bootstrap")]
    pub bootstrap_grace: Option<Duration>,
    /// Largest block size exponent (RFC 7959): 0 to 6, for 16 to 1,024 bytes.
    pub block_szx: u8,
    /// How long the network keeps a silent radio connected: 10 s by default. It is the network's choice (the inactivity
    /// timer of RRC, which 3GPP leaves open; usually 5 to 60 s); with release assistance it is shorter. Until it has
    /// passed, another datagram costs no wake-up; see [`Statistics::wake_ups`](crate::Statistics::wake_ups).
    pub radio_idle: Duration,
    /// While the radio is awake, an Update or notification that is due within this time goes along instead of waking it
    /// again: an hour by default, nothing goes along for [`Duration::ZERO`]. At most the last quarter of a lifetime or
    /// of pmax is given up, so a server with short periods sees little more traffic; pmin always holds.
    pub batch_window: Duration,
}

impl<'r> Config<'r> {
    /// The defaults, for an endpoint client name such as `urn:imei:123456789012345`.
    #[must_use]
    pub const fn new(endpoint: &'r str) -> Self {
        Self {
            endpoint,
            queue_mode: false,
            announce_binding: false,
            root_link: true,
            #[cfg(feature = "tlv")]
            format: ContentFormat::Tlv,
            #[cfg(all(feature = "senml-cbor", not(feature = "tlv")))]
            format: ContentFormat::SenmlCbor,
            #[cfg(not(any(feature = "senml-cbor", feature = "tlv")))]
            format: ContentFormat::Text,
            confirmable_notifications: false,
            transmission: Transmission::DEFAULT,
            registration_back_off: BackOff::DEFAULT,
            #[cfg(feature = "bootstrap")]
            bootstrap_back_off: BackOff::DEFAULT,
            #[cfg(feature = "bootstrap")]
            bootstrap_grace: None,
            block_szx: 6,
            radio_idle: Duration::from_secs(10),
            batch_window: Duration::from_secs(3_600),
        }
    }

    /// The time after Bootstrap-Finish.
    #[cfg(feature = "bootstrap")]
    pub(crate) fn grace(&self) -> Duration {
        self.bootstrap_grace.unwrap_or_else(|| {
            Duration::from_millis(u64::from(self.transmission.ack_timeout).saturating_mul(3) / 2)
        })
    }
}

//! What a seed decides before a life begins: the device and its network, the updates, the weather.

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::network::Path;
use carrier_mock::random::Pcg32;
use lwm2m_core::time::{Duration, Instant};

use super::update::Update;
use super::weather::{self, Stroke};

/// Days of a life.
pub(super) const DAYS: u64 = 30;
/// Nothing befalls the device any more from then on.
const WEATHER_DAYS: u64 = 28;

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Keys that the management server has one after the other.
pub(super) const KEYS: usize = 4;

/// How the device finds its server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Provisioning {
    /// By a bootstrap; sessions with the server are secured by the key that comes with it.
    Bootstrap,
    /// By a bootstrap; sessions with the server are plain.
    BootstrapPlain,
    /// By its profile.
    Factory,
}

/// A life that is yet to be lived.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) provisioning: Provisioning,
    pub(super) keys: KeyStoreMode,
    /// Under an executor that takes wakers seriously; otherwise polled without one.
    pub(super) woken: bool,
    /// In seconds.
    pub(super) lifetime: u32,
    pub(super) uplink: Path,
    pub(super) downlink: Path,
    /// Whether datagrams may overtake each other.
    pub(super) reorders: bool,
    /// Such a NAT is no place for a device that has to be reachable all the time: it is in queue mode then, and not seldom.
    pub(super) nat_timeout: Option<Duration>,
    pub(super) queue_mode: bool,
    pub(super) attach: Duration,
    /// How long the application takes over an event.
    pub(super) thinks: Duration,
    /// The application does not let the library restart the device, and does it itself.
    pub(super) refuses_reboot: bool,
    pub(super) knows_date: bool,
    /// The value that the server observes changes so often.
    pub(super) measures_every: Duration,
    pub(super) server_keys: Vec<[u8; 16]>,
    pub(super) updates: Vec<Update>,
    /// In the order of time.
    pub(super) weather: Vec<(Instant, Stroke)>,
}

impl Plan {
    /// The life of this seed.
    pub(super) fn new(seed: u64) -> Self {
        let random = &mut Pcg32::with_stream(seed, 30);
        let pick = random.below(4);
        let provisioning = match pick {
            0 => Provisioning::Factory,
            1 => Provisioning::BootstrapPlain,
            _ => Provisioning::Bootstrap,
        };
        let keys = if random.chance(500) {
            KeyStoreMode::OfflineOnly
        } else {
            KeyStoreMode::Online
        };
        let woken = random.chance(500);
        let reorders = random.chance(250);
        let [uplink, downlink] = [(); 2].map(|()| path(random, reorders));
        let nat_timeout = random
            .chance(200)
            .then(|| secs(one_of(random, &[60, 180, 1_800])));
        let queue_mode = nat_timeout.is_some() || random.chance(200);
        let lifetime = if queue_mode {
            one_of(random, &[900, 3_600])
        } else {
            one_of(random, &[900, 3_600, 3_600, 14_400, 86_400, 86_400])
        };
        let attach = secs(random.between(1, 20));
        let thinks = Duration::from_millis(one_of(random, &[0, 0, 0, 50, 2_000]));
        let refuses_reboot = random.chance(200);
        let knows_date = random.chance(800);
        let measures_every = secs(random.between(HOUR, 12 * HOUR));
        let server_keys = (0..KEYS).map(|_| key(random)).collect();
        let updates = (0..random.between(1, 3))
            .map(|_| {
                let at = instant(random, DAY / 4, (WEATHER_DAYS - 4) * DAY);
                Update::new(random, at)
            })
            .collect();
        let weather = weather::of(random, WEATHER_DAYS * DAY);
        let mut plan = Self {
            seed,
            provisioning,
            keys,
            woken,
            lifetime,
            uplink,
            downlink,
            reorders,
            nat_timeout,
            queue_mode,
            attach,
            thinks,
            refuses_reboot,
            knows_date,
            measures_every,
            server_keys,
            updates,
            weather,
        };
        plan.updates.sort_by_key(|update| update.at);
        plan
    }
}

/// Loss up to 30 %.
fn path(random: &mut Pcg32, reorders: bool) -> Path {
    let loss = one_of(random, &[0, 10, 50, 100, 200, 300]);
    let delay = random.between(20, 500);
    let spread = random.between(0, 1_500);
    let path = Path::perfect()
        .loss(loss)
        .duplication(one_of(random, &[0, 0, 20, 100]))
        .delay(
            Duration::from_millis(delay),
            Duration::from_millis(delay + spread),
        )
        .bandwidth(one_of(random, &[0, 0, 3_000, 20_000]));
    if reorders {
        path.reordering(50, secs(3))
    } else {
        path
    }
}

fn key(random: &mut Pcg32) -> [u8; 16] {
    let mut key = [0; 16];
    random.fill(&mut key);
    key
}

/// One of these, each as likely as the others.
pub(super) fn one_of<T: Copy>(random: &mut Pcg32, choices: &[T]) -> T {
    let index = random.below(choices.len() as u32) as usize;
    #[allow(clippy::indexing_slicing, reason = "it is below the length")]
    choices[index]
}

/// A point in time, in seconds since the life began, with its milliseconds.
pub(super) fn instant(random: &mut Pcg32, from: u64, until: u64) -> Instant {
    Instant::from_millis(random.between(from * 1000, until * 1000))
}

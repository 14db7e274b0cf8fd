//! What befalls a device and its servers, and when.

use carrier_mock::modem::KeyCut;
use carrier_mock::random::Pcg32;
use carrier_mock::server::Conduct;
use carrier_mock::world::Door;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use super::plan::{DAY, HOUR, MINUTE, instant, one_of, secs};

/// What is not to be had for a while. Each is an outage, and its time is nobody's fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Outage {
    /// No coverage: the modem loses the network.
    Coverage,
    /// The modem has the network, and nothing goes through.
    Network,
    /// Nothing goes to the management server or comes from it.
    ServerUnreachable,
    /// The management server is there, and answers nothing.
    ServerSilent,
    /// It refuses every Register and Update.
    ServerRefuses(Code),
    /// Connections to it are refused, or there is no way to it.
    ServerDoor(Door),
    /// Its name does not resolve.
    ServerName,
    /// The bootstrap server answers nothing.
    BootstrapSilent,
    /// It refuses every Bootstrap-Request.
    BootstrapRefuses(Code),
    /// Nothing goes to it or comes from it.
    BootstrapUnreachable,
    /// The servers of firmware are not there.
    Firmware,
}

/// Kinds of outages.
pub(super) const OUTAGES: usize = 11;

impl Outage {
    /// One of each kind.
    pub(super) const ALL: [Self; OUTAGES] = [
        Self::Coverage,
        Self::Network,
        Self::ServerUnreachable,
        Self::ServerSilent,
        Self::ServerRefuses(Code::EMPTY),
        Self::ServerDoor(Door::Open),
        Self::ServerName,
        Self::BootstrapSilent,
        Self::BootstrapRefuses(Code::EMPTY),
        Self::BootstrapUnreachable,
        Self::Firmware,
    ];

    /// Its place in a table of all kinds.
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Coverage => 0,
            Self::Network => 1,
            Self::ServerUnreachable => 2,
            Self::ServerSilent => 3,
            Self::ServerRefuses(_) => 4,
            Self::ServerDoor(_) => 5,
            Self::ServerName => 6,
            Self::BootstrapSilent => 7,
            Self::BootstrapRefuses(_) => 8,
            Self::BootstrapUnreachable => 9,
            Self::Firmware => 10,
        }
    }

    /// Whether a device that has its account cannot be served meanwhile.
    pub(super) const fn ends_service(self) -> bool {
        self.index() <= Self::ServerName.index()
    }

    /// Whether a device cannot get an account meanwhile.
    pub(super) const fn ends_bootstrap(self) -> bool {
        matches!(
            self,
            Self::Coverage
                | Self::Network
                | Self::BootstrapSilent
                | Self::BootstrapRefuses(_)
                | Self::BootstrapUnreachable
        )
    }
}

/// Something that befalls the device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stroke {
    Outage(Outage, Duration),
    /// The power fails, and is back after a while.
    PowerCut(Duration),
    /// It fails in one of the next operations on the flash of the records, when so many per mille of it are done.
    CutInRecords(u32, u16),
    /// It fails in the firmware slot, behind so many further words.
    CutInSlot(u32),
    /// It fails in one of the next writes of a credential.
    CutInKeys(u32, KeyCut),
    /// One of the next writes of a credential fails.
    KeyFails(u32),
    /// The device restarts without a word.
    Crash,
    /// The application asks the library for a restart.
    Reboot,
    /// The application asks it to begin anew.
    FactoryReset,
    /// The server executes Reboot (/3/0/4).
    ServerReboot,
    /// The modem loses the network for so long.
    Detached(Duration),
    /// The next attempts to bring the link up are refused.
    LinkRefused(u32),
    /// The NAT forgets its bindings.
    Rebinding,
    /// The date jumps by so many seconds.
    ClockJump(i64),
    /// The management server forgets registrations and sessions.
    ServerRestart,
    /// It forgets the secure sessions alone.
    SessionsForgotten,
    /// It treats so many requests in this way.
    ServerStumbles(Conduct, u32),
    /// The bootstrap server does so.
    BootstrapStumbles(Conduct, u32),
    /// The management server has another key, which the bootstrap server hands out from now on.
    KeyChange,
    /// The server triggers a bootstrap (/1/0/9).
    BootstrapTrigger,
    /// The server triggers an Update (/1/0/8).
    UpdateTrigger,
    /// What is still to come of all this does not come.
    Calm,
}

/// The weather until `end`, in seconds, in the order of time.
pub(super) fn of(random: &mut Pcg32, end: u64) -> Vec<(Instant, Stroke)> {
    let mut weather = Vec::new();
    // The first hours have more of it than others: that is where bootstraps are.
    for _ in 0..random.below(3) {
        let at = instant(random, 0, HOUR);
        weather.push((at, stroke(random)));
    }
    for _ in 0..random.between(5, 45) {
        let at = instant(random, 0, end);
        weather.push((at, stroke(random)));
    }
    weather.push((Instant::ZERO + secs(end), Stroke::Calm));
    weather.sort_by_key(|(at, _)| *at);
    weather
}

fn stroke(random: &mut Pcg32) -> Stroke {
    match random.below(24) {
        0..=4 => Stroke::Outage(outage(random), span(random)),
        5 | 6 => Stroke::Outage(Outage::Coverage, span(random)),
        7 | 8 => Stroke::PowerCut(secs(random.between(1, 2 * HOUR))),
        9 => Stroke::CutInRecords(random.below(12), one_of(random, &[0, 300, 700, 1_000])),
        10 => Stroke::CutInSlot(random.below(8_000)),
        11 => {
            let how = one_of(random, &[KeyCut::Before, KeyCut::Torn, KeyCut::After]);
            Stroke::CutInKeys(random.below(4), how)
        }
        12 => Stroke::KeyFails(random.below(4)),
        13 => Stroke::Crash,
        14 => {
            let restarts = [Stroke::Reboot, Stroke::ServerReboot, Stroke::FactoryReset];
            one_of(random, &restarts)
        }
        15 => Stroke::Detached(secs(random.between(1, 10 * MINUTE))),
        16 => Stroke::LinkRefused(random.below(3) + 1),
        17 | 18 => Stroke::Rebinding,
        19 => Stroke::ClockJump(jump(random)),
        20 => one_of(random, &[Stroke::ServerRestart, Stroke::SessionsForgotten]),
        21 => {
            let times = random.below(3) + 1;
            let conduct = conduct(random);
            if random.chance(500) {
                Stroke::ServerStumbles(conduct, times)
            } else {
                Stroke::BootstrapStumbles(conduct, times)
            }
        }
        22 => one_of(random, &[Stroke::KeyChange, Stroke::BootstrapTrigger]),
        _ => Stroke::UpdateTrigger,
    }
}

fn outage(random: &mut Pcg32) -> Outage {
    match random.below(10) {
        0 => Outage::Network,
        1 => Outage::ServerUnreachable,
        2 => Outage::ServerSilent,
        3 => Outage::ServerRefuses(code(random)),
        4 => Outage::ServerDoor(one_of(random, &[Door::Refuses, Door::NoRoute])),
        5 => Outage::ServerName,
        6 => Outage::BootstrapSilent,
        7 => Outage::BootstrapRefuses(code(random)),
        8 => Outage::BootstrapUnreachable,
        _ => Outage::Firmware,
    }
}

fn conduct(random: &mut Pcg32) -> Conduct {
    if random.chance(500) {
        Conduct::Silent
    } else {
        Conduct::Refuse(code(random))
    }
}

fn code(random: &mut Pcg32) -> Code {
    let codes = [
        Code::SERVICE_UNAVAILABLE,
        Code::INTERNAL_SERVER_ERROR,
        Code::BAD_REQUEST,
        Code::FORBIDDEN,
        Code::NOT_FOUND,
    ];
    one_of(random, &codes)
}

/// From a minute to two days; each doubling is as likely as the others.
fn span(random: &mut Pcg32) -> Duration {
    let least = MINUTE << random.below(12);
    secs(random.between(least, 2 * least).min(2 * DAY))
}

/// A second to ten years, either way.
fn jump(random: &mut Pcg32) -> i64 {
    let least = 1_i64 << random.below(28);
    let jump = least + i64::from(random.below(1 << 20)) % least;
    if random.chance(500) { jump } else { -jump }
}

//! The lives that the sequence charts are parts of. The tests compare the charts with their expectations, and
//! `cargo xtask charts` draws them: one chart more is one [`Scenario`] more in [`SCENARIOS`].

#![allow(dead_code, reason = "the tests and xtask take what they need")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a life that does not go as planned panics; the driver and its flash store lie on the stack"
)]

mod course;
mod update;

use carrier_mock::application::Certificates;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::{Call, Entry, Recorded};
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::SecurityTag;
use lwm2m_carrier::{Credentials, Error, Event, Profile};

use course::Course;
pub(crate) use update::{Told, Update};

/// A sequence chart: a part of a life, and what is expected of it.
pub(crate) struct Scenario {
    /// Name of the chart's files.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a reader should know, in a sentence or two.
    pub(crate) about: &'static str,
    /// The kinds of key store that make no difference to the chart.
    pub(crate) modes: &'static [KeyStoreMode],
    /// Lives the life.
    pub(crate) live: fn(Driver, KeyStoreMode) -> Life,
    /// What of it the chart draws.
    pub(crate) part: Part,
    /// The chart as mscgen text, written by hand after the specification.
    pub(crate) expectation: &'static str,
    /// The writes to the key store that the chart draws.
    pub(crate) key_writes: usize,
    /// How often it draws that CA tags are applied to a session.
    pub(crate) tag_boxes: usize,
}

/// All charts.
pub(crate) const SCENARIOS: &[&Scenario] = &[
    &INITIALIZATION,
    &BOOTSTRAP,
    &BOOTSTRAP_ONLINE,
    &MODEM_UPDATE,
    &CERTIFICATES,
    &CERTIFICATES_FAILED,
    &UPDATE_REFUSED,
];

const BOTH: &[KeyStoreMode] = &[KeyStoreMode::OfflineOnly, KeyStoreMode::Online];

pub(crate) const INITIALIZATION: Scenario = Scenario {
    name: "1_initialization",
    title: "Initialization",
    about: "init() returns with the link up; run() does not return.",
    modes: BOTH,
    live: |driver, mode| BLANK.live(driver, mode),
    part: Part::UpToRun,
    expectation: include_str!("1_initialization.msc"),
    key_writes: 0,
    tag_boxes: 0,
};

pub(crate) const BOOTSTRAP: Scenario = Scenario {
    name: "2_bootstrap",
    title: "Bootstrap",
    about: "The link is down while the bootstrap server's keys are written.",
    modes: &[KeyStoreMode::OfflineOnly],
    part: Part::FromRun,
    expectation: include_str!("2_bootstrap.msc"),
    key_writes: 2,
    ..INITIALIZATION
};

pub(crate) const BOOTSTRAP_ONLINE: Scenario = Scenario {
    name: "2_bootstrap_online",
    title: "Bootstrap, keys written online",
    about: "The modem takes keys at any time, so the link stays up.",
    modes: &[KeyStoreMode::Online],
    expectation: include_str!("2_bootstrap_online.msc"),
    ..BOOTSTRAP
};

pub(crate) const MODEM_UPDATE: Scenario = Scenario {
    name: "3_modem_update",
    title: "FOTA, a modem image",
    about: "Behind FOTA_START the package is downloaded. Once the server's Execute was answered, the modem restarts with it; \
        the device does not.",
    live: |driver, mode| MODEM_IMAGE.live(driver, mode),
    part: Part::Update,
    expectation: include_str!("3_modem_update.msc"),
    ..INITIALIZATION
};

pub(crate) const CERTIFICATES: Scenario = Scenario {
    name: "4_certificates",
    title: "CA certificates",
    about: "The application writes its certificate while the link is down, and answers with the tag.",
    live: |driver, mode| {
        let course = Course {
            profile: WITH_CERTIFICATES,
            certificates: WRITE,
            ..BLANK
        };
        course.live(driver, mode)
    },
    expectation: include_str!("4_certificates.msc"),
    key_writes: 1,
    ..INITIALIZATION
};

pub(crate) const CERTIFICATES_FAILED: Scenario = Scenario {
    name: "5_certificates_failed",
    title: "CA certificates, the write fails",
    about: "The application answers with the modem's error, and init() returns it without connecting.",
    live: |driver, mode| {
        let course = Course {
            profile: PLAIN_WITH_CERTIFICATES,
            certificates: WRITE,
            fail_first_write: Some(12),
            ..BLANK
        };
        course.live(driver, mode)
    },
    part: Part::Whole,
    expectation: include_str!("5_certificates_failed.msc"),
    key_writes: 1,
    ..INITIALIZATION
};

pub(crate) const UPDATE_REFUSED: Scenario = Scenario {
    name: "6_update_refused",
    title: "FOTA, the connection is refused",
    about: "The application's CA certificates do not vouch for the firmware server; the link stays up.",
    live: |driver, mode| secure_update(SECURE_URI, ANOTHER_CERTIFICATE, 4).live(driver, mode),
    part: Part::Update,
    expectation: include_str!("6_update_refused.msc"),
    tag_boxes: 1,
    ..INITIALIZATION
};

const PROFILE: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server("coaps://bootstrap.example")
    .with_credentials(Credentials::Psk {
        identity: course::FACTORY_IDENTITY,
        key: course::FACTORY_KEY,
    });
const WITH_CERTIFICATES: Profile<'_> = PROFILE.with_certificates_from_application(true);
/// Without credentials of its own, so that the first write to the key store is the application's.
const PLAIN_WITH_CERTIFICATES: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server("coap://bootstrap.example")
    .with_certificates_from_application(true);

pub(crate) const CA_TAG: SecurityTag = SecurityTag(7);
pub(crate) const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE----- one";
pub(crate) const ANOTHER_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE----- another";
pub(crate) const SECURE_URI: &str = "https://files.example/modem";
const WRITE: Certificates<'_> = Certificates::Write(&[(CA_TAG, CERTIFICATE)]);

/// A device without certificates, until it is registered.
const BLANK: Course<'_> = Course {
    profile: PROFILE,
    certificates: Certificates::None,
    fail_first_write: None,
    update: None,
};

/// It takes an image for its modem.
const MODEM_IMAGE: Course<'_> = Course {
    update: Some(Update {
        uri: "http://files.example/modem",
        authority: CERTIFICATE,
        result: 1,
    }),
    ..BLANK
};

/// A device with [`CERTIFICATE`] that is to take an image from a server with a certificate of `authority`.
pub(crate) const fn secure_update(
    uri: &'static str,
    authority: &'static [u8],
    result: u8,
) -> Course<'static> {
    Course {
        profile: WITH_CERTIFICATES,
        certificates: WRITE,
        update: Some(Update {
            uri,
            authority,
            result,
        }),
        ..BLANK
    }
}

/// Which loop polls the driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Driver {
    /// An executor that takes wakers seriously.
    Async,
    /// `driver::blocking`, which polls without being woken.
    Blocking,
}

/// How a life has ended, and all that happened in it.
pub(crate) struct Life {
    pub(crate) end: Result<Stop, Error>,
    pub(crate) recording: Vec<Recorded>,
    /// What the server was told of object 5.
    pub(crate) told: Vec<Told>,
}

/// A part of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Up to and with the call of `run()`.
    UpToRun,
    /// What comes behind the call of `run()`.
    FromRun,
    /// From FOTA_START to the next registration, or to the error.
    Update,
}

impl Part {
    pub(crate) fn of(self, recording: &[Recorded]) -> &[Recorded] {
        let find = |is: fn(&Entry) -> bool| {
            let found = recording.iter().position(|recorded| is(&recorded.entry));
            found.expect("the entry where the part begins or ends")
        };
        match self {
            Self::Whole => recording,
            Self::UpToRun => &recording[..=find(is_run)],
            Self::FromRun => &recording[find(is_run) + 1..],
            Self::Update => {
                let start = find(|entry| *entry == Entry::Event(Event::FotaStart));
                let part = &recording[start..];
                let end = part.iter().position(|recorded| is_end(&recorded.entry));
                &part[..=end.expect("a registration, or an error")]
            }
        }
    }

    /// Whether something comes before it.
    pub(crate) const fn began_before(self) -> bool {
        matches!(self, Self::FromRun | Self::Update)
    }
}

fn is_run(entry: &Entry) -> bool {
    *entry == Entry::Call(Call::Run)
}

const fn is_end(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::Event(Event::Registered { .. } | Event::Error(_))
    )
}

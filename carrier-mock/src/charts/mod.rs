//! The sequence charts: the lives that they are parts of, and what is expected of each.
//!
//! Tests compare them on a host, `cargo xtask charts` draws them, and a firmware lives them on the chip: one chart more is
//! one [`Scenario`] more in [`SCENARIOS`], with its expectation beside it.

#![allow(
    clippy::large_futures,
    reason = "the driver and its flash store lie on the stack"
)]

mod course;
mod part;
mod update;

use core::future::Future;
use core::pin::Pin;

use heapless::Vec;
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::hal::SecurityTag;
use lwm2m_carrier::{Credentials, Profile};

use crate::application::Certificates;
use crate::modem::KeyStoreMode;
use crate::recorder::mscgen::{self, Difference};
use crate::recorder::projection::{self, Row};
use crate::recorder::{Recorded, Recorder};

pub use course::{Course, Fault, Life};
pub use part::Part;
pub use update::{MAX_TOLD, Told};

use course::{FACTORY_IDENTITY, FACTORY_KEY};
use update::Update;

/// Arrows and boxes of the longest chart that [`Scenario::difference`] compares.
pub const MAX_ROWS: usize = 64;

/// A sequence chart: a part of a life, and what is expected of it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Scenario {
    /// Name of the chart's files.
    pub name: &'static str,
    /// What the chart shows, in a word or two.
    pub title: &'static str,
    /// What a reader should know, in a sentence or two.
    pub about: &'static str,
    /// The kinds of key store that make no difference to the chart.
    pub modes: &'static [KeyStoreMode],
    /// The life.
    pub course: Course<'static>,
    /// What of it the chart draws.
    pub part: Part,
    /// The chart as mscgen text, written by hand after the specification.
    pub expectation: &'static str,
    /// The error number that `init()` returns; without, the life ends when it has come to where the chart does.
    pub error: Option<i32>,
    /// The writes to the key store that the chart draws.
    pub key_writes: usize,
    /// How often it draws that CA tags are applied to a session.
    pub tag_boxes: usize,
}

impl Scenario {
    /// Lives the life; `recorder` is told of it.
    ///
    /// # Errors
    /// [`Fault`]: it went as no chart of it can.
    pub fn live(
        &self,
        executor: Executor,
        mode: KeyStoreMode,
        recorder: &dyn Recorder,
    ) -> Result<Life, Fault> {
        self.course.live(executor, mode, recorder)
    }

    /// Where a chart, drawn of its part of a recording, is not as expected. What comes behind [`MAX_ROWS`] is not looked
    /// at.
    #[must_use]
    pub fn difference<'e>(
        &self,
        part: impl IntoIterator<Item = &'e Recorded>,
    ) -> Option<Difference> {
        let mut rows = Vec::<Row, MAX_ROWS>::new();
        projection::project(part, |row| {
            let _ = rows.push(row);
        });
        mscgen::difference(&rows, self.expectation)
    }
}

/// Runs a future to its end; `false` when it waits and nobody will wake it.
pub type Executor = fn(Pin<&mut dyn Future<Output = ()>>) -> bool;

/// The [`Executor`] that is none: [`blocking::block_on`] polls without being woken.
pub fn blocking(future: Pin<&mut dyn Future<Output = ()>>) -> bool {
    blocking::block_on(future, || ());
    true
}

/// The [`Executor`] that takes wakers seriously: [`executor`](crate::executor).
#[cfg(feature = "std")]
pub fn woken(future: Pin<&mut dyn Future<Output = ()>>) -> bool {
    crate::executor::block_on(future).is_some()
}

/// All charts.
pub const SCENARIOS: &[&Scenario] = &[
    &INITIALIZATION,
    &BOOTSTRAP,
    &BOOTSTRAP_ONLINE,
    &MODEM_UPDATE,
    &CERTIFICATES,
    &CERTIFICATES_FAILED,
    &UPDATE_REFUSED,
];

const BOTH: &[KeyStoreMode] = &[KeyStoreMode::OfflineOnly, KeyStoreMode::Online];

/// Chart 1.
pub const INITIALIZATION: Scenario = Scenario {
    name: "1_initialization",
    title: "Initialization",
    about: "init() returns with the link up; run() does not return.",
    modes: BOTH,
    course: BLANK,
    part: Part::UpToRun,
    expectation: include_str!("1_initialization.msc"),
    error: None,
    key_writes: 0,
    tag_boxes: 0,
};

/// Chart 2, as it is drawn.
pub const BOOTSTRAP: Scenario = Scenario {
    name: "2_bootstrap",
    title: "Bootstrap",
    about: "The link is down while the bootstrap server's keys are written.",
    modes: &[KeyStoreMode::OfflineOnly],
    part: Part::FromRun,
    expectation: include_str!("2_bootstrap.msc"),
    key_writes: 2,
    ..INITIALIZATION
};

/// Chart 2 with a key store that can be written at any time.
pub const BOOTSTRAP_ONLINE: Scenario = Scenario {
    name: "2_bootstrap_online",
    title: "Bootstrap, keys written online",
    about: "The modem takes keys at any time, so the link stays up.",
    modes: &[KeyStoreMode::Online],
    expectation: include_str!("2_bootstrap_online.msc"),
    ..BOOTSTRAP
};

/// Chart 3.
pub const MODEM_UPDATE: Scenario = Scenario {
    name: "3_modem_update",
    title: "FOTA, a modem image",
    about: "Behind FOTA_START the package is downloaded. Once the server's Execute was answered, the modem restarts with it; \
        the device does not.",
    course: Course {
        update: Some(Update {
            uri: "http://files.example/modem",
            authority: CERTIFICATE,
            result: 1,
        }),
        ..BLANK
    },
    part: Part::Update,
    expectation: include_str!("3_modem_update.msc"),
    ..INITIALIZATION
};

/// Chart 4.
pub const CERTIFICATES: Scenario = Scenario {
    name: "4_certificates",
    title: "CA certificates",
    about: "The application writes its certificate while the link is down, and answers with the tag.",
    course: WITH_CERTIFICATES,
    expectation: include_str!("4_certificates.msc"),
    key_writes: 1,
    ..INITIALIZATION
};

/// Chart 5.
pub const CERTIFICATES_FAILED: Scenario = Scenario {
    name: "5_certificates_failed",
    title: "CA certificates, the write fails",
    about: "The application answers with the modem's error, and init() returns it without connecting.",
    course: Course {
        // Without credentials of its own, so that the first write to the key store is the application's.
        profile: Profile::GENERIC
            .with_bootstrap_server("coap://bootstrap.example")
            .with_certificates_from_application(true),
        fail_first_write: Some(12),
        ..WITH_CERTIFICATES
    },
    part: Part::Whole,
    expectation: include_str!("5_certificates_failed.msc"),
    error: Some(12),
    key_writes: 1,
    ..INITIALIZATION
};

/// Chart 6.
pub const UPDATE_REFUSED: Scenario = Scenario {
    name: "6_update_refused",
    title: "FOTA, the connection is refused",
    about: "The application's CA certificates do not vouch for the firmware server; the link stays up.",
    course: secure_update(SECURE_URI, ANOTHER_CERTIFICATE, 4),
    part: Part::Update,
    expectation: include_str!("6_update_refused.msc"),
    tag_boxes: 1,
    ..INITIALIZATION
};

/// Where the application writes [`CERTIFICATE`].
pub const CA_TAG: SecurityTag = SecurityTag(7);
/// The certificate of the authority that the application vouches for.
pub const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE----- one";
/// That of an authority that it does not.
pub const ANOTHER_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE----- another";
/// Where a firmware server offers an image over TLS.
pub const SECURE_URI: &str = "https://files.example/modem";

const PROFILE: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server("coaps://bootstrap.example")
    .with_credentials(Credentials::Psk {
        identity: FACTORY_IDENTITY,
        key: FACTORY_KEY,
    });

/// A device without certificates, until it is registered.
const BLANK: Course<'_> = Course {
    profile: PROFILE,
    certificates: Certificates::None,
    fail_first_write: None,
    update: None,
};

/// Its application has [`CERTIFICATE`].
const WITH_CERTIFICATES: Course<'_> = Course {
    profile: PROFILE.with_certificates_from_application(true),
    certificates: Certificates::Write(&[(CA_TAG, CERTIFICATE)]),
    ..BLANK
};

/// A device with [`CERTIFICATE`] that is to take the image at `uri` from a server with a certificate of `authority`, which
/// ends with this value of /5/0/5.
#[must_use]
pub const fn secure_update(
    uri: &'static str,
    authority: &'static [u8],
    result: u8,
) -> Course<'static> {
    Course {
        update: Some(Update {
            uri,
            authority,
            result,
        }),
        ..WITH_CERTIFICATES
    }
}

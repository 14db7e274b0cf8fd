//! The program `carrier-demo`: the life of a simulated device, told as a timeline, and checked.

mod device;
mod expected;
mod names;
mod packages;
mod push;
mod story;
mod summary;
mod timeline;
mod words;

use core::cell::RefCell;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::io::{self, Write};

use carrier_mock::flash::Flash;
use carrier_mock::server::firmware::{HttpServer, Image, Release};
use carrier_mock::server::{
    BootstrapServer, Credentials, MODE_PSK, ManagementServer, Psk, Request, SecurityAccount,
    security_tlv, server_tlv,
};
use carrier_mock::world::{Guard, StreamGuard, World};
use lwm2m_core::model::ContentFormat;
use lwm2m_core::time::{Duration, Instant};

pub use names::{Name, Names};
use story::Stage;
use summary::{Day, Totals};
pub use timeline::Line;
use timeline::Timeline;

/// Decides every chance, so that each run is the same.
const SEED: u64 = 2026;
/// The story, of which one day is quiet, has ended long before.
const HORIZON: Instant = Instant::from_millis(2 * 86_400_000);

const ENDPOINT: &str = "urn:imei:490154203237518";
const BOOTSTRAP_URI: &str = "coaps://bootstrap.example";
const SERVER_URI: &str = "coaps://lwm2m.example";
/// The bootstrap server's address; the only other one of CoAP is the management server's.
pub const BOOTSTRAP_ADDRESS: SocketAddr = address(1, 5684);
const SERVER_ADDRESS: SocketAddr = address(2, 5684);
const FILES_ADDRESS: SocketAddr = address(3, 443);
/// A firmware server whose certificate is of another authority.
const MIRROR_ADDRESS: SocketAddr = address(4, 443);

/// The certificate authority that the application trusts, and another one.
const AUTHORITY: &[u8] = b"-----BEGIN CERTIFICATE----- the application's authority";
const OTHER_AUTHORITY: &[u8] = b"-----BEGIN CERTIFICATE----- another authority";
/// Pages of the firmware slot: 30 for the largest package, two for the journal.
const SLOT_PAGES: usize = 32;

/// Identity and key that the factory has put into the device, for the bootstrap server.
const FACTORY_IDENTITY: &[u8] = b"device-17";
const FACTORY_KEY: &[u8] = b"factory-secret-1";
/// Those that the bootstrap server sends, for the management server.
const SERVER_IDENTITY: &[u8] = b"device-17@lwm2m";
const SERVER_KEY: &[u8] = b"server-secret-01";
const SHORT_SERVER_ID: u16 = 101;
/// Lifetime of the registration in seconds.
const LIFETIME: u32 = 300;

/// An address of the documentation network (RFC 5737).
const fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}

/// Why the demo has not ended well.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// What is missing, or what was not expected: a sentence.
    Story(String),
    /// The timeline could not be printed.
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Story(sentence) => f.write_str(sentence),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl core::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Lives the device's life, prints its timeline and a summary to `out`, and checks both.
///
/// # Errors
/// [`Failure::Story`] when a step is missing or one too many; the timeline as far as it went has been printed then.
/// [`Failure::Output`] when `out` fails.
pub fn run(out: &mut impl Write) -> Result<(), Failure> {
    let life = live()?;
    for line in life.lines.iter().filter(|line| line.is_shown) {
        writeln!(out, "{line}")?;
    }
    life.check_story()?;
    writeln!(out, "\n{}", life.totals)?;
    life.totals.check().map_err(Failure::Story)?;
    writeln!(out, "Every expected step was seen, in order.")?;
    Ok(())
}

/// The timeline of the device's life, checked.
///
/// # Errors
/// [`Failure::Story`] when a step is missing or one too many.
pub fn record() -> Result<Vec<Line>, Failure> {
    let life = live()?;
    life.check_story()?;
    Ok(life.lines)
}

struct Life {
    lines: Vec<Line>,
    told: Result<Day, String>,
    totals: Totals,
}

impl Life {
    fn check_story(&self) -> Result<(), Failure> {
        self.told.clone().map_err(Failure::Story)?;
        expected::check(&self.lines).map_err(Failure::Story)
    }
}

fn live() -> Result<Life, Failure> {
    let timeline = Timeline::default();
    let [modem, application] = [(1, packages::MODEM_IMAGE), (2, packages::APPLICATION_IMAGE)]
        .map(|(version, bytes)| packages::package(version, bytes));
    let account = SecurityAccount {
        uri: SERVER_URI,
        mode: MODE_PSK,
        identity: SERVER_IDENTITY,
        key: SERVER_KEY,
        short_server_id: Some(SHORT_SERVER_ID),
    };
    let (mut buffer, mut other_buffer) = ([0; 128], [0; 64]);
    let security = security_tlv(&mut buffer, &account).unwrap_or_default();
    let server = server_tlv(&mut other_buffer, SHORT_SERVER_ID, LIFETIME).unwrap_or_default();
    let provisioning = [
        Request::delete("/0"),
        Request::delete("/1"),
        Request::write("/0/1", ContentFormat::Tlv.number(), security),
        Request::write("/1/0", ContentFormat::Tlv.number(), server),
        Request::finish(),
    ];
    let factory_keys = [Psk::new(FACTORY_IDENTITY, FACTORY_KEY)];
    let bootstrap = RefCell::new(BootstrapServer::new(SEED + 1, &provisioning));
    bootstrap
        .borrow_mut()
        .set_credentials(Credentials::new(&factory_keys));
    let server_keys = [Psk::new(SERVER_IDENTITY, SERVER_KEY)];
    let server = RefCell::new(ManagementServer::new(SEED + 2, story::FIRST_SCRIPT));
    server
        .borrow_mut()
        .set_credentials(Credentials::new(&server_keys));

    let release = Release::new(Image::new(&modem), "\"1.2\"");
    let files = RefCell::new(HttpServer::new("/modem", release));
    let mirror = RefCell::new(HttpServer::new("/modem", release));
    let flash = RefCell::new(Flash::<SLOT_PAGES>::new(SEED + 3));

    let world = World::new(SEED);
    world.set_recorder(&timeline);
    world.set_horizon(HORIZON);
    world.set_firmware_flash(&flash);
    world
        .sessions()
        .set_handshake_timeout(Duration::from_secs(30));
    let (trusted, untrusted) = (
        StreamGuard::Tls(AUTHORITY),
        StreamGuard::Tls(OTHER_AUTHORITY),
    );
    world
        .add_server(
            "bootstrap.example",
            BOOTSTRAP_ADDRESS,
            Guard::Psk,
            &bootstrap,
        )
        .and_then(|()| world.add_server("lwm2m.example", SERVER_ADDRESS, Guard::Psk, &server))
        .and_then(|()| world.add_stream_server("files.example", FILES_ADDRESS, trusted, &files))
        .and_then(|()| {
            world.add_stream_server("mirror.example", MIRROR_ADDRESS, untrusted, &mirror)
        })
        .map_err(|_| Failure::Story("the world has no room for four servers".into()))?;

    let told = Stage::new(&world, &server, &files, &timeline, &application).tell();
    let totals = Totals {
        bootstrap: bootstrap.borrow().statistics(),
        server: server.borrow().statistics(),
        files: files.borrow().statistics(),
        traffic: timeline.traffic(),
        day: told.as_ref().ok().copied(),
    };
    Ok(Life {
        lines: timeline.lines(),
        told,
        totals,
    })
}

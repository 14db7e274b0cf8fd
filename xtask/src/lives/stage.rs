//! A world for one life: its servers, their names and addresses.

use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use carrier_mock::flash::Flash;
use carrier_mock::server::firmware::{CoapFileServer, HttpServer, Image, Release};
use carrier_mock::server::{
    BootstrapServer, Credentials, MODE_NO_SEC, MODE_PSK, ManagementServer, Psk, Request,
    SecurityAccount, security_tlv, server_tlv,
};
use carrier_mock::world::{Guard, StreamGuard, TooMany, World};
use lwm2m_carrier::hal::{CredentialKind, KeyStoreError, SecurityTag};
use lwm2m_carrier::{self as carrier, Profile};
use lwm2m_core::model::ContentFormat;
use lwm2m_core::time::Instant;

use super::operator::WATCH;
use super::plan::{DAY, Plan, Provisioning, secs};
use super::watch::Watch;

pub(super) const ENDPOINT: &str = "urn:imei:490154203237518";

pub(super) const BOOTSTRAP_HOST: &str = "bootstrap.example";
pub(super) const SERVER_HOST: &str = "lwm2m.example";
pub(super) const BOOTSTRAP_ADDRESS: SocketAddr = address(1, 5684);
pub(super) const SERVER_ADDRESS: SocketAddr = address(2, 5684);
pub(super) const PLAIN_SERVER_ADDRESS: SocketAddr = address(2, 5683);
const HTTP_ADDRESS: SocketAddr = address(80, 80);
const HTTPS_ADDRESS: SocketAddr = address(80, 443);
const BLOCKS_ADDRESS: SocketAddr = address(90, 5683);
const SECURE_BLOCKS_ADDRESS: SocketAddr = address(90, 5684);

/// Identity and key that the factory has put into the device, for the server of its profile.
const FACTORY: Psk<'static> = Psk::new(FACTORY_IDENTITY, FACTORY_KEY);
const FACTORY_IDENTITY: &[u8] = b"factory";
pub(super) const FACTORY_KEY: &[u8] = b"factory-secret-1";
pub(super) const FACTORY_TAG: SecurityTag = SecurityTag(25);
/// The tags behind it, which the library gives to the keys of bootstrap servers.
pub(super) const SPARE_TAGS: core::ops::RangeInclusive<u32> = 26..=41;
/// Identity of the keys that the bootstrap server hands out.
pub(super) const IDENTITY: &[u8] = b"device";

/// The certificate of the firmware server's authority, and where the application puts it.
pub(super) const AUTHORITY: &[u8] = b"-----BEGIN CERTIFICATE----- the right one";
pub(super) const CA_TAG: SecurityTag = SecurityTag(7);
/// The key for the firmware server.
pub(super) const BLOCKS_CREDENTIALS: &[Psk<'static>] = &[Psk::new(b"firmware", BLOCKS_KEY)];
pub(super) const BLOCKS_KEY: &[u8] = b"firmware-secret-";
pub(super) const BLOCKS_TAG: SecurityTag = SecurityTag(90);

/// Pages of the firmware slot: 40 kB, and two for the journal.
const SLOT_PAGES: usize = 12;
pub(super) type Slot = Flash<SLOT_PAGES>;

/// An address of the documentation network (RFC 5737).
const fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}

/// What a server is called in the timeline.
pub(super) const fn name_of(server: SocketAddr) -> &'static str {
    match server.ip() {
        IpAddr::V4(ip) => match ip.octets() {
            [.., 1] => "bootstrap",
            [.., 2] => "server",
            _ => "firmware",
        },
        IpAddr::V6(_) => "?",
    }
}

/// What stands in the world of a life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage<'a, 'w, 'p> {
    pub(super) plan: &'p Plan,
    pub(super) watch: &'p Watch,
    pub(super) world: &'a World<'w>,
    pub(super) server: &'w RefCell<ManagementServer<'p>>,
    pub(super) bootstrap: &'w RefCell<BootstrapServer<'p>>,
    pub(super) http: &'w RefCell<HttpServer<'p>>,
    pub(super) blocks: &'w RefCell<CoapFileServer<'p>>,
    pub(super) secure_blocks: &'w RefCell<CoapFileServer<'p>>,
    pub(super) slot: &'w RefCell<Slot>,
    /// What the bootstrap server sends, and the credentials that the management server takes, with each key.
    pub(super) scripts: &'p [[Request<'p>; 5]],
    pub(super) credentials: &'p [Psk<'p>],
    pub(super) server_address: SocketAddr,
    pub(super) profile: Profile<'static>,
}

/// The world cannot be made.
#[derive(Debug)]
pub(super) struct NoWorld;

impl From<TooMany> for NoWorld {
    fn from(_: TooMany) -> Self {
        Self
    }
}

impl From<KeyStoreError> for NoWorld {
    fn from(_: KeyStoreError) -> Self {
        Self
    }
}

/// Makes the world of `plan` and lives in it.
///
/// # Errors
/// [`NoWorld`], which is a mistake in here.
pub(super) fn set<T>(
    plan: &Plan,
    watch: &Watch,
    live: impl FnOnce(Stage<'_, '_, '_>) -> T,
) -> Result<T, NoWorld> {
    let secure = plan.provisioning != Provisioning::BootstrapPlain;
    let (server_address, uri, guard) = if secure {
        (SERVER_ADDRESS, "coaps://lwm2m.example", Guard::Psk)
    } else {
        (PLAIN_SERVER_ADDRESS, "coap://lwm2m.example", Guard::Plain)
    };
    let mut payloads = Vec::new();
    for key in &plan.server_keys {
        let account = SecurityAccount {
            uri,
            mode: if secure { MODE_PSK } else { MODE_NO_SEC },
            identity: if secure { IDENTITY } else { b"" },
            key: if secure { key } else { b"" },
            short_server_id: Some(101),
        };
        let (mut security, mut server) = ([0; 128], [0; 64]);
        payloads.push((
            security_tlv(&mut security, &account)
                .ok_or(NoWorld)?
                .to_vec(),
            server_tlv(&mut server, 101, plan.lifetime)
                .ok_or(NoWorld)?
                .to_vec(),
        ));
    }
    let scripts: Vec<_> = payloads.iter().map(|(s, a)| script(s, a)).collect();
    let credentials: Vec<_> = match plan.provisioning {
        Provisioning::Factory => vec![FACTORY],
        _ => {
            let keys = plan.server_keys.iter();
            keys.map(|key| Psk::new(IDENTITY, key)).collect()
        }
    };
    let factory = [FACTORY];
    let nothing = Release::new(Image::new(b""), "");

    let bootstrap = RefCell::new(BootstrapServer::new(
        plan.seed ^ 1,
        scripts.first().ok_or(NoWorld)?,
    ));
    bootstrap
        .borrow_mut()
        .set_credentials(Credentials::new(&factory));
    let server = RefCell::new(ManagementServer::new(plan.seed ^ 2, WATCH));
    server
        .borrow_mut()
        .set_credentials(Credentials::new(credentials.get(..1).ok_or(NoWorld)?));
    let http = RefCell::new(HttpServer::new("/fw", nothing));
    let [blocks, secure_blocks] =
        [3, 5].map(|salt| RefCell::new(CoapFileServer::new(plan.seed ^ salt, "/fw", nothing)));
    let slot = RefCell::new(Slot::new(plan.seed ^ 4));

    let world = World::new(plan.seed);
    world.set_recorder(watch);
    world.set_horizon(Instant::ZERO + secs(32 * DAY));
    world.set_firmware_flash(&slot);
    world.keys().set_mode(plan.keys);
    world
        .keys()
        .provision(BLOCKS_TAG, CredentialKind::PskIdentity, b"firmware")?;
    world
        .keys()
        .provision(BLOCKS_TAG, CredentialKind::Psk, BLOCKS_KEY)?;
    world
        .link()
        .set_times(plan.attach, core::cmp::min(plan.attach, secs(1)));
    if plan.knows_date {
        world.set_unix_time_at_zero(Some(lwm2m_core::time::UnixTime::from_secs(1_790_000_000)));
    }
    {
        let mut network = world.network().borrow_mut();
        network.set_uplink(plan.uplink);
        network.set_downlink(plan.downlink);
    }
    if let Some(timeout) = plan.nat_timeout {
        world.set_nat_timeout(timeout);
    }
    world.add_server(BOOTSTRAP_HOST, BOOTSTRAP_ADDRESS, Guard::Psk, &bootstrap)?;
    world.add_server(SERVER_HOST, server_address, guard, &server)?;
    world.add_server("blocks.example", BLOCKS_ADDRESS, Guard::Plain, &blocks)?;
    world.add_server(
        "blocks.example",
        SECURE_BLOCKS_ADDRESS,
        Guard::Psk,
        &secure_blocks,
    )?;
    world.add_stream_server("files.example", HTTP_ADDRESS, StreamGuard::Plain, &http)?;
    let guard = StreamGuard::Tls(AUTHORITY);
    world.add_stream_server("files.example", HTTPS_ADDRESS, guard, &http)?;
    let profile = match plan.provisioning {
        Provisioning::Factory => Profile::GENERIC.with_server("coaps://lwm2m.example"),
        _ => Profile::GENERIC.with_bootstrap_server("coaps://bootstrap.example"),
    };
    let profile = profile
        .with_credentials(carrier::Credentials::Psk {
            identity: FACTORY_IDENTITY,
            key: FACTORY_KEY,
        })
        .with_lifetime(plan.lifetime)
        .with_queue_mode(plan.queue_mode)
        .with_first_tag(FACTORY_TAG)
        .with_firmware_tag(BLOCKS_TAG)
        .with_certificates_from_application(true);
    Ok(live(Stage {
        plan,
        watch,
        world: &world,
        server: &server,
        bootstrap: &bootstrap,
        http: &http,
        blocks: &blocks,
        secure_blocks: &secure_blocks,
        slot: &slot,
        scripts: &scripts,
        credentials: &credentials,
        server_address,
        profile,
    }))
}

fn script<'s>(security: &'s [u8], server: &'s [u8]) -> [Request<'s>; 5] {
    [
        Request::delete("/0"),
        Request::delete("/1"),
        Request::write("/0/1", ContentFormat::Tlv.number(), security),
        Request::write("/1/0", ContentFormat::Tlv.number(), server),
        Request::finish(),
    ]
}

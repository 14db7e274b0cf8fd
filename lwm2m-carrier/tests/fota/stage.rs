//! A device with a firmware slot, a management server, and servers that have firmware.

use core::cell::{Cell, RefCell};
use core::net::SocketAddr;

use carrier_mock::executor;
use carrier_mock::flash::Flash;
use carrier_mock::recorder::{Entry, Recorder};
use carrier_mock::server::firmware::{CoapFileServer, HttpServer, Image, Release};
use carrier_mock::server::{ManagementServer, Request};
use carrier_mock::world::{Guard, Run, Stop, StreamGuard, World};
use lwm2m_carrier::driver::{Shared, blocking};
use lwm2m_carrier::fota::{Unverified, Verifier};
use lwm2m_carrier::hal::{CredentialKind, KeyStore, SecurityTag};
use lwm2m_carrier::{CaTags, Carrier, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::{Duration, Instant};

/// Content format of plain text.
pub(crate) const TEXT: u16 = 0;
/// What the server asks a device that registers: to be told of state and result.
const WATCH: &[Request<'static>] = &[
    Request::observe("/5/0/3").accept(TEXT),
    Request::observe("/5/0/5").accept(TEXT),
];

pub(crate) const ENDPOINT: &str = "urn:imei:490154203237518";
pub(crate) const SERVER: &str = "192.0.2.2:5683";
pub(crate) const HTTP: &str = "192.0.2.80:80";
pub(crate) const HTTPS: &str = "192.0.2.80:443";
pub(crate) const COAP: &str = "192.0.2.90:5683";
/// The certificate authority of the HTTPS server, and the tag under which the application puts it.
pub(crate) const AUTHORITY: &[u8] = b"-----BEGIN CERTIFICATE----- right";
pub(crate) const CA_TAG: SecurityTag = SecurityTag(7);

/// Pages of the firmware slot: 320 kB and two for the journal.
const PAGES: usize = 82;
/// Bytes of the package.
pub(crate) const SIZE: u32 = 300_000;

/// The package: no two kilobytes are alike.
pub(crate) fn byte(offset: u32) -> u8 {
    let mixed = offset.wrapping_mul(0x9e37_79b1) ^ (offset >> 9).wrapping_mul(0x85eb_ca6b);
    (mixed >> 24) as u8
}

/// Another package under the same URI.
pub(crate) fn other_byte(offset: u32) -> u8 {
    !byte(offset)
}

pub(crate) const fn image() -> Image<'static> {
    Image::made(SIZE, byte)
}

#[derive(Debug, Default)]
pub(crate) struct Recording {
    entries: RefCell<Vec<(Instant, Entry)>>,
}

impl Recorder for Recording {
    fn record(&self, at: Instant, entry: Entry) {
        self.entries.borrow_mut().push((at, entry));
    }
}

impl Recording {
    pub(crate) fn count(&self, what: impl Fn(&Entry) -> bool) -> usize {
        let entries = self.entries.borrow();
        entries.iter().filter(|(_, entry)| what(entry)).count()
    }

    pub(crate) fn has_event(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.count(|entry| matches!(entry, Entry::Event(event) if wanted(event))) > 0
    }

    /// The events of firmware updates, and restarts, by their chart names without prefix; errors with their number.
    pub(crate) fn story(&self) -> Vec<String> {
        let entries = self.entries.borrow();
        let names = entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Event(Event::Error(error)) => {
                let name = error.kind.chart_name();
                let name = name.replace("LWM2M_CARRIER_ERROR_", "");
                Some(format!("{name} {}", error.errno))
            }
            Entry::Event(event) => Some(event.chart_name().replace("LWM2M_CARRIER_EVENT_", "")),
            _ => None,
        });
        names.collect()
    }
}

/// What stands in the world.
pub(crate) struct Stage<'a, 'w> {
    pub(crate) world: &'a World<'w>,
    pub(crate) recording: &'a Recording,
    pub(crate) server: &'a RefCell<ManagementServer<'static>>,
    pub(crate) http: &'a RefCell<HttpServer<'static>>,
    pub(crate) coap: &'a RefCell<CoapFileServer<'static>>,
    pub(crate) profile: Cell<Profile<'static>>,
    /// The flash of the firmware slot.
    pub(crate) flash: &'a RefCell<Flash<PAGES>>,
    /// Lengths of the firmware buffer.
    pub(crate) buffer: Cell<usize>,
    /// Whether the driver is polled without being woken.
    pub(crate) blocking: Cell<bool>,
}

/// Runs `test` in a new world.
pub(crate) fn stage<T>(seed: u64, test: impl FnOnce(&Stage<'_, '_>) -> T) -> T {
    let server = RefCell::new(ManagementServer::new(seed, &[]));
    let release = Release::new(image(), "\"v1\"");
    let http = RefCell::new(HttpServer::new("/fw", release));
    let coap = RefCell::new(CoapFileServer::new(
        seed,
        "/fw",
        Release::new(image(), "v1"),
    ));
    let flash = RefCell::new(Flash::<PAGES>::new(seed));
    let recording = Recording::default();
    let world = World::new(seed);
    world.set_recorder(&recording);
    world.set_horizon(Instant::ZERO + Duration::from_secs(10 * 86_400));
    world.set_firmware_flash(&flash);
    let [management, plain, tls, blocks] = [SERVER, HTTP, HTTPS, COAP].map(address);
    world
        .add_server("lwm2m.example", management, Guard::Plain, &server)
        .unwrap();
    world
        .add_stream_server("files.example", plain, StreamGuard::Plain, &http)
        .unwrap();
    world
        .add_stream_server("files.example", tls, StreamGuard::Tls(AUTHORITY), &http)
        .unwrap();
    world
        .add_server("blocks.example", blocks, Guard::Plain, &coap)
        .unwrap();
    let profile = Profile::GENERIC
        .with_server("coap://lwm2m.example")
        .with_lifetime(86_400)
        .with_certificates_from_application(true);
    test(&Stage {
        world: &world,
        recording: &recording,
        server: &server,
        http: &http,
        coap: &coap,
        profile: Cell::new(profile),
        flash: &flash,
        buffer: Cell::new(4096),
        blocking: Cell::new(false),
    })
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// An application that allows everything and has one CA certificate.
struct App<'a, 'w> {
    world: &'a World<'w>,
}

impl EventHandler for App<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        if *event != Event::CertsInit {
            return Response::Done;
        }
        match keys.write(CA_TAG, CredentialKind::CaChain, AUTHORITY).await {
            Ok(()) => Response::CaTags(CaTags::new(&[CA_TAG]).unwrap()),
            Err(error) => Response::Fail(error.errno),
        }
    }
}

impl Stage<'_, '_> {
    /// One life of the device, until `condition`, its restart, or a power loss.
    pub(crate) fn boot(&self, condition: impl FnMut() -> bool) -> Stop {
        self.boot_verified(&mut Unverified, condition)
    }

    pub(crate) fn boot_verified(
        &self,
        verifier: &mut dyn Verifier,
        condition: impl FnMut() -> bool,
    ) -> Stop {
        let mut resources = Resources::<2, 4, 4, 8>::new();
        let mut security = Security::<4>::new();
        let mut server = Server::<4>::new();
        let mut device = Device::new("U").manufacturer("Mock");
        let objects: [&mut dyn Object; 3] = [&mut security, &mut server, &mut device];
        let mut hal = self.world.device();
        let profile = self.profile.get();
        let config = profile.config(ENDPOINT);
        let mut firmware = vec![0; self.buffer.get()];
        let carrier = Carrier::new(&mut resources, profile, config, &mut hal.random)
            .with_firmware(&mut firmware, verifier);
        let shared = Shared::new(carrier, objects);
        let mut buffer = [0; 1280];
        let app = App { world: self.world };
        let mut runner = shared.runner(hal, app, &mut buffer);
        let life = async {
            runner.init().await.expect("initialisation");
            runner.run().await
        };
        let run = self.world.run(life, condition);
        let run = if self.blocking.get() {
            blocking::block_on(run, || {})
        } else {
            executor::block_on(run).expect("nobody wakes the driver")
        };
        match run {
            Run::Stopped(stop) => stop,
            Run::Finished(_) => Stop::Condition,
        }
    }

    /// As many lives as it takes, until `condition` or nothing more happens.
    pub(crate) fn live(&self, mut condition: impl FnMut() -> bool) -> Stop {
        loop {
            match self.boot(&mut condition) {
                Stop::PowerLost | Stop::Reset => self.world.reboot(),
                stop => return stop,
            }
        }
    }

    /// Lets the server send a request, which is not to fail for want of room.
    pub(crate) fn ask(&self, request: Request<'static>) {
        assert!(self.server.borrow_mut().request(ENDPOINT, request));
    }

    /// The whole update: the server writes `uri`, executes Update once the package is there, and reads the result.
    ///
    /// Whether it has read `result` in the end; [`Seen::states`] tells what it saw on the way.
    pub(crate) fn update_from(&self, uri: &'static str, result: u8) -> Seen {
        let first = Request::write("/5/0/1", TEXT, uri.as_bytes());
        self.update(first, result)
    }

    /// The same with any request for the start.
    pub(crate) fn update(&self, first: Request<'static>, result: u8) -> Seen {
        self.update_disturbed(first, result, || {})
    }

    /// The same, with `disturb` called again and again.
    pub(crate) fn update_disturbed(
        &self,
        first: Request<'static>,
        result: u8,
        mut disturb: impl FnMut(),
    ) -> Seen {
        let mut seen = Seen::default();
        self.server.borrow_mut().set_script(WATCH);
        let mut step = 0;
        let stop = self.live(|| {
            self.watch(&mut seen);
            disturb();
            match step {
                0 if seen.result.is_some() => {
                    self.ask(first);
                    seen.result = None;
                    step = 1;
                }
                1 if seen.state == Some(2) => {
                    self.ask(Request::execute("/5/0/2", ""));
                    step = 2;
                }
                _ => {}
            }
            step > 0 && seen.state == Some(0) && seen.result == Some(result)
        });
        seen.stop = Some(stop);
        seen
    }

    /// Takes what the server has seen of /5/0/3 and /5/0/5.
    pub(crate) fn watch(&self, seen: &mut Seen) {
        while let Some(record) = self.server.borrow_mut().take_record() {
            let Some(request) = record.request() else {
                continue;
            };
            let text = core::str::from_utf8(record.body()).unwrap_or("");
            let Ok(value) = text.parse() else { continue };
            match request.path() {
                "/5/0/3" => {
                    if seen.state != Some(value) {
                        seen.states.push(value);
                    }
                    seen.state = Some(value);
                }
                "/5/0/5" => seen.result = Some(value),
                _ => {}
            }
        }
    }
}

/// What the server has seen of object 5.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) state: Option<u8>,
    pub(crate) result: Option<u8>,
    /// All states in a row.
    pub(crate) states: Vec<u8>,
    pub(crate) stop: Option<Stop>,
}

impl Seen {
    /// Whether it has come to the end that was waited for.
    pub(crate) fn ended(&self) -> bool {
        self.stop == Some(Stop::Condition)
    }
}

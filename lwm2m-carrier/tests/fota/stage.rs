//! A device with a firmware slot, a management server, and servers that have firmware.

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;
use std::sync::LazyLock;

use carrier_mock::executor;
use carrier_mock::flash::Flash;
use carrier_mock::recorder::{Direction, Entry, FirmwareOperation, Recorder};
use carrier_mock::server::firmware::{CoapFileServer, HttpServer, Image, Release};
use carrier_mock::server::{
    Credentials, ManagementServer, Psk, RecordKind, Request, ServerNode, Transmit, Verdict,
};
use carrier_mock::world::{Guard, Run, Stop, StreamGuard, World};
use lwm2m_carrier::driver::{Handle, Shared, blocking};
use lwm2m_carrier::fota::{Fota, Unverified, Verifier, VerifierError};
use lwm2m_carrier::hal::{CredentialKind, Hal, KeyStore, SecurityTag};
use lwm2m_carrier::{CaTags, Carrier, Event, EventHandler, Profile, Response, Statistics};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use crate::records::{Failing, Records};
use crate::strict::{NotClosed, StrictLink, StrictSessions};

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
pub(crate) const COAPS: &str = "192.0.2.91:5684";
/// The management server of [`stage_secured`], which has firmware too.
pub(crate) const SECURED: &str = "192.0.2.2:5684";
/// The key of the device's account, under the identity `device`, and that of the firmware server, under `updates`.
pub(crate) const ACCOUNT_KEY: &[u8] = &[0x11; 16];
pub(crate) const UPDATES_KEY: &[u8] = &[0x22; 16];
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

/// The objects of the device.
pub(crate) type Objects<'o> = [&'o mut dyn Object; 3];

/// The bytes of the package, for a server that pushes it.
pub(crate) static PACKAGE: LazyLock<Vec<u8>> = LazyLock::new(|| (0..SIZE).map(byte).collect());

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
    pub(crate) fn entries(&self) -> Vec<(Instant, Entry)> {
        self.entries.borrow().clone()
    }

    /// Message ids of requests of the device whose path begins so, as often as they were sent.
    pub(crate) fn sent_to(&self, path: &str) -> Vec<u16> {
        let entries = self.entries.borrow();
        let sent = entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Message {
                direction: Direction::FromDevice,
                head,
                ..
            } if head.path.starts_with(path) => Some(head.message_id),
            _ => None,
        });
        sent.collect()
    }

    pub(crate) fn count(&self, what: impl Fn(&Entry) -> bool) -> usize {
        let entries = self.entries.borrow();
        entries.iter().filter(|(_, entry)| what(entry)).count()
    }

    pub(crate) fn has_event(&self, wanted: impl Fn(&Event) -> bool) -> bool {
        self.count(|entry| matches!(entry, Entry::Event(event) if wanted(event))) > 0
    }

    /// The errors among the [story](Self::story).
    pub(crate) fn errors(&self) -> Vec<String> {
        let mut story = self.story();
        story.retain(|name| name.contains(' '));
        story
    }

    /// The events of firmware updates, and restarts, by their chart names without prefix; errors with their number.
    pub(crate) fn story(&self) -> Vec<String> {
        let entries = self.entries.borrow();
        let names = entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Event(Event::Error(error)) => {
                let name = error.kind.chart_name();
                let name = name.replace("LWM2M_CARRIER_ERROR_", "");
                Some(format!("{name} {}", error.errno()))
            }
            Entry::Event(event) => Some(event.chart_name().replace("LWM2M_CARRIER_EVENT_", "")),
            _ => None,
        });
        names.collect()
    }
}

/// A management server and a firmware server behind one address: GET goes to the latter.
#[derive(Debug)]
struct Both<'a> {
    management: &'a RefCell<ManagementServer<'static>>,
    files: &'a RefCell<CoapFileServer<'static>>,
}

impl ServerNode for Both<'_> {
    fn handle(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if datagram.get(1) == Some(&1) {
            self.files.borrow_mut().handle(now, from, datagram);
        } else {
            self.management.borrow_mut().handle(now, from, datagram);
        }
    }

    fn poll(&mut self, now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        let sent = self.management.borrow_mut().poll(now, buf);
        sent.or_else(|| self.files.borrow_mut().poll(now, buf))
    }

    fn next_timeout(&self, now: Instant) -> Option<Instant> {
        let management = self.management.borrow().next_timeout(now);
        let files = self.files.borrow().next_timeout(now);
        management.into_iter().chain(files).min()
    }

    fn verify(&self, identity: &[u8], key: &[u8]) -> Verdict {
        self.management.borrow().verify(identity, key)
    }

    fn is_present(&self) -> bool {
        true
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
    /// What the server asks a device that registers.
    pub(crate) watching: Cell<&'static [Request<'static>]>,
    /// The operation of the storage's flash inside which the power fails, when so many per mille of it are done.
    pub(crate) storage_cut: Cell<Option<(u32, u16)>>,
    /// Which operation on the record of firmware updates fails.
    pub(crate) failing: Cell<Failing>,
    /// What the application answers when it is asked for a restart the next time.
    pub(crate) on_reboot: Cell<OnReboot>,
    /// Whether there are firmware updates at all.
    pub(crate) with_firmware: Cell<bool>,
    /// The certificate that the application has.
    pub(crate) authority: Cell<&'static [u8]>,
    /// Whether the driver is polled without being woken.
    pub(crate) blocking: Cell<bool>,
    /// The seed of the times after which the driver's future is dropped and made anew; 0: it lives on.
    pub(crate) dropped_after: Cell<u64>,
    /// What the device had counted at the end of its last life.
    pub(crate) statistics: Cell<Statistics>,
}

/// Runs `test` in a new world.
pub(crate) fn stage<T>(seed: u64, test: impl FnOnce(&Stage<'_, '_>) -> T) -> T {
    build(seed, false, test)
}

/// Runs `test` in a new world whose management server is behind DTLS, and has firmware under the same address.
pub(crate) fn stage_secured<T>(seed: u64, test: impl FnOnce(&Stage<'_, '_>) -> T) -> T {
    build(seed, true, test)
}

fn build<T>(seed: u64, secured: bool, test: impl FnOnce(&Stage<'_, '_>) -> T) -> T {
    const ACCOUNTS: &[Psk<'static>] = &[Psk::new(b"device", ACCOUNT_KEY)];
    const UPDATES: &[Psk<'static>] = &[Psk::new(b"updates", UPDATES_KEY)];
    let coaps = CoapFileServer::new(seed, "/fw", Release::new(image(), "v1"));
    let coaps = RefCell::new(coaps.with_credentials(Credentials::new(UPDATES)));
    let mut server = ManagementServer::new(seed, &[]);
    server.set_credentials(Credentials::new(ACCOUNTS));
    let server = RefCell::new(server);
    let release = Release::new(image(), "\"v1\"");
    let http = RefCell::new(HttpServer::new("/fw", release));
    let coap = RefCell::new(CoapFileServer::new(
        seed,
        "/fw",
        Release::new(image(), "v1"),
    ));
    let both = RefCell::new(Both {
        management: &server,
        files: &coap,
    });
    let flash = RefCell::new(Flash::<PAGES>::new(seed));
    let recording = Recording::default();
    let world = World::new(seed);
    world.set_recorder(&recording);
    world.set_horizon(Instant::ZERO + Duration::from_secs(10 * 86_400));
    world.set_firmware_flash(&flash);
    let [management, plain, tls, blocks] = [SERVER, HTTP, HTTPS, COAP].map(address);
    let added = if secured {
        world.add_server("lwm2m.example", address(SECURED), Guard::Psk, &both)
    } else {
        world.add_server("lwm2m.example", management, Guard::Plain, &server)
    };
    added.unwrap();
    world
        .add_server("secure.example", address(COAPS), Guard::Psk, &coaps)
        .unwrap();
    world
        .add_stream_server("files.example", plain, StreamGuard::Plain, &http)
        .unwrap();
    world
        .add_stream_server("files.example", tls, StreamGuard::Tls(AUTHORITY), &http)
        .unwrap();
    if !secured {
        world
            .add_server("blocks.example", blocks, Guard::Plain, &coap)
            .unwrap();
    }
    let profile = Profile::GENERIC
        .with_lifetime(86_400)
        .with_certificates_from_application(true);
    let profile = if secured {
        let (identity, key) = (&b"device"[..], ACCOUNT_KEY);
        profile
            .with_server("coaps://lwm2m.example")
            .with_credentials(lwm2m_carrier::Credentials::Psk { identity, key })
    } else {
        profile.with_server("coap://lwm2m.example")
    };
    test(&Stage {
        world: &world,
        recording: &recording,
        server: &server,
        http: &http,
        coap: &coap,
        profile: Cell::new(profile),
        flash: &flash,
        buffer: Cell::new(4096),
        watching: Cell::new(WATCH),
        storage_cut: Cell::new(None),
        failing: Cell::new(Failing::Nothing),
        on_reboot: Cell::new(OnReboot::Allows),
        with_firmware: Cell::new(true),
        authority: Cell::new(AUTHORITY),
        blocking: Cell::new(false),
        dropped_after: Cell::new(0),
        statistics: Cell::new(Statistics::default()),
    })
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The server's request that begins a download.
pub(crate) const fn download(uri: &'static str) -> Request<'static> {
    Request::write("/5/0/1", TEXT, uri.as_bytes())
}

/// A verifier that knows the package, as one with a digest does.
pub(crate) struct Digest {
    byte: fn(u32) -> u8,
    offset: u32,
    is_right: bool,
}

impl Digest {
    pub(crate) const fn of(byte: fn(u32) -> u8) -> Self {
        Self {
            byte,
            offset: 0,
            is_right: false,
        }
    }
}

impl Verifier for Digest {
    fn begin(&mut self, size: u32) {
        (self.offset, self.is_right) = (0, size == SIZE);
    }

    fn update(&mut self, part: &[u8]) {
        for found in part {
            self.is_right &= *found == (self.byte)(self.offset);
            self.offset += 1;
        }
    }

    fn finish(&mut self) -> Result<(), VerifierError> {
        let is_right = self.is_right && self.offset == SIZE;
        is_right.then_some(()).ok_or(VerifierError::Damaged)
    }
}

/// What the application does when it is asked to restart the device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OnReboot {
    Allows,
    Refuses,
    /// The power fails in this very moment.
    LosesPower,
}

/// An application that allows everything else and has one CA certificate.
struct App<'a, 'w> {
    world: &'a World<'w>,
    on_reboot: &'a Cell<OnReboot>,
    authority: &'static [u8],
}

impl EventHandler for App<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        if *event == Event::Reboot {
            match self.on_reboot.replace(OnReboot::Allows) {
                OnReboot::Allows => {}
                OnReboot::Refuses => return Response::Refuse,
                OnReboot::LosesPower => self.world.power_off(),
            }
        }
        if *event != Event::CertsInit {
            return Response::Done;
        }
        match keys
            .write(CA_TAG, CredentialKind::CaChain, self.authority)
            .await
        {
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
        self.boot_with(verifier, condition, async |_| core::future::pending().await)
    }

    /// The same with an application task beside the driver, whose end ends the life.
    pub(crate) fn boot_with(
        &self,
        verifier: &mut dyn Verifier,
        condition: impl FnMut() -> bool,
        task: impl AsyncFnOnce(Handle<'_, '_, Objects<'_>>),
    ) -> Stop {
        // A restart forgets it.
        let mut flash = self.world.flash().borrow_mut();
        if let Some((operation, per_mille)) = self.storage_cut.get()
            && flash.operations() <= operation
        {
            flash.cut_at(operation, per_mille);
        }
        drop(flash);
        let mut resources = Resources::<2, 4, 4, 8>::new();
        let mut security = Security::<4>::new();
        let mut server = Server::<4>::new();
        let mut device = Device::new("U").manufacturer("Mock");
        let mut objects: Objects<'_> = [&mut security, &mut server, &mut device];
        let mut hal = self.world.device();
        let profile = self.profile.get();
        let config = profile.config(ENDPOINT);
        let mut package = vec![0; self.buffer.get()];
        let mut fota = Fota::new(&mut package, verifier);
        let carrier = Carrier::new(&mut resources, &profile, config, &mut hal.random);
        let carrier = if self.with_firmware.get() {
            carrier.with_firmware(&mut fota)
        } else {
            carrier
        };
        let shared = Shared::new(carrier, &mut objects);
        let mut buffer = [0; 1280];
        let app = App {
            world: self.world,
            on_reboot: &self.on_reboot,
            authority: self.authority.get(),
        };
        let not_closed = &NotClosed::default();
        let hal = Hal {
            link: StrictLink {
                link: hal.link,
                not_closed,
            },
            keys: hal.keys,
            sessions: StrictSessions {
                sessions: hal.sessions,
                not_closed,
            },
            storage: Records {
                storage: hal.storage,
                failing: &self.failing,
            },
            clock: hal.clock,
            random: hal.random,
            reset: hal.reset,
            firmware: hal.firmware,
            modem: hal.modem,
        };
        let mut runner = shared.runner(hal, app, &mut buffer);
        let life = async {
            let mut gaps = self.dropped_after.get();
            while gaps != 0 {
                // Between 2 ms and 16 s, short ones as often as long ones.
                gaps = gaps.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let millis = 2 << ((gaps >> 40) % 13);
                let gap = self.world.sleep(Duration::from_millis(millis));
                let (mut gap, mut run) = (pin!(gap), pin!(runner.run()));
                poll_fn(|context| match run.as_mut().poll(context) {
                    Poll::Pending => gap.as_mut().poll(context),
                    Poll::Ready(never) => never,
                })
                .await;
            }
            runner.init().await.expect("initialisation");
            runner.run().await
        };
        let task = task(shared.handle());
        let both = async {
            let (mut life, mut task) = (pin!(life), pin!(task));
            poll_fn(|context| match life.as_mut().poll(context) {
                Poll::Pending => task.as_mut().poll(context),
                Poll::Ready(never) => never,
            })
            .await;
        };
        let run = self.world.run(both, condition);
        let run = if self.blocking.get() {
            blocking::block_on(run, || {})
        } else {
            executor::block_on(run).expect("nobody wakes the driver")
        };
        self.statistics.set(shared.handle().statistics().unwrap());
        match run {
            Run::Stopped(stop) => stop,
            Run::Finished(_) => Stop::Condition,
        }
    }

    /// As many lives as it takes, until `condition` or nothing more happens.
    pub(crate) fn live(
        &self,
        verifier: &mut dyn Verifier,
        mut condition: impl FnMut() -> bool,
    ) -> Stop {
        loop {
            match self.boot_verified(verifier, &mut condition) {
                Stop::PowerLost | Stop::Reset => self.world.reboot(),
                stop => return stop,
            }
        }
    }

    /// Lets the server send a request, which is not to fail for want of room.
    pub(crate) fn ask(&self, request: Request<'static>) {
        assert!(self.server.borrow_mut().request(ENDPOINT, request));
    }

    /// The whole update: the server writes `uri`, executes Update once the package is there, and is told the result.
    pub(crate) fn update_from(&self, uri: &'static str) -> Seen {
        self.update(download(uri))
    }

    /// The same with any request for the start.
    pub(crate) fn update(&self, first: Request<'static>) -> Seen {
        self.update_disturbed(first, &mut Unverified, || {})
    }

    /// The same with a verifier, and with `disturb` called again and again.
    pub(crate) fn update_disturbed(
        &self,
        first: Request<'static>,
        verifier: &mut dyn Verifier,
        mut disturb: impl FnMut(),
    ) -> Seen {
        let mut seen = Seen::default();
        let mut step = 0;
        let stop = self.watch_lives(&mut seen, verifier, |seen| {
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
            step > 0 && seen.state == Some(0) && seen.result.is_some_and(|result| result > 0)
        });
        seen.stop = Some(stop);
        seen
    }

    /// As many lives as it takes, until `condition` says of what the server has seen that it is enough.
    pub(crate) fn watch_lives(
        &self,
        seen: &mut Seen,
        verifier: &mut dyn Verifier,
        mut condition: impl FnMut(&mut Seen) -> bool,
    ) -> Stop {
        self.server.borrow_mut().set_script(self.watching.get());
        self.live(verifier, || {
            self.watch(seen);
            condition(seen)
        })
    }

    /// Whether the server knows the device.
    pub(crate) fn is_registered(&self) -> bool {
        self.server.borrow().registration(ENDPOINT).is_some()
    }

    /// Bytes of a package that were written to the slot since the device has started.
    pub(crate) fn written(&self) -> u32 {
        let entries = self.recording.entries.borrow();
        let written = entries.iter().rev().find_map(|(_, entry)| match entry {
            Entry::Firmware {
                operation: FirmwareOperation::Write { offset, len },
                ..
            } => Some(*offset + *len as u32),
            Entry::Boot => Some(0),
            _ => None,
        });
        written.unwrap_or(0)
    }

    /// Takes what the server has seen of /5/0/3 and /5/0/5.
    pub(crate) fn watch(&self, seen: &mut Seen) {
        while let Some(record) = self.server.borrow_mut().take_record() {
            let path = record.request().map_or("", |request| request.path());
            let kind = record.kind();
            if kind == RecordKind::Registered {
                seen.objects = String::from_utf8_lossy(record.body()).into_owned();
            }
            seen.records.push((record.at(), kind, path.to_string()));
            let Some(request) = record.request() else {
                continue;
            };
            if kind == RecordKind::Answered {
                seen.answers.push((path.to_string(), record.code()));
            }
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
    /// All that it has recorded: when, what, and the path of its request.
    pub(crate) records: Vec<(Instant, RecordKind, String)>,
    /// The list of objects in the last Register.
    pub(crate) objects: String,
    /// How its requests were answered.
    pub(crate) answers: Vec<(String, Code)>,
    pub(crate) stop: Option<Stop>,
}

impl Seen {
    /// The result at the end; `None` when nothing came to an end.
    pub(crate) fn outcome(&self) -> Option<u8> {
        self.result.filter(|_| self.stop == Some(Stop::Condition))
    }
}

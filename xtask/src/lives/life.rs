//! One life, from the first start of the device to the end of its days.

use core::cell::{Cell, RefCell};

use carrier_mock::network::Traffic;
use carrier_mock::server::firmware::{CoapFileServer, HttpServer, Image, Release};
use carrier_mock::server::{Conduct, Credentials, Record, RecordKind, Request};
use carrier_mock::world::Door;
use lwm2m_carrier::driver::{Handle, blocking};
use lwm2m_carrier::hal::{CredentialKind, Link, LinkState, SecurityTag};
use lwm2m_core::model::Path;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use super::device::{self, Companion, Objects};
use super::operator::{Operator, Wish};
use super::plan::{DAY, DAYS, HOUR, MINUTE, Plan, Provisioning, secs};
use super::service::{Excuse, Meter, Now};
use super::stage::{self, BLOCKS_CREDENTIALS, ENDPOINT, SPARE_TAGS, Stage};
use super::strike::Behaviour;
use super::update::Update;
use super::watch::Watch;
use super::weather::{OUTAGES, Outage};

/// When a life ends, unless the device is without service then.
pub(super) const END: Instant = Instant::from_millis(DAYS * DAY * 1000);
/// It is waited for so long then.
const PATIENCE: Duration = Duration::from_secs(28 * HOUR);

/// What came of a life.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) seed: u64,
    /// What was not as it must be.
    pub(super) complaints: Vec<String>,
    pub(super) lines: Vec<String>,
    pub(super) worst_clear: Duration,
    pub(super) worst_beyond: Duration,
    pub(super) worst_at: Instant,
    pub(super) served: Duration,
    pub(super) unserved: Duration,
    pub(super) datagrams: u64,
    pub(super) bytes: u64,
    pub(super) wake_ups: u32,
    pub(super) boots: u32,
    pub(super) updates: u32,
    pub(super) update_attempts: u32,
    pub(super) bootstraps: u32,
    pub(super) registers: u32,
    pub(super) power_cuts: u32,
}

/// Lives the life of `seed`; with its timeline, if `told`.
pub(super) fn live(seed: u64, told: bool) -> Outcome {
    let plan = Plan::new(seed);
    let watch = Watch::new(told, plan.thinks);
    if told {
        watch.tell(Instant::ZERO, || tell_of(&plan));
    }
    let outcome = stage::set(&plan, &watch, |stage| {
        let life = Life::new(stage);
        life.live();
        life.check();
        life.outcome()
    });
    outcome.unwrap_or_else(|_| Outcome {
        seed,
        complaints: vec!["the world of this life cannot be made".into()],
        ..Outcome::default()
    })
}

fn tell_of(plan: &Plan) -> String {
    let updates: Vec<_> = plan
        .updates
        .iter()
        .map(|u| {
            format!(
                "{:?} of {} B, {:?}, {:?}, {:?} {:?}",
                u.way,
                u.image.len(),
                u.applied,
                u.installed,
                u.http_faults,
                u.coap_faults
            )
        })
        .collect();
    format!(
        "{:?}, keys {:?}, woken {}, lifetime {} s, queue mode {}, nat {:?}, thinks {:?}, refuses {}\n  {:?}\n  {:?}\n  {}",
        plan.provisioning,
        plan.keys,
        plan.woken,
        plan.lifetime,
        plan.queue_mode,
        plan.nat_timeout,
        plan.thinks,
        plan.refuses_reboot,
        plan.uplink,
        plan.downlink,
        updates.join("\n  ")
    )
}

/// A life that is being lived.
pub(super) struct Life<'a, 'w, 'p> {
    pub(super) stage: Stage<'a, 'w, 'p>,
    pub(super) operator: RefCell<Operator<'p>>,
    pub(super) meter: RefCell<Meter>,
    /// The next stroke of the weather.
    next_stroke: Cell<usize>,
    /// When each kind of outage ends.
    pub(super) outages: Cell<[Instant; OUTAGES]>,
    /// What the servers do while they refuse, and the door of the management server while it is not open.
    pub(super) refusal: Cell<Conduct>,
    pub(super) bootstrap_refusal: Cell<Conduct>,
    pub(super) door: Cell<Door>,
    pub(super) behaviour: Cell<Behaviour>,
    /// The device is without power until then.
    pub(super) off_until: Cell<Instant>,
    /// The device is to restart without a word.
    pub(super) crashes: Cell<bool>,
    /// The application restarts the device then.
    restart_at: Cell<Instant>,
    next_measure: Cell<Instant>,
    /// The last factory reset.
    pub(super) reset_at: Cell<Option<Instant>>,
    /// Bootstraps of whose accounts nothing is left, by a factory reset.
    pub(super) void_bootstraps: Cell<u32>,
    /// The key that the management server takes.
    pub(super) key: Cell<usize>,
}

impl<'a, 'w, 'p> Life<'a, 'w, 'p> {
    fn new(stage: Stage<'a, 'w, 'p>) -> Self {
        Self {
            operator: RefCell::new(Operator::new(stage.plan)),
            stage,
            meter: RefCell::new(Meter::new()),
            next_stroke: Cell::new(0),
            outages: Cell::new([Instant::ZERO; OUTAGES]),
            refusal: Cell::new(Conduct::Serve),
            bootstrap_refusal: Cell::new(Conduct::Serve),
            door: Cell::new(Door::Open),
            behaviour: Cell::default(),
            off_until: Cell::new(Instant::ZERO),
            crashes: Cell::new(false),
            restart_at: Cell::new(Instant::FAR_FUTURE),
            next_measure: Cell::new(Instant::ZERO + stage.plan.measures_every),
            reset_at: Cell::new(None),
            void_bootstraps: Cell::new(0),
            key: Cell::new(0),
        }
    }

    fn now(&self) -> Instant {
        self.stage.world.now()
    }

    fn live(&self) {
        let stage = &self.stage;
        loop {
            let refused = || {
                let at = self.now() + secs(90);
                self.restart_at.set(at.min(self.restart_at.get()));
            };
            let woken = device::run(
                stage.world,
                stage.watch,
                stage.plan,
                stage.profile,
                self,
                &refused,
                || self.look(),
            );
            if !woken {
                stage.watch.complain(self.now(), "nobody wakes the driver");
                return;
            }
            if self.is_over() {
                return;
            }
            self.crashes.set(false);
            self.restart_at.set(Instant::FAR_FUTURE);
            stage.world.reboot();
            self.wait_for_power();
        }
    }

    /// The servers go on while the device has no power.
    fn wait_for_power(&self) {
        let world = self.stage.world;
        while self.now() < self.off_until.get() {
            self.take_stock();
            let off = device::beside(self.direct(None), world.sleep_until(self.off_until.get()));
            let run = world.run(off, || {
                self.drain();
                false
            });
            let _ = blocking::block_on(run, || ());
            // As if it had just got its power.
            world.reboot();
        }
    }

    /// Looks around after each step; whether this start of the device has come to its end.
    fn look(&self) -> bool {
        self.drain();
        self.take_stock();
        self.crashes.get() || self.is_over()
    }

    /// Whether the days of the device are over: it has service then, or does not get it in time.
    fn is_over(&self) -> bool {
        let now = self.now();
        let settled =
            self.meter.borrow().is_served() && self.operator.borrow().last_read().is_some();
        now >= END && (settled || now >= END + PATIENCE)
    }

    /// Takes what the servers have written down, and does what the operator wants.
    fn drain(&self) {
        let stage = &self.stage;
        loop {
            let record = stage.server.borrow_mut().take_record();
            let Some(record) = record else { break };
            stage.watch.tell(record.at(), || {
                format!(
                    "   server: {:?} {} {:?}",
                    record.kind(),
                    record.request().map_or("", |r| r.path()),
                    record.code()
                )
            });
            self.note(&record);
            let ordered = !stage.plan.reorders;
            self.operator.borrow_mut().take(&record, ordered);
        }
        loop {
            let record = stage.bootstrap.borrow_mut().take_record();
            let Some(record) = record else { break };
            self.note(&record);
            stage.watch.tell(record.at(), || {
                format!(
                    "   bootstrap: {:?} {} {:?}",
                    record.kind(),
                    record.request().map_or("", |r| r.path()),
                    record.code()
                )
            });
        }
        self.fulfil();
    }

    /// A server has refused a request of the device, or left it without an answer, as it was told to; but for an Update of
    /// a registration that it does not know.
    fn note(&self, record: &Record<'_>) {
        let unknown = record.code() == Code::NOT_FOUND;
        if matches!(record.kind(), RecordKind::Refused if !unknown)
            || record.kind() == RecordKind::Ignored
        {
            self.meter.borrow_mut().spoiled();
        }
    }

    /// Does what the operator wants.
    fn fulfil(&self) {
        let stage = &self.stage;
        loop {
            let wish = self.operator.borrow_mut().take_wish();
            let Some(wish) = wish else { break };
            match wish {
                Wish::Send(request) => {
                    if !self.ask(request) {
                        self.operator.borrow_mut().refused();
                    }
                }
                Wish::Offer(update, first) => self.offer(update, first),
                Wish::Check(update) => {
                    // Without power, nobody can look.
                    if stage.world.is_running() && !stage.world.firmware().holds(&update.image) {
                        let what = "the slot does not hold the image that the device speaks of";
                        stage.watch.complain(self.now(), what);
                    }
                }
                Wish::Complain(what) => stage.watch.complain(self.now(), what),
            }
        }
    }

    pub(super) fn ask(&self, request: Request<'p>) -> bool {
        let sent = self.stage.server.borrow_mut().request(ENDPOINT, request);
        self.stage
            .watch
            .tell(self.now(), || format!("** ask {}: {sent}", request.path()));
        sent
    }

    /// The servers have a new package.
    fn offer(&self, update: &'p Update, first: bool) {
        let stage = &self.stage;
        stage
            .watch
            .tell(self.now(), || format!("** offer, faults: {first}"));
        let firmware = stage.world.firmware();
        firmware.set_applied(update.applied);
        firmware.set_installed(Operator::installed(update, first));
        let image = Image::new(&update.image);
        let mut http = HttpServer::new("/fw", Release::new(image, "\"v1\""));
        let seed = stage.plan.seed ^ self.now().as_millis();
        for blocks in [stage.blocks, stage.secure_blocks] {
            let release = Release::new(image, "v1");
            let mut server = CoapFileServer::new(seed, "/fw", release)
                .with_credentials(Credentials::new(BLOCKS_CREDENTIALS));
            for fault in update.coap_faults.iter().filter(|_| first) {
                server.add_fault(*fault);
            }
            *blocks.borrow_mut() = server;
        }
        for fault in update.http_faults.iter().filter(|_| first) {
            http.add_fault(*fault);
        }
        *stage.http.borrow_mut() = http;
        self.settle();
    }

    /// Whether this kind of outage is on.
    pub(super) fn is_on(&self, outage: Outage) -> bool {
        let outages = self.outages.get();
        let until = outages.get(outage.index());
        until.is_some_and(|until| self.now() < *until)
    }

    /// What holds now, for the meter.
    fn take_stock(&self) {
        let stage = &self.stage;
        let (world, now) = (stage.world, self.now());
        let peer = {
            let server = stage.server.borrow();
            let registration = server.registration(ENDPOINT);
            registration
                .filter(|registration| registration.expires() > now)
                .map(|registration| registration.peer())
        };
        let is_open = |peer| {
            if stage.plan.queue_mode {
                world.is_running() && world.link().state() == LinkState::Up
            } else {
                world.reaches(stage.server_address, peer)
            }
        };
        let served = peer.is_some_and(is_open);
        let excuse = if served {
            Excuse::None
        } else if self.is_excused() {
            Excuse::Outage
        } else if now < self.off_until.get() {
            Excuse::Power
        } else {
            Excuse::None
        };
        let network = world.network().borrow();
        let datagrams = u64::from(network.uplink().sent) + u64::from(network.downlink().delivered);
        drop(network);
        let mut meter = self.meter.borrow_mut();
        meter.take(Now {
            at: now,
            served,
            excuse,
            datagrams,
        });
        if stage.watch.take_spoiled() {
            meter.spoiled();
        }
    }

    fn outcome(&self) -> Outcome {
        let (stage, meter) = (&self.stage, self.meter.borrow());
        let network = stage.world.network().borrow();
        let (up, down): (Traffic, Traffic) = (network.uplink(), network.downlink());
        let (served, unserved) = meter.totals();
        Outcome {
            seed: stage.plan.seed,
            complaints: stage.watch.take_complaints(),
            lines: stage.watch.take_lines(),
            worst_clear: meter.worst_clear(),
            worst_beyond: meter.worst_beyond(),
            worst_at: meter.worst_at(),
            served,
            unserved,
            datagrams: u64::from(up.sent) + u64::from(down.delivered),
            bytes: up.bytes_sent + down.bytes_delivered,
            wake_ups: meter.wake_ups(),
            boots: stage.watch.boots(),
            updates: self.operator.borrow().done() as u32,
            update_attempts: self.operator.borrow().all_attempts(),
            bootstraps: stage.bootstrap.borrow().statistics().finished,
            registers: stage.server.borrow().statistics().registers,
            power_cuts: stage.watch.power_cuts(),
        }
    }

    /// Whether an outage is in the way of service.
    fn is_excused(&self) -> bool {
        let (now, outages) = (self.now(), self.outages.get());
        let on = |outage: &Outage| {
            outages
                .get(outage.index())
                .is_some_and(|until| now < *until)
        };
        ALL_OUTAGES.iter().any(|o| o.ends_service() && on(o))
            || ALL_OUTAGES.iter().any(|o| o.ends_bootstrap() && on(o)) && self.needs_bootstrap()
    }

    /// Whether the device has no account that its server takes.
    fn needs_bootstrap(&self) -> bool {
        let stage = &self.stage;
        match stage.plan.provisioning {
            Provisioning::Factory => false,
            // There is no key to tell it by.
            Provisioning::BootstrapPlain => {
                stage.bootstrap.borrow().statistics().finished <= self.void_bootstraps.get()
            }
            Provisioning::Bootstrap => {
                let key = self.server_key();
                let holds = |tag| {
                    let keys = stage.world.keys();
                    keys.holds(SecurityTag(tag), CredentialKind::Psk, key)
                };
                !SPARE_TAGS.clone().any(holds)
            }
        }
    }

    /// The key that the management server takes.
    pub(super) fn server_key(&self) -> &'p [u8] {
        let keys = &self.stage.plan.server_keys;
        keys.get(self.key.get()).map_or(&[], |key| key.as_slice())
    }

    /// When something happens that is not the device's doing.
    fn next_scene(&self) -> Instant {
        let now = self.now();
        let weather = self.stage.plan.weather.get(self.next_stroke.get());
        let outages = self.outages.get();
        let ends = outages.iter().copied().filter(|until| *until > now);
        let last = if now < END { END } else { now + secs(MINUTE) };
        ends.chain(weather.map(|(at, _)| *at))
            .chain([
                self.operator.borrow().next(),
                self.next_measure.get(),
                self.restart_at.get(),
                last,
            ])
            .min()
            .unwrap_or(last)
    }

    /// Plays the scenes, one after the other.
    async fn direct(&self, handle: Option<Handle<'_, '_, Objects<'_>>>) {
        loop {
            let at = self.next_scene();
            self.stage.world.sleep_until(at).await;
            self.play(handle);
        }
    }

    fn play(&self, handle: Option<Handle<'_, '_, Objects<'_>>>) {
        let now = self.now();
        self.settle();
        while let Some((at, stroke)) = self.stage.plan.weather.get(self.next_stroke.get())
            && *at <= now
        {
            self.next_stroke.set(self.next_stroke.get() + 1);
            self.stage.watch.tell(now, || format!("** {stroke:?}"));
            self.befall(*stroke, handle);
        }
        if self.restart_at.get() <= now {
            self.restart_at.set(Instant::FAR_FUTURE);
            self.crashes.set(true);
        }
        if self.next_measure.get() <= now {
            self.next_measure.set(now + self.stage.plan.measures_every);
            if let Some(handle) = handle {
                // It is not in use: nothing else runs now.
                let _ = handle.changed(Path::resource(3, 0, 9));
            }
        }
        if self.operator.borrow().next() <= now || now >= END {
            self.operator.borrow_mut().look(now, now >= END);
            self.fulfil();
        }
    }
}

const ALL_OUTAGES: [Outage; OUTAGES] = [
    Outage::Coverage,
    Outage::Network,
    Outage::ServerUnreachable,
    Outage::ServerSilent,
    Outage::ServerRefuses(Code::EMPTY),
    Outage::ServerDoor(Door::Open),
    Outage::ServerName,
    Outage::BootstrapSilent,
    Outage::BootstrapRefuses(Code::EMPTY),
    Outage::BootstrapUnreachable,
    Outage::Firmware,
];

impl Companion for Life<'_, '_, '_> {
    async fn accompany(&self, handle: Handle<'_, '_, Objects<'_>>) {
        self.direct(Some(handle)).await;
    }
}

//! One life, from the first start of the device to the end of its days.

use core::cell::{Cell, RefCell};

use carrier_mock::server::Conduct;
use carrier_mock::world::Door;
use lwm2m_carrier::driver::{Handle, blocking};
use lwm2m_core::model::Path;
use lwm2m_core::time::{Duration, Instant};

use super::device::{self, Companion, Objects};
use super::operator::Operator;
use super::plan::{DAY, DAYS, HOUR, MINUTE, secs};
use super::service::Meter;
use super::stage::Stage;
use super::strike::Behaviour;
use super::weather::OUTAGES;

/// When a life ends, unless the device is without service then.
pub(super) const END: Instant = Instant::from_millis(DAYS * DAY * 1000);
/// It is waited for so long then.
const PATIENCE: Duration = Duration::from_secs(28 * HOUR);

/// A life that is being lived.
pub(super) struct Life<'a, 'w, 'p> {
    pub(super) stage: Stage<'a, 'w, 'p>,
    pub(super) operator: RefCell<Operator<'p>>,
    pub(super) meter: RefCell<Meter>,
    /// The next stroke of the weather.
    pub(super) next_stroke: Cell<usize>,
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
    pub(super) fn new(stage: Stage<'a, 'w, 'p>) -> Self {
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

    pub(super) fn now(&self) -> Instant {
        self.stage.world.now()
    }

    /// Lives it.
    pub(super) fn live(&self) {
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
        // Something may have ended in the moment in which the device has restarted.
        self.settle();
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

impl Companion for Life<'_, '_, '_> {
    async fn accompany(&self, handle: Handle<'_, '_, Objects<'_>>) {
        self.direct(Some(handle)).await;
    }
}

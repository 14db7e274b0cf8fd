//! A device, its servers and the network between them, on one virtual clock.
//!
//! Time moves only inside the futures of the device's clock ([`DeviceClock`]) and of
//! [`World::sleep`]: each poll takes the world one step further, to the earliest of all deadlines that anybody waits for and
//! of the next thing that happens by itself (a datagram arrives, a server sends again, coverage is lost). So a run is
//! the same under every executor, and under a loop that only polls.
//!
//! A device, or a server, that goes round and round while time stands still would hang a test: after 100,000 steps at one
//! instant the world panics, and says at which.
//!
//! A device whose power has failed, or which has reset itself, executes nothing: its futures never go on. Whoever runs
//! it notices by [`World::until`], drops the driver, and calls [`World::reboot`].

pub(crate) mod listener;
mod outside;
mod run;
mod standstill;
mod step;
mod timers;

use core::cell::{Cell, RefCell};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use heapless::Vec;
use lwm2m_carrier::hal::{CredentialKind, Hal, LinkState, SecurityTag};
use lwm2m_core::time::{Duration, Instant, UnixTime};

pub use listener::{Door, Guard, StreamGuard};
pub use run::{Run, Stop};

use self::listener::{Listener, StreamListener};
use self::standstill::Standstill;
use self::timers::Timers;
use crate::clock::Clock;
use crate::flash::{AnyFlash, Flash};
use crate::modem::{
    DeviceClock, DeviceFirmware, DeviceRandom, DeviceReset, DeviceStorage, FirmwareModel, Identity,
    KeyTable, LinkModel, ModemFirmware, ModemInfo, ModemKeys, ModemLink, ModemSessions,
    SessionTable, StreamTable,
};
use crate::network::{Network, Path};
use crate::random::Pcg32;
use crate::recorder::{Direction, Entry, MessageHead, Recorder};

/// Bytes of the longest datagram.
pub const DATAGRAM: usize = 1280;
/// Servers that a world can have.
pub const MAX_SERVERS: usize = 8;
/// Names that a world can have.
pub const MAX_NAMES: usize = 8;
/// Pages of the device's flash, 4,096 bytes each.
pub const FLASH_PAGES: usize = 4;

/// The device's address. Servers have others.
pub const DEVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// The network: a datagram of a secure session has one byte in front.
type WorldNetwork = Network<16, { DATAGRAM + 1 }>;

/// All parts of the simulated device, as a driver takes them.
pub type Device<'a, 'w> = Hal<
    ModemLink<'a, 'w>,
    ModemKeys<'a, 'w>,
    ModemSessions<'a, 'w>,
    DeviceStorage<'a, 'w>,
    DeviceClock<'a, 'w>,
    DeviceRandom<'a, 'w>,
    DeviceReset<'a, 'w>,
    DeviceFirmware<'a, 'w>,
    ModemInfo<'a, 'w>,
>;

/// The list is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooMany;

/// Everything there is.
///
/// ```
/// use core::cell::RefCell;
/// use carrier_mock::server::{ManagementServer, Request};
/// use carrier_mock::world::{Guard, World};
///
/// let script = [Request::read("/3/0")];
/// let server = RefCell::new(ManagementServer::new(1, &script));
/// let world = World::new(7);
/// let address = "192.0.2.1:5683".parse().unwrap();
/// world.add_server("lwm2m.example", address, Guard::Plain, &server).unwrap();
/// let device = world.device();
/// # let _ = device;
/// ```
pub struct World<'w> {
    clock: Clock,
    /// The world's time of the device's boot.
    booted_at: Cell<Instant>,
    unix_time_at_zero: Cell<Option<UnixTime>>,
    horizon: Cell<Instant>,
    timers: RefCell<Timers>,
    standstill: Standstill,
    /// Something waits for the device: the clock stands still for one poll of its driver.
    attention: Cell<bool>,
    /// Steps in a row in which nothing could happen any more.
    idle: Cell<u8>,
    powered: Cell<bool>,
    reset: Cell<bool>,
    application: Cell<bool>,
    network: RefCell<WorldNetwork>,
    listeners: RefCell<Vec<Listener<'w>, MAX_SERVERS>>,
    stream_listeners: RefCell<Vec<StreamListener<'w>, MAX_SERVERS>>,
    doors: RefCell<Vec<(SocketAddr, Door), MAX_SERVERS>>,
    names: RefCell<Vec<(&'w str, Option<IpAddr>), MAX_NAMES>>,
    recorder: Cell<Option<&'w dyn Recorder>>,
    pub(crate) flash: RefCell<Flash<FLASH_PAGES>>,
    pub(crate) firmware: RefCell<FirmwareModel<'w>>,
    pub(crate) link: RefCell<LinkModel>,
    pub(crate) keys: RefCell<KeyTable>,
    pub(crate) sessions: RefCell<SessionTable>,
    pub(crate) streams: RefCell<StreamTable>,
    pub(crate) random: RefCell<Pcg32>,
    pub(crate) identity: Cell<Identity<'w>>,
}

impl<'w> World<'w> {
    /// A world without servers, its network with a delay of 50 ms each way, its key store writable offline alone.
    /// `seed` decides every chance.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut network = Network::new(DEVICE, seed);
        let delay = Duration::from_millis(50);
        network.set_paths(Path::perfect().delay(delay, delay));
        Self {
            clock: Clock::new(),
            booted_at: Cell::new(Instant::ZERO),
            unix_time_at_zero: Cell::new(None),
            horizon: Cell::new(Instant::FAR_FUTURE),
            timers: RefCell::default(),
            standstill: Standstill::default(),
            attention: Cell::new(false),
            idle: Cell::new(0),
            powered: Cell::new(true),
            reset: Cell::new(false),
            application: Cell::new(false),
            network: RefCell::new(network),
            listeners: RefCell::default(),
            stream_listeners: RefCell::default(),
            doors: RefCell::default(),
            names: RefCell::default(),
            recorder: Cell::new(None),
            flash: RefCell::new(Flash::new(seed)),
            firmware: RefCell::default(),
            link: RefCell::default(),
            keys: RefCell::default(),
            sessions: RefCell::default(),
            // Streams of their own, so that the network's chances do not follow the device's numbers.
            random: RefCell::new(Pcg32::with_stream(seed, 1)),
            streams: RefCell::new(StreamTable::new(Pcg32::with_stream(seed, 2))),
            identity: Cell::default(),
        }
    }

    /// Hands everything that happens from now on to `recorder`.
    pub fn set_recorder(&self, recorder: &'w dyn Recorder) {
        self.recorder.set(Some(recorder));
    }

    /// Sets what the modem says of itself.
    pub fn set_identity(&self, identity: Identity<'w>) {
        self.identity.set(identity);
    }

    /// Sets the date at the world's time zero; `None`: the device does not know the date.
    pub fn set_unix_time_at_zero(&self, date: Option<UnixTime>) {
        self.unix_time_at_zero.set(date);
    }

    /// Lets the date jump by so many seconds, forwards or backwards, as when the network corrects it; time since the boot
    /// goes on as ever. A date that is not known stays so.
    pub fn jump_clock(&self, seconds: i64) {
        let jumped = |date: UnixTime| {
            let date = date.as_secs().saturating_add(seconds);
            UnixTime::from_secs(date)
        };
        self.unix_time_at_zero
            .set(self.unix_time_at_zero.get().map(jumped));
    }

    /// Stops the clock at `horizon`: [`until`](Self::until) then answers [`Stop::Horizon`].
    pub fn set_horizon(&self, horizon: Instant) {
        self.horizon.set(horizon);
    }

    /// The network, to set its quality and read its counters.
    #[must_use]
    pub const fn network(&self) -> &RefCell<WorldNetwork> {
        &self.network
    }

    /// Makes the NAT forget all its bindings now: servers of datagrams see the device on new ports and reach it no more on
    /// the old ones; streams are cut, which the device hears of when it sends.
    pub fn rebind_nat(&self) {
        self.network.borrow_mut().rebind_nat();
    }

    /// Makes the NAT forget each binding of a port from which the device has sent no datagram for `timeout`, at least 1 ms;
    /// [`Duration::MAX`], the default: never.
    pub fn set_nat_timeout(&self, timeout: Duration) {
        self.network.borrow_mut().set_nat_timeout(timeout);
    }

    /// The device's flash, to script power cuts and read its counters.
    #[must_use]
    pub const fn flash(&self) -> &RefCell<Flash<FLASH_PAGES>> {
        &self.flash
    }

    /// Gives the device a second flash, for firmware: three pages at least, two of which are not for the package. Before
    /// [`device`](Self::device).
    pub fn set_firmware_flash(&self, flash: &'w RefCell<dyn AnyFlash + 'w>) {
        self.firmware.borrow_mut().flash = Some(flash);
    }

    /// All parts of the device, for a driver. Made anew for each boot.
    #[must_use]
    pub fn device(&self) -> Device<'_, 'w> {
        Hal {
            link: self.link(),
            keys: self.keys(),
            sessions: self.sessions(),
            storage: DeviceStorage::new(self),
            clock: DeviceClock::new(self),
            random: DeviceRandom::new(self),
            reset: DeviceReset::new(self),
            firmware: DeviceFirmware::new(self),
            modem: self.modem_info(),
        }
    }

    /// The link.
    #[must_use]
    pub const fn link(&self) -> ModemLink<'_, 'w> {
        ModemLink::new(self)
    }

    /// The key store.
    #[must_use]
    pub const fn keys(&self) -> ModemKeys<'_, 'w> {
        ModemKeys::new(self)
    }

    /// The sockets.
    #[must_use]
    pub const fn sessions(&self) -> ModemSessions<'_, 'w> {
        ModemSessions::new(self)
    }

    /// The script of the firmware slot.
    #[must_use]
    pub const fn firmware(&self) -> ModemFirmware<'_, 'w> {
        ModemFirmware::new(self)
    }

    /// What the modem says of itself.
    #[must_use]
    pub const fn modem_info(&self) -> ModemInfo<'_, 'w> {
        ModemInfo::new(self)
    }

    /// The world's time; it goes on through reboots.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Time since the device's boot.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.now().since(self.booted_at.get())
    }

    /// Counts something that a loop without end would do over and over at one instant.
    pub(crate) fn count_step(&self) {
        self.standstill.step(self.now());
    }

    /// The date, where the device knows it.
    #[must_use]
    pub fn unix_time(&self) -> Option<UnixTime> {
        crate::modem::date(self.unix_time_at_zero.get(), self.now())
    }

    /// Whether the device executes: it has power and has not reset itself.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.powered.get() && !self.reset.get()
    }

    /// Cuts the device's power. Servers and network go on.
    pub fn power_off(&self) {
        if !self.powered.replace(false) {
            return;
        }
        if let Ok(mut flash) = self.flash.try_borrow_mut() {
            flash.power_off();
        }
        self.firmware.borrow().power_off();
        self.record(Entry::PowerLost);
        self.drop_streams();
    }

    /// Boots the device, after a power loss, a reset or in mid-air: sockets, link and waits are gone, key store and
    /// flash are as they were, and applied firmware is installed. The old driver must have been dropped.
    pub fn reboot(&self) {
        let mut flash = self.flash.borrow_mut();
        flash.power_off();
        flash.power_on();
        let firmware = self.firmware.borrow();
        firmware.power_off();
        firmware.power_on();
        drop(firmware);
        self.install_firmware();
        self.link.borrow_mut().restart();
        self.sessions.borrow_mut().clear();
        self.drop_streams();
        self.timers.borrow_mut().clear();
        self.powered.set(true);
        self.reset.set(false);
        self.attention.set(false);
        self.application.set(false);
        self.booted_at.set(self.now());
        self.record(Entry::Boot);
    }

    /// Records something, at the world's time.
    pub fn record(&self, entry: Entry) {
        if let Some(recorder) = self.recorder.get() {
            recorder.record(self.now(), entry);
        }
    }

    /// Says whether the application is at work, inside its event handler: what it writes to the key store is then
    /// recorded as its own.
    pub fn set_application_acting(&self, acting: bool) {
        self.application.set(acting);
    }

    pub(crate) fn is_application_acting(&self) -> bool {
        self.application.get()
    }

    /// Installs what was applied, as a restart does.
    pub(crate) fn install_firmware(&self) {
        let version = self.firmware.borrow_mut().restart();
        if let Some(firmware_version) = version {
            self.identity.set(Identity {
                firmware_version,
                ..self.identity.get()
            });
        }
    }

    pub(crate) fn request_reset(&self) {
        self.reset.set(true);
        self.record(Entry::Reset);
    }

    pub(crate) fn record_message(&self, direction: Direction, server: SocketAddr, data: &[u8]) {
        if self.recorder.get().is_some()
            && let Some(head) = MessageHead::parse(data)
        {
            self.record(Entry::Message {
                direction,
                server,
                head,
            });
        }
    }

    /// The link is in another state.
    pub(crate) fn link_changed(&self, state: LinkState) {
        if state != LinkState::Up {
            self.sessions.borrow_mut().clear();
            self.drop_streams();
        }
        self.record(Entry::Link(state));
        self.call_attention();
    }

    /// Lets the device's driver look around before the clock moves again.
    pub(crate) fn call_attention(&self) {
        self.attention.set(true);
    }

    pub(crate) fn has_psk(&self, tag: SecurityTag) -> bool {
        let keys = self.keys.borrow();
        let has = |kind| keys.bytes(tag, kind).is_some();
        has(CredentialKind::Psk) && has(CredentialKind::PskIdentity)
    }
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now())
            .field("link", &self.link.borrow().state())
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}

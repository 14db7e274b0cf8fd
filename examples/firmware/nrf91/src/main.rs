//! A device on an nRF9160 or nRF9151: it bootstraps, registers, offers the modem's temperature as object 3303, and takes
//! updates of the modem's firmware and of itself. What it is told goes to a `defmt` log.
//!
//! Charts 1 and 2 of the project are what happens from [`Runner::init`](lwm2m_carrier::driver::Runner::init) on.

#![no_std]
#![no_main]

mod application;
mod board;
mod clock;
mod fault;
mod profile;
mod sensor;
mod shared;
mod signed;
mod watchdog;

use core::pin::pin;

use carrier_nrf91::firmware::{DeltaFirmware, FirmwareByKind, LONGEST_WAIT, ModemStarts};
use carrier_nrf91::modem::nrf_modem::{self, ConnectionPreference, SystemMode};
use carrier_nrf91::modem::{
    ModemAt, ModemDelta, ModemNotifications, ModemSockets, NotificationStream, start_failure,
};
use carrier_nrf91::{
    LinkSettings, LteLink, ModemFacts, ModemKeys, ModemSessions, NetworkClock, NetworkTime,
    RandomBy, ResetBy, SessionCache, SessionSettings,
};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_futures::select::select;
use embassy_sync::mutex::Mutex;
use lwm2m_carrier::Carrier;
use lwm2m_carrier::driver::Shared;
use lwm2m_carrier::fota::Fota;
use lwm2m_carrier::hal::{Clock, Hal, RecordId, SecurityTag};
use lwm2m_carrier::storage::FlashStorage;
use lwm2m_core::client::Resources;
use lwm2m_core::time::Duration;
use panic_probe as _;
use static_cell::ConstStaticCell;
use tinyrlibc as _;

use application::Application;
use board::Board;
use clock::TimerClock;
use profile::PROFILE;
use sensor::{Sensors, Things};
use shared::SharedStorage;
use signed::Signed;

/// Where the modem's credentials are put together: certificates in PEM have up to 4 KiB.
/// Messages and records. A few bytes more than datagrams have, for the modem's sockets.
static MESSAGES: ConstStaticCell<[u8; MESSAGE]> = ConstStaticCell::new([0; MESSAGE]);
const MESSAGE: usize = 1284;
/// Bytes of the longest record, its key in a word before it.
const RECORD: usize = MESSAGE + 4;
/// Where firmware gathers: what the modem takes at once.
static PACKAGE: ConstStaticCell<[u8; 2048]> = ConstStaticCell::new([0; 2048]);

/// The records that tell whether an update was carried out, of the modem and of the application, and which was begun last;
/// those up to 15 are the library's.
const MODEM_UPDATE: RecordId = RecordId(16);
const APPLICATION_UPDATE: RecordId = RecordId(17);
const KIND_OF_UPDATE: RecordId = RecordId(18);
/// The record of starts of the modem that have failed.
const STARTS: RecordId = RecordId(19);

/// From an initialisation that has failed to the next one.
const RETRY: Duration = Duration::from_secs(60);

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let board = Board::new();
    let mode = SystemMode {
        lte_support: true,
        lte_psm_support: true,
        nbiot_support: true,
        gnss_support: false,
        preference: ConnectionPreference::None,
    };
    let (time, cache) = (NetworkTime::new(), SessionCache::new());
    let (flash, clock) = (board.flash, board.clock);
    let Ok(records) = FlashStorage::<_, RECORD>::with_buffer(board::records(&flash)) else {
        defmt::error!("the flash is not what it should be");
        clock.pause_and_restart(LONGEST_WAIT).await;
    };
    let records = Mutex::new(records);
    let storage = || SharedStorage(&records);
    let Ok(slot) = board::slot(&flash, storage(), APPLICATION_UPDATE) else {
        defmt::error!("the flash is too small");
        clock.pause_and_restart(LONGEST_WAIT).await;
    };
    let init = nrf_modem::init_with_custom_layout(mode, board::shared_memory()).await;
    let mut starts = ModemStarts::new(storage(), MODEM_UPDATE, STARTS);
    if let Err(error) = init {
        // It can be initialised once only after a start of the processor.
        let wait = starts.failed(start_failure(&error)).await;
        defmt::error!(
            "no modem: {}; restarts in {} s",
            defmt::Debug2Format(&error),
            wait.as_secs()
        );
        clock.pause_and_restart(wait).await;
    }
    starts.succeeded().await;

    let delta = DeltaFirmware::new(ModemDelta::new(), storage(), TimerClock, MODEM_UPDATE);
    let notifications = pin!(NotificationStream::new().await);
    let mut random = board.random;
    let mut hal = Hal {
        link: LteLink::new(
            ModemAt::new(),
            ModemNotifications::listen(notifications).await,
            TimerClock,
            &time,
            const { &LinkSettings::new() },
        ),
        keys: ModemKeys::new(ModemAt::new())
            .with_tags(PROFILE.first_tag..=SecurityTag(PROFILE.first_tag.0 + 16))
            .with_session_cache(&cache),
        // The bootstrap server, a server, and one for firmware.
        sessions: ModemSessions::<_, _, 3>::new(
            ModemSockets::new(),
            TimerClock,
            &cache,
            const { &SessionSettings::new() },
        ),
        storage: storage(),
        clock: NetworkClock::new(clock, &time),
        random: RandomBy::new(move |bytes: &mut [u8]| random.blocking_fill_bytes(bytes)),
        reset: ResetBy::new(|| board::restart()),
        firmware: FirmwareByKind::new(delta, slot, board::MAP, storage(), KIND_OF_UPDATE),
        modem: ModemFacts::new(ModemAt::new()),
    };

    let mut resources = Resources::<2, 4, 4, 4>::new();
    let mut endpoint = [0; 64];
    // For images of the application: the modem verifies its packages itself.
    let mut verifier = Signed::new();
    let mut fota = Fota::new(PACKAGE.take(), &mut verifier);
    let config = PROFILE.config("");
    let carrier = Carrier::new(&mut resources, &PROFILE, config, &mut hal.random)
        .with_endpoint_from_modem(&mut endpoint)
        .with_firmware(&mut fota);
    let mut things = Things::new();
    let shared = Shared::new(carrier, &mut things);
    let mut runner = shared.runner(hal, Application, MESSAGES.take());

    // Chart 1: returns with the link up.
    while let Err(error) = runner.init().await {
        defmt::error!("init: {}", error);
        let clock = &mut runner.hal().clock;
        let until = clock.now() + RETRY;
        clock.wait(until).await;
    }
    let mut sensors = Sensors::new(shared.handle());
    sensors.measure().await;
    // Chart 2, and all that follows. Neither side ends.
    select(runner.run(), sensors.run()).await;
}

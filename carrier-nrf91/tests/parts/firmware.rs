use core::cell::{Cell, RefCell};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::BTreeMap;
use std::rc::Rc;

use carrier_nrf91::firmware::{
    DIRTY, DeltaError, DeltaFirmware, DeltaInterface, ModemStarts, StartFailure, UUID,
};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Applied, Clock, Firmware, FirmwareErrorKind, Installed, RecordId, Storage, StorageError,
    StorageErrorKind,
};

use lwm2m_core::time::Instant;

use crate::double::{VirtualClock, pending_once, run};

const OLD: [u8; UUID] = *b"dca5e0c9-0000-4000-8000-000000000001";
/// What the modem answers when its power fails in the middle of a call.
const GONE: DeltaError = DeltaError(-5);
const NEW: [u8; UUID] = *b"dca5e0c9-0000-4000-8000-000000000002";

/// The interface as its header describes it.
#[derive(Clone)]
pub(crate) struct Modem(Rc<RefCell<State>>);

struct State {
    /// The library is initialised: every call answers -NRF_EPERM before.
    started: bool,
    uuid: [u8; UUID],
    area: u32,
    image: Vec<u8>,
    dirty: bool,
    /// Calls that an erasure still takes.
    erasing: u32,
    receiving: bool,
    scheduled: bool,
    fault: Option<i32>,
    erased: u32,
    power: Power,
    /// Looks at the header of a package.
    particular: bool,
}

/// Power that fails in a change with a given number, of the modem's flash or of a record; then nothing changes any more.
#[derive(Clone, Default)]
pub(crate) struct Power(Rc<Cell<Option<u32>>>);

impl Power {
    /// Fails in the change with this number, counted from 0.
    pub(crate) fn cut(&self, change: u32) {
        self.0.set(Some(change));
    }

    /// Is there again; a failure that has not come yet still comes.
    fn restore(&self) {
        if self.0.get() == Some(0) {
            self.0.set(None);
        }
    }

    /// A change: `false` when the power fails in it.
    fn lasts(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.map(|left| left.saturating_sub(1)));
        left != Some(0)
    }
}

impl Default for Modem {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(State {
            started: true,
            uuid: OLD,
            area: 300_000,
            image: Vec::new(),
            dirty: false,
            erasing: 0,
            receiving: false,
            scheduled: false,
            fault: None,
            erased: 0,
            power: Power::default(),
            particular: false,
        })))
    }
}

impl Modem {
    /// One that takes nothing but a delta update, whose area of `area` bytes is to be erased first or not, on a power supply.
    pub(crate) fn particular(area: u32, dirty: bool, power: Power) -> Self {
        let modem = Self::default();
        {
            let mut state = modem.0.borrow_mut();
            (state.area, state.dirty, state.power) = (area, dirty, power);
            state.particular = true;
        }
        modem
    }

    /// Size of the area, in bytes.
    pub(crate) fn area(&self) -> u32 {
        self.0.borrow().area
    }

    /// What lies in the area.
    pub(crate) fn image(&self) -> Vec<u8> {
        self.0.borrow().image.clone()
    }

    /// How often the area was erased.
    pub(crate) fn erased(&self) -> u32 {
        self.0.borrow().erased
    }

    /// A power loss: what was written stays.
    pub(crate) fn lose_power(&self) {
        let mut state = self.0.borrow_mut();
        state.receiving = false;
        state.power.restore();
    }

    fn settled(&self) -> Result<core::cell::RefMut<'_, State>, DeltaError> {
        let mut state = self.0.borrow_mut();
        if !state.started {
            return Err(DeltaError::PERM);
        }
        if state.erasing > 0 {
            state.erasing -= 1;
            if state.erasing == 0 {
                state.image.clear();
                state.dirty = false;
            }
            return Err(DeltaError::ERASE_PENDING);
        }
        Ok(state)
    }

    /// The modem starts again, with the update; what `nrf_modem_init` returns.
    fn restart(&self, works: bool) -> i32 {
        let mut state = self.0.borrow_mut();
        state.receiving = false;
        state.started = true;
        if core::mem::take(&mut state.scheduled) {
            state.dirty = true;
            if works {
                state.uuid = NEW;
            } else {
                state.started = false;
                return -5;
            }
        }
        0
    }

    /// The modem starts again at a voltage that is too low; what `nrf_modem_init` returns.
    fn restart_at_low_voltage(&self) -> i32 {
        let mut state = self.0.borrow_mut();
        state.receiving = false;
        state.started = !state.scheduled;
        if state.scheduled { -11 } else { 0 }
    }
}

impl DeltaInterface for Modem {
    fn uuid(&mut self) -> Result<[u8; UUID], DeltaError> {
        Ok(self.settled()?.uuid)
    }

    fn offset(&mut self) -> Result<u32, DeltaError> {
        let state = self.settled()?;
        Ok(if state.dirty {
            DIRTY
        } else {
            state.image.len() as u32
        })
    }

    fn area(&mut self) -> Result<u32, DeltaError> {
        Ok(self.settled()?.area)
    }

    fn write_init(&mut self) -> Result<(), DeltaError> {
        let mut state = self.settled()?;
        if state.dirty {
            return Err(DeltaError(11));
        }
        if core::mem::replace(&mut state.receiving, true) {
            return Err(DeltaError::ALREADY);
        }
        Ok(())
    }

    fn write(&mut self, part: &[u8]) -> Result<(), DeltaError> {
        let mut state = self.settled()?;
        if let Some(number) = state.fault {
            return Err(DeltaError(number));
        }
        if !state.receiving || part.len() > 2048 {
            return Err(DeltaError(18));
        }
        if !state.power.lasts() {
            // The modem's flash has taken a part of it.
            state.image.extend_from_slice(&part[..part.len() / 2]);
            return Err(GONE);
        }
        state.image.extend_from_slice(part);
        if state.particular && state.image.get(4..8).is_some_and(|it| it != b"meDu") {
            return Err(DeltaError(3));
        }
        Ok(())
    }

    fn write_done(&mut self) -> Result<(), DeltaError> {
        let mut state = self.settled()?;
        if !core::mem::take(&mut state.receiving) {
            return Err(DeltaError(18));
        }
        Ok(())
    }

    fn erase(&mut self) -> Result<(), DeltaError> {
        let mut state = self.settled()?;
        if !state.power.lasts() {
            // What is half erased has to be erased anew.
            state.dirty = true;
            return Err(GONE);
        }
        state.erasing = 4;
        state.erased += 1;
        Ok(())
    }

    fn update(&mut self) -> Result<(), DeltaError> {
        let mut state = self.settled()?;
        if state.receiving || state.image.is_empty() {
            return Err(DeltaError(21));
        }
        if !state.power.lasts() {
            return Err(GONE);
        }
        state.scheduled = true;
        Ok(())
    }
}

/// Records, and a power that fails at the n-th change.
#[derive(Clone, Default)]
pub(crate) struct Record(Rc<RefCell<Stored>>);

/// The records, how many changes the power lasts for, a power supply that they share with others, and whether they can be
/// read.
type Stored = (BTreeMap<RecordId, Vec<u8>>, Option<u32>, Power, Cell<bool>);

impl Record {
    /// On a power supply.
    pub(crate) fn powered(power: Power) -> Self {
        let record = Self::default();
        record.0.borrow_mut().2 = power;
        record
    }

    /// Reading fails from now on, or no longer.
    pub(crate) fn set_unreadable(&self, unreadable: bool) {
        self.0.borrow().3.set(unreadable);
    }

    fn change(&self, id: RecordId, record: Option<Vec<u8>>) -> Result<(), StorageError> {
        let mut state = self.0.borrow_mut();
        if !state.2.lasts() {
            return Err(StorageError::new(StorageErrorKind::Io, 5));
        }
        match &mut state.1 {
            Some(0) => return Err(StorageError::new(StorageErrorKind::Io, 5)),
            Some(left) => *left -= 1,
            None => {}
        }
        match record {
            Some(record) => state.0.insert(id, record),
            None => state.0.remove(&id),
        };
        Ok(())
    }
}

impl Storage for Record {
    async fn load(
        &mut self,
        id: RecordId,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let state = self.0.borrow();
        if state.3.get() {
            return Err(StorageError::new(StorageErrorKind::Io, 5));
        }
        Ok(state.0.get(&id).map(|record| {
            buffer[..record.len()].copy_from_slice(record);
            record.len()
        }))
    }

    async fn store(&mut self, id: RecordId, record: &[u8]) -> Result<(), StorageError> {
        self.change(id, Some(record.to_vec()))
    }

    async fn delete(&mut self, id: RecordId) -> Result<(), StorageError> {
        self.change(id, None)
    }
}

const UPDATE: RecordId = RecordId(17);
const STARTS: RecordId = RecordId(18);

#[derive(Default)]
struct World {
    modem: Modem,
    record: Record,
    clock: VirtualClock,
}

impl World {
    fn boot(&self) -> DeltaFirmware<Modem, Record, VirtualClock> {
        let (modem, record) = (self.modem.clone(), self.record.clone());
        DeltaFirmware::new(modem, record, self.clock.clone(), UPDATE)
    }

    /// What a device does with what `nrf_modem_init` has returned; the seconds that it waits before it restarts.
    fn start(&self, returned: i32) -> Option<u64> {
        let mut starts = ModemStarts::new(self.record.clone(), UPDATE, STARTS);
        if returned == 0 {
            run(starts.succeeded());
            return None;
        }
        let failure = StartFailure::from_returned(returned);
        Some(run(starts.failed(failure)).as_secs())
    }

    /// A package of 5000 bytes, complete.
    fn received(&self) -> DeltaFirmware<Modem, Record, VirtualClock> {
        let mut firmware = self.boot();
        assert_eq!(run(firmware.begin(Some(5000), false)), Ok(0));
        run(firmware.write(0, &[1; 3000])).unwrap();
        run(firmware.write(3000, &[2; 2000])).unwrap();
        run(firmware.finish(5000)).unwrap();
        firmware
    }
}

#[test]
fn a_package_is_finished_again_after_the_call_was_dropped() {
    let (modem, record) = (Modem::default(), Record::default());
    let clock = VirtualClock::default();
    let id = RecordId(16);
    let mut slot = DeltaFirmware::new(modem, record, clock, id);
    assert_eq!(run(slot.begin(Some(3), false)), Ok(0));
    run(slot.write(0, &[1, 2, 3])).unwrap();
    run(slot.finish(3)).unwrap();
    run(slot.finish(3)).unwrap();
    assert_eq!(run(slot.apply()), Ok(Applied::RebootRequired));
}

#[test]
fn update_is_told_by_the_uuid() {
    let world = World::default();
    let mut firmware = world.received();
    assert_eq!(world.modem.0.borrow().image.len(), 5000);
    assert_eq!(run(firmware.apply()), Ok(Applied::RebootRequired));
    world.modem.restart(true);
    let mut firmware = world.boot();
    assert_eq!(run(firmware.outcome()), Ok(Installed::Yes));
    assert_eq!(run(firmware.outcome()), Ok(Installed::Yes));
}

#[test]
fn update_that_the_modem_gives_up_has_failed() {
    let world = World::default();
    run(world.received().apply()).unwrap();
    let returned = world.modem.restart(false);
    assert_eq!(world.start(returned), Some(0), "restarts at once");
    // Before the restart the modem tells nothing.
    assert_eq!(run(world.boot().outcome()), Ok(Installed::Failed));
    let returned = world.modem.restart(false);
    assert_eq!(world.start(returned), None);
    let mut firmware = world.boot();
    assert_eq!(run(firmware.outcome()), Ok(Installed::Failed));
    assert_eq!(run(firmware.outcome()), Ok(Installed::Failed));
    // The next package is a new one.
    run(firmware.begin(Some(5000), false)).unwrap();
    assert_eq!(run(firmware.outcome()), Ok(Installed::NotYet));
}

#[test]
fn update_that_failed_before_it_was_noted_as_told_has_failed() {
    let world = World::default();
    let mut firmware = world.received();
    world.record.0.borrow_mut().1 = Some(1);
    assert!(run(firmware.apply()).is_err());
    world.record.0.borrow_mut().1 = None;
    assert_eq!(world.start(world.modem.restart(false)), Some(0));
    assert_eq!(world.start(world.modem.restart(false)), None);
    assert_eq!(run(world.boot().outcome()), Ok(Installed::Failed));
}

#[test]
fn update_is_carried_out_once_the_voltage_suffices() {
    for (works, expected) in [(true, Installed::Yes), (false, Installed::Failed)] {
        let world = World::default();
        run(world.received().apply()).unwrap();
        for wait in [60, 120, 240] {
            let returned = world.modem.restart_at_low_voltage();
            assert_eq!(world.start(returned), Some(wait));
            assert_eq!(run(world.boot().outcome()), Ok(Installed::NotYet));
        }
        if world.start(world.modem.restart(works)).is_some() {
            assert_eq!(world.start(world.modem.restart(works)), None);
        }
        assert_eq!(run(world.boot().outcome()), Ok(expected));
    }
}

#[test]
fn a_modem_that_goes_on_failing_is_tried_ever_more_slowly() {
    // A crash at the start, without an update; not enough memory.
    for returned in [-5, -12] {
        let world = World::default();
        for wait in [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600] {
            assert_eq!(world.start(returned), Some(wait));
        }
        for _ in 0..300 {
            assert_eq!(world.start(returned), Some(3600));
        }
        assert_eq!(world.start(0), None);
        assert_eq!(world.start(returned), Some(10));
    }
    // A failed update makes no loop either.
    let world = World::default();
    run(world.received().apply()).unwrap();
    assert_eq!(world.start(-5), Some(0));
    assert_eq!(world.start(-5), Some(10));
    assert_eq!(world.start(-5), Some(20));
}

#[test]
fn a_failed_start_that_cannot_be_noted_makes_no_loop() {
    for returned in [-11, -5, -12] {
        let world = World::default();
        run(world.received().apply()).unwrap();
        world.record.0.borrow_mut().1 = Some(0);
        assert_eq!(world.start(returned), Some(3600));
    }
}

#[test]
fn power_cut_anywhere_in_apply_is_told_right() {
    for cut in 0..2 {
        let world = World::default();
        let mut firmware = world.received();
        world.record.0.borrow_mut().1 = Some(cut);
        assert!(run(firmware.apply()).is_err());
        world.record.0.borrow_mut().1 = None;
        let scheduled = world.modem.0.borrow().scheduled;
        assert_eq!(scheduled, cut == 1);
        world.modem.restart(true);
        let expected = if scheduled {
            Installed::Yes
        } else {
            Installed::NotYet
        };
        let mut firmware = world.boot();
        assert_eq!(run(firmware.outcome()), Ok(expected), "cut {cut}");
        if !scheduled {
            run(firmware.apply()).unwrap();
            world.modem.restart(true);
            assert_eq!(run(world.boot().outcome()), Ok(Installed::Yes));
        }
    }
}

#[test]
fn package_is_resumed_where_the_modem_ended() {
    let world = World::default();
    let mut firmware = world.boot();
    run(firmware.begin(Some(5000), false)).unwrap();
    run(firmware.write(0, &[1; 3000])).unwrap();
    world.modem.restart(true);
    let mut firmware = world.boot();
    assert_eq!(run(firmware.begin(Some(5000), true)), Ok(3000));
    run(firmware.write(3000, &[2; 2000])).unwrap();
    run(firmware.finish(5000)).unwrap();
    assert_eq!(world.modem.0.borrow().erased, 0);
    assert_eq!(world.modem.0.borrow().image.len(), 5000);
}

#[test]
fn what_cannot_be_resumed_is_erased() {
    for (dirty, resume, size) in [
        (true, true, Some(5000)),
        (true, true, None),
        (true, false, Some(5000)),
        (false, false, Some(5000)),
        (false, true, Some(2000)),
    ] {
        let world = World::default();
        {
            let mut state = world.modem.0.borrow_mut();
            state.dirty = dirty;
            state.image = vec![9; 3000];
        }
        let mut firmware = world.boot();
        assert_eq!(run(firmware.begin(size, resume)), Ok(0));
        assert_eq!(world.modem.0.borrow().erased, 1);
        assert!(world.modem.0.borrow().image.is_empty());
        assert!(world.clock.secs() >= 3, "asked every second");
    }
}

#[test]
fn erasure_that_does_not_end_is_given_up() {
    let world = World::default();
    {
        let mut state = world.modem.0.borrow_mut();
        state.erasing = u32::MAX;
    }
    let mut firmware = world.boot();
    let begun = run(firmware.begin(Some(5000), false));
    assert_eq!(
        begun.map_err(|it| (it.kind, it.errno)),
        Err((FirmwareErrorKind::Io, 17))
    );
    assert_eq!(world.clock.secs(), 600);
}

/// A clock that sleeps a millisecond in its wait and returns early, as those of ports without an executor do.
#[derive(Clone, Default)]
struct SleepingClock(Rc<Cell<u64>>);

impl Clock for SleepingClock {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.get())
    }

    async fn wait(&mut self, _until: Instant) {
        pending_once().await;
        self.0.set(self.0.get() + 1);
    }
}

/// The messages have their turn while the area is erased, and the modem is not asked more often.
#[test]
fn erasure_holds_nothing_up_where_the_clock_sleeps() {
    for dirty in [false, true] {
        let world = World::default();
        {
            let mut state = world.modem.0.borrow_mut();
            state.dirty = dirty;
            state.erasing = if dirty { 0 } else { 4 };
        }
        let clock = SleepingClock::default();
        let (modem, record) = (world.modem.clone(), world.record.clone());
        let mut firmware = DeltaFirmware::new(modem, record, clock.clone(), UPDATE);
        let mut begin = pin!(firmware.begin(Some(100), false));
        let mut context = Context::from_waker(Waker::noop());
        let begun = loop {
            let before = clock.0.get();
            let begun = begin.as_mut().poll(&mut context);
            assert!(clock.0.get() - before <= 2, "{dirty}");
            if let Poll::Ready(begun) = begun {
                break begun;
            }
        };
        assert_eq!(begun, Ok(0));
        assert!(clock.0.get() >= 3_000, "{dirty}: asked every second");
    }
}

#[test]
fn discarded_package_is_erased_in_time_for_the_next() {
    let world = World::default();
    let mut firmware = world.received();
    run(firmware.discard()).unwrap();
    assert_eq!(run(firmware.begin(Some(100), true)), Ok(0));
    assert!(world.modem.0.borrow().image.is_empty());
    assert_eq!(world.modem.0.borrow().erased, 1);
}

#[test]
fn gaps_are_refused_and_repetitions_are_not_written() {
    let world = World::default();
    let mut firmware = world.boot();
    run(firmware.begin(None, false)).unwrap();
    run(firmware.write(0, &[1; 100])).unwrap();
    run(firmware.write(0, &[1; 100])).unwrap();
    assert!(run(firmware.write(101, &[1; 100])).is_err());
    assert_eq!(world.modem.0.borrow().image.len(), 100);
    assert_eq!(
        run(firmware.finish(200)).map_err(|it| it.kind),
        Err(FirmwareErrorKind::Integrity)
    );
}

#[test]
fn refusals_of_the_modem_have_their_result() {
    for (number, kind, told) in [
        (3, FirmwareErrorKind::Unsupported, 3),
        (9, FirmwareErrorKind::Unsupported, 9),
        (5, FirmwareErrorKind::Integrity, 5),
        (1, FirmwareErrorKind::Memory, 1),
        (12, FirmwareErrorKind::Io, 12),
        (23, FirmwareErrorKind::Io, 23),
        // -NRF_ENOMEM and -NRF_ESHUTDOWN, as Linux numbers them.
        (-12, FirmwareErrorKind::Io, errno::ENOMEM),
        (-110, FirmwareErrorKind::Io, errno::ENETDOWN),
    ] {
        let world = World::default();
        let mut firmware = world.boot();
        run(firmware.begin(None, false)).unwrap();
        world.modem.0.borrow_mut().fault = Some(number);
        let error = run(firmware.write(0, &[1; 10])).unwrap_err();
        assert_eq!((error.kind, error.errno), (kind, told));
    }
    let world = World::default();
    let begun = run(world.boot().begin(Some(300_001), false));
    assert_eq!(begun.map_err(|it| it.kind), Err(FirmwareErrorKind::Full));
}

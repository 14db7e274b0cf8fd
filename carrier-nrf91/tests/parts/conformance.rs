//! The parts keep what the porting kit asks for.

use core::cell::{Cell, RefCell};
use core::future::{Future, pending};
use std::rc::Rc;

use carrier_mock::conformance::{firmware, key_store, link};
use carrier_nrf91::at::{At, AtError};
use carrier_nrf91::firmware::DeltaFirmware;
use carrier_nrf91::{LinkSettings, LteLink, ModemKeys, NetworkTime};
use lwm2m_carrier::hal::{Clock, RecordId, SecurityTag};
use lwm2m_core::time::Instant;

use crate::double::{Queue, VirtualClock, answer, run};
use crate::firmware::{Modem as DeltaModem, Power, Record};
use crate::keys::Modem as KeyModem;

struct Keys {
    modem: KeyModem,
    buffer: Vec<u8>,
}

impl key_store::Bench for Keys {
    type Keys<'k> = ModemKeys<'k, KeyModem>;

    async fn open(&mut self) -> Self::Keys<'_> {
        ModemKeys::new(self.modem.clone(), &mut self.buffer)
    }

    async fn set_link(&mut self, up: bool) {
        self.modem.set_mode(if up { 1 } else { 4 });
    }

    fn tags(&self) -> [SecurityTag; 2] {
        [SecurityTag(25), SecurityTag(28)]
    }
}

#[test]
fn keys_in_the_modem() {
    let mut keys = Keys {
        modem: KeyModem::default(),
        buffer: vec![0; 256],
    };
    run(key_store::all(&mut keys)).unwrap();
}

/// Bytes 4 to 7 of a delta update.
const DELTA: &[u8; 4] = b"meDu";

/// Byte `offset` of a package with this head.
fn package(head: [u8; 8], version: u8, offset: u32) -> u8 {
    let rest = (offset.wrapping_mul(2_654_435_761) >> 24) as u8 ^ version;
    head.get(offset as usize).copied().unwrap_or(rest)
}

struct Slot {
    modem: DeltaModem,
    record: Record,
    clock: VirtualClock,
    power: Power,
    /// The area has to be erased before anything is written.
    dirty: bool,
}

impl Slot {
    fn new(dirty: bool) -> Self {
        let power = Power::default();
        Self {
            modem: DeltaModem::particular(5_000, dirty, power.clone()),
            record: Record::powered(power.clone()),
            clock: VirtualClock::default(),
            power,
            dirty,
        }
    }
}

impl firmware::Bench for Slot {
    type Firmware<'f> = DeltaFirmware<DeltaModem, Record, VirtualClock>;

    fn clear(&mut self) {
        *self = Self::new(self.dirty);
    }

    async fn open(&mut self) -> Self::Firmware<'_> {
        self.modem.lose_power();
        DeltaFirmware::new(
            self.modem.clone(),
            self.record.clone(),
            self.clock.clone(),
            RecordId(16),
        )
    }

    fn cut(&mut self, operation: u32) -> bool {
        self.power.cut(operation);
        true
    }

    fn limit(&self) -> u32 {
        self.modem.area()
    }

    fn least(&self) -> u32 {
        8
    }

    fn byte(version: u8, offset: u32) -> u8 {
        let [a, b, c, d] = *DELTA;
        package([version, 0xCB, 0, 0, a, b, c, d], version, offset)
    }

    /// Neither a delta update nor anything that begins like one.
    fn wrong_image() -> Option<fn(u32) -> u8> {
        Some(|offset| package(*b"meDumeDo", 0, offset))
    }
}

#[test]
fn updates_of_the_modem() {
    for dirty in [false, true] {
        run(firmware::all(&mut Slot::new(dirty))).unwrap();
    }
}

/// A modem that attaches as soon as it may, and tells of it.
#[derive(Clone, Default)]
struct Radio(Rc<RadioState>);

#[derive(Default)]
struct RadioState {
    on: Cell<bool>,
    there: Cell<bool>,
    level: Cell<u8>,
    told: RefCell<Queue>,
}

impl Radio {
    /// 3GPP TS 27.007, section 10.1.22: registered at home, or searching.
    fn status(&self) -> u8 {
        match (self.0.on.get(), self.0.there.get()) {
            (false, _) => 0,
            (true, false) => 2,
            (true, true) => 1,
        }
    }

    fn tell(&self) {
        if self.0.level.get() > 0 {
            let line = format!("+CEREG: {}", self.status());
            self.0.told.borrow().push(&line);
        }
    }
}

impl At for Radio {
    async fn send(&mut self, command: &str, response: &mut [u8]) -> Result<usize, AtError> {
        let text = match command {
            "AT+CFUN?" => format!("+CFUN: {}\r\nOK\r\n", if self.0.on.get() { 1 } else { 4 }),
            "AT+CEREG?" => format!("+CEREG: {},{}\r\nOK\r\n", self.0.level.get(), self.status()),
            "AT+CCLK?" => "ERROR\r\n".to_owned(),
            _ => {
                match command {
                    "AT+CFUN=1" => self.0.on.set(true),
                    "AT+CFUN=4" => self.0.on.set(false),
                    "AT+CEREG=5" => self.0.level.set(5),
                    _ => {}
                }
                if command.starts_with("AT+CFUN=") {
                    self.tell();
                }
                "OK\r\n".to_owned()
            }
        };
        Ok(answer(&text, response))
    }
}

/// Time passes when all others wait: a wait is polled twice before it ends.
#[derive(Clone, Default)]
struct PatientClock(VirtualClock);

impl Clock for PatientClock {
    fn now(&self) -> Instant {
        self.0.now()
    }

    async fn wait(&mut self, until: Instant) {
        if until == Instant::FAR_FUTURE {
            pending::<()>().await;
        }
        let mut waited = false;
        core::future::poll_fn(|context| {
            if waited {
                return core::task::Poll::Ready(());
            }
            waited = true;
            context.waker().wake_by_ref();
            core::task::Poll::Pending
        })
        .await;
        self.0.wait(until).await;
    }
}

/// Runs a future that is woken by itself alone.
fn spin<F: Future>(future: F) -> F::Output {
    lwm2m_carrier::driver::blocking::block_on(future, || {})
}

#[test]
fn the_link() {
    let radio = Radio::default();
    radio.0.there.set(true);
    let (time, mut clock) = (NetworkTime::new(), PatientClock::default());
    let queue = radio.0.told.borrow().clone();
    let settings = LinkSettings::default();
    let mut port = LteLink::new(radio.clone(), queue, clock.clone(), &time, settings);
    spin(link::all(&mut port, &mut clock)).unwrap();
    let network = |there| {
        radio.0.there.set(there);
        radio.tell();
    };
    spin(link::outage(&mut port, &mut clock, network)).unwrap();
}

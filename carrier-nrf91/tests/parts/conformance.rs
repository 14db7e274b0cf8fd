//! The parts keep what the porting kit asks for.

use core::cell::{Cell, RefCell};
use core::future::{Future, pending};
use std::rc::Rc;

use carrier_mock::conformance::key_store::Sample;
use carrier_mock::conformance::{clock, firmware, key_store, link, modem_info, random};
use carrier_mock::random::Pcg32;
use carrier_nrf91::at::{At, AtError, Command};
use carrier_nrf91::firmware::DeltaFirmware;
use carrier_nrf91::{
    LinkSettings, LteLink, ModemFacts, ModemKeys, NetworkClock, NetworkTime, RandomBy,
};
use lwm2m_carrier::Connectivity;
use lwm2m_carrier::hal::{Clock, CredentialKind, Random, RecordId, SecurityTag};
use lwm2m_core::time::{Instant, UnixTime};

use crate::double::{Queue, VirtualClock, answer, run};
use crate::firmware::{Modem as DeltaModem, Power, Record};
use crate::keys::Modem as KeyModem;

struct Keys {
    modem: KeyModem,
    samples: Vec<Sample<'static>>,
}

impl key_store::Bench for Keys {
    type Keys<'k> = ModemKeys<'k, KeyModem>;

    async fn open(&mut self) -> Self::Keys<'_> {
        ModemKeys::new(self.modem.clone())
    }

    async fn set_link(&mut self, up: bool) {
        self.modem.set_mode(if up { 1 } else { 4 });
    }

    fn samples(&self) -> &[Sample<'_>] {
        &self.samples
    }

    fn tags(&self) -> [SecurityTag; 2] {
        [SecurityTag(25), SecurityTag(28)]
    }

    fn foreign_tag(&self) -> Option<SecurityTag> {
        Some(SecurityTag(29))
    }

    fn holds(&self, tag: SecurityTag, kind: CredentialKind, credential: &[u8]) -> Option<bool> {
        Some(self.modem.holds(tag.0, kind, credential))
    }
}

/// A block as RFC 7468 has it; the modem here looks at no more than that.
fn pem(label: &str, body: &str) -> &'static [u8] {
    let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    text.into_bytes().leak()
}

#[test]
fn keys_in_the_modem() {
    // Of RFC 7468, sections 5.1 and 13, and one line more.
    let first = "MIICLDCCAdKgAwIBAgIBADAKBggqhkjOPQQDAjB9MQswCQYDVQQGEwJCRTEPMA0G";
    let second = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEn1LlwLN/KBYQRVH6HfIMTzfEqJOVztLe";
    let certificates = [pem("CERTIFICATE", first), pem("CERTIFICATE", second)];
    let sample = |kind, first, second| Sample {
        kind,
        first,
        second,
    };
    let mut samples = key_store::SAMPLES.to_vec();
    samples.extend([
        // The longest: a chain.
        sample(
            CredentialKind::CaChain,
            certificates[0],
            certificates.concat().leak(),
        ),
        sample(
            CredentialKind::ClientCertificate,
            certificates[0],
            certificates[1],
        ),
        sample(
            CredentialKind::PrivateKey,
            pem("PRIVATE KEY", first),
            pem("EC PRIVATE KEY", second),
        ),
    ]);
    let mut keys = Keys {
        modem: KeyModem::default(),
        samples,
    };
    run(key_store::all(&mut keys)).unwrap();
}

/// A modem that answers each command with the text of its reference.
struct Facts;

impl At for Facts {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let command = &*command.to_string();
        let text = match command {
            "AT+CGSN=1" => "+CGSN: \"352656100367872\"\r\nOK\r\n",
            "AT%XICCID" => "%XICCID: 8901234567012345678F\r\nOK\r\n",
            "AT+CNUM" => "+CNUM: ,\"+1234567891234\",145\r\nOK\r\n",
            "AT+CGMR" => "mfw_nrf9160_1.1.1\r\nOK\r\n",
            "AT+CESQ" => "+CESQ: 99,99,255,255,31,62\r\nOK\r\n",
            "AT+CIMI" => "284011234567890\r\nOK\r\n",
            "AT+CGDCONT?" => "+CGDCONT: 0,\"IP\",\"internet\",\"10.0.1.1\",0,0\r\nOK\r\n",
            "AT+CGPADDR=0" => "+CGPADDR: 0,\"10.0.1.1\"\r\nOK\r\n",
            "AT%XMONITOR" => "%XMONITOR: 5,,,\"24202\",\"0901\",9,20,\"020A7716\"\r\nOK\r\n",
            _ => "ERROR\r\n",
        };
        Ok(answer(text, response))
    }
}

#[test]
fn facts_clock_and_chance() {
    let mut facts = ModemFacts::new(Facts);
    run(modem_info::all(&mut facts)).unwrap();
    let connectivity = run(Connectivity::of(&mut facts));
    assert!(connectivity.is_complete());
    assert_eq!(connectivity.changes(&Connectivity::default()).count(), 9);
    // 2018-12-06 in seconds.
    let date = UnixTime::from_secs(1_544_127_000);
    let time = NetworkTime::new();
    let mut clock = NetworkClock::new(PatientClock::default(), &time);
    for told in [None, Some(date)] {
        if let Some(date) = told {
            time.set(date, clock.now());
        }
        spin(clock::all(&mut clock)).unwrap();
    }
    let passed = clock.unix_time().unwrap().as_secs() - date.as_secs();
    assert!(passed < 2, "the checks take less than a second");
    let mut seed = Pcg32::new(1);
    random::all(&mut RandomBy::new(|bytes: &mut [u8]| seed.public(bytes))).unwrap();
    let mut seeds = 0..;
    random::boots(|| {
        let mut seed = Pcg32::new(seeds.next().unwrap());
        RandomBy::new(move |bytes: &mut [u8]| seed.public(bytes))
    })
    .unwrap();
}

/// Bytes 4 to 7 of a delta update.
pub(crate) const DELTA: &[u8; 4] = b"meDu";

/// Byte `offset` of a package with this head.
pub(crate) fn package(head: [u8; 8], version: u8, offset: u32) -> u8 {
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
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let command = &*command.to_string();
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
    let mut port = LteLink::new(radio.clone(), queue, clock.clone(), &time, &settings);
    spin(link::all(&mut port, &mut clock)).unwrap();
    let network = |there| {
        radio.0.there.set(there);
        radio.tell();
    };
    spin(link::outage(&mut port, &mut clock, network)).unwrap();
}

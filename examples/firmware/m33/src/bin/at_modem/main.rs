//! An LwM2M device with a temperature, on a chip whose modem is `at_modem_host` at the other end of UART 0.
//!
//! ```text
//! at_modem_host --listen 127.0.0.1:5000
//! qemu-system-arm -M mps2-an505 -nographic -serial tcp:127.0.0.1:5000 -kernel … \
//!     -semihosting-config enable=on,target=native,arg=at_modem,arg=coap://127.0.0.1:5683
//! ```
//!
//! With a number as second argument it ends after so many seconds. The port is the crate `at-modem`; what a board adds to it is in the files beside this one.

#![no_std]
#![no_main]

mod chance;
mod host;
mod objects;
mod serial;
mod storage;
mod time;

use at_modem::{Modem, NoKeys};
use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use cortex_m_semihosting::hprintln;
use lwm2m_carrier::driver::Shared;
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{Clock, Hal, KeyStore, NoFirmware, Reset};
use lwm2m_carrier::{Carrier, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use m33::exit;

use chance::Chance;
use objects::{SENSOR_VALUE, Thermometer};
use serial::Serial;
use storage::Memory;
use time::SystemTime;

/// Bytes of the longest message.
const MESSAGE: usize = 1280;
/// Milliseconds between two measurements.
const PERIOD: u64 = 1000;

struct Chip;

impl Reset for Chip {
    fn reboot(&mut self) {
        SCB::sys_reset();
    }
}

/// Prints the events.
struct Console;

impl EventHandler for Console {
    async fn handle<K: KeyStore>(&mut self, event: &Event, _keys: &mut K) -> Response {
        hprintln!("{}", event.chart_name());
        Response::Done
    }
}

#[entry]
fn main() -> ! {
    let mut arguments = [0; 128];
    // The name of the program, then its arguments.
    let line = host::arguments(&mut arguments).unwrap_or_default();
    let mut words = line.split(' ').skip(1);
    let (Some(uri), Some(peripherals)) = (words.next(), cortex_m::Peripherals::take()) else {
        hprintln!("at_modem needs the URI of a server: arg=at_modem,arg=coap://HOST:PORT");
        exit(false)
    };
    let life = words.next().and_then(|seconds| seconds.parse().ok());
    let clock = SystemTime::start(peripherals.SYST);
    let modem = Modem::new(Serial::new(0), clock, "");
    let profile = Profile::GENERIC.with_server(uri).with_lifetime(300);
    let mut random = Chance::new(host::time());
    let mut resources: Resources<1, 4, 4, 4> = Resources::new();
    let mut name = [0; 64];
    let carrier = Carrier::new(&mut resources, &profile, profile.config(""), &mut random)
        .with_endpoint_from_modem(&mut name);
    let hal = Hal {
        link: modem.link(),
        keys: NoKeys,
        sessions: modem.sessions(),
        storage: Memory::new(),
        clock: modem.clock(),
        random,
        reset: Chip,
        firmware: NoFirmware,
        modem: modem.info(),
    };
    let mut objects = Thermometer::new();
    let shared = Shared::new(carrier, &mut objects);
    let (handle, mut buffer) = (shared.handle(), [0; MESSAGE]);
    let mut runner = shared.runner(hal, Console, &mut buffer);
    let mut measured = 0;
    block_on(runner.run(), || {
        let period = clock.now().as_millis() / PERIOD;
        if period != measured {
            measured = period;
            // Busy only within one of the library's calls, which this is not.
            let _ = handle.set(SENSOR_VALUE, |objects| {
                objects.measure(period);
                Ok(())
            });
        }
        if life.is_some_and(|life: u64| clock.now().as_millis() / 1000 >= life) {
            exit(true);
        }
        serial::rest();
    })
}

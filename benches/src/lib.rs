//! Shared fixtures of the benchmarks: the OMA example device, registered. Without feature `peers` they need neither std nor
//! heap, and firmware measures the same work.
#![cfg_attr(not(feature = "peers"), no_std)]
#![allow(
    missing_debug_implementations,
    clippy::panic,
    reason = "fixtures that must not go wrong quietly"
)]

mod registered;
pub mod work;

use lwm2m_core::objects::{Device, PowerSource};
use lwm2m_core::random::Random;
use lwm2m_core::time::UnixTime;

pub use registered::{Memory, Registered, Turn};
#[cfg(feature = "peers")]
pub use registered::{observed, registered};

/// /3/0 of the example in Core 1.1.1, section 7.4.3.2, in TLV: 13 resources, 16 values, 121 bytes.
pub const DEVICE_TLV: &[u8] = b"\xc8\x00\x14Open Mobile Alliance\xc8\x01\x16Lightweight M2M Client\
\xc8\x02\x09345000123\xc3\x031.0\x86\x06\x41\x00\x01\x41\x01\x05\x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88\
\x87\x08\x41\x00\x7d\x42\x01\x03\x84\xc1\x09\x64\xc1\x0a\x0f\x83\x0b\x41\x00\x00\xc4\x0d\x51\x82\x42\x8f\
\xc6\x0e+02:00\xc1\x10U";

/// The same numbers at every run.
#[derive(Debug)]
pub struct Counter(u8);

impl Random for Counter {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(1);
            *byte = self.0;
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

/// The device of the example.
#[must_use]
pub fn device() -> Device<'static> {
    let mut device = Device::new("U")
        .manufacturer("Open Mobile Alliance")
        .model_number("Lightweight M2M Client")
        .serial_number("345000123")
        .firmware_version("1.0");
    let sources = [
        PowerSource::new(1).voltage(3800).current(125),
        PowerSource::new(5).voltage(5000).current(900),
    ];
    assert_eq!(device.set_power_sources(&sources), Ok(()));
    assert_eq!(device.set_battery_level(Some(100)), Ok(()));
    device.set_memory(Some(15), None);
    device.set_current_time(UnixTime::from_secs(1_367_491_215));
    assert_eq!(device.set_utc_offset("+02:00"), Ok(()));
    device
}

//! The smaller parts of the device: its clock, its random source, its reset, and what the modem says of itself.

use core::net::{IpAddr, Ipv4Addr};

use lwm2m_carrier::hal;
use lwm2m_core::time::{Duration, Instant, UnixTime};

use crate::world::World;

/// The device's clock: zero at each boot.
#[derive(Debug, Clone, Copy)]
pub struct DeviceClock<'a, 'w> {
    world: &'a World<'w>,
}

/// The device's random source: the same numbers in each run of a seed.
#[derive(Debug, Clone, Copy)]
pub struct DeviceRandom<'a, 'w> {
    world: &'a World<'w>,
}

/// The device's reset: what is under way never goes on, and whoever runs the world calls
/// [`World::reboot`](crate::world::World::reboot).
#[derive(Debug, Clone, Copy)]
pub struct DeviceReset<'a, 'w> {
    world: &'a World<'w>,
}

/// What the modem says of itself.
#[derive(Debug, Clone, Copy)]
pub struct ModemInfo<'a, 'w> {
    world: &'a World<'w>,
}

/// What [`ModemInfo`] answers. `None` and an empty text are not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity<'w> {
    /// International Mobile Equipment Identity.
    pub imei: &'w str,
    /// Identifier of the SIM card.
    pub iccid: &'w str,
    /// Telephone number.
    pub msisdn: &'w str,
    /// International Mobile Subscriber Identity.
    pub imsi: &'w str,
    /// Version of the modem's firmware.
    pub firmware_version: &'w str,
    /// Reference signal received power in dBm.
    pub rsrp: Option<i16>,
    /// Reference signal received quality in dB.
    pub rsrq: Option<i16>,
    /// The bearer in use, as object 4 numbers it.
    pub bearer: Option<u8>,
    /// IP addresses.
    pub addresses: [Option<IpAddr>; 2],
    /// Access point name.
    pub access_point: &'w str,
    /// Mobile country and network code.
    pub network: Option<(u16, u16)>,
    /// Identity of the serving cell.
    pub cell_id: Option<u32>,
}

impl Default for Identity<'_> {
    /// A device with the example IMEI of 3GPP, without a telephone number, on LTE of the test network 001 01.
    fn default() -> Self {
        Self {
            imei: "490154203237518",
            iccid: "8949000000000000000",
            msisdn: "",
            imsi: "001010123456789",
            firmware_version: "mock-1.0",
            rsrp: Some(-95),
            rsrq: Some(-11),
            bearer: Some(6),
            addresses: [Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200))), None],
            access_point: "iot.example",
            network: Some((1, 1)),
            cell_id: Some(1_234_567),
        }
    }
}

macro_rules! part {
    ($part:ident) => {
        impl<'a, 'w> $part<'a, 'w> {
            pub(crate) const fn new(world: &'a World<'w>) -> Self {
                Self { world }
            }
        }
    };
}

part!(DeviceClock);
part!(DeviceRandom);
part!(DeviceReset);
part!(ModemInfo);

impl hal::Clock for DeviceClock<'_, '_> {
    fn now(&self) -> Instant {
        // A driver looks at the clock whenever it goes round its loop.
        self.world.count_step();
        Instant::ZERO + self.world.uptime()
    }

    async fn wait(&mut self, until: Instant) {
        let until = if until == Instant::FAR_FUTURE {
            until
        } else {
            let span = until.since(hal::Clock::now(self));
            self.world.now() + span
        };
        self.world.sleep_until(until).await;
    }

    fn unix_time(&self) -> Option<UnixTime> {
        self.world.unix_time()
    }
}

impl hal::Random for DeviceRandom<'_, '_> {
    fn public(&mut self, bytes: &mut [u8]) {
        self.world.random.borrow_mut().fill(bytes);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.world.random.borrow_mut().fill(bytes);
    }
}

impl hal::Reset for DeviceReset<'_, '_> {
    fn reboot(&mut self) {
        self.world.request_reset();
    }
}

impl ModemInfo<'_, '_> {
    /// Copies a text to the start of `buffer`.
    fn text<'b>(text: &str, buffer: &'b mut [u8]) -> Result<&'b str, hal::NotAvailable> {
        let to = buffer.get_mut(..text.len()).ok_or(hal::NotAvailable)?;
        to.copy_from_slice(text.as_bytes());
        match core::str::from_utf8(to) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(hal::NotAvailable),
        }
    }
}

impl hal::ModemInfo for ModemInfo<'_, '_> {
    async fn imei<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().imei, buffer)
    }

    async fn iccid<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().iccid, buffer)
    }

    async fn msisdn<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().msisdn, buffer)
    }

    async fn firmware_version<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().firmware_version, buffer)
    }

    async fn imsi<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().imsi, buffer)
    }

    async fn rsrq(&mut self) -> Result<i16, hal::NotAvailable> {
        self.world.identity.get().rsrq.ok_or(hal::NotAvailable)
    }

    async fn bearer(&mut self) -> Result<u8, hal::NotAvailable> {
        self.world.identity.get().bearer.ok_or(hal::NotAvailable)
    }

    async fn addresses(&mut self) -> Result<[Option<IpAddr>; 2], hal::NotAvailable> {
        match self.world.identity.get().addresses {
            [None, None] => Err(hal::NotAvailable),
            addresses => Ok(addresses),
        }
    }

    async fn access_point<'b>(
        &mut self,
        buffer: &'b mut [u8],
    ) -> Result<&'b str, hal::NotAvailable> {
        Self::text(self.world.identity.get().access_point, buffer)
    }

    async fn network(&mut self) -> Result<(u16, u16), hal::NotAvailable> {
        self.world.identity.get().network.ok_or(hal::NotAvailable)
    }

    async fn rsrp(&mut self) -> Result<i16, hal::NotAvailable> {
        self.world.identity.get().rsrp.ok_or(hal::NotAvailable)
    }

    async fn cell_id(&mut self) -> Result<u32, hal::NotAvailable> {
        self.world.identity.get().cell_id.ok_or(hal::NotAvailable)
    }
}

/// The date at the world's time `now`, given the date at its time zero.
pub(crate) fn date(at_zero: Option<UnixTime>, now: Instant) -> Option<UnixTime> {
    let elapsed: Duration = now.since(Instant::ZERO);
    let elapsed = i64::try_from(elapsed.as_secs()).ok()?;
    Some(UnixTime::from_secs(
        at_zero?.as_secs().checked_add(elapsed)?,
    ))
}

//! The device's objects, and what it measures: the modem's temperature, and how it is connected.

use carrier_nrf91::ModemFacts;
use carrier_nrf91::at::{At, Response};
use carrier_nrf91::modem::ModemAt;
use lwm2m_carrier::Connectivity;
use lwm2m_carrier::driver::{Busy, Handle};
use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{ConnectivityMonitoring, Device, Security, Server};

use crate::clock;

/// Temperature, object 3303 of the IPSO Smart Objects.
#[derive(Debug, Object)]
#[object(id = 3303, version = "1.1")]
struct Temperature {
    /// Degrees.
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
    /// The unit of the value.
    #[resource(id = 5701)]
    units: &'static str,
    /// The lowest value since the start, once one was measured.
    #[resource(id = 5601, units = "Cel")]
    min: Option<f32>,
    /// The highest.
    #[resource(id = 5602, units = "Cel")]
    max: Option<f32>,
}

/// The objects of the device; object 5 is the library's. Object 4 and the temperature are there once the modem has told what
/// they must say.
pub(crate) struct Things {
    // The bootstrap server and a server, twice, because a bootstrap works on copies.
    security: Security<4>,
    server: Server<2>,
    device: Device<'static>,
    connectivity: ConnectivityMonitoring,
    temperature: Temperature,
    connected: bool,
    measured: bool,
}

impl Things {
    pub(crate) fn new() -> Self {
        Self {
            security: Security::new(),
            server: Server::new(),
            device: Device::new("UQ")
                .manufacturer("Example Ltd")
                .model_number(if cfg!(feature = "nrf9151") {
                    "nRF9151"
                } else {
                    "nRF9160"
                })
                .firmware_version(env!("CARGO_PKG_VERSION")),
            connectivity: ConnectivityMonitoring::new(),
            temperature: Temperature {
                value: 0.0,
                units: "Cel",
                min: None,
                max: None,
            },
            connected: false,
            measured: false,
        }
    }

    /// Whether an object is there.
    const fn offers(&self, id: u16) -> bool {
        match id {
            4 => self.connected,
            3303 => self.measured,
            _ => true,
        }
    }
}

impl Objects for Things {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        Some(match id {
            0 => &self.security,
            1 => &self.server,
            3 => &self.device,
            4 if self.connected => &self.connectivity,
            3303 if self.measured => &self.temperature,
            _ => return None,
        })
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        Some(match id {
            0 => &mut self.security,
            1 => &mut self.server,
            3 => &mut self.device,
            4 if self.connected => &mut self.connectivity,
            3303 if self.measured => &mut self.temperature,
            _ => return None,
        })
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        let ids = [0, 1, 3, 4, 3303];
        ids.into_iter()
            .find(|&id| self.offers(id) && after.is_none_or(|after| id > after))
    }
}

/// Asks the modem, once before the device registers, so that its objects are all in the list, and then once a minute, for
/// ever. Observers are told.
pub(crate) struct Sensors<'s, 'r> {
    handle: Handle<'s, 'r, Things>,
    modem: ModemFacts<ModemAt>,
    last: Connectivity,
}

impl<'s, 'r> Sensors<'s, 'r> {
    pub(crate) fn new(handle: Handle<'s, 'r, Things>) -> Self {
        Self {
            handle,
            modem: ModemFacts::new(ModemAt::new()),
            last: Connectivity::default(),
        }
    }

    pub(crate) async fn run(mut self) -> ! {
        loop {
            clock::pause_secs(60).await;
            self.measure().await;
        }
    }

    pub(crate) async fn measure(&mut self) {
        let degrees = temperature().await;
        let connectivity = Connectivity::of(&mut self.modem).await;
        if self.tell(degrees, connectivity).is_err() {
            defmt::warn!("what was measured could not be told");
        }
    }

    fn tell(&mut self, degrees: Option<f32>, connectivity: Connectivity) -> Result<(), Busy> {
        let appeared = self.handle.with_objects(|things| {
            let before = (things.connected, things.measured);
            things.connected |= connectivity.is_complete();
            // The facts fit: what does not was left out.
            let _ = connectivity.put(&mut things.connectivity);
            if let Some(degrees) = degrees {
                let sensor = &mut things.temperature;
                sensor.value = degrees;
                sensor.min = Some(sensor.min.map_or(degrees, |min| min.min(degrees)));
                sensor.max = Some(sensor.max.map_or(degrees, |max| max.max(degrees)));
                things.measured = true;
            }
            before != (things.connected, things.measured)
        })?;
        if appeared {
            self.handle.update(true)?;
        }
        for path in connectivity.changes(&self.last) {
            self.handle.changed(path)?;
        }
        self.last = connectivity;
        if degrees.is_some() {
            self.handle.changed(Path::instance(3303, 0))?;
        }
        Ok(())
    }
}

/// The modem's temperature in degrees, where it tells one: `%XTEMP: 23`.
async fn temperature() -> Option<f32> {
    let mut buffer = [0; 64];
    let len = ModemAt::new().send("AT%XTEMP?", &mut buffer).await.ok()?;
    let response = Response::parse(buffer.get(..len)?).ok()?;
    let mut values = response.named("%XTEMP");
    let degrees: i16 = values.next()?.signed()?;
    Some(f32::from(degrees))
}

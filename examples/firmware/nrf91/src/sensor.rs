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
    /// The lowest value since the start.
    #[resource(id = 5601, units = "Cel")]
    min: f32,
    /// The highest.
    #[resource(id = 5602, units = "Cel")]
    max: f32,
}

impl Temperature {
    /// After the first value.
    const fn of(degrees: f32) -> Self {
        Self {
            value: degrees,
            units: "Cel",
            min: degrees,
            max: degrees,
        }
    }

    const fn set(&mut self, degrees: f32) {
        self.value = degrees;
        self.min = self.min.min(degrees);
        self.max = self.max.max(degrees);
    }
}

/// The objects of the device; object 5 is the library's.
#[derive(Objects)]
pub(crate) struct Things {
    // The bootstrap server and a server, twice, because a bootstrap works on copies.
    security: Security<4>,
    server: Server<2>,
    device: Device<'static>,
    /// Once the modem has told what it must say.
    connectivity: Option<ConnectivityMonitoring>,
    /// Once it was measured.
    temperature: Option<Temperature>,
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
            connectivity: None,
            temperature: None,
        }
    }

    /// Tells what the modem has told; whether an object has appeared.
    fn tell(&mut self, degrees: Option<f32>, connectivity: &Connectivity) -> bool {
        let mut appeared = false;
        if self.connectivity.is_none() && connectivity.is_complete() {
            self.connectivity = Some(ConnectivityMonitoring::new());
            appeared = true;
        }
        if let Some(object) = &mut self.connectivity {
            // The facts fit: what does not was left out.
            let _ = connectivity.put(object);
        }
        match (degrees, &mut self.temperature) {
            (Some(degrees), Some(temperature)) => temperature.set(degrees),
            (Some(degrees), none) => {
                *none = Some(Temperature::of(degrees));
                appeared = true;
            }
            (None, _) => {}
        }
        appeared
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
        let appeared = self
            .handle
            .with_objects(|things| things.tell(degrees, &connectivity))?;
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
    let len = ModemAt::new()
        .send("AT%XTEMP?".into(), &mut buffer)
        .await
        .ok()?;
    let response = Response::parse(buffer.get(..len)?).ok()?;
    let mut values = response.named("%XTEMP");
    let degrees: i16 = values.next()?.signed()?;
    Some(f32::from(degrees))
}

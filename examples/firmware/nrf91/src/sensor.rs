//! The device's objects, and what it measures: the modem's temperature.

use carrier_nrf91::at::{At, Response};
use carrier_nrf91::modem::ModemAt;
use lwm2m_carrier::driver::Handle;
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

/// The objects of the device; object 5 is the library's.
#[derive(Objects)]
pub(crate) struct Things {
    // The bootstrap server and a server, twice, because a bootstrap works on copies.
    security: Security<4>,
    server: Server<2>,
    device: Device<'static>,
    connectivity: ConnectivityMonitoring,
    temperature: Temperature,
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
                min: f32::MAX,
                max: f32::MIN,
            },
        }
    }
}

/// Measures once a minute, for ever. Observers are told.
pub(crate) async fn measure(handle: Handle<'_, '_, Things>) -> ! {
    loop {
        if let Some(degrees) = temperature().await {
            let path = Path::resource(3303, 0, 5700);
            let set = handle.set(path, |things| {
                let sensor = &mut things.temperature;
                sensor.value = degrees;
                sensor.min = sensor.min.min(degrees);
                sensor.max = sensor.max.max(degrees);
                Ok(())
            });
            if set.is_err() {
                defmt::warn!("the temperature could not be told");
            }
        }
        clock::pause_secs(60).await;
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

//! The objects of the device.

use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{Device, Security, Server, tables::temperature};

/// The resource that changes.
pub(crate) const SENSOR_VALUE: Path = Path::resource(3303, 0, temperature::SENSOR_VALUE);

/// The IPSO temperature sensor.
#[derive(Object)]
#[object(id = 3303, version = "1.1")]
struct Temperature {
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
    #[resource(id = 5701)]
    units: &'static str,
}

/// Objects 0, 1, 3 and 3303.
#[derive(Objects)]
pub(crate) struct Thermometer {
    security: Security<2>,
    server: Server<1>,
    device: Device<'static>,
    temperature: Temperature,
}

impl Thermometer {
    pub(crate) fn new() -> Self {
        Self {
            security: Security::new(),
            server: Server::new(),
            device: Device::new("U")
                .manufacturer("lwm2m-carrier")
                .model_number("m33"),
            temperature: Temperature {
                value: 20.0,
                units: "Cel",
            },
        }
    }

    /// Up to 22 degrees and down again, half a degree at a time.
    pub(crate) fn measure(&mut self, period: u64) {
        let steps = [0.0, 0.5, 1.0, 1.5, 2.0, 1.5, 1.0, 0.5];
        let step = steps[(period % 8) as usize];
        self.temperature.value = 20.0 + step;
    }
}

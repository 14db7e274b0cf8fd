//! The objects of the device, and what the device itself does to them.

use std::time::{SystemTime, UNIX_EPOCH};

use carrier_host::console::TypedValue;
use lwm2m_core::model::{Error, Objects, Outcome, Path, Target};
use lwm2m_core::objects::{
    ConnectivityMonitoring, Device, Instances, PowerSource, Security, Server, SetError,
};
use lwm2m_core::time::UnixTime;

use crate::sensor::Temperature;

/// Bearer of object 4: Ethernet.
const ETHERNET: u8 = 41;
/// Kind of power source of object 3: mains.
const MAINS: u8 = 6;

/// Objects 0, 1, 3, 4 and 3303.
///
/// Objects 0 and 1 have room for the bootstrap server and two servers, twice, because a bootstrap works on copies.
#[derive(Objects)]
pub(crate) struct DeviceObjects {
    pub(crate) security: Security<6>,
    server: Server<4>,
    device: Device<'static>,
    connectivity: ConnectivityMonitoring,
    temperature: Instances<Temperature, 8>,
}

impl DeviceObjects {
    /// A device with one sensor and this address.
    pub(crate) fn new(address: &str) -> Result<Self, SetError> {
        let mut device = Device::new("U")
            .manufacturer("lwm2m-carrier")
            .model_number("lwm2m-client")
            .firmware_version(env!("CARGO_PKG_VERSION"))
            .with_factory_reset()
            .clock(unix_seconds);
        device.set_current_time(UnixTime::from_secs(unix_seconds()));
        device.set_utc_offset("+00:00")?;
        device.set_timezone("Etc/UTC")?;
        device.set_power_sources(&[PowerSource::new(MAINS)])?;
        let mut connectivity = ConnectivityMonitoring::new();
        connectivity.set_bearer(ETHERNET, &[ETHERNET])?;
        connectivity.set_addresses(&[address])?;
        let mut temperature = Instances::new().creatable();
        temperature.add(0, Temperature::default())?;
        Ok(Self {
            security: Security::new(),
            server: Server::new(),
            device,
            connectivity,
            temperature,
        })
    }

    /// Sets a resource as the device itself does: what servers may write, and what sensors measure. The value is of
    /// the resource's type and in its range.
    pub(crate) fn set(&mut self, path: &Path, value: &TypedValue) -> Result<(), Error> {
        let ids = (path.object_id(), path.instance_id(), path.resource_id());
        match (ids, value) {
            // Servers and credentials are the servers' business.
            ((Some(0 | 1), ..), _) => Err(Error::MethodNotAllowed),
            #[allow(
                clippy::cast_possible_truncation,
                reason = "a sensor has no more digits"
            )]
            ((Some(3303), Some(instance), Some(5700)), TypedValue::Float(degrees)) => {
                let sensor = self.temperature.get_mut(instance).ok_or(Error::NotFound)?;
                sensor.measure(*degrees as f32);
                Ok(())
            }
            ((Some(3), _, Some(9)), TypedValue::Integer(percent)) => {
                let percent = u8::try_from(*percent).map_err(|_| Error::BadRequest)?;
                let set = self.device.set_battery_level(Some(percent));
                set.map_err(|_| Error::BadRequest)
            }
            ((Some(4), _, Some(2)), TypedValue::Integer(dbm)) => {
                let dbm = i16::try_from(*dbm).map_err(|_| Error::BadRequest)?;
                self.connectivity.set_signal_strength(dbm);
                Ok(())
            }
            ((Some(object), Some(instance), Some(resource)), _) => {
                let mut target = Target::new(instance, resource);
                target.resource_instance = path.resource_instance_id();
                let object = self.object_mut(object).ok_or(Error::NotFound)?;
                object.check(target, &value.as_value())?;
                match object.write(target, &value.as_value())? {
                    Outcome::Done => Ok(()),
                    _ => Err(Error::Busy),
                }
            }
            _ => Err(Error::NotFound),
        }
    }
}

fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

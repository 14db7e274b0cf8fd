//! An application that does all that an application can.

use lwm2m_carrier::{
    CaTags, Era, Event, EventHandler, Response,
    driver::Handle,
    hal::{CredentialKind, KeyStore, SecurityTag},
};
use lwm2m_core::{
    model::{self, Path},
    objects::{
        ConnectivityMonitoring, Device, Security, Server,
        tables::{connectivity_monitoring, device},
    },
};

use static_cell::StaticCell;

use super::{Operation, Port};
use crate::fill;

/// Where the application puts its certificate.
const CA_TAG: SecurityTag = SecurityTag(7);

/// The objects of the application; object 5 is the library's.
#[derive(Debug, model::Objects)]
pub struct Objects {
    security: &'static mut Security<4, 64, 64, 32>,
    server: &'static mut Server<4>,
    device: Device<'static>,
    connectivity: &'static mut ConnectivityMonitoring,
}

impl Objects {
    /// As they leave the factory.
    #[must_use]
    pub fn new() -> Self {
        static SECURITY: StaticCell<Security<4, 64, 64, 32>> = StaticCell::new();
        static SERVER: StaticCell<Server<4>> = StaticCell::new();
        static CONNECTIVITY: StaticCell<ConnectivityMonitoring> = StaticCell::new();
        // Each in its place, or they would lie on the stack together.
        Self {
            security: fill(&SECURITY, Security::new),
            server: fill(&SERVER, Server::new),
            device: Device::new("U")
                .manufacturer("Example Ltd")
                .model_number("Probe")
                .serial_number("1")
                .firmware_version("1.0"),
            connectivity: fill(&CONNECTIVITY, ConnectivityMonitoring::new),
        }
    }
}

impl Default for Objects {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the events.
#[derive(Debug)]
pub struct Application<'p>(pub &'p Port);

impl EventHandler for Application<'_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        let number = event.number(Era::V1_6).unwrap_or(0).to_be_bytes();
        let mut answer = [0; 64];
        let told = self.0.call(Operation::Event, &[&number], &mut answer);
        match (told, event) {
            (Ok(len), Event::CertsInit) => {
                let certificate = answer.get(..len).unwrap_or_default();
                match keys
                    .write(CA_TAG, CredentialKind::CaChain, certificate)
                    .await
                {
                    Ok(()) => CaTags::new(&[CA_TAG]).map_or(Response::Later, Response::CaTags),
                    Err(error) => Response::Fail(error.errno),
                }
            }
            (Err(_), Event::Reboot) => Response::Refuse,
            _ => Response::Done,
        }
    }
}

/// Does what came over the line: a request of the application, with its number and a value.
pub fn serve(port: &Port, handle: Handle<'_, '_, Objects>, what: u8) {
    const BATTERY: Path = Path::resource(device::DEFINITION.id, 0, device::BATTERY_LEVEL);
    const SIGNAL: Path = Path::resource(
        connectivity_monitoring::DEFINITION.id,
        0,
        connectivity_monitoring::RADIO_SIGNAL_STRENGTH,
    );
    let done = match what {
        0 => handle.update(true).is_ok(),
        1 => handle.register().is_ok(),
        2 => handle.deregister().is_ok(),
        3 => handle.link_down().is_ok(),
        4 => handle.link_up().is_ok(),
        5 => handle.reboot().is_ok(),
        6 => handle.factory_reset().is_ok(),
        7 => handle.certs_ready(Err(i32::from(what))).is_ok(),
        8 => handle.set_package(Some("probe"), Some("1.0")).is_ok(),
        9 => {
            let signal = |objects: &mut Objects| objects.connectivity.set_signal_strength(-85);
            handle.with_objects(signal).is_ok() && handle.changed(SIGNAL).is_ok()
        }
        10 => handle.is_registered(1).unwrap_or(false),
        11 => handle
            .firmware_status()
            .is_ok_and(|status| status.is_some()),
        // A level above 100 is refused.
        level => {
            let set = |objects: &mut Objects| objects.device.set_battery_level(Some(level));
            handle.with_objects(set).is_ok_and(|set| set.is_ok()) && handle.changed(BATTERY).is_ok()
        }
    };
    let boots = handle.boots().unwrap_or(0).to_be_bytes();
    let _ = port.order(Operation::Report, &[&[u8::from(done)], &boots]);
}

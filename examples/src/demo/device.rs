//! The simulated device: what an application on a microcontroller would write. No heap, embedded sizes.

use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use carrier_mock::recorder::{Call, Entry};
use carrier_mock::world::{Run, World};
use lwm2m_carrier::driver::{Busy, Handle, Shared, blocking};
use lwm2m_carrier::fota::{Fota, Sha256Trailer};
use lwm2m_carrier::hal::{CredentialKind, KeyStore, SecurityTag};
use lwm2m_carrier::{CaTags, Carrier, Credentials, Error, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{Device, Security, Server, tables::temperature};

use super::{AUTHORITY, BOOTSTRAP_URI, ENDPOINT, FACTORY_IDENTITY, FACTORY_KEY};

/// What the factory puts into the device.
const PROFILE: Profile<'_> = Profile::GENERIC
    .with_bootstrap_server(BOOTSTRAP_URI)
    .with_credentials(Credentials::Psk {
        identity: FACTORY_IDENTITY,
        key: FACTORY_KEY,
    })
    .with_certificates_from_application(true);

/// Where the application puts its certificate.
const CA_TAG: SecurityTag = SecurityTag(7);

/// The resource that the server observes.
const SENSOR_VALUE: Path = Path::resource(3303, 0, temperature::SENSOR_VALUE);

/// The IPSO temperature sensor: the derive makes object 3303 of it.
#[derive(Object)]
#[object(id = 3303, version = "1.1")]
struct Temperature {
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
    #[resource(id = 5701)]
    units: &'static str,
}

/// The objects of the device; the application owns them and lends them to the library.
#[derive(Objects)]
pub(super) struct DeviceObjects {
    security: Security<4>,
    server: Server<2>,
    device: Device<'static>,
    temperature: Temperature,
}

impl DeviceObjects {
    fn new() -> Self {
        Self {
            security: Security::new(),
            server: Server::new(),
            device: Device::new("U")
                .manufacturer("Example Ltd")
                .model_number("Thermometer")
                .firmware_version("1.0"),
            temperature: Temperature {
                value: 21.5,
                units: "Cel",
            },
        }
    }
}

/// The application's event handler.
struct Application<'a, 'w> {
    world: &'a World<'w>,
    /// It has something to finish, and refuses the next restart.
    is_busy: &'a Cell<bool>,
}

impl EventHandler for Application<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        let response = match event {
            Event::CertsInit => self.write_certificate(keys).await,
            Event::Reboot if self.is_busy.take() => Response::Refuse,
            Event::Reboot => Response::Done,
            _ => return Response::Done,
        };
        self.world.record(Entry::Response(response));
        response
    }
}

impl Application<'_, '_> {
    /// Writes the certificate of the authority that vouches for firmware servers, and answers with its tag.
    async fn write_certificate<K: KeyStore>(&self, keys: &mut K) -> Response {
        self.world.set_application_acting(true);
        let written = keys.write(CA_TAG, CredentialKind::CaChain, AUTHORITY).await;
        self.world.set_application_acting(false);
        match written {
            Ok(()) => CaTags::new(&[CA_TAG]).map_or(Response::Done, Response::CaTags),
            Err(error) => Response::Fail(error.errno),
        }
    }
}

/// The sensor has measured a new value.
pub(super) fn measure(handle: &Handle<'_, '_, DeviceObjects>, celsius: f32) -> Result<(), Busy> {
    handle.with_objects(|objects| objects.temperature.value = celsius)?;
    handle.changed(SENSOR_VALUE)
}

/// One life of the device, from its boot to a reset or a power loss, or until `task`, which runs beside the library, is
/// done. `is_busy` makes the application refuse one restart.
#[allow(
    clippy::large_futures,
    reason = "the driver's futures are the main loop and live on its stack"
)]
pub(super) fn live<T>(
    world: &World<'_>,
    is_busy: &Cell<bool>,
    task: impl AsyncFnOnce(Handle<'_, '_, DeviceObjects>) -> T,
) -> Run<Result<T, Error>> {
    let mut hal = world.device();
    let mut resources = Resources::<2, 4, 2, 4>::new();
    let config = PROFILE.config(ENDPOINT);
    // A page of the flash; packages end with their digest.
    let (mut package, mut verifier) = ([0; 4096], Sha256Trailer::new());
    let mut fota = Fota::new(&mut package, &mut verifier);
    let carrier =
        Carrier::new(&mut resources, &PROFILE, config, &mut hal.random).with_firmware(&mut fota);
    let mut objects = DeviceObjects::new();
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = [0; 1280];
    let application = Application { world, is_busy };
    let mut runner = shared.runner(hal, application, &mut buffer);
    let library = async {
        world.record(Entry::Call(Call::Init));
        let result = runner.init().await;
        world.record(Entry::Returned(Call::Init, result));
        if let Err(error) = result {
            return error;
        }
        world.record(Entry::Call(Call::Run));
        runner.run().await
    };
    let life = beside(library, task(shared.handle()));
    blocking::block_on(world.run(life, || false), || ())
}

/// Runs both until one ends: `Err` for the first one.
async fn beside<E, T>(
    library: impl Future<Output = E>,
    task: impl Future<Output = T>,
) -> Result<T, E> {
    let (mut library, mut task) = (pin!(library), pin!(task));
    poll_fn(|context| {
        if let Poll::Ready(error) = library.as_mut().poll(context) {
            return Poll::Ready(Err(error));
        }
        task.as_mut().poll(context).map(Ok)
    })
    .await
}

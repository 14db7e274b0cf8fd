//! A life of the device, from a blank one on.

use core::cell::RefCell;

use carrier_mock::application::{Application, Certificates};
use carrier_mock::executor;
use carrier_mock::flash::Flash;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Tape;
use carrier_mock::server::{
    BootstrapServer, Credentials, MODE_PSK, ManagementServer, Psk, Request, SecurityAccount,
    security_tlv, server_tlv,
};
use carrier_mock::world::{Guard, Run, Stop, StreamGuard, World};
use lwm2m_carrier::driver::{Shared, blocking};
use lwm2m_carrier::fota::Unverified;
use lwm2m_carrier::hal::{Applied, CredentialKind, KeyStoreError, KeyStoreErrorKind};
use lwm2m_carrier::{Carrier, Error, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Duration;
use lwm2m_core::wire::tlv;

use super::update::{self, Operator, Update};
use super::{CA_TAG, CERTIFICATE, Driver, Life};

pub(super) const ENDPOINT: &str = "urn:imei:490154203237518";
pub(super) const FACTORY_IDENTITY: &[u8] = b"factory";
pub(super) const FACTORY_KEY: &[u8] = b"factory-secret";
const SERVER_KEY: &[u8] = b"server-secret";

/// Pages of the firmware slot: fifteen for the package, two for the journal.
const PAGES: usize = 17;

/// How a life goes on.
#[derive(Clone, Copy)]
pub(crate) struct Course<'p> {
    pub(super) profile: Profile<'p>,
    pub(super) certificates: Certificates<'p>,
    /// The first write to the key store fails with this error number.
    pub(super) fail_first_write: Option<i32>,
    /// The life ends with it, else with the registration.
    pub(super) update: Option<Update>,
}

impl Course<'_> {
    /// A blank device with a bootstrap server and a management server: initialises, registers, and takes the update.
    pub(crate) fn live(&self, driver: Driver, mode: KeyStoreMode) -> Life {
        let (mut security, mut server) = ([0; 128], [0; 32]);
        let account = SecurityAccount {
            uri: "coaps://lwm2m.example",
            mode: MODE_PSK,
            identity: b"device",
            key: SERVER_KEY,
            short_server_id: Some(101),
        };
        let security = security_tlv(&mut security, &account).unwrap();
        let server = server_tlv(&mut server, 101, 300).unwrap();
        let provisioning = [
            Request::delete("/"),
            Request::write("/0/1", tlv::CONTENT_FORMAT, security),
            Request::write("/1/0", tlv::CONTENT_FORMAT, server),
            Request::finish(),
        ];
        let factory = [Psk::new(FACTORY_IDENTITY, FACTORY_KEY)];
        let device = [Psk::new(b"device", SERVER_KEY)];
        let script = self.update.map(|update| update.script());
        let bootstrap = RefCell::new(BootstrapServer::new(1, &provisioning));
        let script = script.as_ref().map_or(&[][..], |script| script);
        let management = RefCell::new(ManagementServer::new(2, script));
        let files = update::firmware_server();
        let flash = RefCell::new(Flash::<PAGES>::new(3));
        bootstrap
            .borrow_mut()
            .set_credentials(Credentials::new(&factory));
        management
            .borrow_mut()
            .set_credentials(Credentials::new(&device));

        let tape = Tape::new();
        let world = World::new(7);
        world.set_recorder(&tape);
        let address = |text: &str| text.parse().unwrap();
        let [one, two] = ["192.0.2.1:5684", "192.0.2.2:5684"].map(address);
        world
            .add_server("bootstrap.example", one, Guard::Psk, &bootstrap)
            .unwrap();
        world
            .add_server("lwm2m.example", two, Guard::Psk, &management)
            .unwrap();
        if let Some(update) = self.update {
            let [plain, tls] = ["192.0.2.3:80", "192.0.2.3:443"].map(address);
            let guard = StreamGuard::Tls(update.authority);
            world
                .add_stream_server("files.example", plain, StreamGuard::Plain, &files)
                .unwrap();
            world
                .add_stream_server("files.example", tls, guard, &files)
                .unwrap();
            world.set_firmware_flash(&flash);
            world.firmware().set_applied(Applied::ModemRestart);
        }
        world.keys().set_mode(mode);
        if let Some(errno) = self.fail_first_write {
            let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno);
            world.keys().fail_write(0, error);
        }

        let application = Application::new(&world);
        application.set_certificates(self.certificates);
        let mut operator = self.update.map(|update| Operator::new(update, &management));
        let end = self.boot(&world, driver, &application, &mut operator);
        if end.is_ok() {
            assert!(management.borrow().registration(ENDPOINT).is_some());
        }
        if let Certificates::Write(_) = self.certificates {
            let kind = CredentialKind::CaChain;
            assert_eq!(world.keys().holds(CA_TAG, kind, CERTIFICATE), end.is_ok());
        }
        if self.update.is_some_and(|update| update.result == 1) {
            assert!(world.firmware().holds((0..update::SIZE).map(update::byte)));
        }
        Life {
            end,
            recording: tape.entries(),
            told: operator.map(Operator::told).unwrap_or_default(),
        }
    }

    fn boot(
        &self,
        world: &World<'_>,
        driver: Driver,
        application: &Application<'_, '_>,
        operator: &mut Option<Operator<'_, '_>>,
    ) -> Result<Stop, Error> {
        let mut resources = Resources::<3, 4, 4, 8>::new();
        let mut security = Security::<6>::new();
        let mut server = Server::<6>::new();
        let mut device = Device::new("U");
        let objects: [&mut dyn Object; 3] = [&mut security, &mut server, &mut device];
        let mut hal = world.device();
        let config = self.profile.config(ENDPOINT);
        let carrier = Carrier::new(&mut resources, self.profile, config, &mut hal.random);
        let (mut package, mut verifier) = ([0; 2048], Unverified);
        let carrier = match self.update {
            Some(_) => carrier.with_firmware(&mut package, &mut verifier),
            None => carrier,
        };
        let shared = Shared::new(carrier, objects);
        let mut buffer = [0; 1280];
        let mut runner = shared.runner(hal, application, &mut buffer);
        let life = async {
            application.init(runner.init()).await?;
            application.run(runner.run()).await
        };
        world.set_horizon(world.now() + Duration::from_secs(600));
        let run = world.run(life, || match operator {
            Some(operator) => operator.step(),
            None => application.is_registered(),
        });
        let run = match driver {
            Driver::Async => executor::block_on(run).expect("a driver that nobody wakes"),
            Driver::Blocking => blocking::block_on(run, || ()),
        };
        match run {
            Run::Finished(result) => result,
            Run::Stopped(stop) => Ok(stop),
        }
    }
}

//! A life of the device, from a blank one on.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::pin::pin;

use heapless::Vec;
use lwm2m_carrier::driver::Shared;
use lwm2m_carrier::fota::{Fota, Unverified};
use lwm2m_carrier::hal::{Applied, CredentialKind, KeyStoreError, KeyStoreErrorKind};
use lwm2m_carrier::{Carrier, Error, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::{ContentFormat, Object};
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Duration;

use super::update::{self, MAX_TOLD, Operator, Told, Update};
use super::{CA_TAG, CERTIFICATE, Executor};
use crate::application::{Application, Certificates};
use crate::flash::Flash;
use crate::modem::KeyStoreMode;
use crate::recorder::Recorder;
use crate::server::{
    BootstrapServer, Credentials, MODE_PSK, ManagementServer, Psk, Request, SecurityAccount,
    security_tlv, server_tlv,
};
use crate::world::{Guard, Run, Stop, StreamGuard, TooMany, World};

pub(super) const ENDPOINT: &str = "urn:imei:490154203237518";
pub(super) const FACTORY_IDENTITY: &[u8] = b"factory";
pub(super) const FACTORY_KEY: &[u8] = b"factory-secret";
const SERVER_KEY: &[u8] = b"server-secret";

/// Pages of the firmware slot: fifteen for the package, two for the journal.
const PAGES: usize = 17;

/// How a life has ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// What `init()` or `run()` have returned, or why the life was not lived on.
    pub end: Result<Stop, Error>,
    /// What the server was told of object 5.
    pub told: Vec<Told, MAX_TOLD>,
}

/// A life went as no chart of it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The world has no room for what belongs into it.
    World,
    /// The driver waits and nobody will wake it.
    NeverWoken,
    /// The server knows of no registration.
    NotRegistered,
    /// The application's certificate is not in the modem, or is although its write has failed.
    Certificate,
    /// The package does not lie in the slot.
    Package,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::World => "the world has no room for what belongs into it",
            Self::NeverWoken => "the driver waits and nobody will wake it",
            Self::NotRegistered => "the server knows of no registration",
            Self::Certificate => "the modem does not hold the certificates that it should",
            Self::Package => "the package does not lie in the slot",
        })
    }
}

impl core::error::Error for Fault {}

impl From<TooMany> for Fault {
    fn from(_: TooMany) -> Self {
        Self::World
    }
}

const fn address(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port)
}

/// How a life goes on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Course<'p> {
    pub(super) profile: Profile<'p>,
    pub(super) certificates: Certificates<'p>,
    /// The first write to the key store fails with this error number.
    pub(super) fail_first_write: Option<i32>,
    /// The life ends with it, else with the registration.
    pub(super) update: Option<Update>,
}

impl Course<'_> {
    /// A blank device with a bootstrap server and a management server: initialises, registers, and takes the update.
    /// `recorder` is told of all that happens.
    ///
    /// # Errors
    /// [`Fault`]: it went as no chart of it can.
    pub fn live(
        &self,
        executor: Executor,
        mode: KeyStoreMode,
        recorder: &dyn Recorder,
    ) -> Result<Life, Fault> {
        let (mut security, mut server) = ([0; 128], [0; 32]);
        let account = SecurityAccount {
            uri: "coaps://lwm2m.example",
            mode: MODE_PSK,
            identity: b"device",
            key: SERVER_KEY,
            short_server_id: Some(101),
        };
        let security = security_tlv(&mut security, &account).ok_or(Fault::World)?;
        let server = server_tlv(&mut server, 101, 300).ok_or(Fault::World)?;
        let provisioning = [
            Request::delete("/"),
            Request::write("/0/1", ContentFormat::Tlv.number(), security),
            Request::write("/1/0", ContentFormat::Tlv.number(), server),
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

        let world = World::new(7);
        world.set_recorder(recorder);
        let guard = Guard::Psk;
        world.add_server("bootstrap.example", address(1, 5684), guard, &bootstrap)?;
        world.add_server("lwm2m.example", address(2, 5684), guard, &management)?;
        if let Some(update) = self.update {
            let (plain, tls) = (StreamGuard::Plain, StreamGuard::Tls(update.authority));
            world.add_stream_server("files.example", address(3, 80), plain, &files)?;
            world.add_stream_server("files.example", address(3, 443), tls, &files)?;
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
        let end = self.boot(&world, executor, &application, &mut operator)?;
        if end.is_ok() && management.borrow().registration(ENDPOINT).is_none() {
            return Err(Fault::NotRegistered);
        }
        if let Certificates::Write(_) = self.certificates {
            let kind = CredentialKind::CaChain;
            if world.keys().holds(CA_TAG, kind, CERTIFICATE) != end.is_ok() {
                return Err(Fault::Certificate);
            }
        }
        let package = (0..update::SIZE).map(update::byte);
        if self.update.is_some_and(|update| update.result == 1) && !world.firmware().holds(package)
        {
            return Err(Fault::Package);
        }
        Ok(Life {
            end,
            told: operator.map(Operator::told).unwrap_or_default(),
        })
    }

    fn boot(
        &self,
        world: &World<'_>,
        executor: Executor,
        application: &Application<'_, '_>,
        operator: &mut Option<Operator<'_, '_>>,
    ) -> Result<Result<Stop, Error>, Fault> {
        let mut resources = Resources::<3, 4, 4, 8>::new();
        let mut security = Security::<6>::new();
        let mut server = Server::<6>::new();
        let mut device = Device::new("U");
        let mut objects: [&mut dyn Object; 3] = [&mut security, &mut server, &mut device];
        let mut hal = world.device();
        let config = self.profile.config(ENDPOINT);
        let (mut package, mut verifier) = ([0; 2048], Unverified);
        let mut fota = Fota::new(&mut package, &mut verifier);
        let carrier = Carrier::new(&mut resources, &self.profile, config, &mut hal.random);
        let carrier = match self.update {
            Some(_) => carrier.with_firmware(&mut fota),
            None => carrier,
        };
        let shared = Shared::new(carrier, &mut objects);
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
        let ended = Cell::new(None);
        let run = pin!(async { ended.set(Some(run.await)) });
        if !executor(run) {
            return Err(Fault::NeverWoken);
        }
        match ended.take() {
            Some(Run::Finished(result)) => Ok(result),
            Some(Run::Stopped(stop)) => Ok(Ok(stop)),
            None => Err(Fault::NeverWoken),
        }
    }
}

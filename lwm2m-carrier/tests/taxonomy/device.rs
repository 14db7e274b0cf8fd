//! A device that is put together in other ways than the usual one.

use carrier_mock::executor;
use carrier_mock::recorder::Entry;
use carrier_mock::world::{Run, Stop, World};
use lwm2m_carrier::driver::{Handle, Shared};
use lwm2m_carrier::hal::KeyStore;
use lwm2m_carrier::{Carrier, Error, Event, EventHandler, Profile, Response};
use lwm2m_core::client::Resources;
use lwm2m_core::model::{Object, Objects};
use lwm2m_core::objects::{Device, Security, Server};

use crate::bench::{Recording, secure_profile};

/// What is different.
pub(crate) struct Build<'p> {
    pub(crate) profile: Profile<'p>,
    pub(crate) endpoint: &'p str,
    /// Bytes for a name that the modem is asked for; `None`: it is not asked.
    pub(crate) place: Option<usize>,
    /// Whether there is an object 1.
    pub(crate) has_servers: bool,
    /// Bytes of the message buffer.
    pub(crate) buffer: usize,
    /// The number with which the application fails `CERTS_INIT`.
    pub(crate) fails: i32,
    /// The application calls `run()` without `init()`.
    pub(crate) only_runs: bool,
}

impl Default for Build<'_> {
    fn default() -> Self {
        Self {
            profile: secure_profile(),
            endpoint: crate::bench::ENDPOINT,
            place: None,
            has_servers: true,
            buffer: 1280,
            fails: 0,
            only_runs: false,
        }
    }
}

struct App<'a, 'w> {
    world: &'a World<'w>,
    fails: i32,
}

impl EventHandler for App<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, _keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        match event {
            Event::CertsInit if self.fails != 0 => Response::Fail(self.fails),
            _ => Response::Done,
        }
    }
}

/// The objects 0, 1 and 3, of which 1 may be missing.
pub(crate) struct All {
    security: Security<6>,
    pub(crate) server: Option<Server<6>>,
    device: Device<'static>,
}

impl Objects for All {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        match id {
            0 => Some(&self.security),
            1 => self.server.as_ref().map(|server| server as &dyn Object),
            3 => Some(&self.device),
            _ => None,
        }
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match id {
            0 => Some(&mut self.security),
            1 => self.server.as_mut().map(|server| server as &mut dyn Object),
            3 => Some(&mut self.device),
            _ => None,
        }
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        let behind = |id: &u16| after.is_none_or(|after| after < *id);
        let mut ids = [0, 1, 3].into_iter().filter(behind);
        ids.find(|&id| self.object(id).is_some())
    }
}

/// Boots it until `condition`, or until initialisation fails.
pub(crate) fn boot(
    world: &World<'_>,
    build: &Build<'_>,
    condition: impl FnMut() -> bool,
) -> Result<Stop, Error> {
    boot_with(world, build, condition, async |_| {
        core::future::pending().await
    })
}

/// The same with an application task, which ends it.
pub(crate) fn boot_with(
    world: &World<'_>,
    build: &Build<'_>,
    condition: impl FnMut() -> bool,
    task: impl AsyncFnOnce(Handle<'_, '_, All>),
) -> Result<Stop, Error> {
    let mut resources = Resources::<3, 4, 4, 8>::new();
    let mut place = vec![0; build.place.unwrap_or_default()];
    let mut objects = All {
        security: Security::new(),
        server: build.has_servers.then(Server::new),
        device: Device::new("U").manufacturer("Mock"),
    };
    let mut hal = world.device();
    let config = build.profile.config(build.endpoint);
    let carrier = Carrier::new(&mut resources, &build.profile, config, &mut hal.random);
    let carrier = match build.place {
        Some(_) => carrier.with_endpoint_from_modem(&mut place),
        None => carrier,
    };
    let shared = Shared::new(carrier, &mut objects);
    let mut buffer = vec![0; build.buffer];
    let app = App {
        world,
        fails: build.fails,
    };
    let mut runner = shared.runner(hal, app, &mut buffer);
    let life = async {
        if !build.only_runs {
            runner.init().await?;
        }
        runner.run().await
    };
    let ended = async {
        task(shared.handle()).await;
        Ok(())
    };
    let both = crate::bench::either(life, ended);
    match executor::block_on(world.run(both, condition)).expect("nobody wakes the driver") {
        Run::Finished(result) => result.map(|()| Stop::Condition),
        Run::Stopped(stop) => Ok(stop),
    }
}

/// The errors that the application was told of: name, without prefix, and number.
pub(crate) fn errors(recording: &Recording) -> Vec<(String, i32)> {
    let entries = recording.entries().into_iter();
    entries
        .filter_map(|(_, entry)| match entry {
            Entry::Event(Event::Error(error)) => {
                let name = error.kind.chart_name();
                Some((name.replace("LWM2M_CARRIER_ERROR_", ""), error.errno()))
            }
            _ => None,
        })
        .collect()
}

/// Whether the device has registered.
pub(crate) fn is_registered(recording: &Recording) -> bool {
    recording.has_event(|event| matches!(event, Event::Registered { .. }))
}

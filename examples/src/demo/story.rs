//! What befalls the device, and what the application and the server do.

use core::cell::{Cell, RefCell};

use carrier_mock::server::{Conduct, ManagementServer, Request};
use carrier_mock::world::{Run, Stop, World};
use lwm2m_carrier::driver::{Busy, Handle};
use lwm2m_core::time::Duration;

use super::device::{self, DeviceObjects};
use super::timeline::Timeline;
use super::{ENDPOINT, SERVER_ADDRESS};

/// What the server asks a device that registers for the first time.
pub(super) const FIRST_LIFE: &[Request<'static>] = &[
    Request::read("/3/0/0").accept(0),
    Request::read("/3303/0"),
    Request::observe("/3303/0/5700").accept(0),
];
/// What it asks one that registers again: the observations have ended with the old registration.
const AGAIN: &[Request<'static>] = &[Request::observe("/3303/0/5700").accept(0)];
const REBOOT: Request<'static> = Request::execute("/3/0/4", "");

const NOTIFIED: &str = "server   /3303/0/5700 has changed";

type App<'s, 'r> = Handle<'s, 'r, DeviceObjects>;
type Told = Result<(), String>;

/// Where the story takes place.
struct Stage<'a, 'w, 's> {
    world: &'a World<'w>,
    server: &'a RefCell<ManagementServer<'s>>,
    timeline: &'a Timeline,
    /// The line behind the last one that was waited for.
    seen: Cell<usize>,
}

/// Tells the whole story.
pub(super) fn tell(
    world: &World<'_>,
    server: &RefCell<ManagementServer<'_>>,
    timeline: &Timeline,
) -> Told {
    let stage = Stage {
        world,
        server,
        timeline,
        seen: Cell::new(0),
    };
    stage.chapter("A blank device: initialisation, bootstrap, registration");
    timeline.note(world.now(), "device", "boots");
    let life = device::live(world, async |app| stage.first_life(app).await);
    ended(life)?;
    stage.chapter("The next life: no second bootstrap");
    world.reboot();
    server.borrow_mut().set_script(AGAIN);
    let life = device::live(world, async |app| stage.second_life(app).await);
    ended(life)
}

/// How a life has ended.
fn ended(life: Run<Result<Told, lwm2m_carrier::Error>>) -> Told {
    match life {
        Run::Finished(Ok(told)) => told,
        Run::Finished(Err(error)) => Err(format!("Initialisation has failed: {error}.")),
        Run::Stopped(stop) => Err(format!("The story broke off: {stop:?}.")),
    }
}

impl Stage<'_, '_, '_> {
    /// From the factory to a restart that the server asks for.
    async fn first_life(&self, app: App<'_, '_>) -> Told {
        self.wait_for("event    LWM2M_CARRIER_EVENT_REGISTERED")
            .await?;
        self.wait_for("server   /3303/0/5700: 2.05").await?;
        self.pause(60).await;
        self.chapter("The application measures two new values; an Update is due in time");
        for celsius in [22.0, 22.5] {
            device::measure(&app, celsius).map_err(busy)?;
            self.wait_for(NOTIFIED).await?;
            self.pause(10).await;
        }
        let updated = "message  device <- lwm2m  answer to Update";
        self.wait_for(updated).await?;
        self.pause(10).await;
        self.coverage_gap().await?;
        self.pause(10).await;
        self.server_outage().await?;
        device::measure(&app, 19.5).map_err(busy)?;
        self.wait_for(NOTIFIED).await?;
        self.pause(5).await;
        self.chapter("The server asks for a restart, which the application refuses once");
        self.ask(REBOOT)?;
        self.wait_for("answer   the application refuses").await?;
        self.pause(60).await;
        self.ask(REBOOT)?;
        match self.world.until(|| self.listen("")).await {
            Stop::Reset => Ok(()),
            stop => Err(format!("The device does not restart: {stop:?}.")),
        }
    }

    /// Two minutes in a tunnel; the modem attaches again by itself.
    async fn coverage_gap(&self) -> Told {
        let from = self.world.now() + Duration::from_secs(1);
        let until = from + Duration::from_secs(120);
        self.server.borrow_mut().set_script(AGAIN);
        self.chapter("Two minutes without coverage");
        let added = self.world.link().add_gap(from, until);
        added.map_err(|_| "The world knows too many gaps.".to_owned())?;
        self.wait_for("event    LWM2M_CARRIER_EVENT_REGISTERED")
            .await?;
        self.wait_for("server   /3303/0/5700: 2.05").await
    }

    /// The server is gone for longer than the registration lives.
    async fn server_outage(&self) -> Told {
        self.chapter("The server is gone for longer than the registration lives");
        self.say("server", "goes down");
        self.server.borrow_mut().set_conduct(Conduct::Silent);
        self.world.forget_associations(SERVER_ADDRESS);
        self.wait_for("event    LWM2M_CARRIER_EVENT_DEFERRED")
            .await?;
        self.pause(40).await;
        self.say("server", "is back, having forgotten all devices");
        self.server.borrow_mut().restart();
        self.server.borrow_mut().set_conduct(Conduct::Serve);
        self.wait_for("event    LWM2M_CARRIER_EVENT_REGISTERED")
            .await?;
        self.wait_for("server   /3303/0/5700: 2.05").await
    }

    /// From the restart to the end: the device knows its server and need not be bootstrapped again.
    async fn second_life(&self, app: App<'_, '_>) -> Told {
        self.wait_for("event    LWM2M_CARRIER_EVENT_REGISTERED")
            .await?;
        self.wait_for("server   /3303/0/5700: 2.05").await?;
        self.pause(60).await;
        device::measure(&app, 23.0).map_err(busy)?;
        self.wait_for(NOTIFIED).await?;
        self.pause(5).await;
        self.chapter("The end: the application stops the library");
        self.say("call", "link_down()");
        app.link_down()
            .map_err(|error| format!("The application cannot stop the library: {error}."))?;
        self.wait_for("event    LWM2M_CARRIER_EVENT_DISCONNECTED")
            .await?;
        app.offline().await;
        Ok(())
    }

    fn chapter(&self, title: &str) {
        self.timeline.chapter(self.world.now(), title);
    }

    fn say(&self, about: &str, text: &str) {
        self.timeline.note(self.world.now(), about, text);
    }

    async fn pause(&self, seconds: u64) {
        self.world.sleep(Duration::from_secs(seconds)).await;
    }

    /// Lets the server send one more request.
    fn ask(&self, request: Request<'static>) -> Told {
        if self.server.borrow_mut().request(ENDPOINT, request) {
            Ok(())
        } else {
            Err("The server does not know the device.".to_owned())
        }
    }

    /// Waits for a new line that begins with `start`.
    async fn wait_for(&self, start: &str) -> Told {
        match self.world.until(|| self.listen(start)).await {
            Stop::Condition => Ok(()),
            stop => Err(format!("\"{start}\" was waited for in vain: {stop:?}.")),
        }
    }

    /// Writes down what the server has seen; whether there is a new line that begins with `start`. An empty one stands
    /// for none.
    fn listen(&self, start: &str) -> bool {
        let mut server = self.server.borrow_mut();
        while let Some(record) = server.take_record() {
            self.timeline.note_server(&record);
        }
        if start.is_empty() {
            return false;
        }
        match self.timeline.find(self.seen.get(), start) {
            Some(number) => {
                self.seen.set(number + 1);
                true
            }
            None => false,
        }
    }
}

/// The objects are free whenever the application runs.
fn busy(busy: Busy) -> String {
    format!("The application cannot go on: {busy}.")
}

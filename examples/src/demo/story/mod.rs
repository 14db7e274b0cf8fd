//! What befalls the device, and what the application and the servers do.
//!
//! [`Stage::tell`] is the story: one life of the device after the other, from its boot to a restart or a power loss. What
//! happens in them is in the other files.

mod firmware;
mod service;
mod start;

use core::cell::{Cell, RefCell};
use core::fmt;

use carrier_mock::server::firmware::HttpServer;
use carrier_mock::server::{ManagementServer, Request};
use carrier_mock::world::{Run, Stop, World};
use lwm2m_carrier::driver::Handle;
use lwm2m_core::time::Duration;

use super::ENDPOINT;
use super::device::{self, DeviceObjects};
use super::summary::Day;
use super::timeline::Timeline;

/// Content format of plain text.
const TEXT: u16 = 0;

/// What the server asks a device that registers for the first time.
pub(super) const FIRST_SCRIPT: &[Request<'static>] = &[
    Request::read("/3/0/0").accept(TEXT),
    Request::read("/3303/0"),
    Request::observe("/5/0/3").accept(TEXT),
    Request::observe("/5/0/5").accept(TEXT),
    Request::observe("/3303/0/5700").accept(TEXT),
];
/// What it asks one that registers again: the observations have ended with the old registration.
const SCRIPT: &[Request<'static>] = &[
    Request::observe("/5/0/3").accept(TEXT),
    Request::observe("/5/0/5").accept(TEXT),
    Request::observe("/3303/0/5700").accept(TEXT),
];

const REGISTERED: &str = "event    LWM2M_CARRIER_EVENT_REGISTERED";
/// The last answer to the script.
const OBSERVED: &str = "server   /3303/0/5700: 2.05";
const NOTIFIED: &str = "server   /3303/0/5700 has changed";

type App<'s, 'r> = Handle<'s, 'r, DeviceObjects>;
/// How a part of the story has ended; an error is a sentence.
type Told<T = ()> = Result<T, String>;

/// Where the story takes place.
pub(super) struct Stage<'a, 'w, 's> {
    world: &'a World<'w>,
    server: &'a RefCell<ManagementServer<'s>>,
    files: &'a RefCell<HttpServer<'s>>,
    timeline: &'a Timeline,
    /// The application's new image.
    image: &'s [u8],
    /// The application has something to finish before it may be restarted.
    is_busy: Cell<bool>,
    /// The line behind the last one that was waited for.
    seen: Cell<usize>,
}

impl<'a, 'w, 's> Stage<'a, 'w, 's> {
    pub(super) const fn new(
        world: &'a World<'w>,
        server: &'a RefCell<ManagementServer<'s>>,
        files: &'a RefCell<HttpServer<'s>>,
        timeline: &'a Timeline,
        image: &'s [u8],
    ) -> Self {
        Self {
            world,
            server,
            files,
            timeline,
            image,
            is_busy: Cell::new(false),
            seen: Cell::new(0),
        }
    }

    /// Tells the whole story, and what its quiet day has cost.
    pub(super) fn tell(&self) -> Told<Day> {
        self.first_boot()?;

        self.chapter(
            "The second boot: certificates, initialisation, bootstrap, registration",
            "Charts 4, 1 and 2: the bootstrap server's keys are written while the link is down.",
        );
        self.boot(async |app| {
            self.service(app).await?;
            self.modem_update().await?;
            self.refused_update().await?;
            self.application_update().await
        })?;

        self.chapter(
            "The new application starts, without a second bootstrap",
            "The server finds state 0 and result 1, and the application hears of the success.",
        );
        self.boot(async |app| {
            self.after_update().await?;
            self.power_cut(app).await
        })?;

        self.chapter(
            "The power is back: the download goes on where it stopped",
            "The server is asked for the rest, on condition that the package is still the same. The modem restarts with it.",
        );
        self.boot(async |_| {
            self.resumed_update().await?;
            self.restart().await
        })?;

        self.chapter(
            "The last boot",
            "The server gives the device a longer lifetime.",
        );
        self.boot(async |app| {
            self.last_boot().await?;
            let day = self.quiet_day(app).await?;
            self.end(app).await?;
            Ok(day)
        })
    }

    /// Boots the device once more; `life` runs beside the library.
    fn boot<T>(&self, life: impl AsyncFnOnce(App<'_, '_>) -> Told<T>) -> Told<T> {
        self.world.reboot();
        match device::live(self.world, &self.is_busy, life) {
            Run::Finished(Ok(told)) => told,
            Run::Finished(Err(error)) => Err(format!("Initialisation has failed: {error}.")),
            Run::Stopped(stop) => Err(format!("The story broke off: {stop:?}.")),
        }
    }

    fn chapter(&self, title: &str, about: &str) {
        self.timeline.chapter(self.world.now(), title, about);
    }

    fn say(&self, about: &str, text: &str) {
        self.timeline.note(self.world.now(), about, text);
    }

    async fn pause(&self, seconds: u64) {
        self.world.sleep(Duration::from_secs(seconds)).await;
    }

    /// Lets the server send one more request.
    fn ask(&self, request: Request<'s>) -> Told {
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

    /// Waits until the device restarts.
    async fn wait_for_restart(&self) -> Told {
        match self.world.until(|| self.listen("")).await {
            Stop::Reset => Ok(()),
            stop => Err(format!("The device does not restart: {stop:?}.")),
        }
    }

    /// Writes down what the servers have seen; whether there is a new line that begins with `start`. An empty one stands
    /// for none.
    fn listen(&self, start: &str) -> bool {
        while let Some(record) = self.server.borrow_mut().take_record() {
            self.timeline.note_server(&record);
        }
        while let Some(record) = self.files.borrow_mut().take_record() {
            self.timeline.note_files(&record);
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

/// What an application says that cannot go on: its objects are free whenever it runs.
fn stuck(error: impl fmt::Display) -> String {
    format!("The application cannot go on: {error}.")
}

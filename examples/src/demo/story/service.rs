//! Service: values, gaps, outages, restarts, a quiet day.

use carrier_mock::server::{Conduct, Request};
use lwm2m_core::time::Duration;

use super::{App, NOTIFIED, OBSERVED, REGISTERED, SCRIPT, Stage, TEXT, Told, stuck};
use crate::demo::SERVER_ADDRESS;
use crate::demo::device;
use crate::demo::summary::Day;

const REBOOT: Request<'static> = Request::execute("/3/0/4", "");
/// A lifetime for days in which little happens, 24 hours.
const LONG_LIFETIME: Request<'static> = Request::write("/1/0/1", TEXT, b"86400");

const UPDATED: &str = "message  device <- lwm2m  answer to Update";

impl Stage<'_, '_, '_> {
    /// From the bootstrap through what service brings.
    pub(super) async fn service(&self, app: App<'_, '_>) -> Told {
        self.wait_for(REGISTERED).await?;
        self.wait_for(OBSERVED).await?;
        self.pause(60).await;
        self.chapter(
            "The application measures two new values; an Update is due in time",
            "The server observes the sensor, so it is told; it hears of the device in time.",
        );
        for celsius in [22.0, 22.5] {
            device::measure(&app, celsius).map_err(stuck)?;
            self.wait_for(NOTIFIED).await?;
            self.pause(10).await;
        }
        self.wait_for(UPDATED).await?;
        self.pause(10).await;
        self.coverage_gap().await?;
        self.pause(10).await;
        self.server_outage().await?;
        device::measure(&app, 19.5).map_err(stuck)?;
        self.wait_for(NOTIFIED).await?;
        self.pause(5).await;
        Ok(())
    }

    /// Two minutes in a tunnel; the modem attaches again by itself.
    async fn coverage_gap(&self) -> Told {
        let from = self.world.now() + Duration::from_secs(1);
        let until = from + Duration::from_secs(120);
        self.server.borrow_mut().set_script(SCRIPT);
        self.chapter(
            "Two minutes without coverage",
            "The modem attaches again by itself, and the device registers at once.",
        );
        let added = self.world.link().add_gap(from, until);
        added.map_err(|_| "The world knows too many gaps.".to_owned())?;
        self.wait_for(REGISTERED).await?;
        self.wait_for(OBSERVED).await
    }

    /// The server is gone for longer than the registration lives.
    async fn server_outage(&self) -> Told {
        self.chapter(
            "The server is gone for longer than the registration lives",
            "An Update is sent five times, then the device backs off and registers anew.",
        );
        self.say("server", "goes down");
        self.server.borrow_mut().set_conduct(Conduct::Silent);
        self.world.forget_associations(SERVER_ADDRESS);
        self.wait_for("event    LWM2M_CARRIER_EVENT_DEFERRED")
            .await?;
        self.pause(40).await;
        self.say("server", "is back, having forgotten all devices");
        self.server.borrow_mut().restart();
        self.server.borrow_mut().set_conduct(Conduct::Serve);
        self.wait_for(REGISTERED).await?;
        self.wait_for(OBSERVED).await
    }

    /// The server asks for a restart twice.
    pub(super) async fn restart(&self) -> Told {
        self.chapter(
            "The server asks for a restart, which the application refuses once",
            "REBOOT is a question: the application may have something to finish first.",
        );
        self.is_busy.set(true);
        self.ask(REBOOT)?;
        self.wait_for("answer   the application refuses").await?;
        self.pause(60).await;
        self.ask(REBOOT)?;
        self.wait_for_restart().await
    }

    /// The device is back, and has the server wait longer for its Updates.
    pub(super) async fn last_boot(&self) -> Told {
        self.wait_for(REGISTERED).await?;
        self.wait_for(OBSERVED).await?;
        self.ask(LONG_LIFETIME)?;
        self.wait_for(UPDATED).await?;
        self.pause(60).await;
        Ok(())
    }

    /// A day in which a value changes every four hours; what it has cost.
    pub(super) async fn quiet_day(&self, app: App<'_, '_>) -> Told<Day> {
        self.chapter(
            "A quiet day",
            "A value changes every four hours, and an Update renews the registration once.",
        );
        let first = app.statistics().map_err(stuck)?;
        for celsius in [22.0, 22.5, 23.0, 22.5, 22.0, 21.5] {
            self.pause(2 * 3600).await;
            device::measure(&app, celsius).map_err(stuck)?;
            self.wait_for(NOTIFIED).await?;
            self.pause(2 * 3600).await;
        }
        let last = app.statistics().map_err(stuck)?;
        Ok(Day::between(&first, &last))
    }

    /// The application has had enough.
    pub(super) async fn end(&self, app: App<'_, '_>) -> Told {
        self.chapter(
            "The end: the application stops the library",
            "It de-registers before it takes the link down.",
        );
        self.say("call", "link_down()");
        app.link_down().map_err(stuck)?;
        self.wait_for("event    LWM2M_CARRIER_EVENT_DISCONNECTED")
            .await?;
        app.offline().await;
        Ok(())
    }
}

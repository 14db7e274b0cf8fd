//! Firmware: for the modem and for the application, pulled and pushed, refused and interrupted.

use carrier_mock::server::Request;
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::Applied;

use super::{App, OBSERVED, REGISTERED, Stage, TEXT, Told};

/// Content format of opaque bytes.
const OPAQUE: u16 = 42;
const UPDATE: Request<'static> = Request::execute("/5/0/2", "");
const FETCH: Request<'static> = Request::write("/5/0/1", TEXT, b"https://files.example/modem");
const FETCH_ELSEWHERE: Request<'static> =
    Request::write("/5/0/1", TEXT, b"https://mirror.example/modem");

/// Bytes of a package of which half has come.
const HALF: u32 = 60_000;

const START: &str = "event    LWM2M_CARRIER_EVENT_FOTA_START";
const SUCCESS: &str = "event    LWM2M_CARRIER_EVENT_FOTA_SUCCESS";
const DOWNLOADED: &str = "server   /5/0/3 has changed = 2";
const RESULT_IS_SUCCESS: &str = "server   /5/0/5: 2.05 = 1";

impl Stage<'_, '_, '_> {
    /// The device fetches an image for its modem, which restarts with it.
    pub(super) async fn modem_update(&self) -> Told {
        self.chapter(
            "Firmware for the modem, which the device fetches over HTTPS",
            "Chart 3: once the server's Execute was answered the modem restarts, and the device registers with the result at hand.",
        );
        self.world.firmware().set_applied(Applied::ModemRestart);
        self.ask(FETCH)?;
        self.wait_for(DOWNLOADED).await?;
        self.pause(5).await;
        self.restart_modem().await
    }

    /// The server has the image applied that is there, and learns how that went.
    async fn restart_modem(&self) -> Told {
        self.ask(UPDATE)?;
        self.wait_for(SUCCESS).await?;
        self.wait_for(RESULT_IS_SUCCESS).await?;
        self.wait_for(OBSERVED).await?;
        self.pause(30).await;
        Ok(())
    }

    /// Firmware from a server that the application's certificates do not vouch for.
    pub(super) async fn refused_update(&self) -> Told {
        self.chapter(
            "Firmware from a server of another authority: the connection is refused",
            "Chart 6: the application's CA certificates do not vouch for that server.",
        );
        self.ask(FETCH_ELSEWHERE)?;
        self.wait_for("event    LWM2M_CARRIER_EVENT_ERROR").await?;
        self.wait_for("server   /5/0/5 has changed = 4").await?;
        self.pause(30).await;
        Ok(())
    }

    /// The server writes an image for the application block by block, and the device restarts with it.
    pub(super) async fn application_update(&self) -> Told {
        self.chapter(
            "Firmware for the application, which the server pushes",
            "The server writes it block by block, each answered once it is in the flash. It runs from the next boot on.",
        );
        self.world.firmware().set_applied(Applied::RebootRequired);
        self.ask(Request::write("/5/0/0", OPAQUE, self.image))?;
        self.wait_for(DOWNLOADED).await?;
        self.pause(5).await;
        self.ask(UPDATE)?;
        self.wait_for_restart().await
    }

    /// The new application runs.
    pub(super) async fn after_update(&self) -> Told {
        self.wait_for(SUCCESS).await?;
        self.wait_for(RESULT_IS_SUCCESS).await?;
        self.wait_for(OBSERVED).await?;
        self.pause(30).await;
        Ok(())
    }

    /// A download does not come to its end.
    pub(super) async fn power_cut(&self, app: App<'_, '_>) -> Told {
        self.chapter(
            "The power fails in the middle of a download",
            "How far it has come is in the flash.",
        );
        self.world.firmware().set_applied(Applied::ModemRestart);
        self.ask(FETCH)?;
        self.wait_for(START).await?;
        let is_half_way = || {
            app.firmware_status()
                .ok()
                .flatten()
                .is_some_and(|update| update.taken >= HALF)
        };
        match self.world.until(is_half_way).await {
            Stop::Condition => self.world.power_off(),
            stop => return Err(format!("The download does not come half way: {stop:?}.")),
        }
        Ok(())
    }

    /// It comes to its end after all.
    pub(super) async fn resumed_update(&self) -> Told {
        self.wait_for(START).await?;
        self.wait_for(REGISTERED).await?;
        self.wait_for(DOWNLOADED).await?;
        self.pause(5).await;
        self.restart_modem().await
    }
}

//! The link: attach and detach.

mod attachment;
mod battery;
mod power_saving;
mod settings;

use core::pin::pin;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Clock, Link, LinkError, LinkErrorKind, LinkState};
use lwm2m_core::time::{Duration, Instant};

use crate::NetworkTime;
use crate::at::{
    At, ModemDomainEvent, Notifications, Registration, RegistrationStatus, Urc, ask, ask_mode,
    order, parse_clock,
};
use crate::race::{First, race};
use attachment::Attachment;
pub use battery::PowerOffWarning;
pub use power_saving::{Edrx, PowerSaving};
pub use settings::LinkSettings;

/// Longest notification that is read; longer ones are of no interest here.
const NOTIFICATION: usize = 128;

/// Longest time for which a modem that is to be switched on, or off and on, is left alone: a day.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How long a modem that has given up is left alone, after as many renewals, before it is switched off and on: an hour, two,
/// four … up to a day. Without that it would never try again; more often, it would trouble a network that has refused for
/// good (GSMA TS.34).
fn renewal(done: u8) -> Duration {
    Duration::from_secs(3600 << done.min(5)).min(LONGEST)
}

/// The modem's link over LTE-M or NB-IoT: `AT+CFUN=1` and `AT+CFUN=4`.
///
/// The level of `+CEREG` that the application has subscribed stays; where it has subscribed nothing, it is 5. The modem
/// tells why the network has refused at levels 3 and 5 only. `%MDMEV`, `+CGEREP` and `%XTIME` are subscribed, and
/// everything else is left as it is.
///
/// After a failure of the SIM card, or a refusal for which the card counts as invalid, the modem does not try again before it
/// was switched off. It is, with `AT+CFUN=4`, which shuts the card down as well: by the next [`up`](Link::up), and while
/// the link is waited for by [`changed`](Link::changed), after an hour, two, four … up to a day. A modem that has switched
/// itself off, because it was overheated, is switched on after [`LinkSettings::poll_lost`].
///
/// After it has warned of a low battery, it is switched on only where `AT%XVBAT` tells more than 3000 mV, or than
/// [`LinkSettings::power_off_warning`]: by the next [`up`](Link::up), which fails otherwise, and by
/// [`changed`](Link::changed) after [`LinkSettings::poll_lost`], twice that, four times … up to a day. A battery that has
/// recovered may break down as soon as the radio is on. The waits therefore begin anew only once the link was still up when
/// [`LinkSettings::poll_up`] had passed.
#[derive(Debug)]
pub struct LteLink<'t, A, N, C> {
    at: A,
    notifications: N,
    clock: C,
    time: &'t NetworkTime,
    settings: &'t LinkSettings,
    attachment: Attachment,
    /// When the registration is asked for next, for want of a notification.
    ask_at: Instant,
    /// When the modem, which has given up, is switched off and on.
    renew_at: Option<Instant>,
    /// How often that was done since the link was up.
    renewals: u8,
    /// How often a low battery was waited for since the link was up for long.
    battery_waits: u8,
}

const MODEM_FAILURE: LinkError = LinkError::new(LinkErrorKind::Modem, errno::EIO);

impl<'t, A: At, N: Notifications, C: Clock> LteLink<'t, A, N, C> {
    /// A link that is down, over commands, notifications, and a clock for its limits; `time` is set to what the network
    /// says.
    pub const fn new(
        at: A,
        notifications: N,
        clock: C,
        time: &'t NetworkTime,
        settings: &'t LinkSettings,
    ) -> Self {
        Self {
            at,
            notifications,
            clock,
            time,
            settings,
            attachment: Attachment::new(),
            ask_at: Instant::FAR_FUTURE,
            renew_at: None,
            renewals: 0,
            battery_waits: 0,
        }
    }

    /// The EMM cause (3GPP TS 24.301, annex A) with which the network has refused last.
    #[must_use]
    pub const fn reject_cause(&self) -> Option<u8> {
        self.attachment.reject_cause
    }

    async fn order(&mut self, command: &str) -> Result<(), LinkError> {
        order(&mut self.at, command.into())
            .await
            .map_err(|_| MODEM_FAILURE)
    }

    /// Subscribes what is needed; the modem forgets it when it is powered off.
    async fn subscribe(&mut self) -> Result<(), LinkError> {
        let (level, _) = self.registration().await?;
        if level == 0 {
            self.order("AT+CEREG=5").await?;
        }
        // Only for reasons and the date: a firmware that does not know one of them can still attach.
        for command in ["AT%MDMEV=1", "AT+CGEREP=1", "AT%XTIME=1"] {
            let _ = self.order(command).await;
        }
        Ok(())
    }

    async fn is_switched_on(&mut self) -> Result<bool, LinkError> {
        let mode = ask_mode(&mut self.at).await;
        mode.map(|it| it == 1).map_err(|_| MODEM_FAILURE)
    }

    /// Whether the battery is none that was low and still is. A modem that does not tell may have a low one.
    async fn check_battery(&mut self) -> Result<(), LinkError> {
        if !self.attachment.battery_low {
            return Ok(());
        }
        let mut response = [0; NOTIFICATION];
        let response = ask(&mut self.at, "AT%XVBAT".into(), &mut response)
            .await
            .map_err(|_| MODEM_FAILURE)?;
        let voltage = response
            .named("%XVBAT")
            .find_map(|mut it| it.number::<u16>());
        let warning = self.settings.power_off_warning;
        let enough = warning.unwrap_or(PowerOffWarning::At3000).voltage();
        match voltage {
            Some(voltage) if voltage > enough => Ok(()),
            _ => Err(MODEM_FAILURE),
        }
    }

    /// `renew`: it is switched off before.
    async fn switch_on(&mut self, renew: bool) -> Result<(), LinkError> {
        self.check_battery().await?;
        let mut buffer = [0; 48];
        for step in 0..5 {
            let command = match step {
                0 => renew.then_some("AT+CFUN=4"),
                1 => (self.settings.power_saving).and_then(|it| it.command(&mut buffer)),
                2 => self.settings.edrx.and_then(|it| it.command(&mut buffer)),
                // The modem warns once.
                3 => self
                    .settings
                    .power_off_warning
                    .map(PowerOffWarning::command),
                _ => Some("AT+CFUN=1"),
            };
            if let Some(command) = command {
                self.order(command).await?;
            }
        }
        self.attachment.battery_low = false;
        Ok(())
    }

    /// The level that is subscribed, and the registration.
    async fn registration(&mut self) -> Result<(u8, Registration), LinkError> {
        // The answer, and notifications around it.
        let mut response = [0; 2 * NOTIFICATION];
        let response = ask(&mut self.at, "AT+CEREG?".into(), &mut response)
            .await
            .map_err(|_| MODEM_FAILURE)?;
        let answer = response
            .named("+CEREG")
            .filter_map(Registration::from_answer);
        answer.last().ok_or(MODEM_FAILURE)
    }

    /// Waits for a notification, until that time: [`First::Left`] with what it says of the link, if anything. The date is
    /// taken from it at once.
    async fn told(&mut self, until: Instant) -> First<Option<Urc>, ()> {
        let mut line = [0; NOTIFICATION];
        loop {
            let first = {
                let next = pin!(self.notifications.next(&mut line));
                race(next, pin!(self.clock.wait(until))).await
            };
            let len = match first {
                First::Left(len) => len,
                First::Right(()) if self.clock.now() >= until => return First::Right(()),
                // A wait may end early.
                First::Right(()) => continue,
            };
            let urc = line.get(..len).and_then(Urc::parse);
            return First::Left(match urc {
                Some(Urc::Time(date)) => {
                    self.time.set(date, self.clock.now());
                    None
                }
                urc => urc,
            });
        }
    }

    /// What was reported before the link was asked for is out of date, but for a low battery.
    async fn forget_notifications(&mut self) {
        let now = self.clock.now();
        while let First::Left(urc) = self.told(now).await {
            if let Some(Urc::Modem(ModemDomainEvent::BatteryLow)) = urc {
                self.attachment.battery_low = true;
            }
        }
    }

    async fn ask_date(&mut self) {
        let mut response = [0; NOTIFICATION];
        if let Ok(response) = ask(&mut self.at, "AT+CCLK?".into(), &mut response).await
            && let Some(date) = response.named("+CCLK").find_map(parse_clock)
        {
            self.time.set(date, self.clock.now());
        }
    }

    /// When to ask and to renew from now on.
    fn schedule(&mut self) {
        if self.attachment.is_requested_down() {
            (self.ask_at, self.renew_at) = (Instant::FAR_FUTURE, None);
            return;
        }
        let now = self.clock.now();
        self.ask_at = now
            + if self.attachment.is_up() {
                (self.renew_at, self.renewals) = (None, 0);
                self.settings.poll_up
            } else if self.attachment.battery_low {
                let done = self.battery_waits;
                self.battery_waits = done.saturating_add(1);
                battery::wait(self.settings.poll_lost, done)
            } else {
                self.settings.poll_lost
            };
        if self.attachment.barred && self.renew_at.is_none() {
            self.renew_at = Some(now + renewal(self.renewals));
            self.renewals = self.renewals.saturating_add(1);
        }
    }

    /// Looks for what a notification that was lost would have told, and for a modem that needs help. All of it is done again
    /// where it is dropped.
    async fn look(&mut self) -> Result<(), LinkError> {
        let renews = if self.attachment.is_up() {
            self.battery_waits = 0;
            false
        } else if let Some(at) = self.renew_at {
            at <= self.clock.now()
        } else {
            let on = self.is_switched_on().await?;
            self.attachment.battery_low &= !on;
            !on
        };
        if renews {
            let renewed = self.switch_on(true).await;
            self.renew_at = None;
            // One that was merely off, and refuses, is tried again at the next look.
            renewed?;
            self.attachment.barred = false;
        }
        let (_, registration) = self.registration().await?;
        self.attachment.note_registration(&registration);
        Ok(())
    }
}

impl<A: At, N: Notifications, C: Clock> Link for LteLink<'_, A, N, C> {
    /// # Errors
    /// [`LinkErrorKind::Modem`] when a command is refused or the battery is low, [`LinkErrorKind::Sim`] without a usable SIM card,
    /// [`LinkErrorKind::Rejected`] when the network refuses (see [`reject_cause`](LteLink::reject_cause)),
    /// [`LinkErrorKind::NoService`] after [`LinkSettings::attach_timeout`]. After all of them the modem may go on
    /// searching.
    async fn up(&mut self) -> Result<(), LinkError> {
        self.forget_notifications().await;
        self.subscribe().await?;
        let on = self.is_switched_on().await?;
        if !on || self.attachment.barred {
            self.switch_on(on).await?;
        }
        self.attachment.barred = false;
        let deadline = self.clock.now() + self.settings.attach_timeout;
        let (_, mut registration) = self.registration().await?;
        let mut ask_at = self.clock.now() + self.settings.poll;
        loop {
            match registration.status {
                RegistrationStatus::Home | RegistrationStatus::Roaming => break,
                RegistrationStatus::SimFailure => {
                    self.attachment.note_refusal(&registration);
                    return Err(LinkError::new(LinkErrorKind::Sim, errno::EACCES));
                }
                RegistrationStatus::Denied => {
                    self.attachment.note_refusal(&registration);
                    return Err(LinkError::new(LinkErrorKind::Rejected, errno::EACCES));
                }
                _ if self.clock.now() >= deadline => {
                    return Err(LinkError::new(LinkErrorKind::NoService, errno::ETIMEDOUT));
                }
                _ => {}
            }
            match self.told(deadline.min(ask_at)).await {
                First::Left(Some(Urc::Registration(changed))) => registration = changed,
                // It is off from now on.
                First::Left(Some(Urc::Modem(ModemDomainEvent::BatteryLow))) => {
                    self.attachment.battery_low = true;
                    return Err(MODEM_FAILURE);
                }
                First::Left(_) => {}
                First::Right(()) => {
                    registration = self.registration().await?.1;
                    ask_at = self.clock.now() + self.settings.poll;
                }
            }
        }
        self.ask_date().await;
        self.attachment.set_up();
        self.schedule();
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.order("AT+CFUN=4").await?;
        self.attachment.set_down();
        self.schedule();
        Ok(())
    }

    fn state(&self) -> LinkState {
        self.attachment.tell()
    }

    async fn changed(&mut self) -> LinkState {
        while self.attachment.is_told() {
            let before = self.attachment.condition();
            match self.told(self.ask_at).await {
                First::Left(Some(urc)) => self.attachment.note(&urc),
                First::Left(None) => {}
                First::Right(()) => {
                    // A modem that does not answer is asked again.
                    let _ = self.look().await;
                    self.schedule();
                }
            }
            if before != self.attachment.condition() {
                self.schedule();
            }
        }
        self.attachment.tell()
    }
}

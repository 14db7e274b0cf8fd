//! The link: attach and detach.

mod power_saving;

use core::cell::Cell;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Clock, DetachReason, Link, LinkError, LinkErrorKind, LinkState};
use lwm2m_core::time::Duration;

use crate::NetworkTime;
use crate::at::{
    At, ModemDomainEvent, Notifications, PacketEvent, Registration, RegistrationStatus, Urc, ask,
    order, parse_clock,
};
use crate::race::{First, race, yield_now};
pub use power_saving::{Edrx, PowerSaving};

/// Longest notification that is read; longer ones are of no interest here.
const NOTIFICATION: usize = 128;

/// How the link is brought up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LinkSettings {
    /// How long an attach may take: 5 minutes by default. The modem goes on searching afterwards.
    pub attach_timeout: Duration,
    /// How often the registration is asked for while attaching, should a notification have been lost: every 15 seconds by
    /// default.
    pub poll: Duration,
    /// Power saving mode to ask for; what the modem has set already by default.
    pub power_saving: Option<PowerSaving>,
    /// Extended discontinuous reception to ask for; what the modem has set already by default.
    pub edrx: Option<Edrx>,
}

impl Default for LinkSettings {
    fn default() -> Self {
        Self {
            attach_timeout: Duration::from_secs(300),
            poll: Duration::from_secs(15),
            power_saving: None,
            edrx: None,
        }
    }
}

/// The modem's link over LTE-M or NB-IoT: `AT+CFUN=1` and `AT+CFUN=4`.
///
/// The level of `+CEREG` that the application has subscribed stays; where it has subscribed nothing, it is 5. The modem
/// tells why the network has refused at levels 3 and 5 only. `%MDMEV`, `+CGEREP` and `%XTIME` are subscribed, and
/// everything else is left as it is.
#[derive(Debug)]
pub struct LteLink<'t, A, N, C> {
    at: A,
    notifications: N,
    clock: C,
    time: &'t NetworkTime,
    settings: LinkSettings,
    state: LinkState,
    told: Cell<LinkState>,
    /// The link was taken down, or never up: what the modem reports late is not news.
    requested_down: bool,
    /// Why the next detach comes, told before it.
    reason: Option<DetachReason>,
    reject_cause: Option<u8>,
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
        settings: LinkSettings,
    ) -> Self {
        let down = LinkState::Down(DetachReason::Requested);
        Self {
            at,
            notifications,
            clock,
            time,
            settings,
            state: down,
            told: Cell::new(down),
            requested_down: true,
            reason: None,
            reject_cause: None,
        }
    }

    /// The EMM cause (3GPP TS 24.301, annex A) with which the network has refused last.
    #[must_use]
    pub const fn reject_cause(&self) -> Option<u8> {
        self.reject_cause
    }

    /// Subscribes what is needed; the modem forgets it when it is powered off.
    async fn subscribe(&mut self) -> Result<(), LinkError> {
        let (level, _) = self.registration().await?;
        if level == 0 {
            order(&mut self.at, "AT+CEREG=5")
                .await
                .map_err(|_| MODEM_FAILURE)?;
        }
        // Only for reasons and the date: a firmware that does not know one of them can still attach.
        for command in ["AT%MDMEV=1", "AT+CGEREP=1", "AT%XTIME=1"] {
            let _ = order(&mut self.at, command).await;
        }
        Ok(())
    }

    async fn is_switched_on(&mut self) -> Result<bool, LinkError> {
        let mut response = [0; NOTIFICATION];
        let response = ask(&mut self.at, "AT+CFUN?", &mut response)
            .await
            .map_err(|_| MODEM_FAILURE)?;
        let mode: Option<u8> = response.named("+CFUN").find_map(|mut it| it.number());
        mode.map(|it| it == 1).ok_or(MODEM_FAILURE)
    }

    async fn switch_on(&mut self) -> Result<(), LinkError> {
        let mut buffer = [0; 48];
        if let Some(command) = self
            .settings
            .power_saving
            .and_then(|it| it.command(&mut buffer))
        {
            order(&mut self.at, command)
                .await
                .map_err(|_| MODEM_FAILURE)?;
        }
        if let Some(command) = self.settings.edrx.and_then(|it| it.command(&mut buffer)) {
            order(&mut self.at, command)
                .await
                .map_err(|_| MODEM_FAILURE)?;
        }
        order(&mut self.at, "AT+CFUN=1")
            .await
            .map_err(|_| MODEM_FAILURE)
    }

    /// The level that is subscribed, and the registration.
    async fn registration(&mut self) -> Result<(u8, Registration), LinkError> {
        // The answer, and notifications around it.
        let mut response = [0; 2 * NOTIFICATION];
        let response = ask(&mut self.at, "AT+CEREG?", &mut response)
            .await
            .map_err(|_| MODEM_FAILURE)?;
        let answer = response
            .named("+CEREG")
            .filter_map(Registration::from_answer);
        answer.last().ok_or(MODEM_FAILURE)
    }

    /// What was reported before the link was asked for is out of date.
    async fn forget_notifications(&mut self) {
        let mut line = [0; NOTIFICATION];
        while let First::Left(len) = race(self.notifications.next(&mut line), async {}).await {
            if let Some(Urc::Time(date)) = line.get(..len).and_then(Urc::parse) {
                self.time.set(date, self.clock.now());
            }
        }
    }

    async fn ask_date(&mut self) {
        let mut response = [0; NOTIFICATION];
        if let Ok(response) = ask(&mut self.at, "AT+CCLK?", &mut response).await
            && let Some(date) = response.named("+CCLK").find_map(parse_clock)
        {
            self.time.set(date, self.clock.now());
        }
    }

    /// Takes in what the registration says. The first reason of a detach stands until the link is up again.
    fn note_registration(&mut self, registration: &Registration) {
        if registration.reject_cause.is_some() {
            self.reject_cause = registration.reject_cause;
        }
        if registration.status.is_registered() {
            self.reason = None;
            self.state = LinkState::Up;
            return;
        }
        let reason = match registration.status {
            RegistrationStatus::SimFailure => DetachReason::Sim,
            _ if registration.reject_cause.is_some_and(bars_sim) => DetachReason::Sim,
            _ => self.reason.take().unwrap_or_else(|| {
                let refused = registration.status == RegistrationStatus::Denied
                    || registration.reject_cause.is_some();
                if refused {
                    DetachReason::Network
                } else {
                    DetachReason::NoService
                }
            }),
        };
        self.detach(reason);
    }

    fn detach(&mut self, reason: DetachReason) {
        if self.state == LinkState::Up {
            self.state = LinkState::Down(reason);
        }
    }

    fn note(&mut self, line: &[u8]) {
        let urc = Urc::parse(line);
        if let Some(Urc::Time(date)) = urc {
            self.time.set(date, self.clock.now());
        }
        if self.requested_down {
            return;
        }
        match urc {
            Some(Urc::Registration(registration)) => self.note_registration(&registration),
            Some(Urc::Modem(ModemDomainEvent::Overheated | ModemDomainEvent::BatteryLow)) => {
                self.detach(DetachReason::Modem);
                self.reason = Some(DetachReason::Modem);
            }
            Some(Urc::Packet(PacketEvent::NetworkDetach)) => {
                self.reason = Some(DetachReason::Network);
            }
            Some(Urc::Packet(PacketEvent::Deactivated(0))) => self.detach(DetachReason::Network),
            Some(Urc::Packet(PacketEvent::Activated(0))) if self.reason.is_none() => {
                self.state = LinkState::Up;
            }
            _ => {}
        }
    }
}

/// Causes after which the SIM card counts as invalid until it is changed or the modem is switched off (3GPP TS 24.301,
/// section 5.5.1.2.5): illegal UE, illegal ME, EPS services not allowed, EPS and other services not allowed.
const fn bars_sim(cause: u8) -> bool {
    matches!(cause, 3 | 6 | 7 | 8)
}

impl<A: At, N: Notifications, C: Clock> Link for LteLink<'_, A, N, C> {
    /// # Errors
    /// [`LinkErrorKind::Modem`] when a command is refused, [`LinkErrorKind::Sim`] without a usable SIM card,
    /// [`LinkErrorKind::Rejected`] when the network refuses (see [`reject_cause`](LteLink::reject_cause)),
    /// [`LinkErrorKind::NoService`] after [`LinkSettings::attach_timeout`]. After all of them the modem may go on
    /// searching.
    async fn up(&mut self) -> Result<(), LinkError> {
        self.forget_notifications().await;
        self.subscribe().await?;
        if !self.is_switched_on().await? {
            self.switch_on().await?;
        }
        let deadline = self.clock.now() + self.settings.attach_timeout;
        let (_, mut registration) = self.registration().await?;
        let mut ask_at = self.clock.now() + self.settings.poll;
        loop {
            match registration.status {
                RegistrationStatus::Home | RegistrationStatus::Roaming => break,
                RegistrationStatus::SimFailure => {
                    return Err(LinkError::new(LinkErrorKind::Sim, errno::EACCES));
                }
                RegistrationStatus::Denied => {
                    self.reject_cause = registration.reject_cause;
                    return Err(LinkError::new(LinkErrorKind::Rejected, errno::EACCES));
                }
                _ if self.clock.now() >= deadline => {
                    return Err(LinkError::new(LinkErrorKind::NoService, errno::ETIMEDOUT));
                }
                _ => {}
            }
            let mut line = [0; NOTIFICATION];
            let until = deadline.min(ask_at);
            match race(self.notifications.next(&mut line), self.clock.wait(until)).await {
                First::Left(len) => match line.get(..len).and_then(Urc::parse) {
                    Some(Urc::Registration(changed)) => registration = changed,
                    Some(Urc::Time(date)) => self.time.set(date, self.clock.now()),
                    _ => {}
                },
                // A wait may end early; the modem is not asked more often for that.
                First::Right(()) if self.clock.now() < until => yield_now().await,
                First::Right(()) => {
                    registration = self.registration().await?.1;
                    ask_at = self.clock.now() + self.settings.poll;
                }
            }
        }
        self.ask_date().await;
        self.requested_down = false;
        self.reason = None;
        self.state = LinkState::Up;
        self.told.set(self.state);
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        order(&mut self.at, "AT+CFUN=4")
            .await
            .map_err(|_| MODEM_FAILURE)?;
        self.requested_down = true;
        self.state = LinkState::Down(DetachReason::Requested);
        self.told.set(self.state);
        Ok(())
    }

    fn state(&self) -> LinkState {
        self.told.set(self.state);
        self.state
    }

    async fn changed(&mut self) -> LinkState {
        while self.state == self.told.get() {
            let mut line = [0; NOTIFICATION];
            let len = self.notifications.next(&mut line).await;
            self.note(line.get(..len).unwrap_or_default());
        }
        self.told.set(self.state);
        self.state
    }
}

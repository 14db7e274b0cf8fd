//! The way to the network: set-up, registration, packet data context.

use core::fmt;

use embedded_io_async::{Read, Write};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Clock, DetachReason, Link, LinkError, LinkErrorKind, LinkState};
use lwm2m_core::time::Duration;

use crate::Modem;
use crate::at::{Command, Kind};
use crate::race::unless;
use crate::state::{Failure, Next};

/// How long the modem may look for a network before the attempt is given up.
const ATTACH: Duration = Duration::from_secs(180);
/// How long a SIM card may take to start.
const SIM: Duration = Duration::from_secs(10);
/// The modem's number for a SIM card that is starting: `SIM busy` (3GPP TS 27.007, section 9.2.1).
const SIM_BUSY: u16 = 14;
/// Commands that one attempt may take: some ten are needed, as many again while the SIM card starts. A modem that begins
/// anew, again and again, takes more.
const STEPS: u32 = 50;
/// Between two attempts to repair the link, and between two questions to a SIM card.
const RETRY: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);

/// The [`Link`] of a modem.
pub struct AtLink<'m, U, C> {
    modem: &'m Modem<U, C>,
    /// Whether the methods of the trait have told last that it is up.
    told_up: bool,
}

impl<'m, U: Read + Write, C: Clock + Clone> AtLink<'m, U, C> {
    pub(crate) const fn new(modem: &'m Modem<U, C>) -> Self {
        Self {
            modem,
            told_up: false,
        }
    }

    /// Everything from a modem that has just been switched on to an active context; each step where it is needed.
    async fn attach(&self) -> Result<(), (LinkError, DetachReason)> {
        let mut clock = self.modem.clock();
        let (mut sim_until, mut attach_until) = (None, None);
        let mut steps = 0;
        loop {
            let next = self.modem.with(|state, _| state.network.next());
            match next.unwrap_or(Next::Wait) {
                Next::Up => return Ok(()),
                Next::Run(kind) => {
                    let result = self.step(kind).await;
                    steps += 1;
                    let ready = kind != Kind::Sim
                        || self.modem.with(|state, _| state.network.has_sim()) == Some(true);
                    let until = *sim_until.get_or_insert_with(|| clock.now() + SIM);
                    match result {
                        Ok(()) | Err(Failure::Restarted) if steps >= STEPS => {
                            return Err(failure(kind, Some(Failure::Restarted)));
                        }
                        Ok(()) if ready => {}
                        Err(Failure::Restarted) => {}
                        Err(Failure::Refused(Some(SIM_BUSY))) if clock.now() < until => {
                            let pause = clock.now() + PAUSE;
                            while clock.now() < pause {
                                clock.wait(pause).await;
                            }
                        }
                        result => return Err(failure(kind, result.err())),
                    }
                }
                Next::Wait => {
                    let until = *attach_until.get_or_insert_with(|| clock.now() + ATTACH);
                    let moved = self.modem.until(|state, _| {
                        let network = &state.network;
                        (network.next() != Next::Wait || network.is_denied()).then_some(())
                    });
                    let moved = unless(moved, clock.wait(until)).await;
                    if self.modem.with(|state, _| state.network.is_denied()) == Some(true) {
                        let error = LinkError::new(LinkErrorKind::Rejected, errno::EACCES);
                        return Err((error, DetachReason::Network));
                    }
                    if moved.is_none() && clock.now() >= until {
                        let error = LinkError::new(LinkErrorKind::NoService, errno::ENETUNREACH);
                        return Err((error, DetachReason::NoService));
                    }
                }
            }
        }
    }

    async fn step(&self, kind: Kind) -> Result<(), Failure> {
        if kind == Kind::Context {
            let apn = self.modem.with(|state, _| state.apn).unwrap_or_default();
            return self.modem.run(&Command::Context { apn }).await;
        }
        self.modem.run(&Command::Plain(kind)).await
    }
}

/// What a step that has failed means for the link.
fn failure(kind: Kind, failure: Option<Failure>) -> (LinkError, DetachReason) {
    match (kind, failure) {
        (_, Some(Failure::Silent | Failure::Restarted)) => (
            LinkError::new(LinkErrorKind::Modem, errno::ETIMEDOUT),
            DetachReason::Modem,
        ),
        (Kind::Sim, _) => (
            LinkError::new(LinkErrorKind::Sim, errno::EACCES),
            DetachReason::Sim,
        ),
        (Kind::Activate | Kind::Contexts, _) => (
            LinkError::new(LinkErrorKind::PacketData, errno::ENETDOWN),
            DetachReason::Network,
        ),
        _ => (
            LinkError::new(LinkErrorKind::Modem, errno::EIO),
            DetachReason::Modem,
        ),
    }
}

impl<U: Read + Write, C: Clock + Clone> Link for AtLink<'_, U, C> {
    async fn up(&mut self) -> Result<(), LinkError> {
        let wanted = |wanted, reason| {
            self.modem
                .with(|state, _| state.network.want(wanted, reason));
        };
        wanted(true, DetachReason::Unknown);
        if let Err((error, reason)) = self.attach().await {
            self.told_up = false;
            wanted(false, reason);
            return Err(error);
        }
        self.told_up = true;
        // Without the date the library goes on.
        let _ = self.modem.run(&Command::Plain(Kind::Date)).await;
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.told_up = false;
        self.modem
            .with(|state, _| state.network.want(false, DetachReason::Requested));
        let result = self.modem.run(&Command::Plain(Kind::RadioOff)).await;
        result.map_err(|error| failure(Kind::RadioOff, Some(error)).0)
    }

    fn state(&self) -> LinkState {
        let state = self.modem.with(|state, _| state.network.link());
        state.unwrap_or(LinkState::Down(DetachReason::Unknown))
    }

    async fn changed(&mut self) -> LinkState {
        enum News {
            Changed(LinkState),
            Repair(Kind),
        }
        loop {
            let told_up = self.told_up;
            let news = self.modem.until(|state, now| {
                let link = state.network.link();
                if (link == LinkState::Up) != told_up {
                    return Some(News::Changed(link));
                }
                state.network.repair(now).map(News::Repair)
            });
            match news.await {
                News::Changed(link) => {
                    self.told_up = link == LinkState::Up;
                    return link;
                }
                News::Repair(kind) => {
                    // Whatever comes of it, or when this future is dropped: the state knows how far it has come.
                    let _ = self.step(kind).await;
                    self.modem.with(|state, now| {
                        if state.network.next() == Next::Run(kind) {
                            state.network.retry(now + RETRY);
                        }
                    });
                }
            }
        }
    }
}

impl<U, C> fmt::Debug for AtLink<'_, U, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtLink").finish_non_exhaustive()
    }
}

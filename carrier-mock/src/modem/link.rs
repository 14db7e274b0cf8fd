//! The modem's link: delays, refusals, and loss of coverage.

use core::future::poll_fn;
use core::task::Poll;

use heapless::Vec;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{DetachReason, Link, LinkError, LinkErrorKind, LinkState};
use lwm2m_core::time::{Duration, Instant};

use crate::recorder::Entry;
use crate::world::World;

/// Gaps in the coverage that a link remembers at a time.
pub const MAX_GAPS: usize = 8;

/// How long the modem looks for a network before it gives up.
pub const SEARCH_TIME: Duration = Duration::from_secs(120);

/// The gap could not be added: [`MAX_GAPS`] are known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyGaps;

/// The state of the link.
#[derive(Debug)]
pub(crate) struct LinkModel {
    state: LinkState,
    /// The state that the library knows of.
    told: LinkState,
    attach_time: Duration,
    detach_time: Duration,
    up_refusals: Option<(LinkError, u32)>,
    down_refusals: Option<(LinkError, u32)>,
    gaps: Vec<(Instant, Instant), MAX_GAPS>,
    /// When the modem, which has lost the network, has it back.
    back_at: Option<Instant>,
}

impl Default for LinkModel {
    fn default() -> Self {
        Self {
            state: LinkState::Down(DetachReason::Requested),
            told: LinkState::Down(DetachReason::Requested),
            attach_time: Duration::from_secs(2),
            detach_time: Duration::from_millis(500),
            up_refusals: None,
            down_refusals: None,
            gaps: Vec::new(),
            back_at: None,
        }
    }
}

impl LinkModel {
    pub(crate) const fn state(&self) -> LinkState {
        self.state
    }

    /// Whether the state differs from what the library knows.
    pub(crate) fn has_changed(&self) -> bool {
        self.state != self.told
    }

    /// The device has restarted, the modem with it.
    pub(crate) const fn restart(&mut self) {
        self.state = LinkState::Down(DetachReason::Requested);
        self.told = self.state;
        self.back_at = None;
    }

    /// The end of the gap that `now` lies in.
    fn gap_end(&self, now: Instant) -> Option<Instant> {
        let around = self
            .gaps
            .iter()
            .filter(|(from, until)| *from <= now && now < *until);
        around.map(|(_, until)| *until).max()
    }

    /// When the network comes or goes next.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        match self.state {
            LinkState::Up => {
                let ahead = self.gaps.iter().map(|(from, _)| *from);
                ahead.filter(|from| *from > now).min()
            }
            LinkState::Down(_) => self.back_at,
        }
    }

    /// Lets the network come and go; the state, if it is another one now.
    pub(crate) fn update(&mut self, now: Instant) -> Option<LinkState> {
        match (self.state, self.gap_end(now)) {
            (LinkState::Up, Some(end)) => {
                self.state = LinkState::Down(DetachReason::NoService);
                self.back_at = Some(end + self.attach_time);
            }
            (LinkState::Down(_), Some(end)) if self.back_at.is_some_and(|at| at <= now) => {
                self.back_at = Some(end + self.attach_time);
                return None;
            }
            (LinkState::Down(_), None) if self.back_at.is_some_and(|at| at <= now) => {
                self.state = LinkState::Up;
                self.back_at = None;
            }
            _ => return None,
        }
        Some(self.state)
    }

    /// One refusal, if one is scripted.
    fn refusal(slot: &mut Option<(LinkError, u32)>) -> Option<LinkError> {
        let (error, left) = slot.as_mut()?;
        let error = *error;
        *left = left.saturating_sub(1);
        if *left == 0 {
            *slot = None;
        }
        Some(error)
    }
}

/// The link as a [`Link`], and the script of what befalls it.
#[derive(Debug, Clone, Copy)]
pub struct ModemLink<'a, 'w> {
    world: &'a World<'w>,
}

impl<'a, 'w> ModemLink<'a, 'w> {
    pub(crate) const fn new(world: &'a World<'w>) -> Self {
        Self { world }
    }

    /// Sets how long attach (2 s by default) and detach (500 ms) take.
    pub fn set_times(&self, attach: Duration, detach: Duration) {
        let mut link = self.world.link.borrow_mut();
        link.attach_time = attach;
        link.detach_time = detach;
    }

    /// Refuses the next `times` attempts to bring the link up, each after the time that an attach takes.
    pub fn refuse_up(&self, error: LinkError, times: u32) {
        self.world.link.borrow_mut().up_refusals = (times > 0).then_some((error, times));
    }

    /// Refuses the next `times` attempts to take the link down.
    pub fn refuse_down(&self, error: LinkError, times: u32) {
        self.world.link.borrow_mut().down_refusals = (times > 0).then_some((error, times));
    }

    /// Leaves the device without coverage from `from` until `until` (the world's time). A link that is up is lost; the
    /// modem attaches again by itself afterwards.
    ///
    /// # Errors
    /// [`TooManyGaps`] when [`MAX_GAPS`] are known already that are not over.
    pub fn add_gap(&self, from: Instant, until: Instant) -> Result<(), TooManyGaps> {
        let now = self.world.now();
        let mut link = self.world.link.borrow_mut();
        link.gaps.retain(|(_, until)| *until > now);
        link.gaps.push((from, until)).map_err(|_| TooManyGaps)
    }

    /// Detaches the device now, for any reason; it comes back `after` a while, if at all.
    pub fn detach(&self, reason: DetachReason, after: Option<Duration>) {
        let back_at = after.map(|span| self.world.now() + span);
        let state = LinkState::Down(reason);
        {
            let mut link = self.world.link.borrow_mut();
            link.state = state;
            link.back_at = back_at;
        }
        self.world.link_changed(state);
    }

    fn set(&self, state: LinkState) {
        {
            let mut link = self.world.link.borrow_mut();
            link.state = state;
            link.told = state;
            link.back_at = None;
        }
        self.world.link_changed(state);
    }
}

impl Link for ModemLink<'_, '_> {
    async fn up(&mut self) -> Result<(), LinkError> {
        if self.state() == LinkState::Up {
            self.world.link.borrow_mut().told = LinkState::Up;
            return Ok(());
        }
        let attach_time = self.world.link.borrow().attach_time;
        self.world.sleep(attach_time).await;
        let refusal = LinkModel::refusal(&mut self.world.link.borrow_mut().up_refusals);
        if let Some(error) = refusal {
            self.world.record(Entry::LinkRefused(error));
            return Err(error);
        }
        let give_up = self.world.now() + SEARCH_TIME;
        loop {
            let gap_end = self.world.link.borrow().gap_end(self.world.now());
            match gap_end {
                None => break,
                Some(end) if end <= give_up => self.world.sleep_until(end).await,
                Some(_) => {
                    self.world.sleep_until(give_up).await;
                    let error = LinkError::new(LinkErrorKind::NoService, errno::ENETUNREACH);
                    self.world.record(Entry::LinkRefused(error));
                    return Err(error);
                }
            }
        }
        self.set(LinkState::Up);
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        let detach_time = self.world.link.borrow().detach_time;
        if self.state() == LinkState::Up {
            self.world.sleep(detach_time).await;
            let refusal = LinkModel::refusal(&mut self.world.link.borrow_mut().down_refusals);
            if let Some(error) = refusal {
                self.world.record(Entry::LinkRefused(error));
                return Err(error);
            }
        }
        self.set(LinkState::Down(DetachReason::Requested));
        Ok(())
    }

    fn state(&self) -> LinkState {
        self.world.link.borrow().state
    }

    async fn changed(&mut self) -> LinkState {
        poll_fn(|_| {
            let mut link = self.world.link.borrow_mut();
            if !self.world.is_running() || !link.has_changed() {
                return Poll::Pending;
            }
            link.told = link.state;
            Poll::Ready(link.state)
        })
        .await
    }
}

//! How far the modem is set up, and the way to the network.

use lwm2m_carrier::hal::{DetachReason, LinkState};
use lwm2m_core::time::Instant;

use crate::at::{Fields, Kind, Registration};

/// What a modem that has been switched on is told, in this order. With the radio on it looks for a network.
const SETUP: [Kind; 7] = [
    Kind::EchoOff,
    Kind::NumericErrors,
    Kind::Sim,
    Kind::ReportRegistration,
    Kind::Context,
    RADIO,
    Kind::Registration,
];
const RADIO: Kind = Kind::RadioOn;

/// What is to be done to bring the link up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    /// This command.
    Run(Kind),
    /// The network has not answered yet.
    Wait,
    /// Nothing.
    Up,
}

#[derive(Debug)]
pub(crate) struct Network {
    /// Commands of [`SETUP`] that are done.
    done: usize,
    sim: bool,
    registration: Registration,
    cell: Option<u32>,
    /// The packet data context: whether it is active, and whether that was asked.
    active: bool,
    asked: bool,
    /// Whether the link is to be up.
    wanted: bool,
    /// Why it is down.
    reason: DetachReason,
    retry_at: Instant,
}

impl Network {
    pub(crate) const fn new() -> Self {
        Self {
            done: 0,
            sim: false,
            registration: Registration::Idle,
            cell: None,
            active: false,
            asked: false,
            wanted: false,
            reason: DetachReason::Requested,
            retry_at: Instant::ZERO,
        }
    }

    /// Whether the link is to be up, and the reason that is given where it is not.
    pub(crate) const fn want(&mut self, wanted: bool, reason: DetachReason) {
        self.wanted = wanted;
        self.reason = reason;
        self.retry_at = Instant::ZERO;
    }

    pub(crate) fn link(&self) -> LinkState {
        if self.wanted && self.next() == Next::Up {
            LinkState::Up
        } else {
            LinkState::Down(self.reason)
        }
    }

    pub(crate) fn next(&self) -> Next {
        match SETUP.get(self.done) {
            Some(kind) => Next::Run(*kind),
            None if self.registration != Registration::Registered => Next::Wait,
            None if self.active => Next::Up,
            None if self.asked => Next::Run(Kind::Activate),
            None => Next::Run(Kind::Contexts),
        }
    }

    /// What is to be done to repair a link that is down although it should be up.
    pub(crate) fn repair(&self, now: Instant) -> Option<Kind> {
        match self.next() {
            Next::Run(kind) if self.wanted && now >= self.retry_at => Some(kind),
            _ => None,
        }
    }

    /// Nothing is repaired before this.
    pub(crate) const fn retry(&mut self, at: Instant) {
        self.retry_at = at;
    }

    pub(crate) const fn retry_at(&self) -> Instant {
        self.retry_at
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.registration == Registration::Denied
    }

    pub(crate) const fn has_sim(&self) -> bool {
        self.sim
    }

    pub(crate) const fn cell(&self) -> Option<u32> {
        self.cell
    }

    pub(super) const fn sim(&mut self, ready: bool) {
        self.sim = ready;
    }

    pub(super) fn registration(&mut self, registration: Registration, cell: Option<u32>) {
        let was = core::mem::replace(&mut self.registration, registration);
        match registration {
            Registration::Registered => {
                self.cell = cell.or(self.cell);
                return;
            }
            _ if was != Registration::Registered => {}
            Registration::Denied => self.reason = DetachReason::Network,
            _ => self.reason = DetachReason::NoService,
        }
        self.cell = None;
        // The context may have survived, or not.
        self.asked = false;
        self.active = false;
    }

    /// The parameters of a line `+QIACT: <contextID>,<context_state>,…`.
    pub(super) fn context(&mut self, line: &str) {
        let mut fields = Fields::new(line);
        if (fields.number(), fields.number()) == (Some(1_u8), Some(1_u8)) {
            self.active = true;
        }
    }

    pub(super) const fn deactivated(&mut self) {
        if self.active {
            self.reason = DetachReason::Network;
        }
        self.active = false;
        self.asked = false;
    }

    /// The modem has lost what it was told.
    pub(super) const fn restart(&mut self, reason: DetachReason) {
        if self.wanted {
            self.reason = reason;
        }
        self.done = 0;
        self.sim = false;
        self.registration = Registration::Idle;
        self.cell = None;
        self.active = false;
        self.asked = false;
    }

    /// The modem does not answer.
    pub(crate) const fn silent(&mut self) {
        self.restart(DetachReason::Modem);
    }

    /// A command of this kind has ended.
    pub(super) fn answered(&mut self, kind: Kind, done: bool) {
        if done && SETUP.get(self.done) == Some(&kind) && (kind != Kind::Sim || self.sim) {
            self.done += 1;
        }
        match kind {
            Kind::Contexts => self.asked = done,
            Kind::Activate => {
                self.active |= done;
                // Refused, where it was activated meanwhile: that is asked first.
                self.asked = done;
            }
            Kind::RadioOff if done => {
                let radio = SETUP.iter().position(|kind| *kind == RADIO);
                self.done = self.done.min(radio.unwrap_or_default());
                self.registration = Registration::Idle;
                self.cell = None;
                self.active = false;
                self.asked = false;
            }
            _ => {}
        }
    }
}

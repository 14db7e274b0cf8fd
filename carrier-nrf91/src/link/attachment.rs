//! What the modem reports about its attachment.

use core::cell::Cell;

use lwm2m_carrier::hal::{DetachReason, LinkState};

use crate::at::{ModemDomainEvent, PacketEvent, Registration, RegistrationStatus, Urc};

/// The state of the link, as reported and as told.
#[derive(Debug)]
pub(super) struct Attachment {
    state: LinkState,
    told: Cell<LinkState>,
    /// The link was taken down, or never up: what the modem reports late is not news.
    requested_down: bool,
    /// Why the next detach comes, told before it.
    reason: Option<DetachReason>,
    pub(super) reject_cause: Option<u8>,
    /// The modem has given up until it is switched off and on.
    pub(super) barred: bool,
    /// It has warned of a low battery, and was not switched on since. Holds while the link is down, too.
    pub(super) battery_low: bool,
}

impl Attachment {
    pub(super) const fn new() -> Self {
        let down = LinkState::Down(DetachReason::Requested);
        Self {
            state: down,
            told: Cell::new(down),
            requested_down: true,
            reason: None,
            reject_cause: None,
            barred: false,
            battery_low: false,
        }
    }

    pub(super) fn set_up(&mut self) {
        *self = Self {
            state: LinkState::Up,
            told: Cell::new(LinkState::Up),
            requested_down: false,
            reject_cause: self.reject_cause,
            ..Self::new()
        };
    }

    pub(super) fn set_down(&mut self) {
        *self = Self {
            reject_cause: self.reject_cause,
            battery_low: self.battery_low,
            ..Self::new()
        };
    }

    pub(super) fn is_up(&self) -> bool {
        self.state == LinkState::Up
    }

    pub(super) fn is_requested_down(&self) -> bool {
        self.requested_down
    }

    /// What decides about when to ask and to renew: up, barred, battery low.
    pub(super) fn condition(&self) -> [bool; 3] {
        [self.is_up(), self.barred, self.battery_low]
    }

    pub(super) fn is_told(&self) -> bool {
        self.state == self.told.get()
    }

    /// The state, which is told by that.
    pub(super) fn tell(&self) -> LinkState {
        self.told.set(self.state);
        self.state
    }

    /// The modem has refused to attach, or was refused.
    pub(super) fn note_refusal(&mut self, registration: &Registration) {
        self.reject_cause = registration.reject_cause.or(self.reject_cause);
        self.barred |= has_given_up(registration);
    }

    /// Takes in what the registration says. The first reason of a detach stands until the link is up again.
    pub(super) fn note_registration(&mut self, registration: &Registration) {
        if registration.status.is_registered() {
            self.reason = None;
            self.barred = false;
            self.battery_low = false;
            self.state = LinkState::Up;
            return;
        }
        self.note_refusal(registration);
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
        if self.is_up() {
            self.state = LinkState::Down(reason);
        }
    }

    pub(super) fn note(&mut self, urc: &Urc) {
        self.battery_low |= matches!(urc, Urc::Modem(ModemDomainEvent::BatteryLow));
        if self.requested_down {
            return;
        }
        match urc {
            Urc::Registration(registration) => self.note_registration(registration),
            Urc::Modem(ModemDomainEvent::Overheated | ModemDomainEvent::BatteryLow) => {
                self.detach(DetachReason::Modem);
                self.reason = Some(DetachReason::Modem);
            }
            Urc::Packet(PacketEvent::NetworkDetach) => {
                self.reason = Some(DetachReason::Network);
            }
            Urc::Packet(PacketEvent::Deactivated(0)) => self.detach(DetachReason::Network),
            Urc::Packet(PacketEvent::Activated(0)) if self.reason.is_none() => {
                self.battery_low = false;
                self.state = LinkState::Up;
            }
            _ => {}
        }
    }
}

/// Whether the modem will not try again by itself: the SIM card fails, or counts as invalid. A refusal without a cause may
/// be such a one; only levels 3 and 5 of `+CEREG` tell it.
fn has_given_up(registration: &Registration) -> bool {
    match (registration.status, registration.reject_cause) {
        (RegistrationStatus::SimFailure, _) | (RegistrationStatus::Denied, None) => true,
        (_, cause) => cause.is_some_and(bars_sim),
    }
}

/// Causes after which the SIM card counts as invalid until it is changed or the modem is switched off (3GPP TS 24.301,
/// section 5.5.1.2.5): illegal UE, illegal ME, EPS services not allowed, EPS and other services not allowed.
const fn bars_sim(cause: u8) -> bool {
    matches!(cause, 3 | 6 | 7 | 8)
}

//! What holds at a moment of a life: whether there is service, and if not, why.

use carrier_mock::network::Traffic;
use lwm2m_carrier::hal::{CredentialKind, Link, LinkState, SecurityTag};

use super::life::Life;
use super::outcome::Outcome;
use super::plan::Provisioning;
use super::service::{Excuse, Now};
use super::stage::{ENDPOINT, SPARE_TAGS};
use super::weather::Outage;

impl<'p> Life<'_, '_, 'p> {
    /// Whether this kind of outage is on.
    pub(super) fn is_on(&self, outage: Outage) -> bool {
        let outages = self.outages.get();
        let until = outages.get(outage.index());
        until.is_some_and(|until| self.now() < *until)
    }

    /// What holds now, for the meter.
    pub(super) fn take_stock(&self) {
        let stage = &self.stage;
        let (world, now) = (stage.world, self.now());
        let peer = {
            let server = stage.server.borrow();
            let registration = server.registration(ENDPOINT);
            registration
                .filter(|registration| registration.expires() > now)
                .map(|registration| registration.peer())
        };
        let is_open = |peer| {
            if stage.plan.queue_mode {
                world.is_running() && world.link().state() == LinkState::Up
            } else {
                world.reaches(stage.server_address, peer)
            }
        };
        let served = peer.is_some_and(is_open);
        let excuse = if served {
            Excuse::None
        } else if self.is_excused() {
            Excuse::Outage
        } else if now < self.off_until.get() {
            Excuse::Power
        } else {
            Excuse::None
        };
        let network = world.network().borrow();
        let datagrams = u64::from(network.uplink().sent) + u64::from(network.downlink().delivered);
        drop(network);
        let mut meter = self.meter.borrow_mut();
        meter.take(Now {
            at: now,
            served,
            excuse,
            datagrams,
        });
        if stage.watch.take_spoiled() {
            meter.spoiled();
        }
    }

    /// What has come of the life.
    pub(super) fn outcome(&self) -> Outcome {
        let (stage, meter) = (&self.stage, self.meter.borrow());
        let network = stage.world.network().borrow();
        let (up, down): (Traffic, Traffic) = (network.uplink(), network.downlink());
        let (served, unserved) = meter.totals();
        Outcome {
            seed: stage.plan.seed,
            complaints: stage.watch.take_complaints(),
            lines: stage.watch.take_lines(),
            worst_clear: meter.worst_clear(),
            worst_beyond: meter.worst_beyond(),
            worst_at: meter.worst_at(),
            served,
            unserved,
            datagrams: u64::from(up.sent) + u64::from(down.delivered),
            bytes: up.bytes_sent + down.bytes_delivered,
            wake_ups: meter.wake_ups(),
            boots: stage.watch.boots(),
            updates: self.operator.borrow().done() as u32,
            update_attempts: self.operator.borrow().begun(),
            bootstraps: stage.bootstrap.borrow().statistics().finished,
            registers: stage.server.borrow().statistics().registers,
            power_cuts: stage.watch.power_cuts(),
        }
    }

    /// Whether an outage is in the way of service.
    fn is_excused(&self) -> bool {
        let (now, outages) = (self.now(), self.outages.get());
        let on = |outage: &Outage| {
            outages
                .get(outage.index())
                .is_some_and(|until| now < *until)
        };
        Outage::ALL.iter().any(|o| o.ends_service() && on(o))
            || Outage::ALL.iter().any(|o| o.ends_bootstrap() && on(o)) && self.needs_bootstrap()
    }

    /// Whether the device has no account that its server takes.
    fn needs_bootstrap(&self) -> bool {
        let stage = &self.stage;
        match stage.plan.provisioning {
            Provisioning::Factory => false,
            // There is no key to tell it by.
            Provisioning::BootstrapPlain => {
                stage.bootstrap.borrow().statistics().finished <= self.void_bootstraps.get()
            }
            Provisioning::Bootstrap => {
                let key = self.server_key();
                let holds = |tag| {
                    let keys = stage.world.keys();
                    keys.holds(SecurityTag(tag), CredentialKind::Psk, key)
                };
                !SPARE_TAGS.clone().any(holds)
            }
        }
    }

    /// The key that the management server takes.
    pub(super) fn server_key(&self) -> &'p [u8] {
        let keys = &self.stage.plan.server_keys;
        keys.get(self.key.get()).map_or(&[], |key| key.as_slice())
    }
}

//! What the weather does to the world.

use core::net::SocketAddr;

use carrier_mock::modem::KeyCut;
use carrier_mock::server::{Conduct, Credentials, Request};
use carrier_mock::world::Door;
use lwm2m_carrier::driver::Handle;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    DetachReason, KeyStoreError, KeyStoreErrorKind, Link, LinkError, LinkErrorKind, LinkState,
};
use lwm2m_core::time::{Duration, Instant};

use super::device::Objects;
use super::life::Life;
use super::plan::Provisioning;
use super::stage::{BOOTSTRAP_ADDRESS, SERVER_HOST};
use super::weather::{Outage, Stroke};

/// How servers behave while outages last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Behaviour {
    pub(super) server: Conduct,
    pub(super) bootstrap: Conduct,
    pub(super) door: Door,
}

impl Life<'_, '_, '_> {
    /// Something befalls the device.
    pub(super) fn befall(&self, stroke: Stroke, handle: Option<Handle<'_, '_, Objects<'_>>>) {
        let (stage, now) = (&self.stage, self.stage.world.now());
        let (world, keys) = (stage.world, stage.world.keys());
        match stroke {
            Stroke::Outage(outage, span) => self.begin(outage, now + span),
            Stroke::PowerCut(span) => {
                self.off_until.set((now + span).max(self.off_until.get()));
                world.power_off();
            }
            Stroke::CutInRecords(operations, per_mille) => {
                let mut flash = world.flash().borrow_mut();
                let number = flash.operations() + operations;
                flash.cut_at(number, per_mille);
            }
            Stroke::CutInSlot(words) => stage.slot.borrow_mut().cut_after(words),
            Stroke::CutInKeys(writes, how) => {
                keys.cut_power_at_write(keys.writes() + writes, how);
            }
            Stroke::KeyFails(writes) => {
                let error = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
                keys.fail_write(keys.writes() + writes, error);
            }
            Stroke::Crash => self.crashes.set(true),
            Stroke::Reboot => {
                // It is not in use: nothing else runs now.
                let _ = handle.map(|handle| handle.reboot());
            }
            Stroke::FactoryReset => {
                if let Some(handle) = handle {
                    let _ = handle.factory_reset();
                    stage.watch.begins_anew();
                    self.reset_at.set(Some(now));
                    let finished = stage.bootstrap.borrow().statistics().finished;
                    self.void_bootstraps.set(finished);
                }
            }
            Stroke::Calm => {
                let error = LinkError::new(LinkErrorKind::PacketData, errno::ENETUNREACH);
                world.link().refuse_up(error, 0);
                let never = KeyStoreError::new(KeyStoreErrorKind::Io, errno::EIO);
                keys.fail_write(u32::MAX, never);
                keys.cut_power_at_write(u32::MAX, KeyCut::After);
                world.flash().borrow_mut().cut_at(u32::MAX, 0);
                stage.slot.borrow_mut().cut_at(u32::MAX, 0);
            }
            Stroke::ServerReboot => self.request(Request::execute("/3/0/4", "")),
            Stroke::Detached(span) => {
                if world.link().state() == LinkState::Up {
                    world.link().detach(DetachReason::NoService, Some(span));
                    self.lasts(Outage::Coverage, now + span);
                }
            }
            Stroke::LinkRefused(times) => {
                let error = LinkError::new(LinkErrorKind::PacketData, errno::ENETUNREACH);
                world.link().refuse_up(error, times);
            }
            Stroke::Rebinding => world.rebind_nat(),
            Stroke::ClockJump(seconds) => world.jump_clock(seconds),
            Stroke::ServerRestart => {
                stage.server.borrow_mut().restart();
                world.forget_associations(stage.server_address);
            }
            Stroke::SessionsForgotten => world.forget_associations(stage.server_address),
            Stroke::ServerStumbles(conduct, times) => {
                if self.behaviour.get().server == Conduct::Serve {
                    stage.server.borrow_mut().set_conduct_for(conduct, times);
                }
            }
            Stroke::BootstrapStumbles(conduct, times) => {
                if self.behaviour.get().bootstrap == Conduct::Serve {
                    stage.bootstrap.borrow_mut().set_conduct_for(conduct, times);
                }
            }
            Stroke::KeyChange => self.change_key(),
            Stroke::BootstrapTrigger => self.request(Request::execute("/1/0/9", "")),
            Stroke::UpdateTrigger => self.request(Request::execute("/1/0/8", "")),
        }
    }

    fn request(&self, request: Request<'static>) {
        self.ask(request);
    }

    /// The management server takes another key from now on, and closes the sessions with the old one.
    fn change_key(&self) {
        let stage = &self.stage;
        let next = self.key.get() + 1;
        let (Some(script), Some(keys)) =
            (stage.scripts.get(next), stage.credentials.get(next..=next))
        else {
            return;
        };
        if stage.plan.provisioning != Provisioning::Bootstrap {
            return;
        }
        self.key.set(next);
        stage.bootstrap.borrow_mut().set_script(script);
        let mut server = stage.server.borrow_mut();
        server.set_credentials(Credentials::new(keys));
        stage.world.forget_associations(stage.server_address);
    }

    fn lasts(&self, outage: Outage, until: Instant) {
        let mut outages = self.outages.get();
        if let Some(end) = outages.get_mut(outage.index()) {
            *end = until.max(*end);
        }
        self.outages.set(outages);
    }

    fn begin(&self, outage: Outage, until: Instant) {
        let stage = &self.stage;
        let now = stage.world.now();
        self.lasts(outage, until);
        match outage {
            Outage::Coverage => {
                let soon = now + Duration::from_millis(1);
                if stage.world.link().add_gap(soon, until).is_err() {
                    stage.watch.complain(now, "too many gaps at a time");
                }
            }
            Outage::ServerRefuses(code) => self.refusal.set(Conduct::Refuse(code)),
            Outage::BootstrapRefuses(code) => self.bootstrap_refusal.set(Conduct::Refuse(code)),
            Outage::ServerDoor(door) => self.door.set(door),
            _ => {}
        }
        self.cut_network();
        self.settle();
    }

    /// Tells the network which outages last.
    fn cut_network(&self) {
        let stage = &self.stage;
        let (now, outages) = (stage.world.now(), self.outages.get());
        let until = |outage: Outage| outages.get(outage.index()).copied().unwrap_or_default();
        let server = stage.server_address;
        let mut network = stage.world.network().borrow_mut();
        network.clear_outages();
        let added = [
            network.add_outage(now, until(Outage::Network)),
            network.add_server_outage(server, now, until(Outage::ServerUnreachable)),
            network.add_server_outage(BOOTSTRAP_ADDRESS, now, until(Outage::BootstrapUnreachable)),
        ];
        if added.iter().any(Result::is_err) {
            stage.watch.complain(now, "too many outages at a time");
        }
    }

    /// Makes servers, doors and names what the outages that last make of them.
    pub(super) fn settle(&self) {
        let stage = &self.stage;
        let refuses = self.is_on(Outage::ServerRefuses(lwm2m_core::wire::coap::Code::EMPTY));
        let bootstrap_refuses = self.is_on(Outage::BootstrapRefuses(
            lwm2m_core::wire::coap::Code::EMPTY,
        ));
        let conduct = |silent, refuses, refusal| match (silent, refuses) {
            (true, _) => Conduct::Silent,
            (_, true) => refusal,
            _ => Conduct::Serve,
        };
        let behaviour = Behaviour {
            server: conduct(
                self.is_on(Outage::ServerSilent),
                refuses,
                self.refusal.get(),
            ),
            bootstrap: conduct(
                self.is_on(Outage::BootstrapSilent),
                bootstrap_refuses,
                self.bootstrap_refusal.get(),
            ),
            door: if self.is_on(Outage::ServerDoor(Door::Open)) {
                self.door.get()
            } else {
                Door::Open
            },
        };
        let before = self.behaviour.replace(behaviour);
        if before.server != behaviour.server {
            stage.server.borrow_mut().set_conduct(behaviour.server);
        }
        if before.bootstrap != behaviour.bootstrap {
            stage
                .bootstrap
                .borrow_mut()
                .set_conduct(behaviour.bootstrap);
        }
        let name = (!self.is_on(Outage::ServerName)).then_some(stage.server_address);
        let world = stage.world;
        let known = world.set_door(stage.server_address, behaviour.door);
        let named = world.set_name(SERVER_HOST, name.as_ref().map(SocketAddr::ip));
        if known.is_err() || named.is_err() {
            stage.watch.complain(world.now(), "too many doors or names");
        }
        let present = !self.is_on(Outage::Firmware);
        stage.http.borrow_mut().set_present(present);
        stage.blocks.borrow_mut().set_present(present);
        stage.secure_blocks.borrow_mut().set_present(present);
    }
}

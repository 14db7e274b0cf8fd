//! Looks at a life while it is lived: complains of what must not be, and tells its timeline where it is asked to.

use core::cell::RefCell;
use core::net::SocketAddr;

use carrier_mock::recorder::{Actor, Direction, Entry, MessageHead, Recorder};
use lwm2m_carrier::hal::{LinkState, SessionError};
use lwm2m_carrier::{Deferred, DeferredReason, Event};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use super::checks::{FIRMWARE, STAGED};
use super::plan::secs;
use super::stage::{BOOTSTRAP_ADDRESS, BOOTSTRAP_HOST, SERVER_HOST};
use super::timeline::{line, time};

/// Complaints that are kept.
const COMPLAINTS: usize = 20;

/// Entries of one point in time by which a life is stuck.
const STANDSTILL: u32 = 20_000;

/// What was drawn from a life.
#[derive(Debug, Default)]
struct State {
    lines: Option<Vec<String>>,
    complaints: Vec<String>,
    /// No session with the bootstrap server before that, after `DEFERRED`.
    bootstrap_quiet: Instant,
    /// The same for the management server.
    server_quiet: Instant,
    /// No attempt to bring the link up or to take it down before that.
    link_quiet: Instant,
    /// Whether what was refused last was the link.
    link_refused: bool,
    /// An attempt of the device has come to nothing, because it was to.
    spoiled: bool,
    /// Who has answered 5.03 last.
    unavailable: Option<SocketAddr>,
    /// The library knows the link to be down.
    known_down: bool,
    /// Message id and Observe number of the last notification.
    notification: Option<(u16, u32)>,
    successes: u32,
    /// The last of them is not yet in the record of the update.
    unnoted_success: bool,
    boots: u32,
    power_cuts: u32,
    /// The time of the last entry, and how many entries there are of that time.
    at: Instant,
    entries: u32,
}

/// The recorder of a life.
#[derive(Debug)]
pub(super) struct Watch {
    /// How late the application looks at an event.
    thinks: Duration,
    state: RefCell<State>,
}

impl Watch {
    /// With a timeline, if `told`.
    pub(super) fn new(told: bool, thinks: Duration) -> Self {
        let state = State {
            lines: told.then(Vec::new),
            known_down: true,
            ..State::default()
        };
        Self {
            thinks,
            state: RefCell::new(state),
        }
    }

    /// A life in which time stands still has failed: there is no other way out of it.
    fn moves(&self, at: Instant) {
        let mut state = self.state.borrow_mut();
        if state.at != at {
            state.at = at;
            state.entries = 0;
        }
        state.entries += 1;
        if state.entries > STANDSTILL {
            let lines = state.lines.as_deref().unwrap_or_default();
            for line in lines.iter().skip(lines.len().saturating_sub(50)) {
                println!("{line}");
            }
            #[allow(clippy::panic, reason = "it ends this life alone, as a failed one")]
            {
                panic!("time stands still at {}", time(at));
            }
        }
    }

    /// Something is not as it must be.
    pub(super) fn complain(&self, at: Instant, what: &str) {
        self.tell(at, || format!("!! {what}"));
        let mut state = self.state.borrow_mut();
        if state.complaints.len() < COMPLAINTS {
            state.complaints.push(format!("{} {what}", time(at)));
        }
    }

    /// A line of the timeline.
    pub(super) fn tell(&self, at: Instant, what: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.state.borrow_mut().lines {
            lines.push(format!("{} {}", time(at), what()));
        }
    }

    pub(super) fn take_complaints(&self) -> Vec<String> {
        core::mem::take(&mut self.state.borrow_mut().complaints)
    }

    pub(super) fn take_lines(&self) -> Vec<String> {
        self.state.borrow_mut().lines.take().unwrap_or_default()
    }

    /// `FOTA_SUCCESS` so far.
    pub(super) fn successes(&self) -> u32 {
        self.state.borrow().successes
    }

    /// Starts of the device so far, the first not counted.
    pub(super) fn boots(&self) -> u32 {
        self.state.borrow().boots
    }

    /// Whether something that was injected has spoiled an attempt of the device since this was asked last.
    pub(super) fn take_spoiled(&self) -> bool {
        core::mem::take(&mut self.state.borrow_mut().spoiled)
    }

    /// Times that the power has failed.
    pub(super) fn power_cuts(&self) -> u32 {
        self.state.borrow().power_cuts
    }

    /// The device begins anew, as the application has asked it to.
    pub(super) fn begins_anew(&self) {
        let mut state = self.state.borrow_mut();
        state.bootstrap_quiet = Instant::ZERO;
        state.server_quiet = Instant::ZERO;
        state.link_quiet = Instant::ZERO;
    }

    /// The library has learned the state of the link.
    pub(super) fn link_is(&self, link: LinkState) {
        let mut state = self.state.borrow_mut();
        state.known_down = link != LinkState::Up;
        if link == LinkState::Up {
            // There is nothing left to wait for.
            state.link_quiet = Instant::ZERO;
        }
    }

    /// The library sends something, or opens a session.
    pub(super) fn sends(&self, at: Instant) {
        if self.state.borrow().known_down {
            self.complain(
                at,
                "something is sent although the link is known to be down",
            );
        }
    }

    /// The library opens a session.
    pub(super) fn opens(&self, at: Instant, host: &str, result: Option<SessionError>) {
        self.tell(at, || match result {
            Some(error) => format!("open {host}: {:?} {}", error.kind, error.errno),
            None => format!("open {host}"),
        });
        let state = self.state.borrow();
        let quiet = match host {
            BOOTSTRAP_HOST => state.bootstrap_quiet,
            SERVER_HOST => state.server_quiet,
            _ => Instant::ZERO,
        };
        drop(state);
        if at < quiet {
            let early = quiet.since(at).as_secs();
            self.complain(at, &format!("{host} is tried {early} s before its time"));
        }
    }

    /// `DEFERRED`: nothing of that kind before the time that was told.
    fn deferred(&self, at: Instant, deferred: Deferred) {
        let mut state = self.state.borrow_mut();
        // Attempt and event are apart by what the application does in between, and by the time of a store.
        let slack = self.thinks.saturating_mul(4) + secs(1);
        let wait = deferred.retry_after().as_millis();
        let until = at + Duration::from_millis(wait.saturating_sub(slack.as_millis()));
        let refused = core::mem::take(&mut state.link_refused);
        match deferred.reason {
            DeferredReason::BootstrapNoRoute
            | DeferredReason::BootstrapConnect
            | DeferredReason::BootstrapSequence => state.bootstrap_quiet = until,
            DeferredReason::ServerNoRoute
            | DeferredReason::ServerConnect
            | DeferredReason::ServerRegistration => state.server_quiet = until,
            DeferredReason::ServiceUnavailable if state.unavailable == Some(BOOTSTRAP_ADDRESS) => {
                state.bootstrap_quiet = until;
            }
            DeferredReason::ServiceUnavailable => state.server_quiet = until,
            _ if refused => state.link_quiet = until,
            // The start of a device that has failed often.
            _ => {
                state.bootstrap_quiet = until;
                state.server_quiet = until;
            }
        }
    }

    fn event(&self, at: Instant, event: &Event) {
        match *event {
            Event::Deferred(deferred) => self.deferred(at, deferred),
            // Of another account nothing was said; and a device that takes its link down by itself, for keys or a new
            // firmware, registers anew afterwards.
            Event::Bootstrapped | Event::Disconnecting => {
                self.state.borrow_mut().server_quiet = Instant::ZERO;
            }
            // Nothing is left of the trouble before.
            Event::Registered { .. } => self.state.borrow_mut().bootstrap_quiet = Instant::ZERO,
            Event::FotaSuccess => {
                let mut state = self.state.borrow_mut();
                state.successes += 1;
                state.unnoted_success = true;
            }
            _ => {}
        }
    }

    /// The library tries the link.
    pub(super) fn link_tried(&self, at: Instant) {
        let quiet = core::mem::take(&mut self.state.borrow_mut().link_quiet);
        if at < quiet {
            self.complain(at, "the link is tried before its time");
        }
    }

    fn message(&self, at: Instant, from: Direction, server: SocketAddr, head: &MessageHead) {
        let mut state = self.state.borrow_mut();
        if from == Direction::ToDevice {
            if head.code == Code::SERVICE_UNAVAILABLE {
                state.unavailable = Some(server);
            }
            return;
        }
        let Some(number) = head.observe.filter(|_| head.code == Code::CONTENT) else {
            return;
        };
        let last = state.notification.replace((head.message_id, number));
        drop(state);
        if let Some((message_id, last)) = last
            && (number < last || number == last && message_id != head.message_id)
        {
            self.complain(at, &format!("Observe number {number} after {last}"));
        }
    }
}

impl Recorder for Watch {
    fn record(&self, at: Instant, entry: Entry) {
        self.moves(at);
        self.tell(at, || line(&entry));
        match &entry {
            Entry::Event(event) => self.event(at, event),
            // The old account is back, as after a start.
            Entry::KeyWrite {
                actor: Actor::Library,
                result: Err(_),
                ..
            } => {
                let mut state = self.state.borrow_mut();
                state.server_quiet = Instant::ZERO;
                state.spoiled = true;
            }
            Entry::LinkRefused(_) => {
                let mut state = self.state.borrow_mut();
                state.link_refused = true;
                state.spoiled = true;
            }
            Entry::PowerLost => {
                let mut state = self.state.borrow_mut();
                state.power_cuts += 1;
                // Nobody can tell a thing and note that it is told in one: it may be told again.
                state.successes -= u32::from(core::mem::take(&mut state.unnoted_success));
            }
            Entry::Stored {
                id: FIRMWARE,
                result: Ok(()),
                ..
            } => self.state.borrow_mut().unnoted_success = false,
            // Another account is about to be taken into use.
            Entry::Stored { id: STAGED, .. } => self.state.borrow_mut().link_quiet = Instant::ZERO,
            Entry::Message {
                direction,
                server,
                head,
            } => self.message(at, *direction, *server, head),
            Entry::Boot => {
                let mut state = self.state.borrow_mut();
                state.boots += 1;
                state.known_down = true;
                drop(state);
                self.begins_anew();
            }
            _ => {}
        }
    }
}

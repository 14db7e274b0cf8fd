//! The carrier by itself: what a session's end means.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use lwm2m_carrier::carrier::{Action, Completion};
use lwm2m_carrier::hal::{
    DetachReason, LinkState, Opened, Received, SessionError, SessionErrorKind,
};
use lwm2m_carrier::{Carrier, DeferredReason, Event, Profile, Response};
use lwm2m_core::client::{Resources, SessionId};
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::random::Random;
use lwm2m_core::time::Instant;

struct Four;

impl Random for Four {
    fn public(&mut self, bytes: &mut [u8]) {
        bytes.fill(4);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        bytes.fill(4);
    }
}

/// A carrier and what it works on.
struct Bench<'a, 'o> {
    carrier: Carrier<'a>,
    objects: [&'o mut dyn Object; 3],
    buffer: [u8; 1280],
    /// How opens are answered.
    opened: Opened,
    opens: Vec<SessionId>,
    events: Vec<Event>,
}

impl Bench<'_, '_> {
    /// Carries out what the carrier wants, until it waits.
    fn work(&mut self, now: Instant) {
        let (objects, random) = (&mut self.objects, &mut Four);
        loop {
            let action = self.carrier.poll(now, &mut self.buffer, objects, random);
            let completion = match action {
                Action::Wait { .. } => return,
                Action::Event(event) => {
                    self.events.push(event);
                    Completion::Response(Response::Done)
                }
                Action::Load { .. } => Completion::Loaded(None),
                Action::Open { session, .. } => {
                    self.opens.push(session);
                    Completion::Opened(self.opened)
                }
                _ => Completion::Done,
            };
            let buffer = &mut self.buffer;
            self.carrier
                .complete(now, completion, buffer, objects, random);
        }
    }
}

/// A session that was given up while it was opening, and was open at once the next time, has not failed to open when it ends
/// later: the Register that was on its way has failed.
#[test]
fn the_end_of_a_session_is_no_failure_to_open_it() {
    let profile = Profile::GENERIC.with_server("coap://lwm2m.example");
    let config = profile.config("urn:imei:490154203237518");
    let mut resources = Resources::<2, 4, 4, 4>::new();
    let (mut security, mut server) = (Security::<2>::new(), Server::<2>::new());
    let mut device = Device::new("U");
    let mut bench = Bench {
        carrier: Carrier::new(&mut resources, &profile, config, &mut Four),
        objects: [&mut security, &mut server, &mut device],
        buffer: [0; 1280],
        opened: Opened::Pending,
        opens: Vec::new(),
        events: Vec::new(),
    };
    let down = LinkState::Down(DetachReason::NoService);
    let now = Instant::from_millis(1_000);
    bench
        .carrier
        .begin(false, LinkState::Down(DetachReason::Requested));
    bench.work(now);
    bench.carrier.handle_link(now, down, &mut bench.objects);
    bench.work(now);
    bench.opened = Opened::Ready { resumed: true };
    bench
        .carrier
        .handle_link(now, LinkState::Up, &mut bench.objects);
    bench.work(now);
    let session = *bench.opens.last().unwrap();
    assert_eq!(bench.opens, [session; 2]);
    bench.events.clear();
    let closed = SessionError::new(SessionErrorKind::Closed, 107);
    let (objects, random) = (&mut bench.objects, &mut Four);
    bench
        .carrier
        .handle_session(now, session, Received::Closed(closed), objects, random);
    bench.work(now);
    let [Event::Deferred(deferred)] = bench.events.as_slice() else {
        panic!("{:?}", bench.events);
    };
    assert_eq!(deferred.reason, DeferredReason::ServerRegistration);
}

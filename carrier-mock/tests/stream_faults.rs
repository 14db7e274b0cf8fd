//! What ends a stream: outages, the link, the power, a NAT.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod peer;

use core::cell::RefCell;

use carrier_mock::modem::STREAM_GIVE_UP;
use carrier_mock::recorder::{Entry, Tape};
use carrier_mock::world::StreamGuard;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{DetachReason, Expect, SessionErrorKind, Sessions};
use lwm2m_core::time::{Duration, Instant};

use peer::{ID, Peer, at, block_on, closed, collect, connect, cut_off, pattern, request, world};

#[test]
fn short_outages_are_survived_and_long_ones_end_the_server_s_side_alone() {
    for (secs, survives) in [(20, true), (300, false)] {
        let peer = RefCell::new(Peer::default());
        let world = world(&peer, StreamGuard::Plain);
        block_on(async {
            connect(&world, ID, &request()).await;
            let text = pattern(50_000);
            peer.borrow_mut().say(&text);
            let (first, _) = collect(&world, at(2500)).await;
            let until = at(2500) + Duration::from_secs(secs);
            cut_off(&world, at(2500), until);
            let (rest, end) = collect(&world, at(2_000_000)).await;
            // Nobody tells the device that the server has given up.
            assert_eq!(end, None);
            assert_eq!(peer.borrow().closed, u32::from(!survives));
            let all = [first, rest].concat();
            assert_eq!(all.len() == text.len(), survives, "{}", all.len());
            assert!(text.starts_with(&all));
            if !survives {
                let mut sessions = world.sessions();
                sessions.send(ID, b"there?", Expect::Reply).await.unwrap();
                let (_, end) = collect(&world, at(2_100_000)).await;
                let reset = closed(SessionErrorKind::Reset, errno::ECONNRESET);
                assert_eq!(end, Some(reset));
            }
        });
    }
}

#[test]
fn a_device_that_gets_no_acknowledgement_gives_up() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        connect(&world, ID, &request()).await;
        let since = world.now();
        cut_off(&world, since, Instant::FAR_FUTURE);
        let mut sessions = world.sessions();
        sessions.send(ID, b"GET", Expect::Reply).await.unwrap();
        let (_, end) = collect(&world, at(600_000)).await;
        let timeout = closed(SessionErrorKind::Timeout, errno::ETIMEDOUT);
        assert_eq!(end, Some(timeout));
        assert_eq!(peer.borrow().received, b"");
        assert_eq!(peer.borrow().closed, 1);
        assert!(world.now().since(since) >= STREAM_GIVE_UP);
    });
}

#[test]
fn streams_end_with_the_link_and_with_the_power() {
    for power in [false, true] {
        let peer = RefCell::new(Peer::default());
        let tape = Tape::new();
        let world = world(&peer, StreamGuard::Plain);
        world.set_recorder(&tape);
        block_on(async {
            connect(&world, ID, &request()).await;
            peer.borrow_mut().say(&pattern(50_000));
            world.sleep(Duration::from_millis(200)).await;
            if power {
                world.power_off();
                world.reboot();
            } else {
                world.link().detach(DetachReason::Network, None);
            }
            assert_eq!(collect(&world, at(10_000)).await, (Vec::new(), None));
        });
        assert_eq!(peer.borrow().closed, 1);
        let ends = tape.entries().into_iter().filter(|recorded| {
            matches!(recorded.entry, Entry::StreamClosed { error: Some(error), .. }
                if error.errno == errno::ENETDOWN)
        });
        assert_eq!(ends.count(), 1);
    }
}

/// Behind a NAT that has forgotten the binding a stream is cut, and the device hears of it when it sends.
#[test]
fn a_rebound_nat_cuts_streams() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        connect(&world, ID, &request()).await;
        world.rebind_nat();
        peer.borrow_mut().say(b"do you hear me?");
        assert_eq!(collect(&world, at(60_000)).await, (Vec::new(), None));
        let mut sessions = world.sessions();
        sessions.send(ID, b"hello", Expect::Reply).await.unwrap();
        let (bytes, end) = collect(&world, at(70_000)).await;
        assert_eq!(bytes, b"");
        let reset = closed(SessionErrorKind::Reset, errno::ECONNRESET);
        assert_eq!(end, Some(reset));
        assert_eq!(peer.borrow().received, b"");
        // A new connection is a new binding.
        connect(&world, ID, &request()).await;
        sessions.send(ID, b"hello", Expect::Reply).await.unwrap();
        world.sleep(Duration::from_secs(1)).await;
        assert_eq!(peer.borrow().received, b"hello");
    });
}

//! Streams between the device and its servers, driven through the porting surface.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod peer;

use core::cell::RefCell;

use carrier_mock::modem::{MAX_STREAMS, STREAM_SEND_BUFFER, STREAM_WINDOW};
use carrier_mock::network::Path;
use carrier_mock::recorder::{Entry, Tape};
use carrier_mock::server::Outgoing;
use carrier_mock::world::{Door, StreamGuard, World};
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CaTags, CredentialKind, Expect, Link, OpenRequest, Opened, Received, Security, SecurityTag,
    SessionError, SessionErrorKind, SessionId, Sessions, Transport,
};
use lwm2m_core::time::Duration;

use peer::{
    CA, ID, Peer, SERVER, address, at, block_on, closed, collect, connect, next, pattern, request,
    world,
};

fn tags(tags: &[SecurityTag]) -> CaTags {
    CaTags::new(tags).unwrap()
}

#[test]
fn a_connect_takes_a_round_trip_and_bytes_half_a_one() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        let opened = world.sessions().open(ID, &request()).await;
        assert_eq!(opened, Ok(Opened::Pending));
        let mut buffer = [0; 64];
        let what = next(&world, &mut buffer, at(60_000)).await;
        assert_eq!(what, Some((ID, Received::Opened { resumed: false })));
        assert_eq!(world.now(), at(2100));
        world
            .sessions()
            .send(ID, b"hello", Expect::Reply)
            .await
            .unwrap();
        world.sleep(Duration::from_millis(50)).await;
        assert_eq!(peer.borrow().received, b"hello");
        peer.borrow_mut().say(b"good day");
        let (bytes, end) = collect(&world, at(60_000)).await;
        assert_eq!((bytes.as_slice(), end), (&b"good day"[..], None));
    });
}

#[test]
fn what_is_received_is_cut_anywhere_and_a_seed_decides_where() {
    let run = |seed| {
        let peer = RefCell::new(Peer::default());
        let world = World::new(seed);
        world
            .add_stream_server("files.example", address(SERVER), StreamGuard::Plain, &peer)
            .unwrap();
        let text = pattern(20_000);
        let lens = block_on(async {
            world.link().up().await.unwrap();
            connect(&world, ID, &request()).await;
            peer.borrow_mut().say(&text);
            let (mut buffer, mut bytes, mut lens) = ([0; 512], Vec::new(), Vec::new());
            while bytes.len() < text.len() {
                let what = next(&world, &mut buffer, at(60_000)).await;
                let Some((ID, Received::Datagram(len))) = what else {
                    panic!("{what:?}");
                };
                bytes.extend_from_slice(&buffer[..len]);
                lens.push(len);
            }
            assert_eq!(bytes, text);
            lens
        });
        assert!(lens.iter().all(|len| (1..=512).contains(len)));
        lens
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    assert!(run(1).iter().any(|len| *len < 16));
}

/// A driver that is polled without being woken sees the same bytes at the same times as one that is woken.
#[test]
fn every_executor_sees_the_same_stream() {
    let run = |woken: bool| {
        let peer = RefCell::new(Peer::default());
        let world = world(&peer, StreamGuard::Plain);
        let delay = (Duration::from_millis(20), Duration::from_millis(90));
        let lossy = Path::perfect().delay(delay.0, delay.1).loss(50);
        world.network().borrow_mut().set_paths(lossy);
        peer.borrow_mut().say(&pattern(20_000));
        let seen = RefCell::new(Vec::new());
        let transfer = async {
            let mut sessions = world.sessions();
            sessions.open(ID, &request()).await.unwrap();
            let mut buffer = [0; 700];
            while let Some((_, what)) = next(&world, &mut buffer, at(600_000)).await {
                seen.borrow_mut().push((world.now(), what));
            }
        };
        if woken {
            block_on(transfer);
        } else {
            blocking::block_on(transfer, || ());
        }
        seen.into_inner()
    };
    let woken = run(true);
    assert!(woken.len() > 20);
    assert_eq!(run(false), woken);
}

/// A stream that is held back stops its sender, and nothing is lost.
#[test]
fn a_hold_fills_the_window_and_no_more() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        connect(&world, ID, &request()).await;
        world.sessions().hold(ID, true);
        let text = pattern(3 * STREAM_WINDOW);
        peer.borrow_mut().say(&text);
        let mut buffer = [0; 512];
        let before = world.network().borrow().downlink().sent;
        assert_eq!(next(&world, &mut buffer, at(3_600_000)).await, None);
        let said = text.len() - peer.borrow().left();
        assert_eq!(said, STREAM_WINDOW);
        // Nothing goes on the air meanwhile but what fills the window.
        let sent = world.network().borrow().downlink().sent - before;
        assert_eq!(sent as usize, STREAM_WINDOW / 1024);
        world.sessions().hold(ID, false);
        let (bytes, _) = collect(&world, at(3_700_000)).await;
        assert_eq!(bytes, text);
    });
}

/// The news that there is room takes half a round trip, and what is sent then the other half.
#[test]
fn a_window_takes_a_round_trip() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        peer.borrow_mut().say(&pattern(10 * STREAM_WINDOW));
        connect(&world, ID, &request()).await;
        let last = world.now() + Duration::from_millis(9 * 100 + 50);
        let until = |millis| last + Duration::from_millis(millis);
        let (bytes, _) = collect(&world, last).await;
        assert_eq!(bytes.len(), 9 * STREAM_WINDOW);
        let (rest, _) = collect(&world, until(1)).await;
        assert_eq!(rest.len(), STREAM_WINDOW);
    });
}

#[test]
fn losses_are_delays() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    let delay = Duration::from_millis(50);
    let lossy = Path::perfect().delay(delay, delay).loss(200);
    world.network().borrow_mut().set_paths(lossy);
    block_on(async {
        connect(&world, ID, &request()).await;
        let since = world.now();
        let text = pattern(30_000);
        peer.borrow_mut().say(&text);
        peer.borrow_mut().ends_with(Outgoing::Close);
        let (bytes, end) = collect(&world, at(3_600_000)).await;
        assert_eq!(bytes, text);
        assert_eq!(end, Some(closed(SessionErrorKind::Closed, errno::ENOTCONN)));
        // Without a loss it takes less than a second: eight windows, a round trip of 100 ms each.
        assert!(world.now().since(since).as_secs() >= 2);
        assert!(world.network().borrow().downlink().lost > 0);
    });
}

/// 30,000 bytes at 2,000 bytes a second take 15 s, and the headers of 30 segments another 0.6 s.
#[test]
fn a_path_has_a_bandwidth() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    world
        .network()
        .borrow_mut()
        .set_downlink(Path::perfect().bandwidth(2000));
    block_on(async {
        connect(&world, ID, &request()).await;
        let since = world.now();
        let text = pattern(30_000);
        peer.borrow_mut().say(&text);
        let until = since + Duration::from_secs(15);
        let (bytes, _) = collect(&world, until).await;
        assert!((26_000..30_000).contains(&bytes.len()), "{}", bytes.len());
        let (rest, _) = collect(&world, until + Duration::from_millis(1500)).await;
        assert_eq!([bytes, rest].concat(), text);
    });
}

#[test]
fn a_close_comes_after_everything_in_front_of_it_and_a_reset_does_not() {
    for (ending, kind, errno, delivered) in [
        (
            Outgoing::Close,
            SessionErrorKind::Closed,
            errno::ENOTCONN,
            100,
        ),
        (
            Outgoing::Reset,
            SessionErrorKind::Reset,
            errno::ECONNRESET,
            0,
        ),
    ] {
        let peer = RefCell::new(Peer::default());
        let world = world(&peer, StreamGuard::Plain);
        block_on(async {
            connect(&world, ID, &request()).await;
            peer.borrow_mut().say(&pattern(100));
            peer.borrow_mut().ends_with(ending);
            world.sessions().hold(ID, true);
            world.sleep(Duration::from_secs(5)).await;
            world.sessions().hold(ID, false);
            let (bytes, end) = collect(&world, at(60_000)).await;
            assert_eq!(bytes, pattern(delivered));
            assert_eq!(end, Some(closed(kind, errno)));
            // It is gone: nothing more is received, and nothing can be sent.
            assert_eq!(collect(&world, at(70_000)).await, (Vec::new(), None));
            assert!(
                world
                    .sessions()
                    .send(ID, b"x", Expect::Nothing)
                    .await
                    .is_err()
            );
            assert_eq!(peer.borrow().closed, 0);
        });
    }
}

#[test]
fn a_close_of_the_device_reaches_the_server_behind_what_was_sent() {
    let peer = RefCell::new(Peer::default());
    let tape = Tape::new();
    let world = world(&peer, StreamGuard::Plain);
    world.set_recorder(&tape);
    block_on(async {
        connect(&world, ID, &request()).await;
        peer.borrow_mut().say(&pattern(10));
        world.sleep(Duration::from_secs(1)).await;
        let mut sessions = world.sessions();
        sessions.send(ID, b"bye", Expect::Nothing).await.unwrap();
        sessions.close(ID).await;
        assert_eq!(peer.borrow().closed, 0);
        assert_eq!(collect(&world, at(10_000)).await, (Vec::new(), None));
        assert_eq!(peer.borrow().received, b"bye");
        assert_eq!(peer.borrow().closed, 1);
    });
    let entries = tape.entries();
    let last = &entries.last().unwrap().entry;
    let server = address(SERVER);
    let expected = Entry::StreamClosed {
        session: ID,
        server,
        sent: 3,
        received: 0,
        error: None,
    };
    assert_eq!(*last, expected);
    let opened = Entry::StreamOpened {
        session: ID,
        server,
    };
    assert!(entries.iter().any(|recorded| recorded.entry == opened));
}

#[test]
fn more_than_the_send_buffer_waits_for_room() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        connect(&world, ID, &request()).await;
        let text = pattern(5 * STREAM_SEND_BUFFER);
        let since = world.now();
        world
            .sessions()
            .send(ID, &text, Expect::Reply)
            .await
            .unwrap();
        assert!(world.now() > since);
        world.sleep(Duration::from_secs(1)).await;
        assert_eq!(peer.borrow().received, text);
    });
}

#[test]
fn only_the_authority_under_the_tags_is_trusted() {
    let (right, wrong) = (SecurityTag(11), SecurityTag(12));
    let tls = StreamGuard::Tls(CA);
    let refused = Some(closed(SessionErrorKind::Handshake, errno::ECONNREFUSED));
    let opened = Some(Received::Opened { resumed: false });
    for (guard, security, expected, millis) in [
        // TCP takes one round trip, TLS 1.2 two more; the certificate comes with the first of those.
        (tls, Security::CaTags(tags(&[wrong, right])), opened, 300),
        (tls, Security::Tag(right), opened, 300),
        (tls, Security::CaTags(tags(&[wrong])), refused, 200),
        (tls, Security::CaTags(tags(&[])), refused, 200),
        (StreamGuard::Plain, Security::Tag(right), refused, 200),
        (tls, Security::None, opened, 100),
    ] {
        let peer = RefCell::new(Peer::default());
        let world = world(&peer, guard);
        let keys = world.keys();
        let chain = CredentialKind::CaChain;
        keys.provision(right, chain, CA).unwrap();
        keys.provision(wrong, chain, b"certificate of another")
            .unwrap();
        block_on(async {
            let request = request().secured_by(security);
            world.sessions().open(ID, &request).await.unwrap();
            let since = world.now();
            let mut buffer = [0; 64];
            let what = next(&world, &mut buffer, at(100_000)).await;
            assert_eq!(
                what.map(|(_, what)| what),
                expected,
                "{guard:?} {security:?}"
            );
            let took = world.now().since(since).as_millis();
            assert_eq!(took, millis, "{guard:?} {security:?}");
            let served = peer.borrow().accepted == 1;
            let plain = matches!(security, Security::None);
            assert_eq!(served, expected == opened && !plain);
            if plain {
                // A server that speaks TLS takes a plain request for an error.
                let mut sessions = world.sessions();
                sessions.send(ID, b"GET", Expect::Reply).await.unwrap();
                let (_, end) = collect(&world, at(110_000)).await;
                let reset = closed(SessionErrorKind::Reset, errno::ECONNRESET);
                assert_eq!(end, Some(reset));
            }
        });
    }
}

#[test]
fn who_does_not_get_in_learns_why() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    let error = |kind, errno| Err(SessionError::new(kind, errno));
    block_on(async {
        let mut sessions = world.sessions();
        let mut buffer = [0; 64];
        let nowhere = OpenRequest::new("nowhere.example", 80).over(Transport::Stream);
        let unknown = error(SessionErrorKind::NameResolution, errno::ENOENT);
        assert_eq!(sessions.open(ID, &nowhere).await, unknown);
        world.set_door(address(SERVER), Door::NoRoute).unwrap();
        let no_route = error(SessionErrorKind::NoRoute, errno::EHOSTUNREACH);
        assert_eq!(sessions.open(ID, &request()).await, no_route);
        world.set_door(address(SERVER), Door::Refuses).unwrap();
        let refused = Some((ID, closed(SessionErrorKind::Refused, errno::ECONNREFUSED)));
        assert_eq!(sessions.open(ID, &request()).await, Ok(Opened::Pending));
        assert_eq!(next(&world, &mut buffer, at(60_000)).await, refused);
        world.set_door(address(SERVER), Door::Open).unwrap();
        // Nobody listens on the next port.
        let other = OpenRequest::new("files.example", 81).over(Transport::Stream);
        assert_eq!(sessions.open(ID, &other).await, Ok(Opened::Pending));
        assert_eq!(next(&world, &mut buffer, at(60_000)).await, refused);
        // A server that is down says nothing, and the modem's patience ends.
        peer.borrow_mut().absent = true;
        sessions.set_handshake_timeout(Duration::from_secs(30));
        let since = world.now();
        assert_eq!(sessions.open(ID, &request()).await, Ok(Opened::Pending));
        let timeout = Some((ID, closed(SessionErrorKind::Timeout, errno::ETIMEDOUT)));
        assert_eq!(next(&world, &mut buffer, at(600_000)).await, timeout);
        assert_eq!(world.now().since(since), Duration::from_secs(30));
        peer.borrow_mut().absent = false;
        peer.borrow_mut().full = true;
        connect(&world, ID, &request()).await;
        let reset = Some((ID, closed(SessionErrorKind::Reset, errno::ECONNRESET)));
        assert_eq!(next(&world, &mut buffer, at(600_000)).await, reset);
    });
}

#[test]
fn streams_are_few() {
    let peer = RefCell::new(Peer::default());
    let world = world(&peer, StreamGuard::Plain);
    block_on(async {
        for number in 0..MAX_STREAMS as u8 {
            connect(&world, SessionId::new(number), &request()).await;
        }
        let full = SessionError::new(SessionErrorKind::Resources, errno::ENOMEM);
        let more = SessionId::new(MAX_STREAMS as u8);
        assert_eq!(world.sessions().open(more, &request()).await, Err(full));
        world.sessions().close(SessionId::new(0)).await;
        connect(&world, more, &request()).await;
        // The first has made room, so its server has heard of its end.
        assert_eq!(peer.borrow().closed, 1);
    });
}

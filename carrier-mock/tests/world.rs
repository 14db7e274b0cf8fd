//! The world with its modem, driven through the porting surface.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics, and has a large stack"
)]

mod device;

use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;

use carrier_mock::executor;
use carrier_mock::modem::{KeyCut, KeyStoreMode, MAX_GAPS};
use carrier_mock::network::Path;
use carrier_mock::server::{Conduct, Credentials, ManagementServer, Psk, Request};
use carrier_mock::world::{Door, Guard, Run, Stop, World};
use lwm2m_carrier::driver::blocking;
use lwm2m_carrier::hal::{
    Clock, CredentialKind, DetachReason, Expect, KeyStore, KeyStoreError, KeyStoreErrorKind, Link,
    LinkError, LinkErrorKind, LinkState, OpenRequest, Opened, Received, RecordId, Reset, Security,
    SecurityTag, SessionErrorKind, SessionId, Sessions, Storage,
};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Kind};

use device::{Got, Sent, at};

const ID: SessionId = SessionId::new(0);
const TAG: SecurityTag = SecurityTag(27);
const PLAIN: &str = "192.0.2.1:5683";
const SECURE: &str = "192.0.2.2:5684";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Runs under both kinds of executor, each on a world of its own; both must see the same.
fn both<T: PartialEq + core::fmt::Debug>(test: impl Fn(bool) -> T) -> T {
    let [polled, woken] = [false, true].map(test);
    assert_eq!(polled, woken);
    woken
}

fn block_on<F: Future>(woken: bool, future: F) -> F::Output {
    if woken {
        executor::block_on(future).expect("a future that nobody wakes")
    } else {
        blocking::block_on(future, || ())
    }
}

/// Both futures at once, polled in this order.
async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut done_a, mut done_b) = (None, None);
    poll_fn(|context| {
        if done_a.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            done_a = Some(output);
        }
        if done_b.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            done_b = Some(output);
        }
        if done_a.is_some() && done_b.is_some() {
            return Poll::Ready((done_a.take().unwrap(), done_b.take().unwrap()));
        }
        Poll::Pending
    })
    .await
}

/// What a driver does: waits for a datagram, a change of the link, or a deadline. `order` is the order of polling.
async fn next(
    world: &World<'_>,
    order: [usize; 3],
    until: Instant,
    buffer: &mut [u8],
) -> (Instant, String) {
    let (mut sessions, mut link) = (world.sessions(), world.link());
    let mut clock = world.device().clock;
    let mut receive = pin!(sessions.receive(buffer));
    let mut changed = pin!(link.changed());
    let mut wait = pin!(clock.wait(until));
    let what = poll_fn(|context| {
        for which in order {
            let polled = match which {
                0 => receive.as_mut().poll(context).map(|r| format!("{:?}", r.1)),
                1 => changed.as_mut().poll(context).map(|s| format!("{s:?}")),
                _ => wait.as_mut().poll(context).map(|()| "deadline".to_owned()),
            };
            if polled.is_ready() {
                return polled;
            }
        }
        Poll::Pending
    })
    .await;
    (world.now(), what)
}

fn register(message_id: u16) -> Vec<u8> {
    let queries = ["ep=dev", "lt=300", "lwm2m=1.1"];
    Sent::request(Code::POST, "/rd", &queries, message_id)
        .payload(40, b"</1/0>,</3/0>")
        .bytes()
}

#[test]
fn a_register_travels_there_and_back_in_virtual_time() {
    let seen = both(|woken| {
        let server = RefCell::new(ManagementServer::new(1, &[]));
        let world = World::new(1);
        world
            .add_server("lwm2m.example", address(PLAIN), Guard::Plain, &server)
            .unwrap();
        let mut seen = Vec::new();
        block_on(woken, async {
            let mut buffer = [0; 1280];
            world.link().up().await.unwrap();
            let request = OpenRequest::new("lwm2m.example", 5683);
            let opened = world.sessions().open(ID, &request).await;
            assert_eq!(opened, Ok(Opened::Ready { resumed: true }));
            let sent = world.sessions().send(ID, &register(1), Expect::Reply).await;
            assert_eq!(sent, Ok(()));
            for order in [[0, 1, 2], [2, 1, 0]] {
                seen.push(next(&world, order, at(10_000), &mut buffer).await);
            }
            let answer = Got::parse(&buffer[..11]);
            assert_eq!((answer.kind, answer.code), (Kind::Ack, Code::CREATED));
            assert_eq!(answer.path, "/rd/1");
        });
        assert_eq!(server.borrow().statistics().registers, 1);
        seen
    });
    // Attach takes 2 s, each way 50 ms.
    assert_eq!(seen[0].0, at(2100));
    assert!(seen[0].1.starts_with("Datagram"), "{seen:?}");
    assert_eq!(seen[1], (at(10_000), "deadline".to_owned()));
}

/// In whatever order a driver polls, it hears of a datagram at the time when it arrives.
#[test]
fn the_order_of_polling_does_not_matter() {
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
        let server = RefCell::new(ManagementServer::new(1, &[]));
        let world = World::new(1);
        world
            .add_server("192.0.2.1", address(PLAIN), Guard::Plain, &server)
            .unwrap();
        world.link().add_gap(at(3000), at(5000)).unwrap();
        block_on(true, async {
            let mut buffer = [0; 1280];
            world.link().up().await.unwrap();
            let request = OpenRequest::new("192.0.2.1", 5683);
            world.sessions().open(ID, &request).await.unwrap();
            let sent = world.sessions().send(ID, &register(1), Expect::Reply).await;
            assert_eq!(sent, Ok(()));
            let (now, what) = next(&world, order, at(60_000), &mut buffer).await;
            assert_eq!(now, at(2100));
            assert!(what.starts_with("Datagram"));
            let (now, what) = next(&world, order, at(60_000), &mut buffer).await;
            assert_eq!((now, what.as_str()), (at(3000), "Down(NoService)"));
            let (now, what) = next(&world, order, at(60_000), &mut buffer).await;
            assert_eq!((now, what.as_str()), (at(7000), "Up"));
        });
    }
}

#[test]
fn nobody_oversleeps_when_another_one_waits_longer() {
    both(|woken| {
        let world = World::new(1);
        let times = RefCell::new(Vec::new());
        let sleeper = async |spans: &[u64]| {
            for span in spans {
                world.sleep(secs(*span)).await;
                times.borrow_mut().push((*span, world.now()));
            }
        };
        block_on(woken, join(sleeper(&[3600]), sleeper(&[10, 20, 5000])));
        let expected = [
            (10, at(10_000)),
            (20, at(30_000)),
            (3600, at(3_600_000)),
            (5000, at(5_030_000)),
        ];
        assert_eq!(*times.borrow(), expected);
    });
}

/// A handshake with the right key takes three round trips; one with a wrong or unknown key, or at a server that is
/// silent, ends after the timeout.
#[test]
fn a_secure_session_needs_the_right_key() {
    let psk = [Psk::new(b"alice", &[1, 2, 3])];
    let outcome = |identity: &[u8], key: &[u8], silent: bool| {
        both(|woken| {
            let server = RefCell::new(ManagementServer::new(1, &[]));
            server.borrow_mut().set_credentials(Credentials::new(&psk));
            if silent {
                server.borrow_mut().set_conduct(Conduct::Silent);
            }
            let world = World::new(1);
            world
                .add_server("lwm2m.example", address(SECURE), Guard::Psk, &server)
                .unwrap();
            let keys = world.keys();
            keys.provision(TAG, CredentialKind::PskIdentity, identity)
                .unwrap();
            keys.provision(TAG, CredentialKind::Psk, key).unwrap();
            block_on(woken, async {
                world.link().up().await.unwrap();
                let request =
                    OpenRequest::new("lwm2m.example", 5684).secured_by(Security::Tag(TAG));
                let opened = world.sessions().open(ID, &request).await;
                assert_eq!(opened, Ok(Opened::Pending));
                let early = world.sessions().send(ID, &register(1), Expect::Reply).await;
                assert_eq!(early.unwrap_err().kind, SessionErrorKind::Closed);
                next(&world, [0, 1, 2], at(200_000), &mut [0; 1280]).await
            })
        })
    };
    let opened = outcome(b"alice", &[1, 2, 3], false);
    assert_eq!(opened, (at(2300), "Opened { resumed: false }".to_owned()));
    for (identity, key, silent, kind, errno) in [
        (&b"alice"[..], &[1, 2][..], false, "Handshake", 111),
        (b"bob", &[1, 2, 3], false, "Handshake", 111),
        (b"alice", &[1, 2, 3], true, "Timeout", 110),
    ] {
        let closed = format!("Closed(SessionError {{ kind: {kind}, errno: {errno} }})");
        assert_eq!(outcome(identity, key, silent), (at(62_000), closed));
    }
}

/// A handshake survives loss, by retransmission of its flights.
#[test]
fn a_handshake_is_repeated_over_a_lossy_network() {
    let psk = [Psk::new(b"alice", &[1])];
    let mut repeated = 0;
    for seed in 0..50 {
        let server = RefCell::new(ManagementServer::new(1, &[]));
        server.borrow_mut().set_credentials(Credentials::new(&psk));
        let world = World::new(seed);
        let path = Path::perfect().loss(300);
        world.network().borrow_mut().set_paths(path);
        world
            .add_server("192.0.2.2", address(SECURE), Guard::Psk, &server)
            .unwrap();
        let keys = world.keys();
        keys.provision(TAG, CredentialKind::PskIdentity, b"alice")
            .unwrap();
        keys.provision(TAG, CredentialKind::Psk, &[1]).unwrap();
        keys.set_mode(KeyStoreMode::Online);
        world.sessions().set_handshake_timeout(secs(600));
        let (now, what) = block_on(true, async {
            world.link().up().await.unwrap();
            let request = OpenRequest::new("192.0.2.2", 5684).secured_by(Security::Tag(TAG));
            world.sessions().open(ID, &request).await.unwrap();
            next(&world, [0, 1, 2], Instant::FAR_FUTURE, &mut [0; 8]).await
        });
        assert_eq!(what, "Opened { resumed: false }");
        repeated += u32::from(now > at(2000));
    }
    // Six datagrams of which 30 % are lost: a handshake without a loss has a chance of 12 %.
    assert!((35..50).contains(&repeated), "{repeated}");
}

/// What arrives for a session of the past, or over a context that the server has forgotten, goes nowhere.
#[test]
fn a_security_context_ends_with_its_session_and_with_the_link() {
    let psk = [Psk::new(b"alice", &[1])];
    let server = RefCell::new(ManagementServer::new(1, &[]));
    server.borrow_mut().set_credentials(Credentials::new(&psk));
    let world = World::new(1);
    world
        .add_server("192.0.2.2", address(SECURE), Guard::Psk, &server)
        .unwrap();
    let keys = world.keys();
    keys.provision(TAG, CredentialKind::PskIdentity, b"alice")
        .unwrap();
    keys.provision(TAG, CredentialKind::Psk, &[1]).unwrap();
    block_on(true, async {
        let mut buffer = [0; 1280];
        let (mut link, mut sessions) = (world.link(), world.sessions());
        let request = OpenRequest::new("192.0.2.2", 5684).secured_by(Security::Tag(TAG));
        link.up().await.unwrap();
        sessions.open(ID, &request).await.unwrap();
        next(&world, [0, 1, 2], at(60_000), &mut buffer).await;
        // The server has restarted: it does not know the context, and is silent.
        world.forget_associations(address(SECURE));
        sessions
            .send(ID, &register(1), Expect::Reply)
            .await
            .unwrap();
        let (_, what) = next(&world, [0, 1, 2], at(60_000), &mut buffer).await;
        assert_eq!(what, "deadline");
        assert_eq!(server.borrow().statistics().registers, 0);
        // A new one works.
        sessions.open(ID, &request).await.unwrap();
        next(&world, [0, 1, 2], at(120_000), &mut buffer).await;
        sessions
            .send(ID, &register(2), Expect::Reply)
            .await
            .unwrap();
        let (_, what) = next(&world, [0, 1, 2], at(120_000), &mut buffer).await;
        assert!(what.starts_with("Datagram"), "{what}");
        // The link drops, and with it the session.
        link.down().await.unwrap();
        link.up().await.unwrap();
        let sent = sessions.send(ID, &register(3), Expect::Reply).await;
        assert_eq!(sent.unwrap_err().kind, SessionErrorKind::Closed);
    });
}

/// What the server sends comes to the device as long as link, NAT binding and security context are there.
#[test]
fn a_server_reaches_a_device_through_link_nat_and_security_context() {
    let psk = [Psk::new(b"alice", &[1])];
    let server = RefCell::new(ManagementServer::new(1, &[]));
    server.borrow_mut().set_credentials(Credentials::new(&psk));
    let world = World::new(1);
    let secure = address(SECURE);
    world
        .add_server("192.0.2.2", secure, Guard::Psk, &server)
        .unwrap();
    let keys = world.keys();
    keys.provision(TAG, CredentialKind::PskIdentity, b"alice")
        .unwrap();
    keys.provision(TAG, CredentialKind::Psk, &[1]).unwrap();
    block_on(true, async {
        let mut buffer = [0; 1280];
        let (mut link, mut sessions) = (world.link(), world.sessions());
        let request = OpenRequest::new("192.0.2.2", 5684).secured_by(Security::Tag(TAG));
        link.up().await.unwrap();
        let mut deadline = 0;
        let mut register_again = async |id| {
            sessions.open(ID, &request).await.unwrap();
            deadline += 20_000;
            next(&world, [0, 1, 2], at(deadline), &mut buffer).await;
            sessions
                .send(ID, &register(id), Expect::Reply)
                .await
                .unwrap();
            next(&world, [0, 1, 2], at(deadline), &mut buffer).await;
            let server = server.borrow();
            server.registrations().next().unwrap().peer()
        };
        let peer = register_again(1).await;
        assert!(world.reaches(secure, peer));
        assert!(!world.reaches(address(PLAIN), peer));
        world.rebind_nat();
        assert!(!world.reaches(secure, peer));
        let peer = register_again(2).await;
        assert!(world.reaches(secure, peer));
        world.forget_associations(secure);
        assert!(!world.reaches(secure, peer));
        let peer = register_again(3).await;
        assert!(world.reaches(secure, peer));
        link.down().await.unwrap();
        assert!(!world.reaches(secure, peer));
    });
}

/// Gaps that are over make room for others.
#[test]
fn a_link_remembers_gaps_until_they_are_over() {
    let world = World::new(1);
    let add = |from, until| world.link().add_gap(at(from), at(until));
    for gap in 0..MAX_GAPS as u64 {
        add(gap * 1000, gap * 1000 + 500).unwrap();
    }
    assert!(add(90_000, 91_000).is_err());
    block_on(true, world.sleep_until(at(500)));
    add(90_000, 91_000).unwrap();
    assert!(add(90_000, 91_000).is_err());
}

#[test]
fn failures_of_open_are_typed() {
    let world = World::new(1);
    let [refusing, unreachable] = [address("192.0.2.8:5683"), address("192.0.2.9:5683")];
    world.set_door(refusing, Door::Refuses).unwrap();
    world.set_door(unreachable, Door::NoRoute).unwrap();
    block_on(true, async {
        let mut sessions = world.sessions();
        let mut open = async |host, security| {
            let request = OpenRequest::new(host, 5683).secured_by(security);
            sessions.open(ID, &request).await.map_err(|e| e.kind)
        };
        let down = open("192.0.2.1", Security::None).await;
        assert_eq!(down, Err(SessionErrorKind::NoRoute));
        world.link().up().await.unwrap();
        let name = open("nowhere.example", Security::None).await;
        assert_eq!(name, Err(SessionErrorKind::NameResolution));
        let keyless = open("192.0.2.1", Security::Tag(TAG)).await;
        assert_eq!(keyless, Err(SessionErrorKind::Handshake));
        let route = open("192.0.2.9", Security::None).await;
        assert_eq!(route, Err(SessionErrorKind::NoRoute));
        let late = open("192.0.2.8", Security::None).await;
        assert_eq!(late, Ok(Opened::Ready { resumed: true }));
        world
            .sessions()
            .send(ID, &[0x40], Expect::Reply)
            .await
            .unwrap();
        let (id, received) = world.sessions().receive(&mut [0; 8]).await;
        let Received::Closed(error) = received else {
            panic!("{received:?}");
        };
        assert_eq!((id, error.kind), (ID, SessionErrorKind::Refused));
    });
}

#[test]
fn the_link_can_be_refused_and_searched_for_in_vain() {
    both(|woken| {
        let world = World::new(1);
        let rejected = LinkError::new(LinkErrorKind::Rejected, 13);
        world.link().refuse_up(rejected, 2);
        world.link().refuse_down(rejected, 1);
        world.link().add_gap(at(20_000), at(1_000_000)).unwrap();
        block_on(woken, async {
            let mut link = world.link();
            assert_eq!(link.state(), LinkState::Down(DetachReason::Requested));
            assert_eq!(link.up().await, Err(rejected));
            assert_eq!(link.up().await, Err(rejected));
            assert_eq!(link.up().await, Ok(()));
            assert_eq!((world.now(), link.state()), (at(6000), LinkState::Up));
            assert_eq!(link.down().await, Err(rejected));
            assert_eq!(link.down().await, Ok(()));
            assert_eq!(world.now(), at(7000));
            world.sleep_until(at(30_000)).await;
            let failed = link.up().await.unwrap_err();
            assert_eq!(failed.kind, LinkErrorKind::NoService);
            assert_eq!(world.now(), at(152_000));
        });
    });
}

#[test]
fn an_offline_key_store_refuses_while_the_link_is_up() {
    let world = World::new(1);
    let failure = KeyStoreError::new(KeyStoreErrorKind::Io, 5);
    block_on(true, async {
        let mut keys = world.keys();
        let psk = CredentialKind::Psk;
        assert!(keys.requires_offline());
        assert_eq!(keys.write(TAG, psk, &[1]).await, Ok(()));
        world.link().up().await.unwrap();
        let refused = keys.write(TAG, psk, &[2]).await.unwrap_err();
        assert_eq!(refused.kind, KeyStoreErrorKind::Online);
        let refused = keys.delete(TAG, psk).await.unwrap_err();
        assert_eq!(refused.kind, KeyStoreErrorKind::Online);
        assert!(keys.holds(TAG, psk, &[1]));
        keys.set_mode(KeyStoreMode::Online);
        assert!(!keys.requires_offline());
        keys.fail_write(2, failure);
        assert_eq!(keys.write(TAG, psk, &[2]).await, Ok(()));
        assert_eq!(keys.write(TAG, psk, &[3]).await, Err(failure));
        assert!(keys.holds(TAG, psk, &[2]));
        assert_eq!(keys.write(TAG, psk, &[4]).await, Ok(()));
        let long = keys.write(TAG, psk, &[0; 65]).await.unwrap_err();
        assert_eq!(long.kind, KeyStoreErrorKind::Invalid);
        assert_eq!(keys.check(TAG, psk, &[0; 65]).unwrap_err().kind, long.kind);
        assert_eq!(keys.check(TAG, psk, &[0; 64]), Ok(()));
        assert_eq!(keys.exists(TAG, psk).await, Ok(true));
        assert_eq!(keys.delete(TAG, psk).await, Ok(()));
        assert_eq!(keys.exists(TAG, psk).await, Ok(false));
    });
}

/// A power cut in a key write or in flash freezes the device; after the reboot everything else is as it was.
#[test]
fn a_device_without_power_does_nothing() {
    let identity = CredentialKind::PskIdentity;
    for (cut, before, after) in [
        (KeyCut::Before, true, false),
        (KeyCut::Torn, false, false),
        (KeyCut::After, false, true),
    ] {
        both(|woken| {
            let world = World::new(1);
            world.keys().cut_power_at_write(1, cut);
            let past = Cell::new(false);
            let stopped = block_on(
                woken,
                world.run(
                    async {
                        let mut keys = world.keys();
                        keys.write(TAG, identity, b"old").await.unwrap();
                        world.sleep(secs(5)).await;
                        let _ = keys.write(TAG, identity, b"new").await;
                        past.set(true);
                    },
                    || false,
                ),
            );
            assert_eq!(stopped, Run::Stopped(Stop::PowerLost));
            assert!(!past.get());
            world.reboot();
            assert_eq!(world.keys().holds(TAG, identity, b"old"), before);
            assert_eq!(world.keys().holds(TAG, identity, b"new"), after);
            assert_eq!(world.now(), at(5000));
            assert_eq!(world.device().clock.now(), Instant::ZERO);
        });
    }
}

#[test]
fn records_survive_a_cut_in_flash() {
    let mut completed = false;
    for operation in 0..40 {
        let world = World::new(operation.into());
        let store = |value: u8| {
            let run = async move |world: &World<'_>| {
                let mut storage = world.device().storage;
                storage.store(RecordId(1), &[value; 40]).await
            };
            block_on(true, world.run(run(&world), || false))
        };
        assert_eq!(store(1), Run::Finished(Ok(())));
        let begun = world.flash().borrow().operations();
        world.flash().borrow_mut().cut_at(begun + operation, 500);
        let second = store(2);
        if second == Run::Finished(Ok(())) {
            completed = true;
            break;
        }
        assert_eq!(second, Run::Stopped(Stop::PowerLost));
        world.reboot();
        let mut buffer = [0; 64];
        let loaded = block_on(true, world.device().storage.load(RecordId(1), &mut buffer));
        assert_eq!(loaded, Ok(Some(40)));
        assert!(buffer[..40] == [1; 40] || buffer[..40] == [2; 40]);
    }
    assert!(completed);
}

#[test]
fn runs_end_for_a_reason() {
    let world = World::new(1);
    let tick = async || {
        loop {
            world.sleep(secs(1)).await;
        }
    };
    let run = |until: u64| block_on(true, world.run(tick(), || world.now() >= at(until)));
    assert_eq!(run(5000), Run::Stopped(Stop::Condition));
    world.set_horizon(at(7500));
    assert_eq!(run(10_000), Run::Stopped(Stop::Horizon));
    assert_eq!(world.now(), at(7500));
    world.set_horizon(Instant::FAR_FUTURE);
    let forever = async { world.device().clock.wait(Instant::FAR_FUTURE).await };
    let stalled = blocking::block_on(world.run(forever, || false), || ());
    assert_eq!(stalled, Run::Stopped(Stop::Stalled));
    let resetting = async {
        world.device().reset.reboot();
        world.sleep(secs(1)).await;
    };
    let reset = block_on(true, world.run(resetting, || false));
    assert_eq!(reset, Run::Stopped(Stop::Reset));
    world.reboot();
    assert!(world.is_running());
    assert_eq!(world.uptime(), Duration::ZERO);
}

#[test]
fn servers_retransmit_while_the_device_sleeps() {
    let script = [Request::read("/3/0/0")];
    let server = RefCell::new(ManagementServer::new(1, &script));
    let world = World::new(1);
    world
        .add_server("192.0.2.1", address(PLAIN), Guard::Plain, &server)
        .unwrap();
    let mut received = Vec::new();
    block_on(true, async {
        let mut buffer = [0; 1280];
        world.link().up().await.unwrap();
        let request = OpenRequest::new("192.0.2.1", 5683);
        world.sessions().open(ID, &request).await.unwrap();
        let sent = world.sessions().send(ID, &register(1), Expect::Reply).await;
        assert_eq!(sent, Ok(()));
        loop {
            let (now, what) = next(&world, [0, 1, 2], at(120_000), &mut buffer).await;
            if what == "deadline" {
                break;
            }
            received.push(now.as_millis());
        }
    });
    // The answer to Register, and the first sending of the Read with it; then the retransmissions of RFC 7252.
    assert_eq!(received.len(), 6);
    assert_eq!(received[..2], [2100, 2100]);
    for (at, (low, high)) in
        received[2..]
            .iter()
            .zip([(2000, 3000), (6000, 9000), (14000, 21000), (30000, 45000)])
    {
        assert!((2100 + low..=2100 + high).contains(at), "{received:?}");
    }
}

//! What goes wrong with modems, and what the traits make of it.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::net::UdpSocket;

use at_modem::{AtSessions, Modem};
use at_modem_host::Options;
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{
    Clock, DetachReason, Expect, Link, LinkErrorKind, LinkState, ModemInfo, NotAvailable,
    OpenRequest, Opened, Received, Security, SecurityTag, SessionErrorKind, SessionId, Sessions,
    Transport,
};

use crate::bench::{Line, SleepingClock, modem, modem_by};

const ONE: SessionId = SessionId::new(0);

type Port = Modem<Line, SleepingClock>;
type Socket<'m> = AtSessions<'m, Line, SleepingClock>;

/// A link that is up.
fn attached(modem: &Port) -> impl Link {
    let mut link = modem.link();
    block_on(link.up(), || ()).unwrap();
    link
}

/// A session to a socket of this test.
fn opened(sessions: &mut Socket<'_>) -> UdpSocket {
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let timeout = Duration::from_secs(5);
    peer.set_read_timeout(Some(timeout)).unwrap();
    let request = OpenRequest::new("127.0.0.1", peer.local_addr().unwrap().port());
    assert_eq!(
        block_on(sessions.open(ONE, &request), || ()),
        Ok(Opened::Pending)
    );
    let open = (ONE, Received::Opened { resumed: true });
    assert_eq!(receive(sessions, &mut []), open);
    peer
}

fn receive(sessions: &mut Socket<'_>, buffer: &mut [u8]) -> (SessionId, Received) {
    block_on(sessions.receive(buffer), || ())
}

/// Sends `first` to the peer, whose address it is known by from then on.
fn connect(sessions: &mut Socket<'_>, peer: &UdpSocket) {
    block_on(sessions.send(ONE, b"hello", Expect::Reply), || ()).unwrap();
    let (_, from) = peer.recv_from(&mut [0; 16]).unwrap();
    peer.connect(from).unwrap();
}

/// Polls `future` so many times and drops it.
async fn polled<T>(future: impl Future<Output = T>, times: u32) -> Option<T> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == times {
            return Poll::Ready(None);
        }
        polls += 1;
        context.waker().wake_by_ref();
        future.as_mut().poll(context).map(Some)
    })
    .await
}

fn up(options: Options) -> Result<(), LinkErrorKind> {
    let (modem, _far) = modem(options, 10);
    let mut link = modem.link();
    let result = block_on(link.up(), || ());
    assert_eq!(link.state() == LinkState::Up, result.is_ok());
    result.map_err(|error| error.kind)
}

#[test]
fn a_link_that_fails_says_why() {
    let options = Options::default;
    let sim = false;
    assert_eq!(up(Options { sim, ..options() }), Err(LinkErrorKind::Sim));
    let denied = true;
    assert_eq!(
        up(Options {
            denied,
            ..options()
        }),
        Err(LinkErrorKind::Rejected)
    );
    let refuse = Some("+QIACT=");
    assert_eq!(
        up(Options {
            refuse,
            ..options()
        }),
        Err(LinkErrorKind::PacketData)
    );
    let refuse = Some("+CFUN=");
    assert_eq!(
        up(Options {
            refuse,
            ..options()
        }),
        Err(LinkErrorKind::Modem)
    );
    // Never answers anything.
    let mute = Some(("", u32::MAX));
    assert_eq!(up(Options { mute, ..options() }), Err(LinkErrorKind::Modem));
}

/// A modem that crashes at the same command each time is given up, as one that never finds a network is.
#[test]
fn a_modem_that_crashes_again_and_again_is_given_up() {
    let options = Options {
        crash: Some("+CFUN=1"),
        ..Options::default()
    };
    let clock = SleepingClock::fast(60);
    let (modem, _far) = modem_by(clock, options, 21);
    let mut link = modem.link();
    let in_time = || assert!(clock.now().as_millis() < 300_000);
    let up = block_on(link.up(), in_time).map_err(|error| error.kind);
    assert_eq!(up, Err(LinkErrorKind::Modem));
}

#[test]
fn an_answer_that_is_lost_is_not_waited_for_forever() {
    let mute = Some(("+CEREG?", 1));
    let (modem, far) = modem(
        Options {
            mute,
            ..Options::default()
        },
        11,
    );
    let mut link = modem.link();
    let first = block_on(link.up(), || ()).map_err(|error| error.kind);
    assert_eq!(first, Err(LinkErrorKind::Modem));
    assert_eq!(block_on(link.up(), || ()), Ok(()));
    assert_eq!(far.borrow().apn(), Some("iot.example"));
}

/// The answer to the first command comes when it has been given up, with an `OK` that the next ones must not take.
#[test]
fn an_answer_that_is_late_is_not_that_of_another_command() {
    let late = Some(("+QCSQ", Duration::from_millis(5_100)));
    let options = Options {
        late,
        ..Options::default()
    };
    let (modem, _far) = modem(options, 19);
    let _link = attached(&modem);
    let mut info = modem.info();
    assert_eq!(block_on(info.rsrp(), || ()), Err(NotAvailable));
    let clock = SleepingClock::new();
    while clock.now().as_millis() < 400 {
        let mut buffer = [0; 32];
        let imei = block_on(info.imei(&mut buffer), || ());
        assert_eq!(imei, Ok("490154203237518"));
    }
}

#[test]
fn the_date_is_known_once_the_link_is_up() {
    let (modem, _far) = modem(Options::default(), 12);
    let clock = modem.clock();
    assert_eq!(clock.unix_time(), None);
    let _link = attached(&modem);
    let system = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let system = i64::try_from(system.unwrap().as_secs()).unwrap();
    let date = clock.unix_time().unwrap().as_secs();
    assert!((date - system).abs() <= 2, "{date} {system}");
}

/// The network closes the packet data connection, or the modem begins anew: told once, and repaired.
#[test]
fn a_link_that_breaks_is_repaired() {
    let (modem, far) = modem(Options::default(), 13);
    let mut link = attached(&modem);
    for round in 0..2 {
        let mut sessions = modem.sessions();
        let peer = opened(&mut sessions);
        connect(&mut sessions, &peer);
        let reason = if round == 0 {
            far.borrow_mut().deactivate();
            DetachReason::Network
        } else {
            far.borrow_mut().restart();
            DetachReason::Modem
        };
        let told = block_on(link.changed(), || ());
        assert_eq!(told, LinkState::Down(reason));
        // As the library does.
        block_on(sessions.close(ONE), || ());
        assert_eq!(block_on(link.changed(), || ()), LinkState::Up);
    }
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    connect(&mut sessions, &peer);
}

#[test]
fn a_datagram_that_was_cut_on_the_line_is_lost_alone() {
    let (modem, _far) = modem(
        Options {
            cut_reads: 1,
            ..Options::default()
        },
        14,
    );
    let _link = attached(&modem);
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    connect(&mut sessions, &peer);
    peer.send(&[b'a'; 300]).unwrap();
    peer.send(&[b'b'; 300]).unwrap();
    let mut buffer = [0; 1280];
    // The command is given up after five seconds; the rest of what was counted is not waited for.
    let clock = SleepingClock::new();
    let in_time = || assert!(clock.now().as_millis() < 15_000);
    let got = block_on(sessions.receive(&mut buffer), in_time);
    assert_eq!(got, (ONE, Received::Datagram(300)));
    assert_eq!(buffer[..300], [b'b'; 300]);
}

/// A prompt that is not understood: the datagram is lost, and the modem, which still waits for its bytes, is heard again.
#[test]
fn a_prompt_that_was_garbled_costs_one_datagram() {
    let options = Options {
        noisy_prompts: 1,
        ..Options::default()
    };
    let (modem, _far) = modem_by(SleepingClock::fast(60), options, 22);
    let mut link = attached(&modem);
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    let sent = block_on(sessions.send(ONE, &[7; 1280], Expect::Reply), || ());
    assert!(sent.is_err());
    if link.state() != LinkState::Up {
        block_on(link.up(), || ()).unwrap();
        opened(&mut sessions);
    }
    connect(&mut sessions, &peer);
}

/// The modem tells once that datagrams lie in it, until all of them were read: what has not been read for want of an
/// answer is asked for again.
#[test]
fn datagrams_are_read_although_an_answer_was_lost() {
    let mute = Some(("+QIRD", 1));
    let options = Options {
        mute,
        ..Options::default()
    };
    let clock = SleepingClock::fast(10);
    let (modem, _far) = modem_by(clock, options, 20);
    let _link = attached(&modem);
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    connect(&mut sessions, &peer);
    peer.send(b"waits").unwrap();
    let mut buffer = [0; 1280];
    let in_time = || assert!(clock.now().as_millis() < 15_000);
    let got = block_on(sessions.receive(&mut buffer), in_time);
    assert_eq!(got, (ONE, Received::Datagram(5)));
}

/// The modem hands out 1,500 bytes at a time.
#[test]
fn no_part_of_a_datagram_that_is_too_long_is_returned() {
    let (modem, _far) = modem(Options::default(), 15);
    let _link = attached(&modem);
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    connect(&mut sessions, &peer);
    for len in [1281, 1499, 1500, 1501, 1510, 4500] {
        peer.send(&vec![b'x'; len]).unwrap();
        let mut buffer = [0; 1280];
        let got = block_on(polled(sessions.receive(&mut buffer), 300), || ());
        assert_eq!(got, None, "{len}");
        peer.send(b"short").unwrap();
        let got = receive(&mut sessions, &mut buffer);
        assert_eq!(got, (ONE, Received::Datagram(5)), "{len}");
    }
}

/// Whenever a send is dropped: it comes whole or not at all, and the next one is not disturbed.
#[test]
fn a_send_that_is_dropped_leaves_no_half_datagram() {
    let (modem, _far) = modem(Options::default(), 16);
    let _link = attached(&modem);
    let mut sessions = modem.sessions();
    let peer = opened(&mut sessions);
    for polls in 0..12 {
        let datagram = [polls as u8 + 1; 1280];
        let sent = block_on(
            polled(sessions.send(ONE, &datagram, Expect::Reply), polls),
            || (),
        );
        if sent.is_none() {
            block_on(sessions.send(ONE, &datagram, Expect::Reply), || ()).unwrap();
        }
    }
    let mut next = 1;
    while next <= 12 {
        let mut buffer = [0; 1500];
        let (len, _) = peer.recv_from(&mut buffer).unwrap();
        // Sent a second time, where the first had been on its way.
        let number = buffer[0];
        assert!(number == next || number + 1 == next, "{number} {next}");
        assert_eq!(buffer[..len], [number; 1280]);
        next = number + 1;
        if number == 12 {
            break;
        }
    }
}

#[test]
fn what_is_not_plain_is_refused() {
    let (modem, _far) = modem(Options::default(), 17);
    let _link = attached(&modem);
    let mut sessions = modem.sessions();
    let mut open = |request: OpenRequest<'_>| {
        let opened = block_on(sessions.open(ONE, &request), || ());
        opened.map_err(|error| error.kind)
    };
    let plain = OpenRequest::new("127.0.0.1", 5683);
    let unsupported = Err(SessionErrorKind::Unsupported);
    assert_eq!(
        open(plain.secured_by(Security::Tag(SecurityTag(1)))),
        unsupported
    );
    assert_eq!(open(plain.over(Transport::Stream)), unsupported);
    // A name that would end the command and begin another one.
    let name = OpenRequest::new("a\",1,0,0\rAT+CFUN=0", 5683);
    assert_eq!(open(name), Err(SessionErrorKind::NameResolution));
    assert_eq!(
        open(OpenRequest::new("a\"b", 5683)),
        Err(SessionErrorKind::NameResolution)
    );
    assert_eq!(
        open(OpenRequest::new("", 5683)),
        Err(SessionErrorKind::NameResolution)
    );
    let link = modem.link();
    assert_eq!(link.state(), LinkState::Up);
}

#[test]
fn without_a_link_nothing_opens() {
    let (modem, _far) = modem(Options::default(), 18);
    let request = OpenRequest::new("127.0.0.1", 5683);
    let opened = block_on(modem.sessions().open(ONE, &request), || ());
    assert_eq!(
        opened.map_err(|error| error.kind),
        Err(SessionErrorKind::NoRoute)
    );
}

/// No heap, and no more than a datagram each way, a line and the state.
#[test]
fn a_modem_takes_little_memory() {
    assert!(
        size_of::<Modem<(), ()>>() <= 3200,
        "{}",
        size_of::<Modem<(), ()>>()
    );
}

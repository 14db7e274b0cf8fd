//! Sessions that the modem secures, and what goes wrong with sockets.

use core::cell::Cell;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use carrier_nrf91::at::{At, AtError, Command};
use carrier_nrf91::net::{
    Errno, Family, HandshakeTimeout, PeerVerification, Protocol, ReleaseAssistance,
};
use carrier_nrf91::sessions::AEAD_SUITES;
use carrier_nrf91::{ModemKeys, ModemSessions, SessionCache, SessionSettings};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    CaTags, ConnectionId, CredentialKind, Expect, KeyStore, OpenRequest, Opened, Received,
    Security, SecurityTag, SessionError, SessionErrorKind, SessionId, Sessions, Transport,
};

use crate::script::{Modem, Set, SetClock, once};

const ONE: SessionId = SessionId::new(0);
const TWO: SessionId = SessionId::new(1);
const DTLS: OpenRequest<'_> =
    OpenRequest::new("192.0.2.1", 5684).secured_by(Security::Tag(SecurityTag(25)));
const PLAIN: OpenRequest<'_> = OpenRequest::new("192.0.2.1", 5683);

struct Bench {
    modem: Modem,
    time: Cell<u64>,
    cache: SessionCache,
}

type Port<'b> = ModemSessions<'b, &'b Modem, SetClock<'b>, 2>;

impl Bench {
    fn new() -> Self {
        Self {
            modem: Modem::default(),
            time: Cell::new(1000),
            cache: SessionCache::new(),
        }
    }

    fn port(&self) -> Port<'_> {
        self.port_with(const { &SessionSettings::new() })
    }

    fn port_with<'t>(&'t self, settings: &'t SessionSettings) -> Port<'t> {
        ModemSessions::new(&self.modem, SetClock(&self.time), &self.cache, settings)
    }

    fn handshake_ends(&self, how: Result<(), Errno>) {
        self.modem.handshakes.borrow_mut().push_back(how);
    }

    /// A port with an open DTLS session, on socket 0.
    fn open_dtls(&self) -> Port<'_> {
        let mut port = self.port();
        assert_eq!(open(&mut port, ONE, &DTLS), Ok(Opened::Pending));
        self.handshake_ends(Ok(()));
        assert_eq!(
            receive(&mut port),
            Some((ONE, Received::Opened { resumed: false }))
        );
        port
    }
}

fn open(
    port: &mut Port<'_>,
    id: SessionId,
    request: &OpenRequest<'_>,
) -> Result<Opened, SessionError> {
    once(port.open(id, request)).expect("open() does not wait")
}

fn kind_of(result: Result<Opened, SessionError>) -> SessionErrorKind {
    result.expect_err("open").kind
}

fn receive(port: &mut Port<'_>) -> Option<(SessionId, Received)> {
    once(port.receive(&mut [0; 1280]))
}

fn send(port: &mut Port<'_>, id: SessionId, bytes: &[u8]) -> Option<Result<(), SessionError>> {
    once(port.send(id, bytes, Expect::Reply))
}

#[test]
fn a_dtls_session_is_given_its_tag_and_checks_its_peer() {
    let bench = Bench::new();
    bench.open_dtls();
    let expected = [
        Set::Tags(vec![25]),
        Set::Verify(PeerVerification::Required),
        Set::Purge,
        Set::Cache(true),
        Set::Timeout(HandshakeTimeout::Secs63),
        Set::Cid(true),
    ];
    bench.modem.with(0, |socket| {
        assert_eq!(socket.protocol, Some(Protocol::Dtls));
        assert_eq!(socket.set, expected);
    });
}

#[test]
fn a_tls_stream_is_checked_against_the_ca_tags_by_the_name_of_its_host() {
    let bench = Bench::new();
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    bench
        .modem
        .names
        .borrow_mut()
        .push((Family::Ipv4, Ok(address)));
    let tags = CaTags::new(&[SecurityTag(25), SecurityTag(40)]).unwrap();
    let request = OpenRequest::new("fw.example.com", 443)
        .over(Transport::Stream)
        .secured_by(Security::CaTags(tags));
    let settings = {
        let mut settings = SessionSettings::default();
        settings.cipher_suites = AEAD_SUITES;
        settings
    };
    let mut port = bench.port_with(&settings);
    assert_eq!(open(&mut port, ONE, &request), Ok(Opened::Pending));
    bench.modem.with(0, |socket| {
        assert_eq!(socket.protocol, Some(Protocol::Tls));
        assert!(socket.set.contains(&Set::Tags(vec![25, 40])));
        assert!(socket.set.contains(&Set::Host("fw.example.com".into())));
        // IANA: TLS_PSK_WITH_AES_128_CCM_8, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256.
        assert!(socket.set.contains(&Set::Suites(vec![0xC0A8, 0xC02B])));
        assert_eq!(socket.peer, Some((address, 443).into()));
    });
    // Without a tag there is nobody to vouch for the peer.
    let request = request.secured_by(Security::CaTags(CaTags::default()));
    assert_eq!(
        kind_of(open(&mut port, ONE, &request)),
        SessionErrorKind::Handshake
    );
    assert_eq!(bench.modem.open_sockets(), 0);
}

/// RFC 6066, section 3: literal addresses are not permitted as the name of a server, which the modem sends.
#[test]
fn an_address_is_no_name_unless_ca_certificates_alone_vouch_for_the_peer() {
    let tags = CaTags::new(&[SecurityTag(25)]).unwrap();
    let (tag, chain) = (Security::Tag(SecurityTag(25)), Security::CaTags(tags));
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    for (host, security, named) in [
        ("192.0.2.1", tag, false),
        ("2001:db8::1", tag, false),
        ("lwm2m.example.com", tag, true),
        ("192.0.2.1", chain, true),
        ("lwm2m.example.com", chain, true),
    ] {
        let bench = Bench::new();
        let answer = (Family::Ipv4, Ok(address));
        bench.modem.names.borrow_mut().push(answer);
        let request = OpenRequest::new(host, 5684).secured_by(security);
        assert_eq!(open(&mut bench.port(), ONE, &request), Ok(Opened::Pending));
        bench.modem.with(0, |socket| {
            let name = socket.set.iter().any(|it| *it == Set::Host(host.into()));
            let names = socket.set.iter().filter(|it| matches!(it, Set::Host(_)));
            assert_eq!((name, names.count()), (named, usize::from(named)), "{host}");
        });
    }
}

#[test]
fn a_session_that_cannot_be_secured_does_not_open() {
    for option in [
        Set::Tags(vec![25]),
        Set::Verify(PeerVerification::Required),
        Set::Host("lwm2m.example.com".into()),
    ] {
        let bench = Bench::new();
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let answer = (Family::Ipv4, Ok(address));
        bench.modem.names.borrow_mut().push(answer);
        let request =
            OpenRequest::new("lwm2m.example.com", 5684).secured_by(Security::Tag(SecurityTag(25)));
        bench
            .modem
            .refuses
            .borrow_mut()
            .push((option, Errno::INVAL));
        let mut port = bench.port();
        assert_eq!(
            kind_of(open(&mut port, ONE, &request)),
            SessionErrorKind::Handshake
        );
        assert_eq!(bench.modem.open_sockets(), 0);
    }
}

#[test]
fn what_only_saves_may_be_unknown_to_the_modem() {
    let bench = Bench::new();
    for option in [
        Set::Cache(true),
        Set::Cid(true),
        Set::Timeout(HandshakeTimeout::Secs63),
        Set::Rai(ReleaseAssistance::OneResponse),
    ] {
        bench
            .modem
            .refuses
            .borrow_mut()
            .push((option, Errno::NOPROTOOPT));
    }
    let mut port = bench.open_dtls();
    assert_eq!(send(&mut port, ONE, b"x"), Some(Ok(())));
    assert_eq!(port.connection_id(ONE), ConnectionId::Unsupported);
}

#[test]
fn the_modem_forgets_handshakes_when_keys_have_changed() {
    let bench = Bench::new();
    let mut port = bench.open_dtls();
    open(&mut port, ONE, &DTLS).unwrap();
    bench
        .modem
        .with(1, |socket| assert!(!socket.set.contains(&Set::Purge)));
    bench.cache.purge();
    open(&mut port, ONE, &DTLS).unwrap();
    bench
        .modem
        .with(2, |socket| assert!(socket.set.contains(&Set::Purge)));

    // A cache that cannot be purged is not used.
    bench.cache.purge();
    bench
        .modem
        .refuses
        .borrow_mut()
        .push((Set::Purge, Errno::NOPROTOOPT));
    open(&mut port, ONE, &DTLS).unwrap();
    bench
        .modem
        .with(3, |socket| assert!(socket.set.contains(&Set::Cache(false))));
    assert!(bench.cache.is_stale());
}

/// A credential storage that is empty and takes everything.
struct Takes;

impl At for Takes {
    async fn send(&mut self, _: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        response[..4].copy_from_slice(b"OK\r\n");
        Ok(4)
    }
}

#[test]
fn a_key_that_is_written_makes_the_modem_forget() {
    let bench = Bench::new();
    let mut port = bench.open_dtls();
    assert!(!bench.cache.is_stale());
    let mut keys = ModemKeys::new(Takes).with_session_cache(&bench.cache);
    let write = keys.write(SecurityTag(25), CredentialKind::Psk, &[7; 16]);
    once(write).unwrap().unwrap();
    open(&mut port, ONE, &DTLS).unwrap();
    bench
        .modem
        .with(1, |socket| assert!(socket.set.contains(&Set::Purge)));
}

#[test]
fn a_shortened_handshake_resumes_the_session() {
    let bench = Bench::new();
    bench.modem.shortened.set(Some(1));
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS).unwrap();
    bench.handshake_ends(Ok(()));
    assert_eq!(
        receive(&mut port),
        Some((ONE, Received::Opened { resumed: true }))
    );
}

#[test]
fn a_handshake_fails_with_its_reason() {
    // nrf_errno.h: refused 111, timed out 116, busy 16, network down 115, invalid 22, and one that nobody knows.
    let cases = [
        (111, SessionErrorKind::Handshake, errno::ECONNREFUSED),
        (116, SessionErrorKind::Timeout, errno::ETIMEDOUT),
        (16, SessionErrorKind::Resources, errno::EBUSY),
        (115, SessionErrorKind::NoRoute, errno::ENETDOWN),
        (22, SessionErrorKind::Handshake, errno::EINVAL),
        (4711, SessionErrorKind::Io, 4711),
    ];
    for (number, kind, linux) in cases {
        let bench = Bench::new();
        let mut port = bench.port();
        open(&mut port, ONE, &DTLS).unwrap();
        bench.handshake_ends(Err(Errno(number)));
        let closed = Received::Closed(SessionError::new(kind, linux));
        assert_eq!(receive(&mut port), Some((ONE, closed)), "{number}");
        assert_eq!(receive(&mut port), None);
        assert_eq!(bench.modem.open_sockets(), 0);
    }
}

#[test]
fn a_handshake_that_the_modem_does_not_end_is_given_up() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS).unwrap();
    // 63 seconds of the modem, and 10.
    bench.time.set(1000 + 72_999);
    assert_eq!(receive(&mut port), None);
    bench.time.set(1000 + 73_000);
    let timeout = SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);
    assert_eq!(receive(&mut port), Some((ONE, Received::Closed(timeout))));
    assert_eq!(bench.modem.open_sockets(), 0);
}

#[test]
fn handshakes_come_one_after_the_other_and_their_time_counts_from_their_turn() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS).unwrap();
    assert_eq!(open(&mut port, TWO, &DTLS), Ok(Opened::Pending));
    bench.time.set(61_000);
    assert_eq!(receive(&mut port), None);
    bench
        .modem
        .with(1, |socket| assert_eq!(socket.peer, None, "not its turn"));
    bench.handshake_ends(Ok(()));
    assert_eq!(
        receive(&mut port),
        Some((ONE, Received::Opened { resumed: false }))
    );
    assert_eq!(receive(&mut port), None);
    bench.modem.with(1, |socket| assert!(socket.peer.is_some()));
    bench.time.set(61_000 + 72_999);
    assert_eq!(receive(&mut port), None);
    bench.handshake_ends(Ok(()));
    assert_eq!(
        receive(&mut port),
        Some((TWO, Received::Opened { resumed: false }))
    );
}

#[test]
fn a_session_that_is_closed_while_it_opens_gives_its_turn_away() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS).unwrap();
    open(&mut port, TWO, &DTLS).unwrap();
    once(port.close(ONE)).unwrap();
    assert_eq!(receive(&mut port), None);
    bench.handshake_ends(Ok(()));
    assert_eq!(
        receive(&mut port),
        Some((TWO, Received::Opened { resumed: false }))
    );
    let closed = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
    assert_eq!(send(&mut port, ONE, b"x"), Some(Err(closed)));
}

#[test]
fn sessions_are_served_in_turn() {
    let bench = Bench::new();
    let mut port = bench.port();
    for id in [ONE, TWO] {
        assert_eq!(
            open(&mut port, id, &PLAIN),
            Ok(Opened::Ready { resumed: true })
        );
    }
    for number in [0, 1] {
        let datagrams = [vec![1], vec![2]].map(Ok);
        bench
            .modem
            .with(number, |socket| socket.coming.extend(datagrams));
    }
    let order: Vec<_> = (0..4).map(|_| receive(&mut port).unwrap().0).collect();
    assert_eq!(order, [ONE, TWO, ONE, TWO]);
}

#[test]
fn an_empty_datagram_ends_nothing_but_dtls() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    bench.modem.with(0, |socket| {
        socket
            .coming
            .extend([Ok(vec![]), Err(Errno::CONNREFUSED), Ok(vec![7; 3])]);
    });
    assert_eq!(receive(&mut port), Some((ONE, Received::Datagram(3))));
    drop(port);

    let bench = Bench::new();
    let mut port = bench.open_dtls();
    bench
        .modem
        .with(0, |socket| socket.coming.push_back(Ok(vec![])));
    let closed = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
    assert_eq!(receive(&mut port), Some((ONE, Received::Closed(closed))));
}

#[test]
fn one_who_sends_empty_datagrams_without_end_does_not_keep_the_others_waiting() {
    let bench = Bench::new();
    let mut port = bench.port();
    for id in [ONE, TWO] {
        open(&mut port, id, &PLAIN).unwrap();
    }
    let junk = core::iter::repeat_n(Ok(vec![]), 1000);
    bench.modem.with(0, |socket| socket.coming.extend(junk));
    bench
        .modem
        .with(1, |socket| socket.coming.push_back(Ok(vec![1])));
    assert_eq!(receive(&mut port), Some((TWO, Received::Datagram(1))));
}

#[test]
fn a_datagram_that_the_modem_has_cut_is_not_returned() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    bench.modem.with(0, |socket| {
        socket
            .coming
            .extend([1281, 2000, 1280].map(|len| Ok(vec![1; len])));
    });
    assert_eq!(receive(&mut port), Some((ONE, Received::Datagram(1280))));
    assert_eq!(receive(&mut port), None);
}

/// Into a longer buffer they go without a detour; what fills it may have been cut to it.
#[test]
fn a_datagram_that_fills_a_longer_buffer_is_not_returned() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    bench.modem.with(0, |socket| {
        socket
            .coming
            .extend([1284, 2000, 1283, 1280].map(|len| Ok(vec![1; len])));
    });
    let mut buffer = [0; 1284];
    for len in [1283, 1280] {
        let received = once(port.receive(&mut buffer));
        assert_eq!(received, Some((ONE, Received::Datagram(len))));
    }
    assert_eq!(buffer[..1283], [1; 1283]);
    assert_eq!(once(port.receive(&mut buffer)), None);
}

#[test]
fn the_end_of_the_link_ends_sessions() {
    for (number, kind) in [
        (115, SessionErrorKind::Reset),
        (128, SessionErrorKind::Closed),
    ] {
        let bench = Bench::new();
        let mut port = bench.open_dtls();
        bench
            .modem
            .with(0, |socket| socket.coming.push_back(Err(Errno(number))));
        match receive(&mut port) {
            Some((ONE, Received::Closed(error))) => assert_eq!(error.kind, kind),
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.modem.open_sockets(), 0);
    }
}

#[test]
fn a_record_that_is_too_long_for_the_modem_ends_the_stream() {
    let bench = Bench::new();
    let mut port = bench.port();
    let request = DTLS.over(Transport::Stream);
    open(&mut port, ONE, &request).unwrap();
    bench.handshake_ends(Ok(()));
    receive(&mut port).unwrap();
    bench
        .modem
        .with(0, |socket| socket.coming.push_back(Err(Errno::MSGSIZE)));
    let error = SessionError::new(SessionErrorKind::Io, errno::EMSGSIZE);
    assert_eq!(receive(&mut port), Some((ONE, Received::Closed(error))));
}

/// Whether there was a close_notify (RFC 8446, section 6.1) the modem does not tell, and anybody on the way can end a TCP
/// stream.
#[test]
fn a_secured_stream_has_no_end_in_due_form() {
    for (request, kind, number) in [
        (
            DTLS.over(Transport::Stream),
            SessionErrorKind::Reset,
            errno::ECONNRESET,
        ),
        (
            PLAIN.over(Transport::Stream),
            SessionErrorKind::Closed,
            errno::ENOTCONN,
        ),
    ] {
        let bench = Bench::new();
        let mut port = bench.port();
        if open(&mut port, ONE, &request) == Ok(Opened::Pending) {
            bench.handshake_ends(Ok(()));
            receive(&mut port).unwrap();
        }
        bench
            .modem
            .with(0, |socket| socket.coming.push_back(Ok(vec![])));
        let error = SessionError::new(kind, number);
        assert_eq!(receive(&mut port), Some((ONE, Received::Closed(error))));
    }
}

#[test]
fn a_stream_goes_on_where_a_dropped_send_has_stopped() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS.over(Transport::Stream)).unwrap();
    bench.handshake_ends(Ok(()));
    receive(&mut port).unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    bench.modem.with(0, |socket| socket.room = Some(3000));
    assert_eq!(send(&mut port, ONE, &bytes), None);
    bench.modem.with(0, |socket| socket.room = None);
    assert_eq!(send(&mut port, ONE, &bytes), Some(Ok(())));
    bench.modem.with(0, |socket| {
        assert!(
            socket.sent.iter().all(|it| it.len() <= 2048),
            "longest record"
        );
        assert_eq!(socket.sent.concat(), bytes);
    });
    // What follows begins anew.
    assert_eq!(send(&mut port, ONE, b"next"), Some(Ok(())));
    bench
        .modem
        .with(0, |socket| assert_eq!(socket.sent.last().unwrap(), b"next"));
}

#[test]
fn a_send_that_the_modem_does_not_take_times_out() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    bench.modem.with(0, |socket| socket.room = Some(0));
    {
        let mut future = core::pin::pin!(port.send(ONE, b"x", Expect::Reply));
        assert!(once(future.as_mut()).is_none());
        bench.time.set(1000 + 29_999);
        assert!(once(future.as_mut()).is_none());
        bench.time.set(1000 + 30_000);
        let timeout = SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);
        assert_eq!(once(future.as_mut()), Some(Err(timeout)));
    }
    // Too long for the network.
    bench.modem.with(0, |socket| socket.room = Some(1));
    let error = send(&mut port, ONE, b"two").unwrap().unwrap_err();
    assert_eq!(error.kind, SessionErrorKind::TooLong);
}

#[test]
fn the_network_is_told_before_each_send_what_follows() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    for expect in [Expect::Reply, Expect::Reply, Expect::Nothing, Expect::More] {
        once(port.send(ONE, b"x", expect)).unwrap().unwrap();
    }
    let told = [
        ReleaseAssistance::OneResponse,
        ReleaseAssistance::OneResponse,
        ReleaseAssistance::Last,
        ReleaseAssistance::Ongoing,
    ];
    bench
        .modem
        .with(0, |socket| assert_eq!(socket.set, told.map(Set::Rai)));
}

#[test]
fn the_network_is_told_with_the_last_record_of_a_stream_that_nothing_follows() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &DTLS.over(Transport::Stream)).unwrap();
    bench.handshake_ends(Ok(()));
    receive(&mut port).unwrap();
    bench.modem.with(0, |socket| socket.set.clear());
    // Records of 2,048, 2,048 and 904 bytes.
    let sent = once(port.send(ONE, &[1; 5000], Expect::Nothing));
    assert_eq!(sent, Some(Ok(())));
    let told = [
        ReleaseAssistance::Ongoing,
        ReleaseAssistance::Ongoing,
        ReleaseAssistance::Last,
    ];
    bench
        .modem
        .with(0, |socket| assert_eq!(socket.set, told.map(Set::Rai)));
}

#[test]
fn a_send_for_which_there_was_no_room_tells_again_what_follows() {
    let bench = Bench::new();
    let mut port = bench.port();
    open(&mut port, ONE, &PLAIN).unwrap();
    bench.modem.with(0, |socket| socket.room = Some(0));
    assert_eq!(send(&mut port, ONE, b"x"), None);
    bench.modem.with(0, |socket| socket.room = None);
    assert_eq!(send(&mut port, ONE, b"x"), Some(Ok(())));
    let told = [ReleaseAssistance::OneResponse; 2];
    bench
        .modem
        .with(0, |socket| assert_eq!(socket.set, told.map(Set::Rai)));
}

#[test]
fn a_saved_connection_is_loaded_before_anything_is_sent() {
    let bench = Bench::new();
    let mut port = bench.open_dtls();
    once(port.save(ONE)).unwrap().unwrap();
    once(port.save(ONE)).unwrap().unwrap();
    bench.modem.with(0, |socket| assert!(socket.saved));
    assert_eq!(receive(&mut port), None);
    assert_eq!(send(&mut port, ONE, b"x"), Some(Ok(())));
    once(port.save(ONE)).unwrap().unwrap();
    once(port.load(ONE)).unwrap().unwrap();
    bench.modem.with(0, |socket| {
        assert!(!socket.saved);
        assert_eq!(socket.set.iter().filter(|it| **it == Set::Save).count(), 2);
        socket.coming.push_back(Ok(vec![1]));
    });
    assert_eq!(receive(&mut port), Some((ONE, Received::Datagram(1))));
}

#[test]
fn a_connection_that_cannot_be_saved_stays_and_one_that_cannot_be_loaded_is_closed() {
    let bench = Bench::new();
    let mut port = bench.open_dtls();
    // NRF_EINVAL: the suite is none with CCM or GCM. NRF_ENOMEM: four are saved already.
    for (error, kind) in [
        (Errno::INVAL, SessionErrorKind::Unsupported),
        (Errno::NOMEM, SessionErrorKind::Resources),
    ] {
        *bench.modem.refuses.borrow_mut() = vec![(Set::Save, error)];
        assert_eq!(once(port.save(ONE)).unwrap().unwrap_err().kind, kind);
        assert_eq!(send(&mut port, ONE, b"x"), Some(Ok(())));
    }
    *bench.modem.refuses.borrow_mut() = vec![(Set::Load, Errno::AGAIN)];
    once(port.save(ONE)).unwrap().unwrap();
    assert_eq!(
        once(port.load(ONE)).unwrap().unwrap_err().kind,
        SessionErrorKind::Resources
    );
    assert_eq!(bench.modem.open_sockets(), 0);
    let error = send(&mut port, ONE, b"x").unwrap().unwrap_err();
    assert_eq!(error.kind, SessionErrorKind::Closed);
    // Only DTLS can be saved.
    open(&mut port, TWO, &PLAIN).unwrap();
    assert_eq!(once(port.save(TWO)), Some(Err(SessionError::UNSUPPORTED)));
}

#[test]
fn a_connection_id_counts_in_what_the_device_sends() {
    let bench = Bench::new();
    let port = bench.open_dtls();
    // nrf_socket.h: disabled, downlink, uplink, bidirectional.
    let told = [0, 1, 2, 3].map(|status| {
        bench.modem.cid.set(Some(status));
        port.connection_id(ONE)
    });
    let (used, unused) = (ConnectionId::Used, ConnectionId::Unused);
    assert_eq!(told, [unused, unused, used, used]);
    assert_eq!(port.connection_id(TWO), ConnectionId::Unsupported);
}

#[test]
fn a_name_is_tried_in_both_families() {
    let bench = Bench::new();
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let request = OpenRequest::new("lwm2m.example.com", 5683);
    let mut port = bench.port();
    assert_eq!(
        kind_of(open(&mut port, ONE, &request)),
        SessionErrorKind::NameResolution
    );
    bench.modem.names.borrow_mut().push((Family::Ipv6, Ok(v6)));
    open(&mut port, ONE, &request).unwrap();
    bench
        .modem
        .with(0, |socket| assert_eq!(socket.peer, Some((v6, 5683).into())));

    // No way to the first one: NRF_ENETUNREACH.
    let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
    bench.modem.names.borrow_mut().push((Family::Ipv4, Ok(v4)));
    bench
        .modem
        .connects
        .borrow_mut()
        .push_back(Errno::NETUNREACH);
    open(&mut port, ONE, &request).unwrap();
    bench
        .modem
        .with(2, |socket| assert_eq!(socket.peer, Some((v6, 5683).into())));
    assert_eq!(bench.modem.open_sockets(), 1);

    for host in ["", "nul\0byte", &"x".repeat(256)] {
        let request = OpenRequest::new(host, 5683);
        assert_eq!(
            kind_of(open(&mut port, ONE, &request)),
            SessionErrorKind::NameResolution
        );
    }
}

#[test]
fn without_a_socket_nothing_opens() {
    let bench = Bench::new();
    let others = ModemSessions::<_, _, 8>::new(
        &bench.modem,
        SetClock(&bench.time),
        &bench.cache,
        const { &SessionSettings::new() },
    );
    let mut others = others;
    for number in 0..8 {
        let opened = once(others.open(SessionId::new(number), &PLAIN)).unwrap();
        assert_eq!(opened, Ok(Opened::Ready { resumed: true }));
    }
    let mut port = bench.port();
    assert_eq!(
        kind_of(open(&mut port, ONE, &PLAIN)),
        SessionErrorKind::Resources
    );
    drop(others);
    open(&mut port, ONE, &PLAIN).unwrap();
    let beyond = SessionId::new(2);
    assert_eq!(
        kind_of(open(&mut port, beyond, &PLAIN)),
        SessionErrorKind::Resources
    );
}

//! Both adapters over a stack of the `nb` kind that the test scripts.

extern crate std;

use core::{
    cell::RefCell,
    net::{IpAddr, SocketAddr},
    pin::pin,
    task::{Context, Waker},
};
use std::{
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};

use embedded_nal::{
    AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind, UdpClientStack, UdpFullStack,
};

use super::{NalSessions, NbStack};
use crate::{
    driver::blocking::block_on,
    hal::{
        Expect, OpenRequest, Opened, Received, Security, SecurityTag, SessionErrorKind, SessionId,
        Sessions, Transport,
    },
};

#[derive(Default)]
struct Script {
    /// Answers of the resolver: name, family, address.
    names: Vec<(&'static str, AddrType, &'static str)>,
    asked: Vec<(String, AddrType)>,
    datagrams: VecDeque<Result<(&'static str, &'static [u8]), Fault>>,
    sent: Vec<(SocketAddr, Vec<u8>)>,
    stream: VecDeque<&'static [u8]>,
    written: Vec<u8>,
    udp_sockets: usize,
    tcp_sockets: usize,
    /// Answers of `WouldBlock` before each success.
    delay: usize,
    delayed: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Broken,
    Ended,
}

impl TcpError for Fault {
    fn kind(&self) -> TcpErrorKind {
        match self {
            Self::Broken => TcpErrorKind::Other,
            Self::Ended => TcpErrorKind::PipeClosed,
        }
    }
}

impl Script {
    fn blocks(&mut self) -> bool {
        self.delayed += 1;
        if self.delayed <= self.delay {
            return true;
        }
        self.delayed = 0;
        false
    }
}

impl UdpClientStack for Script {
    type UdpSocket = ();
    type Error = Fault;

    fn socket(&mut self) -> Result<(), Fault> {
        self.udp_sockets += 1;
        Ok(())
    }

    fn connect(&mut self, _: &mut (), _: SocketAddr) -> Result<(), Fault> {
        Err(Fault::Broken)
    }

    fn send(&mut self, _: &mut (), _: &[u8]) -> nb::Result<(), Fault> {
        Err(nb::Error::Other(Fault::Broken))
    }

    fn receive(&mut self, _: &mut (), buffer: &mut [u8]) -> nb::Result<(usize, SocketAddr), Fault> {
        let (peer, data) = self
            .datagrams
            .pop_front()
            .ok_or(nb::Error::WouldBlock)?
            .map_err(nb::Error::Other)?;
        let copied = data.len().min(buffer.len());
        buffer[..copied].copy_from_slice(&data[..copied]);
        Ok((data.len(), peer.parse().unwrap()))
    }

    fn close(&mut self, (): ()) -> Result<(), Fault> {
        self.udp_sockets -= 1;
        Ok(())
    }
}

impl UdpFullStack for Script {
    fn bind(&mut self, _: &mut (), port: u16) -> Result<(), Fault> {
        assert_eq!(port, 0);
        Ok(())
    }

    fn send_to(&mut self, _: &mut (), remote: SocketAddr, data: &[u8]) -> nb::Result<(), Fault> {
        if self.blocks() {
            return Err(nb::Error::WouldBlock);
        }
        self.sent.push((remote, data.to_vec()));
        Ok(())
    }
}

impl TcpClientStack for Script {
    type TcpSocket = ();
    type Error = Fault;

    fn socket(&mut self) -> Result<(), Fault> {
        self.tcp_sockets += 1;
        Ok(())
    }

    fn connect(&mut self, _: &mut (), _: SocketAddr) -> nb::Result<(), Fault> {
        if self.blocks() {
            return Err(nb::Error::WouldBlock);
        }
        Ok(())
    }

    fn send(&mut self, _: &mut (), data: &[u8]) -> nb::Result<usize, Fault> {
        if self.blocks() {
            return Err(nb::Error::WouldBlock);
        }
        let taken = data.len().min(2);
        self.written.extend_from_slice(&data[..taken]);
        Ok(taken)
    }

    fn receive(&mut self, _: &mut (), buffer: &mut [u8]) -> nb::Result<usize, Fault> {
        let data = self
            .stream
            .pop_front()
            .ok_or(nb::Error::Other(Fault::Ended))?;
        buffer[..data.len()].copy_from_slice(data);
        Ok(data.len())
    }

    fn close(&mut self, (): ()) -> Result<(), Fault> {
        self.tcp_sockets -= 1;
        Ok(())
    }
}

impl Dns for Script {
    type Error = Fault;

    fn get_host_by_name(&mut self, name: &str, family: AddrType) -> nb::Result<IpAddr, Fault> {
        self.asked.push((name.to_string(), family.clone()));
        let known = self
            .names
            .iter()
            .find(|(host, of, _)| *host == name && *of == family);
        known
            .map(|(_, _, address)| address.parse().unwrap())
            .ok_or(nb::Error::Other(Fault::Broken))
    }

    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, Fault> {
        Err(nb::Error::Other(Fault::Broken))
    }
}

const FIRST: SessionId = SessionId::new(0);
const SECOND: SessionId = SessionId::new(1);
const FAMILIES: &[AddrType] = &[AddrType::IPv6, AddrType::IPv4];

type TestSessions<'s, 'a> = NalSessions<'s, NbStack<'a, Script>, 2, 8>;

/// Runs `future`, which must not wait for ever.
fn run<F: Future>(future: F) -> F::Output {
    let mut polls = 0;
    block_on(future, || {
        polls += 1;
        assert!(polls < 100, "waits for nothing");
    })
}

fn open(
    sessions: &mut TestSessions<'_, '_>,
    id: SessionId,
    host: &str,
) -> Result<Opened, SessionErrorKind> {
    run(sessions.open(id, &OpenRequest::new(host, 5683))).map_err(|error| error.kind)
}

#[test]
fn names_are_asked_for_in_the_order_of_families_at_each_open() {
    let script = RefCell::new(Script {
        names: std::vec![("lwm2m.example", AddrType::IPv4, "192.0.2.1")],
        ..Script::default()
    });
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    assert_eq!(
        open(&mut sessions, FIRST, "lwm2m.example"),
        Ok(Opened::Ready { resumed: true })
    );
    let name = || "lwm2m.example".to_string();
    let asked = [(name(), AddrType::IPv6), (name(), AddrType::IPv4)];
    assert_eq!(script.borrow().asked, asked);
    // The address has changed meanwhile.
    script.borrow_mut().names[0].2 = "192.0.2.2";
    assert!(open(&mut sessions, FIRST, "lwm2m.example").is_ok());
    script.borrow_mut().delay = 3;
    run(sessions.send(FIRST, b"ping", Expect::Reply)).unwrap();
    let sent = ("192.0.2.2:5683".parse().unwrap(), b"ping".to_vec());
    assert_eq!(script.borrow().sent, [sent]);
    assert_eq!(
        open(&mut sessions, SECOND, "unknown.example"),
        Err(SessionErrorKind::NameResolution)
    );
}

#[test]
fn one_socket_serves_all_peers_until_the_last_session_is_closed() {
    let script = RefCell::new(Script::default());
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    assert!(open(&mut sessions, FIRST, "192.0.2.1").is_ok());
    assert!(open(&mut sessions, SECOND, "192.0.2.2").is_ok());
    assert_eq!(script.borrow().udp_sockets, 1);
    script.borrow_mut().datagrams.extend([
        Ok(("192.0.2.9:5683", b"stranger".as_slice())),
        Ok(("192.0.2.2:5684", b"other port")),
        Ok(("192.0.2.2:5683", b"longer than the buffer")),
        Ok(("192.0.2.2:5683", b"two")),
        Ok(("192.0.2.1:5683", b"one")),
    ]);
    let mut buffer = [0; 12];
    let received = run(sessions.receive(&mut buffer));
    assert_eq!(
        (received, &buffer[..3]),
        ((SECOND, Received::Datagram(3)), b"two".as_slice())
    );
    let received = run(sessions.receive(&mut buffer));
    assert_eq!(
        (received, &buffer[..3]),
        ((FIRST, Received::Datagram(3)), b"one".as_slice())
    );
    run(sessions.close(FIRST));
    assert_eq!(script.borrow().udp_sockets, 1);
    run(sessions.close(SECOND));
    assert_eq!(script.borrow().udp_sockets, 0);
    let error = run(sessions.send(SECOND, b"late", Expect::Nothing)).unwrap_err();
    assert_eq!(error.kind, SessionErrorKind::Closed);
}

#[test]
fn the_family_of_the_socket_is_that_of_the_first_peer() {
    let script = RefCell::new(Script {
        names: std::vec![
            ("both.example", AddrType::IPv6, "2001:db8::1"),
            ("both.example", AddrType::IPv4, "192.0.2.1"),
        ],
        ..Script::default()
    });
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    assert!(open(&mut sessions, FIRST, "192.0.2.7").is_ok());
    assert_eq!(
        open(&mut sessions, SECOND, "2001:db8::7"),
        Err(SessionErrorKind::NoRoute)
    );
    assert!(open(&mut sessions, SECOND, "both.example").is_ok());
    run(sessions.send(SECOND, b"x", Expect::More)).unwrap();
    assert_eq!(
        script.borrow().sent[0].0,
        "192.0.2.1:5683".parse::<SocketAddr>().unwrap()
    );
    let mut sessions = TestSessions::new(&stack, FAMILIES).with_dual_stack();
    assert!(open(&mut sessions, FIRST, "192.0.2.7").is_ok());
    assert!(open(&mut sessions, SECOND, "2001:db8::7").is_ok());
}

/// embedded-nal leaves open what a stack does with a datagram that is longer than the buffer, which anybody can send; many
/// answer an error.
#[test]
fn an_error_of_the_socket_costs_a_datagram_and_no_session() {
    let script = RefCell::new(Script::default());
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    assert!(open(&mut sessions, FIRST, "192.0.2.1").is_ok());
    let mut buffer = [0; 12];
    for _ in 0..100 {
        script.borrow_mut().datagrams.push_back(Err(Fault::Broken));
        let mut context = Context::from_waker(Waker::noop());
        let receive = pin!(sessions.receive(&mut buffer));
        assert!(receive.poll(&mut context).is_pending());
    }
    for _ in 0..3 {
        script.borrow_mut().datagrams.extend([
            Err(Fault::Broken),
            Err(Fault::Broken),
            Ok(("192.0.2.1:5683", b"here".as_slice())),
        ]);
    }
    for _ in 0..3 {
        let received = run(sessions.receive(&mut buffer));
        assert_eq!(received, (FIRST, Received::Datagram(4)));
    }
}

#[test]
fn a_broken_socket_closes_every_session_once() {
    let script = RefCell::new(Script::default());
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    assert!(open(&mut sessions, FIRST, "192.0.2.1").is_ok());
    assert!(open(&mut sessions, SECOND, "192.0.2.2").is_ok());
    let broken = [Err(Fault::Broken); 8];
    script.borrow_mut().datagrams.extend(broken);
    let mut buffer = [0; 12];
    for id in [FIRST, SECOND] {
        let (session, received) = run(sessions.receive(&mut buffer));
        assert_eq!(session, id);
        assert!(matches!(received, Received::Closed(error) if error.kind == SessionErrorKind::Io));
    }
    // A new session gets a new socket.
    assert!(open(&mut sessions, FIRST, "192.0.2.1").is_ok());
    script
        .borrow_mut()
        .datagrams
        .push_back(Ok(("192.0.2.1:5683", b"back")));
    assert_eq!(
        run(sessions.receive(&mut buffer)),
        (FIRST, Received::Datagram(4))
    );
}

#[test]
fn a_stream_is_written_whole_and_ends_once() {
    let script = RefCell::new(Script {
        stream: [b"HTTP".as_slice(), b"/1.1"].into(),
        delay: 2,
        ..Script::default()
    });
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    let request = OpenRequest::new("192.0.2.1", 80).over(Transport::Stream);
    run(sessions.open(FIRST, &request)).unwrap();
    run(sessions.send(FIRST, b"GET /", Expect::More)).unwrap();
    assert_eq!(script.borrow().written, b"GET /");
    let mut buffer = [0; 4];
    for data in [b"HTTP", b"/1.1"] {
        assert_eq!(
            run(sessions.receive(&mut buffer)),
            (FIRST, Received::Datagram(4))
        );
        assert_eq!(&buffer, data);
    }
    let (_, received) = run(sessions.receive(&mut buffer));
    assert!(matches!(received, Received::Closed(error) if error.kind == SessionErrorKind::Closed));
    assert_eq!(script.borrow().tcp_sockets, 0);
}

#[test]
fn a_send_that_was_dropped_goes_on_where_it_was() {
    let script = RefCell::new(Script::default());
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    let request = OpenRequest::new("192.0.2.1", 80).over(Transport::Stream);
    run(sessions.open(FIRST, &request)).unwrap();
    script.borrow_mut().delay = 1;
    let mut context = Context::from_waker(Waker::noop());
    for expected in [&b""[..], b"GE", b"GET "] {
        // Two bytes, then WouldBlock.
        let send = pin!(sessions.send(FIRST, b"GET /", Expect::Reply));
        assert!(send.poll(&mut context).is_pending());
        assert_eq!(script.borrow().written, expected);
    }
    run(sessions.send(FIRST, b"GET /", Expect::Reply)).unwrap();
    run(sessions.send(FIRST, b" HTTP", Expect::Reply)).unwrap();
    assert_eq!(script.borrow().written, b"GET / HTTP");
}

#[test]
fn what_is_not_plain_is_refused() {
    let script = RefCell::new(Script::default());
    let stack = NbStack::new(&script);
    let mut sessions = TestSessions::new(&stack, FAMILIES);
    let request = OpenRequest::new("192.0.2.1", 5684).secured_by(Security::Tag(SecurityTag(25)));
    let error = run(sessions.open(FIRST, &request)).unwrap_err();
    assert_eq!(error.kind, SessionErrorKind::Unsupported);
    assert_eq!(script.borrow().udp_sockets, 0);
    assert_eq!(
        open(&mut sessions, SessionId::new(2), "192.0.2.1"),
        Err(SessionErrorKind::Resources)
    );
}

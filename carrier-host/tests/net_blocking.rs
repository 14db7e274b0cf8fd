//! The non-blocking stack over loopback, with real sockets on both sides.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};

use carrier_host::net::{BlockingStack, NetError, NetErrorKind};
use embedded_nal::{AddrType, Dns, TcpClientStack, UdpClientStack, UdpFullStack};

const LOOPBACK_4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// The loopback addresses that this host has; one without IPv6 has the first only.
fn loopbacks() -> Vec<IpAddr> {
    [LOOPBACK_4, LOOPBACK_6]
        .into_iter()
        .filter(|ip| UdpSocket::bind((*ip, 0)).is_ok())
        .collect()
}

fn peer(ip: IpAddr) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip, 0)).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Asks until the answer is there.
fn wait<T>(mut ask: impl FnMut() -> nb::Result<T, NetError>) -> Result<T, NetError> {
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(nb::Error::WouldBlock) => std::thread::yield_now(),
            Err(nb::Error::Other(error)) => return Err(error),
        }
    }
}

#[test]
fn connected_udp_carries_datagrams_both_ways() {
    for ip in loopbacks() {
        let (server, address) = peer(ip);
        let mut stack = BlockingStack::new();
        let mut socket = UdpClientStack::socket(&mut stack).unwrap();
        UdpClientStack::connect(&mut stack, &mut socket, address).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(
            UdpClientStack::receive(&mut stack, &mut socket, &mut buffer),
            Err(nb::Error::WouldBlock)
        );

        UdpClientStack::send(&mut stack, &mut socket, b"ping").unwrap();
        let (len, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"ping");
        assert_eq!(Some(from), socket.local());

        server.send_to(b"answer", from).unwrap();
        let received =
            wait(|| UdpClientStack::receive(&mut stack, &mut socket, &mut buffer)).unwrap();
        assert_eq!(received, (6, address));
        assert_eq!(&buffer[..6], b"answer");
        UdpClientStack::close(&mut stack, socket).unwrap();
    }
}

#[test]
fn a_bound_socket_serves_both_families() {
    let mut stack = BlockingStack::new();
    let mut socket = UdpClientStack::socket(&mut stack).unwrap();
    stack.bind(&mut socket, 0).unwrap();
    let port = socket.local().unwrap().port();
    for ip in loopbacks() {
        let (server, address) = peer(ip);
        stack.send_to(&mut socket, address, b"ping").unwrap();
        let mut buffer = [0; 16];
        let (_, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(from, SocketAddr::new(ip, port));
        server.send_to(b"answer", from).unwrap();
        let received =
            wait(|| UdpClientStack::receive(&mut stack, &mut socket, &mut buffer)).unwrap();
        assert_eq!(received, (6, address));
    }
}

#[test]
fn a_datagram_above_the_buffer_is_an_error_and_is_gone() {
    let (server, address) = peer(LOOPBACK_4);
    let mut stack = BlockingStack::new();
    let mut socket = UdpClientStack::socket(&mut stack).unwrap();
    UdpClientStack::connect(&mut stack, &mut socket, address).unwrap();
    server.send_to(&[7; 2000], socket.local().unwrap()).unwrap();
    server.send_to(b"next", socket.local().unwrap()).unwrap();
    let mut buffer = [0; 10];
    let error = wait(|| UdpClientStack::receive(&mut stack, &mut socket, &mut buffer)).unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::MessageTooLong, Some(90))
    );
    let received = wait(|| UdpClientStack::receive(&mut stack, &mut socket, &mut buffer));
    assert_eq!(received, Ok((4, address)));
}

#[test]
fn udp_errors_are_typed() {
    let (server, address) = peer(LOOPBACK_4);
    let mut stack = BlockingStack::new();
    let mut socket = UdpClientStack::socket(&mut stack).unwrap();
    let unconnected = UdpClientStack::send(&mut stack, &mut socket, b"ping");
    assert!(
        matches!(unconnected, Err(nb::Error::Other(error)) if error.kind() == NetErrorKind::NotConnected)
    );
    let busy = stack.bind(&mut socket, address.port()).unwrap_err();
    assert_eq!(busy.kind(), NetErrorKind::AddressInUse);

    drop(server);
    UdpClientStack::connect(&mut stack, &mut socket, address).unwrap();
    UdpClientStack::send(&mut stack, &mut socket, b"ping").unwrap();
    let refused = wait(|| UdpClientStack::receive(&mut stack, &mut socket, &mut [0; 16]));
    let refused = refused.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.errno()),
        (NetErrorKind::Refused, Some(111))
    );
}

#[test]
fn tcp_connects_without_waiting_and_carries_a_stream() {
    for ip in loopbacks() {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let mut stack = BlockingStack::new();
        let mut socket = TcpClientStack::socket(&mut stack).unwrap();
        wait(|| TcpClientStack::connect(&mut stack, &mut socket, address)).unwrap();
        let (mut server, _) = listener.accept().unwrap();

        let mut buffer = [0; 3];
        assert_eq!(
            TcpClientStack::receive(&mut stack, &mut socket, &mut buffer),
            Err(nb::Error::WouldBlock)
        );
        let sent = TcpClientStack::send(&mut stack, &mut socket, b"GET");
        assert_eq!(sent, Ok(3));
        server.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"GET");
        server.write_all(b"200").unwrap();
        drop(server);
        let mut all = Vec::new();
        loop {
            let len = wait(|| TcpClientStack::receive(&mut stack, &mut socket, &mut buffer));
            match len.unwrap() {
                0 => break,
                len => all.extend_from_slice(&buffer[..len]),
            }
        }
        assert_eq!(all, b"200");
        TcpClientStack::close(&mut stack, socket).unwrap();
    }
}

#[test]
fn a_refused_tcp_connection_is_an_error_and_the_socket_may_try_again() {
    let listener = TcpListener::bind((LOOPBACK_4, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut stack = BlockingStack::new();
    let mut socket = TcpClientStack::socket(&mut stack).unwrap();
    let error = wait(|| TcpClientStack::connect(&mut stack, &mut socket, address)).unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::Refused, Some(111))
    );
    let listener = TcpListener::bind((LOOPBACK_4, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    wait(|| TcpClientStack::connect(&mut stack, &mut socket, address)).unwrap();
}

#[test]
fn names_resolve_in_the_family_asked_for() {
    let mut stack = BlockingStack::new();
    let mut resolve =
        |name: &str, family: AddrType| wait(|| stack.get_host_by_name(name, family.clone()));
    assert_eq!(resolve("localhost", AddrType::IPv4), Ok(LOOPBACK_4));
    assert_eq!(resolve("::1", AddrType::IPv6), Ok(LOOPBACK_6));
    for (name, family) in [
        ("127.0.0.1", AddrType::IPv6),
        // RFC 6761, section 6.4: never resolves.
        ("name.invalid", AddrType::Either),
    ] {
        let error = resolve(name, family).unwrap_err();
        assert_eq!(error.kind(), NetErrorKind::NameNotResolved, "{name}");
    }
}

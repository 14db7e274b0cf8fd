//! The async stack over loopback, with real sockets on both sides.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};

use carrier_host::net::{AsyncStack, NetErrorKind};
use embedded_io_async::{Read, Write};
use embedded_nal_async::{AddrType, ConnectedUdp, Dns, TcpConnect, UdpStack, UnconnectedUdp};

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

#[tokio::test]
async fn connected_udp_carries_datagrams_both_ways() {
    for ip in loopbacks() {
        let (server, address) = peer(ip);
        let (local, mut client) = UdpStack::connect(&AsyncStack::new(), address)
            .await
            .unwrap();
        assert_eq!(local.ip(), ip);

        client.send(b"ping").await.unwrap();
        let mut buffer = [0; 16];
        let (len, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], from), (&b"ping"[..], local));

        server.send_to(b"", local).unwrap();
        server.send_to(b"answer", local).unwrap();
        assert_eq!(client.receive_into(&mut buffer).await, Ok(0));
        assert_eq!(client.receive_into(&mut buffer).await, Ok(6));
        assert_eq!(&buffer[..6], b"answer");
    }
}

#[tokio::test]
async fn a_truncated_datagram_reports_its_full_size() {
    let (server, address) = peer(LOOPBACK_4);
    let (local, mut client) = UdpStack::connect(&AsyncStack::new(), address)
        .await
        .unwrap();
    server.send_to(&[7; 2000], local).unwrap();
    server.send_to(b"next", local).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(client.receive_into(&mut buffer).await, Ok(2000));
    assert_eq!(buffer, [7; 10]);
    assert_eq!(client.receive_into(&mut buffer).await, Ok(4));

    let (bound, mut socket) = AsyncStack::new()
        .bind_single(SocketAddr::new(LOOPBACK_4, 0))
        .await
        .unwrap();
    server.send_to(&[8; 300], bound).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(
        socket.receive_into(&mut buffer).await,
        Ok((300, bound, address))
    );
    assert_eq!(buffer, [8; 10]);
}

#[tokio::test]
async fn one_unspecified_socket_serves_both_families() {
    let (local, mut socket) = AsyncStack::new()
        .bind_single(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)))
        .await
        .unwrap();
    assert_ne!(local.port(), 0);
    for ip in loopbacks() {
        let (server, address) = peer(ip);
        socket.send(local, address, b"ping").await.unwrap();
        let mut buffer = [0; 16];
        let (len, from) = server.recv_from(&mut buffer).unwrap();
        assert_eq!(
            (&buffer[..len], from),
            (&b"ping"[..], SocketAddr::new(ip, local.port()))
        );
        server.send_to(b"answer", from).unwrap();
        let (len, _, remote) = socket.receive_into(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..len], remote), (&b"answer"[..], address));
    }
}

#[tokio::test]
async fn a_refused_datagram_is_an_error_with_its_number() {
    let (server, address) = peer(LOOPBACK_4);
    drop(server);
    let (_, mut client) = UdpStack::connect(&AsyncStack::new(), address)
        .await
        .unwrap();
    client.send(b"ping").await.unwrap();
    let error = client.receive_into(&mut [0; 16]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::Refused, Some(111))
    );
}

#[tokio::test]
async fn a_busy_port_is_an_error() {
    let (_server, address) = peer(LOOPBACK_4);
    let error = AsyncStack::new().bind_single(address).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::AddressInUse, Some(98))
    );
}

#[tokio::test]
async fn a_datagram_above_the_ip_limit_is_an_error() {
    let (_server, address) = peer(LOOPBACK_4);
    let (_, mut client) = UdpStack::connect(&AsyncStack::new(), address)
        .await
        .unwrap();
    let error = client.send(&[0; 65_508]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::MessageTooLong, Some(90))
    );
}

#[tokio::test]
async fn tcp_carries_a_stream_and_reports_its_end() {
    for ip in loopbacks() {
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let stack = AsyncStack::new();
        let mut client = TcpConnect::connect(&stack, listener.local_addr().unwrap())
            .await
            .unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"GET").await.unwrap();
        client.flush().await.unwrap();
        let mut buffer = [0; 3];
        server.read_exact(&mut buffer).unwrap();
        assert_eq!(&buffer, b"GET");
        server.write_all(b"200").unwrap();
        drop(server);
        client.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"200");
        assert_eq!(client.read(&mut buffer).await, Ok(0));
    }
}

#[tokio::test]
async fn a_refused_tcp_connection_is_an_error_with_its_number() {
    let listener = TcpListener::bind((LOOPBACK_4, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = TcpConnect::connect(&AsyncStack::new(), address)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.errno()),
        (NetErrorKind::Refused, Some(111))
    );
}

#[tokio::test]
async fn names_resolve_in_the_family_asked_for() {
    let stack = AsyncStack::new();
    assert_eq!(
        stack.get_host_by_name("localhost", AddrType::IPv4).await,
        Ok(LOOPBACK_4)
    );
    assert_eq!(
        stack.get_host_by_name("::1", AddrType::IPv6).await,
        Ok(LOOPBACK_6)
    );
    assert_eq!(
        stack.get_host_by_name("::1", AddrType::Either).await,
        Ok(LOOPBACK_6)
    );
    for (name, family) in [
        ("127.0.0.1", AddrType::IPv6),
        ("::1", AddrType::IPv4),
        // RFC 6761, section 6.4: never resolves.
        ("name.invalid", AddrType::Either),
        ("", AddrType::Either),
    ] {
        let error = stack.get_host_by_name(name, family).await.unwrap_err();
        assert_eq!(error.kind(), NetErrorKind::NameNotResolved, "{name}");
    }
}

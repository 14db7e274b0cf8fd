//! The IP stacks over real sockets.

use core::cell::RefCell;
use core::net::SocketAddr;

use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::{self, Places};
use carrier_nrf91::net::{Errno, Family, ModemStack, NbModemStack};
use embedded_io_async::{Read, Write};
use embedded_nal::{TcpClientStack, UdpClientStack};
use embedded_nal_async::{ConnectedUdp, Dns, TcpConnect, UdpStack};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::sessions::{NalSessions, NbStack};

use crate::host::{HostSockets, SleepingClock, family, peers, places};

fn run<F: Future>(future: F) -> F::Output {
    block_on(future, std::thread::yield_now)
}

/// The carrier's own sessions over both stacks: unconnected datagrams, streams, names.
#[test]
fn sessions_of_the_carrier_run_over_both_stacks() {
    for peer in peers() {
        over_both_stacks(&peer);
    }
}

fn over_both_stacks(peer: &HostPeer) {
    let host = &*peer.address().to_string();
    let places = places(peer, host);
    let sockets = HostSockets::default();
    let mut clock = SleepingClock::new();

    let stack = ModemStack::new(&sockets);
    let families = &[family(peer)];
    let mut port = NalSessions::<_, 3, 600>::new(&stack, families);
    // One stream, and datagrams that are apart by their peers: the checks of two sessions to one peer are left out.
    let checks = async {
        sessions::datagrams(&mut port, &mut clock, &places).await?;
        sessions::cancel(&mut port, &mut clock, &places).await?;
        sessions::failures(&mut port, &mut clock, &places).await
    };
    run(checks).unwrap();
    drop(port);
    assert_eq!(sockets.count(), 0);

    // embedded-nal has no error for a refusal.
    let places = Places::new(host, peer.udp()).with_streams(peer.tcp());
    let stack = RefCell::new(NbModemStack::new(&sockets, Family::of(peer.address())));
    let stack = NbStack::new(&stack);
    let mut port = NalSessions::<_, 3, 600>::new(&stack, families);
    let checks = async {
        sessions::datagrams(&mut port, &mut clock, &places).await?;
        sessions::cancel(&mut port, &mut clock, &places).await?;
        sessions::failures(&mut port, &mut clock, &places).await
    };
    run(checks).unwrap();
    drop(port);
    assert_eq!(sockets.count(), 0);
}

#[test]
fn a_connected_socket_and_a_stream_carry_bytes_and_close_when_dropped() {
    for peer in peers() {
        connected_carry_bytes(&peer);
    }
}

fn connected_carry_bytes(peer: &HostPeer) {
    let sockets = HostSockets::default();
    let stack = ModemStack::new(&sockets);
    run(async {
        let remote = SocketAddr::from((peer.address(), peer.udp()));
        let (_, mut udp) = UdpStack::connect(&stack, remote).await.unwrap();
        let mut buffer = [0; 16];
        udp.send(b"echo").await.unwrap();
        let len = udp.receive_into(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"echo");

        let remote = SocketAddr::from((peer.address(), peer.tcp()));
        let mut tcp = TcpConnect::connect(&stack, remote).await.unwrap();
        // Ask for 3 bytes of the pattern, then for the end.
        tcp.write_all(b"p\0\0\x03c\0\0\0").await.unwrap();
        let mut got = Vec::new();
        loop {
            match tcp.read(&mut buffer).await.unwrap() {
                0 => break,
                len => got.extend_from_slice(&buffer[..len]),
            }
        }
        let pattern: Vec<u8> = (0..3).map(carrier_mock::conformance::peer::byte).collect();
        assert_eq!(got, pattern);
        assert_eq!(sockets.count(), 2);
    });
    assert_eq!(sockets.count(), 0);
}

#[test]
fn an_nb_stream_can_be_tried_again_after_it_was_refused() {
    for peer in peers() {
        refused_and_tried_again(&peer);
    }
}

fn refused_and_tried_again(peer: &HostPeer) {
    let sockets = HostSockets::default();
    let mut stack = NbModemStack::new(&sockets, Family::of(peer.address()));
    let mut socket = TcpClientStack::socket(&mut stack).unwrap();
    let refused = SocketAddr::from((peer.address(), peer.refused()));
    let outcome = nb::block!(TcpClientStack::connect(&mut stack, &mut socket, refused));
    assert_eq!(outcome, Err(Errno::CONNREFUSED));
    assert_eq!(sockets.count(), 0);
    let remote = SocketAddr::from((peer.address(), peer.tcp()));
    nb::block!(TcpClientStack::connect(&mut stack, &mut socket, remote)).unwrap();
    TcpClientStack::close(&mut stack, socket).unwrap();
    assert_eq!(sockets.count(), 0);
}

#[test]
fn an_nb_socket_carries_datagrams_to_the_peer_that_it_is_connected_to() {
    for peer in peers() {
        let sockets = HostSockets::default();
        let mut stack = NbModemStack::new(&sockets, Family::of(peer.address()));
        let mut udp = UdpClientStack::socket(&mut stack).unwrap();
        let remote = SocketAddr::from((peer.address(), peer.udp()));
        UdpClientStack::connect(&mut stack, &mut udp, remote).unwrap();
        let mut buffer = [0; 16];
        let early = UdpClientStack::receive(&mut stack, &mut udp, &mut buffer);
        assert_eq!(early, Err(nb::Error::WouldBlock));
        for text in ["one", "another"] {
            nb::block!(UdpClientStack::send(&mut stack, &mut udp, text.as_bytes())).unwrap();
            let (len, from) =
                nb::block!(UdpClientStack::receive(&mut stack, &mut udp, &mut buffer)).unwrap();
            assert_eq!((&buffer[..len], from), (text.as_bytes(), remote));
        }
        UdpClientStack::close(&mut stack, udp).unwrap();
        assert_eq!(sockets.count(), 0);
    }
}

#[test]
fn a_socket_that_was_not_connected_says_so() {
    let sockets = HostSockets::default();
    let mut stack = NbModemStack::new(&sockets, Family::Ipv4);
    let mut udp = UdpClientStack::socket(&mut stack).unwrap();
    let sent = UdpClientStack::send(&mut stack, &mut udp, b"x");
    assert_eq!(sent, Err(nb::Error::Other(Errno::NOTCONN)));
    let stack = ModemStack::new(&sockets);
    let reverse = run(stack.get_host_by_address([127, 0, 0, 1].into(), &mut []));
    assert_eq!(reverse, Err(Errno::OPNOTSUPP));
}

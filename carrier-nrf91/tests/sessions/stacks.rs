//! The IP stacks over real sockets.

use core::cell::RefCell;
use core::net::SocketAddr;

use carrier_mock::conformance::peer::HostPeer;
use carrier_mock::conformance::sessions::{self, Places};
use carrier_nrf91::net::{Errno, Family, ModemStack, NbModemStack};
use embedded_io_async::{Read, Write};
use embedded_nal::{TcpClientStack, UdpClientStack};
use embedded_nal_async::{AddrType, ConnectedUdp, Dns, TcpConnect, UdpStack};
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::sessions::{NalSessions, NbStack};

use crate::host::{HostSockets, SleepingClock};

fn run<F: Future>(future: F) -> F::Output {
    block_on(future, std::thread::yield_now)
}

/// The carrier's own sessions over both stacks: unconnected datagrams, streams, names.
#[test]
fn sessions_of_the_carrier_run_over_both_stacks() {
    let peer = HostPeer::new().unwrap();
    let places = Places::new("127.0.0.1", peer.udp())
        .with_streams(peer.tcp())
        .with_refused("127.0.0.1", peer.refused());
    let sockets = HostSockets::default();
    let mut clock = SleepingClock::new();

    let stack = ModemStack::new(&sockets);
    let families = &[AddrType::IPv4];
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
    let places = Places::new("127.0.0.1", peer.udp()).with_streams(peer.tcp());
    let stack = RefCell::new(NbModemStack::new(&sockets, Family::Ipv4));
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
    let peer = HostPeer::new().unwrap();
    let sockets = HostSockets::default();
    let stack = ModemStack::new(&sockets);
    run(async {
        let remote = SocketAddr::from(([127, 0, 0, 1], peer.udp()));
        let (_, mut udp) = UdpStack::connect(&stack, remote).await.unwrap();
        let mut buffer = [0; 16];
        udp.send(b"echo").await.unwrap();
        let len = udp.receive_into(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..len], b"echo");

        let remote = SocketAddr::from(([127, 0, 0, 1], peer.tcp()));
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
    let peer = HostPeer::new().unwrap();
    let sockets = HostSockets::default();
    let mut stack = NbModemStack::new(&sockets, Family::Ipv4);
    let mut socket = TcpClientStack::socket(&mut stack).unwrap();
    let refused = SocketAddr::from(([127, 0, 0, 1], peer.refused()));
    let outcome = nb::block!(TcpClientStack::connect(&mut stack, &mut socket, refused));
    assert_eq!(outcome, Err(Errno::CONNREFUSED));
    assert_eq!(sockets.count(), 0);
    let remote = SocketAddr::from(([127, 0, 0, 1], peer.tcp()));
    nb::block!(TcpClientStack::connect(&mut stack, &mut socket, remote)).unwrap();
    TcpClientStack::close(&mut stack, socket).unwrap();
    assert_eq!(sockets.count(), 0);
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

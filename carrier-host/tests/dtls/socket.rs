//! Over loopback, against a server on a thread of its own.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::UdpSocket;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use carrier_host::dtls::{DtlsConfig, DtlsError, DtlsSocket};
use carrier_host::net::NetErrorKind;
use embedded_nal_async::ConnectedUdp;

use super::server::Server;
use super::{KEY, credentials};

const RETRANSMISSION: Duration = Duration::from_millis(30);

fn config() -> DtlsConfig {
    let mut config = DtlsConfig::default();
    config.first_retransmission = RETRANSMISSION;
    config
}

/// A server that echoes each record, says goodbye after the record `bye`, loses every datagram of the handshake that
/// `lost` names (counted from 0, both ways), and ends with its session. Nothing is lost behind the handshake: the
/// client's goodbye is sent once.
pub(crate) fn serve(
    key: &'static [u8],
    lost: fn(usize) -> bool,
) -> (SocketAddr, JoinHandle<Server>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let thread = thread::spawn(move || {
        socket.set_read_timeout(Some(RETRANSMISSION)).unwrap();
        let mut server = Server::new(Instant::now(), key, RETRANSMISSION);
        let mut count = 0;
        let mut survives = |connected: bool| {
            count += 1;
            connected || !lost(count - 1)
        };
        let mut buffer = [0; 2048];
        let mut peer = None;
        let mut answered = 0;
        while !server.closed {
            let mut answers = match socket.recv_from(&mut buffer) {
                Ok((len, from)) if survives(server.connected) => {
                    peer = Some(from);
                    server.handle_datagram(Instant::now(), &buffer[..len])
                }
                _ => server.handle_timeout(Instant::now()),
            };
            for data in server.received.clone().split_off(answered) {
                answered += 1;
                answers.extend(if data == b"bye" {
                    server.close()
                } else {
                    server.send(&data)
                });
            }
            for answer in answers {
                if survives(server.connected) {
                    socket.send_to(&answer, peer.unwrap()).unwrap();
                }
            }
        }
        server
    });
    (address, thread)
}

#[tokio::test]
async fn a_session_connects_talks_and_closes() {
    let (address, server) = serve(KEY, |_| false);
    let mut client = DtlsSocket::connect(address, &credentials(), &config())
        .await
        .unwrap();
    let mut buffer = [0; 64];
    for data in [&b"register"[..], b"update"] {
        client.send(data).await.unwrap();
        assert_eq!(client.receive_into(&mut buffer).await, Ok(data.len()));
        assert_eq!(&buffer[..data.len()], data);
    }
    client.send(b"0123456789").await.unwrap();
    assert_eq!(client.receive_into(&mut buffer[..4]).await, Ok(10));
    client.close().await.unwrap();
    let server = server.join().unwrap();
    assert_eq!(
        server.received,
        [&b"register"[..], b"update", b"0123456789"]
    );
}

#[tokio::test]
async fn the_handshake_survives_lost_datagrams() {
    let (address, _server) = serve(KEY, |n| n % 3 == 0 && n < 12);
    let client = DtlsSocket::connect(address, &credentials(), &config())
        .await
        .unwrap();
    // It may be lost as well, and is not sent again: the server is not waited for.
    client.close().await.unwrap();
}

#[tokio::test]
async fn the_servers_goodbye_ends_receiving() {
    let (address, _server) = serve(KEY, |_| false);
    let mut client = DtlsSocket::connect(address, &credentials(), &config())
        .await
        .unwrap();
    client.send(b"bye").await.unwrap();
    let received = client.receive_into(&mut [0; 8]).await;
    assert_eq!(received, Err(DtlsError::Closed));
    assert_eq!(client.send(b"more").await, Err(DtlsError::Closed));
}

#[tokio::test]
async fn a_wrong_key_is_a_typed_error() {
    let (address, _server) = serve(&[0xA5; 16], |_| false);
    let mut config = config();
    config.handshake_timeout = Duration::from_millis(200);
    let refused = DtlsSocket::connect(address, &credentials(), &config).await;
    assert_eq!(refused.unwrap_err(), DtlsError::HandshakeTimeout);
}

#[tokio::test]
async fn a_refusing_host_is_an_error_at_once() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let refused = DtlsSocket::connect(address, &credentials(), &DtlsConfig::default()).await;
    assert!(matches!(
        refused,
        Err(DtlsError::Net(error)) if error.kind() == NetErrorKind::Refused && error.errno() == Some(111)
    ));
}

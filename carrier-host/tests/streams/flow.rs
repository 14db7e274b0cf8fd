//! Large transfers: held back, and with a receiver that gives up again and again.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::io::Write;
use std::net::UdpSocket;
use std::sync::Arc;

use lwm2m_carrier::hal::{
    CredentialKind, Expect, OpenRequest, Opened, Received, Security, Sessions,
};
use tokio::time::{sleep, timeout};

use super::authority::Authority;
use super::{FIRST, SECOND, TAG, open, read, server, sessions, stream};

/// More than the buffers of both ends of a loopback connection take.
const LARGE: usize = 32 * 1024 * 1024;

/// Bytes that no other place of the stream has in this order.
fn pattern(from: usize, len: usize) -> Vec<u8> {
    let words = (from / 4..(from + len).div_ceil(4)).flat_map(|word| (word as u32).to_be_bytes());
    words.skip(from % 4).take(len).collect()
}

/// Writes `len` bytes, and counts those that have left.
fn pour(mut to: impl Write, len: usize, written: &AtomicUsize) {
    for at in (0..len).step_by(16_384) {
        let part = pattern(at, (len - at).min(16_384));
        to.write_all(&part).unwrap();
        to.flush().unwrap();
        written.fetch_add(part.len(), Ordering::Relaxed);
    }
}

async fn held_back(sessions: &mut super::HostSessions, written: &AtomicUsize) {
    assert!(read(sessions, 5000, 1000).await == pattern(0, 5000));
    sessions.hold(FIRST, true);

    // Others are served meanwhile.
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    let request = OpenRequest::new("127.0.0.1", peer.local_addr().unwrap().port());
    assert_eq!(sessions.open(SECOND, &request).await, Ok(Opened::Pending));
    let opened = Received::Opened { resumed: true };
    assert_eq!(sessions.receive(&mut []).await, (SECOND, opened));
    sessions.send(SECOND, b"x", Expect::Reply).await.unwrap();
    let (_, from) = peer.recv_from(&mut [0; 8]).unwrap();
    peer.send_to(b"y", from).unwrap();
    assert_eq!(
        sessions.receive(&mut [0; 8]).await,
        (SECOND, Received::Datagram(1))
    );

    // The server comes to a stop, when the buffers in between are full.
    let mut before = usize::MAX;
    while before != written.load(Ordering::Relaxed) {
        before = written.load(Ordering::Relaxed);
        let nothing = timeout(Duration::from_millis(300), sessions.receive(&mut [0; 8])).await;
        assert!(nothing.is_err());
    }
    assert!(before < LARGE);

    sessions.hold(FIRST, false);
    assert!(read(sessions, LARGE - 5000, 5000).await == pattern(5000, LARGE - 5000));
}

#[tokio::test]
async fn a_held_stream_stops_its_server_and_loses_nothing() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let (port, server) = server::tcp(move |tcp| pour(tcp, LARGE, &count));
    let mut sessions = sessions(&[]).await;
    open(&mut sessions, &stream("127.0.0.1", port)).await;
    held_back(&mut sessions, &written).await;
    server.join().unwrap();
}

#[tokio::test]
async fn so_does_a_held_tls_stream() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let pem = authority.pem();
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let (port, server) = server::tls(server::config(&identity), move |tls| {
        pour(tls, LARGE, &count);
        Ok(())
    });
    let mut sessions = sessions(&[(TAG, CredentialKind::CaChain, pem.as_bytes())]).await;
    let request = stream("127.0.0.1", port).secured_by(Security::Tag(TAG));
    open(&mut sessions, &request).await;
    held_back(&mut sessions, &written).await;
    server.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_hold_ends_with_the_session() {
    let mut sessions = sessions(&[]).await;
    for _ in 0..2 {
        let (port, server) = server::tcp(|mut tcp| tcp.write_all(b"x").unwrap());
        open(&mut sessions, &stream("127.0.0.1", port)).await;
        assert_eq!(read(&mut sessions, 1, 8).await, b"x");
        sessions.hold(FIRST, true);
        sessions.close(FIRST).await;
        server.join().unwrap();
    }
}

#[tokio::test]
async fn a_receiver_that_gives_up_loses_nothing() {
    const LEN: usize = 200_000;
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let pem = authority.pem();
    let (port, server) = server::tls(server::config(&identity), |tls| {
        pour(tls, LEN, &AtomicUsize::new(0));
        Ok(())
    });
    let mut sessions = sessions(&[(TAG, CredentialKind::CaChain, pem.as_bytes())]).await;
    let request = stream("127.0.0.1", port).secured_by(Security::Tag(TAG));
    assert_eq!(sessions.open(FIRST, &request).await, Ok(Opened::Pending));
    let (mut received, mut given_up, mut buffer) = (Vec::new(), 0, [0; 700]);
    while received.len() < LEN {
        // Polled once, then dropped.
        let polled = {
            let mut receive = pin!(sessions.receive(&mut buffer));
            poll_fn(|context| Poll::Ready(receive.as_mut().poll(context))).await
        };
        match polled {
            Poll::Ready((FIRST, Received::Opened { resumed: false })) => {}
            Poll::Ready((FIRST, Received::Datagram(len))) => {
                received.extend_from_slice(&buffer[..len]);
            }
            Poll::Ready(other) => panic!("{other:?}"),
            Poll::Pending => {
                given_up += 1;
                sleep(Duration::from_millis(1)).await;
            }
        }
    }
    assert!(given_up > 0);
    assert!(received == pattern(0, LEN));
    server.join().unwrap().unwrap();
}

//! Streams from the handshake to their end.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::sync::Arc;

use lwm2m_carrier::hal::{
    Expect, OpenRequest, Opened, Received, SessionErrorKind, Sessions, Transport,
};
use rustls::ServerConfig;
use tokio::time::{sleep, timeout};

use super::authority::Authority;
use super::local::NOBODY;
use super::{
    FIRST, OPENED, SECOND, Setup, TAG, failure, open, pattern, read, read_to_end, server, stream,
};

const HOST: &str = "firmware.example.com";

/// A server's configuration, and the certificate of its authority.
fn trusted_server() -> (ServerConfig, Vec<u8>) {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |_| {});
    (server::config(&identity), authority.der().to_vec())
}

#[tokio::test]
async fn a_stream_goes_both_ways_and_ends_in_due_form_again_and_again() {
    let (config, der) = trusted_server();
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            for _ in 0..3 {
                let (port, server) = server::tls(config.clone(), |mut tls| {
                    let mut buffer = [0; 64];
                    loop {
                        match tls.read(&mut buffer)? {
                            0 => return Ok(tls.conn.server_name().map(str::to_owned)),
                            len => tls.write_all(&buffer[..len])?,
                        }
                    }
                });
                assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
                sessions.send(FIRST, b"there", Expect::Reply).await.unwrap();
                assert_eq!(read(sessions, 5, 2).await, b"there");
                // Longer than the buffers, and than what one record of the device carries.
                let long = pattern(0, 2_500);
                sessions.send(FIRST, &long, Expect::Reply).await.unwrap();
                assert_eq!(read(sessions, 2_500, 700).await, long);
                sessions.close(FIRST).await;
                let error = sessions.send(FIRST, b"x", Expect::Nothing).await;
                assert_eq!(error.unwrap_err().kind, SessionErrorKind::Closed);
                // Without close_notify the server would see an error.
                assert_eq!(server.join().unwrap().unwrap().as_deref(), Some(HOST));
            }
        })
        .await;
}

#[tokio::test]
async fn the_peers_goodbye_is_told_from_a_cut() {
    let (config, der) = trusted_server();
    // ENOTCONN, ECONNRESET. Whoever is on the way can end a TCP stream, so only close_notify is an end in due form (RFC 8446,
    // section 6.1): a package without a length would be taken for whole by the other.
    for (goodbye, end) in [
        (true, (SessionErrorKind::Closed, 107)),
        (false, (SessionErrorKind::Reset, 104)),
    ] {
        let (port, server) = server::tls(config.clone(), move |mut tls| {
            tls.read_exact(&mut [0])?;
            tls.write_all(b"all")?;
            if goodbye {
                tls.conn.send_close_notify();
                tls.flush()?;
            }
            Ok(())
        });
        Setup::new(&[(TAG, &der)])
            .run(async |sessions| {
                assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
                sessions.send(FIRST, b"x", Expect::Reply).await.unwrap();
                let ended = read_to_end(sessions).await;
                assert_eq!(ended, (b"all".to_vec(), end));
            })
            .await;
        server.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_refused_and_one_that_hangs_up_is_a_cut() {
    let (_, der) = trusted_server();
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            let (port, _server) = server::tcp(|mut tcp| {
                tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
                tcp.read_to_end(&mut Vec::new()).unwrap_or_default()
            });
            let refusal = failure(open(sessions, &stream(HOST, port)).await);
            assert_eq!(refusal, (SessionErrorKind::Handshake, 111));
            let (port, _server) = server::tcp(|mut tcp| {
                // All of it, or there would be a reset.
                let _ = tcp.read(&mut [0; 2048]);
            });
            let cut = failure(open(sessions, &stream(HOST, port)).await);
            assert_eq!(cut, (SessionErrorKind::Reset, 104));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_a_minute() {
    let (_, der) = trusted_server();
    let (port, _server) = server::tcp(|mut tcp| tcp.read_to_end(&mut Vec::new()));
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            let before = tokio::time::Instant::now();
            let late = failure(open(sessions, &stream(HOST, port)).await);
            assert_eq!(late, (SessionErrorKind::Timeout, 110));
            assert_eq!(before.elapsed().as_secs(), 60);
        })
        .await;
}

/// A clock that sleeps in its wait, as those of ports without an executor do, and returns early: the stream is looked at in
/// between.
#[tokio::test]
async fn a_clock_that_sleeps_holds_nothing_up() {
    let (config, der) = trusted_server();
    let (port, _server) = server::tls(config, |mut tls| tls.write_all(b"here"));
    let trusted: &[(_, &[u8])] = &[(TAG, &der)];
    let mut setup = Setup::new(trusted);
    setup.sleeps = true;
    setup
        .run(async |sessions| {
            let began = std::time::Instant::now();
            assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
            assert_eq!(read(sessions, 4, 4).await, b"here");
            assert!(began.elapsed() < Duration::from_secs(30));
        })
        .await;
}

/// Stacks without a limit of their own are many, and nothing else is served meanwhile.
#[tokio::test(start_paused = true)]
async fn a_connection_is_waited_for_a_minute() {
    let (_, der) = trusted_server();
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            // And the next one again.
            for _ in 0..2 {
                let nobody = stream(NOBODY, 443);
                let late = timeout(Duration::from_secs(61), open(sessions, &nobody)).await;
                assert_eq!(failure(late.unwrap()), (SessionErrorKind::Timeout, 110));
            }
        })
        .await;
}

#[tokio::test]
async fn the_wrong_version_is_refused() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |_| {});
    let config = server::versions(&identity, &[&rustls::version::TLS12], None);
    let (port, server) = server::tls(config, |mut tls| tls.read(&mut [0]));
    Setup::new(&[(TAG, &authority.der())])
        .run(async |sessions| {
            let refusal = failure(open(sessions, &stream(HOST, port)).await);
            assert_eq!(refusal, (SessionErrorKind::Handshake, 111));
        })
        .await;
    let error = server.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[tokio::test]
async fn there_is_one_secured_stream_at_a_time_and_plain_sessions_beside_it() {
    let (config, der) = trusted_server();
    let (port, server) = server::tls(config, |mut tls| tls.read(&mut [0]));
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
            let error = sessions.open(SECOND, &stream(HOST, port)).await;
            assert_eq!(error.unwrap_err().kind, SessionErrorKind::Resources);
            let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
            let request = OpenRequest::new("127.0.0.1", peer.local_addr().unwrap().port());
            let opened = Opened::Ready { resumed: true };
            assert_eq!(sessions.open(SECOND, &request).await, Ok(opened));
            sessions.send(SECOND, b"x", Expect::Reply).await.unwrap();
            let (_, from) = peer.recv_from(&mut [0; 8]).unwrap();
            peer.send_to(b"y", from).unwrap();
            let received = sessions.receive(&mut [0; 8]).await;
            assert_eq!(received, (SECOND, Received::Datagram(1)));
            sessions.close(SECOND).await;
            sessions.send(FIRST, b"x", Expect::Nothing).await.unwrap();
        })
        .await;
    assert_eq!(server.join().unwrap().unwrap(), 1);
}

#[tokio::test]
async fn plain_streams_stay_plain() {
    let (port, server) = server::tcp(|mut tcp| tcp.write_all(b"plain"));
    Setup::new(&[])
        .run(async |sessions| {
            let request = OpenRequest::new(HOST, port).over(Transport::Stream);
            sessions.open(FIRST, &request).await.unwrap();
            assert_eq!(read(sessions, 5, 64).await, b"plain");
        })
        .await;
    server.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_receiver_that_gives_up_loses_nothing() {
    const LEN: usize = 200_000;
    let (config, der) = trusted_server();
    let (port, server) = server::tls(config, |mut tls| tls.write_all(&pattern(0, LEN)));
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            let opened = sessions.open(FIRST, &stream(HOST, port)).await;
            assert_eq!(opened, Ok(Opened::Pending));
            let (mut received, mut given_up, mut buffer) = (Vec::new(), 0, [0; 700]);
            while received.len() < LEN {
                // Polled once, then dropped.
                let polled = {
                    let mut receive = pin!(sessions.receive(&mut buffer));
                    poll_fn(|context| Poll::Ready(receive.as_mut().poll(context))).await
                };
                match polled {
                    Poll::Ready((FIRST, OPENED)) => {}
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
        })
        .await;
    server.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_held_stream_stops_its_server_and_loses_nothing() {
    /// More than the buffers of both ends of a loopback connection take.
    const LARGE: usize = 16 * 1024 * 1024;
    let (config, der) = trusted_server();
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let (port, server) = server::tls(config, move |mut tls| {
        for at in (0..LARGE).step_by(16_384) {
            tls.write_all(&pattern(at, 16_384))?;
            count.fetch_add(16_384, Ordering::Relaxed);
        }
        Ok(())
    });
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
            assert!(read(sessions, 5_000, 1_000).await == pattern(0, 5_000));
            sessions.hold(FIRST, true);
            let mut before = usize::MAX;
            while before != written.load(Ordering::Relaxed) {
                before = written.load(Ordering::Relaxed);
                let pause = Duration::from_millis(300);
                assert!(timeout(pause, sessions.receive(&mut [0; 8])).await.is_err());
            }
            assert!(before < LARGE);
            sessions.hold(FIRST, false);
            assert!(read(sessions, 100_000, 1_000).await == pattern(5_000, 100_000));
        })
        .await;
    assert!(server.join().unwrap().is_err());
}

#[tokio::test]
async fn a_shorter_buffer_serves_shorter_records() {
    let (mut config, der) = trusted_server();
    let trusted: &[(_, &[u8])] = &[(TAG, &der)];
    for (longest, fits) in [(Some(1_029), true), (None, false)] {
        config.max_fragment_size = longest;
        let (port, _server) = server::tls(config.clone(), |mut tls| {
            tls.write_all(&pattern(0, 10_000))?;
            tls.read(&mut [0])
        });
        let setup = Setup {
            read: 1_280,
            ..Setup::new(trusted)
        };
        setup
            .run(async |sessions| {
                assert_eq!(open(sessions, &stream(HOST, port)).await, OPENED);
                if fits {
                    assert!(read(sessions, 10_000, 700).await == pattern(0, 10_000));
                } else {
                    let (received, end) = read_to_end(sessions).await;
                    assert!(received.is_empty());
                    assert_eq!(end, (SessionErrorKind::Resources, 12));
                }
            })
            .await;
    }
    let setup = Setup {
        read: 767,
        ..Setup::new(trusted)
    };
    setup
        .run(async |sessions| {
            let error = sessions.open(FIRST, &stream(HOST, 1)).await.unwrap_err();
            assert_eq!(error.kind, SessionErrorKind::Resources);
        })
        .await;
}

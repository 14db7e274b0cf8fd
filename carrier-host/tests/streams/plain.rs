//! TCP without security.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpListener;

use lwm2m_carrier::hal::{
    Expect, OpenRequest, Opened, Received, Security, SessionErrorKind, Sessions, Transport,
};

use super::{FIRST, SECOND, TAG, end, failure, open, read, server, sessions, stream, trust};

#[tokio::test]
async fn a_stream_is_taken_in_parts_of_any_size() {
    let (port, server) = server::tcp(|mut tcp| {
        let mut request = [0; 4];
        tcp.read_exact(&mut request).unwrap();
        tcp.write_all(b"one two three").unwrap();
        // The end of the device's side.
        (request, tcp.read(&mut [0; 1]).unwrap())
    });
    let mut sessions = sessions(&[]).await;
    let opened = open(&mut sessions, &stream("127.0.0.1", port)).await;
    assert_eq!(opened, Received::Opened { resumed: true });
    sessions.send(FIRST, b"GET ", Expect::Reply).await.unwrap();
    assert_eq!(read(&mut sessions, 13, 3).await, b"one two three");
    sessions.close(FIRST).await;
    assert_eq!(server.join().unwrap(), (*b"GET ", 0));
    let closed = sessions.send(FIRST, b"x", Expect::Nothing).await;
    assert_eq!(closed.unwrap_err().kind, SessionErrorKind::Closed);
}

#[tokio::test]
async fn names_are_tried_address_by_address() {
    // On most hosts ::1 comes first, where nobody listens.
    let (port, server) = server::tcp(|mut tcp| tcp.write_all(b"x").unwrap());
    let mut sessions = sessions(&[]).await;
    open(&mut sessions, &stream("localhost", port)).await;
    assert_eq!(read(&mut sessions, 1, 8).await, b"x");
    server.join().unwrap();
}

#[tokio::test]
async fn what_comes_before_the_end_is_not_lost() {
    let (port, server) = server::tcp(|mut tcp| tcp.write_all(b"goodbye").unwrap());
    let mut sessions = sessions(&[]).await;
    open(&mut sessions, &stream("127.0.0.1", port)).await;
    server.join().unwrap();
    assert_eq!(read(&mut sessions, 7, 64).await, b"goodbye");
    assert_eq!(end(&mut sessions).await, (SessionErrorKind::Closed, 107));
}

#[tokio::test]
async fn a_reset_is_told_from_an_end() {
    // A socket that is closed with something unread in it resets the connection (RFC 2525, section 2.17).
    let (port, server) = server::tcp(|mut tcp| {
        tcp.write_all(b"x").unwrap();
        tcp.peek(&mut [0; 1]).unwrap();
    });
    let mut sessions = sessions(&[]).await;
    open(&mut sessions, &stream("127.0.0.1", port)).await;
    assert_eq!(read(&mut sessions, 1, 8).await, b"x");
    sessions
        .send(FIRST, b"unread", Expect::Reply)
        .await
        .unwrap();
    server.join().unwrap();
    assert_eq!(end(&mut sessions).await, (SessionErrorKind::Reset, 104));
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut sessions = sessions(&[]).await;
    let refused = open(&mut sessions, &stream("127.0.0.1", port)).await;
    assert_eq!(failure(refused), (SessionErrorKind::Refused, 111));
    // RFC 6761, section 6.4: never resolves.
    let unresolved = open(&mut sessions, &stream("name.invalid", 80)).await;
    assert_eq!(failure(unresolved), (SessionErrorKind::NameResolution, 2));

    // Only streams have certificates here.
    let tags = [TAG];
    let datagrams = OpenRequest::new("127.0.0.1", port).secured_by(trust(&tags));
    let refused = sessions.open(FIRST, &datagrams).await.unwrap_err();
    assert_eq!(refused.kind, SessionErrorKind::Unsupported);
    for security in [Security::Tag(TAG), trust(&tags), trust(&[])] {
        let secure = stream("127.0.0.1", port).secured_by(security);
        let refused = sessions.open(FIRST, &secure).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.errno),
            (SessionErrorKind::Handshake, 2)
        );
    }
}

/// The runtime's clock is paused: it jumps to the next deadline as soon as there is nothing else to do.
#[tokio::test(start_paused = true)]
async fn a_silent_server_is_waited_for_for_half_a_minute_and_nobody_else_waits() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = super::authority::Authority::new("Test CA");
    let pem = authority.pem();
    let credential = (
        TAG,
        lwm2m_carrier::hal::CredentialKind::CaChain,
        pem.as_bytes(),
    );
    let mut sessions = sessions(&[credential]).await;
    let request = stream("127.0.0.1", silent.local_addr().unwrap().port());
    let request = request.secured_by(Security::Tag(TAG));
    assert_eq!(sessions.open(FIRST, &request).await, Ok(Opened::Pending));
    let begun = tokio::time::Instant::now();
    let datagrams = OpenRequest::new("127.0.0.1", 9).over(Transport::Datagram);
    assert_eq!(sessions.open(SECOND, &datagrams).await, Ok(Opened::Pending));
    let opened = Received::Opened { resumed: true };
    assert_eq!(sessions.receive(&mut []).await, (SECOND, opened));
    assert_eq!(begun.elapsed(), Duration::ZERO);

    assert_eq!(end(&mut sessions).await, (SessionErrorKind::Timeout, 110));
    assert_eq!(begun.elapsed().as_secs(), 30);
}

//! The port's sessions: plain and secure ones, their outcomes and their failures, over loopback.

use core::time::Duration;
use std::net::UdpSocket;

use carrier_host::dtls::DtlsConfig;
use carrier_host::keys::HostKeys;
use carrier_host::sessions::HostSessions;
use carrier_host::storage::MemoryStore;
use lwm2m_carrier::hal::{
    CredentialKind, Expect, KeyStore, OpenRequest, Opened, Received, Security, SecurityTag,
    SessionErrorKind, SessionId, Sessions,
};

use super::socket::serve;
use super::{IDENTITY, KEY};

const FIRST: SessionId = SessionId::new(0);
const THIRD: SessionId = SessionId::new(2);
const TAG: SecurityTag = SecurityTag(25);

async fn sessions(handshake: Duration) -> HostSessions {
    let mut keys = HostKeys::load(MemoryStore::new()).await.unwrap();
    for (kind, credential) in [
        (CredentialKind::PskIdentity, IDENTITY),
        (CredentialKind::Psk, KEY),
    ] {
        keys.write(TAG, kind, credential).await.unwrap();
    }
    let mut dtls = DtlsConfig::default();
    dtls.first_retransmission = Duration::from_millis(30);
    dtls.handshake_timeout = handshake;
    HostSessions::new(keys.ring(), dtls)
}

async fn open(sessions: &mut HostSessions, id: SessionId, request: &OpenRequest<'_>) -> Received {
    assert_eq!(sessions.open(id, request).await, Ok(Opened::Pending));
    let (session, received) = sessions.receive(&mut []).await;
    assert_eq!(session, id);
    received
}

fn failure(received: Received) -> (SessionErrorKind, i32) {
    match received {
        Received::Closed(error) => (error.kind, error.errno),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn plain_sessions_carry_datagrams_and_are_told_apart() {
    let peers = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut sessions = sessions(Duration::from_secs(1)).await;
    for (id, peer) in [FIRST, THIRD].into_iter().zip(&peers) {
        let request = OpenRequest::new("127.0.0.1", peer.local_addr().unwrap().port());
        let opened = open(&mut sessions, id, &request).await;
        assert_eq!(opened, Received::Opened { resumed: true });
        sessions.send(id, b"ping", Expect::Reply).await.unwrap();
        let mut buffer = [0; 8];
        let (len, from) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"ping");
        peer.send_to(&[id.number()], from).unwrap();
        let received = sessions.receive(&mut buffer).await;
        assert_eq!(received, (id, Received::Datagram(1)));
        assert_eq!(buffer[0], id.number());
        // Of a datagram that is too long nothing is returned.
        peer.send_to(&[0; 9], from).unwrap();
        peer.send_to(&[7], from).unwrap();
        let received = sessions.receive(&mut buffer).await;
        assert_eq!(received, (id, Received::Datagram(1)));
    }
    sessions.close(FIRST).await;
    let closed = sessions.send(FIRST, b"x", Expect::Nothing).await;
    assert_eq!(closed.unwrap_err().kind, SessionErrorKind::Closed);
    sessions.send(THIRD, b"x", Expect::Nothing).await.unwrap();
}

#[tokio::test]
async fn a_busy_session_does_not_silence_the_others() {
    let peers = [0, 1].map(|_| UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut sessions = sessions(Duration::from_secs(1)).await;
    let mut buffer = [0; 8];
    for (id, peer) in [FIRST, THIRD].into_iter().zip(&peers) {
        let request = OpenRequest::new("127.0.0.1", peer.local_addr().unwrap().port());
        open(&mut sessions, id, &request).await;
        sessions.send(id, b"x", Expect::Nothing).await.unwrap();
        let (_, from) = peer.recv_from(&mut buffer).unwrap();
        for _ in 0..4 {
            peer.send_to(b"y", from).unwrap();
        }
    }
    // The runtime looks at the sockets, so that both are known to have something.
    tokio::task::yield_now().await;
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(sessions.receive(&mut buffer).await.0.number());
    }
    assert!(
        order[..4].contains(&0) && order[..4].contains(&2),
        "{order:?}"
    );
}

#[tokio::test]
async fn a_secure_session_takes_the_key_under_its_tag() {
    let (address, server) = serve(KEY, |_| false);
    let mut sessions = sessions(Duration::from_secs(5)).await;
    let request = OpenRequest::new("127.0.0.1", address.port()).secured_by(Security::Tag(TAG));
    let opened = open(&mut sessions, FIRST, &request).await;
    assert_eq!(opened, Received::Opened { resumed: false });
    sessions.send(FIRST, b"echo", Expect::Reply).await.unwrap();
    let mut buffer = [0; 8];
    let received = sessions.receive(&mut buffer).await;
    assert_eq!(received, (FIRST, Received::Datagram(4)));
    assert_eq!(&buffer[..4], b"echo");
    sessions.close(FIRST).await;
    assert!(server.join().unwrap().closed);
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let mut sessions = sessions(Duration::from_millis(150)).await;

    let plain = OpenRequest::new("127.0.0.1", port);
    let secure = plain.secured_by(Security::Tag(TAG));
    let refused = open(&mut sessions, FIRST, &secure).await;
    assert_eq!(failure(refused), (SessionErrorKind::Refused, 111));

    // A plain session learns it from the answer to its first datagram.
    open(&mut sessions, FIRST, &plain).await;
    sessions.send(FIRST, b"x", Expect::Reply).await.unwrap();
    let (_, refused) = sessions.receive(&mut [0; 8]).await;
    assert_eq!(failure(refused), (SessionErrorKind::Refused, 111));

    // RFC 6761, section 6.4: never resolves.
    let nowhere = OpenRequest::new("name.invalid", 5683);
    let unresolved = open(&mut sessions, FIRST, &nowhere).await;
    assert_eq!(failure(unresolved).0, SessionErrorKind::NameResolution);

    let port_of_silence = silent.local_addr().unwrap().port();
    let mute = OpenRequest::new("127.0.0.1", port_of_silence).secured_by(Security::Tag(TAG));
    let unanswered = open(&mut sessions, FIRST, &mute).await;
    assert_eq!(failure(unanswered).0, SessionErrorKind::Timeout);

    let (address, _server) = serve(&[0xA5; 16], |_| false);
    let request = OpenRequest::new("127.0.0.1", address.port()).secured_by(Security::Tag(TAG));
    let wrong_key = open(&mut sessions, FIRST, &request).await;
    assert_eq!(failure(wrong_key).0, SessionErrorKind::Handshake);

    let no_key = plain.secured_by(Security::Tag(SecurityTag(99)));
    let refused = sessions.open(FIRST, &no_key).await.unwrap_err();
    assert_eq!(refused.kind, SessionErrorKind::Handshake);
}

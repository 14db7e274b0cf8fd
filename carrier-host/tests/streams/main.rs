//! Sessions of streams against servers on loopback: TCP, and TLS with certificates of a test authority.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test panics"
)]

mod authority;
mod certificates;
mod flow;
mod plain;
mod server;
mod tls;

use carrier_host::dtls::DtlsConfig;
use carrier_host::keys::HostKeys;
use carrier_host::sessions::HostSessions;
use carrier_host::storage::MemoryStore;
use lwm2m_carrier::hal::{
    CaTags, CredentialKind, KeyStore, OpenRequest, Opened, Received, Security, SecurityTag,
    SessionErrorKind, SessionId, Sessions, Transport,
};

const FIRST: SessionId = SessionId::new(0);
const SECOND: SessionId = SessionId::new(1);
const TAG: SecurityTag = SecurityTag(411);

/// Sessions with these credentials under their tags.
async fn sessions(credentials: &[(SecurityTag, CredentialKind, &[u8])]) -> HostSessions {
    let mut keys = HostKeys::load(MemoryStore::new()).await.unwrap();
    for (tag, kind, credential) in credentials {
        keys.write(*tag, *kind, credential).await.unwrap();
    }
    HostSessions::new(keys.ring(), DtlsConfig::default())
}

fn stream(host: &str, port: u16) -> OpenRequest<'_> {
    OpenRequest::new(host, port).over(Transport::Stream)
}

/// Trust in these tags, as many as there may be.
fn trust(tags: &[SecurityTag]) -> Security {
    Security::CaTags(CaTags::new(tags).unwrap())
}

/// Opens the first session; its outcome.
async fn open(sessions: &mut HostSessions, request: &OpenRequest<'_>) -> Received {
    assert_eq!(sessions.open(FIRST, request).await, Ok(Opened::Pending));
    let (session, received) = sessions.receive(&mut []).await;
    assert_eq!(session, FIRST);
    received
}

/// Takes exactly `len` bytes of the first session, `room` at most at once.
async fn read(sessions: &mut HostSessions, len: usize, room: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; room];
    while bytes.len() < len {
        match sessions.receive(&mut buffer).await {
            (FIRST, Received::Datagram(len)) => bytes.extend_from_slice(&buffer[..len]),
            other => panic!("{other:?} after {} bytes", bytes.len()),
        }
    }
    assert_eq!(bytes.len(), len);
    bytes
}

/// The next thing that happens, an end.
async fn end(sessions: &mut HostSessions) -> (SessionErrorKind, i32) {
    failure(sessions.receive(&mut [0; 64]).await.1)
}

fn failure(received: Received) -> (SessionErrorKind, i32) {
    match received {
        Received::Closed(error) => (error.kind, error.errno),
        other => panic!("{other:?}"),
    }
}

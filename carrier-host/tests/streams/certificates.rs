//! Whose certificate is accepted (RFC 5280, section 6.1; RFC 9525).

use std::io::{Read, Write};

use lwm2m_carrier::hal::{CredentialKind, Received, SecurityTag, SessionErrorKind, Sessions};
use rcgen::date_time_ymd;

use super::authority::{Authority, Identity};
use super::{FIRST, TAG, failure, open, server, sessions, stream, trust};

/// How opening a session ends with a server that shows `identity` at the address that `host` means, where the device
/// trusts `trusted`.
async fn outcome(identity: &Identity, host: &str, trusted: &[&[u8]]) -> Received {
    let (port, server) = server::tls(server::config(identity), |mut tls| {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        tls.write_all(&byte)
    });
    let tags: Vec<_> = (0..trusted.len() as u32)
        .map(|n| SecurityTag(TAG.0 + n))
        .collect();
    let credentials: Vec<_> = tags
        .iter()
        .zip(trusted)
        .map(|(tag, chain)| (*tag, CredentialKind::CaChain, *chain))
        .collect();
    let mut sessions = sessions(&credentials).await;
    let request = stream(host, port).secured_by(trust(&tags));
    let opened = open(&mut sessions, &request).await;
    sessions.close(FIRST).await;
    // It has been told why, or that nothing more comes.
    assert!(server.join().unwrap().is_err());
    opened
}

async fn accepted(identity: &Identity, host: &str, trusted: &[&[u8]]) {
    let opened = outcome(identity, host, trusted).await;
    assert_eq!(opened, Received::Opened { resumed: false });
}

/// As chart 6 has it: ECONNREFUSED.
async fn refused(identity: &Identity, host: &str, trusted: &[&[u8]]) {
    let refusal = failure(outcome(identity, host, trusted).await);
    assert_eq!(refusal, (SessionErrorKind::Handshake, 111));
}

#[tokio::test]
async fn the_authority_under_the_tags_vouches() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1", "localhost"], |_| {});
    let pem = authority.pem();
    accepted(&identity, "127.0.0.1", &[pem.as_bytes()]).await;
    accepted(&identity, "localhost", &[pem.as_bytes()]).await;
    accepted(&identity, "127.0.0.1", &[&authority.der()]).await;
}

#[tokio::test]
async fn there_may_be_several_under_a_tag_and_several_tags() {
    let (other, authority) = (Authority::new("Other CA"), Authority::new("Test CA"));
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let pem = format!("Roots:\n{}\n{}", other.pem(), authority.pem());
    let der = [&*other.der(), &*authority.der()].concat();
    accepted(&identity, "127.0.0.1", &[pem.as_bytes()]).await;
    accepted(&identity, "127.0.0.1", &[&der]).await;
    let tags = [other.pem(), authority.pem()];
    accepted(
        &identity,
        "127.0.0.1",
        &[tags[0].as_bytes(), tags[1].as_bytes()],
    )
    .await;
}

#[tokio::test]
async fn another_authority_does_not() {
    let identity = Authority::new("Test CA").issue(&["127.0.0.1"], |_| {});
    // The name of an authority is anybody's: its key counts.
    let impostor = Authority::new("Test CA").pem();
    refused(&identity, "127.0.0.1", &[impostor.as_bytes()]).await;
    let other = Authority::new("Other CA").pem();
    refused(&identity, "127.0.0.1", &[other.as_bytes()]).await;
}

#[tokio::test]
async fn the_dates_count() {
    let authority = Authority::new("Test CA");
    let pem = authority.pem();
    let expired = authority.issue(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    });
    refused(&expired, "127.0.0.1", &[pem.as_bytes()]).await;
    let early = authority.issue(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(3001, 1, 1);
        params.not_after = date_time_ymd(3002, 1, 1);
    });
    refused(&early, "127.0.0.1", &[pem.as_bytes()]).await;
}

#[tokio::test]
async fn the_name_counts() {
    let authority = Authority::new("Test CA");
    let pem = authority.pem();
    let elsewhere = authority.issue(&["example.org", "192.0.2.1"], |_| {});
    refused(&elsewhere, "127.0.0.1", &[pem.as_bytes()]).await;
    refused(&elsewhere, "localhost", &[pem.as_bytes()]).await;
    // An address is no name: only a subjectAltName of its kind stands for it (RFC 9525, section 6.5).
    let named = authority.issue(&["localhost"], |_| {});
    refused(&named, "127.0.0.1", &[pem.as_bytes()]).await;
}

#[tokio::test]
async fn who_is_no_authority_cannot_act_as_one() {
    let authority = Authority::new("Test CA");
    let pem = authority.pem();
    let intermediate = authority.below("Intermediate CA", true);
    let mut identity = intermediate.issue(&["127.0.0.1"], |_| {});
    identity.chain.push(intermediate.der());
    accepted(&identity, "127.0.0.1", &[pem.as_bytes()]).await;

    let leaf = authority.below("Leaf", false);
    let mut identity = leaf.issue(&["127.0.0.1"], |_| {});
    identity.chain.push(leaf.der());
    refused(&identity, "127.0.0.1", &[pem.as_bytes()]).await;
}

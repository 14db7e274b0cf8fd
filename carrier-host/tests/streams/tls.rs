//! TLS: versions, ends, refusals and the device's own certificate.

use std::io::{self, ErrorKind, Read, Write};

use lwm2m_carrier::hal::{
    CredentialKind, Expect, Received, Security, SecurityTag, SessionErrorKind, Sessions,
};
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::version::{TLS12, TLS13};

use super::authority::Authority;
use super::server::Tls;
use super::{FIRST, TAG, end, failure, open, read, server, sessions, stream, trust};

/// Sends back what comes, until the device says goodbye.
fn echo(mut tls: Tls) -> io::Result<()> {
    let mut buffer = [0; 64];
    loop {
        match tls.read(&mut buffer)? {
            0 => return Ok(()),
            len => tls.write_all(&buffer[..len])?,
        }
    }
}

#[tokio::test]
async fn both_versions_carry_a_stream_and_end_in_due_form() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let pem = authority.pem();
    for version in [&TLS12, &TLS13] {
        let config = server::versions(&identity, &[version], None);
        let (port, server) = server::tls(config, echo);
        let mut sessions = sessions(&[(TAG, CredentialKind::CaChain, pem.as_bytes())]).await;
        let request = stream("127.0.0.1", port).secured_by(trust(&[TAG]));
        let opened = open(&mut sessions, &request).await;
        assert_eq!(opened, Received::Opened { resumed: false });
        sessions.send(FIRST, b"there", Expect::Reply).await.unwrap();
        assert_eq!(read(&mut sessions, 5, 2).await, b"there");
        sessions.close(FIRST).await;
        // Without close_notify the server would see an error.
        server.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_peers_goodbye_is_told_from_a_cut() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let pem = authority.pem();
    for (goodbye, expected) in [
        (true, (SessionErrorKind::Closed, 107)),
        (false, (SessionErrorKind::Reset, 104)),
    ] {
        let (port, server) = server::tls(server::config(&identity), move |mut tls| {
            tls.read_exact(&mut [0])?;
            tls.write_all(b"all")?;
            if goodbye {
                tls.conn.send_close_notify();
                tls.flush()?;
            }
            Ok(())
        });
        let mut sessions = sessions(&[(TAG, CredentialKind::CaChain, pem.as_bytes())]).await;
        let request = stream("127.0.0.1", port).secured_by(trust(&[TAG]));
        open(&mut sessions, &request).await;
        sessions.send(FIRST, b"x", Expect::Reply).await.unwrap();
        assert_eq!(read(&mut sessions, 3, 64).await, b"all");
        assert_eq!(end(&mut sessions).await, expected);
        server.join().unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_refused_and_one_that_hangs_up_is_a_cut() {
    let authority = Authority::new("Test CA");
    let pem = authority.pem();
    let mut sessions = sessions(&[(TAG, CredentialKind::CaChain, pem.as_bytes())]).await;
    let (port, _server) = server::tcp(|mut tcp| {
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        tcp.read_to_end(&mut Vec::new()).unwrap_or_default()
    });
    let request = stream("127.0.0.1", port).secured_by(trust(&[TAG]));
    let refused = open(&mut sessions, &request).await;
    assert_eq!(failure(refused), (SessionErrorKind::Handshake, 111));

    let (port, _server) = server::tcp(|mut tcp| tcp.read(&mut [0; 4096]).unwrap());
    let request = stream("127.0.0.1", port).secured_by(trust(&[TAG]));
    let cut = open(&mut sessions, &request).await;
    assert_eq!(failure(cut), (SessionErrorKind::Reset, 104));
}

/// With a tag of its own the device shows its certificate; with CA tags alone it shows none.
#[tokio::test]
async fn the_device_shows_the_certificate_under_its_tag() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&["127.0.0.1"], |_| {});
    let device = authority.issue(&[], |_| {});
    let pem = authority.pem();
    let credentials = [
        (TAG, CredentialKind::CaChain, pem.as_bytes()),
        (TAG, CredentialKind::ClientCertificate, &*device.chain[0]),
        (TAG, CredentialKind::PrivateKey, device.key.secret_der()),
    ];
    for version in [&TLS12, &TLS13] {
        let config = || server::versions(&identity, &[version], Some(&authority));
        let (port, server) = server::tls(config(), echo);
        let mut sessions = sessions(&credentials).await;
        let request = stream("127.0.0.1", port).secured_by(Security::Tag(TAG));
        let opened = open(&mut sessions, &request).await;
        assert_eq!(opened, Received::Opened { resumed: false });
        sessions.send(FIRST, b"x", Expect::Reply).await.unwrap();
        assert_eq!(read(&mut sessions, 1, 8).await, b"x");
        sessions.close(FIRST).await;
        server.join().unwrap().unwrap();

        let (port, server) = server::tls(config(), echo);
        let request = stream("127.0.0.1", port).secured_by(trust(&[TAG]));
        let mut opened = open(&mut sessions, &request).await;
        if matches!(opened, Received::Opened { .. }) {
            // In TLS 1.3 the device hears of it behind the handshake.
            opened = sessions.receive(&mut [0; 8]).await.1;
        }
        assert_eq!(failure(opened), (SessionErrorKind::Handshake, 111));
        assert_eq!(
            server.join().unwrap().unwrap_err().kind(),
            ErrorKind::InvalidData
        );
    }
}

#[tokio::test]
async fn half_an_identity_is_missing_and_a_foreign_key_unusable() {
    let authority = Authority::new("Test CA");
    let device = authority.issue(&[], |_| {});
    let foreign = KeyPair::generate().unwrap().serialize_pem();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "device");
    let pem = authority.pem();
    let (ca, half, foreign_key) = (
        (CredentialKind::CaChain, pem.as_bytes()),
        (CredentialKind::ClientCertificate, &*device.chain[0]),
        (CredentialKind::PrivateKey, foreign.as_bytes()),
    );
    for (credentials, errno) in [(&[ca, half][..], 2), (&[ca, half, foreign_key], 22)] {
        let credentials: Vec<_> = credentials
            .iter()
            .map(|(kind, credential)| (SecurityTag(5), *kind, *credential))
            .collect();
        let mut sessions = sessions(&credentials).await;
        let request = stream("127.0.0.1", 9).secured_by(Security::Tag(SecurityTag(5)));
        let refused = sessions.open(FIRST, &request).await.unwrap_err();
        assert_eq!(
            (refused.kind, refused.errno),
            (SessionErrorKind::Handshake, errno)
        );
    }
}

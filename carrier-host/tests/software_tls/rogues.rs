//! What a server can do that breaks the rules: none of it opens a session that should not be, nor stops the device.

use std::io;

use lwm2m_carrier::hal::{Received, SessionErrorKind};

use super::authority::{Authority, Identity};
use super::rogue::{APPLICATION_DATA, ENCRYPTED_EXTENSIONS, HANDSHAKE, Rogue, message};
use super::{OPENED, Setup, TAG, failure, open, read_to_end, server, stream};

const HOST: &str = "firmware.example.com";

struct Authorities {
    trusted: Authority,
    good: Identity,
    /// Of an authority that is not trusted.
    bad: Identity,
}

fn authorities() -> Authorities {
    let trusted = Authority::new("Test CA");
    let good = trusted.issue(&[HOST], |_| {});
    let bad = Authority::new("Test CA").issue(&[HOST], |_| {});
    Authorities { trusted, good, bad }
}

/// How a session with a server ends that does this after the ServerHello: in the handshake, or after what it received.
async fn session(
    rogue: impl FnOnce(&mut Rogue, &Authorities) -> io::Result<()> + Send + 'static,
) -> (Option<Vec<u8>>, (SessionErrorKind, i32)) {
    let authorities = authorities();
    let der = authorities.trusted.der();
    let (port, server) = server::tcp(move |tcp| {
        let mut server = Rogue::hello(tcp)?;
        // What it still wants to say when the device has hung up is lost.
        let _ = rogue(&mut server, &authorities);
        server.wait()
    });
    let outcome = Setup::new(&[(TAG, &der)])
        .run(
            async |sessions| match open(sessions, &stream(HOST, port)).await {
                OPENED => {
                    let (received, end) = read_to_end(sessions).await;
                    (Some(received), end)
                }
                closed @ Received::Closed(_) => (None, failure(closed)),
                other => panic!("{other:?}"),
            },
        )
        .await;
    server.join().unwrap().unwrap();
    outcome
}

/// A handshake as it should be.
fn handshake(server: &mut Rogue, authorities: &Authorities) -> io::Result<()> {
    server.handshake(ENCRYPTED_EXTENSIONS)?;
    server.certificate(&authorities.good)?;
    server.certificate_verify(&authorities.good)?;
    server.finished()
}

const REFUSED: (SessionErrorKind, i32) = (SessionErrorKind::Handshake, 111);

#[tokio::test]
async fn one_that_keeps_the_rules_is_heard() {
    let (received, end) = session(|server, authorities| {
        handshake(server, authorities)?;
        server.protected(&[b"data", &[APPLICATION_DATA, 0, 0][..]].concat())?;
        // A session ticket, padding alone in a record of data, and a goodbye.
        let ticket = message(4, &[0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 9, 0, 0]);
        server.protected(&[&ticket[..], &[HANDSHAKE]].concat())?;
        server.protected(&[APPLICATION_DATA, 0])?;
        server.protected(&[b"more", &[APPLICATION_DATA][..]].concat())?;
        server.protected(&[1, 0, 21])
    })
    .await;
    assert_eq!(received.as_deref(), Some(&b"datamore"[..]));
    assert_eq!(end, (SessionErrorKind::Closed, 107));
}

#[tokio::test]
async fn one_that_does_not_show_who_it_is_is_refused() {
    let nothing = session(|server, _| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.finished()
    });
    assert_eq!(nothing.await, (None, REFUSED));
    let no_signature = session(|server, authorities| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.certificate(&authorities.good)?;
        server.finished()
    });
    assert_eq!(no_signature.await, (None, REFUSED));
    let no_certificate = session(|server, authorities| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.certificate_verify(&authorities.good)?;
        server.finished()
    });
    assert_eq!(no_certificate.await, (None, REFUSED));
    let empty = session(|server, authorities| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.handshake(&message(11, &[0, 0, 0, 0]))?;
        server.certificate_verify(&authorities.good)?;
        server.finished()
    });
    assert_eq!(empty.await, (None, REFUSED));
}

#[tokio::test]
async fn one_that_shows_anothers_certificate_is_refused() {
    let no_key = session(|server, authorities| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.certificate(&authorities.good)?;
        server.certificate_verify(&authorities.bad)?;
        server.finished()
    });
    assert_eq!(no_key.await, (None, REFUSED));
    for first_good in [true, false] {
        let both = session(move |server, authorities| {
            let (first, second) = if first_good {
                (&authorities.good, &authorities.bad)
            } else {
                (&authorities.bad, &authorities.good)
            };
            server.handshake(ENCRYPTED_EXTENSIONS)?;
            server.certificate(first)?;
            server.certificate(second)?;
            server.certificate_verify(&authorities.bad)?;
            server.finished()
        });
        assert_eq!(both.await, (None, REFUSED));
    }
    let late = session(|server, authorities| {
        server.handshake(ENCRYPTED_EXTENSIONS)?;
        server.certificate(&authorities.good)?;
        server.certificate_verify(&authorities.good)?;
        server.certificate(&authorities.bad)?;
        server.finished()
    });
    assert_eq!(late.await, (None, REFUSED));
}

#[tokio::test]
async fn messages_out_of_place_end_the_handshake() {
    let cases: [fn(&mut Rogue) -> io::Result<()>; 7] = [
        // No content at all, and padding alone.
        |server| server.protected(&[]),
        |server| server.protected(&[0; 9]),
        |server| server.protected(&[b'x', APPLICATION_DATA]),
        |server| server.plain(HANDSHAKE, ENCRYPTED_EXTENSIONS),
        |server| server.plain(21, &[1, 0]),
        |server| server.handshake(&message(2, &[0; 40])),
        |server| server.handshake(&message(24, &[0])),
    ];
    for case in cases {
        let outcome = session(move |server, authorities| {
            case(server)?;
            handshake(server, authorities)
        });
        assert_eq!(outcome.await, (None, REFUSED));
    }
}

#[tokio::test]
async fn messages_after_the_handshake_end_the_session() {
    let extensions = message(8, &[0, 0]);
    let messages = [
        extensions,
        message(11, &[0, 0, 0, 0]),
        // A CertificateRequest, a CertificateVerify, a Finished.
        message(13, &[0, 0, 0]),
        message(15, &[4, 3, 0, 0]),
        message(20, &[0; 32]),
        // KeyUpdate.
        message(24, &[1]),
        // A ServerHello without extensions.
        message(
            2,
            &[&[3, 3][..], &[7; 32], &[0, 0x13, 0x01, 0, 0, 0]].concat(),
        ),
    ];
    for message in messages {
        let kind = message[0];
        let (received, end) = session(move |server, authorities| {
            handshake(server, authorities)?;
            server.protected(&[&message[..], &[HANDSHAKE]].concat())
        })
        .await;
        assert_eq!(received.as_deref(), Some(&[][..]), "{kind}");
        assert_eq!(end, (SessionErrorKind::Io, 5), "{kind}");
    }
    // No content, padding alone, change_cipher_spec.
    for plaintext in [&[][..], &[0; 9], &[1, 20]] {
        let (_, end) = session(move |server, authorities| {
            handshake(server, authorities)?;
            server.protected(plaintext)
        })
        .await;
        assert_eq!(end, (SessionErrorKind::Io, 5), "{plaintext:?}");
    }
}

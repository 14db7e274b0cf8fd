//! What those in between can do: cut, change and add.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use lwm2m_carrier::hal::{Received, SessionErrorKind, Sessions};

use super::authority::Authority;
use super::{FIRST, OPENED, Setup, TAG, failure, open, pattern, read_to_end, server, stream};

const HOST: &str = "firmware.example.com";
const LEN: usize = 1_500;

/// A server that has said nothing for so long says no more.
const QUIET: Duration = Duration::from_millis(150);

/// What somebody does to the bytes of a server.
#[derive(Clone, Copy)]
enum Meddling {
    /// Nothing more comes after so many.
    Cut(usize),
    /// A bit of this one is turned.
    Flip(usize),
    /// These come when the server has said nothing for a while.
    Add(&'static [u8]),
}

/// Stands in between; how many bytes of the server have passed.
fn between(server: u16, meddling: Meddling) -> (u16, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let passing = thread::spawn(move || {
        let mut device = listener.accept().unwrap().0;
        let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
        device.set_nodelay(true).unwrap();
        let (mut up, mut to) = (device.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = std::io::copy(&mut up, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let passed = pass(&mut server, &mut device, meddling);
        let _ = device.shutdown(Shutdown::Write);
        // No reset: the device gets all of it.
        let _ = std::io::copy(&mut server, &mut std::io::sink());
        passed
    });
    (port, passing)
}

fn pass(server: &mut TcpStream, device: &mut TcpStream, meddling: Meddling) -> usize {
    let (mut passed, mut buffer) = (0, [0; 1024]);
    if !matches!(meddling, Meddling::Cut(_)) {
        server.set_read_timeout(Some(QUIET)).unwrap();
    }
    loop {
        let len = match server.read(&mut buffer) {
            Ok(0) => return passed,
            Ok(len) => len,
            Err(_) => match meddling {
                Meddling::Add(bytes) => {
                    let _ = device.write_all(bytes);
                    return passed;
                }
                _ => return passed,
            },
        };
        let bytes = &mut buffer[..len];
        if let Meddling::Flip(at) = meddling
            && (passed..passed + len).contains(&at)
        {
            bytes[at - passed] ^= 0x10;
        }
        if let Meddling::Cut(at) = meddling
            && passed + len >= at
        {
            let _ = device.write_all(&bytes[..at - passed]);
            return at;
        }
        if device.write_all(bytes).is_err() {
            return passed;
        }
        passed += len;
    }
}

/// What the device gets of `LEN` bytes, and how it ends; how many bytes have passed.
async fn meddled(
    (config, der): &(rustls::ServerConfig, Vec<u8>),
    meddling: Meddling,
) -> (Option<Vec<u8>>, (SessionErrorKind, i32), usize) {
    let (port, _server) = server::tls(config.clone(), |mut tls| {
        tls.write_all(&pattern(0, LEN))?;
        tls.read(&mut [0])
    });
    let (port, passing) = between(port, meddling);
    let (received, end) = Setup::new(&[(TAG, der)])
        .run(async |sessions| {
            let outcome = match open(sessions, &stream(HOST, port)).await {
                OPENED => {
                    let (received, end) = read_to_end(sessions).await;
                    (Some(received), end)
                }
                closed @ Received::Closed(_) => (None, failure(closed)),
                other => panic!("{other:?}"),
            };
            sessions.close(FIRST).await;
            outcome
        })
        .await;
    (received, end, passing.join().unwrap())
}

fn trusted_server() -> (rustls::ServerConfig, Vec<u8>) {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |_| {});
    let mut config = server::config(&identity);
    // The data in several records.
    config.max_fragment_size = Some(500);
    (config, authority.der().to_vec())
}

/// Bytes of the server until all `LEN` have come; signatures vary by a few.
async fn total(server: &(rustls::ServerConfig, Vec<u8>)) -> usize {
    let (received, _, passed) = meddled(server, Meddling::Add(&[])).await;
    assert_eq!(received, Some(pattern(0, LEN)));
    passed
}

#[tokio::test]
async fn a_cut_anywhere_leaves_a_beginning() {
    let server = trusted_server();
    let total = total(&server).await;
    let mut opened = 0;
    for at in (0..total - 10).step_by(17) {
        let (received, end, _) = meddled(&server, Meddling::Cut(at)).await;
        assert_eq!(end, (SessionErrorKind::Reset, 104), "at {at}");
        if let Some(received) = received {
            opened += 1;
            assert!(received.len() < LEN, "at {at}");
            assert!(received == pattern(0, received.len()), "at {at}");
        }
    }
    assert!(opened > 10);
}

#[tokio::test]
async fn a_change_anywhere_is_found() {
    let server = trusted_server();
    let total = total(&server).await;
    let mut opened = 0;
    for at in (0..total - 10).step_by(13) {
        let (received, (kind, _), _) = meddled(&server, Meddling::Flip(at)).await;
        match received {
            None => assert!(
                matches!(kind, SessionErrorKind::Handshake | SessionErrorKind::Closed),
                "{kind:?} at {at}"
            ),
            Some(received) => {
                opened += 1;
                // The version of a record is not looked at (RFC 8446, section 5.1).
                assert!(received == pattern(0, received.len()), "at {at}");
            }
        }
    }
    assert!(opened > 10);
}

#[tokio::test]
async fn what_is_added_ends_the_session() {
    let server = trusted_server();
    let added: [&[u8]; 8] = [
        // A goodbye, and another alert, that nobody has protected.
        &[21, 3, 3, 0, 2, 1, 0],
        &[21, 3, 3, 0, 2, 2, 80],
        // Handshake messages that are complete: Finished, NewSessionTicket.
        &[
            22, 3, 3, 0, 36, 20, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        &[
            22, 3, 3, 0, 17, 4, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        // EncryptedExtensions without any.
        &[22, 3, 3, 0, 6, 8, 0, 0, 2, 0, 0],
        // change_cipher_spec.
        &[20, 3, 3, 0, 1, 1],
        // No content, and content that nobody has protected.
        &[23, 3, 3, 0, 0],
        &[
            23, 3, 3, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
    ];
    for bytes in added {
        let (received, end, _) = meddled(&server, Meddling::Add(bytes)).await;
        assert_eq!(received, Some(pattern(0, LEN)), "{bytes:?}");
        assert_eq!(end, (SessionErrorKind::Io, 5), "{bytes:?}");
    }
}

//! An HTTPS server for firmware: rustls and HTTP/1.1 with ranges, entity tags and connections that are kept.

mod answer;

use core::net::SocketAddr;
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

use super::{authority::Authority, failure::Failure};
use answer::{Answer, Request};

/// The longest head of a request.
const LONGEST_HEAD: usize = 4096;

/// A server on 127.0.0.1, on threads of its own, which end with the process.
#[derive(Debug)]
pub(super) struct Https {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What it hands out, and how it misbehaves.
struct Shelf {
    package: Vec<u8>,
    /// Bytes of a body after which the first connection is cut off, without a word.
    cut: Option<usize>,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Https {
    /// Serves `package` at any path, with a certificate of `authority` for `name`. The first connection is cut after
    /// `cut` bytes.
    pub(super) fn start(
        authority: &Authority,
        name: &str,
        package: Vec<u8>,
        cut: Option<usize>,
    ) -> Result<Self, Failure> {
        let (certificate, key) = authority.issue(name)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let builder = builder.with_no_client_auth();
                builder.with_single_cert(vec![certificate], key)
            })
            .map_err(|error| Failure::new(format!("HTTPS server: {error}")))?;
        let config = Arc::new(config);
        let failed = |error| Failure::new(format!("HTTPS server: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let seen = Arc::default();
        let mut shelf = Shelf {
            package,
            cut,
            seen: Arc::clone(&seen),
        };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // One device, one connection at a time. How it ends is the device's business.
                let _ = serve(&config, connection, &mut shelf);
            }
        });
        Ok(Self { address, seen })
    }

    /// The URI of the package on this host.
    pub(super) fn uri(&self, host: &str) -> String {
        format!("https://{host}:{}/image.bin", self.address.port())
    }

    /// The requests so far, with the code of each answer.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Serves a connection until either side ends it.
fn serve(config: &Arc<ServerConfig>, tcp: TcpStream, shelf: &mut Shelf) -> io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, tcp);
    let mut head = Vec::new();
    while read_head(&mut stream, &mut head)? {
        let request = Request::parse(&head).ok_or_else(|| io::Error::other("malformed head"))?;
        let answer = Answer::to(&request, shelf.package.len());
        let mut seen = shelf.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(format!("{request} {}", answer.code()));
        drop(seen);
        stream.write_all(answer.head().as_bytes())?;
        let body = shelf.package.get(answer.body(&request)).unwrap_or_default();
        if let Some(cut) = shelf.cut.take() {
            stream.write_all(body.get(..cut).unwrap_or(body))?;
            stream.flush()?;
            // Neither close_notify nor the rest.
            return Ok(());
        }
        stream.write_all(body)?;
        stream.flush()?;
        if request.closes {
            break;
        }
        head.clear();
    }
    stream.conn.send_close_notify();
    stream.flush()
}

/// Reads the head of a request, and nothing behind it; `false` at the end of the connection.
fn read_head(stream: &mut impl Read, head: &mut Vec<u8>) -> io::Result<bool> {
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if head.len() == LONGEST_HEAD {
            return Err(io::Error::other("head too long"));
        }
        match stream.read(&mut byte)? {
            0 if head.is_empty() => return Ok(false),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => head.extend_from_slice(&byte),
        }
    }
    Ok(true)
}

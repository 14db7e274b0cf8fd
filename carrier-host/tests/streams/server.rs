//! Servers on loopback, each for one connection, on a thread of its own.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::crypto::ring;
use rustls::server::WebPkiClientVerifier;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

use super::authority::{Authority, Identity};

pub(crate) type Tls = StreamOwned<ServerConnection, TcpStream>;

/// Serves a TCP connection.
pub(crate) fn tcp<T: Send + 'static>(
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || serve(listener.accept().unwrap().0));
    (port, server)
}

/// Serves a TLS connection.
pub(crate) fn tls<T: Send + 'static>(
    config: ServerConfig,
    serve: impl FnOnce(Tls) -> io::Result<T> + Send + 'static,
) -> (u16, JoinHandle<io::Result<T>>) {
    tcp(move |tcp| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        serve(StreamOwned::new(connection, tcp))
    })
}

/// A server that shows `identity`, with all versions of TLS, to anyone.
pub(crate) fn config(identity: &Identity) -> ServerConfig {
    versions(identity, rustls::ALL_VERSIONS, None)
}

/// A server that speaks only these versions, and wants a certificate of `clients`.
pub(crate) fn versions(
    identity: &Identity,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der()).unwrap();
            let roots = Arc::new(roots);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    builder
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .unwrap()
}

//! Streams: TCP, and TLS over it.

use core::time::Duration;
use std::io;
use std::sync::Arc;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::{UNRESOLVED, of_io, of_tls, of_tls_handshake};

/// How long resolving the name, connecting and the handshake may take together.
const CONNECT: Duration = Duration::from_secs(30);

/// How long the peer may take to make room for what is sent.
const SEND: Duration = Duration::from_secs(30);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// A connection.
pub(super) struct Stream {
    socket: Socket,
    /// A send was begun and not ended: how much of it has left is not known.
    torn: bool,
}

enum Socket {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// The name that the certificate of `host` must show.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, SessionError> {
    ServerName::try_from(host.to_owned()).map_err(|_| UNRESOLVED)
}

impl Stream {
    /// Connects to the first address of `host` that answers, and makes the handshake where there is a configuration
    /// for one.
    pub(super) async fn connect(
        host: String,
        port: u16,
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    ) -> Result<Self, SessionError> {
        let connected = timeout(CONNECT, async {
            let addresses = lookup_host((host.as_str(), port)).await;
            let addresses: Vec<_> = addresses.map_err(|_| UNRESOLVED)?.collect();
            let tcp = TcpStream::connect(addresses.as_slice()).await;
            let tcp = tcp.map_err(of_io)?;
            // A request is written whole: waiting for more to send would only delay it.
            tcp.set_nodelay(true).map_err(of_io)?;
            let Some((config, name)) = tls else {
                return Ok(Socket::Plain(tcp));
            };
            let handshake = Box::pin(TlsConnector::from(config).connect(name, tcp)).await;
            let stream = handshake.map_err(of_tls_handshake)?;
            Ok(Socket::Secure(Box::new(stream)))
        });
        let socket = connected.await.map_err(|_| TIMED_OUT)??;
        Ok(Self {
            socket,
            torn: false,
        })
    }

    pub(super) const fn is_secure(&self) -> bool {
        matches!(self.socket, Socket::Secure(_))
    }

    /// Waits for bytes; cancelling loses none.
    ///
    /// # Errors
    /// [`SessionErrorKind::Closed`] with `ENOTCONN` when the peer has ended the stream in due form (over TLS by
    /// close_notify), [`SessionErrorKind::Reset`] with `ECONNRESET` when it was cut off.
    pub(super) async fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, SessionError> {
        let received = match &mut self.socket {
            Socket::Plain(tcp) => tcp.read(buffer).await.map_err(of_io),
            Socket::Secure(tls) => tls.read(buffer).await.map_err(of_tls),
        };
        match received {
            Ok(0) => Err(super::NOT_OPEN),
            received => received,
        }
    }

    /// # Errors
    /// The stream is of no more use, whatever the error says.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        if self.torn {
            return Err(SessionError::new(
                SessionErrorKind::Reset,
                errno::ECONNRESET,
            ));
        }
        self.torn = true;
        let sent = match &mut self.socket {
            Socket::Plain(tcp) => timeout(SEND, write(tcp, bytes)).await,
            Socket::Secure(tls) => timeout(SEND, write(tls, bytes)).await,
        };
        sent.map_err(|_| TIMED_OUT)?.map_err(of_io)?;
        self.torn = false;
        Ok(())
    }

    /// Says goodbye, so that the peer can tell the end from a cut.
    pub(super) async fn close(mut self) {
        // Whether the goodbye left makes no difference any more.
        let _ = match &mut self.socket {
            Socket::Plain(tcp) => timeout(GOODBYE, tcp.shutdown()).await,
            Socket::Secure(tls) => timeout(GOODBYE, tls.shutdown()).await,
        };
    }
}

/// Nothing has come in time.
const TIMED_OUT: SessionError = SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT);

async fn write(to: &mut (impl AsyncRead + AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

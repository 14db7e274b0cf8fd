//! One session.

use core::future::{Future, pending};
use core::net::SocketAddr;
use core::ops::Range;
use core::pin::Pin;

use embedded_nal_async::{AddrType, ConnectedUdp, Dns, UdpStack};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{OpenRequest, Security, SessionError, SessionErrorKind, Transport};

use super::error::{of_dtls, of_net};
use super::stream::{Stream, server_name};
use crate::dtls::{DtlsConfig, DtlsSocket, PskCredentials};
use crate::keys::KeyRing;
use crate::net::{AsyncConnectedUdp, AsyncStack};
use crate::tls::{Trust, client_config};

/// The longest datagram over IPv4 is shorter than this.
const LONGEST_DATAGRAM: usize = 65_535;

/// Bytes of a stream that are received at once: a TLS record.
const STREAM_CHUNK: usize = 16_384;

/// A session that is open or being opened.
pub(super) struct Session {
    stage: Stage,
    transport: Transport,
    /// Nothing is taken from the network.
    held: bool,
    /// What was received last.
    received: Box<[u8]>,
    /// Where in `received` that lies which nobody has taken.
    unread: Range<usize>,
}

type Opening = Pin<Box<dyn Future<Output = Result<Socket, SessionError>>>>;

enum Stage {
    Opening(Opening),
    Open(Box<Socket>),
}

enum Socket {
    Plain(AsyncConnectedUdp),
    Secure(DtlsSocket),
    Stream(Stream),
}

/// What has happened to a session.
pub(super) enum Happening {
    /// It is open.
    Opened { resumed: bool },
    /// There is something to [take](Session::take).
    Received,
    /// It could not be opened, or is over.
    Ended(SessionError),
}

impl Session {
    /// Begins to open a session; nothing happens until it is [waited](Self::wait) for.
    pub(super) fn open(
        request: &OpenRequest<'_>,
        keys: &KeyRing,
        dtls: DtlsConfig,
    ) -> Result<Self, SessionError> {
        let (opening, room): (Opening, _) = match request.transport {
            Transport::Datagram => (Box::pin(datagrams(request, keys, dtls)?), LONGEST_DATAGRAM),
            Transport::Stream => (Box::pin(stream(request, keys)?), STREAM_CHUNK),
            _ => return Err(SessionError::UNSUPPORTED),
        };
        Ok(Self {
            stage: Stage::Opening(opening),
            transport: request.transport,
            held: false,
            received: vec![0; room].into_boxed_slice(),
            unread: 0..0,
        })
    }

    /// Takes nothing more from a stream, or goes on. Datagrams are not held: they would be lost.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held && self.transport == Transport::Stream;
    }

    /// Waits until something happens; cancelling loses nothing. Without `room` for any bytes those of a stream wait.
    pub(super) async fn wait(&mut self, room: bool) -> Happening {
        if self.held {
            return pending().await;
        }
        let socket = match &mut self.stage {
            Stage::Opening(opening) => match opening.as_mut().await {
                Ok(socket) => {
                    // Without security there is no context that the peer could have forgotten.
                    let resumed = match &socket {
                        Socket::Plain(_) => true,
                        Socket::Secure(_) => false,
                        Socket::Stream(stream) => !stream.is_secure(),
                    };
                    self.stage = Stage::Open(Box::new(socket));
                    return Happening::Opened { resumed };
                }
                Err(error) => return Happening::Ended(error),
            },
            Stage::Open(socket) => socket,
        };
        let received = match &mut **socket {
            Socket::Plain(udp) => udp.receive_into(&mut self.received).await.map_err(of_net),
            Socket::Secure(dtls) => dtls.receive_into(&mut self.received).await.map_err(of_dtls),
            Socket::Stream(_) if !room => return pending().await,
            Socket::Stream(_) if !self.unread.is_empty() => return Happening::Received,
            Socket::Stream(stream) => stream.receive(&mut self.received).await,
        };
        match received {
            Ok(len) => {
                self.unread = 0..len;
                Happening::Received
            }
            Err(error) => Happening::Ended(error),
        }
    }

    /// Puts what was received into `buffer`: a whole datagram, or as much of a stream as there is room for; its
    /// length. `None` for a datagram that does not fit.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let unread = self.received.get(self.unread.clone())?;
        let len = match self.transport {
            Transport::Stream => unread.len().min(buffer.len()),
            _ => unread.len(),
        };
        buffer.get_mut(..len)?.copy_from_slice(unread.get(..len)?);
        self.unread.start += len;
        Some(len)
    }

    /// # Errors
    /// Ends a session of a stream, whatever it says.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), SessionError> {
        let Stage::Open(socket) = &mut self.stage else {
            return Err(super::NOT_OPEN);
        };
        match &mut **socket {
            Socket::Plain(udp) => udp.send(bytes).await.map_err(of_net),
            Socket::Secure(dtls) => dtls.send(bytes).await.map_err(of_dtls),
            Socket::Stream(stream) => {
                let sent = stream.send(bytes).await;
                sent.map_err(|error| SessionError::new(SessionErrorKind::Reset, error.errno))
            }
        }
    }

    /// Says goodbye where there is a way to say it.
    pub(super) async fn close(self) {
        if let Stage::Open(socket) = self.stage {
            match *socket {
                Socket::Plain(_) => {}
                // Whether the goodbye left makes no difference any more.
                Socket::Secure(dtls) => drop(dtls.close().await),
                Socket::Stream(stream) => stream.close().await,
            }
        }
    }
}

/// What opens a session of datagrams.
fn datagrams(
    request: &OpenRequest<'_>,
    keys: &KeyRing,
    dtls: DtlsConfig,
) -> Result<impl Future<Output = Result<Socket, SessionError>> + use<>, SessionError> {
    let credentials = match request.security {
        Security::None => None,
        Security::Tag(tag) => Some(keys.psk(tag).ok_or(SessionError::new(
            SessionErrorKind::Handshake,
            errno::ENOENT,
        ))?),
        _ => return Err(SessionError::UNSUPPORTED),
    };
    let (host, port) = (request.host.to_owned(), request.port);
    Ok(connect(host, port, credentials, dtls))
}

async fn connect(
    host: String,
    port: u16,
    credentials: Option<PskCredentials>,
    dtls: DtlsConfig,
) -> Result<Socket, SessionError> {
    let stack = AsyncStack::new();
    let ip = stack
        .get_host_by_name(&host, AddrType::Either)
        .await
        .map_err(of_net)?;
    let server = SocketAddr::new(ip, port);
    match credentials {
        None => {
            let (_, udp) = UdpStack::connect(&stack, server).await.map_err(of_net)?;
            Ok(Socket::Plain(udp))
        }
        Some(credentials) => DtlsSocket::connect(server, &credentials, &dtls)
            .await
            .map(Socket::Secure)
            .map_err(of_dtls),
    }
}

/// What opens a session of a stream.
fn stream(
    request: &OpenRequest<'_>,
    keys: &KeyRing,
) -> Result<impl Future<Output = Result<Socket, SessionError>> + use<>, SessionError> {
    let trust = match request.security {
        Security::None => None,
        Security::Tag(tag) => Some(Trust::Tag(tag)),
        Security::CaTags(tags) => Some(Trust::CaTags(tags)),
        _ => return Err(SessionError::UNSUPPORTED),
    };
    let tls = match trust {
        None => None,
        Some(trust) => Some((client_config(keys, trust)?, server_name(request.host)?)),
    };
    let (host, port) = (request.host.to_owned(), request.port);
    Ok(async move { Stream::connect(host, port, tls).await.map(Socket::Stream) })
}

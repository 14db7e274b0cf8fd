//! One session.

use core::future::Future;
use core::net::SocketAddr;
use core::pin::Pin;

use embedded_nal_async::{AddrType, ConnectedUdp, Dns, UdpStack};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{OpenRequest, Security, SessionError, SessionErrorKind, Transport};

use super::error::{of_dtls, of_net};
use crate::dtls::{DtlsConfig, DtlsSocket, PskCredentials};
use crate::keys::KeyRing;
use crate::net::{AsyncConnectedUdp, AsyncStack};

/// The longest datagram over IPv4 is shorter than this.
const LONGEST_DATAGRAM: usize = 65_535;

/// A session that is open or being opened.
pub(super) struct Session {
    stage: Stage,
    /// What was received last.
    datagram: Box<[u8]>,
}

enum Stage {
    Opening(Pin<Box<dyn Future<Output = Result<Socket, SessionError>>>>),
    Open(Box<Socket>),
}

enum Socket {
    Plain(AsyncConnectedUdp),
    Secure(DtlsSocket),
}

/// What has happened to a session.
pub(super) enum Happening {
    /// It is open.
    Opened { resumed: bool },
    /// A datagram of this length lies in [`Session::datagram`].
    Datagram(usize),
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
        if request.transport != Transport::Datagram {
            return Err(SessionError::UNSUPPORTED);
        }
        let credentials = match request.security {
            Security::None => None,
            Security::Tag(tag) => Some(keys.psk(tag).ok_or(SessionError::new(
                SessionErrorKind::Handshake,
                errno::ENOENT,
            ))?),
            _ => return Err(SessionError::UNSUPPORTED),
        };
        let (host, port) = (request.host.to_owned(), request.port);
        Ok(Self {
            stage: Stage::Opening(Box::pin(connect(host, port, credentials, dtls))),
            datagram: vec![0; LONGEST_DATAGRAM].into_boxed_slice(),
        })
    }

    /// Waits until something happens; cancelling loses nothing.
    pub(super) async fn wait(&mut self) -> Happening {
        let socket = match &mut self.stage {
            Stage::Opening(opening) => match opening.as_mut().await {
                Ok(socket) => {
                    let socket = Box::new(socket);
                    // Without security there is no context that the peer could have forgotten.
                    let resumed = matches!(*socket, Socket::Plain(_));
                    self.stage = Stage::Open(socket);
                    return Happening::Opened { resumed };
                }
                Err(error) => return Happening::Ended(error),
            },
            Stage::Open(socket) => socket,
        };
        let received = match &mut **socket {
            Socket::Plain(udp) => udp.receive_into(&mut self.datagram).await.map_err(of_net),
            Socket::Secure(dtls) => dtls.receive_into(&mut self.datagram).await.map_err(of_dtls),
        };
        received.map_or_else(Happening::Ended, Happening::Datagram)
    }

    /// The `len` bytes that were received last.
    pub(super) fn datagram(&self, len: usize) -> Option<&[u8]> {
        self.datagram.get(..len)
    }

    pub(super) async fn send(&mut self, datagram: &[u8]) -> Result<(), SessionError> {
        let Stage::Open(socket) = &mut self.stage else {
            return Err(super::NOT_OPEN);
        };
        match &mut **socket {
            Socket::Plain(udp) => udp.send(datagram).await.map_err(of_net),
            Socket::Secure(dtls) => dtls.send(datagram).await.map_err(of_dtls),
        }
    }

    /// Says goodbye where there is a way to say it.
    pub(super) async fn close(self) {
        if let Stage::Open(socket) = self.stage
            && let Socket::Secure(dtls) = *socket
        {
            // Whether the goodbye left makes no difference any more.
            let _ = dtls.close().await;
        }
    }
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

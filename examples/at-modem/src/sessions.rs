//! Plain sessions of datagrams over the modem's UDP sockets.

use core::fmt;

use embedded_io_async::{Read, Write};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Clock, Expect, LinkState, OpenRequest, Opened, Received, Security, SessionError,
    SessionErrorKind, SessionId, Sessions, Transport,
};

use crate::Modem;
use crate::at::{Command, Kind};
use crate::state::{DATAGRAM, Failure, Socket};

/// The [`Sessions`] of a modem: the number of a session is that of its socket.
pub struct AtSessions<'m, U, C> {
    modem: &'m Modem<U, C>,
}

impl<'m, U, C> AtSessions<'m, U, C> {
    pub(crate) const fn new(modem: &'m Modem<U, C>) -> Self {
        Self { modem }
    }
}

impl<U: Read + Write, C: Clock + Clone> AtSessions<'_, U, C> {
    fn socket(&self, connection: u8) -> Option<Socket> {
        self.modem
            .with(|state, _| state.sockets.get(connection))
            .flatten()
    }

    /// Closes a socket that the modem has, or may have.
    async fn give_up(&self, connection: u8) -> Result<(), Failure> {
        self.modem.with(|state, _| state.sockets.forget(connection));
        if self.socket(connection) != Some(Socket::Unknown) {
            return Ok(());
        }
        self.modem
            .run(&Command::Plain(Kind::Close(connection)))
            .await
    }
}

impl<U: Read + Write, C: Clock + Clone> Sessions for AtSessions<'_, U, C> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        // A session that is asked to be secure must not open in the clear.
        if request.security != Security::None || request.transport != Transport::Datagram {
            return Err(SessionError::UNSUPPORTED);
        }
        let connection = session.number();
        if self.socket(connection).is_none() {
            return Err(SessionError::new(
                SessionErrorKind::Resources,
                errno::ENOMEM,
            ));
        }
        if self.modem.with(|state, _| state.network.link()) != Some(LinkState::Up) {
            return Err(SessionError::new(
                SessionErrorKind::NoRoute,
                errno::ENETDOWN,
            ));
        }
        // The name stands between quotation marks, and a line end would begin another command.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"';
        if request.host.is_empty() || !request.host.bytes().all(plain) {
            return Err(SessionError::new(
                SessionErrorKind::NameResolution,
                errno::EHOSTUNREACH,
            ));
        }
        // Refused, where the modem has no such socket.
        let _ = self.give_up(connection).await;
        self.modem
            .with(|state, now| state.sockets.open_begins(connection, now));
        let open = Command::Open {
            connection,
            host: request.host,
            port: request.port,
        };
        if let Err(error) = self.modem.run(&open).await {
            self.modem.with(|state, _| state.sockets.forget(connection));
            return Err(failure(error));
        }
        // `+QIOPEN` tells the outcome, when the name is resolved.
        Ok(Opened::Pending)
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        _expect: Expect,
    ) -> Result<(), SessionError> {
        let connection = session.number();
        if self.socket(connection) != Some(Socket::Open) {
            return Err(SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN));
        }
        if datagram.len() > DATAGRAM {
            return Err(SessionError::new(
                SessionErrorKind::TooLong,
                errno::EMSGSIZE,
            ));
        }
        let send = Command::Send {
            connection,
            datagram,
        };
        self.modem.run(&send).await.map_err(failure)
    }

    async fn close(&mut self, session: SessionId) {
        // Where it fails, the socket is closed before it is opened the next time.
        let _ = self.give_up(session.number()).await;
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        let received = self.modem.until(|state, now| {
            if let Some((connection, len)) = state.sockets.datagram(buffer) {
                return Some((connection, Received::Datagram(len)));
            }
            let (connection, news) = state.sockets.news(now)?;
            let news = match news {
                // A plain peer knows nothing of sessions: a registration stays valid.
                Ok(()) => Received::Opened { resumed: true },
                Err(error) => Received::Closed(error),
            };
            Some((connection, news))
        });
        let (connection, received) = received.await;
        (SessionId::new(connection), received)
    }

    fn hold(&mut self, _session: SessionId, _held: bool) {
        // Only streams are held.
    }
}

/// What a command that has failed means for a session.
fn failure(failure: Failure) -> SessionError {
    match failure {
        Failure::Silent => SessionError::new(SessionErrorKind::Timeout, errno::ETIMEDOUT),
        Failure::Restarted => SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET),
        Failure::TooLong => SessionError::new(SessionErrorKind::TooLong, errno::E2BIG),
        Failure::Refused(_) => SessionError::new(SessionErrorKind::Io, errno::EIO),
    }
}

impl<U, C> fmt::Debug for AtSessions<'_, U, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtSessions").finish_non_exhaustive()
    }
}

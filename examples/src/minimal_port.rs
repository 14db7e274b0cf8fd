//! The smallest port: UDP sockets of the standard library, without an executor. `tests/minimal_port.rs` holds it to the
//! porting kit; the worked example of `docs/porting.md`, from the bytes of a serial line on, is `at-modem`.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::io::ErrorKind;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::Instant as StdInstant;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{
    Clock, Expect, OpenRequest, Opened, Received, Security, SessionError, SessionErrorKind,
    SessionId, Sessions, Transport,
};
use lwm2m_core::time::Instant;

/// Bytes of the longest datagram; a longer one is not returned.
const DATAGRAM: usize = 1280;

/// One socket a session.
#[derive(Debug, Default)]
pub struct UdpSessions {
    sockets: [Option<UdpSocket>; 4],
}

const CLOSED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);

fn failure(kind: SessionErrorKind, error: &std::io::Error) -> SessionError {
    SessionError::new(kind, error.raw_os_error().unwrap_or(errno::EIO))
}

impl Sessions for UdpSessions {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        // A session that is asked to be secure must not open in the clear.
        if request.security != Security::None || request.transport != Transport::Datagram {
            return Err(SessionError::UNSUPPORTED);
        }
        let resources = SessionError::new(SessionErrorKind::Resources, errno::ENOMEM);
        let slot = self.sockets.get_mut(session.index()).ok_or(resources)?;
        let unknown = SessionError::new(SessionErrorKind::NameResolution, errno::EHOSTUNREACH);
        let mut addresses = (request.host, request.port)
            .to_socket_addrs()
            .map_err(|_| unknown)?;
        let peer = addresses.next().ok_or(unknown)?;
        let any = if peer.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any).map_err(|e| failure(SessionErrorKind::Resources, &e))?;
        let connected = socket
            .connect(peer)
            .and_then(|()| socket.set_nonblocking(true));
        connected.map_err(|error| failure(SessionErrorKind::NoRoute, &error))?;
        *slot = Some(socket);
        Ok(Opened::Ready { resumed: true })
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        _expect: Expect,
    ) -> Result<(), SessionError> {
        let slot = self.sockets.get(session.index()).and_then(Option::as_ref);
        let sent = slot.ok_or(CLOSED)?.send(datagram);
        sent.map(drop)
            .map_err(|error| failure(SessionErrorKind::Io, &error))
    }

    async fn close(&mut self, session: SessionId) {
        if let Some(slot) = self.sockets.get_mut(session.index()) {
            *slot = None;
        }
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        poll_fn(|context| {
            for (number, socket) in (0..).zip(&self.sockets) {
                // One byte more than the longest shows which datagrams are longer.
                let mut datagram = [0; DATAGRAM + 1];
                let received = socket.as_ref().map(|socket| socket.recv(&mut datagram));
                let session = SessionId::new(number);
                match received {
                    Some(Ok(len)) => {
                        let (to, from) = (buffer.get_mut(..len), datagram.get(..len));
                        if let (Some(to), Some(from)) = (to, from) {
                            to.copy_from_slice(from);
                            return Poll::Ready((session, Received::Datagram(len)));
                        }
                    }
                    Some(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                        // Nobody listens, for now: a lost datagram, which the message layer sends again.
                    }
                    _ => {}
                }
            }
            // Polled, not woken: `Clock::wait` and `block_on` sleep between two polls.
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    fn hold(&mut self, _session: SessionId, _held: bool) {
        // Only streams are held.
    }
}

/// Milliseconds since it was made; a wait sleeps two of them at a time, then lets the loop look at the sockets, and the
/// closure of `block_on` do its work.
#[derive(Clone, Copy, Debug)]
pub struct SleepingClock(StdInstant);

impl Default for SleepingClock {
    fn default() -> Self {
        Self(StdInstant::now())
    }
}

impl Clock for SleepingClock {
    fn now(&self) -> Instant {
        let millis = self.0.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    async fn wait(&mut self, until: Instant) {
        poll_fn(|context| {
            if self.now() >= until {
                return Poll::Ready(());
            }
            std::thread::sleep(Duration::from_millis(2));
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

//! What happens to the streams by itself: segments arrive, servers send, one side gives up.

use core::net::SocketAddr;

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{SessionError, SessionErrorKind};

use super::flow::SEGMENT;
use super::stream::{ENDED, Ending, Phase, RESET, STREAM_GIVE_UP, Stream, TIMED_OUT, Tls};
use super::streams::StreamTable;
use crate::recorder::Entry;
use crate::server::{Connection, Outgoing, StreamServer};
use crate::world::World;
use crate::world::listener::{Door, StreamGuard};

/// The peer's host answers that nobody listens.
const REFUSED: SessionError = SessionError::new(SessionErrorKind::Refused, errno::ECONNREFUSED);
/// The peer is not trusted; modems report that as a refused connection.
const UNTRUSTED: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::ECONNREFUSED);

impl World<'_> {
    /// Lets one thing happen to one stream; false when nothing is due.
    pub(crate) fn step_streams(&self) -> bool {
        let mut table = self.streams.borrow_mut();
        let StreamTable {
            streams,
            next_connection,
            ..
        } = &mut *table;
        for slot in streams {
            let Some(stream) = slot else {
                continue;
            };
            let was_quiet = !stream.has_news();
            let stepped = self.step_stream(stream, next_connection);
            if was_quiet && stream.has_news() {
                self.call_attention();
            }
            slot.take_if(|stream| stream.is_over());
            if stepped {
                return true;
            }
        }
        false
    }

    /// `next_connection` is the number of the next connection that begins.
    fn step_stream(&self, stream: &mut Stream, next_connection: &mut u32) -> bool {
        let now = self.now();
        if let Phase::Connecting { due, give_up, .. } = stream.phase
            && stream.ended.is_none()
        {
            if due.is_some_and(|due| due <= now) {
                self.end_round_trip(stream, next_connection);
            } else if give_up <= now {
                stream.end(TIMED_OUT);
            } else {
                return false;
            }
            return true;
        }
        if stream.device_gives_up.is_some_and(|at| at <= now) {
            stream.device_gives_up = None;
            stream.up.clear();
            stream.end(TIMED_OUT);
            self.leave_server(stream);
        } else if stream.up.next_due().is_some_and(|due| due <= now) {
            self.arrive_at_stream_server(stream);
        } else if stream.left_at.is_some_and(|at| at <= now) {
            stream.left_at = None;
            self.leave_server(stream);
        } else if stream.down.next_due().is_some_and(|due| due <= now) {
            self.arrive_at_device(stream);
        } else if stream.ending_due().is_some_and(|due| due <= now) {
            self.end_at_device(stream);
        } else if stream.server_gives_up.is_some_and(|at| at <= now) {
            stream.server_gives_up = None;
            self.leave_server(stream);
        } else if !stream.update_window(now) {
            return self.serve_stream(stream);
        }
        true
    }

    /// Sends the next message of the handshake; its answer comes after a round trip, or not at all.
    pub(super) fn begin_round_trip(&self, stream: &mut Stream) {
        let Phase::Connecting { due, give_up, .. } = &mut stream.phase else {
            return;
        };
        let mut network = self.network().borrow_mut();
        let there = network.carry(self.now(), true, stream.server, 0, *give_up);
        *due = there.and_then(|at| network.carry(at, false, stream.server, 0, *give_up));
    }

    fn end_round_trip(&self, stream: &mut Stream, next_connection: &mut u32) {
        let now = self.now();
        let Phase::Connecting { left, due, .. } = &mut stream.phase else {
            return;
        };
        if self.is_cut_off(stream.server) {
            return self.begin_round_trip(stream);
        }
        let guard = self.stream_guard(stream.server);
        if guard.is_none() || self.door(stream.server) == Door::Refuses {
            return stream.end(REFUSED);
        }
        if self.with_stream_server(stream.server, |server| server.is_present()) != Some(true) {
            *due = None;
            return;
        }
        *left -= 1;
        match (*left, stream.tls) {
            // The certificate has come.
            (1, Tls::Untrusted) => stream.end(UNTRUSTED),
            (0, tls) => {
                stream.phase = Phase::Open;
                stream.opened = true;
                // A server that waits for a handshake takes whatever comes instead for an error.
                if tls != Tls::Absent || guard == Some(StreamGuard::Plain) {
                    let connection = Connection::new(*next_connection);
                    *next_connection = next_connection.wrapping_add(1);
                    let accepts = |server: &mut dyn StreamServer| server.accept(now, connection);
                    if self.with_stream_server(stream.server, accepts) == Some(true) {
                        stream.connection = Some(connection);
                    } else {
                        let due = self.carry(stream.server, false, 0, now + STREAM_GIVE_UP);
                        stream.ending = due.map(|due| Ending { due, error: RESET });
                    }
                }
                if let Some(session) = stream.session {
                    let server = stream.server;
                    self.record(Entry::StreamOpened { session, server });
                }
            }
            _ => self.begin_round_trip(stream),
        }
    }

    /// A segment of the device has come to its server.
    fn arrive_at_stream_server(&self, stream: &mut Stream) {
        let now = self.now();
        let give_up = now + STREAM_GIVE_UP;
        let len = stream.up.next_len();
        if self.is_cut_off(stream.server) {
            let due = self.carry(stream.server, true, len, give_up);
            if due.is_none() && stream.device_gives_up.is_none() {
                stream.device_gives_up = Some(give_up);
            }
            return stream.up.delay(due.unwrap_or(give_up));
        }
        let mut bytes = [0; SEGMENT];
        stream.up.arrive();
        let len = stream.up.take(&mut bytes);
        let bytes = bytes.get(..len).unwrap_or_default();
        match stream.connection {
            Some(connection) if !self.is_rebound(stream) => {
                let take = |server: &mut dyn StreamServer| server.receive(now, connection, bytes);
                self.with_stream_server(stream.server, take);
            }
            _ if stream.ending.is_none() => {
                let due = self.carry(stream.server, false, 0, give_up);
                stream.ending = due.map(|due| Ending { due, error: RESET });
            }
            _ => {}
        }
    }

    /// A segment of the server has come to the device.
    fn arrive_at_device(&self, stream: &mut Stream) {
        let give_up = self.now() + STREAM_GIVE_UP;
        if stream.session.is_none() {
            // Nobody is there any more, and the device's host says so.
            stream.down.clear();
            self.leave_server(stream);
        } else if self.is_rebound(stream) {
            stream.down.cut();
            stream.server_gives_up = Some(give_up);
        } else if self.is_cut_off(stream.server) {
            let len = stream.down.next_len();
            match self.carry(stream.server, false, len, give_up) {
                Some(due) => stream.down.delay(due),
                None => {
                    stream.down.cut();
                    stream.server_gives_up = Some(give_up);
                }
            }
        } else {
            stream.down.arrive();
        }
    }

    /// The end of the server's side has come to the device.
    fn end_at_device(&self, stream: &mut Stream) {
        let Some(ending) = stream.ending.take() else {
            return;
        };
        // A reset that answers the device comes back through the binding that the device has just made.
        if self.is_rebound(stream) && ending.error != RESET {
            return;
        }
        if self.is_cut_off(stream.server) {
            let give_up = self.now() + STREAM_GIVE_UP;
            let due = self.carry(stream.server, false, 0, give_up);
            let error = ending.error;
            stream.ending = due.map(|due| Ending { due, error });
            return;
        }
        if ending.error == RESET {
            stream.down.clear();
        }
        stream.end(ending.error);
    }

    /// Lets the server send; false when it has nothing to send, or no room.
    fn serve_stream(&self, stream: &mut Stream) -> bool {
        let now = self.now();
        let mut buffer = [0; SEGMENT];
        let room = buffer.get_mut(..stream.window()).unwrap_or_default();
        let Some(connection) = stream.connection.filter(|_| !room.is_empty()) else {
            return false;
        };
        let poll = |server: &mut dyn StreamServer| server.poll(now, connection, room);
        let outgoing = self.with_stream_server(stream.server, poll);
        let give_up = now + STREAM_GIVE_UP;
        let error = match outgoing {
            None | Some(Outgoing::Nothing | Outgoing::Bytes(0)) => return false,
            Some(Outgoing::Bytes(len)) => {
                match self.carry(stream.server, false, len, give_up) {
                    Some(due) => {
                        let bytes = buffer.get(..len).unwrap_or_default();
                        stream.down.send(bytes, due);
                    }
                    None => stream.server_gives_up = Some(give_up),
                }
                return true;
            }
            Some(Outgoing::Close) => ENDED,
            Some(Outgoing::Reset) => RESET,
        };
        stream.connection = None;
        let due = self.carry(stream.server, false, 0, give_up);
        stream.ending = due.map(|due| Ending { due, error });
        true
    }

    /// The server hears that the connection has ended.
    pub(super) fn leave_server(&self, stream: &mut Stream) {
        let now = self.now();
        if let Some(connection) = stream.connection.take() {
            let closed = |server: &mut dyn StreamServer| server.closed(now, connection);
            self.with_stream_server(stream.server, closed);
        }
    }

    fn is_cut_off(&self, server: SocketAddr) -> bool {
        self.network().borrow().is_cut(self.now(), server)
    }

    fn is_rebound(&self, stream: &Stream) -> bool {
        stream.rebindings != self.network().borrow().rebindings()
    }
}

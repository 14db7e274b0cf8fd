//! The HTTP server.

use heapless::{Deque, Vec};
use lwm2m_core::time::Instant;

use super::http_answer::{Answer, Framing, Head};
use super::http_fault::{Faults, HttpFault, Interruption};
use super::http_request::{MAX_REQUEST_HEAD, Parsed, Range, Request, parse};
use super::image::{Release, Shelf, When};
use crate::server::{Connection, Outgoing, StreamServer};

/// Clients that are connected at a time; further ones are reset.
pub const MAX_CLIENTS: usize = 2;

/// Requests that are remembered; the oldest make room.
pub const MAX_HTTP_RECORDS: usize = 16;

/// Counters of an HTTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HttpStatistics {
    /// Connections that were accepted.
    pub connections: u32,
    /// Requests, refused ones included.
    pub requests: u32,
    /// Bytes of the image handed to the network. Those behind the image's length were sent twice, or lost with a
    /// connection: at most a [window](crate::modem::STREAM_WINDOW) each time.
    pub body_bytes: u64,
}

/// A request, and what was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRecord {
    /// When.
    pub at: Instant,
    /// The status of the answer; 0 for what is no HTTP.
    pub status: u16,
    /// The first byte that was asked for, by a range.
    pub range_start: Option<u32>,
    /// Whether the range was asked for under the condition that the image is the same (If-Range).
    pub is_conditional: bool,
}

#[derive(Debug)]
struct Client<'s> {
    connection: Connection,
    input: Vec<u8, MAX_REQUEST_HEAD>,
    answer: Option<Answer<'s>>,
    /// Nothing is sent before that time.
    not_before: Instant,
    stalled: bool,
    ending: Option<Outgoing>,
}

/// An HTTP/1.1 server with one image under one path. It keeps connections, and serves ranges (RFC 9110, section 14) with
/// If-Range, GET and HEAD.
///
/// ```
/// use core::cell::RefCell;
/// use carrier_mock::server::firmware::{HttpFault, HttpServer, Image, Release};
/// use carrier_mock::world::{StreamGuard, World};
///
/// let release = Release::new(Image::made(300_000, |at| at as u8), "\"v2\"");
/// let mut server = HttpServer::new("/fw.bin?device=1", release);
/// server.add_fault(HttpFault::Closes { after: 1000, times: 1 });
/// let server = RefCell::new(server);
/// let world = World::new(7);
/// let address = "192.0.2.9:443".parse().unwrap();
/// let guard = StreamGuard::Tls(b"the authority's certificate");
/// world.add_stream_server("files.example", address, guard, &server).unwrap();
/// ```
#[derive(Debug)]
pub struct HttpServer<'s> {
    target: &'s str,
    shelf: Shelf<'s>,
    faults: Faults<'s>,
    present: bool,
    clients: Vec<Client<'s>, MAX_CLIENTS>,
    statistics: HttpStatistics,
    records: Deque<HttpRecord, MAX_HTTP_RECORDS>,
}

impl<'s> HttpServer<'s> {
    /// A server of `release` under `target`, a path with its query.
    #[must_use]
    pub fn new(target: &'s str, release: Release<'s>) -> Self {
        Self {
            target,
            shelf: Shelf::new(release),
            faults: Faults::default(),
            present: true,
            clients: Vec::new(),
            statistics: HttpStatistics::default(),
            records: Deque::new(),
        }
    }

    /// Adds a fault; false when there are [`MAX_HTTP_FAULTS`](super::MAX_HTTP_FAULTS) already.
    pub fn add_fault(&mut self, fault: HttpFault<'s>) -> bool {
        self.faults.add(fault)
    }

    /// The server does as it should from now on.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Puts another release in the place of the first. Answers that have begun go on with what they began with.
    pub const fn replace(&mut self, when: When, by: Release<'s>) {
        self.shelf.replace(when, by);
    }

    /// Sets whether the server is there at all; true by default.
    pub const fn set_present(&mut self, present: bool) {
        self.present = present;
    }

    /// The counters.
    #[must_use]
    pub const fn statistics(&self) -> HttpStatistics {
        self.statistics
    }

    /// Takes the oldest record of a request.
    pub fn take_record(&mut self) -> Option<HttpRecord> {
        self.records.pop_front()
    }

    fn client(&mut self, connection: Connection) -> Option<&mut Client<'s>> {
        self.clients
            .iter_mut()
            .find(|client| client.connection == connection)
    }

    fn record(&mut self, at: Instant, status: u16, request: Option<&Request>) {
        let range_start = request.and_then(|request| match request.range {
            Some(Range::From(first, _)) => Some(first),
            _ => None,
        });
        if self.records.is_full() {
            self.records.pop_front();
        }
        let _ = self.records.push_back(HttpRecord {
            at,
            status,
            range_start,
            is_conditional: request.is_some_and(|request| request.if_range.is_some()),
        });
    }

    /// An answer with a status and no image.
    fn status(&self, status: u16, closes: bool, more: impl FnOnce(&mut Head)) -> Answer<'s> {
        let mut head = self.head(status);
        more(&mut head);
        head.field("Content-Length", format_args!("0"));
        if closes {
            head.field("Connection", format_args!("close"));
        }
        Answer::new(head, closes)
    }

    fn head(&self, status: u16) -> Head {
        let version = match self.is_http10() {
            true => "HTTP/1.0",
            false => "HTTP/1.1",
        };
        let odd = self.faults.has(|f| f == HttpFault::SpellsOddly);
        let head = Head::new(version, status, odd);
        match self.faults.has(|f| f == HttpFault::Informs) && !self.is_http10() {
            true => head.after_hints(),
            false => head,
        }
    }

    fn is_http10(&self) -> bool {
        self.faults.has(|f| f == HttpFault::SpeaksHttp10)
    }

    fn answer(&mut self, now: Instant, request: &Request) -> Answer<'s> {
        let ends = self
            .faults
            .has(|f| f == HttpFault::EndsConnections { announced: true });
        let closes = request.closes || ends || self.is_http10();
        let garbles = |f| matches!(f, HttpFault::Garbles { .. }).then_some(());
        if self.faults.shown(garbles).is_some() {
            self.record(now, 0, Some(request));
            return Answer::garbage("SSH-2.0-OpenSSH_9.2p1\r\nwhat is this?\0\u{7f}");
        }
        let target = request.target.as_str();
        let redirection = self.faults.shown(|fault| match fault {
            HttpFault::Redirects {
                from, to, status, ..
            } if from == target => Some((status, to)),
            _ => None,
        });
        if let Some((status, to)) = redirection {
            self.record(now, status, Some(request));
            let location = |head: &mut Head| head.field("Location", format_args!("{to}"));
            return self.status(status, closes, location);
        }
        let is_known = target == self.target
            || self
                .faults
                .has(|fault| matches!(fault, HttpFault::Redirects { from, .. } if from == target));
        if !is_known {
            self.record(now, 404, Some(request));
            return self.status(404, closes, |_| ());
        }
        let refusal = self.faults.shown(|fault| match fault {
            HttpFault::Answers {
                status,
                retry_after,
                ..
            } => Some((status, retry_after)),
            _ => None,
        });
        if let Some((status, retry_after)) = refusal {
            self.record(now, status, Some(request));
            return self.status(status, closes, |head| {
                if let Some(seconds) = retry_after {
                    head.field("Retry-After", format_args!("{seconds}"));
                }
            });
        }
        self.image(now, request, closes)
    }

    /// The image, or the part of it that is asked for.
    fn image(&mut self, now: Instant, request: &Request, mut closes: bool) -> Answer<'s> {
        let release = self.shelf.current(now, self.statistics.body_bytes);
        let total = release.image.len();
        let ignores = self.faults.has(|f| f == HttpFault::IgnoresRanges);
        let condition = request.if_range.as_deref();
        let range = request
            .range
            .filter(|_| !ignores && !request.is_head && is_same(condition, &release));
        let part = match range {
            None => Some((0, total)),
            Some(Range::Last(len)) => {
                (len > 0 && total > 0).then_some((total - len.min(total), total))
            }
            Some(Range::From(first, last)) => {
                let end = last.map_or(total, |last| last.saturating_add(1).min(total));
                (first < total).then_some((first, end))
            }
        };
        let Some((from, end)) = part else {
            self.record(now, 416, Some(request));
            return self.status(416, closes, |head| {
                head.field("Content-Range", format_args!("bytes */{total}"));
            });
        };
        let status = if range.is_some() { 206 } else { 200 };
        self.record(now, status, Some(request));
        let mut head = self.head(status);
        head.optional_field("ETag", release.entity_tag);
        head.optional_field("Last-Modified", release.last_modified);
        if !ignores {
            head.field("Accept-Ranges", format_args!("bytes"));
        }
        head.field("Content-Type", format_args!("application/octet-stream"));
        if range.is_some() {
            self.content_range(&mut head, from, end, total);
        }
        let encodes = |f| matches!(f, HttpFault::Encodes { .. }).then_some(());
        if self.faults.shown(encodes).is_some() {
            head.field("Content-Encoding", format_args!("gzip"));
        }
        let framing = self.faults.shown(|fault| match fault {
            HttpFault::Chunks {
                size,
                extension,
                trailer,
            } => Some(Framing::Chunks {
                size,
                extension,
                trailer,
            }),
            _ => None,
        });
        let http10 = request.is_http10 || self.is_http10();
        let framing = framing.filter(|_| !http10).unwrap_or(Framing::Plain);
        let omits = self.faults.has(|f| f == HttpFault::OmitsLength);
        if framing != Framing::Plain {
            head.field("Transfer-Encoding", format_args!("chunked"));
        } else if omits {
            closes = true;
        } else {
            head.field("Content-Length", format_args!("{}", end - from));
        }
        if closes {
            head.field("Connection", format_args!("close"));
        }
        let silently = self
            .faults
            .has(|f| f == HttpFault::EndsConnections { announced: false });
        let answer = Answer::new(head, closes || silently);
        let pads = self.faults.shown(|fault| match fault {
            HttpFault::PadsHead { bytes, .. } => Some(bytes),
            _ => None,
        });
        let answer = match pads {
            Some(bytes) => answer.padded(bytes),
            None => answer,
        };
        if request.is_head {
            return answer;
        }
        answer.with_image(release.image, from, end, framing)
    }

    fn content_range(&mut self, head: &mut Head, from: u32, end: u32, total: u32) {
        let by = self.faults.shown(|fault| match fault {
            HttpFault::ShiftsRange { by, .. } => Some(by),
            _ => None,
        });
        let longer = self.faults.shown(|fault| match fault {
            HttpFault::ChangesTotal { by } if from > 0 => Some(by),
            _ => None,
        });
        let by = by.unwrap_or(0);
        let (first, last) = (from.saturating_add(by), (end - 1).saturating_add(by));
        let total = total.saturating_add(longer.unwrap_or(0));
        let value = format_args!("bytes {first}-{last}/");
        match self.faults.has(|f| f == HttpFault::OmitsTotal) {
            true => head.field("Content-Range", format_args!("{value}*")),
            false => head.field("Content-Range", format_args!("{value}{total}")),
        }
    }
}

/// Whether the image is the one that If-Range speaks of: by the strong comparison of RFC 9110, section 13.1.5.
fn is_same(condition: Option<&str>, release: &Release<'_>) -> bool {
    match condition {
        None => true,
        Some(tag) if tag.starts_with('"') => tag == release.entity_tag,
        Some(date) => !date.is_empty() && date == release.last_modified,
    }
}

impl StreamServer for HttpServer<'_> {
    fn accept(&mut self, _now: Instant, connection: Connection) -> bool {
        let client = Client {
            connection,
            input: Vec::new(),
            answer: None,
            not_before: Instant::ZERO,
            stalled: false,
            ending: None,
        };
        let accepted = self.clients.push(client).is_ok();
        self.statistics.connections += u32::from(accepted);
        accepted
    }

    fn receive(&mut self, _now: Instant, connection: Connection, bytes: &[u8]) {
        if let Some(client) = self.client(connection) {
            for byte in bytes {
                // What finds no room makes the head too long.
                let _ = client.input.push(*byte);
            }
        }
    }

    fn poll(&mut self, now: Instant, connection: Connection, buffer: &mut [u8]) -> Outgoing {
        let found = |client: &Client<'_>| client.connection == connection;
        let Some(index) = self.clients.iter().position(found) else {
            return Outgoing::Nothing;
        };
        loop {
            let Some(client) = self.clients.get_mut(index) else {
                return Outgoing::Nothing;
            };
            if client.stalled || client.not_before > now {
                return Outgoing::Nothing;
            }
            if let Some(ending) = client.ending {
                self.clients.swap_remove(index);
                return ending;
            }
            if let Some(answer) = client.answer.as_mut().filter(|answer| !answer.is_done()) {
                let piece = answer.fill(buffer, self.faults.until_interruption());
                self.statistics.body_bytes += u64::from(piece.image);
                match self.faults.sent(piece.image) {
                    None => {}
                    Some(Interruption::Pause(pause)) => client.not_before = now + pause,
                    Some(Interruption::Stall) => client.stalled = true,
                    Some(Interruption::Close) => client.ending = Some(Outgoing::Close),
                    Some(Interruption::Reset) => client.ending = Some(Outgoing::Reset),
                }
                return Outgoing::Bytes(piece.len);
            }
            if let Some(answer) = client.answer.take() {
                client.ending = answer.closes.then_some(Outgoing::Close);
                continue;
            }
            let answer = match parse(&client.input) {
                Parsed::Partial => return Outgoing::Nothing,
                Parsed::Whole(request, len) => {
                    client.input.rotate_left(len);
                    client.input.truncate(client.input.len() - len);
                    self.statistics.requests += 1;
                    self.answer(now, &request)
                }
                Parsed::Refused(status) => {
                    self.statistics.requests += 1;
                    self.record(now, status, None);
                    self.status(status, true, |head| {
                        if status == 405 {
                            head.field("Allow", format_args!("GET, HEAD"));
                        }
                    })
                }
            };
            if let Some(client) = self.clients.get_mut(index) {
                client.answer = Some(answer);
            }
        }
    }

    fn next_timeout(&self, now: Instant, connection: Connection) -> Option<Instant> {
        let mut clients = self.clients.iter();
        let client = clients.find(|client| client.connection == connection)?;
        let busy = client.answer.is_some() || client.ending.is_some();
        (busy && !client.stalled).then_some(client.not_before.max(now))
    }

    fn closed(&mut self, _now: Instant, connection: Connection) {
        self.clients
            .retain(|client| client.connection != connection);
    }

    fn is_present(&self) -> bool {
        self.present
    }
}

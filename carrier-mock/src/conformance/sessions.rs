//! Checks of [`Sessions`], against a [peer](super::peer). The link is up.

use lwm2m_carrier::hal::{
    Clock, Expect, OpenRequest, Opened, Received, Security, SecurityTag, SessionError,
    SessionErrorKind, SessionId, Sessions, Transport,
};
use lwm2m_core::time::Duration;

use super::breach::{Breach, Rule};
use super::peer::{byte, command};
use super::time::{once, pause, within};

const OPEN: Rule = Rule::new(
    "sessions::open",
    "open() answers Ready, or Pending and receive() tells the outcome",
);
const WHOLE: Rule = Rule::new(
    "sessions::datagrams",
    "a datagram of up to 1,280 bytes comes whole or not at all",
);
const LONG: Rule = Rule::new(
    "sessions::long_datagram",
    "of a datagram that is longer than the buffer nothing is returned",
);
const CANCEL: Rule = Rule::new(
    "sessions::cancel",
    "what a dropped receive() would have returned is returned by the next one",
);
const CLOSED: Rule = Rule::new(
    "sessions::closed",
    "nothing is returned for a session that was closed, and nothing sent on it",
);
const APART: Rule = Rule::new(
    "sessions::apart",
    "what is received is told with its own session",
);
const STREAM: Rule = Rule::new(
    "sessions::stream",
    "the bytes of a stream come in order and all, however they are cut",
);
const ENDED: Rule = Rule::new(
    "sessions::peer_close",
    "a stream that the peer has ended is Closed, behind all that it has sent",
);
const HOLD: Rule = Rule::new(
    "sessions::hold",
    "nothing of a held session is returned, and nothing is lost",
);
const REFUSED: Rule = Rule::new(
    "sessions::refused",
    "a connection that is refused is Refused",
);
const NAME: Rule = Rule::new(
    "sessions::unknown_name",
    "a name that does not resolve is NameResolution",
);
const SILENT: Rule = Rule::new(
    "sessions::silent",
    "a peer that does not answer is given up with Timeout",
);
const SECURED: Rule = Rule::new(
    "sessions::secured",
    "a secured session without credentials does not open",
);

/// How long an open may take: two minutes.
const OPENING: Duration = Duration::from_secs(120);
/// How long an answer of the peer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long is listened for something that must not come.
const QUIET: Duration = Duration::from_millis(500);
/// Bytes of the longest datagram (RFC 8200, section 5: every link carries it).
const LONGEST: usize = 1280;
/// Bytes that the peer sends on a stream.
const MANY: u32 = 20_000;

const ONE: SessionId = SessionId::new(0);
const TWO: SessionId = SessionId::new(1);

/// Where the peer and others are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Places<'a> {
    /// Name or address of the [peer](super::peer).
    pub host: &'a str,
    /// Its port for datagrams.
    pub udp: u16,
    /// Its port for streams; `None`: the device has no streams.
    pub tcp: Option<u16>,
    /// A place where streams are refused.
    pub refused: Option<(&'a str, u16)>,
    /// A place that does not answer those who open a stream.
    pub silent: Option<(&'a str, u16)>,
    /// A name that does not resolve.
    pub unknown: Option<&'a str>,
    /// A tag without credentials.
    pub empty_tag: SecurityTag,
}

impl<'a> Places<'a> {
    /// A peer for datagrams, and a name that RFC 6761 keeps from resolving.
    #[must_use]
    pub const fn new(host: &'a str, udp: u16) -> Self {
        Self {
            host,
            udp,
            tcp: None,
            refused: None,
            silent: None,
            unknown: Some("nobody.invalid"),
            empty_tag: SecurityTag(2_000_003),
        }
    }

    /// The same, with a port for streams.
    #[must_use]
    pub const fn with_streams(mut self, tcp: u16) -> Self {
        self.tcp = Some(tcp);
        self
    }

    /// The same, with a place that refuses streams.
    #[must_use]
    pub const fn with_refused(mut self, host: &'a str, port: u16) -> Self {
        self.refused = Some((host, port));
        self
    }

    /// The same, with a place that does not answer streams.
    #[must_use]
    pub const fn with_silent(mut self, host: &'a str, port: u16) -> Self {
        self.silent = Some((host, port));
        self
    }

    /// The same, without names: the device takes addresses alone.
    #[must_use]
    pub const fn without_names(mut self) -> Self {
        self.unknown = None;
        self
    }

    const fn datagrams(&self) -> OpenRequest<'a> {
        OpenRequest::new(self.host, self.udp)
    }
}

/// All checks that `places` allow; every session is closed afterwards.
///
/// # Errors
/// The first breach.
pub async fn all(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    datagrams(sessions, clock, places).await?;
    long_datagram(sessions, clock, places).await?;
    cancel(sessions, clock, places).await?;
    closed(sessions, clock, places).await?;
    apart(sessions, clock, places).await?;
    failures(sessions, clock, places).await?;
    if let Some(port) = places.tcp {
        let request = OpenRequest::new(places.host, port).over(Transport::Stream);
        stream(sessions, clock, &request).await?;
        peer_close(sessions, clock, &request).await?;
        hold(sessions, clock, &request).await?;
    }
    Ok(())
}

/// Datagrams of all lengths up to 1,280 bytes come back as they were, each in one piece; one that the port refuses is not
/// sent in part.
///
/// # Errors
/// A breach.
pub async fn datagrams(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, &places.datagrams(), OPEN).await?;
    for len in [1, 2, 63, 64, 512, 1024, LONGEST - 1, LONGEST] {
        let (sent, mut buffer) = (datagram(len as u8), [0; LONGEST]);
        let sent = sent.get(..len).unwrap_or_default();
        if let Err(error) = sessions.send(ONE, sent, Expect::Reply).await {
            let long = error.kind == SessionErrorKind::TooLong && len > 1024;
            WHOLE.keep(long, "send() fails")?;
            nothing(sessions, clock, WHOLE).await?;
            continue;
        }
        let got = receive(sessions, clock, &mut buffer, WHOLE).await?;
        let whole = got == (ONE, Received::Datagram(len)) && buffer.get(..len) == Some(sent);
        WHOLE.keep(whole, "another datagram, or a part of it")?;
    }
    nothing(sessions, clock, WHOLE).await?;
    sessions.close(ONE).await;
    Ok(())
}

/// A buffer that is too short gets nothing of a datagram, neither at once nor with the next one.
///
/// # Errors
/// A breach.
pub async fn long_datagram(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, &places.datagrams(), OPEN).await?;
    let (long, mut short) = (datagram(1), [0; 64]);
    let sent = long.get(..65).unwrap_or_default();
    LONG.done("send", sessions.send(ONE, sent, Expect::Reply).await)?;
    let got = within(clock, QUIET, sessions.receive(&mut short)).await;
    LONG.keep(got.is_none(), "a part of it")?;
    LONG.done("send", sessions.send(ONE, b"short", Expect::Reply).await)?;
    let got = receive(sessions, clock, &mut short, LONG).await?;
    let right = got == (ONE, Received::Datagram(5)) && short.starts_with(b"short");
    LONG.keep(right, "something else than the next datagram")?;
    sessions.close(ONE).await;
    Ok(())
}

/// Receiving is begun and dropped all the time, and each of eight datagrams comes all the same.
///
/// # Errors
/// A breach.
pub async fn cancel(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, &places.datagrams(), OPEN).await?;
    for number in 0..8 {
        let sent = [number; 9];
        CANCEL.done("send", sessions.send(ONE, &sent, Expect::Reply).await)?;
        let (until, mut buffer) = (clock.now() + ANSWER, [0; 16]);
        let got = loop {
            if let Some(got) = once(sessions.receive(&mut buffer)).await {
                break Some(got);
            }
            if clock.now() >= until {
                break None;
            }
            pause(clock, Duration::from_millis(1)).await;
        };
        let got = CANCEL.in_time("receive", got)?;
        let right = got == (ONE, Received::Datagram(9)) && buffer.starts_with(&sent);
        CANCEL.keep(right, "something else than was sent")?;
    }
    sessions.close(ONE).await;
    Ok(())
}

/// An answer that comes after [`Sessions::close`] is not returned, not even to a session that is opened anew under the
/// same number; sending on a closed session is [`SessionErrorKind::Closed`], closing it again fine.
///
/// # Errors
/// A breach.
pub async fn closed(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, &places.datagrams(), OPEN).await?;
    for linger in [Duration::ZERO, QUIET] {
        CLOSED.done("send", sessions.send(ONE, b"late", Expect::Reply).await)?;
        pause(clock, linger).await;
        sessions.close(ONE).await;
        sessions.close(ONE).await;
        nothing(sessions, clock, CLOSED).await?;
        let sent = sessions.send(ONE, b"late", Expect::Reply).await;
        let refused = sent.map_err(|error| error.kind) == Err(SessionErrorKind::Closed);
        CLOSED.keep(refused, "send() with another answer than Closed")?;
        open(sessions, clock, ONE, &places.datagrams(), CLOSED).await?;
        nothing(sessions, clock, CLOSED).await?;
    }
    sessions.close(ONE).await;
    Ok(())
}

/// Two sessions at a time; one is closed, and the other goes on.
///
/// # Errors
/// A breach.
pub async fn apart(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    for session in [ONE, TWO] {
        open(sessions, clock, session, &places.datagrams(), OPEN).await?;
    }
    for session in [TWO, ONE, ONE, TWO] {
        echo(sessions, clock, session).await?;
    }
    sessions.close(ONE).await;
    echo(sessions, clock, TWO).await?;
    sessions.close(TWO).await;
    Ok(())
}

async fn echo(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    session: SessionId,
) -> Result<(), Breach> {
    let mut buffer = [0; 16];
    let sent = [session.number(); 3];
    APART.done("send", sessions.send(session, &sent, Expect::Reply).await)?;
    let got = receive(sessions, clock, &mut buffer, APART).await?;
    let right = got == (session, Received::Datagram(3)) && buffer.starts_with(&sent);
    APART.keep(right, "another session or other bytes")
}

/// Names that do not resolve, peers that refuse or are silent, and secured sessions without credentials do not open, and
/// say why.
///
/// # Errors
/// A breach.
pub async fn failures(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    places: &Places<'_>,
) -> Result<(), Breach> {
    if let Some(name) = places.unknown {
        let request = OpenRequest::new(name, places.udp);
        fails(
            sessions,
            clock,
            &request,
            SessionErrorKind::NameResolution,
            NAME,
        )
        .await?;
    }
    if let Some((host, port)) = places.refused {
        let request = OpenRequest::new(host, port).over(Transport::Stream);
        fails(
            sessions,
            clock,
            &request,
            SessionErrorKind::Refused,
            REFUSED,
        )
        .await?;
    }
    if let Some((host, port)) = places.silent {
        let request = OpenRequest::new(host, port).over(Transport::Stream);
        fails(sessions, clock, &request, SessionErrorKind::Timeout, SILENT).await?;
    }
    let secured = Security::Tag(places.empty_tag);
    let request = places.datagrams().secured_by(secured);
    let error = try_open(sessions, clock, ONE, &request, SECURED).await?;
    SECURED.keep(error.is_err(), "an open session")?;
    sessions.close(ONE).await;
    Ok(())
}

async fn fails(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    request: &OpenRequest<'_>,
    kind: SessionErrorKind,
    rule: Rule,
) -> Result<(), Breach> {
    match try_open(sessions, clock, ONE, request, rule).await? {
        Ok(()) => rule.keep(false, "an open session")?,
        Err(error) if error.kind != kind => rule.done("open, as another kind,", Err(error))?,
        Err(_) => {}
    }
    nothing(sessions, clock, rule).await?;
    let sent = sessions.send(ONE, b"x", Expect::Reply).await;
    rule.keep(sent.is_err(), "a session that takes bytes")
}

/// 20,000 bytes of a stream, read into buffers of changing lengths, half of the receives dropped.
///
/// # Errors
/// A breach.
pub async fn stream(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    request: &OpenRequest<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, request, OPEN).await?;
    // A command in two pieces: a stream has no borders.
    let [a, b, c, d] = command(b'p', MANY);
    for piece in [[a, b], [c, d]] {
        STREAM.done("send", sessions.send(ONE, &piece, Expect::Reply).await)?;
    }
    collect(sessions, clock, 0, MANY, STREAM).await?;
    nothing(sessions, clock, STREAM).await?;
    sessions.close(ONE).await;
    nothing(sessions, clock, CLOSED).await
}

/// The peer sends and ends the stream at once: all bytes come, then [`Received::Closed`] with [`SessionErrorKind::Closed`],
/// once.
///
/// # Errors
/// A breach.
pub async fn peer_close(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    request: &OpenRequest<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, request, OPEN).await?;
    let mut commands = [0; 8];
    let both = command(b'p', 3000).into_iter().chain(command(b'c', 0));
    for (to, from) in commands.iter_mut().zip(both) {
        *to = from;
    }
    ENDED.done("send", sessions.send(ONE, &commands, Expect::Reply).await)?;
    // Time for all of it to come, the end with it.
    pause(clock, QUIET).await;
    collect(sessions, clock, 0, 3000, ENDED).await?;
    let mut buffer = [0; 64];
    match receive(sessions, clock, &mut buffer, ENDED).await? {
        (ONE, Received::Closed(error)) if error.kind == SessionErrorKind::Closed => {}
        (ONE, Received::Closed(error)) => ENDED.done("the stream, in another way,", Err(error))?,
        _ => ENDED.keep(false, "something behind the last byte")?,
    }
    nothing(sessions, clock, ENDED).await?;
    let sent = sessions.send(ONE, b"x", Expect::Reply).await;
    ENDED.keep(sent.is_err(), "a session that takes bytes")
}

/// Nothing of a held stream is returned, while a datagram of another session is; then all of it.
///
/// # Errors
/// A breach.
pub async fn hold(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    request: &OpenRequest<'_>,
) -> Result<(), Breach> {
    open(sessions, clock, ONE, request, OPEN).await?;
    let pattern = command(b'p', MANY);
    HOLD.done("send", sessions.send(ONE, &pattern, Expect::Reply).await)?;
    collect(sessions, clock, 0, 100, HOLD).await?;
    sessions.hold(ONE, true);
    nothing(sessions, clock, HOLD).await?;
    sessions.hold(ONE, false);
    collect(sessions, clock, 100, MANY, HOLD).await?;
    // A hold ends with its session.
    sessions.hold(ONE, true);
    sessions.close(ONE).await;
    open(sessions, clock, ONE, request, OPEN).await?;
    HOLD.done("send", sessions.send(ONE, &pattern, Expect::Reply).await)?;
    collect(sessions, clock, 0, MANY, HOLD).await?;
    sessions.close(ONE).await;
    Ok(())
}

/// Receives bytes `from` to `to` of the pattern.
async fn collect(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    from: u32,
    to: u32,
    rule: Rule,
) -> Result<(), Breach> {
    let mut at = from;
    while at < to {
        let mut buffer = [0; 700];
        let room = ((to - at) as usize).min(1 + (at as usize * 7) % 700);
        let part = buffer.get_mut(..room).unwrap_or_default();
        if at.is_multiple_of(2)
            && let Some(got) = once(sessions.receive(part)).await
        {
            at = checked(got, part, at, rule)?;
            continue;
        }
        let got = receive(sessions, clock, part, rule).await?;
        at = checked(got, part, at, rule)?;
    }
    Ok(())
}

/// The end of what was received, if these are the bytes from `at` on.
fn checked(got: (SessionId, Received), part: &[u8], at: u32, rule: Rule) -> Result<u32, Breach> {
    let len = match got {
        (ONE, Received::Datagram(len)) => len,
        (_, Received::Closed(error)) => rule.done("the stream", Err(error))?,
        _ => {
            rule.keep(false, "another session")?;
            0
        }
    };
    let bytes = part.get(..len).filter(|bytes| !bytes.is_empty());
    rule.keep(bytes.is_some(), "no bytes, or more than the buffer takes")?;
    let mut pairs = (at..).zip(bytes.unwrap_or_default());
    let right = pairs.all(|(index, found)| byte(index) == *found);
    rule.keep(right, "bytes out of order")?;
    Ok(at.saturating_add(len as u32))
}

/// Opens a session and waits until it is.
async fn try_open(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    session: SessionId,
    request: &OpenRequest<'_>,
    rule: Rule,
) -> Result<Result<(), SessionError>, Breach> {
    let opened = within(clock, OPENING, sessions.open(session, request)).await;
    match rule.in_time("open", opened)? {
        Ok(Opened::Ready { .. }) => return Ok(Ok(())),
        Ok(Opened::Pending) => {}
        Err(error) => return Ok(Err(error)),
    }
    let mut buffer = [0; 64];
    let got = within(clock, OPENING, sessions.receive(&mut buffer)).await;
    match rule.in_time("receive", got)? {
        (id, Received::Opened { .. }) if id == session => Ok(Ok(())),
        (id, Received::Closed(error)) if id == session => Ok(Err(error)),
        _ => {
            rule.keep(false, "something else before the outcome of open()")?;
            Ok(Ok(()))
        }
    }
}

async fn open(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    session: SessionId,
    request: &OpenRequest<'_>,
    rule: Rule,
) -> Result<(), Breach> {
    let opened = try_open(sessions, clock, session, request, rule).await?;
    rule.done("open", opened)
}

async fn receive(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    buffer: &mut [u8],
    rule: Rule,
) -> Result<(SessionId, Received), Breach> {
    let got = within(clock, ANSWER, sessions.receive(buffer)).await;
    rule.in_time("receive", got)
}

async fn nothing(
    sessions: &mut impl Sessions,
    clock: &mut impl Clock,
    rule: Rule,
) -> Result<(), Breach> {
    let mut buffer = [0; LONGEST];
    let got = within(clock, QUIET, sessions.receive(&mut buffer)).await;
    rule.keep(got.is_none(), "something that must not come")
}

/// Bytes to send, which differ with `seed`.
fn datagram(seed: u8) -> [u8; LONGEST] {
    let mut bytes = [0; LONGEST];
    for (index, to) in (u32::from(seed)..).zip(bytes.iter_mut()) {
        *to = byte(index);
    }
    bytes
}

//! The TLS engine: embedded-tls, kept in a future.

use core::{convert::Infallible, net::IpAddr, pin::pin};

use embedded_tls::{
    CryptoProvider, CryptoRngCore, MaxFragmentLength, TLS_RECORD_OVERHEAD, TlsConfig,
    TlsConnection, TlsContext, TlsError, TlsReader, TlsVerifier, TlsWriter,
};
use p256_013::{
    ecdsa::DerSignature,
    elliptic_curve::rand_core::{self, CryptoRng, RngCore},
};
use pki_types::ServerName;

use super::{
    channel::{Request, Stage, TlsChannel, Wire},
    cipher::Suite,
    records::LONGEST,
    trust::{TrustAnchors, anchors, certificates},
    verifier::{PeerVerifier, Progress},
};
use crate::{
    driver::race::{Either, race},
    errno,
    fmt::info,
    hal::{Random, SessionError, SessionErrorKind},
};

/// Length of a read buffer that takes any record that a server may send.
pub const READ_BUFFER: usize = LONGEST;

/// Length of a write buffer that suffices: it holds the ClientHello with the server's name, and the requests of a
/// download.
pub const WRITE_BUFFER: usize = 1_024;

/// The shortest buffers: 512 bytes and 256 of overhead (RFC 6066, section 4); a ClientHello with a name of 255 bytes.
const SHORTEST_READ: usize = 768;
const SHORTEST_WRITE: usize = 768;

/// embedded-tls fills the buffer before it sends; a record carries no more than 2^14 bytes (RFC 8446, section 5.1).
const LONGEST_WRITE: usize = 16_384 + TLS_RECORD_OVERHEAD;

/// Bytes that are encrypted at once.
const PIECE: usize = 128;

/// Overhead of records for which a shorter length was agreed (RFC 6066, section 4).
const OVERHEAD: usize = 256;

impl<const CHUNK: usize> TlsChannel<CHUNK> {
    /// The engine: a future that never ends, to be pinned and handed to [`TlsSessions`](super::TlsSessions), which
    /// polls it.
    ///
    /// embedded-tls keeps its place in a record in the stack of a future, so a read of it must not be dropped; sessions
    /// are, again and again. So it lives in a future of its own, and the drops stop at the channel.
    ///
    /// * `read`: holds one record of the server, [`READ_BUFFER`] bytes unless it is known to send shorter ones. With a
    ///   shorter buffer, of 768 bytes at least, the server is asked for shorter records (RFC 6066, section 4), which not
    ///   all honour; one that is too long ends the session with `ENOMEM`
    /// * `write`: [`WRITE_BUFFER`] bytes, 768 at least
    /// * `trusted`: the CA certificates
    /// * `random`: fit for keys ([`Random::private`])
    pub async fn engine<A: TrustAnchors + ?Sized, R: Random>(
        &self,
        read: &mut [u8],
        write: &mut [u8],
        trusted: &A,
        mut random: R,
    ) -> Infallible {
        loop {
            let request = self
                .wait(|state| {
                    let request = (state.stage == Stage::Requested).then(|| state.request.take());
                    request
                        .flatten()
                        .inspect(|_| state.stage = Stage::Handshake)
                })
                .await;
            // Pinned here, a future is not moved into the next one, which would hold it twice.
            let given_up = self.wait(|state| (state.stage == Stage::Idle).then_some(()));
            let session = pin!(session(self, &request, read, write, trusted, &mut random));
            if let Either::Second(error) = race(given_up, session).await {
                self.with(|state| state.stage = Stage::Ended(error));
            }
        }
    }
}

/// One session; why it has ended.
#[allow(
    clippy::large_futures,
    reason = "they are the engine, which lives once, where the caller has pinned it"
)]
async fn session<const CHUNK: usize, A: TrustAnchors + ?Sized, R: Random>(
    channel: &TlsChannel<CHUNK>,
    request: &Request,
    read: &mut [u8],
    write: &mut [u8],
    trusted: &A,
    random: &mut R,
) -> SessionError {
    match connect(channel, request, read, write, trusted, random).await {
        Ok(mut connection) => {
            let error = {
                let (mut reader, mut writer) = connection.split();
                let receive = pin!(receive(channel, &mut reader));
                let send = pin!(send(channel, &mut writer));
                match race(receive, send).await {
                    Either::First(error) => data_error(error, channel),
                    Either::Second(Ok(())) => CLOSED,
                    Either::Second(Err(error)) => data_error(error, channel),
                }
            };
            if channel.stage() == Stage::Closing {
                // Whether the goodbye finds its way makes no difference any more.
                let _ = connection.close().await;
            }
            error
        }
        Err(error) => error,
    }
}

type Connection<'a, const CHUNK: usize> = TlsConnection<'a, Wire<'a, CHUNK>, Suite>;

/// Makes the handshake.
async fn connect<'a, const CHUNK: usize, A: TrustAnchors + ?Sized, R: Random>(
    channel: &'a TlsChannel<CHUNK>,
    request: &Request,
    read: &'a mut [u8],
    write: &'a mut [u8],
    trusted: &A,
    random: &mut R,
) -> Result<Connection<'a, CHUNK>, SessionError> {
    let certificates = certificates(trusted, &request.trust)?;
    let anchors = anchors(&certificates)?;
    let host = request.host();
    let name = ServerName::try_from(host).map_err(|_| INVALID)?;
    let mut config = TlsConfig::new();
    // Addresses are no names (RFC 6066, section 3).
    if host.parse::<IpAddr>().is_err() {
        config = config.with_server_name(host);
    }
    if let Some(length) = fragment_length(read.len()) {
        config = config.with_max_fragment_length(length);
    }
    if read.len() < SHORTEST_READ || write.len() < SHORTEST_WRITE {
        return Err(NO_MEMORY);
    }
    let longest = write.len().min(LONGEST_WRITE);
    let write = write.get_mut(..longest).ok_or(NO_MEMORY)?;
    let mut provider = Provider {
        random,
        verifier: PeerVerifier {
            name,
            anchors: &anchors,
            now: request.now,
            progress: Progress::Nothing,
        },
    };
    let mut connection = TlsConnection::new(Wire(channel), read, write);
    connection
        .open(TlsContext::new(&config, &mut provider))
        .await
        .map_err(|error| handshake_error(error, channel))?;
    if !provider.verifier.is_verified() {
        info!("the server has not shown who it is");
        return Err(REFUSED);
    }
    channel.with(|state| {
        state.opened = true;
        state.records.established();
        if state.stage == Stage::Handshake {
            state.stage = Stage::Open;
        }
    });
    Ok(connection)
}

/// What a read buffer of this length asks for.
const fn fragment_length(buffer: usize) -> Option<MaxFragmentLength> {
    if buffer >= LONGEST {
        None
    } else if buffer >= 4_096 + OVERHEAD {
        Some(MaxFragmentLength::Bits12)
    } else if buffer >= 2_048 + OVERHEAD {
        Some(MaxFragmentLength::Bits11)
    } else if buffer >= 1_024 + OVERHEAD {
        Some(MaxFragmentLength::Bits10)
    } else {
        Some(MaxFragmentLength::Bits9)
    }
}

/// Decrypts what comes, as long as somebody takes it.
async fn receive<'a, const CHUNK: usize>(
    channel: &TlsChannel<CHUNK>,
    reader: &mut TlsReader<'a, Wire<'a, CHUNK>, Suite>,
) -> TlsError {
    loop {
        let mut record = match reader.read_buffered().await {
            Ok(record) => record,
            Err(error) => return error,
        };
        while !record.is_empty() {
            let room = channel
                .wait(|state| Some(state.received.room()).filter(|room| *room > 0))
                .await;
            let bytes = record.pop(room);
            channel.with(|state| state.received.put(bytes));
        }
    }
}

/// Encrypts what is to be sent, until the session is to be closed.
async fn send<'a, const CHUNK: usize>(
    channel: &TlsChannel<CHUNK>,
    writer: &mut TlsWriter<'a, Wire<'a, CHUNK>, Suite>,
) -> Result<(), TlsError> {
    use embedded_io_async::Write as _;

    let mut piece = [0; PIECE];
    loop {
        let len = channel
            .wait(|state| match state.to_send.take(&mut piece) {
                0 if state.stage == Stage::Closing => Some(0),
                0 => None,
                len => Some(len),
            })
            .await;
        if len == 0 {
            return Ok(());
        }
        writer
            .write_all(piece.get(..len).unwrap_or_default())
            .await?;
        if channel.with(|state| state.to_send.is_empty()) {
            writer.flush().await?;
        }
    }
}

/// The session has ended in due form.
const CLOSED: SessionError = SessionError::new(SessionErrorKind::Closed, errno::ENOTCONN);
/// The stream has ended under the session, which anybody on the way can bring about.
const CUT: SessionError = SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);
/// The server is not who it should be, or there is no way to agree with it.
const REFUSED: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::ECONNREFUSED);
/// The name of the server is none.
const INVALID: SessionError = SessionError::new(SessionErrorKind::Handshake, errno::EINVAL);
/// A buffer is too short.
pub(super) const NO_MEMORY: SessionError =
    SessionError::new(SessionErrorKind::Resources, errno::ENOMEM);

fn handshake_error<const CHUNK: usize>(
    error: TlsError,
    channel: &TlsChannel<CHUNK>,
) -> SessionError {
    log_error("TLS handshake", &error);
    match error {
        TlsError::IoError if channel.with(|state| state.ended) => CUT,
        TlsError::InsufficientSpace => NO_MEMORY,
        _ => REFUSED,
    }
}

fn data_error<const CHUNK: usize>(error: TlsError, channel: &TlsChannel<CHUNK>) -> SessionError {
    match error {
        TlsError::ConnectionClosed => return CLOSED,
        TlsError::IoError if channel.with(|state| state.ended) => return CUT,
        _ => {}
    }
    log_error("TLS", &error);
    match error {
        TlsError::InsufficientSpace => NO_MEMORY,
        _ => SessionError::new(SessionErrorKind::Io, errno::EIO),
    }
}

fn log_error(what: &str, error: &TlsError) {
    let _ = error;
    #[cfg(all(feature = "log", not(feature = "defmt")))]
    info!("{}: {:?}", what, error);
    #[cfg(not(all(feature = "log", not(feature = "defmt"))))]
    info!("{} fails", what);
}

/// What embedded-tls asks for.
struct Provider<'a, R> {
    random: &'a mut R,
    verifier: PeerVerifier<'a>,
}

impl<R: Random> CryptoProvider for Provider<'_, R> {
    type CipherSuite = Suite;
    /// Never made: the device has no certificate.
    type Signature = DerSignature;

    fn rng(&mut self) -> impl CryptoRngCore {
        Rng(self.random)
    }

    fn verifier(&mut self) -> Result<&mut impl TlsVerifier<Suite>, TlsError> {
        Ok(&mut self.verifier)
    }
}

/// The port's randomness, as cryptography has it.
struct Rng<'a, R>(&'a mut R);

impl<R: Random> RngCore for Rng<'_, R> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.private(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: Random> CryptoRng for Rng<'_, R> {}

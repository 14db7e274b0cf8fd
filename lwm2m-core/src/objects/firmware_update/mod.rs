//! Firmware Update, object 5, version 1.0.

mod operations;
mod request;
mod state;

use core::fmt;

use crate::model::{Text, Ticket};

use super::{SetError, tables::firmware_update as table};
use request::Requests;

pub use request::FirmwareRequest;
pub use state::{DeliveryMethod, FirmwareState, UpdateResult};

/// Bytes of a package's name, and of its version.
const LABEL: usize = 64;

/// The highest protocol number of resource 8: CoAP over TLS.
const LAST_PROTOCOL: u8 = 5;

/// The Firmware Update object (Core 1.1.1, appendix E.6) with its one instance. It keeps the state machine that
/// servers see, and neither downloads nor installs: it leaves a [`FirmwareRequest`] for its owner.
///
/// | server | in state | becomes | request |
/// | --- | --- | --- | --- |
/// | writes a URI | Idle | Downloading | Download |
/// | writes a package, at once or in blocks | Idle; Downloading by a push, from its start | Downloading | Part |
/// | writes an empty URI, or a package of no byte or of one NUL byte | all but Updating | Idle, result 0, no URI | Cancel |
/// | executes Update | Downloaded | Updating, result 0 | Update |
///
/// Everything else is answered 4.05 and changes nothing. Arguments of Update are ignored: the object defines none.
///
/// # Its owner
///
/// After each call of the client, the owner asks for [requests](Self::take_request) and for
/// [what has changed](Self::take_changed), which it announces by
/// [`Client::changed`](crate::client::Client::changed). It tells by [`set`](Self::set) how a request went. While a
/// Cancel waits to be seen, `set` changes nothing: what it tells is about what was cancelled.
///
/// # Pushed packages
///
/// Parts are gathered in the owner's buffer and acknowledged at once as long as another one fits behind them. The part
/// that fills it, and the last one, are handed over by a [`FirmwareRequest::Part`], and the server waits until its
/// ticket is answered: that is the back-pressure. From then until the buffer is returned, a further part is answered
/// 5.03 and changes nothing. A part that is longer than the buffer, or than what is left of it, is answered 4.13; when
/// that happens amid a package, the push has failed with result 3. A push whose server falls silent for
/// EXCHANGE_LIFETIME has failed with result 4. Failures leave a Cancel.
///
/// A buffer that holds a multiple of the block size, 1,024 bytes or more, suits every server. A TLV header takes some
/// bytes of the first block only.
///
/// Tickets of this object have the highest bit set (0x8000 to 0xffff); other objects use those below.
///
/// # Examples
/// ```
/// use lwm2m_core::objects::{FirmwareState, FirmwareUpdate, UpdateResult};
///
/// let mut buffer = [0; 4096];
/// let mut firmware = FirmwareUpdate::new(&mut buffer);
/// firmware.set_protocols(&[0, 1])?; // CoAP and CoAPS
/// // After a restart: what was stored, or how the update went.
/// firmware.restore(FirmwareState::Idle, UpdateResult::Success, "")?;
/// assert_eq!(firmware.take_request(), None);
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
pub struct FirmwareUpdate<'b> {
    /// Away while the owner works with it.
    buffer: Option<&'b mut [u8]>,
    /// Bytes of a pushed package in the buffer.
    filled: usize,
    /// A part was handed over; the buffer is not free for another one.
    handed_over: bool,
    source: Source,
    state: FirmwareState,
    result: UpdateResult,
    method: DeliveryMethod,
    /// Bit n for protocol n of resource 8.
    protocols: u8,
    /// Bit n for resource n, which has changed.
    changed: u16,
    ticket: u16,
    requests: Requests,
    uri: Text<255>,
    name: Option<Text<LABEL>>,
    version: Option<Text<LABEL>>,
}

/// Where the package that is Downloading comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    /// Nothing is Downloading.
    None,
    Uri,
    /// The server; its next part begins at this offset.
    Push {
        next: u32,
    },
    /// The server, whose last part is with the owner.
    Pushed,
}

impl<'b> FirmwareUpdate<'b> {
    /// Idle, with a buffer for pushed packages.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self {
            buffer: Some(buffer),
            filled: 0,
            handed_over: false,
            source: Source::None,
            state: FirmwareState::Idle,
            result: UpdateResult::Initial,
            method: DeliveryMethod::Both,
            protocols: 0,
            changed: 0,
            ticket: 0,
            requests: Requests::new(),
            uri: Text::new(),
            name: None,
            version: None,
        }
    }

    /// What a server wants, each once and in their order.
    pub fn take_request(&mut self) -> Option<FirmwareRequest> {
        let request = self.requests.take();
        if request == Some(FirmwareRequest::Cancel) {
            self.release();
        }
        request
    }

    /// A resource whose value has changed, because of a server or of the owner; each once, until there is none.
    pub const fn take_changed(&mut self) -> Option<u16> {
        if self.changed == 0 {
            return None;
        }
        let resource = self.changed.trailing_zeros();
        self.changed &= self.changed.wrapping_sub(1);
        Some(resource as u16)
    }

    /// Takes the buffer away, for a part that was handed over or for a download. `None` while it is away already, or
    /// holds what is not handed over.
    pub fn take_buffer(&mut self) -> Option<&'b mut [u8]> {
        if self.filled > 0 && !self.handed_over {
            return None;
        }
        self.buffer.take()
    }

    /// Gives the buffer back: what was handed over has been taken.
    pub fn return_buffer(&mut self, buffer: &'b mut [u8]) {
        self.buffer = Some(buffer);
        self.release();
    }

    /// The state (resource 3).
    #[must_use]
    pub const fn state(&self) -> FirmwareState {
        self.state
    }

    /// The result (resource 5).
    #[must_use]
    pub const fn result(&self) -> UpdateResult {
        self.result
    }

    /// The package URI (resource 1); empty when there is none.
    #[must_use]
    pub fn uri(&self) -> &str {
        self.uri.as_str()
    }

    /// Tells how a request went. Changes nothing while a [`Cancel`](FirmwareRequest::Cancel) waits to be seen.
    ///
    /// A part that was handed over and whose buffer was not taken is void with every state but Downloading.
    pub fn set(&mut self, state: FirmwareState, result: UpdateResult) {
        if self.requests.has_cancel() {
            return;
        }
        self.show(state, result);
        if state != FirmwareState::Downloading {
            self.source = Source::None;
            self.release();
        } else if self.source == Source::None {
            self.source = Source::Uri;
        }
    }

    /// Puts back what was stored, before the client starts. A push does not survive a restart: Downloading without a
    /// URI becomes Idle with result 4.
    ///
    /// # Errors
    /// [`SetError::TooLong`] for a URI of more than 255 bytes; nothing has changed then.
    pub fn restore(
        &mut self,
        state: FirmwareState,
        result: UpdateResult,
        uri: &str,
    ) -> Result<(), SetError> {
        self.uri.set(uri).map_err(|_| SetError::TooLong)?;
        (self.state, self.result, self.source) = match state {
            FirmwareState::Downloading if uri.is_empty() => (
                FirmwareState::Idle,
                UpdateResult::ConnectionLost,
                Source::None,
            ),
            FirmwareState::Downloading => (state, result, Source::Uri),
            _ => (state, result, Source::None),
        };
        Ok(())
    }

    /// Sets the name of the package (resource 6), up to 64 bytes.
    ///
    /// # Errors
    /// [`SetError::TooLong`].
    pub fn set_package_name(&mut self, name: Option<&str>) -> Result<(), SetError> {
        self.name = label(name)?;
        self.mark(table::PKGNAME);
        Ok(())
    }

    /// Sets the version of the package (resource 7), up to 64 bytes.
    ///
    /// # Errors
    /// [`SetError::TooLong`].
    pub fn set_package_version(&mut self, version: Option<&str>) -> Result<(), SetError> {
        self.version = label(version)?;
        self.mark(table::PKGVERSION);
        Ok(())
    }

    /// Sets the protocols for downloads (resource 8): 0 CoAP, 1 CoAPS, 2 HTTP, 3 HTTPS, 4 CoAP over TCP, 5 CoAP over
    /// TLS. With none, which is the default, the resource is absent.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] above 5.
    pub fn set_protocols(&mut self, protocols: &[u8]) -> Result<(), SetError> {
        let mut bits = 0;
        for &protocol in protocols {
            if protocol > LAST_PROTOCOL {
                return Err(SetError::OutOfRange);
            }
            bits |= 1u8 << protocol;
        }
        self.protocols = bits;
        Ok(())
    }

    /// Sets how packages come (resource 9); both ways by default.
    pub const fn set_delivery_method(&mut self, method: DeliveryMethod) {
        self.method = method;
    }

    /// Notes a change of a resource.
    #[inline(never)]
    const fn mark(&mut self, resource: u16) {
        self.changed |= 1u16.wrapping_shl(resource as u32);
    }

    /// Changes state and result.
    fn show(&mut self, state: FirmwareState, result: UpdateResult) {
        if self.state != state {
            self.state = state;
            self.mark(table::STATE);
        }
        if self.result != result {
            self.result = result;
            self.mark(table::UPDATE_RESULT);
        }
    }

    /// The buffer is free again, if it is there and holds nothing that the owner has yet to see.
    fn release(&mut self) {
        if self.buffer.is_some() && !self.requests.has_part() {
            self.handed_over = false;
            self.filled = 0;
        }
    }

    /// What is under way ends with `result`, and the owner is told.
    fn end(&mut self, result: UpdateResult) {
        self.show(FirmwareState::Idle, result);
        self.source = Source::None;
        if !self.handed_over {
            self.filled = 0;
        }
        self.requests.leave_cancel();
    }

    fn forget_uri(&mut self) {
        if !self.uri.as_str().is_empty() {
            self.uri = Text::new();
            self.mark(table::PACKAGE_URI);
        }
    }

    const fn next_ticket(&mut self) -> Ticket {
        self.ticket = self.ticket.wrapping_add(1) | 0x8000;
        Ticket(self.ticket)
    }
}

fn label(text: Option<&str>) -> Result<Option<Text<LABEL>>, SetError> {
    text.map(Text::try_from)
        .transpose()
        .map_err(|_| SetError::TooLong)
}

impl fmt::Debug for FirmwareUpdate<'_> {
    /// Without the URI, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirmwareUpdate")
            .field("state", &self.state)
            .field("result", &self.result)
            .field("source", &self.source)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

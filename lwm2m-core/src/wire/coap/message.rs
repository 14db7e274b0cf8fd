//! Received messages.

use core::fmt;

use super::{Code, Options, RawOption, Token, VERSION, option};

/// The type of a message (RFC 7252, section 3).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "the field has two bits, all four values are taken"
)]
pub enum Kind {
    /// Confirmable: answered by an acknowledgement or a reset.
    Con = 0,
    /// Non-confirmable.
    Non = 1,
    /// Acknowledgement, empty or with a piggybacked response.
    Ack = 2,
    /// Reset: the message was received and cannot be processed.
    Rst = 3,
}

impl Kind {
    /// The kind in the two lower bits of `bits`.
    const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Con,
            1 => Self::Non,
            2 => Self::Ack,
            _ => Self::Rst,
        }
    }
}

/// Why a datagram is not a message that can be handled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ParseError {
    /// Shorter than a header, or of another version than 1: to be ignored silently (RFC 7252, section 3).
    Ignore,
    /// A message format error, a reserved code class, or a code that messages of this kind may not have (RFC 7252,
    /// sections 4.2 and 4.3): a confirmable message is answered with a reset, any other ignored.
    Malformed {
        /// The kind of the message.
        kind: Kind,
        /// The id of the message.
        message_id: u16,
    },
}

impl ParseError {
    /// The message id that a reset is to be sent for, if one is (RFC 7252, section 4.2).
    #[must_use]
    pub const fn reset(self) -> Option<u16> {
        match self {
            Self::Malformed {
                kind: Kind::Con,
                message_id,
            } => Some(message_id),
            _ => None,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignore => "not a CoAP message",
            Self::Malformed { .. } => "malformed CoAP message",
        })
    }
}

impl core::error::Error for ParseError {}

/// A received message, checked as a whole; what it returns borrows the datagram.
///
/// `Debug` shows the header and the length of the payload, which may hold secrets.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    token: &'a [u8],
    /// The datagram behind the token.
    options: &'a [u8],
    payload: &'a [u8],
    message_id: u16,
    kind: Kind,
    code: Code,
}

impl<'a> Message<'a> {
    /// Nothing but a header of zeros: in place of one that is not known yet.
    pub(crate) const EMPTY: Self = Self {
        token: &[],
        options: &[],
        payload: &[],
        message_id: 0,
        kind: Kind::Con,
        code: Code::EMPTY,
    };

    /// Checks the datagram against RFC 7252, sections 3 and 4: header, token, every option, and payload.
    ///
    /// Also checked is what the code says about the message: an empty message has nothing behind its header and is not
    /// non-confirmable, an acknowledgement does not carry a request, a reset is empty, and the code classes 1, 6 and 7
    /// are reserved (sections 4.1 to 4.3). Whether a method, a response code or an option is known is not.
    ///
    /// # Errors
    ///
    /// [`ParseError`] says what the message layer must do.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_each(datagram, |_| {})
    }

    /// The same, which shows `each` option where it is checked, so that nobody has to look for them again. What lies
    /// behind an option may still turn out to be malformed.
    pub(crate) fn parse_each(
        datagram: &'a [u8],
        each: impl FnMut(RawOption<'a>),
    ) -> Result<Self, ParseError> {
        let &[first, code, id_high, id_low, ref rest @ ..] = datagram else {
            return Err(ParseError::Ignore);
        };
        if first >> 6 != VERSION {
            return Err(ParseError::Ignore);
        }
        let kind = Kind::from_bits(first >> 4);
        let message_id = u16::from_be_bytes([id_high, id_low]);
        let code = Code(code);

        if let Some((token, options)) = rest.split_at_checked(usize::from(first & 0x0F))
            && token.len() <= Token::MAX_LEN
            && is_allowed(kind, code, rest)
            && let Ok(payload) = option::check(options, each)
        {
            return Ok(Self {
                token,
                options,
                payload,
                message_id,
                kind,
                code,
            });
        }
        Err(ParseError::Malformed { kind, message_id })
    }

    /// The type of the message.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The method or response code; class 1, 6 and 7 do not occur.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The message id.
    #[must_use]
    pub const fn message_id(&self) -> u16 {
        self.message_id
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> Token {
        Token::checked(self.token)
    }

    /// All options in their order.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        Options::new(self.options)
    }

    /// The first option with this number.
    #[must_use]
    pub fn option(&self, number: u16) -> Option<RawOption<'a>> {
        self.options().find(|option| option.number == number)
    }

    /// The payload, empty when there is none.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Whether a message of this kind may have this code, and what lies behind its header.
const fn is_allowed(kind: Kind, code: Code, rest: &[u8]) -> bool {
    match code.class() {
        0 if code.is_empty() => rest.is_empty() && !matches!(kind, Kind::Non),
        0 => matches!(kind, Kind::Con | Kind::Non),
        2..=5 => !matches!(kind, Kind::Rst),
        _ => false,
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("code", &self.code)
            .field("message_id", &self.message_id)
            .field("token", &self.token())
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Message<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "{} {} id {} token {}, {} bytes of payload",
            self.kind,
            self.code,
            self.message_id,
            self.token(),
            self.payload.len()
        );
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::{format, vec::Vec};

    use super::*;

    /// RFC 7252 appendix A, figures 16 and 20.
    #[test]
    fn examples_of_rfc_7252() {
        let request = b"\x40\x01\x7d\x34\xbbtemperature";
        let message = Message::parse(request).unwrap();
        assert_eq!((message.kind(), message.code()), (Kind::Con, Code::GET));
        assert_eq!(
            (message.message_id(), message.token()),
            (0x7d34, Token::EMPTY)
        );
        let options: Vec<_> = message.options().collect();
        assert_eq!(
            options,
            [RawOption {
                number: option::URI_PATH,
                value: b"temperature"
            }]
        );
        assert_eq!(message.payload(), b"");

        let message = Message::parse(b"\x60\x45\x7d\x34\xff22.3 C").unwrap();
        assert_eq!((message.kind(), message.code()), (Kind::Ack, Code::CONTENT));
        assert_eq!(message.options().count(), 0);
        assert_eq!(message.payload(), b"22.3 C");

        let message = Message::parse(b"\x60\x00\x7d\x38").unwrap();
        assert_eq!((message.kind(), message.code()), (Kind::Ack, Code::EMPTY));
        let message = Message::parse(b"\x41\x45\xad\x7b\x53\xff22.3 C").unwrap();
        assert_eq!((message.kind(), message.message_id()), (Kind::Con, 0xad7b));
        assert_eq!(message.token().as_bytes(), [0x53]);
    }

    /// RFC 7641 appendix A.1: the registration, its answer, and a notification.
    #[test]
    fn examples_of_rfc_7641() {
        let message = Message::parse(b"\x41\x01\x16\x33\x4a\x60\x5btemperature").unwrap();
        assert_eq!(message.option(option::OBSERVE).unwrap().uint(), Ok(0));
        assert_eq!(
            message.option(option::URI_PATH).unwrap().str(),
            Ok("temperature")
        );
        assert_eq!(message.option(option::ACCEPT), None);

        let message = Message::parse(b"\x61\x45\x16\x33\x4a\x61\x09\x81\x0f\xff18.5 Cel").unwrap();
        assert_eq!(message.token().as_bytes(), [0x4a]);
        assert_eq!(message.option(option::OBSERVE).unwrap().uint(), Ok(9));
        assert_eq!(message.option(option::MAX_AGE).unwrap().uint(), Ok(15));

        let message = Message::parse(b"\x51\x45\x7b\x50\x4a\x61\x10\x81\x0f\xff19.2 Cel").unwrap();
        assert_eq!((message.kind(), message.message_id()), (Kind::Non, 0x7b50));
        assert_eq!(message.option(option::OBSERVE).unwrap().uint(), Ok(16));
        assert_eq!(message.payload(), b"19.2 Cel");
    }

    /// A bootstrap server's Write carries keys.
    #[test]
    fn debug_does_not_show_the_payload() {
        let message = Message::parse(b"\x41\x03\x00\x01\xab\xffSECRET").unwrap();
        let text = format!("{message:?}");
        assert!(text.contains("0.03") && text.contains("0xab"), "{text}");
        assert!(
            !text.contains("SECRET") && !text.contains("83, 69"),
            "{text}"
        );
    }

    /// RFC 7252 section 4.2: only a confirmable message is answered with a reset.
    #[test]
    fn only_confirmable_messages_are_reset() {
        for (first, reset) in [
            (0x4F, Some(0x0102)),
            (0x5F, None),
            (0x6F, None),
            (0x7F, None),
        ] {
            let error = Message::parse(&[first, 1, 1, 2]).unwrap_err();
            assert_eq!(error.reset(), reset);
        }
        assert_eq!(ParseError::Ignore.reset(), None);
    }
}

//! Tokens.

use core::fmt;

use crate::wire::writer::copy;

/// What matches a response to its request: 0 to 8 bytes (RFC 7252, section 5.3.1).
///
/// Aligned so that it is copied as three words, not by a call of `memcpy`.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
#[repr(align(4))]
pub struct Token {
    /// At most 8.
    len: u8,
    /// Zero behind `len`, so that derived equality compares tokens.
    bytes: [u8; Self::MAX_LEN],
}

impl Token {
    /// The longest token, in bytes.
    pub const MAX_LEN: usize = 8;

    /// The token of no bytes.
    pub const EMPTY: Self = Self {
        len: 0,
        bytes: [0; Self::MAX_LEN],
    };

    /// The token `bytes`; `None` when there are more than 8.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= Self::MAX_LEN).then(|| Self::checked(bytes))
    }

    /// The token `bytes`, which are 8 at most.
    pub(super) fn checked(bytes: &[u8]) -> Self {
        let mut token = Self {
            len: bytes.len() as u8,
            bytes: [0; Self::MAX_LEN],
        };
        if let Some(room) = token.bytes.get_mut(..bytes.len()) {
            copy(room, bytes);
        }
        token
    }

    /// The bytes of the token.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The bytes of the token, and zeros behind them.
    pub(super) const fn padded(&self) -> &[u8; Self::MAX_LEN] {
        &self.bytes
    }

    /// The number of bytes, 0 to 8.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether the token has no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for Token {
    /// The bytes in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Token {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "0x{:02x}", self.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_up_to_eight_bytes() {
        assert_eq!(Token::new(b"").unwrap(), Token::EMPTY);
        assert_eq!(Token::new(b"12345678").unwrap().as_bytes(), b"12345678");
        assert_eq!(Token::new(b"123456789"), None);
        assert_eq!(Token::new(&[0; 300]), None);
        assert_eq!(size_of::<Token>(), 12);
    }

    /// RFC 7252 section 5.3.1: a token is a sequence of bytes, so its length counts.
    #[test]
    fn trailing_zeros_belong_to_the_token() {
        assert_ne!(Token::new(&[1]).unwrap(), Token::new(&[1, 0]).unwrap());
        assert_ne!(Token::EMPTY, Token::new(&[0]).unwrap());
    }
}

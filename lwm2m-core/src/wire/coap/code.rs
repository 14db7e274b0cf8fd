//! Method and response codes.

use core::fmt;

/// A method or response code: a class (3 bits) and a detail (5 bits), written `class.detail`.
///
/// RFC 7252, section 12.1; RFC 7959, section 2.9; RFC 8132, section 2.
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(
    clippy::exhaustive_structs,
    reason = "every byte is a code, and there is nothing beside it"
)]
pub struct Code(pub u8);

impl Code {
    /// 0.00: neither a request nor a response.
    pub const EMPTY: Self = Self::new(0, 0);

    /// 0.01
    pub const GET: Self = Self::new(0, 1);
    /// 0.02
    pub const POST: Self = Self::new(0, 2);
    /// 0.03
    pub const PUT: Self = Self::new(0, 3);
    /// 0.04
    pub const DELETE: Self = Self::new(0, 4);
    /// 0.05 (RFC 8132)
    pub const FETCH: Self = Self::new(0, 5);
    /// 0.06 (RFC 8132)
    pub const PATCH: Self = Self::new(0, 6);
    /// 0.07 (RFC 8132)
    pub const IPATCH: Self = Self::new(0, 7);

    /// 2.01
    pub const CREATED: Self = Self::new(2, 1);
    /// 2.02
    pub const DELETED: Self = Self::new(2, 2);
    /// 2.03
    pub const VALID: Self = Self::new(2, 3);
    /// 2.04
    pub const CHANGED: Self = Self::new(2, 4);
    /// 2.05
    pub const CONTENT: Self = Self::new(2, 5);
    /// 2.31 (RFC 7959)
    pub const CONTINUE: Self = Self::new(2, 31);

    /// 4.00
    pub const BAD_REQUEST: Self = Self::new(4, 0);
    /// 4.01
    pub const UNAUTHORIZED: Self = Self::new(4, 1);
    /// 4.02
    pub const BAD_OPTION: Self = Self::new(4, 2);
    /// 4.03
    pub const FORBIDDEN: Self = Self::new(4, 3);
    /// 4.04
    pub const NOT_FOUND: Self = Self::new(4, 4);
    /// 4.05
    pub const METHOD_NOT_ALLOWED: Self = Self::new(4, 5);
    /// 4.06
    pub const NOT_ACCEPTABLE: Self = Self::new(4, 6);
    /// 4.08 (RFC 7959)
    pub const REQUEST_ENTITY_INCOMPLETE: Self = Self::new(4, 8);
    /// 4.09 (RFC 8132)
    pub const CONFLICT: Self = Self::new(4, 9);
    /// 4.12
    pub const PRECONDITION_FAILED: Self = Self::new(4, 12);
    /// 4.13
    pub const REQUEST_ENTITY_TOO_LARGE: Self = Self::new(4, 13);
    /// 4.15
    pub const UNSUPPORTED_CONTENT_FORMAT: Self = Self::new(4, 15);
    /// 4.22 (RFC 8132)
    pub const UNPROCESSABLE_ENTITY: Self = Self::new(4, 22);

    /// 5.00
    pub const INTERNAL_SERVER_ERROR: Self = Self::new(5, 0);
    /// 5.01
    pub const NOT_IMPLEMENTED: Self = Self::new(5, 1);
    /// 5.02
    pub const BAD_GATEWAY: Self = Self::new(5, 2);
    /// 5.03
    pub const SERVICE_UNAVAILABLE: Self = Self::new(5, 3);
    /// 5.04
    pub const GATEWAY_TIMEOUT: Self = Self::new(5, 4);
    /// 5.05
    pub const PROXYING_NOT_SUPPORTED: Self = Self::new(5, 5);

    /// The code `class.detail`; the class is taken modulo 8, the detail modulo 32.
    #[must_use]
    pub const fn new(class: u8, detail: u8) -> Self {
        Self(class << 5 | detail & 0x1F)
    }

    /// The class, 0 to 7.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.0 >> 5
    }

    /// The detail, 0 to 31.
    #[must_use]
    pub const fn detail(self) -> u8 {
        self.0 & 0x1F
    }

    /// Whether this is 0.00.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this is a method, known or not.
    #[must_use]
    pub const fn is_request(self) -> bool {
        self.class() == 0 && self.0 != 0
    }

    /// Whether this is a response code, known or not: class 2 to 5.
    ///
    /// Class 3 has no codes, but RFC 7252 section 4.2 does not count it among the classes to reject as it does 1, 6
    /// and 7, so it is a response that is no success.
    #[must_use]
    pub const fn is_response(self) -> bool {
        matches!(self.class(), 2..=5)
    }

    /// Whether this is a response code of class 2.
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }
}

impl fmt::Display for Code {
    /// For example `4.04`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = [
            b'0' + self.class(),
            b'.',
            b'0' + self.detail() / 10,
            b'0' + self.detail() % 10,
        ];
        f.write_str(core::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Code {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}.{:02}", self.class(), self.detail());
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    /// Numbers from the registries of RFC 7252 section 12.1, RFC 7959 section 6 and RFC 8132 section 6.
    #[test]
    fn codes_have_their_registered_numbers() {
        for (code, byte, text) in [
            (Code::EMPTY, 0, "0.00"),
            (Code::GET, 1, "0.01"),
            (Code::IPATCH, 7, "0.07"),
            (Code::CREATED, 65, "2.01"),
            (Code::CONTENT, 69, "2.05"),
            (Code::CONTINUE, 95, "2.31"),
            (Code::BAD_REQUEST, 128, "4.00"),
            (Code::NOT_FOUND, 132, "4.04"),
            (Code::REQUEST_ENTITY_INCOMPLETE, 136, "4.08"),
            (Code::PRECONDITION_FAILED, 140, "4.12"),
            (Code::UNSUPPORTED_CONTENT_FORMAT, 143, "4.15"),
            (Code::INTERNAL_SERVER_ERROR, 160, "5.00"),
            (Code::PROXYING_NOT_SUPPORTED, 165, "5.05"),
            (Code(255), 255, "7.31"),
        ] {
            assert_eq!(code.0, byte);
            assert_eq!(code.to_string(), text);
        }
    }

    #[test]
    fn the_class_decides_what_a_code_is() {
        for byte in 0..=255 {
            let code = Code(byte);
            assert_eq!(code.is_empty(), byte == 0);
            assert_eq!(code.is_request(), (1..=31).contains(&byte));
            assert_eq!(code.is_response(), (64..=191).contains(&byte));
            assert_eq!(code.is_success(), (64..=95).contains(&byte));
        }
    }
}

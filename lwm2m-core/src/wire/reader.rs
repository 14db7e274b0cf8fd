//! A cursor over received bytes.

use super::Malformed;

/// Reads big-endian fields from the front of a byte slice; what it returns borrows the input.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that have not been read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte, without reading it.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        let (&first, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(first)
    }

    /// Reads `len` bytes (at most 8) as an unsigned integer.
    pub fn uint(&mut self, len: usize) -> Result<u64, Malformed> {
        if len > 8 {
            return Err(Malformed);
        }
        Ok(self
            .take(len)?
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// Reads `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_big_endian_and_bounded() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.uint(2), Ok(0x0102));
        assert_eq!(reader.take(2), Err(Malformed));
        assert_eq!(reader.u8(), Ok(3));
        assert_eq!(reader.u8(), Err(Malformed));
        assert_eq!(Reader::new(&[0; 9]).uint(9), Err(Malformed));
    }
}

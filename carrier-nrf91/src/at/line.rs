//! Commands, put together.

/// A command in the caller's buffer. What does not fit makes it unusable, so a command is whole or none.
pub(crate) struct Line<'b> {
    buffer: &'b mut [u8],
    len: Option<usize>,
}

impl<'b> Line<'b> {
    pub(crate) fn new(buffer: &'b mut [u8], text: &str) -> Self {
        let mut line = Self {
            buffer,
            len: Some(0),
        };
        line.text(text);
        line
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.len = self.len.and_then(|len| {
            let end = len.checked_add(bytes.len())?;
            self.buffer.get_mut(len..end)?.copy_from_slice(bytes);
            Some(end)
        });
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn number(&mut self, mut number: u32) -> &mut Self {
        let mut divisor = 1_000_000_000_u32;
        let mut begun = false;
        while divisor > 0 {
            let digit = number / divisor;
            begun |= digit > 0 || divisor == 1;
            if begun {
                self.bytes(&[b"0123456789".get(digit as usize).copied().unwrap_or(b'0')]);
            }
            number %= divisor;
            divisor /= 10;
        }
        self
    }

    /// The lowest `count` bits, the highest first, in quotes.
    pub(crate) fn bits(&mut self, value: u8, count: u32) -> &mut Self {
        self.text("\"");
        for bit in (0..count).rev() {
            let set = value.checked_shr(bit).unwrap_or(0) & 1 == 1;
            self.bytes(if set { b"1" } else { b"0" });
        }
        self.text("\"")
    }

    pub(crate) fn hex(&mut self, bytes: &[u8]) -> &mut Self {
        for byte in bytes {
            self.bytes(&hex_digits(*byte));
        }
        self
    }

    /// The command; `None` when it did not fit or is not text.
    pub(crate) fn finish(self) -> Option<&'b str> {
        core::str::from_utf8(self.buffer.get(..self.len?)?).ok()
    }
}

/// Both digits of a byte, in capitals.
pub(crate) fn hex_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|nibble| match nibble {
        0..10 => nibble | b'0',
        _ => nibble.saturating_add(b'A' - 10),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_is_whole_or_none() {
        let mut buffer = [0; 12];
        let mut line = Line::new(&mut buffer, "AT+CEREG=");
        line.number(0);
        assert_eq!(line.finish(), Some("AT+CEREG=0"));
        let mut line = Line::new(&mut buffer, "AT");
        line.number(2_147_483_647);
        assert_eq!(line.finish(), Some("AT2147483647"));
        let mut line = Line::new(&mut buffer, "AT+CEREG=");
        line.hex(&[0xA5]).bits(9, 4);
        assert_eq!(line.finish(), None);
    }
}

//! Base64 with the standard alphabet and padding (RFC 4648, section 4): opaque values in the text format (LwM2M Core
//! 1.1.1, Appendix C).
//!
//! Decoding is strict, as section 3 of the RFC recommends: missing padding, the URL-safe alphabet (`-`, `_`), line ends
//! and bits behind the last byte are malformed.

use super::{Malformed, writer::Writer};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes `bytes` in base64.
pub fn write(writer: &mut Writer<'_>, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let mut word = 0u32;
        for place in 0..3 {
            word = word << 8 | u32::from(group.get(place).copied().unwrap_or(0));
        }
        for place in 0..4 {
            let digit = (word >> (18 - 6 * place)) as usize & 0x3f;
            let symbol = ALPHABET.get(digit).copied().unwrap_or(b'=');
            writer.u8(if place <= group.len() { symbol } else { b'=' });
        }
    }
}

/// Decodes the base64 in `text` in place; the number of bytes, which stand at its front.
///
/// # Errors
///
/// [`Malformed`]; `text` is overwritten in part then.
pub fn decode(text: &mut [u8]) -> Result<usize, Malformed> {
    if !text.len().is_multiple_of(4) {
        return Err(Malformed);
    }
    let padding = match text {
        [.., b'=', b'='] => 2,
        [.., b'='] => 1,
        _ => 0,
    };
    let symbols = text.len() - padding;
    let (mut word, mut bits) = (0u32, 0);
    let mut out = 0;
    for place in 0..symbols {
        let digit = text.get(place).copied().and_then(digit).ok_or(Malformed)?;
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            if let Some(slot) = text.get_mut(out) {
                *slot = (word >> bits) as u8;
            }
            word &= (1 << bits) - 1;
            out += 1;
        }
    }
    if word != 0 {
        return Err(Malformed);
    }
    Ok(out)
}

const fn digit(symbol: u8) -> Option<u8> {
    Some(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn encoded(bytes: &[u8]) -> Vec<u8> {
        let mut buf = [0; 400];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer, bytes);
        let stored = writer.finish().stored;
        buf[..stored].to_vec()
    }

    fn decoded(text: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut text = text.to_vec();
        let len = decode(&mut text)?;
        text.truncate(len);
        Ok(text)
    }

    /// RFC 4648, section 10.
    #[test]
    fn the_vectors_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(bytes.as_bytes()), text.as_bytes());
            assert_eq!(decoded(text.as_bytes()).unwrap(), bytes.as_bytes());
        }
        assert_eq!(encoded(&[0xfb, 0xff, 0xbf]), b"+/+/");
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        for bad in [
            "Zg",
            "Zg=",
            "Zm8",
            "Zg===",
            "=",
            "====",
            "Z===",
            "Zh==",
            "Zm9=",
            "Zg==Zg==",
            "Z=g=",
            "-_-_",
            "Zm9v\n",
            "Zm 9",
            "Zm9vYmFy====",
        ] {
            assert_eq!(decoded(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decoded(&encoded(&bytes)), Ok(bytes));
        }

        #[test]
        fn what_is_decoded_is_canonical(text in "[A-Ca-c+/=]{0,8}") {
            if let Ok(bytes) = decoded(text.as_bytes()) {
                prop_assert_eq!(encoded(&bytes), text.as_bytes());
            }
        }
    }
}

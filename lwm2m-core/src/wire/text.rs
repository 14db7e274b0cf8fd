//! Plain text, content format 0: one value (LwM2M Core 1.1.1, section 7.4.1 and Appendix C).
//!
//! Integers, times and floats are those of [`number`], opaque values are [`base64`](super::base64), a
//! string is its own bytes. The forms that are left are here.

use super::{Malformed, number, writer::Writer};

/// Writes a boolean: `0` or `1`.
pub fn write_bool(writer: &mut Writer<'_>, value: bool) {
    writer.u8(b'0' + u8::from(value));
}

/// Writes an object link: `object:instance`.
pub fn write_object_link(writer: &mut Writer<'_>, object: u16, instance: u16) {
    number::write_u32(writer, object.into());
    writer.u8(b':');
    number::write_u32(writer, instance.into());
}

/// Reads a boolean.
///
/// # Errors
///
/// [`Malformed`] for anything but `0` and `1`.
pub const fn read_bool(text: &[u8]) -> Result<bool, Malformed> {
    match text {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Malformed),
    }
}

/// Reads an object link: the ids of the object and of its instance.
///
/// # Errors
///
/// [`Malformed`] unless it is two numbers of 16 bits with a colon between; leading zeros are allowed (`10:03`).
pub fn read_object_link(text: &[u8]) -> Result<(u16, u16), Malformed> {
    let colon = text
        .iter()
        .position(|&byte| byte == b':')
        .ok_or(Malformed)?;
    let (object, rest) = text.split_at_checked(colon).ok_or(Malformed)?;
    Ok((id(object)?, id(rest.get(1..).ok_or(Malformed)?)?))
}

/// Reads a string, in any format that holds it as bare bytes.
///
/// # Errors
///
/// [`Malformed`] where it is not UTF-8.
pub fn read_str(text: &[u8]) -> Result<&str, Malformed> {
    core::str::from_utf8(text).map_err(|_| Malformed)
}

fn id(text: &[u8]) -> Result<u16, Malformed> {
    if text.first() == Some(&b'+') {
        return Err(Malformed);
    }
    u16::try_from(number::parse_u64(text)?).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_one_digit() {
        assert_eq!(read_bool(b"0"), Ok(false));
        assert_eq!(read_bool(b"1"), Ok(true));
        for bad in ["", "2", "01", "true", "1 "] {
            assert_eq!(read_bool(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn strings_are_utf8() {
        assert_eq!(read_str("Zoë €".as_bytes()), Ok("Zoë €"));
        assert_eq!(read_str(b"Zo\xeb"), Err(Malformed));
    }

    #[test]
    fn object_links_are_two_ids() {
        assert_eq!(read_object_link(b"10:03"), Ok((10, 3)));
        assert_eq!(read_object_link(b"65535:65535"), Ok((65_535, 65_535)));
        for bad in [
            "", ":", "1", "1:", ":1", "1:2:3", "65536:0", "-1:0", "+1:0", "1 :0",
        ] {
            assert_eq!(read_object_link(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
        let mut buf = [0; 11];
        let mut writer = Writer::new(&mut buf);
        write_object_link(&mut writer, 65_535, 0);
        write_bool(&mut writer, true);
        assert_eq!(writer.finish().stored, 8);
        assert_eq!(&buf[..8], b"65535:01");
    }
}

//! A check sum.

/// CRC-32 as of ISO/IEC 13239: polynomial 0x04c11db7, bits reflected, start and final exclusive-or of all ones.
///
/// Bit by bit: records are short and seldom written, a table would cost a kilobyte of flash.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !continued(u32::MAX, bytes)
}

/// Goes on with the check sum of what came before, not yet inverted.
#[inline(never)]
pub(crate) fn continued(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let carry = (crc & 1).wrapping_neg();
            crc >> 1 ^ 0xedb8_8320 & carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value that catalogues of CRCs list for this one.
    #[test]
    fn the_check_value_is_right() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }
}

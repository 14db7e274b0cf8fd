//! The value of the options Block1 and Block2.

use crate::wire::Malformed;

/// The value of a Block1 or Block2 option (RFC 7959, section 2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Block {
    /// NUM: the number of the block, 0 to [`Block::MAX_NUM`].
    pub num: u32,
    /// M: whether more blocks follow; in a request for a block of a response it is false.
    pub more: bool,
    /// SZX: the size exponent, 0 (16 bytes) to 6 (1,024 bytes).
    pub szx: u8,
}

impl Block {
    /// The largest block number: NUM has 20 bits.
    pub const MAX_NUM: u32 = 0xF_FFFF;
    /// The largest size exponent; 7 is reserved over UDP.
    pub const MAX_SZX: u8 = 6;

    /// The block `num` of blocks of `16 << szx` bytes; `None` when a field is out of range.
    #[must_use]
    pub const fn new(num: u32, more: bool, szx: u8) -> Option<Self> {
        if num > Self::MAX_NUM || szx > Self::MAX_SZX {
            return None;
        }
        Some(Self { num, more, szx })
    }

    /// Takes the value of the option apart.
    ///
    /// # Errors
    ///
    /// [`Malformed`] for the reserved size exponent 7, which a request is answered with 4.00 for (RFC 7959,
    /// section 2.2), and for more than 24 bits, which [`RawOption::uint`](super::RawOption::uint) does not return.
    pub const fn from_uint(value: u32) -> Result<Self, Malformed> {
        match Self::new(value >> 4, value & 8 != 0, (value & 7) as u8) {
            Some(block) => Ok(block),
            None => Err(Malformed),
        }
    }

    /// The value of the option.
    #[must_use]
    pub const fn to_uint(self) -> u32 {
        self.num << 4 | (self.more as u32) << 3 | self.szx as u32
    }

    /// The size of a block in bytes, 16 to 1,024; the last block may be shorter.
    #[must_use]
    pub const fn size(self) -> usize {
        16 << (self.szx & 7)
    }

    /// Where the block starts in the whole body, in bytes.
    #[must_use]
    pub const fn offset(self) -> usize {
        (self.num as usize) << (4 + (self.szx & 7))
    }

    /// The largest size exponent whose blocks have at most `size` bytes; 0 when not even 16 bytes fit.
    #[must_use]
    pub const fn szx_for(size: usize) -> u8 {
        let mut szx = Self::MAX_SZX;
        while szx > 0 && 16 << szx > size {
            szx -= 1;
        }
        szx
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(num: u32, more: bool, szx: u8) -> Block {
        Block::new(num, more, szx).unwrap()
    }

    /// RFC 7959 section 3, which writes a block as NUM/M/size; the values 33 and 59 are those it gives itself.
    #[test]
    fn examples_of_rfc_7959() {
        for (value, num, more, size, offset) in [
            // 2:2/0/32
            (33, 2, false, 32, 64),
            // 1:3/1/128
            (59, 3, true, 128, 384),
            // 1:0/1/128, answered by 1:0/1/32, and so followed by 1:4/1/32 at the same offset as 1:1/1/128.
            (0x0B, 0, true, 128, 0),
            (0x09, 0, true, 32, 0),
            (0x49, 4, true, 32, 128),
            (0x1B, 1, true, 128, 128),
        ] {
            let block = Block::from_uint(value).unwrap();
            assert_eq!(
                (block.num, block.more, block.size(), block.offset()),
                (num, more, size, offset)
            );
            assert_eq!(block.to_uint(), value);
        }
    }

    #[test]
    fn limits() {
        assert_eq!(
            Block::from_uint(0xFF_FFFE),
            Ok(block(Block::MAX_NUM, true, 6))
        );
        assert_eq!(block(Block::MAX_NUM, true, 6).to_uint(), 0xFF_FFFE);
        assert_eq!(block(Block::MAX_NUM, false, 6).offset(), 0xF_FFFF * 1024);
        assert_eq!(Block::new(Block::MAX_NUM + 1, false, 0), None);
    }

    /// RFC 7959 section 2.2: the size exponent 7 is reserved.
    #[test]
    fn size_exponent_seven_is_reserved() {
        for value in [7, 0x0F, 0xFF_FFFF] {
            assert_eq!(Block::from_uint(value), Err(Malformed));
        }
        assert_eq!(Block::new(0, false, 7), None);
    }

    #[test]
    fn the_size_exponent_that_fits() {
        for (size, szx) in [
            (0, 0),
            (16, 0),
            (31, 0),
            (32, 1),
            (1023, 5),
            (1024, 6),
            (9999, 6),
        ] {
            assert_eq!(Block::szx_for(size), szx);
        }
    }
}

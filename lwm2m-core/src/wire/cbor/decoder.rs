//! Reading CBOR.

use super::{INDEFINITE, major};
use crate::wire::{
    Malformed,
    float::{self, Format},
    number,
    reader::Reader,
};

/// Tag of a number of seconds since 1970.
const TAG_EPOCH: u64 = 1;
/// Tag of a decimal fraction.
const TAG_DECIMAL: u64 = 4;

/// The bits of an initial byte that hold the major type, and those that hold the additional information.
const MAJOR: u8 = 0xe0;
const INFO: u8 = 0x1f;

/// Containers inside each other that [`Decoder::skip`] follows.
const DEPTH: usize = 8;

/// One item: a scalar, a string, or the header of what follows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Item<'a> {
    /// Integer from 0 up.
    Unsigned(u64),
    /// Integer below 0.
    Negative(i64),
    /// Byte string.
    Bytes(&'a [u8]),
    /// Text string; not checked to be UTF-8.
    Text(&'a [u8]),
    /// Array of this many items, or of those up to the [`Break`](Self::Break). No more are announced than the input
    /// has bytes.
    Array(Option<usize>),
    /// Map of this many pairs, or of those up to the [`Break`](Self::Break). No more are announced than the input has
    /// pairs of bytes.
    Map(Option<usize>),
    /// Tag of the item that follows.
    Tag(u64),
    /// Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// Float of any width.
    Float(f64),
    /// Undefined, or a simple value without a meaning here.
    Simple(u8),
    /// End of an array or map of indefinite length.
    Break,
}

/// A number of any kind.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "CBOR has no other numbers")]
pub enum Number {
    /// Integer from 0 up.
    Unsigned(u64),
    /// Integer below 0.
    Negative(i64),
    /// Float, or a decimal fraction.
    Float(f64),
}

impl Number {
    /// The number as a signed integer; none where it is out of range or has a fraction.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Unsigned(value) => i64::try_from(value).ok(),
            Self::Negative(value) => Some(value),
            Self::Float(value) => number::exact_i64(value),
        }
    }

    /// The number as an unsigned integer; none where it is out of range or has a fraction.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        match self {
            Self::Unsigned(value) => Some(value),
            _ => self.as_i64().and_then(|value| u64::try_from(value).ok()),
        }
    }

    /// The number as a float, rounded where it is an integer of more than 53 bits.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Unsigned(value) => float::from_magnitude(value, false),
            Self::Negative(value) => float::from_i64(value),
            Self::Float(value) => value,
        }
    }
}

/// Reads items from the front of a byte slice.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    reader: Reader<'a>,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(bytes),
        }
    }

    /// Whether everything has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// The bytes that have not been read.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// Reads one item.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the input ends early or is not well-formed, and for what this module cannot represent.
    pub fn item(&mut self) -> Result<Item<'a>, Malformed> {
        let (initial, argument) = self.head()?;
        Ok(match initial & MAJOR {
            major::UNSIGNED => Item::Unsigned(argument),
            major::NEGATIVE => Item::Negative(!i64::try_from(argument).map_err(|_| Malformed)?),
            major::BYTES => Item::Bytes(self.string(initial, argument)?.ok_or(Malformed)?),
            major::TEXT => Item::Text(self.string(initial, argument)?.ok_or(Malformed)?),
            major::ARRAY => Item::Array(self.count(initial, argument, 1)?),
            major::MAP => Item::Map(self.count(initial, argument, 2)?),
            major::TAG => Item::Tag(argument),
            _ => match initial & INFO {
                20 => Item::Bool(false),
                21 => Item::Bool(true),
                22 => Item::Null,
                25 => Item::Float(Format::HALF.read(argument as u32)),
                26 => Item::Float(Format::SINGLE.read(argument as u32)),
                27 => Item::Float(f64::from_bits(argument)),
                INDEFINITE => Item::Break,
                _ => Item::Simple(argument as u8),
            },
        })
    }

    /// Reads the initial byte of an item of type `major` whose argument is in it and below 24: the argument. None, and
    /// nothing is read, if the next item is anything else.
    #[inline]
    pub(in crate::wire) fn short(&mut self, major: u8) -> Option<u8> {
        let argument = self.reader.peek()?.wrapping_sub(major);
        if argument < 24 {
            let _initial = self.reader.u8();
            Some(argument)
        } else {
            None
        }
    }

    /// Reads a number: an integer, a float, or a decimal fraction (tag 4); a tag 1 before it is passed over.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where it is something else, a bignum among others.
    #[inline(never)]
    pub fn number(&mut self) -> Result<Number, Malformed> {
        if let Some(value) = self.short(major::UNSIGNED) {
            return Ok(Number::Unsigned(value.into()));
        }
        let mut item = self.item()?;
        if matches!(item, Item::Tag(TAG_EPOCH)) {
            item = self.item()?;
        }
        match item {
            Item::Float(value) => Ok(Number::Float(value)),
            Item::Unsigned(value) => Ok(Number::Unsigned(value)),
            Item::Negative(value) => Ok(Number::Negative(value)),
            Item::Tag(TAG_DECIMAL) => self.decimal_fraction(),
            _ => Err(Malformed),
        }
    }

    /// Reads a text string; it is not checked to be UTF-8.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where it is something else.
    pub fn text(&mut self) -> Result<&'a [u8], Malformed> {
        // Most texts are short, and need none of what else an item can be.
        if let Some(len) = self.short(major::TEXT) {
            return self.reader.take(len.into());
        }
        match self.item()? {
            Item::Text(text) => Ok(text),
            _ => Err(Malformed),
        }
    }

    /// Passes over one item with all that is in it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the input ends early, is not well-formed, or nests deeper than eight containers.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        // What each container around waits for.
        let mut open = [0; DEPTH];
        let mut depth = 0usize;
        let mut tagged = false;
        loop {
            let (initial, argument) = self.head()?;
            let inner = match initial & MAJOR {
                major::TAG => {
                    tagged = true;
                    continue;
                }
                major::ARRAY => self.count(initial, argument, 1)?.unwrap_or(UNTIL_BREAK),
                major::MAP => match self.count(initial, argument, 2)? {
                    Some(count) => count * 2,
                    None => KEY_UNTIL_BREAK,
                },
                major::BYTES | major::TEXT => {
                    self.string(initial, argument)?;
                    0
                }
                major::SIMPLE if initial & INFO == INDEFINITE => {
                    // A break ends the innermost container, which must be waiting for one.
                    depth = depth.checked_sub(1).ok_or(Malformed)?;
                    match open.get(depth) {
                        Some(&(UNTIL_BREAK | KEY_UNTIL_BREAK)) if !tagged => 0,
                        _ => return Err(Malformed),
                    }
                }
                _ => 0,
            };
            tagged = false;
            if inner > 0 {
                *open.get_mut(depth).ok_or(Malformed)? = inner;
                depth += 1;
                continue;
            }
            // One item is complete; it may complete those around it.
            loop {
                let Some(top) = depth.checked_sub(1) else {
                    return Ok(());
                };
                let left = open.get_mut(top).ok_or(Malformed)?;
                *left = match *left {
                    UNTIL_BREAK => UNTIL_BREAK,
                    KEY_UNTIL_BREAK => VALUE,
                    VALUE => KEY_UNTIL_BREAK,
                    count => count - 1,
                };
                if *left > 0 {
                    break;
                }
                depth = top;
            }
        }
    }

    /// Reads the initial byte of an item, and its argument.
    #[inline(never)]
    fn head(&mut self) -> Result<(u8, u64), Malformed> {
        let initial = self.reader.u8()?;
        Ok((initial, self.argument(initial)?))
    }

    /// The argument of the item that `initial` began; 0 where the length is not told.
    fn argument(&mut self, initial: u8) -> Result<u64, Malformed> {
        let info = initial & INFO;
        match info {
            0..=23 => Ok(u64::from(info)),
            24 => match self.reader.u8()? {
                // A simple value has one form only (RFC 8949, section 3.3).
                ..32 if initial & MAJOR == major::SIMPLE => Err(Malformed),
                argument => Ok(u64::from(argument)),
            },
            25..=27 => self.reader.uint(1 << (info - 24)),
            INDEFINITE
                if !matches!(
                    initial & MAJOR,
                    major::UNSIGNED | major::NEGATIVE | major::TAG
                ) =>
            {
                Ok(0)
            }
            _ => Err(Malformed),
        }
    }

    /// The number of items or pairs, each of which takes `least` bytes or more.
    fn count(&self, initial: u8, argument: u64, least: usize) -> Result<Option<usize>, Malformed> {
        if initial & INFO == INDEFINITE {
            return Ok(None);
        }
        match usize::try_from(argument) {
            Ok(count) if count <= self.reader.rest().len() / least => Ok(Some(count)),
            _ => Err(Malformed),
        }
    }

    fn take(&mut self, len: u64) -> Result<&'a [u8], Malformed> {
        self.reader
            .take(usize::try_from(len).map_err(|_| Malformed)?)
    }

    /// Reads a string; none where it is in several chunks.
    fn string(&mut self, initial: u8, len: u64) -> Result<Option<&'a [u8]>, Malformed> {
        if initial & INFO != INDEFINITE {
            return self.take(len).map(Some);
        }
        let mut whole: Option<&[u8]> = Some(&[]);
        while let Some(chunk) = self.chunk(initial)? {
            if !chunk.is_empty() {
                whole = whole.filter(|whole| whole.is_empty()).and(Some(chunk));
            }
        }
        Ok(whole)
    }

    /// The next chunk of the string of indefinite length that `initial` began: a string of definite length and of the
    /// same major type.
    fn chunk(&mut self, initial: u8) -> Result<Option<&'a [u8]>, Malformed> {
        let (chunk, len) = self.head()?;
        if chunk == major::SIMPLE | INDEFINITE {
            return Ok(None);
        }
        if chunk & MAJOR != initial & MAJOR || chunk & INFO == INDEFINITE {
            return Err(Malformed);
        }
        self.take(len).map(Some)
    }

    /// What follows tag 4 (RFC 8949, section 3.4.4): exponent and mantissa.
    fn decimal_fraction(&mut self) -> Result<Number, Malformed> {
        let Item::Array(Some(2)) = self.item()? else {
            return Err(Malformed);
        };
        let exponent = self.integer()?;
        let mantissa = self.integer()?;
        let (Some(exponent), signed) = (exponent.as_i64(), mantissa.as_i64()) else {
            return Err(Malformed);
        };
        if exponent == 0 {
            return Ok(mantissa);
        }
        signed
            .and_then(|mantissa| number::f64_from_decimal(mantissa, exponent))
            .map(Number::Float)
            .ok_or(Malformed)
    }

    /// Reads an integer.
    #[inline(never)]
    fn integer(&mut self) -> Result<Number, Malformed> {
        match self.item()? {
            Item::Unsigned(value) => Ok(Number::Unsigned(value)),
            Item::Negative(value) => Ok(Number::Negative(value)),
            _ => Err(Malformed),
        }
    }
}

/// What a container that is being skipped waits for, where it is no number of items: a break, where the next item would
/// be a key if it is a map, or the value to a key.
const UNTIL_BREAK: usize = usize::MAX;
const KEY_UNTIL_BREAK: usize = usize::MAX - 1;
const VALUE: usize = usize::MAX - 2;

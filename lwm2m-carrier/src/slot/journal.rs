//! What is known of the package, in flash.

use crate::record::crc32;

/// Name and version of the format.
const NAME: [u8; 4] = *b"LwF1";
/// The length in a header, where it is not known.
const UNKNOWN: u32 = u32::MAX;
const ERASED: u8 = 0xFF;

/// What a record says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The package is written up to here.
    Written = 1,
    /// It is complete, with this length.
    Complete = 2,
}

/// What one half says of its package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Half {
    /// 0 or 1.
    pub(super) index: usize,
    pub(super) generation: u32,
    /// Length of the package, as it was announced.
    pub(super) announced: Option<u32>,
    pub(super) given_up: bool,
    /// Bytes that are written for certain.
    pub(super) written: u32,
    /// Its length, if it is complete.
    pub(super) complete: Option<u32>,
    /// The next record that may be written.
    pub(super) next: u32,
}

impl Half {
    /// Whether it is of a later package, or a later half of the same, than `other`.
    pub(super) const fn is_newer(&self, other: &Self) -> bool {
        // Generations go round; two at a time are close to each other.
        self.generation.wrapping_sub(other.generation) < 1 << 31
    }
}

/// A header: name, generation and length, and the check sum of the three.
#[inline(never)]
fn header(generation: u32, announced: u32) -> [[u8; 4]; 4] {
    let (generation, announced) = (generation.to_le_bytes(), announced.to_le_bytes());
    let check = crc32([NAME, generation, announced].as_flattened());
    [NAME, generation, announced, check.to_le_bytes()]
}

/// A half's header: once it is written the half is in use.
pub(super) fn write_header(image: &mut [u8], generation: u32, announced: Option<u32>) {
    let header = header(generation, announced.unwrap_or(UNKNOWN));
    write_fields(image, header.as_flattened());
}

/// A record.
#[inline(never)]
pub(super) fn write_record(image: &mut [u8], kind: Kind, generation: u32, value: u32) {
    let fields = [value, check(kind, generation, value)].map(u32::to_le_bytes);
    write_fields(image, fields.as_flattened());
}

/// Bytes, and behind them flash that stays erased.
#[inline(never)]
fn write_fields(image: &mut [u8], fields: &[u8]) {
    image.fill(ERASED);
    for (to, from) in image.iter_mut().zip(fields) {
        *to = *from;
    }
}

/// Whether nothing is written here.
#[inline(never)]
pub(super) fn erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == ERASED)
}

/// Generation and announced length.
pub(super) fn parse_header(bytes: &[u8]) -> Option<(u32, Option<u32>)> {
    let (fields, _) = bytes.as_chunks::<4>();
    let [_, generation, announced, ..] = fields else {
        return None;
    };
    let generation = u32::from_le_bytes(*generation);
    let announced = u32::from_le_bytes(*announced);
    let known = Some(announced).filter(|size| *size != UNKNOWN);
    fields
        .starts_with(&header(generation, announced))
        .then_some((generation, known))
}

/// The number in a record of this kind and generation.
pub(super) fn parse_record(bytes: &[u8], kind: Kind, generation: u32) -> Option<u32> {
    let ([value, found, ..], _) = bytes.as_chunks::<4>() else {
        return None;
    };
    let value = u32::from_le_bytes(*value);
    (*found == check(kind, generation, value).to_le_bytes()).then_some(value)
}

fn check(kind: Kind, generation: u32, value: u32) -> u32 {
    let [a, b, c, d] = generation.to_le_bytes();
    let [e, f, g, h] = value.to_le_bytes();
    crc32(&[kind as u8, a, b, c, d, e, f, g, h])
}

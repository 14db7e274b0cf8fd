//! What is known of the package, in flash.

use embedded_storage_async::nor_flash::NorFlash;

use super::layout::Layout;
use crate::aligned::Aligned;
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

/// The journal of a flash. Reads that fail are taken as torn: an error correcting code may refuse a torn unit.
#[derive(Debug)]
pub(super) struct Journal<'a, F, const STAGE: usize> {
    flash: &'a mut F,
    layout: Layout,
}

impl<'a, F: NorFlash, const STAGE: usize> Journal<'a, F, STAGE> {
    pub(super) const fn new(flash: &'a mut F, layout: Layout) -> Self {
        Self { flash, layout }
    }

    /// What a half says; `None` if it has no header.
    pub(super) async fn half(&mut self, index: usize) -> Option<Half> {
        let base = self.layout.base(index);
        let mut buffer = Aligned::<STAGE>::ERASED;
        let header = self.read(base, self.layout.given_up, &mut buffer).await?;
        let (generation, announced) = parse_header(header)?;
        let at = base.saturating_add(self.layout.given_up);
        let unit = self.layout.log.saturating_sub(self.layout.given_up);
        let intact = self.read(at, unit, &mut buffer).await.is_some_and(erased);
        let mut half = Half {
            index,
            generation,
            announced,
            given_up: !intact,
            written: 0,
            complete: None,
            next: 0,
        };
        for number in 0..self.layout.records {
            let at = self.layout.record_at(base, number);
            let record = self.read(at, self.layout.record, &mut buffer).await;
            if record.is_some_and(erased) {
                continue;
            }
            // One is left out behind: it may have been torn, and read as erased all the same.
            half.next = number.saturating_add(2);
            let record = record.unwrap_or_default();
            if let Some(written) = parse_record(record, Kind::Written, generation) {
                half.written = half.written.max(written);
            } else if let Some(size) = parse_record(record, Kind::Complete, generation) {
                half.complete = Some(size);
            }
        }
        Some(half)
    }

    /// Both halves, the one in use first; that of an earlier one second.
    pub(super) async fn halves(&mut self) -> (Option<Half>, Option<Half>) {
        match (self.half(0).await, self.half(1).await) {
            (Some(zero), Some(one)) if one.is_newer(&zero) => (Some(one), Some(zero)),
            (None, one) => (one, None),
            (zero, one) => (zero, one),
        }
    }

    /// Marks the package of a half as given up, if that was not done yet.
    pub(super) async fn give_up(&mut self, half: &Half) -> Result<(), F::Error> {
        if half.given_up {
            return Ok(());
        }
        let base = self.layout.base(half.index);
        let mut bytes = Aligned::ERASED;
        bytes.from(0).fill(0);
        self.write(&Image {
            at: base.saturating_add(self.layout.given_up),
            len: self.layout.log.saturating_sub(self.layout.given_up),
            bytes,
        })
        .await
    }

    /// Takes a half into use for a package, of which so many bytes are written where it is `carried` over from the other
    /// half: erased, then the record of that, and the header last.
    pub(super) async fn occupy(
        &mut self,
        index: usize,
        generation: u32,
        announced: Option<u32>,
        carried: Option<u32>,
    ) -> Result<(), F::Error> {
        let base = self.layout.base(index);
        let end = base.saturating_add(self.layout.half);
        self.flash.erase(base, end).await?;
        if let Some(written) = carried {
            self.write_record(index, 0, generation, Kind::Written, written)
                .await?;
        }
        let header = self.header_image(index, generation, announced);
        self.write(&header).await
    }

    /// Writes a record. There must be room.
    pub(super) async fn write_record(
        &mut self,
        index: usize,
        number: u32,
        generation: u32,
        kind: Kind,
        value: u32,
    ) -> Result<(), F::Error> {
        let image = self.record_image(index, number, generation, kind, value);
        self.write(&image).await
    }

    /// A half's header: once it is written the half is in use.
    fn header_image(&self, index: usize, generation: u32, announced: Option<u32>) -> Image<STAGE> {
        let mut bytes = Aligned::ERASED;
        let announced = announced.unwrap_or(UNKNOWN);
        let mut end = 0;
        for field in [NAME, generation.to_le_bytes(), announced.to_le_bytes()] {
            end += bytes.put(end, &field);
        }
        let check = crc32(bytes.first(end));
        bytes.put(end, &check.to_le_bytes());
        Image {
            at: self.layout.base(index),
            len: self.layout.given_up,
            bytes,
        }
    }

    fn record_image(
        &self,
        index: usize,
        number: u32,
        generation: u32,
        kind: Kind,
        value: u32,
    ) -> Image<STAGE> {
        let mut bytes = Aligned::ERASED;
        let end = bytes.put(0, &value.to_le_bytes());
        bytes.put(end, &check(kind, generation, value).to_le_bytes());
        Image {
            at: self.layout.record_at(self.layout.base(index), number),
            len: self.layout.record,
            bytes,
        }
    }

    async fn write(&mut self, image: &Image<STAGE>) -> Result<(), F::Error> {
        let bytes = image.bytes.first(image.len as usize);
        self.flash.write(image.at, bytes).await
    }

    async fn read<'b>(
        &mut self,
        at: u32,
        len: u32,
        buffer: &'b mut Aligned<STAGE>,
    ) -> Option<&'b [u8]> {
        let bytes = buffer.from(0).get_mut(..len as usize)?;
        self.flash.read(at, bytes).await.ok()?;
        Some(bytes)
    }
}

/// What is to be written, and where.
struct Image<const STAGE: usize> {
    at: u32,
    len: u32,
    bytes: Aligned<STAGE>,
}

/// Whether nothing is written here.
pub(super) fn erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == ERASED)
}

/// Generation and announced length.
fn parse_header(bytes: &[u8]) -> Option<(u32, Option<u32>)> {
    let (content, rest) = bytes.split_at_checked(12)?;
    let (name, numbers) = content.split_first_chunk::<4>()?;
    let (generation, announced) = numbers.split_first_chunk::<4>()?;
    let announced = u32::from_le_bytes(*announced.first_chunk()?);
    let check = u32::from_le_bytes(*rest.first_chunk()?);
    let announced = Some(announced).filter(|size| *size != UNKNOWN);
    (*name == NAME && check == crc32(content))
        .then_some((u32::from_le_bytes(*generation), announced))
}

/// The number in a record of this kind and generation.
fn parse_record(bytes: &[u8], kind: Kind, generation: u32) -> Option<u32> {
    let (value, rest) = bytes.split_first_chunk::<4>()?;
    let value = u32::from_le_bytes(*value);
    let found = u32::from_le_bytes(*rest.first_chunk()?);
    (found == check(kind, generation, value)).then_some(value)
}

fn check(kind: Kind, generation: u32, value: u32) -> u32 {
    let [a, b, c, d] = generation.to_le_bytes();
    let [e, f, g, h] = value.to_le_bytes();
    crc32(&[kind as u8, a, b, c, d, e, f, g, h])
}

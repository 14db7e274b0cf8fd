//! Buffers that a flash driver can take.

/// Bytes at the start of a word in RAM: drivers with direct memory access ask for that.
#[derive(Debug)]
#[repr(align(4))]
pub(crate) struct Aligned<const N: usize>([u8; N]);

impl<const N: usize> Aligned<N> {
    /// As erased flash.
    pub(crate) const ERASED: Self = Self([0xFF; N]);

    /// The first bytes, at most all.
    pub(crate) fn first(&self, len: usize) -> &[u8] {
        self.0.get(..len).unwrap_or(&self.0)
    }

    /// The bytes from `at` on.
    pub(crate) fn from(&mut self, at: usize) -> &mut [u8] {
        self.0.get_mut(at..).unwrap_or_default()
    }

    /// Copies as many bytes as there is room for from `at` on; answers how many.
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) -> usize {
        let room = self.from(at);
        let pairs = room.iter_mut().zip(bytes);
        pairs.map(|(to, from)| *to = *from).count()
    }
}

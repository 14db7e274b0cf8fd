//! The buffer that shows whether a datagram was truncated.

/// The longest UDP payload is shorter than this (65,535 minus the headers); IPv6 jumbograms do not occur.
const LONGEST: usize = 65_535;

/// Room for the longest datagram.
///
/// A plain socket cuts a datagram to the caller's buffer without a word. Received here first, its whole length is
/// known.
#[derive(Clone)]
pub(super) struct Datagram(Box<[u8]>);

impl Datagram {
    pub(super) fn new() -> Self {
        Self(vec![0; LONGEST].into_boxed_slice())
    }

    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Copies as much of the `len` received bytes as fits, and answers `len`.
    pub(super) fn hand_over(&self, len: usize, buffer: &mut [u8]) -> usize {
        let fits = len.min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..fits), self.0.get(..fits)) {
            to.copy_from_slice(from);
        }
        len
    }
}

impl core::fmt::Debug for Datagram {
    /// Hides the content: it is the peer's data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Datagram")
    }
}

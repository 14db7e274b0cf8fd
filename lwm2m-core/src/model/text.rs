//! Strings and bytes with a fixed capacity, for objects that own their values.

use super::Error;

/// Text of up to `N` bytes of UTF-8, stored in place.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Text<const N: usize>(heapless::String<N, u16>);

impl<const N: usize> Text<N> {
    /// Empty text.
    #[must_use]
    pub const fn new() -> Self {
        Self(heapless::String::new())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Replaces the text.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when `text` has more than `N` bytes; nothing changes then.
    pub fn set(&mut self, text: &str) -> Result<(), Error> {
        if text.len() > N {
            return Err(Error::TooLarge);
        }
        self.0.clear();
        self.0.push_str(text).map_err(|_| Error::TooLarge)
    }
}

impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        let mut new = Self::new();
        new.set(text)?;
        Ok(new)
    }
}

/// Up to `N` bytes, stored in place. Not for secrets: they are neither hidden from `Debug` nor zeroized.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bytes<const N: usize>(heapless::Vec<u8, N, u16>);

impl<const N: usize> Bytes<N> {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(heapless::Vec::new())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Replaces the bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when there are more than `N`; nothing changes then.
    pub fn set(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() > N {
            return Err(Error::TooLarge);
        }
        self.0.clear();
        self.0.extend_from_slice(bytes).map_err(|_| Error::TooLarge)
    }
}

impl<const N: usize> TryFrom<&[u8]> for Bytes<N> {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        let mut new = Self::new();
        new.set(bytes)?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut text = Text::<3>::try_from("abc").unwrap();
        assert_eq!(text.set("abcd"), Err(Error::TooLarge));
        assert_eq!(text.as_str(), "abc");
        text.set("").unwrap();
        assert_eq!(text.as_str(), "");

        let mut bytes = Bytes::<2>::try_from([1u8, 2].as_slice()).unwrap();
        assert_eq!(bytes.set(&[1, 2, 3]), Err(Error::TooLarge));
        assert_eq!(bytes.as_slice(), [1, 2]);
    }
}

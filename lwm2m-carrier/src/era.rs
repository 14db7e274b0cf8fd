//! The numberings of events and errors through the releases of the library that this one replaces.

/// A range of releases of the nRF Connect SDK within which events and errors kept their numbers.
///
/// Hosts that see numbers instead of names (AT front ends, logs) say which one they expect; see
/// [`Event::number`](crate::Event::number).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "history; a new numbering is a breaking change on purpose"
)]
pub enum Era {
    /// 1.1
    V1_1,
    /// 1.2 and 1.3
    V1_2,
    /// 1.4 and 1.5
    V1_4,
    /// 1.6 and 1.7
    V1_6,
    /// 1.8 and 1.9
    V1_8,
    /// 2.0 to 2.3
    V2_0,
    /// 2.4 to 2.6
    V2_4,
    /// 2.7 to 3.2
    V2_7,
}

impl Era {
    /// The entry for this era of a table with one column per numbering; 0 stands for "does not exist".
    pub(crate) fn pick(self, numbers: [u8; 8]) -> Option<u32> {
        let number = numbers.get(self as usize).copied().unwrap_or(0);
        (number != 0).then_some(u32::from(number))
    }
}

//! Counters that outlive a restart.

use lwm2m_core::wire::{reader::Reader, writer::Writer};

use super::{Damaged, HEADER, STATE, open, put, seal, take};

/// What is counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct State {
    /// Starts of the device.
    pub(crate) boots: u32,
    /// Attempts to bootstrap or register since the last success: each start of the device that came so far, and each
    /// failure in between.
    pub(crate) attempts: u8,
    /// Observe numbers below this one may have been used: 24 bits that grow through restarts (RFC 7641, section 4.4).
    /// They are reserved in advance, so that not each of them must be stored.
    pub(crate) observe_number: u32,
}

impl State {
    /// Writes the record to `buffer`; its length, `None` when there is no room.
    pub(crate) fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(buffer.get_mut(HEADER..)?);
        put(&mut writer, self.boots, 4);
        put(&mut writer, self.attempts.into(), 1);
        put(&mut writer, self.observe_number, 3);
        let len = writer.finish().total;
        seal(buffer, STATE, len)
    }

    /// Reads the record.
    ///
    /// # Errors
    /// [`Damaged`] when it is not one.
    pub(crate) fn decode(record: &[u8]) -> Result<Self, Damaged> {
        let mut reader = Reader::new(open(record, STATE)?);
        let boots = take(&mut reader, 4)?;
        let attempts = reader.u8()?;
        let observe_number = take(&mut reader, 3)?;
        Ok(Self {
            boots,
            attempts,
            observe_number,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_come_back() {
        let state = State {
            boots: 0x0102_0304,
            attempts: 200,
            observe_number: 0x0a_0b0c,
        };
        let mut buffer = [0; 16];
        assert_eq!(state.encode(&mut buffer), Some(16));
        assert_eq!(buffer[..12], [1, 1, 0, 8, 1, 2, 3, 4, 200, 10, 11, 12]);
        assert_eq!(State::decode(&buffer), Ok(state));
        assert_eq!(state.encode(&mut [0; 15]), None);
        assert_eq!(state.encode(&mut []), None);
    }
}

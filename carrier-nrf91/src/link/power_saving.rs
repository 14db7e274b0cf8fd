//! Power saving mode and extended discontinuous reception.

use lwm2m_core::time::Duration;

use crate::at::{AccessTechnology, Line};

/// Power saving mode (3GPP TS 23.682, section 4.5.4), as it is asked of the network, which decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "the mode is off, or has these two timers"
)]
pub enum PowerSaving {
    /// None, whatever the modem has stored.
    Off,
    /// With these timers.
    On {
        /// How long the device sleeps at most between two periodic updates: extended T3412, up to 413 days.
        periodic_update: Duration,
        /// How long it can be reached after each exchange: T3324, up to 186 minutes.
        active_time: Duration,
    },
}

/// Extended discontinuous reception (3GPP TS 24.008, section 10.5.5.32), as it is asked of the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "reception is extended or not, and the request has these two parts"
)]
pub enum Edrx {
    /// None, with no radio, whatever the modem has stored.
    Off,
    /// With this cycle.
    On {
        /// For which radio.
        technology: AccessTechnology,
        /// Time between two pagings: 5.12 s to 43 minutes with LTE-M, 20.48 s to 2.9 hours with NB-IoT.
        cycle: Duration,
    },
}

/// Length of a unit in seconds and its three bits: GPRS Timer 3 (3GPP TS 24.008, table 10.5.163a).
const PERIODIC_UNITS: [(u32, u8); 7] = [
    (2, 0b011),
    (30, 0b100),
    (60, 0b101),
    (600, 0b000),
    (3_600, 0b001),
    (36_000, 0b010),
    (1_152_000, 0b110),
];

/// GPRS Timer 2 (3GPP TS 24.008, table 10.5.163).
const ACTIVE_UNITS: [(u32, u8); 3] = [(2, 0b000), (60, 0b001), (360, 0b010)];

/// Cycles in milliseconds and their values, those that both radios know.
const CYCLES: [(u32, u8); 12] = [
    (5_120, 0b0000),
    (10_240, 0b0001),
    (20_480, 0b0010),
    (40_960, 0b0011),
    (81_920, 0b0101),
    (163_840, 0b1001),
    (327_680, 0b1010),
    (655_360, 0b1011),
    (1_310_720, 0b1100),
    (2_621_440, 0b1101),
    (5_242_880, 0b1110),
    (10_485_760, 0b1111),
];

impl PowerSaving {
    /// `AT+CPSMS=0`, or 1 with both timers (3GPP TS 27.007, section 7.38).
    pub(super) fn command(self, buffer: &mut [u8]) -> Option<&str> {
        let Self::On {
            periodic_update,
            active_time,
        } = self
        else {
            return Some("AT+CPSMS=0");
        };
        let periodic = encode(&PERIODIC_UNITS, periodic_update);
        let active = encode(&ACTIVE_UNITS, active_time);
        let mut line = Line::new(buffer, "AT+CPSMS=1,,,");
        line.bits(periodic, 8).text(",").bits(active, 8);
        line.finish()
    }
}

impl Edrx {
    /// `AT+CEDRXS=0`, which counts for all radios, or 2, which subscribes notifications too (3GPP TS 27.007, section
    /// 7.40).
    pub(super) fn command(self, buffer: &mut [u8]) -> Option<&str> {
        let Self::On { technology, cycle } = self else {
            return Some("AT+CEDRXS=0");
        };
        let number = match technology {
            AccessTechnology::LteM => 4,
            AccessTechnology::NbIot => 5,
        };
        let mut line = Line::new(buffer, "AT+CEDRXS=2,");
        let value = cycle_value(technology, cycle);
        line.number(number).text(",").bits(value, 4);
        line.finish()
    }
}

/// The shortest cycle that is not shorter than the one asked for, or the longest of the radio.
fn cycle_value(technology: AccessTechnology, cycle: Duration) -> u8 {
    let known = match technology {
        AccessTechnology::LteM => CYCLES.get(..10),
        AccessTechnology::NbIot => CYCLES.get(2..),
    };
    let known = known.unwrap_or_default();
    let wanted = cycle.as_millis();
    let fits = known
        .iter()
        .find(|&&(length, _)| u64::from(length) >= wanted);
    fits.or_else(|| known.last()).map_or(0, |&(_, value)| value)
}

/// Three bits of unit and five of count: the shortest time that is not shorter than `time`, or the longest there is.
// Added up: a division of 64 bits is longer than all of this.
fn encode(units: &[(u32, u8)], time: Duration) -> u8 {
    let mut value = 0;
    for &(length, bits) in units {
        let (mut count, mut covered) = (0_u8, Duration::from_millis(0));
        while covered < time && count < 31 {
            covered = covered + Duration::from_secs(length.into());
            count = count.saturating_add(1);
        }
        value = (bits << 5) | count;
        if covered >= time {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn power_saving(periodic: u64, active: u64) -> PowerSaving {
        PowerSaving::On {
            periodic_update: Duration::from_secs(periodic),
            active_time: Duration::from_secs(active),
        }
    }

    #[test]
    fn timers_are_encoded_with_their_units() {
        let mut buffer = [0; 40];
        // 2 s is unit 011, 1 h is 001, 10 h is 010, 320 h is 110; for T3324 2 s is 000, 1 min is 001, 6 min is 010.
        for (seconds, active, expected) in [
            (2, 2, "AT+CPSMS=1,,,\"01100001\",\"00000001\""),
            (62, 62, "AT+CPSMS=1,,,\"01111111\",\"00011111\""),
            (63, 63, "AT+CPSMS=1,,,\"10000011\",\"00100010\""),
            (86_400, 3_600, "AT+CPSMS=1,,,\"00111000\",\"01001010\""),
            (129_600, 11_160, "AT+CPSMS=1,,,\"01000100\",\"01011111\""),
            (36_000_000, 90_000, "AT+CPSMS=1,,,\"11011111\",\"01011111\""),
        ] {
            assert_eq!(
                power_saving(seconds, active).command(&mut buffer),
                Some(expected)
            );
        }
    }

    #[test]
    fn both_can_be_switched_off() {
        assert_eq!(PowerSaving::Off.command(&mut []), Some("AT+CPSMS=0"));
        assert_eq!(Edrx::Off.command(&mut []), Some("AT+CEDRXS=0"));
    }

    #[test]
    fn cycle_is_the_next_longer_one_of_the_radio() {
        let command = |technology, millis| {
            let cycle = Duration::from_millis(millis);
            let mut buffer = [0; 40];
            Edrx::On { technology, cycle }
                .command(&mut buffer)
                .map(str::to_owned)
                .unwrap()
        };
        assert_eq!(
            command(AccessTechnology::LteM, 5_120),
            "AT+CEDRXS=2,4,\"0000\""
        );
        assert_eq!(
            command(AccessTechnology::LteM, 81_920),
            "AT+CEDRXS=2,4,\"0101\""
        );
        assert_eq!(
            command(AccessTechnology::LteM, 81_921),
            "AT+CEDRXS=2,4,\"1001\""
        );
        assert_eq!(
            command(AccessTechnology::LteM, 10_485_760),
            "AT+CEDRXS=2,4,\"1101\""
        );
        assert_eq!(
            command(AccessTechnology::NbIot, 0),
            "AT+CEDRXS=2,5,\"0010\""
        );
        assert_eq!(
            command(AccessTechnology::NbIot, 10_485_760),
            "AT+CEDRXS=2,5,\"1111\""
        );
    }
}

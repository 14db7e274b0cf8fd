//! Strength and quality of the signal, `+CESQ`, `%CESQ` and `%XMONITOR`.

use super::{AccessTechnology, Fields, RegistrationStatus};

/// Strength and quality of the reference signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Signal {
    /// Reference signal received power in dBm: -140 to -44.
    pub rsrp: Option<i16>,
    /// Reference signal received quality in dB, rounded down: -20 to -3.
    pub rsrq: Option<i16>,
}

impl Signal {
    /// Reads the answer to `AT+CESQ` (3GPP TS 27.007, section 8.69).
    #[must_use]
    pub fn from_answer(mut fields: Fields<'_>) -> Option<Self> {
        fields.nth(3)?;
        let rsrq = fields.number()?;
        let rsrp = fields.number()?;
        Some(Self {
            rsrp: rsrp_dbm(rsrp),
            rsrq: rsrq_db(rsrq),
        })
    }

    /// Reads a notification `%CESQ`.
    #[must_use]
    pub fn from_notification(mut fields: Fields<'_>) -> Option<Self> {
        let rsrp = fields.number()?;
        fields.next()?;
        let rsrq = fields.number()?;
        Some(Self {
            rsrp: rsrp_dbm(rsrp),
            rsrq: rsrq_db(rsrq),
        })
    }
}

/// 0 is below -140 dBm, 97 is -44 dBm or more, 255 not known.
fn rsrp_dbm(index: u8) -> Option<i16> {
    (index <= 97).then(|| i16::from(index).saturating_sub(141).max(-140))
}

/// 0 is below -19.5 dB, 34 is -3 dB or more, 255 not known.
fn rsrq_db(index: u8) -> Option<i16> {
    (index <= 34).then(|| i16::from(index).saturating_sub(40).div_euclid(2))
}

/// What `AT%XMONITOR` tells of the network and the cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Monitor<'b> {
    /// Registered or why not; everything else is told only when registered.
    pub status: RegistrationStatus,
    /// Mobile country code and mobile network code, 5 or 6 digits.
    pub plmn: Option<&'b str>,
    /// LTE-M or NB-IoT.
    pub technology: Option<AccessTechnology>,
    /// Band, 1 to 88.
    pub band: Option<u8>,
    /// E-UTRAN cell identity, 28 bits.
    pub cell: Option<u32>,
    /// Reference signal received power in dBm: -140 to -44.
    pub rsrp: Option<i16>,
}

impl<'b> Monitor<'b> {
    /// Reads the answer.
    #[must_use]
    pub fn from_answer(mut fields: Fields<'b>) -> Option<Self> {
        let status = RegistrationStatus::from_number(fields.number()?)?;
        let _full_name = fields.next();
        let _short_name = fields.next();
        let plmn = fields.text();
        let _tracking_area = fields.next();
        let technology = fields.number().and_then(AccessTechnology::from_number);
        let band = fields.number().filter(|&band| band != 0);
        let cell = fields.hex();
        let _physical_cell = fields.next();
        let _channel = fields.next();
        let rsrp = fields.number().and_then(rsrp_dbm);
        Some(Self {
            status,
            plmn,
            technology,
            band,
            cell,
            rsrp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cesq(line: &str) -> Option<Signal> {
        Signal::from_answer(Fields::of(str::as_bytes(line), "+CESQ")?)
    }

    #[test]
    fn indices_become_decibels() {
        let signal = |rsrp, rsrq| Some(Signal { rsrp, rsrq });
        // 3GPP TS 27.007: rsrp 1 is -140 to -139 dBm, 96 is -45 to -44; rsrq 1 is -19.5 to -19 dB, 34 is -3 or more.
        assert_eq!(
            cesq("+CESQ: 99,99,255,255,1,1"),
            signal(Some(-140), Some(-20))
        );
        assert_eq!(
            cesq("+CESQ: 99,99,255,255,34,97"),
            signal(Some(-44), Some(-3))
        );
        assert_eq!(
            cesq("+CESQ: 99,99,255,255,0,0"),
            signal(Some(-140), Some(-20))
        );
        assert_eq!(cesq("+CESQ: 99,99,255,255,255,255"), signal(None, None));
        assert_eq!(cesq("+CESQ: 99,99,255,255"), None);
        let fields = Fields::of(b"%CESQ: 63,2,20,2", "%CESQ").unwrap();
        assert_eq!(
            Signal::from_notification(fields),
            signal(Some(-78), Some(-10))
        );
    }

    #[test]
    fn monitor_is_read_in_every_length() {
        let monitor =
            |line| Monitor::from_answer(Fields::of(str::as_bytes(line), "%XMONITOR").unwrap());
        let long = monitor(
            "%XMONITOR: 1,\"EDAV\",\"EDAV\",\"26295\",\"00B7\",7,4,\"00011B07\",7,2300,63,39,\"\",\"11100000\",\"11100000\",\"00000000\"",
        )
        .unwrap();
        assert_eq!(long.plmn, Some("26295"));
        assert_eq!(
            (long.band, long.cell, long.rsrp),
            (Some(4), Some(0x0001_1B07), Some(-78))
        );
        assert_eq!(long.technology, Some(AccessTechnology::LteM));
        let narrow = monitor("%XMONITOR: 5,,,\"24202\",\"0901\",9,20,\"020A7716\"").unwrap();
        assert_eq!(
            (narrow.technology, narrow.rsrp),
            (Some(AccessTechnology::NbIot), None)
        );
        let none = monitor("%XMONITOR: 2").unwrap();
        assert_eq!(
            (none.status, none.cell),
            (RegistrationStatus::Searching, None)
        );
    }
}

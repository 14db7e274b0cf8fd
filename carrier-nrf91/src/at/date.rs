//! The date, `%XTIME` and `+CCLK`.

use lwm2m_core::time::UnixTime;

use super::Fields;

/// Reads the universal time of a notification `%XTIME`: seven octets of two swapped digits (3GPP TS 24.008, section
/// 10.5.3.9). The time zone in the seventh is not needed: the time is universal.
#[must_use]
pub fn parse_network_time(mut fields: Fields<'_>) -> Option<UnixTime> {
    let text = fields.nth(1)?.text;
    if text.len() != 14 {
        return None;
    }
    let mut pairs = text.as_bytes().chunks_exact(2).map(|pair| match *pair {
        [low, high] => two_digits(high, low),
        _ => None,
    });
    let mut next = || pairs.next().flatten();
    seconds([next()?, next()?, next()?, next()?, next()?, next()?]).map(UnixTime::from_secs)
}

/// Reads the answer to `AT+CCLK?`: local time and, in quarters of an hour up to 96, how far it is ahead (3GPP TS 27.007,
/// section 8.15). Without that difference the date is not known. The year has two digits: 70 to 99 are of the last century,
/// from which modems count that have not heard from the network, and no date.
#[must_use]
pub fn parse_clock(mut fields: Fields<'_>) -> Option<UnixTime> {
    let text = fields.text()?.as_bytes();
    let [
        y1,
        y0,
        b'/',
        m1,
        m0,
        b'/',
        d1,
        d0,
        b',',
        h1,
        h0,
        b':',
        n1,
        n0,
        b':',
        s1,
        s0,
        sign,
        z1,
        z0,
    ] = *text
    else {
        return None;
    };
    let digits = [
        two_digits(y1, y0)?,
        two_digits(m1, m0)?,
        two_digits(d1, d0)?,
        two_digits(h1, h0)?,
        two_digits(n1, n0)?,
        two_digits(s1, s0)?,
    ];
    let quarters = two_digits(z1, z0).filter(|&quarters| quarters <= MOST_QUARTERS)?;
    let ahead = i64::from(quarters).saturating_mul(900);
    let local = seconds(digits)?;
    match sign {
        b'+' => Some(UnixTime::from_secs(local.saturating_sub(ahead))),
        b'-' => Some(UnixTime::from_secs(local.saturating_add(ahead))),
        _ => None,
    }
}

/// A time zone is at most a day away.
const MOST_QUARTERS: u8 = 96;
/// The first year, in two digits, of the last century.
const LAST_CENTURY: u8 = 70;

fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte.saturating_sub(b'0'));
    Some(digit(tens)?.saturating_mul(10).saturating_add(digit(ones)?))
}

/// Seconds since 1970 of year (2000 to 2069), month, day, hour, minute, second.
fn seconds([year, month, day, hour, minute, second]: [u8; 6]) -> Option<i64> {
    const BEFORE_MONTH: [u16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::from(month.checked_sub(1)?);
    // 2000 to 2069 have a leap day every fourth year.
    let leap = year.is_multiple_of(4);
    let longest = DAYS
        .get(index)?
        .saturating_add(u8::from(leap && month == 2));
    let valid = year < LAST_CENTURY && day > 0 && day <= longest;
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let year = i64::from(year);
    let leap_days = year.saturating_add(3) / 4 + i64::from(leap && month > 2);
    let days =
        10_957 + year * 365 + leap_days + i64::from(*BEFORE_MONTH.get(index)?) + i64::from(day) - 1;
    Some(((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60 + i64::from(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network_time(line: &str) -> Option<i64> {
        parse_network_time(Fields::of(line, "%XTIME")?).map(UnixTime::as_secs)
    }

    fn clock(line: &str) -> Option<i64> {
        parse_clock(Fields::of(line, "+CCLK")?).map(UnixTime::as_secs)
    }

    #[test]
    fn network_time_is_universal() {
        // 2018-01-29 15:17:24 UTC, by date(1).
        assert_eq!(
            network_time("%XTIME: \"08\",\"81109251714208\",\"01\""),
            Some(1_517_239_044)
        );
        assert_eq!(
            network_time("%XTIME: ,\"81109251714208\",\"01\""),
            Some(1_517_239_044)
        );
        // 2024-02-29 23:59:59 UTC.
        assert_eq!(
            network_time("%XTIME: \"80\",\"42209232959580\","),
            Some(1_709_251_199)
        );
        for line in [
            "%XTIME: \"08\",,\"01\"",
            "%XTIME: \"08\",\"8110925171",
            "%XTIME: \"08\",\"81319251714208\"",
            "%XTIME: \"08\",\"8110925171420A8\"",
            "%XTIME: ,\"32209232959580\"",
        ] {
            assert_eq!(network_time(line), None, "{line}");
        }
    }

    #[test]
    fn clock_is_local_time_with_its_difference() {
        // 2018-12-06 22:10:00 at two hours ahead and at eight hours behind.
        assert_eq!(
            clock("+CCLK: \"18/12/06,22:10:00+08\""),
            Some(1_544_127_000)
        );
        assert_eq!(
            clock("+CCLK: \"18/12/06,22:10:00-32\""),
            Some(1_544_163_000)
        );
        // The first and the last second, by date(1); a day ahead and a day behind.
        for (text, seconds) in [
            ("00/01/01,00:00:00+00", 946_684_800),
            ("69/12/31,23:59:59+00", 3_155_759_999),
            ("24/02/29,23:59:59+00", 1_709_251_199),
            ("26/11/28,00:00:00+96", 1_795_737_600),
            ("26/11/28,00:00:00-96", 1_795_910_400),
        ] {
            let line = format!("+CCLK: \"{text}\"");
            assert_eq!(clock(&line), Some(seconds), "{text}");
        }
    }

    /// The same are none for the port over a serial line, `examples/at-modem`.
    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            // A modem without network, and the example of 3GPP TS 27.007, which is of 1994.
            "80/01/06,00:00:10+00",
            "94/05/06,22:10:00+08",
            "70/01/01,00:00:00+00",
            "99/12/31,23:59:59+00",
            "24/13/01,00:00:00+00",
            "24/00/01,00:00:00+00",
            "23/02/29,00:00:00+00",
            "24/01/01,24:00:00+00",
            "24/01/01,00:00:60+00",
            "24/01/01,00:00:00+97",
            "24/01/01,00:00:00",
            "24/01/01,00:00:00+0",
            "24/1/01,00:00:00+00",
            "24/01/01/01,00:00:00+00",
        ] {
            let line = format!("+CCLK: \"{text}\"");
            assert_eq!(clock(&line), None, "{text}");
        }
    }
}

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
    let mut pairs = text.chunks_exact(2).map(|pair| match *pair {
        [low, high] => two_digits(high, low),
        _ => None,
    });
    let mut next = || pairs.next().flatten();
    let seconds = seconds([next()?, next()?, next()?, next()?, next()?, next()?])?;
    Some(UnixTime::from_secs(seconds.into()))
}

/// Reads the answer to `AT+CCLK?`: local time and, in quarters of an hour up to 96, how far it is ahead (3GPP TS 27.007,
/// section 8.15). Without that difference the date is not known. The year has two digits: 70 to 99 are of the last century,
/// from which modems count that have not heard from the network, and no date.
#[must_use]
pub fn parse_clock(mut fields: Fields<'_>) -> Option<UnixTime> {
    let text = fields.bytes()?;
    // Two digits, and what divides them from the next two; behind the last the sign.
    let (parts, ahead) = text.as_chunks::<3>();
    let mut numbers = [0; 6];
    if parts.len() != numbers.len() {
        return None;
    }
    for (index, (number, &[tens, ones, end])) in numbers.iter_mut().zip(parts).enumerate() {
        *number = two_digits(tens, ones)?;
        if b"//,::".get(index).is_some_and(|divider| *divider != end) {
            return None;
        }
    }
    let &[_, _, sign] = parts.last()?;
    let &[tens, ones] = ahead else { return None };
    let quarters = two_digits(tens, ones).filter(|&quarters| quarters <= MOST_QUARTERS)?;
    let ahead = i64::from(quarters) * 900;
    let local = i64::from(seconds(numbers)?);
    match sign {
        b'+' => Some(UnixTime::from_secs(local - ahead)),
        b'-' => Some(UnixTime::from_secs(local + ahead)),
        _ => None,
    }
}

/// A time zone is at most a day away.
const MOST_QUARTERS: u8 = 96;
/// The first year, in two digits, of the last century.
const LAST_CENTURY: u8 = 70;

#[inline(never)]
fn two_digits(tens: u8, ones: u8) -> Option<u8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte.saturating_sub(b'0'));
    Some(digit(tens)?.saturating_mul(10).saturating_add(digit(ones)?))
}

/// Seconds since 1970 of year (2000 to 2069), month, day, hour, minute, second: they fit 32 bits.
#[inline(never)]
fn seconds([year, month, day, hour, minute, second]: [u8; 6]) -> Option<u32> {
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
    let year = u32::from(year);
    let leap_days = year.saturating_add(3) / 4 + u32::from(leap && month > 2);
    let days =
        10_957 + year * 365 + leap_days + u32::from(*BEFORE_MONTH.get(index)?) + u32::from(day) - 1;
    Some(((days * 24 + u32::from(hour)) * 60 + u32::from(minute)) * 60 + u32::from(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network_time(line: &str) -> Option<i64> {
        parse_network_time(Fields::of(str::as_bytes(line), "%XTIME")?).map(UnixTime::as_secs)
    }

    fn clock(line: &str) -> Option<i64> {
        parse_clock(Fields::of(str::as_bytes(line), "+CCLK")?).map(UnixTime::as_secs)
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
            "24/01/01 00:00:00+00",
            "24/01/01,00:00:00*00",
            "24/01/01,00:00:00+00,",
            "24/01/01,00:00:00+0",
            "24/1/01,00:00:00+00",
            "24/01/01/01,00:00:00+00",
        ] {
            let line = format!("+CCLK: \"{text}\"");
            assert_eq!(clock(&line), None, "{text}");
        }
    }
}

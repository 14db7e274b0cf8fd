//! The date, `+CCLK`.

use lwm2m_core::time::UnixTime;

/// Reads the parameter of `+CCLK`: local time `yy/MM/dd,hh:mm:ss` and, in quarters of an hour up to 96, how far it is ahead
/// of universal time (3GPP TS 27.007, section 8.15). Without that difference the date is not known. The year has two digits:
/// 70 to 99 are of the last century, from which modems count that have not heard from the network, and no date.
#[must_use]
pub fn parse_clock(text: &str) -> Option<UnixTime> {
    let (date, rest) = text.split_once(',')?;
    let at = rest.find(['+', '-'])?;
    let (time, zone) = rest.split_at_checked(at)?;
    let [year, month, day] = three(date, '/')?;
    let [hour, minute, second] = three(time, ':')?;
    // Every fourth year is a leap year until 2069.
    let february = if year % 4 == 0 { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months = usize::from(month).checked_sub(1)?;
    let valid = year < 70 && (1..=*lengths.get(months)?).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // A time zone is at most a day away.
    let quarters = two(zone.get(1..)?).filter(|&quarters| quarters <= 96)?;
    let quarters = i64::from(quarters);
    let ahead = if zone.starts_with('-') {
        -quarters
    } else {
        quarters
    } * 900;
    // 1 January 2000 is day 10,957.
    let mut days = 10_957 + 365 * i64::from(year) + (i64::from(year) + 3) / 4;
    days += lengths
        .iter()
        .take(months)
        .map(|&days| i64::from(days))
        .sum::<i64>()
        + i64::from(day)
        - 1;
    let of_day = 3600 * i64::from(hour) + 60 * i64::from(minute) + i64::from(second);
    Some(UnixTime::from_secs(days * 86_400 + of_day - ahead))
}

fn three(text: &str, separator: char) -> Option<[u8; 3]> {
    let mut parts = text.split(separator);
    let mut next = || two(parts.next()?);
    let three = [next()?, next()?, next()?];
    parts.next().is_none().then_some(three)
}

/// Two digits.
fn two(text: &str) -> Option<u8> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some(text)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<i64> {
        parse_clock(text).map(UnixTime::as_secs)
    }

    /// Seconds as `date -d … +%s` has them.
    #[test]
    fn dates() {
        assert_eq!(seconds("24/02/29,23:59:59+00"), Some(1_709_251_199));
        assert_eq!(seconds("00/01/01,00:00:00+00"), Some(946_684_800));
        assert_eq!(seconds("26/11/28,05:13:23+00"), Some(1_795_842_803));
        assert_eq!(seconds("69/12/31,23:59:59+00"), Some(3_155_759_999));
        assert_eq!(seconds("26/11/28,00:00:00+96"), Some(1_795_737_600));
        assert_eq!(seconds("26/11/28,00:00:00-96"), Some(1_795_910_400));
        // The example of 3GPP TS 27.007: 6 May 1994, 22:10:00 at GMT+2; here in 2004, which is 20:10:00 UTC.
        assert_eq!(seconds("04/05/06,22:10:00+08"), Some(1_083_874_200));
        assert_eq!(
            seconds("04/05/06,22:10:00-08"),
            Some(1_083_874_200 + 14_400)
        );
    }

    /// The same are none for the nRF91, `carrier-nrf91`.
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
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}

//! Numbers as text, without the float tables of `core`.
//!
//! The grammar is that of the text format (LwM2M Core 1.1.1, Appendix C: signed ASCII numbers), read leniently where
//! the value is beyond doubt and peers differ:
//!
//! | text | read as |
//! | --- | --- |
//! | `+1`, `007` | 1, 7: an explicit sign and leading zeros are allowed |
//! | `1.`, `.5` | 1.0, 0.5: either side of the point may be empty, not both |
//! | `1e3`, `1E+3` | 1000.0 (floats only) |
//! | empty, `+`, `.`, `1e`, ` 1`, `1 `, `0x1`, `NaN`, `inf` | malformed |
//!
//! Floats are read and printed with 96-bit arithmetic: in practice exactly rounded, and never more than one unit in
//! the last place off.

use super::{
    Malformed,
    float::{Format, is_nan, parts},
    writer::Writer,
};

/// 10^0 ..= 10^9.
const POWERS: [u32; 10] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
];

/// 10^9, the largest power of ten in 32 bits.
const BILLION: u32 = 1_000_000_000;

/// Decimal digits that tell any two `f64` apart.
const DIGITS: i32 = 17;

/// 10^[`DIGITS`].
const LIMIT: u64 = 100_000_000_000_000_000;

/// Prints an unsigned integer.
#[inline(never)]
pub fn write_u64(writer: &mut Writer<'_>, value: u64) {
    let mut text = [0; 20];
    let start = digits(&mut text, value);
    writer.bytes(text.get(start..).unwrap_or_default());
}

/// Prints an unsigned integer in place, without 64-bit arithmetic.
pub(crate) fn write_u32(writer: &mut Writer<'_>, value: u32) {
    if value < 10 {
        return writer.u8(b'0' + value as u8);
    }
    match writer.room(len_u32(value)) {
        Some(room) => {
            let mut rest = value;
            for digit in room.iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        None => write_u64(writer, value.into()),
    }
}

/// How many digits [`write_u32`] prints.
pub(crate) fn len_u32(mut value: u32) -> usize {
    let mut len = 1;
    while value >= 10 {
        value /= 10;
        len += 1;
    }
    len
}

/// Prints a signed integer.
pub fn write_i64(writer: &mut Writer<'_>, value: i64) {
    if value < 0 {
        writer.u8(b'-');
    }
    write_u64(writer, value.unsigned_abs());
}

/// Prints a float as text that reads back the same: with 15 digits where they do, else with 16 or 17, and without zeros at
/// the end. Below 2.2e-308, where a float has fewer digits of its own, a shorter text would do.
///
/// Integral values have no point (`100`). From 10^21 up and below 10^-6 the form is scientific (`1.5e21`, `1e-7`).
/// What is not a number prints as `NaN`, `Infinity` or `-Infinity`, which [`parse_f64`] refuses: LwM2M has no text for
/// them.
pub fn write_f64(writer: &mut Writer<'_>, value: f64) {
    let bits = value.to_bits();
    let is_nan = is_nan(value);
    if bits >> 63 != 0 && !is_nan {
        writer.u8(b'-');
    }
    if bits << 1 == 0 {
        writer.u8(b'0');
    } else if bits << 1 >= INFINITE << 1 {
        let name: &[u8] = if is_nan { b"NaN" } else { b"Infinity" };
        writer.bytes(name);
    } else {
        let (digits, scale) = shortest(bits);
        write_decimal(writer, digits, scale);
    }
}

/// Reads an unsigned integer: an optional `+` and decimal digits, nothing else.
pub fn parse_u64(text: &[u8]) -> Result<u64, Malformed> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    if digits.is_empty() {
        return Err(Malformed);
    }
    let mut value = 0u64;
    for &byte in digits {
        let digit = decimal(byte).ok_or(Malformed)?;
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .ok_or(Malformed)?;
    }
    Ok(value)
}

/// Reads a signed integer: an optional sign and decimal digits, nothing else.
pub fn parse_i64(text: &[u8]) -> Result<i64, Malformed> {
    let (negative, digits) = match text {
        [b'-', b'+', ..] => return Err(Malformed),
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    let magnitude = parse_u64(digits)?;
    with_sign(magnitude, negative).ok_or(Malformed)
}

/// The integer of this magnitude and sign.
fn with_sign(magnitude: u64, negative: bool) -> Option<i64> {
    let value = if negative {
        magnitude.wrapping_neg() as i64
    } else {
        magnitude as i64
    };
    // What does not fit comes out with the other sign.
    (value == 0 || (value < 0) == negative).then_some(value)
}

/// Reads a float.
///
/// A value beyond the range of `f64` is malformed; one too close to zero reads as zero.
pub fn parse_f64(text: &[u8]) -> Result<f64, Malformed> {
    let (sign, mut rest) = match text.split_first() {
        Some((b'-', rest)) => (1 << 63, rest),
        Some((b'+', rest)) => (0, rest),
        _ => (0, text),
    };
    let mut mantissa = 0u64;
    let mut exponent = 0i32;
    let mut any = false;
    let mut point = false;
    while let Some((&byte, behind)) = rest.split_first() {
        if let Some(digit) = decimal(byte) {
            any = true;
            // Digits behind the nineteenth cannot move the result by a whole unit.
            if mantissa < u64::MAX / 100 {
                mantissa = mantissa * 10 + digit;
                exponent = exponent.saturating_sub(i32::from(point));
            } else {
                exponent = exponent.saturating_add(i32::from(!point));
            }
        } else if byte == b'.' && !point {
            point = true;
        } else {
            break;
        }
        rest = behind;
    }
    if !any {
        return Err(Malformed);
    }
    if let Some((&mark, power)) = rest.split_first() {
        if mark | 0x20 != b'e' {
            return Err(Malformed);
        }
        exponent = exponent.saturating_add(parse_power(power)?);
    }
    match from_decimal(mantissa, exponent) {
        INFINITE => Err(Malformed),
        bits => Ok(f64::from_bits(bits | sign)),
    }
}

/// `mantissa` * 10^`exponent`, as of a CBOR decimal fraction; none where it is beyond the range of `f64`.
#[must_use]
pub fn f64_from_decimal(mantissa: i64, exponent: i64) -> Option<f64> {
    let exponent = i32::try_from(exponent.clamp(-10_000, 10_000)).ok()?;
    let sign = u64::from(mantissa < 0) << 63;
    match from_decimal(mantissa.unsigned_abs(), exponent) {
        INFINITE => None,
        bits => Some(f64::from_bits(bits | sign)),
    }
}

/// `value` in single precision, where that holds it exactly.
#[must_use]
pub fn exact_f32(value: f64) -> Option<f32> {
    Format::SINGLE.write(value).map(f32::from_bits)
}

/// `value` as an integer, where it is one.
#[must_use]
#[inline(never)]
pub fn exact_i64(value: f64) -> Option<i64> {
    let bits = value.to_bits();
    let (mantissa, exponent) = parts(bits);
    if mantissa == 0 {
        return Some(0);
    }
    // The leading bit first, and then as far down as the exponent says: 2^63 at most, which only a negative number has.
    let aligned = mantissa << 11;
    let down = u32::try_from(11 - exponent).ok()?;
    if aligned.trailing_zeros() < down {
        return None;
    }
    let magnitude = aligned.checked_shr(down)?;
    with_sign(magnitude, bits >> 63 != 0)
}

/// The power of ten behind the `e`, clamped to where it has decided already.
fn parse_power(text: &[u8]) -> Result<i32, Malformed> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(Malformed);
    }
    let mut power = 0i32;
    for &byte in digits {
        let digit = decimal(byte).ok_or(Malformed)?;
        if power < 100_000_000 {
            power = power * 10 + digit as i32;
        }
    }
    Ok(if negative { -power } else { power })
}

fn decimal(byte: u8) -> Option<u64> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

/// Fills `text` from its end with the digits of `value`; where they start.
fn digits(text: &mut [u8; 20], mut value: u64) -> usize {
    let mut places = text.iter_mut().rev();
    loop {
        // Nine digits at a time: more than 32 bits are costly to divide.
        let (rest, mut part) = if value > u64::from(u32::MAX) {
            divide(value, BILLION)
        } else {
            (0, value as u32)
        };
        let is_last = rest == 0;
        for written in 0..10 {
            let done = if is_last {
                part == 0 && written > 0
            } else {
                written == 9
            };
            if done {
                break;
            }
            if let Some(place) = places.next() {
                *place = b'0' + (part % 10) as u8;
            }
            part /= 10;
        }
        if is_last {
            return places.len();
        }
        value = rest;
    }
}

/// `value` divided by `divisor`, which is not zero and below 2^31: the quotient and what remains.
///
/// The division of two 64-bit numbers that the compiler would call takes 900 bytes on the target.
fn divide(value: u64, divisor: u32) -> (u64, u32) {
    let (high, rest) = divide_limb(0, (value >> 32) as u32, divisor);
    let (low, rest) = divide_limb(rest, value as u32, divisor);
    (u64::from(high) << 32 | u64::from(low), rest)
}

/// One limb of a long division: `rest`, which is below `divisor`, is what remains of the limbs before.
#[inline(never)]
fn divide_limb(mut rest: u32, mut limb: u32, divisor: u32) -> (u32, u32) {
    for _ in 0..u32::BITS {
        rest = rest << 1 | limb >> 31;
        // The quotient moves in where the limb moves out.
        limb <<= 1;
        if rest >= divisor {
            rest -= divisor;
            limb |= 1;
        }
    }
    (limb, rest)
}

/// The first decimal of 15, 16 and 17 digits, as `(digits, power of ten)`, that reads back as the finite float of these bits,
/// whose sign does not count; its digits may end in zeros.
fn shortest(bits: u64) -> (u64, i32) {
    let (mantissa, exponent) = parts(bits);
    let wide = Wide::new(mantissa, exponent);
    // floor(log10(2^n)) where 2^n is the leading bit: the power of ten of the first digit, or one less.
    let power = ((wide.exponent + 95) * 1_262_611) >> 22;
    let mut scale = power + 1 - DIGITS;
    let all = loop {
        let all = wide.scale(-scale).round();
        if all < LIMIT {
            break all;
        }
        scale += 1;
    };
    let exact = bits << 1 >> 1;
    // Fifteen digits survive the way to `f64` and back: a form shorter than that shows up here as zeros at the end.
    for dropped in [2, 1] {
        let unit = if dropped == 2 { 100 } else { 10 };
        let (digits, _) = divide(all + u64::from(unit / 2), unit);
        if from_decimal(digits, scale + dropped) == exact {
            return (digits, scale + dropped);
        }
    }
    (all, scale)
}

/// Prints `value` * 10^`scale` without the zeros at the end of `value`.
fn write_decimal(writer: &mut Writer<'_>, value: u64, scale: i32) {
    let mut text = [0; 20];
    let start = digits(&mut text, value);
    let mut text = text.get(start..).unwrap_or_default();
    // The power of ten of the first digit.
    let exponent = scale + text.len() as i32 - 1;
    while let [shorter @ .., b'0'] = text {
        text = shorter;
    }
    // How many of the digits stand before the point.
    let whole = match exponent {
        0..21 => exponent as usize + 1,
        -6..0 => {
            writer.bytes(b"0.");
            zeros(writer, exponent.unsigned_abs() as usize - 1);
            text.len()
        }
        _ => 1,
    };
    let (before, after) = text.split_at_checked(whole).unwrap_or((text, &[]));
    writer.bytes(before);
    zeros(writer, whole - before.len());
    if !after.is_empty() {
        writer.u8(b'.');
        writer.bytes(after);
    }
    if !(-6..21).contains(&exponent) {
        writer.u8(b'e');
        write_i64(writer, i64::from(exponent));
    }
}

#[inline(never)]
fn zeros(writer: &mut Writer<'_>, count: usize) {
    for _ in 0..count {
        writer.u8(b'0');
    }
}

/// The bits of what is infinite.
const INFINITE: u64 = 0x7ff << 52;

/// The bits of the `f64` nearest to `mantissa` * 10^`exponent`; [`INFINITE`] where it is out of range.
pub(super) fn from_decimal(mantissa: u64, exponent: i32) -> u64 {
    if mantissa == 0 || exponent < -400 {
        0
    } else if exponent > 400 {
        INFINITE
    } else {
        Wide::new(mantissa, 0).scale(exponent).to_f64_bits()
    }
}

/// A positive number of 96 significant bits: `mantissa` (most significant limb first, its top bit set) * 2^`exponent`.
#[derive(Clone, Copy)]
pub(super) struct Wide {
    mantissa: [u32; 3],
    exponent: i32,
}

impl Wide {
    /// `mantissa` (not zero) * 2^`exponent`.
    #[inline(never)]
    pub(super) const fn new(mantissa: u64, exponent: i32) -> Self {
        let shift = mantissa.leading_zeros();
        let mantissa = mantissa << shift;
        Self {
            mantissa: [(mantissa >> 32) as u32, mantissa as u32, 0],
            exponent: exponent - 32 - shift as i32,
        }
    }

    /// Times 10^`power`.
    fn scale(mut self, power: i32) -> Self {
        let mut left = power.unsigned_abs();
        while left > 0 {
            let step = left.min(9);
            left -= step;
            let factor = POWERS.get(step as usize).copied().unwrap_or(1);
            self = if power > 0 {
                self.times(factor)
            } else {
                self.over(factor)
            };
        }
        self
    }

    fn times(self, factor: u32) -> Self {
        let [high, middle, low] = self.mantissa;
        let product = |limb: u32| u64::from(limb) * u64::from(factor);
        let low = product(low);
        let middle = product(middle) + (low >> 32);
        let high = product(high) + (middle >> 32);
        Self::leading(
            [(high >> 32) as u32, high as u32, middle as u32, low as u32],
            self.exponent + 32,
        )
    }

    /// Divided by `divisor`, which is below 2^31.
    fn over(self, divisor: u32) -> Self {
        let [high, middle, low] = self.mantissa;
        let (first, rest) = divide_limb(0, high, divisor);
        let (second, rest) = divide_limb(rest, middle, divisor);
        let (third, rest) = divide_limb(rest, low, divisor);
        let (fourth, _) = divide_limb(rest, 0, divisor);
        Self::leading([first, second, third, fourth], self.exponent)
    }

    /// The 96 bits from the leading one of `limbs`, whose third stands at 2^`exponent`; it is in the first limb.
    fn leading(limbs: [u32; 4], exponent: i32) -> Self {
        let [first, second, third, fourth] = limbs;
        let shift = first.leading_zeros();
        let joined = |high: u32, low: u32| high << shift | low >> 1 >> (31 - shift);
        Self {
            exponent: exponent - shift as i32,
            mantissa: [
                joined(first, second),
                joined(second, third),
                joined(third, fourth),
            ],
        }
    }

    /// The nearest integer; the value must be below 2^63.
    fn round(self) -> u64 {
        let [high, middle, _] = self.mantissa;
        let mantissa = u64::from(high) << 32 | u64::from(middle);
        let shift = (-32 - self.exponent).clamp(1, 64) as u32;
        (mantissa >> (shift - 1)).div_ceil(2)
    }

    /// The bits of the nearest `f64`, ties to even; [`INFINITE`] beyond its range.
    #[inline(never)]
    pub(super) fn to_f64_bits(self) -> u64 {
        let [high, middle, low] = self.mantissa;
        let mantissa = u64::from(high) << 32 | u64::from(middle);
        // Exponent of the leading bit, biased as in the format; 0 and below are the subnormal numbers.
        let biased = self.exponent + 95 + 1023;
        // How many bits are dropped but for the first of them.
        let dropped = (10 + (1 - biased).max(0)) as u32;
        if biased > 2046 {
            return INFINITE;
        }
        if dropped > 63 {
            return 0;
        }
        let kept = mantissa >> dropped;
        let is_half = low == 0 && mantissa.trailing_zeros() >= dropped;
        let up = kept & 1 != 0 && !(is_half && kept & 2 == 0);
        let exponent = (biased - 1).max(0) as u64;
        // The leading bit of what is kept, and a carry out of the rounding, count the exponent up by themselves.
        (exponent << 52) + (kept >> 1) + u64::from(up)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::String;

    use proptest::prelude::*;

    use super::*;

    fn print(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut buf = [0; 40];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer);
        let stored = writer.finish().stored;
        String::from_utf8(buf[..stored].to_vec()).unwrap()
    }

    fn float(value: f64) -> String {
        print(|writer| write_f64(writer, value))
    }

    /// Units in the last place between two floats of one sign.
    fn distance(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn integers_print_at_their_limits() {
        for value in [
            0,
            9,
            10,
            999_999_999,
            1_000_000_000,
            4_294_967_295,
            4_294_967_296,
            10_000_000_000,
            999_999_999_999_999_999,
            1_000_000_000_000_000_000,
            u64::MAX,
        ] {
            assert_eq!(print(|w| write_u64(w, value)), std::format!("{value}"));
        }
        assert_eq!(print(|w| write_i64(w, i64::MIN)), "-9223372036854775808");
        assert_eq!(print(|w| write_i64(w, i64::MAX)), "9223372036854775807");
        assert_eq!(print(|w| write_i64(w, -1)), "-1");
    }

    #[test]
    fn integers_are_read_at_their_limits() {
        assert_eq!(parse_u64(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), Err(Malformed));
        assert_eq!(parse_u64(b"-1"), Err(Malformed));
        assert_eq!(parse_i64(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse_i64(b"-9223372036854775809"), Err(Malformed));
        assert_eq!(parse_i64(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(parse_i64(b"9223372036854775808"), Err(Malformed));
        assert_eq!(parse_i64(b"+007"), Ok(7));
        for bad in [
            "", "-", "+", "+-1", "-+1", "--1", " 1", "1 ", "1.", "0x1", "1e1",
        ] {
            assert_eq!(parse_i64(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn floats_print_in_their_shortest_form() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (100.0, "100"),
            (21.5, "21.5"),
            (-12.37, "-12.37"),
            (0.1, "0.1"),
            (0.3, "0.3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.000_001, "0.000001"),
            (1e-7, "1e-7"),
            (1e20, "100000000000000000000"),
            (1e21, "1e21"),
            (1.5e300, "1.5e300"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn floats_are_read() {
        for (text, value) in [
            ("21.5", 21.5),
            ("+1", 1.0),
            ("-1.", -1.0),
            (".5", 0.5),
            ("007", 7.0),
            ("1e3", 1000.0),
            ("1E+3", 1000.0),
            ("25e-1", 2.5),
            ("0e999999999999", 0.0),
            ("1e-400", 0.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("4.9E-324", f64::from_bits(1)),
            ("2.4e-324", 0.0),
            ("1.7976931348623157E308", f64::MAX),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), Ok(value), "{text}");
        }
        assert!(parse_f64(b"-0").is_ok_and(|zero| zero.is_sign_negative()));
        for bad in [
            "", "+", "-", ".", "-.", "e1", "1e", "1e+", "1e1.", " 1", "1 ", "1..2", "1.2.3", "+-1",
            "0x10", "NaN", "inf", "1e400", "-1e309", "1,5",
        ] {
            assert_eq!(parse_f64(bad.as_bytes()), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn integral_floats_are_integers() {
        for (value, integer) in [
            (-0.0, Some(0)),
            (-3.0, Some(-3)),
            (9_007_199_254_740_992.0, Some(1 << 53)),
            (-9_223_372_036_854_775_808.0, Some(i64::MIN)),
            (9_223_372_036_854_775_808.0, None),
            (0.5, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(exact_i64(value), integer, "{value}");
        }
    }

    #[test]
    fn decimal_fractions_have_their_value() {
        assert_eq!(f64_from_decimal(27_315, -2), Some(273.15));
        assert_eq!(f64_from_decimal(-5, 1), Some(-50.0));
        assert_eq!(f64_from_decimal(1, i64::MAX), None);
        assert_eq!(f64_from_decimal(1, i64::MIN), Some(0.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_float_prints_so_that_core_reads_it_back(bits: u64) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let text = float(value);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits, "{}", text);
            prop_assert_eq!(parse_f64(text.as_bytes()).unwrap().to_bits(), bits, "{}", text);
        }

        #[test]
        fn a_decimal_prints_as_it_was_written(whole in 0u32..1_000_000, fraction in 1u32..1000) {
            let text = std::format!("{whole}.{fraction:03}");
            let text = text.trim_end_matches('0');
            prop_assert_eq!(float(text.parse().unwrap()), text);
        }

        #[test]
        fn any_text_is_read_within_one_unit(text in "-?[0-9]{0,25}[.]?[0-9]{1,25}(e-?[0-9]{1,3})?") {
            let exact: f64 = text.parse().unwrap();
            match parse_f64(text.as_bytes()) {
                Ok(value) => prop_assert!(distance(value, exact) <= 1, "{} {} {}", text, value, exact),
                Err(Malformed) => prop_assert!(exact.is_infinite(), "{}", text),
            }
        }

        #[test]
        fn what_is_read_is_what_core_reads(text in "[-+]?[0-9.e]{0,8}") {
            // core's grammar is this one.
            prop_assert_eq!(parse_f64(text.as_bytes()).is_ok(), text.parse::<f64>().is_ok_and(f64::is_finite));
        }

        #[test]
        fn integers_come_back(value: u64) {
            prop_assert_eq!(parse_u64(print(|w| write_u64(w, value)).as_bytes()), Ok(value));
            prop_assert_eq!(parse_i64(print(|w| write_i64(w, value as i64)).as_bytes()), Ok(value as i64));
        }
    }

    #[test]
    fn single_precision_is_what_the_conversion_gives() {
        let mut values = std::vec![
            0.0,
            -0.0,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.1,
            1e39,
            -1e-46
        ];
        for exponent in -160..140 {
            for mantissa in [1.0, 1.5, 1.25 + 1.0 / 4_194_304.0, 1.0 + f64::EPSILON] {
                let value: f64 = mantissa * 2f64.powi(exponent);
                values.extend([value, -value]);
            }
        }
        for value in values {
            let single = value as f32;
            let exact = f64::from(single).to_bits() == value.to_bits();
            assert_eq!(exact_f32(value), exact.then_some(single), "{value:e}");
        }
        assert!(exact_f32(f64::NAN).is_some_and(f32::is_nan));
    }
}

//! Floats by their bits.
//!
//! What has no double precision in hardware calls a library function for every operator: 2,000 bytes for those that the
//! engine would use. What it needs of them is less. It rounds where an integer has more than 53 bits, and in `distance`.

#[cfg(feature = "float")]
use core::cmp::Ordering;

#[cfg(any(feature = "tlv", feature = "senml-cbor", feature = "float"))]
use super::number;

/// The value of a finite float without its sign, as `mantissa` * 2^`exponent`.
pub(super) const fn parts(bits: u64) -> (u64, i32) {
    let fraction = bits & ((1 << 52) - 1);
    match (bits >> 52) as i32 & 0x7ff {
        0 => (fraction, -1074),
        biased => (fraction | 1 << 52, biased - 1075),
    }
}

/// The exponent of `parts` for what is not finite.
#[cfg(feature = "attributes")]
const NOT_FINITE: i32 = 0x7ff - 1075;

/// [`f64::is_nan`].
pub(crate) const fn is_nan(value: f64) -> bool {
    value.to_bits() << 1 > 0x7ff << 53
}

/// The float nearest to an integer.
#[cfg(any(feature = "senml-cbor", feature = "float"))]
pub(crate) fn from_i64(value: i64) -> f64 {
    from_magnitude(value.unsigned_abs(), value < 0)
}

/// The float nearest to an integer, of which `magnitude` is without its sign.
#[cfg(any(feature = "senml-cbor", feature = "float"))]
#[inline(never)]
pub(crate) fn from_magnitude(magnitude: u64, negative: bool) -> f64 {
    let bits = number::from_decimal(magnitude, 0);
    f64::from_bits(bits | u64::from(negative) << 63)
}

/// A narrower binary format of IEEE 754.
#[derive(Clone, Copy)]
pub(super) struct Format {
    /// Bits of the exponent and of the fraction.
    exponent: u32,
    fraction: u32,
}

impl Format {
    /// Half precision.
    #[cfg(feature = "senml-cbor")]
    pub(super) const HALF: Self = Self {
        exponent: 5,
        fraction: 10,
    };
    /// Single precision.
    pub(super) const SINGLE: Self = Self {
        exponent: 8,
        fraction: 23,
    };

    /// The largest exponent, which is that of what is not finite.
    const fn max(self) -> i32 {
        (1 << self.exponent) - 1
    }

    /// What is added to an exponent for its bits.
    const fn bias(self) -> i32 {
        self.max() >> 1
    }

    /// The float that has these bits in the format.
    #[cfg(any(feature = "tlv", feature = "senml-cbor"))]
    #[inline(never)]
    pub(super) fn read(self, bits: u32) -> f64 {
        let fraction = bits & ((1 << self.fraction) - 1);
        let exponent = (bits >> self.fraction) as i32 & self.max();
        let sign = bits >> (self.fraction + self.exponent);
        let high = match exponent {
            // Not as it stands: the leading bit is in the fraction.
            0 => {
                let unit = 1 - self.bias() - self.fraction as i32;
                let magnitude = match fraction {
                    0 => 0,
                    _ => number::Wide::new(fraction.into(), unit).to_f64_bits(),
                };
                return f64::from_bits(u64::from(sign) << 63 | magnitude);
            }
            _ if exponent == self.max() => 0x7ff,
            _ => exponent + 1023 - self.bias(),
        };
        let high = sign << 11 | high as u32;
        f64::from_bits(u64::from(high) << 52 | u64::from(fraction) << (52 - self.fraction))
    }

    /// The bits of `value` in the format; none where it does not hold it exactly.
    #[inline(never)]
    pub(super) fn write(self, value: f64) -> Option<u32> {
        let bits = value.to_bits();
        let fraction = bits & ((1 << 52) - 1);
        let exponent = (bits >> 52) as i32 & 0x7ff;
        let sign = (bits >> 63) as u32;
        let dropped = 52 - self.fraction as i32;
        // The same exponent in the bits of the format; 0 and below are its subnormal numbers.
        let biased = exponent - 1023 + self.bias();
        let (mantissa, shift, high) = if exponent == 0 && fraction == 0 {
            (0, 0, 0)
        } else if exponent == 0x7ff {
            (fraction, dropped, self.max())
        } else if biased >= self.max() || biased + self.fraction as i32 <= 0 {
            return None;
        } else if biased > 0 {
            (fraction, dropped, biased)
        } else {
            (fraction | 1 << 52, dropped + 1 - biased, 0)
        };
        let kept = (mantissa >> shift) as u32;
        let high = sign << self.exponent | high as u32;
        (u64::from(kept) << shift == mantissa).then_some(high << self.fraction | kept)
    }
}

/// Whether two floats are the same value: the zeros are, and what is not a number stays that.
#[cfg(all(feature = "observe", feature = "float"))]
pub(crate) fn is_same(one: f64, other: f64) -> bool {
    let either = one.to_bits() | other.to_bits();
    one.to_bits() == other.to_bits() || either << 1 == 0 || is_nan(one) && is_nan(other)
}

/// Where `one` lies, seen from `other`; neither may be what is not a number.
#[cfg(feature = "float")]
#[inline(never)]
pub(crate) fn compare(one: f64, other: f64) -> Ordering {
    rank(one).cmp(&rank(other))
}

/// A number that orders floats.
#[cfg(feature = "float")]
const fn rank(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    // Sign and magnitude become one number; both zeros become 0.
    if bits < 0 {
        i64::MIN.wrapping_sub(bits)
    } else {
        bits
    }
}

/// The distance between two floats, neither of which may be what is not a number: within a unit in the last place of the
/// rounded one, and infinite where one of the two is.
#[cfg(feature = "attributes")]
pub(crate) fn distance(one: f64, other: f64) -> f64 {
    let same_sign = one.to_bits() ^ other.to_bits() < 1 << 63;
    // Without their signs, bits are in the order of what they stand for.
    let (one, other) = (one.to_bits() << 1 >> 1, other.to_bits() << 1 >> 1);
    let (large, small) = (parts(one.max(other)), parts(one.min(other)));
    if large.1 == NOT_FINITE {
        return f64::INFINITY;
    }
    // Ten bits more than the result has; what is cut off of the smaller is less than they tell.
    let mantissa = large.0 << 10;
    let cut = (large.1 - small.1) as u32;
    let small = (small.0 << 10).checked_shr(cut).unwrap_or(0);
    let distance = if same_sign {
        mantissa - small
    } else {
        mantissa + small
    };
    f64::from_bits(match distance {
        0 => 0,
        _ => number::Wide::new(distance, large.1 - 10).to_f64_bits(),
    })
}

#[cfg(all(test, feature = "attributes", feature = "senml-cbor"))]
mod tests {
    extern crate std;

    use proptest::prelude::*;

    use super::*;

    /// The floats at which something changes, and those beside them.
    fn edges() -> impl Iterator<Item = f64> {
        let exponents = [
            0, 1, 0x380, 0x381, 0x3f0, 0x3ff, 0x400, 0x433, 0x43e, 0x7fe, 0x7ff,
        ];
        let fractions = [0, 1, 1 << 29, 1 << 42, 1 << 51, (1 << 52) - 1];
        exponents
            .into_iter()
            .flat_map(move |exponent| fractions.map(|fraction: u64| exponent << 52 | fraction))
            .flat_map(|bits: u64| [f64::from_bits(bits), -f64::from_bits(bits)])
    }

    fn any_float() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            prop::sample::select(edges().collect::<std::vec::Vec<_>>()),
            (-1000i32..1000, 0u32..4)
                .prop_map(|(n, tenths)| f64::from(n) / 10f64.powi(tenths as i32)),
        ]
    }

    #[test]
    fn every_half_is_read_and_written() {
        for bits in 0..=u16::MAX {
            // IEEE 754-2008, section 3.4: the value of the fields.
            let fraction = f64::from(bits & 0x3ff);
            let magnitude = match bits >> 10 & 0x1f {
                0 => fraction * 2f64.powi(-24),
                0x1f if fraction == 0.0 => f64::INFINITY,
                0x1f => f64::NAN,
                exponent => (fraction + 1024.0) * 2f64.powi(i32::from(exponent) - 25),
            };
            let value = if bits >> 15 == 0 {
                magnitude
            } else {
                -magnitude
            };
            let read = Format::HALF.read(bits.into());
            assert!(read == value || read.is_nan() && value.is_nan(), "{bits:x}");
            assert_eq!(Format::HALF.write(read), Some(bits.into()), "{bits:x}");
        }
        for value in edges() {
            let single = value as f32;
            let exact = f64::from(single).to_bits() == value.to_bits() || value.is_nan();
            if !value.is_nan() {
                let bits = exact.then_some(single.to_bits());
                assert_eq!(Format::SINGLE.write(value), bits, "{value:e}");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_is_no_distance_from_itself() {
        assert!(is_nan(f64::NAN) && is_nan(-f64::NAN));
        assert!(!is_nan(f64::INFINITY) && !is_nan(0.0));
        assert!(is_same(f64::NAN, -f64::NAN) && !is_same(f64::NAN, 1.0));
        assert_eq!(distance(f64::INFINITY, 1.0), f64::INFINITY);
        assert_eq!(distance(f64::INFINITY, f64::NEG_INFINITY), f64::INFINITY);
        assert_eq!(distance(f64::MAX, f64::INFINITY), f64::INFINITY);
        assert_eq!(distance(f64::MAX, f64::MIN), f64::INFINITY);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// The hardware of the host is the oracle.
        #[test]
        fn floats_are_those_of_the_hardware(bits: u32, integer: i64, magnitude: u64, shift in 0u32..64) {
            let single = f64::from(f32::from_bits(bits));
            let read = Format::SINGLE.read(bits);
            prop_assert!(read.to_bits() == single.to_bits() || read.is_nan() && single.is_nan());
            let integer = integer >> shift;
            prop_assert_eq!(from_i64(integer).to_bits(), (integer as f64).to_bits());
            let magnitude = magnitude >> shift;
            prop_assert_eq!(from_magnitude(magnitude, false).to_bits(), (magnitude as f64).to_bits());
        }

        #[test]
        fn order_and_distance_are_those_of_the_hardware(one in any_float(), other in any_float()) {
            prop_assume!(!one.is_nan() && !other.is_nan());
            prop_assert_eq!(Some(compare(one, other)), one.partial_cmp(&other));
            prop_assert_eq!(is_same(one, other), one == other);
            prop_assume!(one.is_finite() && other.is_finite());
            let expected = (one - other).abs();
            let apart = distance(one, other).to_bits().abs_diff(expected.to_bits());
            // The bits that are cut off may decide where the result lies in the middle.
            let near = (0.002..500.0).contains(&(one / other).abs());
            prop_assert!(apart <= u64::from(!near), "{one:e} {other:e}");
        }
    }
}

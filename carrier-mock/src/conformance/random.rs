//! Checks of [`Random`].

use lwm2m_carrier::hal::Random;

use super::breach::{Breach, Rule};

const WHOLE: Rule = Rule::new(
    "random::whole_buffers",
    "the whole buffer is filled, each time",
);
const EVEN: Rule = Rule::new("random::even", "about half of the bits are ones");
const BOOTS: Rule = Rule::new("random::boots", "each start draws other numbers");

/// All checks but [`boots`].
///
/// # Errors
/// The first breach.
pub fn all(random: &mut impl Random) -> Result<(), Breach> {
    whole_buffers(random)?;
    even(random)
}

/// Public and private numbers fill buffers of any length, and no byte of them is constant.
///
/// # Errors
/// A breach; a good source is taken for a bad one with a chance below 2^-100.
pub fn whole_buffers(random: &mut impl Random) -> Result<(), Breach> {
    for len in [1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 32, 48, 64] {
        for private in [false, true] {
            let (mut first, mut changed) = ([0; 64], [false; 64]);
            for draw in 0..24 {
                let mut bytes = [0; 64];
                let part = bytes.get_mut(..len).unwrap_or_default();
                if private {
                    random.private(part);
                } else {
                    random.public(part);
                }
                if draw == 0 {
                    first = bytes;
                }
                for ((changed, byte), first) in changed.iter_mut().zip(bytes).zip(first) {
                    *changed |= byte != first;
                }
            }
            let constant = changed.iter().take(len).any(|changed| !changed);
            WHOLE.keep(!constant, "a byte that is the same in 24 draws")?;
        }
    }
    Ok(())
}

/// Ones and zeros are about as many, in public and in private numbers: 8,192 bits, six standard deviations.
///
/// # Errors
/// A breach; a good source is taken for a bad one with a chance of 2^-28.
pub fn even(random: &mut impl Random) -> Result<(), Breach> {
    for private in [false, true] {
        let mut ones = 0;
        for _ in 0..16 {
            let mut bytes = [0; 64];
            if private {
                random.private(&mut bytes);
            } else {
                random.public(&mut bytes);
            }
            ones += bytes.iter().map(|byte| byte.count_ones()).sum::<u32>();
        }
        // 4096 +- 6 * sqrt(8192) / 2.
        EVEN.keep((3824..=4368).contains(&ones), "another share of ones")?;
    }
    Ok(())
}

/// Two starts of the device, one source of each, do not draw the same numbers: message ids and tokens would repeat. A
/// simulation with a seed does not keep it.
///
/// # Errors
/// A breach.
pub fn boots<R: Random>(mut start: impl FnMut() -> R) -> Result<(), Breach> {
    let (mut first, mut second) = ([0; 32], [0; 32]);
    start().public(&mut first);
    start().public(&mut second);
    BOOTS.keep(first != second, "the same numbers after a restart")
}

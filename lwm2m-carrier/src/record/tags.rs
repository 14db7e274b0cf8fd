//! Which security tag belongs to which account.

use crate::hal::SecurityTag;

/// Accounts with credentials that there may be, the bootstrap server's included.
const ACCOUNTS: usize = 8;

/// The tags for keys that a bootstrap server has sent, a bit for each: those behind the profile's first tag, which is for
/// the profile's key. Twice as many as there may be accounts, so that new keys can be written beside those in use.
pub(crate) type Spares = u16;

const _: () = assert!(Spares::BITS as usize == 2 * ACCOUNTS);

/// The first of these tags, behind `first`.
pub(crate) const fn first_spare(first: SecurityTag, spares: Spares) -> SecurityTag {
    SecurityTag(first.0.wrapping_add(1 + spares.trailing_zeros()))
}

/// The security tags of the accounts, by Security instance.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tags {
    /// The instances, counted from 1; 0 where there is none.
    numbers: [u16; ACCOUNTS],
    /// Their tags, at the same places.
    tags: [u32; ACCOUNTS],
}

impl Tags {
    /// The tag of an account.
    #[inline(never)]
    pub(crate) fn of(&self, instance: u16) -> Option<SecurityTag> {
        self.iter()
            .find(|&(known, _)| known == instance)
            .map(|(_, tag)| tag)
    }

    /// The spare tags behind `first` that are in use.
    #[inline(never)]
    pub(crate) fn spares(&self, first: SecurityTag) -> Spares {
        self.iter().fold(0, |spares, (_, tag)| {
            let step = tag.0.wrapping_sub(first.0).wrapping_sub(1);
            spares | 1u16.checked_shl(step).unwrap_or(0)
        })
    }

    /// The accounts with their tags.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, SecurityTag)> + '_ {
        let entries = self.numbers.iter().zip(&self.tags);
        entries.filter_map(|(number, tag)| Some((number.checked_sub(1)?, SecurityTag(*tag))))
    }

    /// Gives an account a tag; `false` when there are too many accounts.
    pub(crate) fn set(&mut self, instance: u16, tag: SecurityTag) -> bool {
        let at = |number| self.numbers.iter().position(|&known| known == number);
        // LwM2M has no instance 65535.
        let Some(number) = instance.checked_add(1) else {
            return false;
        };
        let Some(at) = at(number).or_else(|| at(0)) else {
            return false;
        };
        if let (Some(slot), Some(its)) = (self.numbers.get_mut(at), self.tags.get_mut(at)) {
            *slot = number;
            *its = tag.0;
        }
        true
    }

    /// Gives an account one of the spare tags behind `first` that neither this table nor `other` uses, so that the
    /// credentials in use stay untouched until the new ones are in place. `false` when there are too many accounts.
    pub(crate) fn set_spare(&mut self, instance: u16, first: SecurityTag, other: &Self) -> bool {
        let free = !(self.spares(first) | other.spares(first));
        free != 0 && self.set(instance, first_spare(first, free))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_tags_are_in_use_nowhere() {
        let first = SecurityTag(25);
        let mut committed = Tags::default();
        assert!(committed.set(0, SecurityTag(25)));
        assert!(committed.set(1, SecurityTag(26)));
        let mut staged = Tags::default();
        assert!(staged.set(0, SecurityTag(25)));
        assert!(staged.set_spare(1, first, &committed));
        assert!(staged.set_spare(2, first, &committed));
        assert_eq!(staged.of(1), Some(SecurityTag(27)));
        assert_eq!(staged.of(2), Some(SecurityTag(28)));
        let mut next = Tags::default();
        assert!(next.set_spare(1, first, &staged));
        assert_eq!(next.of(1), Some(SecurityTag(26)));
        assert_eq!(next.of(0), None);
    }

    #[test]
    fn a_table_that_is_full_says_so() {
        let mut tags = Tags::default();
        for instance in 0..8 {
            assert!(tags.set(instance, SecurityTag(u32::from(instance))));
        }
        assert!(tags.set(3, SecurityTag(30)));
        assert_eq!(tags.of(3), Some(SecurityTag(30)));
        assert!(!tags.set(8, SecurityTag(8)));
        assert!(!Tags::default().set(u16::MAX, SecurityTag(8)));
        assert!(!tags.set_spare(8, SecurityTag(100), &Tags::default()));
    }
}

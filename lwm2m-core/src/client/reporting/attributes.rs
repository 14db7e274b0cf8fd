//! Notification attributes (Core 1.1.1, section 5.1.2): pmin, pmax, gt, lt, st.

use super::observation::Sample;
use crate::model::{Error, Level, Path};
use crate::wire::float;
use crate::wire::number;
use crate::wire::writer::Writer;

/// The attributes that a server has written to one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeSet {
    /// Short server id; 0 where the slot is free.
    pub(crate) server: u16,
    pub(crate) path: Path,
    pub(crate) values: Values,
}

impl AttributeSet {
    /// All zeros, so that memory that is not in use takes no flash.
    pub(crate) const UNUSED: Self = Self {
        server: 0,
        path: Path::resource_instance(0, 0, 0, 0),
        values: Values::NONE,
    };
}

/// The names of the attributes; their places are [`PMIN`] and those that follow.
const NAMES: [&[u8]; 5] = [b"pmin", b"pmax", b"gt", b"lt", b"st"];
const PMIN: usize = 0;
const PMAX: usize = 1;
const GT: usize = 2;
const LT: usize = 3;
const ST: usize = 4;

/// The attributes themselves; those that are not set are inherited or have no effect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Values {
    /// Seconds of the periods, the bits of the thresholds as floats, and 0 for what is not set.
    bits: [u64; NAMES.len()],
    /// A bit for each that is set.
    set: u8,
}

impl Values {
    pub(crate) const NONE: Self = Self {
        bits: [0; NAMES.len()],
        set: 0,
    };

    /// Whether none is set.
    pub(crate) const fn is_empty(&self) -> bool {
        self.set == 0
    }

    fn get(&self, place: usize) -> Option<u64> {
        let bits = self.bits.get(place).copied()?;
        (self.set & 1 << place != 0).then_some(bits)
    }

    /// Seconds.
    pub(crate) fn pmin(&self) -> Option<u32> {
        self.get(PMIN).map(|seconds| seconds as u32)
    }

    /// Seconds.
    pub(crate) fn pmax(&self) -> Option<u32> {
        self.get(PMAX).map(|seconds| seconds as u32)
    }

    fn threshold(&self, place: usize) -> Option<f64> {
        self.get(place).map(f64::from_bits)
    }

    /// What `self` does not set comes from `outer`.
    fn inherit(&mut self, outer: &Self) {
        for (place, (own, outer)) in self.bits.iter_mut().zip(&outer.bits).enumerate() {
            if self.set & 1 << place == 0 {
                *own = *outer;
            }
        }
        self.set |= outer.set;
    }

    /// Takes over one `name=value` of a Write-Attributes; a name alone unsets the attribute.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an unknown name or a value that is not of its kind.
    pub(crate) fn set(&mut self, item: &[u8]) -> Result<(), Error> {
        let mut parts = item.splitn(2, |&byte| byte == b'=');
        let name = parts.next();
        let place = NAMES.iter().position(|known| Some(*known) == name);
        let place = place.ok_or(Error::BadRequest)?;
        let (bits, set) = match parts.next() {
            None => (0, 0),
            Some(text) if place >= GT => (number::parse_f64(text)?.to_bits(), 1 << place),
            Some(text) => (seconds(text)?.into(), 1 << place),
        };
        if let Some(slot) = self.bits.get_mut(place) {
            *slot = bits;
            self.set = self.set & !(1 << place) | set;
        }
        Ok(())
    }

    /// Whether the attributes agree with each other: lt < gt, and lt + 2 st < gt (Core 1.1.1, section 5.1.2).
    #[inline(never)]
    pub(crate) fn is_consistent(&self) -> bool {
        let step = self.threshold(ST).unwrap_or(0.0);
        if float::compare(step, 0.0).is_lt() {
            return false;
        }
        match (self.threshold(LT), self.threshold(GT)) {
            (Some(lt), Some(gt)) => {
                let left = float::distance(float::distance(lt, gt), step);
                float::compare(lt, gt).is_lt() && float::compare(left, step).is_gt()
            }
            _ => true,
        }
    }

    /// Whether some of them compare values.
    pub(crate) const fn has_thresholds(&self) -> bool {
        self.set >> GT != 0
    }

    /// Whether a change from `before` to `now` is large enough for the thresholds, of which there are some.
    pub(crate) fn is_met(&self, before: Sample, now: Sample) -> bool {
        let (Some(from), Some(to)) = (before.number(), now.number()) else {
            return true;
        };
        if float::is_nan(from) || float::is_nan(to) {
            return true;
        }
        // On the limit, a value is neither greater nor less.
        let is_greater = |value, limit| float::compare(value, limit).is_gt();
        self.threshold(GT)
            .is_some_and(|gt| is_greater(from, gt) != is_greater(to, gt))
            || self
                .threshold(LT)
                .is_some_and(|lt| is_greater(lt, from) != is_greater(lt, to))
            || self
                .threshold(ST)
                .is_some_and(|step| float::compare(float::distance(from, to), step).is_ge())
    }
}

fn seconds(text: &[u8]) -> Result<u32, Error> {
    u32::try_from(number::parse_u64(text)?).map_err(|_| Error::BadRequest)
}

/// The attributes of all servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'s> {
    pub(crate) sets: &'s [AttributeSet],
    pub(crate) server: u16,
}

impl Attributes<'_> {
    /// What is set at exactly this path.
    #[inline(never)]
    pub(crate) fn at(&self, path: Path) -> &Values {
        let found = self
            .sets
            .iter()
            .find(|set| set.server == self.server && self.server != 0 && set.path == path);
        found.map_or(&Values::NONE, |set| &set.values)
    }

    /// What holds for an observation of `path`: the nearest level wins.
    pub(crate) fn effective(&self, path: Path) -> Values {
        let mut values = Values::NONE;
        for level in [
            Level::ResourceInstance,
            Level::Resource,
            Level::Instance,
            Level::Object,
        ] {
            if level <= path.level() {
                values.inherit(self.at(path.up_to(level)));
            }
        }
        values
    }

    /// Appends what is set at exactly this path to its link; with `inherit`, what is set above it, too.
    pub(crate) fn write(&self, out: &mut Writer<'_>, path: Path, inherit: bool) {
        let values = if inherit {
            self.effective(path)
        } else {
            *self.at(path)
        };
        for (place, name) in NAMES.iter().enumerate() {
            if let Some(bits) = values.get(place) {
                out.u8(b';');
                out.bytes(name);
                out.u8(b'=');
                if place >= GT {
                    number::write_f64(out, f64::from_bits(bits));
                } else {
                    number::write_u64(out, bits);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn values(items: &[&str]) -> Result<Values, Error> {
        let mut values = Values::NONE;
        for item in items {
            values.set(item.as_bytes())?;
        }
        Ok(values)
    }

    #[test]
    fn names_and_values_are_checked() {
        for item in [
            "pmin=", "pmin=-1", "pmin=1.5", "gt=", "gt=a", "gt=1e999", "epmin=1", "", "=1",
            "Pmin=1",
        ] {
            assert_eq!(values(&[item]), Err(Error::BadRequest), "{item}");
        }
        let set = values(&["pmin=10", "pmax=60", "gt=1e3", "lt=-2.5", "st=0.5"]).unwrap();
        assert_eq!((set.pmin(), set.pmax()), (Some(10), Some(60)));
        let thresholds = [GT, LT, ST].map(|place| set.threshold(place));
        assert_eq!(thresholds, [Some(1000.0), Some(-2.5), Some(0.5)]);
        assert_eq!(values(&["pmin=10", "pmin"]), Ok(Values::NONE));
    }

    #[test]
    fn thresholds_must_leave_room_for_a_step() {
        for (items, consistent) in [
            (["lt=1", "gt=2", "st=0.4"], true),
            (["lt=1", "gt=2", "st=0.5"], false),
            (["lt=2", "gt=1", "st"], false),
            (["lt=2", "gt=2", "st"], false),
            (["lt=2", "gt", "st=5"], true),
            (["lt", "gt", "st=-1"], false),
        ] {
            assert_eq!(
                values(&items).unwrap().is_consistent(),
                consistent,
                "{items:?}"
            );
        }
    }

    #[test]
    fn a_threshold_is_crossed_both_ways() {
        let gt = values(&["gt=30"]).unwrap();
        let sample = |value| Sample(Some(Value::Float(value)));
        let met = |set: &Values, from: f64, to: f64| set.is_met(sample(from), sample(to));
        assert!(met(&gt, 29.0, 31.0));
        assert!(met(&gt, 31.0, 29.0));
        assert!(!met(&gt, 29.0, 29.5));
        assert!(!met(&gt, 31.0, 40.0));
        let st = values(&["st=2"]).unwrap();
        assert!(met(&st, 10.0, 12.0));
        assert!(met(&st, 10.0, 8.0));
        assert!(!met(&st, 10.0, 11.9));
    }

    #[test]
    fn the_nearest_level_wins() {
        let set = |path, item: &str| AttributeSet {
            server: 1,
            path,
            values: values(&[item]).unwrap(),
        };
        let sets = [
            set(Path::object(3), "pmin=1"),
            set(Path::instance(3, 0), "pmax=20"),
            set(Path::resource(3, 0, 9), "pmin=3"),
        ];
        let attributes = Attributes {
            sets: &sets,
            server: 1,
        };
        let effective = attributes.effective(Path::resource(3, 0, 9));
        assert_eq!((effective.pmin(), effective.pmax()), (Some(3), Some(20)));
        assert_eq!(
            attributes.effective(Path::resource(3, 0, 7)).pmin(),
            Some(1)
        );
        assert_eq!(
            Attributes {
                sets: &sets,
                server: 2
            }
            .effective(Path::resource(3, 0, 9)),
            Values::NONE
        );
    }
}

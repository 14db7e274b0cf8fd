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

/// The attributes themselves; those that are not set are inherited or have no effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Values {
    /// Seconds.
    pub(crate) pmin: Option<u32>,
    /// Seconds.
    pub(crate) pmax: Option<u32>,
    pub(crate) gt: Option<f64>,
    pub(crate) lt: Option<f64>,
    pub(crate) st: Option<f64>,
}

impl Values {
    pub(crate) const NONE: Self = Self {
        pmin: None,
        pmax: None,
        gt: None,
        lt: None,
        st: None,
    };

    /// What `self` does not set comes from `outer`.
    fn inherit(&mut self, outer: &Self) {
        self.pmin = self.pmin.or(outer.pmin);
        self.pmax = self.pmax.or(outer.pmax);
        self.gt = self.gt.or(outer.gt);
        self.lt = self.lt.or(outer.lt);
        self.st = self.st.or(outer.st);
    }

    /// Takes over one `name=value` of a Write-Attributes; a name alone unsets the attribute.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for an unknown name or a value that is not of its kind.
    pub(crate) fn set(&mut self, item: &[u8]) -> Result<(), Error> {
        let (name, value) = match item.iter().position(|&byte| byte == b'=') {
            Some(at) => (item.get(..at).unwrap_or(&[]), item.get(at + 1..)),
            None => (item, None),
        };
        match name {
            b"pmin" => self.pmin = value.map(seconds).transpose()?,
            b"pmax" => self.pmax = value.map(seconds).transpose()?,
            b"gt" => self.gt = value.map(threshold).transpose()?,
            b"lt" => self.lt = value.map(threshold).transpose()?,
            b"st" => self.st = value.map(threshold).transpose()?,
            _ => return Err(Error::BadRequest),
        }
        Ok(())
    }

    /// Whether the attributes agree with each other: lt < gt, and lt + 2 st < gt (Core 1.1.1, section 5.1.2).
    pub(crate) fn is_consistent(&self) -> bool {
        let step = self.st.unwrap_or(0.0);
        if float::compare(step, 0.0).is_lt() {
            return false;
        }
        match (self.lt, self.gt) {
            (Some(lt), Some(gt)) => {
                let left = float::distance(float::distance(lt, gt), step);
                float::compare(lt, gt).is_lt() && float::compare(left, step).is_gt()
            }
            _ => true,
        }
    }

    /// Whether some of them compare values.
    pub(crate) const fn has_thresholds(&self) -> bool {
        self.gt.is_some() || self.lt.is_some() || self.st.is_some()
    }

    /// Whether a change from `before` to `now` is worth a notification.
    pub(crate) fn is_met(&self, before: Sample, now: Sample) -> bool {
        if before.is_same(now) {
            return false;
        }
        if !self.has_thresholds() {
            return true;
        }
        let (Some(from), Some(to)) = (before.number(), now.number()) else {
            return true;
        };
        if float::is_nan(from) || float::is_nan(to) {
            return true;
        }
        // On the limit, a value is neither greater nor less.
        let is_greater = |value, limit| float::compare(value, limit).is_gt();
        self.gt
            .is_some_and(|gt| is_greater(from, gt) != is_greater(to, gt))
            || self
                .lt
                .is_some_and(|lt| is_greater(lt, from) != is_greater(lt, to))
            || self
                .st
                .is_some_and(|step| float::compare(float::distance(from, to), step).is_ge())
    }
}

fn seconds(text: &[u8]) -> Result<u32, Error> {
    u32::try_from(number::parse_u64(text)?).map_err(|_| Error::BadRequest)
}

fn threshold(text: &[u8]) -> Result<f64, Error> {
    Ok(number::parse_f64(text)?)
}

/// The attributes of all servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attributes<'s> {
    pub(crate) sets: &'s [AttributeSet],
    pub(crate) server: u16,
}

impl Attributes<'_> {
    /// What is set at exactly this path.
    pub(crate) fn at(&self, path: Path) -> Values {
        let found = self
            .sets
            .iter()
            .find(|set| set.server == self.server && self.server != 0 && set.path == path);
        found.map_or(Values::NONE, |set| set.values)
    }

    /// What holds for an observation of `path`: the nearest level wins.
    pub(crate) fn effective(&self, path: Path) -> Values {
        let mut values = Values::NONE;
        // Mostly there are none.
        let concerns = |set: &AttributeSet| set.server == self.server && set.path.contains(&path);
        if !self.sets.iter().any(concerns) {
            return values;
        }
        for level in [
            Level::ResourceInstance,
            Level::Resource,
            Level::Instance,
            Level::Object,
        ] {
            if level <= path.level() {
                values.inherit(&self.at(path.up_to(level)));
            }
        }
        values
    }

    /// Appends what is set at exactly this path to its link; with `inherit`, what is set above it, too.
    pub(crate) fn write(&self, out: &mut Writer<'_>, path: Path, inherit: bool) {
        let values = if inherit {
            self.effective(path)
        } else {
            self.at(path)
        };
        for (name, value) in [(b";pmin=", values.pmin), (b";pmax=", values.pmax)] {
            if let Some(value) = value {
                out.bytes(name);
                number::write_u64(out, u64::from(value));
            }
        }
        for (name, value) in [
            (b";gt=", values.gt),
            (b";lt=", values.lt),
            (b";st=", values.st),
        ] {
            if let Some(value) = value {
                out.bytes(name);
                number::write_f64(out, value);
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
        assert_eq!(
            set,
            Values {
                pmin: Some(10),
                pmax: Some(60),
                gt: Some(1000.0),
                lt: Some(-2.5),
                st: Some(0.5)
            }
        );
        assert_eq!(values(&["pmin=10", "pmin"]).unwrap().pmin, None);
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
        assert!(!met(&Values::NONE, 5.0, 5.0));
        assert!(met(&Values::NONE, 5.0, 5.1));
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
        assert_eq!((effective.pmin, effective.pmax), (Some(3), Some(20)));
        assert_eq!(attributes.effective(Path::resource(3, 0, 7)).pmin, Some(1));
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

//! One observation, and the value that its server knows.

use crate::client::output::SessionId;
use crate::model::{ContentFormat, Path, Value};
use crate::time::{Duration, Instant};
use crate::wire::coap::Token;
#[cfg(feature = "float")]
use crate::wire::float;

/// A path that a server observes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation {
    pub(crate) used: bool,
    /// The value has changed since it was sent.
    pub(crate) changed: bool,
    pub(crate) session: SessionId,
    pub(crate) token: Token,
    pub(crate) path: Path,
    /// The format that the server asked for.
    pub(crate) format: Option<ContentFormat>,
    /// Message id of the last notification, when there was one.
    pub(crate) message_id: Option<u16>,
    /// When the value was sent, and when in a confirmable message.
    pub(crate) sent_at: Instant,
    pub(crate) confirmed_at: Instant,
    /// Seconds between two notifications: at least, and at most, where 0 is no limit. What the attributes of the server
    /// say, else its Server object.
    pub(crate) pmin: u32,
    pub(crate) pmax: u32,
    /// Attributes compare values.
    #[cfg(feature = "attributes")]
    pub(crate) has_thresholds: bool,
    /// The value that was sent, where it is one that can be compared.
    pub(crate) sent: Sample,
}

impl Observation {
    /// All zeros, so that memory that is not in use takes no flash.
    pub(crate) const UNUSED: Self = Self {
        used: false,
        changed: false,
        session: SessionId::new(0),
        token: Token::EMPTY,
        path: Path::resource_instance(0, 0, 0, 0),
        format: Some(ContentFormat::Text),
        message_id: None,
        sent_at: Instant::ZERO,
        confirmed_at: Instant::ZERO,
        pmin: 0,
        pmax: 0,
        #[cfg(feature = "attributes")]
        has_thresholds: false,
        sent: Sample(Some(Value::Integer(0))),
    };

    /// Whether something is to be told once its time has come.
    pub(crate) const fn is_pending(&self) -> bool {
        self.used && (self.changed || self.pmax > 0)
    }

    /// Nothing is sent before: pmin has to pass.
    pub(crate) fn earliest(&self) -> Instant {
        self.sent_at + Duration::from_secs(u64::from(self.pmin))
    }

    /// When something is to be told, see [`earliest`](Self::earliest) and [`latest`](Self::latest).
    pub(crate) fn due(&self, window: u32) -> Instant {
        if self.changed {
            self.earliest()
        } else {
            self.latest(window)
        }
    }

    /// When pmax has passed, so that something is sent although nothing has changed. It may go along earlier by up to
    /// `window` milliseconds, but not before pmin.
    #[inline(never)]
    pub(crate) fn latest(&self, window: u32) -> Instant {
        // One below pmin is ignored.
        if self.pmax == 0 || self.pmax < self.pmin {
            return Instant::FAR_FUTURE;
        }
        let latest = self.sent_at + Duration::from_secs(u64::from(self.pmax));
        latest
            .brought_forward(window, self.pmax)
            .max(self.earliest())
    }
}

/// A value that can be compared with a later one; none for text, bytes, or more than one value, where every change counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample(pub(crate) Option<Value<'static>>);

impl Sample {
    pub(crate) const NONE: Self = Self(None);

    /// The number for a comparison with thresholds; none for what is no number.
    #[cfg(feature = "attributes")]
    pub(crate) fn number(self) -> Option<f64> {
        match self.0 {
            Some(Value::Integer(value) | Value::Time(value)) => Some(float::from_i64(value)),
            Some(Value::Unsigned(value)) => Some(float::from_magnitude(value, false)),
            Some(Value::Float(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether a server that knows `self` would learn nothing from `now`.
    pub(crate) fn is_same(self, now: Self) -> bool {
        let (Some(before), Some(now)) = (self.0, now.0) else {
            return false;
        };
        match (before, now) {
            #[cfg(feature = "float")]
            (Value::Float(before), Value::Float(now)) => float::is_same(before, now),
            (Value::Integer(before), Value::Integer(now))
            | (Value::Time(before), Value::Time(now)) => before == now,
            (Value::Unsigned(before), Value::Unsigned(now)) => before == now,
            (Value::Boolean(before), Value::Boolean(now)) => before == now,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_are_compared_in_their_own_type() {
        assert!(
            Sample(Some(Value::Unsigned(u64::MAX)))
                .is_same(Sample(Some(Value::Unsigned(u64::MAX))))
        );
        assert!(
            !Sample(Some(Value::Unsigned(u64::MAX)))
                .is_same(Sample(Some(Value::Unsigned(u64::MAX - 1))))
        );
        #[cfg(feature = "float")]
        assert!(Sample(Some(Value::Float(f64::NAN))).is_same(Sample(Some(Value::Float(f64::NAN)))));
        assert!(!Sample::NONE.is_same(Sample::NONE));
    }
}

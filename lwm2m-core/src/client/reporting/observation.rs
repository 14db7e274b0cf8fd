//! One observation, and the value that its server knows.

use crate::client::output::SessionId;
use crate::model::{ContentFormat, Objects, Path, Value, ValueWriter};
use crate::time::Instant;
use crate::wire::coap::Token;
#[cfg(feature = "float")]
use crate::wire::number;

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
    /// The value that was sent, where it is one that can be compared.
    pub(crate) sent: Sample,
}

impl Observation {
    pub(crate) const UNUSED: Self = Self {
        used: false,
        changed: false,
        session: SessionId::new(0),
        token: Token::EMPTY,
        path: Path::ROOT,
        format: None,
        message_id: None,
        sent_at: Instant::ZERO,
        confirmed_at: Instant::ZERO,
        sent: Sample::None,
    };
}

/// A value that can be compared with a later one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sample {
    /// Text, bytes, or more than one value: every change counts.
    None,
    Integer(i64),
    Unsigned(u64),
    #[cfg(feature = "float")]
    Float(f64),
    Boolean(bool),
}

impl Sample {
    /// The value of a single resource, or of a resource instance, as it is now.
    pub(crate) fn take(objects: &dyn Objects, path: Path) -> Self {
        let (Some(instance), Some(resource)) = (path.instance_id(), path.resource_id()) else {
            return Self::None;
        };
        let Some(object) = path.object_id().and_then(|id| objects.object(id)) else {
            return Self::None;
        };
        let single = object
            .definition()
            .resource(resource)
            .is_some_and(|definition| !definition.multiple);
        if !object.has_instance(instance) || !object.has_resource(instance, resource) {
            return Self::None;
        }
        let mut out = match path.resource_instance_id() {
            Some(id) => ValueWriter::capturing_instance(&mut [], id),
            None if single => ValueWriter::capturing(&mut []),
            None => return Self::None,
        };
        if object.read(instance, resource, &mut out).is_err() {
            return Self::None;
        }
        match out.captured_short() {
            Some(Value::Integer(value) | Value::Time(value)) => Self::Integer(value),
            Some(Value::Unsigned(value)) => Self::Unsigned(value),
            #[cfg(feature = "float")]
            Some(Value::Float(value)) => Self::Float(value),
            Some(Value::Boolean(value)) => Self::Boolean(value),
            _ => Self::None,
        }
    }

    /// The number for a comparison with thresholds; none for what is no number.
    #[cfg(feature = "attributes")]
    pub(crate) const fn number(self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(value as f64),
            Self::Unsigned(value) => Some(value as f64),
            Self::Float(value) => Some(value),
            Self::Boolean(_) | Self::None => None,
        }
    }

    /// Whether a server that knows `self` would learn nothing from `now`.
    pub(crate) fn is_same(self, now: Self) -> bool {
        match (self, now) {
            (Self::None, _) | (_, Self::None) => false,
            #[cfg(feature = "float")]
            (Self::Float(before), Self::Float(now)) => number::is_same_f64(before, now),
            (Self::Integer(before), Self::Integer(now)) => before == now,
            (Self::Unsigned(before), Self::Unsigned(now)) => before == now,
            (Self::Boolean(before), Self::Boolean(now)) => before == now,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_are_compared_in_their_own_type() {
        assert!(Sample::Unsigned(u64::MAX).is_same(Sample::Unsigned(u64::MAX)));
        assert!(!Sample::Unsigned(u64::MAX).is_same(Sample::Unsigned(u64::MAX - 1)));
        #[cfg(feature = "float")]
        assert!(Sample::Float(f64::NAN).is_same(Sample::Float(f64::NAN)));
        assert!(!Sample::None.is_same(Sample::None));
    }
}

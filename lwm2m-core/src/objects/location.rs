//! Location, object 6, version 1.0.

use crate::{
    model::{Error, Object, ObjectDefinition, ValueWriter},
    time::UnixTime,
};

use super::{SetError, tables::location as table};

/// Where the device is, and when that was measured (resources 0 to 3 and 5), in WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Position {
    /// Degrees north of the equator, -90 to 90.
    pub latitude: f64,
    /// Degrees east of Greenwich, -180 to 180.
    pub longitude: f64,
    /// Metres above sea level.
    pub altitude: Option<f64>,
    /// Radius of the circle in which the device is, in metres: the uncertainty.
    pub radius: Option<f64>,
    /// When it was measured.
    pub timestamp: UnixTime,
}

impl Position {
    /// A position without altitude and uncertainty.
    #[must_use]
    pub const fn new(latitude: f64, longitude: f64, timestamp: UnixTime) -> Self {
        Self {
            latitude,
            longitude,
            altitude: None,
            radius: None,
            timestamp,
        }
    }

    /// The same, with the altitude in metres above sea level.
    #[must_use]
    pub const fn altitude(mut self, metres: f64) -> Self {
        self.altitude = Some(metres);
        self
    }

    /// The same, with the radius of uncertainty in metres.
    #[must_use]
    pub const fn radius(mut self, metres: f64) -> Self {
        self.radius = Some(metres);
        self
    }

    fn is_valid(&self) -> bool {
        (-90.0..=90.0).contains(&self.latitude)
            && (-180.0..=180.0).contains(&self.longitude)
            && self.altitude.is_none_or(f64::is_finite)
            && self
                .radius
                .is_none_or(|radius| radius.is_finite() && radius >= 0.0)
    }
}

/// How the device moves (resources 4 and 6). Speeds are in mm/s, as satellite receivers tell them; servers get them in
/// km/h, which 3GPP TS 23.032 prescribes, rounded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Velocity {
    /// Direction in degrees clockwise from north, 0 to 359.
    pub bearing: u16,
    /// Horizontal speed in mm/s, up to 65,535 km/h.
    pub horizontal: u32,
    /// Vertical speed in mm/s, positive upwards, up to 255 km/h either way.
    pub vertical: Option<i32>,
    /// Uncertainty of the horizontal speed in mm/s, up to 254 km/h.
    pub horizontal_uncertainty: Option<u32>,
    /// Uncertainty of the vertical speed in mm/s, up to 254 km/h; told where there is a vertical speed.
    pub vertical_uncertainty: Option<u32>,
}

/// Bytes of an encoded velocity at most.
const VELOCITY: usize = 7;

impl Velocity {
    /// A horizontal movement: degrees clockwise from north, and mm/s.
    #[must_use]
    pub const fn new(bearing: u16, horizontal: u32) -> Self {
        Self {
            bearing,
            horizontal,
            vertical: None,
            horizontal_uncertainty: None,
            vertical_uncertainty: None,
        }
    }

    /// The same, with a vertical speed in mm/s, positive upwards.
    #[must_use]
    pub const fn vertical(mut self, speed: i32) -> Self {
        self.vertical = Some(speed);
        self
    }

    /// The same, with the uncertainty of both speeds in mm/s.
    #[must_use]
    pub const fn uncertainty(mut self, horizontal: Option<u32>, vertical: Option<u32>) -> Self {
        self.horizontal_uncertainty = horizontal;
        self.vertical_uncertainty = vertical;
        self
    }

    /// The speed without regard for direction, in m/s.
    fn speed(&self) -> f64 {
        let squared = |speed: u32| u64::from(speed) * u64::from(speed);
        let vertical = self.vertical.map_or(0, i32::unsigned_abs);
        let speed = squared(self.horizontal)
            .saturating_add(squared(vertical))
            .isqrt();
        // Below 2^33, so nothing is lost.
        speed as f64 / 1000.0
    }

    /// As 3GPP TS 23.032, section 8, encodes it, with its length; `None` when a number does not fit.
    fn encode(&self) -> Option<([u8; VELOCITY], usize)> {
        let bearing = Some(self.bearing).filter(|&degrees| degrees < 360)?;
        let [high, low] = bearing.to_be_bytes();
        let [fast, slow] = u16::try_from(kilometres(self.horizontal))
            .ok()?
            .to_be_bytes();
        let vertical = match self.vertical {
            Some(speed) => Some(u8::try_from(kilometres(speed.unsigned_abs())).ok()?),
            None => None,
        };
        // 255 means that it is not known.
        let uncertainty = |speed: Option<u32>| match speed {
            Some(speed) => u8::try_from(kilometres(speed))
                .ok()
                .filter(|&speed| speed < 255),
            None => Some(255),
        };
        let horizontal_uncertainty = uncertainty(self.horizontal_uncertainty)?;
        let vertical_uncertainty = uncertainty(self.vertical_uncertainty)?;
        let uncertain = self.horizontal_uncertainty.is_some()
            || self.vertical.is_some() && self.vertical_uncertainty.is_some();
        let down = u8::from(self.vertical.is_some_and(i32::is_negative));
        // The type is in the upper half of the first byte: 1 with vertical speed, 2 with uncertainty, 3 with both.
        let kind = u8::from(vertical.is_some()) | u8::from(uncertain) << 1;
        let first = kind << 4 | down << 1 | high;
        Some(match (vertical, uncertain) {
            (None, false) => ([first, low, fast, slow, 0, 0, 0], 4),
            (Some(speed), false) => ([first, low, fast, slow, speed, 0, 0], 5),
            (None, true) => ([first, low, fast, slow, horizontal_uncertainty, 0, 0], 5),
            (Some(speed), true) => (
                [
                    first,
                    low,
                    fast,
                    slow,
                    speed,
                    horizontal_uncertainty,
                    vertical_uncertainty,
                ],
                7,
            ),
        })
    }
}

/// mm/s in km/h, rounded.
fn kilometres(speed: u32) -> u64 {
    (u64::from(speed) * 36 + 5_000) / 10_000
}

/// The Location object. Servers only read it; the application sets what it measures.
///
/// It has no instance before the first position, since the registry wants one to have coordinates; once there is one,
/// `Client::update(true)` lists it.
///
/// # Examples
/// ```
/// use lwm2m_core::{objects::{Location, Position, Velocity}, time::UnixTime};
///
/// let mut location = Location::new();
/// let measured = UnixTime::from_secs(1_700_000_000);
/// location.set_position(Position::new(52.5186, 13.3763, measured).radius(12.0))?;
/// location.set_velocity(Some(Velocity::new(90, 13_900)))?; // 50 km/h eastwards
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Location {
    position: Option<Position>,
    velocity: Option<Velocity>,
}

impl Location {
    /// Nowhere yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            position: None,
            velocity: None,
        }
    }

    /// Sets the position.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for coordinates that are none, numbers that are not finite, a negative radius, and a
    /// timestamp before the last one.
    pub fn set_position(&mut self, position: Position) -> Result<(), SetError> {
        let before = self.position.map(|last| last.timestamp);
        if !position.is_valid() || before.is_some_and(|last| position.timestamp < last) {
            return Err(SetError::OutOfRange);
        }
        self.position = Some(position);
        Ok(())
    }

    /// Sets the velocity; `None` when it is not known (any more).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for a bearing above 359 degrees and speeds above what [`Velocity`] says.
    pub fn set_velocity(&mut self, velocity: Option<Velocity>) -> Result<(), SetError> {
        if velocity.is_some_and(|velocity| velocity.encode().is_none()) {
            return Err(SetError::OutOfRange);
        }
        self.velocity = velocity;
        Ok(())
    }

    /// The position, if there is one.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    fn number(&self, resource: u16) -> Option<f64> {
        let position = self.position.as_ref()?;
        match resource {
            table::LATITUDE => Some(position.latitude),
            table::LONGITUDE => Some(position.longitude),
            table::ALTITUDE => position.altitude,
            table::RADIUS => position.radius,
            table::SPEED => self.velocity.map(|velocity| velocity.speed()),
            _ => None,
        }
    }
}

impl Object for Location {
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        (after.is_none() && self.position.is_some()).then_some(0)
    }

    fn read(&self, _instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        match resource {
            table::VELOCITY => {
                let velocity = self.velocity.ok_or(Error::NotFound)?;
                let (bytes, len) = velocity.encode().ok_or(Error::Internal)?;
                out.opaque(bytes.get(..len).ok_or(Error::Internal)?);
            }
            table::TIMESTAMP => {
                let position = self.position.ok_or(Error::NotFound)?;
                out.time(position.timestamp.as_secs());
            }
            _ => out.float(self.number(resource).ok_or(Error::NotFound)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(velocity: Velocity) -> heapless::Vec<u8, VELOCITY> {
        let (bytes, len) = velocity.encode().unwrap();
        heapless::Vec::from_slice(&bytes[..len]).unwrap()
    }

    /// The layouts of 3GPP TS 23.032, sections 8.12 to 8.15: type, D, bearing of 9 bits, speeds in km/h.
    #[test]
    fn a_velocity_is_encoded_as_23_032_says() {
        // 300 degrees are 1 0010 1100; 100 km/h are 27,778 mm/s; 36 km/h are 10 m/s.
        let flat = Velocity::new(300, 27_778);
        assert_eq!(encoded(flat), [0x01, 0x2c, 0x00, 0x64]);
        let up = flat.vertical(10_000);
        assert_eq!(encoded(up), [0x11, 0x2c, 0x00, 0x64, 36]);
        let down = flat.vertical(-10_000);
        assert_eq!(encoded(down), [0x13, 0x2c, 0x00, 0x64, 36]);
        let uncertain = flat.uncertainty(Some(1_389), None);
        assert_eq!(encoded(uncertain), [0x21, 0x2c, 0x00, 0x64, 5]);
        let all = down.uncertainty(Some(1_389), Some(556));
        assert_eq!(encoded(all), [0x33, 0x2c, 0x00, 0x64, 36, 5, 2]);
        let half = down.uncertainty(None, Some(556));
        assert_eq!(encoded(half), [0x33, 0x2c, 0x00, 0x64, 36, 255, 2]);
        // Without a vertical speed there is nothing to be uncertain about.
        let none = flat.uncertainty(None, Some(556));
        assert_eq!(encoded(none), [0x01, 0x2c, 0x00, 0x64]);
    }

    /// 3, 4 and 5 m/s.
    #[test]
    fn the_speed_is_that_of_both_directions() {
        let velocity = Velocity::new(0, 3_000).vertical(-4_000);
        assert!((velocity.speed() - 5.0).abs() < f64::EPSILON);
        let fastest = Velocity::new(0, u32::MAX).vertical(i32::MIN);
        assert!(fastest.speed() > 4_000_000.0);
    }

    #[test]
    fn what_cannot_be_is_refused_and_changes_nothing() {
        let mut location = Location::new();
        let at = UnixTime::from_secs;
        let good = Position::new(-43.5723, 153.2176, at(100));
        location.set_position(good).unwrap();
        for bad in [
            Position::new(90.1, 0.0, at(100)),
            Position::new(0.0, -180.1, at(100)),
            Position::new(f64::NAN, 0.0, at(100)),
            good.altitude(f64::INFINITY),
            good.radius(-1.0),
            good.radius(f64::NAN),
            Position::new(0.0, 0.0, at(99)),
        ] {
            assert_eq!(location.set_position(bad), Err(SetError::OutOfRange));
        }
        assert_eq!(location.position(), Some(good));
        for bad in [
            Velocity::new(360, 0),
            Velocity::new(0, 18_204_306),
            Velocity::new(0, 0).vertical(70_973),
            Velocity::new(0, 0).uncertainty(Some(70_695), None),
        ] {
            let result = location.set_velocity(Some(bad));
            assert_eq!(result, Err(SetError::OutOfRange), "{bad:?}");
        }
        assert!(!location.has_resource(0, table::VELOCITY));
        assert!(!location.has_resource(0, table::SPEED));
    }
}

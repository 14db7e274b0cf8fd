//! Temperature, object 3303 of the IPSO Smart Objects, version 1.1.

use lwm2m_core::model::{Arguments, Error, Object, Outcome, Text};

/// A temperature sensor.
#[derive(Object)]
#[object(id = 3303, version = "1.1", multiple, execute(5605 => reset))]
pub(crate) struct Temperature {
    /// Degrees.
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
    /// The unit of the value.
    #[resource(id = 5701)]
    units: &'static str,
    /// The lowest value since the start or the last reset.
    #[resource(id = 5601, units = "Cel")]
    min: f32,
    /// The highest.
    #[resource(id = 5602, units = "Cel")]
    max: f32,
    /// What it is for.
    #[resource(id = 5750, ops = "RW")]
    application_type: Text<32>,
}

impl Default for Temperature {
    /// Twenty degrees, a comfortable start.
    fn default() -> Self {
        Self {
            value: 20.0,
            units: "Cel",
            min: 20.0,
            max: 20.0,
            application_type: Text::new(),
        }
    }
}

impl Temperature {
    /// The sensor has measured `value`.
    pub(crate) fn measure(&mut self, value: f32) {
        self.value = value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Lowest and highest value begin anew: at the value of argument 0, such as `0='19.5'`, else at what is measured
    /// now.
    fn reset(&mut self, arguments: Arguments<'_>) -> Result<Outcome, Error> {
        let mut start = self.value;
        for argument in arguments.iter() {
            start = match (argument.digit, argument.value.map(str::parse)) {
                (0, Some(Ok(value))) => value,
                _ => return Err(Error::BadRequest),
            };
        }
        (self.min, self.max) = (start, start);
        Ok(Outcome::Done)
    }
}

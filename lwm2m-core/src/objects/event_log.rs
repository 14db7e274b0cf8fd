//! Event Log, object 20, version 2.1.

use crate::model::{
    Arguments, Bytes, Error, Instance, ObjectDefinition, Outcome, ResourceValue, WritableValue,
};

use super::{SetError, tables::event_log as table};

/// Bits of LogStatus (resource 4013).
const STOPPED: u8 = 1;
const VALID: u8 = 1 << 1;
const FAILED: u8 = 1 << 2;

/// A log of up to `LEN` bytes, in whatever format the application writes it. It is instance 0 of its object;
/// [`Instances`](super::Instances) holds several.
///
/// Servers read it, start and stop it, and say what class of events they want. Starting empties the log, stopping keeps
/// it; arguments, whose values the registry does not give, are refused. The application asks
/// [`is_running`](Self::is_running) before it logs.
///
/// # Examples
/// ```
/// use lwm2m_core::objects::EventLog;
///
/// let mut log = EventLog::<128>::new().class(1);
/// if log.is_running() {
///     log.set_data(b"brown-out")?;
/// }
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventLog<const LEN: usize> {
    class: u8,
    status: u8,
    data: Bytes<LEN>,
}

impl<const LEN: usize> EventLog<LEN> {
    /// An empty log of class 0 (generic) that is running.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            class: 0,
            status: 0,
            data: Bytes::new(),
        }
    }

    /// The same, with another class (resource 4010): 1 system, 2 security, 3 event, 4 trace, 5 panic, 6 charging, from
    /// 100 on the vendor's own.
    #[must_use]
    pub const fn class(mut self, class: u8) -> Self {
        self.class = class;
        self
    }

    /// Replaces the log (resource 4014). An empty one is not valid data.
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than `LEN` bytes.
    pub fn set_data(&mut self, data: &[u8]) -> Result<(), SetError> {
        self.data.set(data).map_err(|_| SetError::TooLong)?;
        self.set_bit(VALID, !data.is_empty());
        Ok(())
    }

    /// The log.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.data.as_slice()
    }

    /// Tells whether an error has occurred while events were collected (resource 4013).
    pub const fn set_failed(&mut self, failed: bool) {
        self.set_bit(FAILED, failed);
    }

    /// The class of events that the application, or a server, has chosen.
    #[must_use]
    pub const fn chosen_class(&self) -> u8 {
        self.class
    }

    /// Whether events are to be collected: no server has stopped it.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.status & STOPPED == 0
    }

    const fn set_bit(&mut self, bit: u8, set: bool) {
        if set {
            self.status |= bit;
        } else {
            self.status &= !bit;
        }
    }
}

impl<const LEN: usize> Instance for EventLog<LEN> {
    fn definition() -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn resource(&self, id: u16) -> Option<&dyn ResourceValue> {
        Some(match id {
            table::LOGCLASS => &self.class,
            table::LOGSTATUS => &self.status,
            table::LOGDATA => &self.data,
            _ => return None,
        })
    }

    fn resource_mut(&mut self, id: u16) -> Option<&mut dyn WritableValue> {
        match id {
            table::LOGCLASS => Some(&mut self.class),
            _ => None,
        }
    }

    fn execute_resource(&mut self, id: u16, arguments: Arguments<'_>) -> Result<Outcome, Error> {
        if !arguments.is_empty() {
            return Err(Error::BadRequest);
        }
        match id {
            table::LOGSTART => {
                self.status = 0;
                self.data = Bytes::new();
            }
            table::LOGSTOP => self.set_bit(STOPPED, true),
            _ => return Err(Error::MethodNotAllowed),
        }
        Ok(Outcome::Done)
    }
}

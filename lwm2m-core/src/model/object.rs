//! The trait behind every object.

use super::{Arguments, Error, ObjectDefinition, Value, ValueWriter};

/// What a value belongs to, inside one object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Target {
    /// Object instance id.
    pub instance: u16,
    /// Resource id.
    pub resource: u16,
    /// Resource instance id, for resources with several instances.
    pub resource_instance: Option<u16>,
}

impl Target {
    /// A resource with a single instance.
    #[must_use]
    pub const fn new(instance: u16, resource: u16) -> Self {
        Self {
            instance,
            resource,
            resource_instance: None,
        }
    }

    /// One instance of a resource.
    #[must_use]
    pub const fn of_instance(instance: u16, resource: u16, resource_instance: u16) -> Self {
        Self {
            instance,
            resource,
            resource_instance: Some(resource_instance),
        }
    }
}

/// Names an operation whose answer comes later. The object chooses the number; it must not be in use.
#[cfg(feature = "separate")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_structs,
    reason = "a plain number chosen by the object"
)]
pub struct Ticket(pub u16);

/// How a Write or Execute went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Outcome {
    /// Done: the server is told at once.
    Done,
    /// Accepted; the effect (such as a reboot) is to come after the answer has left, which the engine tells by
    /// `Event::Answered`.
    AfterResponse,
    /// Under way: an empty acknowledgement goes out now, the answer when
    /// `Client::answer` is called with the same ticket.
    #[cfg(feature = "separate")]
    Later(Ticket),
}

/// A step of the transaction that encloses a bootstrap session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[allow(
    clippy::exhaustive_enums,
    reason = "a transaction has exactly these steps"
)]
pub enum Transaction {
    /// What follows is provisional.
    Begin,
    /// What was done since `Begin` becomes valid.
    Commit,
    /// What was done since `Begin` is undone.
    Rollback,
}

/// An LwM2M object with its instances.
///
/// The engine checks existence, operations, types and ranges against the [definition](Object::definition) before it
/// calls, so an implementation deals with values only. A write of several resources is first checked as a whole
/// ([`check`](Object::check)), then written: after a successful check, [`write`](Object::write) should not fail.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no LwM2M object",
    note = "#[derive(Object)] makes one of a struct; in a set of objects, #[objects(skip)] leaves a field out"
)]
pub trait Object {
    /// The resources of the object.
    fn definition(&self) -> &'static ObjectDefinition;

    /// The smallest instance id above `after`; the smallest of all for `None`.
    fn next_instance(&self, after: Option<u16>) -> Option<u16>;

    /// Whether `instance` exists.
    fn has_instance(&self, instance: u16) -> bool {
        match instance.checked_sub(1) {
            None => self.next_instance(None) == Some(0),
            before => self.next_instance(before) == Some(instance),
        }
    }

    /// Whether `resource`, which the definition has, is present in `instance`, which exists. By default, what is
    /// executable, and what [`read`](Object::read) does not answer with [`Error::NotFound`].
    fn has_resource(&self, instance: u16, resource: u16) -> bool {
        let mut out = ValueWriter::capturing(&mut []);
        self.definition().is_executable(resource)
            || self.read(instance, resource, &mut out) != Err(Error::NotFound)
    }

    /// Writes the value of `resource`, which the definition has, of `instance`, which exists, to `out`; of a resource
    /// with several instances all, in ascending order of their ids, each behind [`ValueWriter::instance`].
    ///
    /// The engine also reads what servers may not (keys of a Security instance, for example); it checks operations
    /// itself.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the resource is not present: the engine does not ask before. What is not written is left
    /// out of a larger read; of a single one the server is told what the error says.
    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error>;

    /// Whether `value` could be written to `target`. Type and range are right; `target.instance` may not exist yet.
    /// Changes nothing.
    ///
    /// # Errors
    /// What the server is to be told; nothing of the message is written then.
    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        let _ = (target, value);
        Ok(())
    }

    /// Writes `value` to `target`.
    ///
    /// # Errors
    /// What the server is to be told.
    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        let _ = (target, value);
        Err(Error::MethodNotAllowed)
    }

    /// Takes one part of a long opaque value that arrives by block-wise transfer, `offset` bytes from its start; the
    /// first has offset 0, then they follow without gaps. `last` tells that the value is complete.
    ///
    /// # Errors
    /// What the server is to be told; the transfer ends then, except for [`Error::Busy`], which asks for the same part
    /// again. [`Error::TooLarge`] when the object takes whole values only, which is the default.
    fn write_part(
        &mut self,
        target: Target,
        offset: u32,
        part: &[u8],
        last: bool,
    ) -> Result<Outcome, Error> {
        let _ = (target, offset, part, last);
        Err(Error::TooLarge)
    }

    /// The value of which [parts](Object::write_part) were written stays incomplete: its server has fallen silent for
    /// EXCHANGE_LIFETIME (247 s by default), sends another value or more bytes than it announced, or has no account
    /// any more. Not called after a part that was refused, nor before a new first part of the same value.
    fn abandon(&mut self, target: Target) {
        let _ = target;
    }

    /// Removes all instances of `resource`, which has several, before new ones are written.
    fn clear(&mut self, instance: u16, resource: u16) {
        let _ = (instance, resource);
    }

    /// Puts all writable resources of `instance` back to what they are after [`create`](Object::create), before a
    /// Write that replaces the instance.
    fn reset(&mut self, instance: u16) {
        let _ = instance;
    }

    /// Executes `resource` of `instance`.
    ///
    /// # Errors
    /// What the server is to be told.
    fn execute(
        &mut self,
        instance: u16,
        resource: u16,
        arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        let _ = (instance, resource, arguments);
        Err(Error::MethodNotAllowed)
    }

    /// Whether instance `instance`, which does not exist, could be created.
    ///
    /// # Errors
    /// What the server is to be told: [`Error::MethodNotAllowed`] when the object has no instances to create,
    /// [`Error::BadRequest`] when this id or one more instance is not to be had.
    fn check_create(&self, instance: u16) -> Result<(), Error> {
        let _ = instance;
        Err(Error::MethodNotAllowed)
    }

    /// Creates instance `instance`; its resources are written afterwards.
    ///
    /// # Errors
    /// What the server is to be told, as [`check_create`](Object::check_create).
    fn create(&mut self, instance: u16) -> Result<(), Error> {
        let _ = instance;
        Err(Error::MethodNotAllowed)
    }

    /// Deletes instance `instance`, which exists.
    ///
    /// # Errors
    /// What the server is to be told.
    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        let _ = instance;
        Err(Error::MethodNotAllowed)
    }

    /// A step of the transaction around a bootstrap session. Objects that a bootstrap server configures (Security,
    /// Server, Access Control) keep what they had until `Commit`; the default keeps nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when `Begin` finds a transaction open.
    fn transaction(&mut self, step: Transaction) -> Result<(), Error> {
        let _ = step;
        Ok(())
    }
}

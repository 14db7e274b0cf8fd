//! LwM2M Server, object 1, version 1.1.

#[cfg(feature = "bootstrap")]
use crate::model::Transaction;
use crate::model::{
    Arguments, Error, Object, ObjectDefinition, Outcome, Path, Target, Value, ValueWriter,
};

use super::{
    SetError,
    staging::{Label, Slots},
    tables::server as table,
};

mod instance;

pub use instance::ServerInstance;
#[cfg(feature = "bootstrap")]
pub(super) use instance::short_server_id;

/// The Server object, with room for `N` instances. A bootstrap session changes copies, so `N` is best twice the number
/// of servers.
///
/// The executable resources (Disable, Registration Update Trigger, Bootstrap-Request Trigger) succeed; what they ask for
/// is the engine's to do.
#[derive(Clone, Debug)]
pub struct Server<const N: usize> {
    slots: Slots<[Label; N]>,
    instances: [ServerInstance; N],
}

impl<const N: usize> Server<N> {
    /// No servers.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: Slots::new(),
            instances: [const { ServerInstance::FREE }; N],
        }
    }

    /// Adds a server, as a device does that knows its servers without a bootstrap.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for the short server ids 0 and 65535 and the instance 65535,
    /// [`SetError::InUse`], [`SetError::Full`].
    pub fn add(&mut self, instance: u16, server: &ServerInstance) -> Result<(), SetError> {
        if matches!(server.short_server_id, 0 | Path::RESERVED_ID) {
            return Err(SetError::OutOfRange);
        }
        let slots: &mut Slots = &mut self.slots;
        let slot = slots.add(instance)?;
        *self.instances.get_mut(slot).ok_or(SetError::Full)? = server.clone();
        Ok(())
    }

    fn instance(&self, instance: u16) -> Option<&ServerInstance> {
        let slots: &Slots = &self.slots;
        self.instances.get(slots.find(instance)?)
    }

    /// The instance to be changed, copied first where the change is staged.
    fn instance_mut(&mut self, instance: u16) -> Result<&mut ServerInstance, Error> {
        staged(&mut self.slots, &mut self.instances, instance)
    }
}

fn staged<'a>(
    slots: &mut Slots,
    instances: &'a mut [ServerInstance],
    instance: u16,
) -> Result<&'a mut ServerInstance, Error> {
    let writable = slots.writable(instance)?;
    if let Some(original) = writable.copy_of
        && let Ok([original, copy]) = instances.get_disjoint_mut([original, writable.slot])
    {
        copy.clone_from(original);
    }
    instances.get_mut(writable.slot).ok_or(Error::Internal)
}

impl<const N: usize> Default for Server<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Object for Server<N> {
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        let slots: &Slots = &self.slots;
        slots.next(after)
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        self.instance(instance)
            .ok_or(Error::NotFound)?
            .read(resource, out)
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        let mut any = ServerInstance::FREE;
        any.write(target.resource, value)
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.instance_mut(target.instance)?
            .write(target.resource, value)?;
        Ok(Outcome::Done)
    }

    fn reset(&mut self, instance: u16) {
        // Without a slot to stage the change in, the write that follows fails and says so.
        if let Ok(server) = self.instance_mut(instance) {
            server.reset();
        }
    }

    fn execute(
        &mut self,
        _instance: u16,
        _resource: u16,
        _arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        Ok(Outcome::Done)
    }

    #[cfg(any(feature = "create", feature = "bootstrap"))]
    fn check_create(&self, instance: u16) -> Result<(), Error> {
        let slots: &Slots = &self.slots;
        slots.check_create(instance)
    }

    #[cfg(any(feature = "create", feature = "bootstrap"))]
    fn create(&mut self, instance: u16) -> Result<(), Error> {
        let slots: &mut Slots = &mut self.slots;
        let slot = slots.create(instance)?;
        let server = self.instances.get_mut(slot).ok_or(Error::Internal)?;
        *server = ServerInstance::FREE;
        server.reset();
        Ok(())
    }

    #[cfg(any(feature = "create", feature = "bootstrap"))]
    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        let slots: &mut Slots = &mut self.slots;
        slots.delete(instance).map(|_| ())
    }

    #[cfg(feature = "bootstrap")]
    fn transaction(&mut self, step: Transaction) -> Result<(), Error> {
        let slots: &mut Slots = &mut self.slots;
        slots.transaction(step, &mut |_| {})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a resource as the engine reads it; `None` when it is absent.
    fn read<const N: usize>(server: &Server<N>, instance: u16, resource: u16) -> Option<i64> {
        let mut buf = [0; 8];
        let mut out = ValueWriter::capturing(&mut buf);
        server.read(instance, resource, &mut out).ok()?;
        match out.captured()? {
            Value::Boolean(flag) => Some(i64::from(flag)),
            Value::String(text) => Some(i64::from(text.as_bytes()[0])),
            value => value.as_i64(),
        }
    }

    fn write<const N: usize>(
        server: &mut Server<N>,
        resource: u16,
        value: Value<'_>,
    ) -> Result<Outcome, Error> {
        server.write(Target::new(0, resource), &value)
    }

    #[test]
    fn optional_resources_are_absent_until_they_are_set() {
        let mut server = Server::<1>::new();
        server.add(0, &ServerInstance::new(101)).unwrap();
        // Mandatory: 0, 1, 6, 7; executable: 4, 8, 9.
        let present: [bool; 24] =
            core::array::from_fn(|resource| server.has_resource(0, resource as u16));
        let expected: [bool; 24] =
            core::array::from_fn(|resource| [0, 1, 4, 6, 7, 8, 9].contains(&resource));
        assert_eq!(present, expected);
        assert_eq!(read(&server, 0, 0), Some(101));
        assert_eq!(read(&server, 0, 1), Some(86_400));
        assert_eq!(read(&server, 0, 6), Some(1));
        assert_eq!(read(&server, 0, 7), Some(i64::from(b'U')));
        assert_eq!(read(&server, 0, 2), None);

        write(&mut server, 2, Value::Integer(5)).unwrap();
        write(&mut server, 16, Value::Boolean(false)).unwrap();
        write(&mut server, 17, Value::Unsigned(3)).unwrap();
        write(&mut server, 22, Value::String("U")).unwrap();
        assert_eq!(read(&server, 0, 2), Some(5));
        assert_eq!(read(&server, 0, 16), Some(0));
        assert_eq!(read(&server, 0, 17), Some(3));
        assert_eq!(read(&server, 0, 22), Some(i64::from(b'U')));
        assert!(!server.has_resource(0, 15));
    }

    #[test]
    fn values_have_the_type_of_the_registry() {
        let mut server = Server::<1>::new();
        let instance = ServerInstance::new(1).retries(5, 60).sequences(1, 86_400);
        server.add(0, &instance).unwrap();
        for definition in table::DEFINITION.resources {
            let mut buf = [0; 8];
            let mut out = ValueWriter::capturing(&mut buf);
            if server.read(0, definition.id, &mut out).is_ok() {
                let value = out.captured().unwrap();
                assert_eq!(value.data_type(), definition.data_type, "{}", definition.id);
            }
        }
        assert_eq!(read(&server, 0, 18), Some(60));
        assert_eq!(read(&server, 0, 19), Some(86_400));
    }

    #[test]
    fn a_value_out_of_range_changes_nothing() {
        let mut server = Server::<1>::new();
        server.add(0, &ServerInstance::new(101)).unwrap();
        for (resource, value) in [
            (0, Value::Integer(0)),
            (0, Value::Integer(65_535)),
            (1, Value::Integer(-1)),
            (1, Value::Integer(1 << 32)),
            (1, Value::String("60")),
            (6, Value::Integer(1)),
            (7, Value::String("")),
            (7, Value::String("X")),
            (7, Value::String("UUUUUUU")),
            (22, Value::String("UU")),
        ] {
            let result = write(&mut server, resource, value);
            assert_eq!(result, Err(Error::BadRequest), "{resource} {value:?}");
        }
        assert_eq!(read(&server, 0, 0), Some(101));
        assert_eq!(read(&server, 0, 1), Some(86_400));
        // The largest value stands for "never".
        write(&mut server, 19, Value::Unsigned(u64::MAX)).unwrap();
        assert_eq!(read(&server, 0, 19), Some(i64::from(u32::MAX)));
    }

    #[test]
    fn a_replacing_write_spares_what_only_bootstrap_sets() {
        let mut server = Server::<1>::new();
        let instance = ServerInstance::new(101)
            .lifetime(60)
            .minimum_period(1)
            .retries(5, 60)
            .bootstrap_on_failure(true)
            .store_notifications(false);
        server.add(0, &instance).unwrap();
        write(&mut server, 23, Value::Boolean(true)).unwrap();
        server.reset(0);
        assert_eq!(read(&server, 0, 0), Some(101));
        assert_eq!(read(&server, 0, 1), Some(86_400));
        assert_eq!(read(&server, 0, 2), None);
        assert_eq!(read(&server, 0, 6), Some(1));
        assert_eq!(read(&server, 0, 23), None);
        assert_eq!(read(&server, 0, 16), Some(1));
        assert_eq!(read(&server, 0, 17), Some(5));
    }

    #[cfg(feature = "bootstrap")]
    #[test]
    fn roll_back_restores_exactly() {
        let mut server = Server::<4>::new();
        server
            .add(0, &ServerInstance::new(101).lifetime(60))
            .unwrap();
        server.add(1, &ServerInstance::new(102)).unwrap();
        server.transaction(Transaction::Begin).unwrap();
        assert_eq!(server.transaction(Transaction::Begin), Err(Error::Busy));
        write(&mut server, 1, Value::Integer(300)).unwrap();
        server.delete(1).unwrap();
        server.create(2).unwrap();
        assert_eq!(read(&server, 0, 1), Some(300));
        assert_eq!(read(&server, 0, 0), Some(101));
        assert_eq!(server.next_instance(Some(0)), Some(2));

        server.transaction(Transaction::Rollback).unwrap();
        assert_eq!(read(&server, 0, 1), Some(60));
        assert_eq!(read(&server, 1, 0), Some(102));
        assert_eq!(server.next_instance(Some(1)), None);
    }

    #[cfg(feature = "bootstrap")]
    #[test]
    fn commit_keeps_what_was_staged() {
        let mut server = Server::<2>::new();
        server
            .add(0, &ServerInstance::new(101).lifetime(60))
            .unwrap();
        server.transaction(Transaction::Begin).unwrap();
        write(&mut server, 1, Value::Integer(300)).unwrap();
        assert_eq!(server.check_create(1), Err(Error::BadRequest));
        server.transaction(Transaction::Commit).unwrap();
        assert_eq!(read(&server, 0, 1), Some(300));
        assert_eq!(server.check_create(1), Ok(()));
    }

    #[test]
    fn an_application_hears_why_a_server_is_not_taken() {
        let mut server = Server::<1>::new();
        let one = ServerInstance::new(1);
        assert_eq!(server.add(65_535, &one), Err(SetError::OutOfRange));
        assert_eq!(
            server.add(0, &ServerInstance::new(0)),
            Err(SetError::OutOfRange)
        );
        server.add(0, &one).unwrap();
        assert_eq!(server.add(0, &one), Err(SetError::InUse));
        assert_eq!(server.add(1, &one), Err(SetError::Full));
        assert!(ServerInstance::new(1).binding("UQ").is_ok());
        assert!(ServerInstance::new(1).binding("u").is_err());
    }
}

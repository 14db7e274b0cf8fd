//! LwM2M Server, object 1, version 1.1.

use crate::model::{
    Arguments, Error, Object, ObjectDefinition, Outcome, Path, Target, Text, Transaction, Value,
    ValueWriter,
};

use super::{
    SetError,
    staging::{Label, Slots},
    tables::server as table,
};

/// The resources that are stored as numbers, in seconds where they are times. From 13 on they are unsigned.
const NUMBERS: [u16; 10] = [
    table::LIFETIME,
    table::DEFAULT_MINIMUM_PERIOD,
    table::DEFAULT_MAXIMUM_PERIOD,
    table::DISABLE_TIMEOUT,
    table::REGISTRATION_PRIORITY_ORDER,
    table::INITIAL_REGISTRATION_DELAY_TIMER,
    table::COMMUNICATION_RETRY_COUNT,
    table::COMMUNICATION_RETRY_TIMER,
    table::COMMUNICATION_SEQUENCE_DELAY_TIMER,
    table::COMMUNICATION_SEQUENCE_RETRY_COUNT,
];

/// How many of [`NUMBERS`] a server may write; the others come by bootstrap only.
const WRITABLE_NUMBERS: usize = 4;

/// The resources that are stored as bits.
const FLAGS: [u16; 4] = [
    table::NOTIFICATION_STORING_WHEN_DISABLED_OR_OFFLINE,
    table::MUTE_SEND,
    table::REGISTRATION_FAILURE_BLOCK,
    table::BOOTSTRAP_ON_REGISTRATION_FAILURE,
];

/// How many of [`FLAGS`] a server may write.
const WRITABLE_FLAGS: u32 = 2;

/// Seconds of a registration where nothing else is said.
const DEFAULT_LIFETIME: u32 = 86_400;

/// What the Server object says of one server.
///
/// Resources that are not set are absent, except the lifetime (86,400 s), the binding (`U`) and the storing of
/// notifications (true), which are mandatory. APN link (10), alert code (11), time of the last bootstrap (12) and trigger
/// (21) are not kept: a write to them is taken and forgotten.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerInstance {
    numbers: [u32; NUMBERS.len()],
    /// A bit for each of `NUMBERS` that is present.
    present: u16,
    short_server_id: u16,
    /// The values of `FLAGS`, and from bit 4 on which of them are present.
    flags: u8,
    /// The letter of the preferred transport; 0 when absent.
    transport: u8,
    binding: Text<6>,
}

impl ServerInstance {
    /// A server with this short server id, 1 to 65534.
    #[must_use]
    pub fn new(short_server_id: u16) -> Self {
        let mut new = Self {
            numbers: [0; NUMBERS.len()],
            present: 0,
            short_server_id,
            flags: 0,
            transport: 0,
            binding: Text::new(),
        };
        new.reset();
        new
    }

    /// The same, with a registration lifetime in seconds (resource 1); 0 is without end.
    #[must_use]
    pub fn lifetime(self, seconds: u32) -> Self {
        self.number(table::LIFETIME, seconds)
    }

    /// The same, with a default minimum period of notifications in seconds (resource 2).
    #[must_use]
    pub fn minimum_period(self, seconds: u32) -> Self {
        self.number(table::DEFAULT_MINIMUM_PERIOD, seconds)
    }

    /// The same, with a default maximum period of notifications in seconds (resource 3).
    #[must_use]
    pub fn maximum_period(self, seconds: u32) -> Self {
        self.number(table::DEFAULT_MAXIMUM_PERIOD, seconds)
    }

    /// The same, with the seconds for which Disable disables (resource 5).
    #[must_use]
    pub fn disable_timeout(self, seconds: u32) -> Self {
        self.number(table::DISABLE_TIMEOUT, seconds)
    }

    /// The same, with `count` tries of a communication sequence, the first wait between them being `timer` seconds
    /// (resources 17 and 18).
    #[must_use]
    pub fn retries(self, count: u32, timer: u32) -> Self {
        self.number(table::COMMUNICATION_RETRY_COUNT, count)
            .number(table::COMMUNICATION_RETRY_TIMER, timer)
    }

    /// The same, with `count` communication sequences, `delay` seconds apart (resources 20 and 19).
    #[must_use]
    pub fn sequences(self, count: u32, delay: u32) -> Self {
        self.number(table::COMMUNICATION_SEQUENCE_RETRY_COUNT, count)
            .number(table::COMMUNICATION_SEQUENCE_DELAY_TIMER, delay)
    }

    /// The same, with the choice of a bootstrap when registration fails (resource 16).
    #[must_use]
    pub fn bootstrap_on_failure(mut self, bootstrap: bool) -> Self {
        self.set_flag(3, bootstrap);
        self
    }

    /// The same, with the choice whether notifications are stored while the server cannot be reached (resource 6).
    #[must_use]
    pub fn store_notifications(mut self, store: bool) -> Self {
        self.set_flag(0, store);
        self
    }

    /// The same, with a binding such as `U` (resource 7).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] when it is not made of one to six letters of `UMHTSNQ`.
    pub fn binding(mut self, binding: &str) -> Result<Self, SetError> {
        check_binding(binding).map_err(|_| SetError::OutOfRange)?;
        self.binding
            .set(binding)
            .map_err(|_| SetError::OutOfRange)?;
        Ok(self)
    }

    fn number(mut self, resource: u16, value: u32) -> Self {
        if let Some(index) = index_of(&NUMBERS, resource) {
            self.set_number(index, value);
        }
        self
    }

    fn set_number(&mut self, index: usize, value: u32) {
        if let Some(number) = self.numbers.get_mut(index) {
            *number = value;
            self.present |= 1 << index;
        }
    }

    fn set_flag(&mut self, index: usize, value: bool) {
        self.flags = self.flags & !(1 << index) | u8::from(value) << index | 1 << (index + 4);
    }

    /// Puts back what a server may write.
    fn reset(&mut self) {
        self.present &= !0 << WRITABLE_NUMBERS;
        self.set_number(0, DEFAULT_LIFETIME);
        let kept = !0 << WRITABLE_FLAGS & 0xf;
        self.flags &= kept | kept << 4;
        self.set_flag(0, true);
        self.transport = 0;
        // One byte fits.
        let _ = self.binding.set("U");
    }

    fn has(&self, resource: u16) -> bool {
        if let Some(index) = index_of(&NUMBERS, resource) {
            return self.present & 1 << index != 0;
        }
        if let Some(index) = index_of(&FLAGS, resource) {
            return self.flags & 1 << (index + 4) != 0;
        }
        match resource {
            table::PREFERRED_TRANSPORT => self.transport != 0,
            table::APN_LINK
            | table::TLS_DTLS_ALERT_CODE
            | table::LAST_BOOTSTRAPPED
            | table::TRIGGER => false,
            _ => true,
        }
    }

    fn read(&self, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        if !self.has(resource) {
            return Err(Error::NotFound);
        }
        if let Some(index) = index_of(&NUMBERS, resource) {
            let number = self.numbers.get(index).copied().unwrap_or_default();
            if resource < table::REGISTRATION_PRIORITY_ORDER {
                out.integer(i64::from(number));
            } else {
                out.unsigned(u64::from(number));
            }
        } else if let Some(index) = index_of(&FLAGS, resource) {
            out.boolean(self.flags & 1 << index != 0);
        } else {
            match resource {
                table::SHORT_SERVER_ID => out.integer(i64::from(self.short_server_id)),
                table::BINDING => out.string(self.binding.as_str()),
                table::PREFERRED_TRANSPORT => {
                    out.string(core::str::from_utf8(&[self.transport]).unwrap_or(""));
                }
                _ => return Err(Error::NotFound),
            }
        }
        Ok(())
    }

    fn write(&mut self, resource: u16, value: &Value<'_>) -> Result<(), Error> {
        if let Some(index) = index_of(&NUMBERS, resource) {
            self.set_number(index, number_of(resource, value)?);
        } else if let Some(index) = index_of(&FLAGS, resource) {
            self.set_flag(index, value.as_bool().ok_or(Error::BadRequest)?);
        } else {
            match resource {
                table::SHORT_SERVER_ID => self.short_server_id = short_server_id(value)?,
                table::BINDING => {
                    let binding = value.as_str().ok_or(Error::BadRequest)?;
                    check_binding(binding)?;
                    self.binding.set(binding)?;
                }
                table::PREFERRED_TRANSPORT => self.transport = transport(value)?,
                _ => {}
            }
        }
        Ok(())
    }
}

fn index_of(list: &[u16], resource: u16) -> Option<usize> {
    list.iter().position(|&id| id == resource)
}

/// A count or a number of seconds. The retry resources have a largest value that stands for "never", so what they
/// cannot hold is as large as it gets.
fn number_of(resource: u16, value: &Value<'_>) -> Result<u32, Error> {
    let number = value.as_u64().ok_or(Error::BadRequest)?;
    match u32::try_from(number) {
        Err(_) if resource < table::REGISTRATION_PRIORITY_ORDER => Err(Error::BadRequest),
        number => Ok(number.unwrap_or(u32::MAX)),
    }
}

/// A short server id, 1 to 65534.
pub(super) fn short_server_id(value: &Value<'_>) -> Result<u16, Error> {
    let id = value.as_u16().ok_or(Error::BadRequest)?;
    if id == 0 || id == Path::RESERVED_ID {
        return Err(Error::BadRequest);
    }
    Ok(id)
}

fn transport(value: &Value<'_>) -> Result<u8, Error> {
    match value.as_str().map(str::as_bytes) {
        Some(&[letter]) if letter.is_ascii_uppercase() => Ok(letter),
        _ => Err(Error::BadRequest),
    }
}

/// Takes the transports of LwM2M 1.1 and 1.2, and the `Q` of 1.0.
fn check_binding(binding: &str) -> Result<(), Error> {
    let known = binding.bytes().all(|letter| b"UMHTSNQ".contains(&letter));
    if !known || !(1..=6).contains(&binding.len()) {
        return Err(Error::BadRequest);
    }
    Ok(())
}

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
    pub fn new() -> Self {
        Self {
            slots: Slots::new(),
            instances: core::array::from_fn(|_| ServerInstance::new(0)),
        }
    }

    /// Adds a server, as a device does that knows its servers without a bootstrap.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for the short server ids 0 and 65535 and the instance 65535,
    /// [`SetError::InUse`], [`SetError::Full`].
    pub fn add(&mut self, instance: u16, server: &ServerInstance) -> Result<(), SetError> {
        if short_server_id(&Value::Unsigned(server.short_server_id.into())).is_err() {
            return Err(SetError::OutOfRange);
        }
        let slot = added(&mut self.slots, instance)?;
        self.instances
            .get_mut(slot)
            .ok_or(SetError::Full)?
            .clone_from(server);
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

/// A slot for a new instance of the application's.
pub(super) fn added(slots: &mut Slots, instance: u16) -> Result<usize, SetError> {
    if instance == Path::RESERVED_ID {
        return Err(SetError::OutOfRange);
    }
    if slots.find(instance).is_some() {
        return Err(SetError::InUse);
    }
    slots.create(instance).map_err(|_| SetError::Full)
}

fn staged<'a>(
    slots: &mut Slots,
    instances: &'a mut [ServerInstance],
    instance: u16,
) -> Result<&'a mut ServerInstance, Error> {
    let writable = slots.writable(instance)?;
    if let Some(original) = writable.copy_of.and_then(|slot| instances.get(slot)) {
        let copy = original.clone();
        if let Some(instance) = instances.get_mut(writable.slot) {
            *instance = copy;
        }
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

    fn has_resource(&self, instance: u16, resource: u16) -> bool {
        self.instance(instance)
            .is_some_and(|server| server.has(resource))
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        self.instance(instance)
            .ok_or(Error::NotFound)?
            .read(resource, out)
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        ServerInstance::new(0).write(target.resource, value)
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.check(target, value)?;
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

    fn check_create(&self, instance: u16) -> Result<(), Error> {
        let slots: &Slots = &self.slots;
        slots.check_create(instance)
    }

    fn create(&mut self, instance: u16) -> Result<(), Error> {
        let slots: &mut Slots = &mut self.slots;
        let slot = slots.create(instance)?;
        let server = self.instances.get_mut(slot).ok_or(Error::Internal)?;
        *server = ServerInstance::new(0);
        Ok(())
    }

    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        let slots: &mut Slots = &mut self.slots;
        slots.delete(instance).map(|_| ())
    }

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

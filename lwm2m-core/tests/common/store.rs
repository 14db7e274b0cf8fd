//! Objects of the tests: a table of values behind a definition.

use std::collections::BTreeMap;

use lwm2m_core::model::{
    Arguments, DataType, Error, Object, ObjectDefinition, Objects, Operations, Outcome, Range,
    ResourceDefinition, Target, Transaction, Value, ValueWriter, Version,
};
use lwm2m_core::objects::tables;

/// A value that owns its bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    Text(String),
    Int(i64),
    Uint(u64),
    Float(f64),
    Bool(bool),
    Bytes(Vec<u8>),
    Time(i64),
    Link(u16, u16),
}

impl Owned {
    fn of(value: &Value<'_>) -> Self {
        match *value {
            Value::String(text) | Value::CoreLink(text) => Self::Text(text.into()),
            Value::Integer(number) => Self::Int(number),
            Value::Unsigned(number) => Self::Uint(number),
            Value::Float(number) => Self::Float(number),
            Value::Boolean(value) => Self::Bool(value),
            Value::Opaque(bytes) => Self::Bytes(bytes.into()),
            Value::Time(secs) => Self::Time(secs),
            Value::ObjectLink { object, instance } => Self::Link(object, instance),
            _ => panic!("a value of another type"),
        }
    }

    fn write(&self, out: &mut ValueWriter<'_>) {
        match self {
            Self::Text(text) => out.string(text),
            Self::Int(number) => out.integer(*number),
            Self::Uint(number) => out.unsigned(*number),
            Self::Float(number) => out.float(*number),
            Self::Bool(value) => out.boolean(*value),
            Self::Bytes(bytes) => out.opaque(bytes),
            Self::Time(secs) => out.time(*secs),
            Self::Link(object, instance) => out.object_link(*object, *instance),
        }
    }
}

impl From<&str> for Owned {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Owned {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Owned {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Values of one instance, by resource and resource instance.
type Values = BTreeMap<(u16, Option<u16>), Owned>;

/// An object that keeps its values in a table and remembers what was done to it.
#[derive(Debug)]
pub struct Store {
    definition: &'static ObjectDefinition,
    pub instances: BTreeMap<u16, Values>,
    /// What `instances` was when the open transaction began.
    saved: Option<BTreeMap<u16, Values>>,
    /// Whether servers create and delete instances.
    pub creatable: bool,
    /// Outcome of the next writes and executions.
    pub outcome: Outcome,
    /// Executions: instance, resource and arguments.
    pub executed: Vec<(u16, u16, String)>,
    /// Calls of `write`.
    pub writes: usize,
    /// Calls of `create` and `delete`.
    pub created: usize,
    pub deleted: usize,
    /// Error of the next execution, when there is to be one.
    pub refusal: Option<Error>,
    /// Parts of long values: offset, length, and whether it was the last.
    pub parts: Vec<(u32, usize, bool)>,
    /// Most bytes that a value in parts may have.
    pub capacity: usize,
    /// Values whose parts stayed incomplete: instance and resource.
    pub abandoned: Vec<(u16, u16)>,
}

impl Store {
    pub fn new(definition: &'static ObjectDefinition) -> Self {
        Self {
            definition,
            instances: BTreeMap::new(),
            saved: None,
            creatable: false,
            outcome: Outcome::Done,
            executed: Vec::new(),
            writes: 0,
            created: 0,
            deleted: 0,
            refusal: None,
            parts: Vec::new(),
            capacity: 0,
            abandoned: Vec::new(),
        }
    }

    pub fn creatable(mut self) -> Self {
        self.creatable = true;
        self
    }

    /// Adds a value, and its instance.
    pub fn with(mut self, instance: u16, resource: u16, value: impl Into<Owned>) -> Self {
        self.set(instance, resource, value);
        self
    }

    pub fn set(&mut self, instance: u16, resource: u16, value: impl Into<Owned>) {
        let values = self.instances.entry(instance).or_default();
        values.insert((resource, None), value.into());
    }

    /// Adds the values of a resource with several instances.
    pub fn with_many(mut self, instance: u16, resource: u16, all: &[(u16, i64)]) -> Self {
        let values = self.instances.entry(instance).or_default();
        for &(id, value) in all {
            values.insert((resource, Some(id)), Owned::Int(value));
        }
        self
    }

    pub fn get(&self, instance: u16, resource: u16) -> Option<&Owned> {
        self.instances.get(&instance)?.get(&(resource, None))
    }

    pub fn get_one(&self, instance: u16, resource: u16, id: u16) -> Option<&Owned> {
        self.instances.get(&instance)?.get(&(resource, Some(id)))
    }
}

impl Object for Store {
    fn definition(&self) -> &'static ObjectDefinition {
        self.definition
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        self.instances
            .keys()
            .copied()
            .find(|&id| after.is_none_or(|after| id > after))
    }

    fn read(&self, instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        let mut result = Err(Error::NotFound);
        for (&(id, part), value) in &self.instances[&instance] {
            if id == resource {
                if let Some(part) = part {
                    out.instance(part);
                }
                value.write(out);
                result = Ok(());
            }
        }
        result
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.writes += 1;
        let values = self.instances.get_mut(&target.instance).unwrap();
        values.insert(
            (target.resource, target.resource_instance),
            Owned::of(value),
        );
        Ok(self.outcome)
    }

    fn write_part(
        &mut self,
        target: Target,
        offset: u32,
        part: &[u8],
        last: bool,
    ) -> Result<Outcome, Error> {
        self.parts.push((offset, part.len(), last));
        let values = self.instances.get_mut(&target.instance).unwrap();
        let key = (target.resource, target.resource_instance);
        let value = values.entry(key).or_insert(Owned::Bytes(Vec::new()));
        let Owned::Bytes(bytes) = value else {
            panic!("not opaque");
        };
        if offset == 0 {
            bytes.clear();
        }
        assert_eq!(bytes.len(), usize::try_from(offset).unwrap(), "a gap");
        if bytes.len() + part.len() > self.capacity {
            return Err(Error::TooLarge);
        }
        bytes.extend(part);
        Ok(self.outcome)
    }

    fn abandon(&mut self, target: Target) {
        self.abandoned.push((target.instance, target.resource));
    }

    fn clear(&mut self, instance: u16, resource: u16) {
        assert!(self.definition.resource(resource).unwrap().is_multiple());
        let values = self.instances.get_mut(&instance).unwrap();
        values.retain(|&(id, part), _| id != resource || part.is_none());
    }

    fn reset(&mut self, instance: u16) {
        let definition = self.definition;
        let values = self.instances.get_mut(&instance).unwrap();
        values.retain(|&(id, _), _| {
            let operations = definition.resource(id).unwrap().operations();
            operations.is_readable() && !operations.is_writable()
        });
    }

    fn execute(
        &mut self,
        instance: u16,
        resource: u16,
        arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        self.executed
            .push((instance, resource, arguments.as_str().into()));
        match self.refusal {
            Some(error) => Err(error),
            None => Ok(self.outcome),
        }
    }

    fn check_create(&self, _instance: u16) -> Result<(), Error> {
        if self.creatable {
            Ok(())
        } else {
            Err(Error::MethodNotAllowed)
        }
    }

    fn create(&mut self, instance: u16) -> Result<(), Error> {
        self.created += 1;
        self.instances.insert(instance, Values::new());
        Ok(())
    }

    fn delete(&mut self, instance: u16) -> Result<(), Error> {
        if !self.creatable {
            return Err(Error::MethodNotAllowed);
        }
        self.deleted += 1;
        self.instances.remove(&instance);
        Ok(())
    }

    fn transaction(&mut self, step: Transaction) -> Result<(), Error> {
        match step {
            Transaction::Begin if self.saved.is_some() => return Err(Error::Busy),
            Transaction::Begin => self.saved = Some(self.instances.clone()),
            Transaction::Commit => self.saved = None,
            Transaction::Rollback => self.instances = self.saved.take().unwrap(),
        }
        Ok(())
    }
}

/// The objects of a device: Security, Server, Device, and one for the tests.
#[derive(Debug)]
pub struct Objects4 {
    pub security: Store,
    pub server: Store,
    pub device: Store,
    pub test: Store,
}

impl Objects for Objects4 {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        match id {
            0 => Some(&self.security),
            1 => Some(&self.server),
            3 => Some(&self.device),
            TEST => Some(&self.test),
            _ => None,
        }
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match id {
            0 => Some(&mut self.security),
            1 => Some(&mut self.server),
            3 => Some(&mut self.device),
            TEST => Some(&mut self.test),
            _ => None,
        }
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        [0, 1, 3, TEST]
            .into_iter()
            .find(|&id| after.is_none_or(|after| id > after))
    }
}

/// The OMA example of /3/0: 13 resources, 16 values.
pub fn device() -> Store {
    Store::new(&tables::device::DEFINITION)
        .with(0, 0, "Open Mobile Alliance")
        .with(0, 1, "Lightweight M2M Client")
        .with(0, 2, "345000123")
        .with(0, 3, "1.0")
        .with_many(0, 6, &[(0, 1), (1, 5)])
        .with_many(0, 7, &[(0, 3800), (1, 5000)])
        .with_many(0, 8, &[(0, 125), (1, 900)])
        .with(0, 9, 100)
        .with(0, 10, 15)
        .with_many(0, 11, &[(0, 0)])
        .with(0, 13, Owned::Time(1_367_491_215))
        .with(0, 14, "+02:00")
        .with(0, 16, "U")
}

/// An object with a resource of each kind, in the range for private use.
pub const TEST: u16 = 26_241;

pub static TEST_OBJECT: ObjectDefinition =
    ObjectDefinition::new(TEST, Version::new(1, 0), &TEST_RESOURCES).multiple();

static TEST_RESOURCES: [ResourceDefinition; 14] = [
    ResourceDefinition::new(0, Operations::RW, DataType::String).mandatory(),
    ResourceDefinition::new(1, Operations::RW, DataType::Integer)
        .mandatory()
        .in_range(&Range::number(-10, 10)),
    ResourceDefinition::new(2, Operations::RW, DataType::Unsigned),
    ResourceDefinition::new(3, Operations::RW, DataType::Float),
    ResourceDefinition::new(4, Operations::RW, DataType::Boolean),
    ResourceDefinition::new(5, Operations::RW, DataType::Opaque),
    ResourceDefinition::new(6, Operations::RW, DataType::Time),
    ResourceDefinition::new(7, Operations::RW, DataType::ObjectLink),
    ResourceDefinition::new(8, Operations::RW, DataType::Integer).multiple(),
    ResourceDefinition::new(9, Operations::E, DataType::None),
    ResourceDefinition::new(10, Operations::R, DataType::String),
    ResourceDefinition::new(11, Operations::W, DataType::String),
    ResourceDefinition::new(12, Operations::RW, DataType::String).multiple(),
    ResourceDefinition::new(13, Operations::RW, DataType::String).in_range(&Range::length(1, 4)),
];

/// The test object with instance 1.
pub fn test_object() -> Store {
    Store::new(&TEST_OBJECT)
        .creatable()
        .with(1, 0, "one")
        .with(1, 1, 1)
        .with_many(1, 8, &[(0, 10), (1, 11)])
        .with(1, 10, "fixed")
        .with(1, 11, "hidden")
}

/// Security with the account of server 1 over plain UDP.
pub fn security() -> Store {
    Store::new(&tables::security::DEFINITION)
        .creatable()
        .with(0, 0, "coap://192.0.2.1")
        .with(0, 1, false)
        .with(0, 2, 3)
        .with(0, 10, 1)
}

/// Server with the account of server 1, lifetime one day.
pub fn server() -> Store {
    Store::new(&tables::server::DEFINITION)
        .creatable()
        .with(0, 0, 1)
        .with(0, 1, 86_400)
        .with(0, 6, true)
        .with(0, 7, "U")
}

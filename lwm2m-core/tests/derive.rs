//! `#[derive(Object)]`, seen from an application.

#![cfg(all(feature = "derive", feature = "float"))]

use lwm2m_core as renamed;
use lwm2m_core::{
    model::{
        Arguments, Bytes, DataType, Error, Object, ObjectDefinition, ObjectLink, Operations,
        Outcome, Range, Target, Text, Value, ValueWriter, Version,
    },
    objects::{Instances, SetError, tables::temperature},
    time::UnixTime,
};

/// The whole of IPSO Temperature 1.1.
#[derive(Debug, Default, Object)]
#[object(id = 3303, version = "1.1", multiple, execute(5605 => reset_min_max))]
struct Temperature {
    #[resource(id = 5700, mandatory, units = "Cel")]
    value: f32,
    #[resource(id = 5601, units = "Cel")]
    min: Option<f32>,
    #[resource(id = 5602, units = "Cel")]
    max: Option<f32>,
    #[resource(id = 5603)]
    min_range: Option<f32>,
    #[resource(id = 5604)]
    max_range: Option<f32>,
    #[resource(id = 5701)]
    units: &'static str,
    #[resource(id = 5750, ops = "RW")]
    application_type: Option<Text<8>>,
    #[resource(id = 5518)]
    timestamp: Option<UnixTime>,
    #[resource(id = 6050, range = 0..=1, units = "s")]
    fraction: Option<f64>,
    #[resource(id = 6042, type = "integer", range = 0..=23)]
    quality: Option<u8>,
    #[resource(id = 6049, type = "integer", range = 0..=100, units = "/100")]
    quality_level: Option<u8>,
    resets: u32,
}

impl Temperature {
    fn reset_min_max(&mut self, arguments: Arguments<'_>) -> Result<Outcome, Error> {
        if !arguments.is_empty() {
            return Err(Error::BadRequest);
        }
        self.min = Some(self.value);
        self.max = Some(self.value);
        self.resets += 1;
        Ok(Outcome::Done)
    }
}

/// Every kind of field, each writable; borrowed text is not, and the crate has another name.
#[derive(Default, Object)]
#[object(id = 26241, crate = renamed)]
struct Everything<'a> {
    #[resource(id = 10, ops = "W", range = 2..=4)]
    bytes: Bytes<4>,
    #[resource(id = 0)]
    name: &'a str,
    #[resource(id = 1, ops = "RW", mandatory, range = 1..=9)]
    text: Text<16>,
    #[resource(id = 2, ops = "RW", range = -5..=5)]
    signed: i8,
    #[resource(id = 3, ops = "RW")]
    unsigned: u16,
    #[resource(id = 4, ops = "RW")]
    float: f64,
    #[resource(id = 5, ops = "RW")]
    boolean: bool,
    #[resource(id = 6, ops = "RW")]
    time: UnixTime,
    #[resource(id = 7, ops = "RW")]
    link: ObjectLink,
    #[resource(id = 8, ops = "RW", type = "corelnk")]
    core_link: Text<16>,
    #[resource(id = 9, ops = "RW", type = "time")]
    seconds: u32,
}

fn read<'b>(
    object: &dyn Object,
    instance: u16,
    resource: u16,
    buf: &'b mut [u8],
) -> Result<Option<Value<'b>>, Error> {
    let mut out = ValueWriter::capturing(buf);
    object.read(instance, resource, &mut out)?;
    Ok(out.captured())
}

fn write(object: &mut dyn Object, resource: u16, value: Value<'_>) -> Result<Outcome, Error> {
    let target = Target::new(0, resource);
    object.check(target, &value)?;
    object.write(target, &value)
}

/// The table comes from the registry's file 3303.xml.
#[test]
fn the_definition_is_that_of_the_registry() {
    let derived = Temperature::default();
    assert_eq!(derived.definition(), &temperature::DEFINITION);
}

#[test]
fn a_struct_is_an_object_with_instance_0() {
    let object = Temperature {
        value: 21.5,
        units: "Cel",
        quality: Some(3),
        ..Temperature::default()
    };
    assert_eq!(object.next_instance(None), Some(0));
    assert_eq!(object.next_instance(Some(0)), None);
    assert_eq!(object.check_create(1), Err(Error::MethodNotAllowed));
    let mut buf = [0; 8];
    assert_eq!(
        read(&object, 0, 5700, &mut buf),
        Ok(Some(Value::Float(21.5)))
    );
    assert_eq!(
        read(&object, 0, 5701, &mut buf),
        Ok(Some(Value::String("Cel")))
    );
    // An integer although the field is a u8.
    assert_eq!(
        read(&object, 0, 6042, &mut buf),
        Ok(Some(Value::Integer(3)))
    );
}

#[test]
fn an_optional_field_is_absent_until_it_is_set() {
    let mut object = Temperature::default();
    assert!(object.has_resource(0, 5700) && object.has_resource(0, 5605));
    for resource in [5601, 5750, 5518, 6042] {
        assert!(!object.has_resource(0, resource), "{resource}");
        assert_eq!(read(&object, 0, resource, &mut []), Err(Error::NotFound));
    }
    write(&mut object, 5750, Value::String("kitchen")).unwrap();
    assert!(object.has_resource(0, 5750));
    object.reset(0);
    assert!(!object.has_resource(0, 5750));
}

#[test]
fn a_write_that_fails_changes_nothing() {
    let mut object = Temperature::default();
    let long = Value::String("refrigerator");
    assert_eq!(write(&mut object, 5750, long), Err(Error::TooLarge));
    let number = Value::Integer(1);
    assert_eq!(write(&mut object, 5750, number), Err(Error::BadRequest));
    assert!(object.application_type.is_none());
    // Read-only, executable, unknown.
    for resource in [5700, 5605, 1] {
        let written = write(&mut object, resource, Value::Float(1.0));
        assert_eq!(written, Err(Error::MethodNotAllowed), "{resource}");
    }
}

#[test]
fn an_executable_resource_calls_its_method() {
    let mut object = Temperature {
        value: 4.5,
        ..Temperature::default()
    };
    let wrong = Arguments::parse(b"1").unwrap();
    assert_eq!(object.execute(0, 5605, wrong), Err(Error::BadRequest));
    let done = object.execute(0, 5605, Arguments::default());
    assert_eq!(done, Ok(Outcome::Done));
    assert_eq!((object.min, object.max), (Some(4.5), Some(4.5)));
    assert_eq!(object.resets, 1);
    let other = object.execute(0, 5700, Arguments::default());
    assert_eq!(other, Err(Error::MethodNotAllowed));
}

#[test]
fn every_kind_of_field_has_its_type_and_range() {
    let object = Everything::default();
    let definition = object.definition();
    assert_eq!((definition.id, definition.multiple), (26241, false));
    assert_eq!(definition.version, Version::new(1, 0));
    let types: [DataType; 11] = core::array::from_fn(|id| definition.resources[id].data_type);
    assert_eq!(
        types,
        [
            DataType::String,
            DataType::String,
            DataType::Integer,
            DataType::Unsigned,
            DataType::Float,
            DataType::Boolean,
            DataType::Time,
            DataType::ObjectLink,
            DataType::CoreLink,
            DataType::Time,
            DataType::Opaque,
        ]
    );
    let resource = |id| definition.resource(id).unwrap();
    assert_eq!(resource(0).operations(), Operations::R);
    assert_eq!(resource(1).operations(), Operations::RW);
    assert_eq!(resource(10).operations(), Operations::W);
    assert!(resource(1).is_mandatory() && !resource(2).is_mandatory());
    assert_eq!(resource(1).range, Some(&Range::length(1, 9)));
    assert_eq!(resource(2).range, Some(&Range::number(-5, 5)));
    assert_eq!(resource(3).range, None);
    assert_eq!(resource(10).range, Some(&Range::length(2, 4)));
}

#[test]
fn every_kind_of_field_is_written_and_read_back() {
    let mut object = Everything {
        name: "borrowed",
        ..Everything::default()
    };
    let values = [
        Value::String("text"),
        Value::Integer(-5),
        Value::Unsigned(65_535),
        Value::Float(0.1),
        Value::Boolean(true),
        Value::Time(1_367_491_215),
        Value::ObjectLink {
            object: 3,
            instance: 0,
        },
        Value::CoreLink("</3/0>"),
        Value::Time(4_294_967_295),
        Value::Opaque(&[1, 2, 3]),
    ];
    for (id, value) in (1..).zip(values) {
        assert_eq!(write(&mut object, id, value), Ok(Outcome::Done), "{id}");
        let mut buf = [0; 16];
        let read = read(&object, 0, id, &mut buf).unwrap();
        // A capturing writer gives a core link back as a string.
        let expected = if id == 8 {
            Value::String("</3/0>")
        } else {
            value
        };
        assert_eq!(read, Some(expected), "{id}");
    }
    object.reset(0);
    let mut buf = [0; 16];
    assert_eq!(read(&object, 0, 1, &mut buf), Ok(Some(Value::String(""))));
    let name = read(&object, 0, 0, &mut buf);
    assert_eq!(name, Ok(Some(Value::String("borrowed"))));
}

/// The derive's way to `Object` leaves the direct one open.
struct ByHand;

impl Object for ByHand {
    fn definition(&self) -> &'static ObjectDefinition {
        &temperature::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        (after < Some(9)).then_some(9)
    }

    fn read(&self, _: u16, _: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        out.integer(1);
        Ok(())
    }
}

#[test]
fn an_object_can_be_written_by_hand() {
    assert!(ByHand.has_instance(9) && !ByHand.has_instance(0));
    assert_eq!(read(&ByHand, 9, 5700, &mut []), Ok(Some(Value::Integer(1))));
}

/// An element whose fresh state is not all zero.
#[derive(Debug, PartialEq, Object)]
#[object(id = 3342, multiple)]
struct Switch {
    #[resource(id = 5500, mandatory)]
    on: bool,
    #[resource(id = 5544, ops = "RW")]
    off_delay: u16,
    #[resource(id = 5750, ops = "RW")]
    application_type: Option<Text<8>>,
}

impl Default for Switch {
    fn default() -> Self {
        Self {
            on: false,
            off_delay: 30,
            application_type: None,
        }
    }
}

#[test]
fn a_container_creates_and_deletes_where_servers_may() {
    let mut fixed = Instances::<Switch, 2>::new();
    fixed.add(4, Switch::default()).unwrap();
    assert_eq!(fixed.check_create(0), Err(Error::MethodNotAllowed));
    assert_eq!(fixed.create(0), Err(Error::MethodNotAllowed));
    assert_eq!(fixed.delete(4), Err(Error::MethodNotAllowed));
    assert!(fixed.has_instance(4));

    let mut open = Instances::<Switch, 2>::new().creatable();
    open.create(7).unwrap();
    assert_eq!(open.check_create(7), Err(Error::BadRequest));
    assert_eq!(open.check_create(65_535), Err(Error::BadRequest));
    open.create(2).unwrap();
    assert_eq!(open.check_create(3), Err(Error::BadRequest));
    assert_eq!(open.next_instance(None), Some(2));
    assert_eq!(open.next_instance(Some(2)), Some(7));
    assert_eq!(open.get(7), Some(&Switch::default()));
    open.delete(2).unwrap();
    assert_eq!(open.delete(2), Err(Error::NotFound));
    assert_eq!(open.next_instance(None), Some(7));
}

#[test]
fn the_instances_of_a_container_are_apart() {
    let mut switches = Instances::<Switch, 2>::new().creatable();
    for instance in [0, 1] {
        switches.create(instance).unwrap();
    }
    let target = Target::new(1, 5544);
    switches.write(target, &Value::Unsigned(5)).unwrap();
    assert_eq!(switches.get(0).unwrap().off_delay, 30);
    assert_eq!(switches.get(1).unwrap().off_delay, 5);
    let unknown = Target::new(2, 5544);
    assert_eq!(
        switches.write(unknown, &Value::Unsigned(5)),
        Err(Error::NotFound)
    );
    // Before a create the engine checks against what is not there yet.
    assert_eq!(switches.check(unknown, &Value::Unsigned(5)), Ok(()));
    let wide = Value::Unsigned(65_536);
    assert_eq!(switches.check(unknown, &wide), Err(Error::BadRequest));

    switches.reset(1);
    assert_eq!(switches.get(1), Some(&Switch::default()));
}

#[test]
fn an_application_hears_why_an_instance_is_not_taken() {
    let mut switches = Instances::<Switch, 1>::new();
    assert_eq!(
        switches.add(65_535, Switch::default()),
        Err(SetError::OutOfRange)
    );
    switches.add(0, Switch::default()).unwrap();
    assert_eq!(switches.add(0, Switch::default()), Err(SetError::InUse));
    assert_eq!(switches.add(1, Switch::default()), Err(SetError::Full));
    assert!(switches.remove(0).is_some());
    assert!(switches.remove(0).is_none());
}

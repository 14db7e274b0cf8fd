//! `#[derive(Objects)]`: a struct with a field for each object, as the engine sees it.

#![cfg(all(feature = "derive", feature = "float"))]

use lwm2m_core as renamed;
use lwm2m_core::{
    model::{Object, Objects},
    objects::{Device, Instances, Security, Server},
};

#[derive(Default, Object)]
#[object(id = 3303, multiple)]
struct Temperature {
    #[resource(id = 5700)]
    value: f32,
}

#[derive(Object)]
#[object(id = 3304)]
struct Humidity {
    #[resource(id = 5700)]
    value: f32,
}

/// Not in the order of their ids; what is no object is left out.
#[derive(Objects)]
#[objects(crate = renamed)]
struct Station<'a, T, const N: usize> {
    sensors: Instances<T, N>,
    #[objects(skip)]
    samples: [u32; 2],
    device: Device<'a>,
    humidity: Option<Humidity>,
    server: &'a mut Server<1>,
    security: Option<&'a mut dyn Object>,
}

/// All ids, as the engine walks through them.
fn ids(objects: &dyn Objects) -> Vec<u16> {
    let first = objects.next_object(None);
    let all = core::iter::successors(first, |id| objects.next_object(Some(*id)));
    all.take(9).collect()
}

/// Every object is found by its id, and no other.
fn assert_found(objects: &mut dyn Objects, expected: &[u16]) {
    for id in 0..=u16::MAX {
        let found = objects.object(id).map(|object| object.definition().id);
        assert_eq!(found, expected.contains(&id).then_some(id));
        let found = objects.object_mut(id).map(|object| object.definition().id);
        assert_eq!(found, expected.contains(&id).then_some(id));
    }
}

#[test]
fn objects_come_in_the_order_of_their_ids() {
    let (mut server, mut security) = (Server::new(), Security::<1>::new());
    let mut station = Station {
        sensors: Instances::<Temperature, 2>::new(),
        samples: [3, 4],
        device: Device::new("U"),
        humidity: Some(Humidity { value: 40.0 }),
        server: &mut server,
        security: Some(&mut security),
    };
    assert_eq!(ids(&station), [0, 1, 3, 3303, 3304]);
    assert_found(&mut station, &[0, 1, 3, 3303, 3304]);
    assert_eq!(station.samples, [3, 4]);
}

#[test]
fn an_absent_object_is_not_in_the_set() {
    let mut server = Server::new();
    let mut station = Station {
        sensors: Instances::<Temperature, 1>::new(),
        samples: [0; 2],
        device: Device::new("U"),
        humidity: None,
        server: &mut server,
        security: None,
    };
    assert_eq!(ids(&station), [1, 3, 3303]);
    assert_found(&mut station, &[1, 3, 3303]);
    station.humidity = Some(Humidity { value: 40.0 });
    assert_eq!(ids(&station), [1, 3, 3303, 3304]);
}

#[test]
fn the_object_that_is_found_is_the_field() {
    #[derive(Objects)]
    struct Pair(Humidity, Temperature);

    let mut pair = Pair(Humidity { value: 1.0 }, Temperature { value: 2.0 });
    let at = |object: Option<&dyn Object>| object.map(|object| core::ptr::from_ref(object).cast());
    assert_eq!(
        at(pair.object(3304)),
        Some(core::ptr::from_ref(&pair.0).cast::<()>())
    );
    let found = pair.object_mut(3303).map(|object| &*object);
    let found: Option<*const ()> = at(found);
    assert_eq!(found, Some(core::ptr::from_ref(&pair.1).cast()));
    assert!(pair.0.value < pair.1.value);
}

/// A struct of objects may come from a macro, its types from the macro's arguments.
#[test]
fn names_of_a_macro_do_not_matter() {
    macro_rules! set {
        ($name:ident, $first:ty, $second:ty) => {
            #[derive(Objects)]
            struct $name<'a> {
                id: $first,
                object: $second,
                after: Device<'a>,
            }
        };
    }
    set!(Made, Option<Humidity>, &'a mut Temperature);

    let mut temperature = Temperature::default();
    let mut made = Made {
        id: Some(Humidity { value: 0.0 }),
        object: &mut temperature,
        after: Device::new("U"),
    };
    assert_eq!(ids(&made), [3, 3303, 3304]);
    assert_found(&mut made, &[3, 3303, 3304]);
}

/// Of two objects with one id, the set has the first; a walk still ends.
#[test]
fn one_id_is_there_once() {
    #[derive(Objects)]
    struct Twice(Temperature, Temperature);

    let twice = Twice(Temperature { value: 1.0 }, Temperature { value: 2.0 });
    assert_eq!(ids(&twice), [3303]);
    let found = twice.object(3303).map(core::ptr::from_ref);
    assert_eq!(
        found.map(<*const dyn Object>::cast),
        Some(core::ptr::from_ref(&twice.0))
    );
    assert!(twice.0.value < twice.1.value);
}

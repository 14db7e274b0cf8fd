//! Object 4 says what the modem says, and nothing that it does not.

#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use core::net::IpAddr;

use lwm2m_carrier::Connectivity;
use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{ModemInfo, NoModemInfo, NotAvailable};
use lwm2m_core::model::{Object, Path, Value, ValueWriter};
use lwm2m_core::objects::ConnectivityMonitoring;

/// A modem that knows everything but what is `None` here.
#[derive(Clone, Copy)]
struct Modem {
    bearer: Option<u8>,
    rsrp: Option<i16>,
    addresses: [Option<IpAddr>; 2],
    name: &'static str,
    network: (u16, u16),
}

const V4: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 7));
const V6: IpAddr = IpAddr::V6(core::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7));

const NB_IOT: Modem = Modem {
    bearer: Some(7),
    rsrp: Some(-101),
    addresses: [Some(V4), Some(V6)],
    name: "iot.example",
    network: (262, 1),
};

impl ModemInfo for Modem {
    async fn bearer(&mut self) -> Result<u8, NotAvailable> {
        self.bearer.ok_or(NotAvailable)
    }

    async fn rsrp(&mut self) -> Result<i16, NotAvailable> {
        self.rsrp.ok_or(NotAvailable)
    }

    async fn rsrq(&mut self) -> Result<i16, NotAvailable> {
        self.rsrp.map(|_| -12).ok_or(NotAvailable)
    }

    async fn addresses(&mut self) -> Result<[Option<IpAddr>; 2], NotAvailable> {
        Ok(self.addresses)
    }

    async fn access_point<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b str, NotAvailable> {
        let to = buffer.get_mut(..self.name.len()).ok_or(NotAvailable)?;
        to.copy_from_slice(self.name.as_bytes());
        core::str::from_utf8(to).map_err(|_| NotAvailable)
    }

    async fn network(&mut self) -> Result<(u16, u16), NotAvailable> {
        Ok(self.network)
    }

    async fn cell_id(&mut self) -> Result<u32, NotAvailable> {
        Ok(0x0fff_ffff)
    }
}

fn ask(mut modem: impl ModemInfo) -> Connectivity {
    block_on(Connectivity::of(&mut modem), || {})
}

/// The last value of a resource.
fn read(object: &ConnectivityMonitoring, resource: u16) -> Option<String> {
    let mut buffer = [0; 64];
    if !object.has_resource(0, resource) {
        return None;
    }
    let mut out = ValueWriter::capturing(&mut buffer);
    object.read(0, resource, &mut out).unwrap();
    Some(match out.captured()? {
        Value::String(text) => text.to_owned(),
        Value::Integer(number) => number.to_string(),
        _ => return None,
    })
}

/// Resources 0 to 4, and 7 to 10, in the order of the registry.
const RESOURCES: [u16; 9] = [0, 1, 2, 3, 4, 7, 8, 9, 10];

#[test]
fn everything_that_the_modem_knows_is_read_from_object_4() {
    let (mut object, facts) = (ConnectivityMonitoring::new(), ask(NB_IOT));
    assert!(facts.is_complete());
    facts.put(&mut object).unwrap();
    let read = RESOURCES.map(|resource| read(&object, resource).unwrap_or_default());
    let expected = [
        "7",
        "7",
        "-101",
        "-12",
        "2001:db8::7",
        "iot.example",
        "268435455",
        "1",
        "262",
    ];
    assert_eq!(read, expected);
    let changed: Vec<Path> = facts.changes(&Connectivity::default()).collect();
    assert_eq!(changed, RESOURCES.map(|id| Path::resource(4, 0, id)));
    assert_eq!(facts.changes(&facts).count(), 0);
}

#[test]
fn only_what_has_changed_is_told() {
    let before = ask(NB_IOT);
    let weaker = ask(Modem {
        rsrp: Some(-110),
        addresses: [Some(V4), None],
        ..NB_IOT
    });
    let changed: Vec<Path> = weaker.changes(&before).collect();
    assert_eq!(changed, [2, 4].map(|id| Path::resource(4, 0, id)));
    let mut object = ConnectivityMonitoring::new();
    weaker.put(&mut object).unwrap();
    assert_eq!(read(&object, 4).as_deref(), Some("192.0.2.7"));
}

/// A moment without service is no other bearer and no signal of 0 dBm.
#[test]
fn what_is_not_known_any_more_keeps_its_value_or_goes() {
    let (mut object, before) = (ConnectivityMonitoring::new(), ask(NB_IOT));
    before.put(&mut object).unwrap();
    let gone = ask(NoModemInfo);
    gone.put(&mut object).unwrap();
    assert_eq!(read(&object, 0).as_deref(), Some("7"));
    assert_eq!(read(&object, 2).as_deref(), Some("-101"));
    assert_eq!(read(&object, 4), None, "no address");
    for resource in [3, 7, 8, 9, 10] {
        assert!(!object.has_resource(0, resource), "{resource}");
    }
    let changed: Vec<Path> = gone.changes(&before).collect();
    assert_eq!(
        changed,
        [3, 4, 7, 8, 9, 10].map(|id| Path::resource(4, 0, id))
    );
}

#[test]
fn a_modem_that_lacks_what_is_mandatory_is_not_complete() {
    assert!(!ask(NoModemInfo).is_complete());
    for (bearer, rsrp) in [(None, Some(-101)), (Some(7), None), (Some(51), Some(-101))] {
        let facts = ask(Modem {
            bearer,
            rsrp,
            ..NB_IOT
        });
        assert!(!facts.is_complete());
    }
}

#[test]
fn what_the_object_has_no_room_for_is_left_out() {
    let (mut object, long) = (
        ConnectivityMonitoring::new(),
        "0123456789012345678901234567890123456789012345678901234567890.iot",
    );
    let facts = ask(Modem {
        name: long,
        network: (1000, 1),
        ..NB_IOT
    });
    facts.put(&mut object).unwrap();
    for resource in [7, 8, 9, 10] {
        assert!(!object.has_resource(0, resource), "{resource}");
    }
    assert_eq!(read(&object, 0).as_deref(), Some("7"));
}

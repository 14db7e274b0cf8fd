//! Objects that the application fills, as a server sees them: Location, Binary App Data Container, Event Log.
//! TLV bytes are those of Core 1.1.1, section 7.4.3.

use lwm2m_core::model::{Object, Objects, Path};
use lwm2m_core::objects::{AppData, EventLog, Location, Position, SetError, Velocity};
use lwm2m_core::time::UnixTime;
use lwm2m_core::wire::coap::{Code, option};

use crate::common::{
    Device, Store, TestRandom, device, get, hex, post, put, security, sent, server, uri_path,
};

const OPAQUE: u16 = 42;

struct Things {
    security: Store,
    server: Store,
    device: Store,
    location: Location,
    data: AppData<1, 2, 8>,
    log: EventLog<16>,
}

impl Objects for Things {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        match id {
            0 => Some(&self.security),
            1 => Some(&self.server),
            3 => Some(&self.device),
            6 => Some(&self.location),
            19 => Some(&self.data),
            20 => Some(&self.log),
            _ => None,
        }
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match id {
            0 => Some(&mut self.security),
            1 => Some(&mut self.server),
            3 => Some(&mut self.device),
            6 => Some(&mut self.location),
            19 => Some(&mut self.data),
            20 => Some(&mut self.log),
            _ => None,
        }
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        [0, 1, 3, 6, 19, 20]
            .into_iter()
            .find(|&id| after.is_none_or(|after| id > after))
    }
}

fn registered() -> Device<Things> {
    let things = Things {
        security: security(),
        server: server(),
        device: device(),
        location: Location::new(),
        data: AppData::new(),
        log: EventLog::new(),
    };
    let mut device = Device::of(things, Device::config(), TestRandom::Sequence(9), 1280);
    device.register();
    device
}

/// There is no instance before there is a position; Event Log has a version that LwM2M 1.1 does not imply.
#[test]
fn a_location_comes_into_being_with_its_first_position() {
    let mut device = registered();
    device.client.update(true);
    let update = sent(&device.drain());
    assert_eq!(
        update.text(),
        "</1/0>,</3/0>,</6>,</19/0>,</20>;ver=2.1,</20/0>"
    );
    device.receive(&update.reply(Code::CHANGED));
    assert_eq!(device.code(&get("/6/0/0").accept(0)), Code::NOT_FOUND);

    let measured = UnixTime::from_secs(1_700_000_000);
    let position = Position::new(-43.5723, 153.2176, measured).altitude(12.5);
    device.objects.location.set_position(position).unwrap();
    device.client.update(true);
    let update = sent(&device.drain());
    assert!(update.text().contains(",</6/0>,"), "{}", update.text());
    assert_eq!(uri_path(&update), ["rd", "a1"]);
    device.receive(&update.reply(Code::CHANGED));
    for (path, text) in [
        ("/6/0/0", "-43.5723"),
        ("/6/0/1", "153.2176"),
        ("/6/0/2", "12.5"),
        ("/6/0/5", "1700000000"),
    ] {
        assert_eq!(device.ask(&get(path).accept(0)).text(), text);
    }
    for absent in ["/6/0/3", "/6/0/4", "/6/0/6"] {
        assert_eq!(device.code(&get(absent).accept(0)), Code::NOT_FOUND);
    }
    assert_eq!(
        device.code(&put("/6/0/0").text("1")),
        Code::METHOD_NOT_ALLOWED
    );
}

/// 18 km/h to the east, and 5 m/s: velocity type 0, bearing 90 (3GPP TS 23.032, section 8.12).
#[test]
fn a_velocity_is_notified_in_the_coding_of_3gpp() {
    let mut device = registered();
    let position = Position::new(0.0, 0.0, UnixTime::from_secs(1));
    device.objects.location.set_position(position).unwrap();
    let velocity = Velocity::new(90, 5_000);
    device
        .objects
        .location
        .set_velocity(Some(velocity))
        .unwrap();
    let request = get("/6/0/4").accept(OPAQUE).uint(option::OBSERVE, 0);
    assert_eq!(device.ask(&request).payload(), hex("005a0012"));
    assert_eq!(device.ask(&get("/6/0/6").accept(0)).text(), "5");
    let faster = Velocity::new(90, 10_000);
    device.objects.location.set_velocity(Some(faster)).unwrap();
    device.client.changed(Path::resource(6, 0, 4));
    assert_eq!(sent(&device.drain()).payload(), hex("005a0024"));
    // Another position leaves it; without one it is gone.
    device.objects.location.set_velocity(None).unwrap();
    assert_eq!(device.code(&get("/6/0/4")), Code::NOT_FOUND);
}

/// `ab` and `c` as instances 0 and 1 of resource 0.
const ITEMS: &str = "870042006162410163";

#[test]
fn data_goes_both_ways() {
    let mut device = registered();
    let container = device.objects.data.container_mut(0).unwrap();
    container.set(0, b"ab").unwrap();
    container.set(1, b"c").unwrap();
    assert!(!container.take_written());
    let answer = device.ask(&get("/19/0").accept(11542));
    assert_eq!(answer.payload(), hex(ITEMS));
    let one = device.ask(&get("/19/0/0/1").accept(OPAQUE));
    assert_eq!(one.payload(), b"c");

    // The server replaces both by one, and says what it is.
    assert_eq!(
        device.code(&put("/19/0/0").tlv("8500430078797a")),
        Code::CHANGED
    );
    assert_eq!(device.code(&put("/19/0/3").text("order")), Code::CHANGED);
    assert_eq!(device.code(&put("/19/0/1").text("101")), Code::CHANGED);
    assert_eq!(device.code(&put("/19/0/5").text("65535")), Code::CHANGED);
    let container = device.objects.data.container_mut(0).unwrap();
    assert_eq!(container.get(0), Some(b"xyz".as_slice()));
    assert_eq!(container.get(1), None);
    assert!(container.take_written());
    assert!(!container.take_written());
    assert_eq!(device.ask(&get("/19/0/3").accept(0)).text(), "order");
    assert_eq!(device.ask(&get("/19/0/1").accept(0)).text(), "101");
    assert_eq!(device.ask(&get("/19/0/5").accept(0)).text(), "65535");

    assert!(device.objects.data.container_mut(0).unwrap().remove(0));
    assert_eq!(
        device.code(&get("/19/0/0/0").accept(OPAQUE)),
        Code::NOT_FOUND
    );
}

#[test]
fn data_that_has_no_room_changes_nothing() {
    let mut device = registered();
    let container = device.objects.data.container_mut(0).unwrap();
    container.set(0, b"ab").unwrap();
    container.set(1, b"c").unwrap();
    assert_eq!(container.set(2, b""), Err(SetError::OutOfRange));
    assert_eq!(container.set(0, b"123456789"), Err(SetError::TooLong));
    assert_eq!(container.set_priority(Some(3)), Err(SetError::OutOfRange));
    assert!(container.set_description(Some(&"x".repeat(33))).is_err());
    for (request, code) in [
        // Instance 0 fits, instance 2 does not exist; 9 bytes are too many.
        (put("/19/0/0").tlv("860041007a41027a"), Code::BAD_REQUEST),
        (
            put("/19/0/0").tlv("88000c480009313233343536373839"),
            Code::REQUEST_ENTITY_TOO_LARGE,
        ),
        (put("/19/0/1").text("3"), Code::BAD_REQUEST),
        (put("/19/0/1").text("255"), Code::BAD_REQUEST),
        (put("/19/0/5").text("65536"), Code::BAD_REQUEST),
        (
            put("/19/0/3").text(&"x".repeat(33)),
            Code::REQUEST_ENTITY_TOO_LARGE,
        ),
        (post("/19"), Code::METHOD_NOT_ALLOWED),
    ] {
        assert_eq!(device.code(&request), code, "{request:?}");
    }
    let answer = device.ask(&get("/19/0").accept(11542));
    assert_eq!(answer.payload(), hex(ITEMS));
    assert!(!device.objects.data.container_mut(0).unwrap().take_written());
}

/// LogStatus: bit 0 stopped, bit 1 valid data, bit 2 an error.
#[test]
fn a_log_is_read_stopped_and_started() {
    let mut device = registered();
    let status = |device: &mut Device<Things>| {
        let answer = device.ask(&get("/20/0/4013").accept(0));
        answer.text().to_string()
    };
    assert_eq!(status(&mut device), "0");
    let long = device.objects.log.set_data(&[0; 17]);
    assert_eq!(long, Err(SetError::TooLong));
    device.objects.log.set_data(b"brown-out").unwrap();
    let answer = device.ask(&get("/20/0/4014").accept(OPAQUE));
    assert_eq!(answer.payload(), b"brown-out");
    assert_eq!(status(&mut device), "2");

    assert_eq!(device.code(&post("/20/0/4012")), Code::CHANGED);
    assert!(!device.objects.log.is_running());
    device.objects.log.set_failed(true);
    assert_eq!(status(&mut device), "7");
    assert_eq!(
        device.code(&post("/20/0/4011").text("0='1'")),
        Code::BAD_REQUEST
    );
    assert_eq!(status(&mut device), "7");
    assert_eq!(device.code(&post("/20/0/4011")), Code::CHANGED);
    assert!(device.objects.log.is_running());
    assert_eq!(status(&mut device), "0");
    assert_eq!(device.objects.log.data(), b"");

    assert_eq!(
        device.code(&put("/20/0/4010").text("256")),
        Code::BAD_REQUEST
    );
    assert_eq!(device.code(&put("/20/0/4010").text("100")), Code::CHANGED);
    assert_eq!(device.objects.log.chosen_class(), 100);
    for absent in ["/20/0/4015", "/20/0/4017"] {
        assert_eq!(device.code(&get(absent).accept(0)), Code::NOT_FOUND);
    }
}

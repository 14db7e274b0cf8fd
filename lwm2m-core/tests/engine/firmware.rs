//! Object 5 behind the engine: its state machine as a server and its owner see it (Core 1.1.1, appendix E.6).

use lwm2m_core::client::Event;
use lwm2m_core::model::{Object, Objects, Path, Value, ValueWriter};
use lwm2m_core::objects::{
    DeliveryMethod, FirmwareRequest, FirmwareState, FirmwareUpdate, SetError, UpdateResult,
};
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{
    Device, Out, SERVER, Store, TestRandom, events, get, hex, post, put, security, sent, server,
};

pub(crate) const URI: &str = "coap://192.0.2.7/fw";

/// Objects 0, 1 and 5.
pub(crate) struct WithFirmware {
    security: Store,
    server: Store,
    pub(crate) firmware: FirmwareUpdate<'static>,
}

impl Objects for WithFirmware {
    fn object(&self, id: u16) -> Option<&dyn Object> {
        match id {
            0 => Some(&self.security),
            1 => Some(&self.server),
            5 => Some(&self.firmware),
            _ => None,
        }
    }

    fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
        match id {
            0 => Some(&mut self.security),
            1 => Some(&mut self.server),
            5 => Some(&mut self.firmware),
            _ => None,
        }
    }

    fn next_object(&self, after: Option<u16>) -> Option<u16> {
        [0, 1, 5]
            .into_iter()
            .find(|&id| after.is_none_or(|after| id > after))
    }
}

/// A registered device with a buffer of this size for pushed packages.
pub(crate) fn device(buffer: usize) -> Device<WithFirmware> {
    let objects = WithFirmware {
        security: security(),
        server: server(),
        firmware: FirmwareUpdate::new(vec![0; buffer].leak()),
    };
    let mut device = Device::of(objects, Device::config(), TestRandom::Sequence(3), 1280);
    device.register();
    device
}

/// State and result as a server reads them.
pub(crate) fn status(device: &mut Device<WithFirmware>) -> (String, String) {
    let mut read = |path| {
        let answer = device.ask(&get(path).accept(0));
        assert_eq!(answer.code(), Code::CONTENT);
        answer.text().to_owned()
    };
    (read("/5/0/3"), read("/5/0/5"))
}

fn is(device: &mut Device<WithFirmware>, state: &str, result: &str) {
    assert_eq!(status(device), (state.into(), result.into()));
}

/// A device in this state, nothing waiting.
fn in_state(state: FirmwareState) -> Device<WithFirmware> {
    let mut device = device(64);
    let firmware = &mut device.objects.firmware;
    firmware.restore(state, UpdateResult::Initial, URI).unwrap();
    device
}

#[test]
fn the_object_registers_without_a_version() {
    let objects = WithFirmware {
        security: security(),
        server: server(),
        firmware: FirmwareUpdate::new(&mut []),
    };
    let mut device = Device::of(objects, Device::config(), TestRandom::Sequence(3), 1280);
    device.start();
    assert_eq!(sent(&device.open(SERVER)).text(), "</1/0>,</5/0>");
}

#[test]
fn a_server_reads_what_is_there() {
    let mut device = device(64);
    let answer = device.ask(&get("/5/0").accept(11542));
    assert_eq!(answer.payload(), hex("c001 c10300 c10500 c10902"));
    let firmware = &mut device.objects.firmware;
    firmware.set_package_name(Some("fw")).unwrap();
    firmware.set_package_version(Some("1.2")).unwrap();
    firmware.set_protocols(&[1, 3]).unwrap();
    firmware.set_delivery_method(DeliveryMethod::Pull);
    let answer = device.ask(&get("/5/0").accept(11542));
    assert_eq!(
        answer.payload(),
        hex("c001 c10300 c10500 c2066677 c307312e32 86084100014101 03 c10900")
    );
    // Package is written only, Update executed only.
    for path in ["/5/0/0", "/5/0/2"] {
        assert_eq!(device.code(&get(path)), Code::METHOD_NOT_ALLOWED);
    }
    for path in ["/5/0/4", "/5/0/10", "/5/0/11", "/5/0/14"] {
        assert_eq!(device.code(&get(path)), Code::NOT_FOUND);
    }
}

#[test]
fn a_uri_begins_a_download() {
    let mut device = device(64);
    let firmware = &mut device.objects.firmware;
    firmware.set(FirmwareState::Idle, UpdateResult::UpdateFailed);
    assert_eq!(device.code(&put("/5/0/1").text(URI)), Code::CHANGED);
    is(&mut device, "1", "0");
    assert_eq!(device.ask(&get("/5/0/1").accept(0)).text(), URI);
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.uri(), URI);
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Download));
    assert_eq!(firmware.take_request(), None);
    firmware.set(FirmwareState::Downloaded, UpdateResult::Initial);
    is(&mut device, "2", "0");
}

/// The datagrams as they are on the wire: a PUT of a URI and its answer.
#[test]
fn a_uri_and_its_answer_are_these_bytes() {
    let mut device = device(64);
    let request = hex("42 03 1234 abcd b135 0130 0131 10 ff 636f61703a2f2f612f62");
    let answer = hex("62 44 1234 abcd");
    assert_eq!(sent(&device.receive(&request)).datagram(), answer);
    assert_eq!(device.objects.firmware.uri(), "coap://a/b");
}

#[test]
fn an_empty_uri_or_package_resets_every_state_but_updating() {
    let resets = [
        put("/5/0/1").text(""),
        put("/5/0/1"),
        put("/5/0/0").with(42, &[]),
        put("/5/0/0").with(42, &[0]),
        put("/5/0/0").with(11542, &[0xc0, 0x00]),
        put("/5/0/0").with(11542, &[0xc1, 0x00, 0x00]),
        post("/5/0").tlv("c001"),
    ];
    for reset in resets {
        for state in [
            FirmwareState::Idle,
            FirmwareState::Downloading,
            FirmwareState::Downloaded,
        ] {
            let mut device = in_state(state);
            device
                .objects
                .firmware
                .set(state, UpdateResult::UpdateFailed);
            assert_eq!(device.code(&reset.anew()), Code::CHANGED, "{state:?}");
            is(&mut device, "0", "0");
            let firmware = &mut device.objects.firmware;
            assert_eq!(firmware.uri(), "");
            assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
            assert_eq!(firmware.take_request(), None);
        }
        let mut device = in_state(FirmwareState::Updating);
        assert_eq!(device.code(&reset.anew()), Code::METHOD_NOT_ALLOWED);
        is(&mut device, "3", "0");
        assert_eq!(device.objects.firmware.uri(), URI);
        assert_eq!(device.objects.firmware.take_request(), None);
    }
}

#[test]
fn what_does_not_belong_to_the_state_is_refused_and_changes_nothing() {
    use FirmwareState::{Downloaded, Downloading, Idle, Updating};
    let uri = put("/5/0/1").text("coap://192.0.2.9/other");
    let package = put("/5/0/0").with(42, &[1, 2]);
    let block = put("/5/0/0").with(42, &[1; 16]).uint(27, 8);
    let update = post("/5/0/2");
    for (state, requests) in [
        (Idle, vec![&update]),
        (Downloading, vec![&uri, &package, &block, &update]),
        (Downloaded, vec![&uri, &package, &block]),
        (Updating, vec![&uri, &package, &block, &update]),
    ] {
        for request in requests {
            let mut device = in_state(state);
            let code = device.code(&request.anew());
            assert_eq!(code, Code::METHOD_NOT_ALLOWED, "{state:?} {request:?}");
            let firmware = &mut device.objects.firmware;
            assert_eq!((firmware.state(), firmware.uri()), (state, URI));
            assert_eq!(firmware.take_request(), None);
            assert_eq!(firmware.take_changed(), None);
        }
    }
}

#[test]
fn an_update_begins_after_its_answer() {
    let mut device = in_state(FirmwareState::Downloaded);
    let firmware = &mut device.objects.firmware;
    firmware.set(FirmwareState::Downloaded, UpdateResult::UpdateFailed);
    let out = device.receive(&post("/5/0/2").text("0='now'").bytes());
    assert_eq!(sent(&out).code(), Code::CHANGED);
    let path = Path::resource(5, 0, 2);
    assert_eq!(events(&out), [Event::Answered { path }]);
    is(&mut device, "3", "0");
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Update));
    firmware.set(FirmwareState::Idle, UpdateResult::Success);
    is(&mut device, "0", "1");
    // An argument list that is none.
    let mut device = in_state(FirmwareState::Downloaded);
    let code = device.code(&post("/5/0/2").text("now"));
    assert_eq!(code, Code::BAD_REQUEST);
    is(&mut device, "2", "0");
}

#[test]
fn a_cancel_is_seen_before_what_follows_it() {
    let mut device = in_state(FirmwareState::Downloading);
    for _ in 0..3 {
        assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
        assert_eq!(device.code(&put("/5/0/1").text(URI)), Code::CHANGED);
    }
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Download));
    assert_eq!(firmware.take_request(), None);

    assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
    let block = put("/5/0/0").with(42, &[7; 64]).uint(option::BLOCK1, 0x0a);
    let ack = sent(&device.receive(&block.bytes()));
    assert_eq!((ack.kind(), ack.code()), (Kind::Ack, Code::EMPTY));
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    // The buffer is not free before the part is seen.
    let code = device.code(&put("/5/0/0").with(42, &[5, 6]));
    assert_eq!(code, Code::SERVICE_UNAVAILABLE);
    let firmware = &mut device.objects.firmware;
    let Some(FirmwareRequest::Part { len: 64, .. }) = firmware.take_request() else {
        panic!("no part");
    };
    assert_eq!(firmware.take_buffer().unwrap(), [7; 64]);
}

/// A download that ends while a server takes it back must not look as if it had been wanted.
#[test]
fn what_was_cancelled_cannot_end_well() {
    let mut device = in_state(FirmwareState::Downloading);
    assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
    let firmware = &mut device.objects.firmware;
    firmware.set(FirmwareState::Downloaded, UpdateResult::Initial);
    is(&mut device, "0", "0");
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    firmware.set(FirmwareState::Idle, UpdateResult::ConnectionLost);
    is(&mut device, "0", "4");
}

#[test]
fn every_change_can_be_observed() {
    let mut device = device(64);
    let (token, _) = device.observe("/5/0/3");
    let out = device.receive(&put("/5/0/1").text(URI).bytes());
    assert_eq!(out.len(), 1, "only the answer");
    let mut changed = Vec::new();
    while let Some(resource) = device.objects.firmware.take_changed() {
        changed.push(resource);
        device.client.changed(Path::resource(5, 0, resource));
    }
    // The result was 0 already.
    assert_eq!(changed, [1, 3]);
    // pmin is 0: the notification comes at once.
    let notification = sent(&device.drain());
    assert_eq!(notification.token(), token);
    let mut out = [0; 8];
    let mut value = ValueWriter::capturing(&mut out);
    device.objects.firmware.read(0, 3, &mut value).unwrap();
    assert_eq!(value.captured(), Some(Value::Integer(1)));
    assert_eq!(notification.text(), "1");

    let firmware = &mut device.objects.firmware;
    firmware.set(FirmwareState::Idle, UpdateResult::InvalidUri);
    let changed: Vec<_> = core::iter::from_fn(|| firmware.take_changed()).collect();
    assert_eq!(changed, [3, 5]);
}

#[test]
fn one_way_of_delivery_refuses_the_other() {
    let mut device = device(64);
    let uri = put("/5/0/1").text(URI);
    let package = put("/5/0/0").with(42, &[1, 2]);
    let firmware = &mut device.objects.firmware;
    firmware.set_delivery_method(DeliveryMethod::Pull);
    assert_eq!(device.code(&package), Code::METHOD_NOT_ALLOWED);
    let firmware = &mut device.objects.firmware;
    firmware.set_delivery_method(DeliveryMethod::Push);
    assert_eq!(device.code(&uri), Code::METHOD_NOT_ALLOWED);
    // Both reset.
    assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
}

#[test]
fn what_was_stored_is_restored() {
    let mut firmware = FirmwareUpdate::new(&mut []);
    let long = "x".repeat(256);
    let too_long = firmware.restore(FirmwareState::Downloaded, UpdateResult::Success, &long);
    assert_eq!(too_long, Err(SetError::TooLong));
    assert_eq!(firmware.state(), FirmwareState::Idle);
    firmware
        .restore(FirmwareState::Downloading, UpdateResult::Initial, URI)
        .unwrap();
    assert_eq!(firmware.state(), FirmwareState::Downloading);
    // A push has ended with the session that it came over.
    firmware
        .restore(FirmwareState::Downloading, UpdateResult::Initial, "")
        .unwrap();
    assert_eq!(firmware.state(), FirmwareState::Idle);
    assert_eq!(firmware.result(), UpdateResult::ConnectionLost);
    assert_eq!(
        firmware.set_package_name(Some(&long)),
        Err(SetError::TooLong)
    );
    assert_eq!(firmware.set_protocols(&[0, 6]), Err(SetError::OutOfRange));
    for number in 0..=9 {
        let result = UpdateResult::from_number(number).unwrap();
        assert_eq!(result.number(), number);
        let state = FirmwareState::from_number(number);
        assert_eq!(
            state.map(FirmwareState::number),
            (number < 4).then_some(number)
        );
    }
    assert_eq!(UpdateResult::from_number(10), None);
}

/// 255 bytes fit, and no more.
#[test]
fn the_longest_uri_is_taken() {
    let mut device = device(64);
    let uri = format!("coap://a/{}", "x".repeat(246));
    let longer = format!("{uri}x");
    assert_eq!(device.code(&put("/5/0/1").text(&longer)), Code::BAD_REQUEST);
    assert_eq!(device.objects.firmware.uri(), "");
    assert_eq!(device.code(&put("/5/0/1").text(&uri)), Code::CHANGED);
    assert_eq!(device.objects.firmware.uri(), uri);
}

/// A Write that replaces the instance: the URI goes, or is replaced.
#[test]
fn a_replaced_instance_begins_anew() {
    let mut device = device(64);
    let uri = put("/5/0").tlv("c80109 636f61703a2f2f612f");
    assert_eq!(device.code(&uri), Code::CHANGED);
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Download));
    assert_eq!(firmware.uri(), "coap://a/");
    let nothing = put("/5/0").with(11542, &[]);
    assert_eq!(device.code(&nothing), Code::CHANGED);
    is(&mut device, "0", "0");
    let mut device = in_state(FirmwareState::Updating);
    device.receive(&nothing.anew().bytes());
    is(&mut device, "3", "0");
    let out = device.receive(&put("/5/0/3").text("0").bytes());
    let [Out::Transmit(..)] = out[..] else {
        panic!("{out:?}");
    };
    assert_eq!(sent(&out).code(), Code::METHOD_NOT_ALLOWED);
}

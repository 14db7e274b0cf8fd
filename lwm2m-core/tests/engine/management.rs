//! Read, Discover, Write, Execute, Create, Delete (Core 1.1.1, section 6.3).

use lwm2m_core::client::Expect;
use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::common::{
    Answer, Device, Out, Owned, SERVER, TestRandom, delete, get, hex, post, put, sent,
};

/// /3/0 in TLV, equal to the specification's.
const DEVICE_TLV: &str = "c800144f70656e204d6f62696c6520416c6c69616e6365c801164c69676874776569676874204d324d20\
    436c69656e74c80209333435303030313233c303312e30860641000141010588070842000ed842011388870841007d42010384c10964\
    c10a0f830b410000c40d5182428fc60e2b30323a3030c11055";

/// /3/0 in SenML CBOR, equal to Leshan's but for the place of the base name, which is free in a map.
const DEVICE_CBOR: &str = "90a321652f332f302f00613003744f70656e204d6f62696c6520416c6c69616e6365a200613103764c69\
    676874776569676874204d324d20436c69656e74a20061320369333435303030313233a20061330363312e30a20063362f300201a200\
    63362f310205a20063372f3002190ed8a20063372f3102191388a20063382f3002187da20063382f3102190384a2006139021864a200\
    623130020fa2006431312f300200a200623133021a5182428fa20062313403662b30323a3030a200623136036155";

#[test]
fn a_resource_is_read_as_tlv() {
    let mut device = Device::registered();
    let request = get("/3/0/9").accept(11542).id(0x1234).with_token(b"t");
    let out = device.receive(&request.bytes());
    let expected = hex("61451234 74 c2 2d16 ff c10964");
    assert_eq!(out, [Out::Transmit(SERVER, expected, Expect::Nothing)]);
}

#[test]
fn an_instance_is_read_as_tlv_and_senml_cbor() {
    let mut device = Device::registered();
    let answer = device.ask(&get("/3/0"));
    assert_eq!((answer.kind(), answer.code()), (Kind::Ack, Code::CONTENT));
    assert_eq!(answer.format(), Some(11542));
    assert_eq!(answer.payload(), hex(DEVICE_TLV));
    assert_eq!(answer.payload().len(), 121);

    let answer = device.ask(&get("/3/0").accept(112));
    assert_eq!(answer.format(), Some(112));
    assert_eq!(answer.payload(), hex(DEVICE_CBOR));
    assert_eq!(answer.payload().len(), 196);
}

#[test]
fn an_object_is_read_with_its_instances_in_containers() {
    let mut device = Device::registered();
    let answer = device.ask(&get("/3").accept(11542));
    assert_eq!(answer.payload(), [hex("080079"), hex(DEVICE_TLV)].concat());
    // An object without instances reads as empty.
    device.objects.test.instances.clear();
    let answer = device.ask(&get("/26241").accept(11542));
    assert_eq!((answer.code(), answer.payload()), (Code::CONTENT, &[][..]));
    let answer = device.ask(&get("/26241").accept(112));
    assert_eq!(
        (answer.code(), answer.payload()),
        (Code::CONTENT, &[0x80][..])
    );
}

#[test]
fn text_carries_single_values_only() {
    let mut device = Device::registered();
    for (path, expected) in [
        ("/3/0/0", "Open Mobile Alliance"),
        ("/3/0/9", "100"),
        ("/3/0/13", "1367491215"),
        ("/3/0/7/1", "5000"),
    ] {
        let answer = device.ask(&get(path).accept(0));
        assert_eq!((answer.code(), answer.text()), (Code::CONTENT, expected));
        assert_eq!(answer.format(), Some(0));
    }
    for path in ["/3", "/3/0", "/3/0/7"] {
        assert_eq!(device.code(&get(path).accept(0)), Code::NOT_ACCEPTABLE);
    }
}

#[test]
fn discover_lists_what_is_there() {
    let mut device = Device::registered();
    let answer = device.ask(&get("/3/0").accept(40));
    assert_eq!((answer.code(), answer.format()), (Code::CONTENT, Some(40)));
    assert_eq!(
        answer.text(),
        "</3/0>,</3/0/0>,</3/0/1>,</3/0/2>,</3/0/3>,</3/0/4>,</3/0/5>,</3/0/6>;dim=2,</3/0/7>;dim=2,\
         </3/0/8>;dim=2,</3/0/9>,</3/0/10>,</3/0/11>;dim=1,</3/0/12>,</3/0/13>,</3/0/14>,</3/0/16>"
    );
    let answer = device.ask(&get("/26241").accept(40));
    assert_eq!(
        answer.text(),
        "</26241>,</26241/1>,</26241/1/0>,</26241/1/1>,</26241/1/8>;dim=2,</26241/1/9>,</26241/1/10>,</26241/1/11>"
    );
    assert_eq!(device.ask(&get("/3/0/14").accept(40)).text(), "</3/0/14>");
}

#[test]
fn a_value_is_written_in_each_format() {
    let mut device = Device::registered();
    for request in [
        put("/3/0/14").text("+05:30"),
        put("/3/0/14").tlv("c60e2b30353a3330"),
        put("/3/0/14").cbor("81a200672f332f302f313403662b30353a3330"),
        post("/3/0").tlv("c60e2b30353a3330"),
    ] {
        device.objects.device.set(0, 14, "");
        assert_eq!(device.ask(&request).code(), Code::CHANGED, "{request:?}");
        assert_eq!(device.objects.device.get(0, 14), Some(&"+05:30".into()));
    }
}

#[test]
fn replace_drops_what_update_keeps() {
    let mut device = Device::registered();
    // Resource 8 with instance 0 alone.
    let update = post("/26241/1/8").tlv("8308410063");
    assert_eq!(device.ask(&update).code(), Code::CHANGED);
    let test = &device.objects.test;
    assert_eq!(test.get_one(1, 8, 0), Some(&Owned::Int(0x63)));
    assert_eq!(test.get_one(1, 8, 1), Some(&Owned::Int(11)));
    let replace = put("/26241/1/8").tlv("8308410062");
    assert_eq!(device.ask(&replace).code(), Code::CHANGED);
    let test = &device.objects.test;
    assert_eq!(test.get_one(1, 8, 0), Some(&Owned::Int(0x62)));
    assert_eq!(test.get_one(1, 8, 1), None);
    // The whole instance: what is not named goes, what servers cannot write stays.
    let replace = put("/26241/1").tlv("c3006e6577c10105");
    assert_eq!(device.ask(&replace).code(), Code::CHANGED);
    let test = &device.objects.test;
    assert_eq!(test.get(1, 0), Some(&"new".into()));
    assert_eq!(test.get_one(1, 8, 0), None);
    assert_eq!(test.get(1, 11), None);
    assert_eq!(test.get(1, 10), Some(&"fixed".into()));
}

#[test]
fn execute_calls_the_resource_with_its_arguments() {
    let mut device = Device::registered();
    let answer = device.ask(&post("/3/0/4"));
    assert_eq!((answer.code(), answer.payload()), (Code::CHANGED, &[][..]));
    let answer = device.ask(&post("/26241/1/9").text("0='a',1"));
    assert_eq!(answer.code(), Code::CHANGED);
    assert_eq!(device.objects.device.executed, [(0, 4, String::new())]);
    assert_eq!(device.objects.test.executed, [(1, 9, "0='a',1".into())]);
}

#[test]
fn create_without_an_id_tells_the_location() {
    let mut device = Device::registered();
    let out = device.receive(&post("/26241").tlv("c30074776fc10102").bytes());
    let [Out::Transmit(.., answer, _), Out::Transmit(.., update, _)] = out.as_slice() else {
        panic!("{out:?}");
    };
    let answer = Answer::new(answer);
    assert_eq!(answer.code(), Code::CREATED);
    assert_eq!(answer.strings(option::LOCATION_PATH), ["26241", "0"]);
    assert_eq!(device.objects.test.get(0, 0), Some(&"two".into()));
    // The object list has changed.
    let update = Answer::new(update);
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/0>,</26241/1>");
}

#[test]
fn create_with_an_id_needs_no_location() {
    let mut device = Device::registered();
    let out = device.receive(&post("/26241").tlv("080508c30074776fc10102").bytes());
    let Some(Out::Transmit(.., answer, _)) = out.first() else {
        panic!("{out:?}");
    };
    let answer = Answer::new(answer);
    assert_eq!(answer.code(), Code::CREATED);
    assert_eq!(answer.strings(option::LOCATION_PATH), [""; 0]);
    assert_eq!(device.objects.test.get(5, 1), Some(&Owned::Int(2)));
}

#[test]
fn delete_removes_an_instance() {
    let mut device = Device::registered();
    let out = device.receive(&delete("/26241/1").bytes());
    let Some(Out::Transmit(.., answer, _)) = out.first() else {
        panic!("{out:?}");
    };
    assert_eq!(Answer::new(answer).code(), Code::DELETED);
    assert!(device.objects.test.instances.is_empty());
    assert_eq!(sent(&out[1..]).text(), "</1/0>,</3/0>,</26241>");
}

#[test]
fn a_block_size_that_does_not_exist_counts_as_the_largest() {
    let mut config = Device::config();
    config.block_szx = 200;
    let mut device = Device::with(config, TestRandom::Sequence(1), 1280);
    device.register();
    assert_eq!(device.code(&get("/3/0")), Code::CONTENT);
}

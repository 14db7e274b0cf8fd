//! Group 28: the client's own Block1 transfer, an object list that does not fit one message.

use lwm2m_core::client::{Event, SessionEvent};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use crate::common::{Answer, Device, Out, Request, SERVER, events, outputs, post, sent, uri_path};

/// A device with 200 instances, whose list has more than 2,900 bytes.
fn crowded() -> Device {
    let mut device = Device::new();
    for instance in 0..200 {
        device.objects.test.set(1000 + instance, 0, "x");
    }
    device
}

fn list() -> String {
    let mut list = "</1/0>,</3/0>,</26241/1>".to_owned();
    for instance in 1000..1200 {
        list += &format!(",</26241/{instance}>");
    }
    list
}

/// What the server says to a block: its code, and the block that it names.
fn reply(request: &Answer, code: Code, block: Block) -> Vec<u8> {
    let mut reply = Request::new(code, "")
        .id(request.id())
        .with_token(&request.token());
    reply.kind = Kind::Ack;
    if code == Code::CREATED {
        for segment in [b"rd", b"a1"] {
            reply = reply.option(option::LOCATION_PATH, segment);
        }
    }
    reply.uint(option::BLOCK1, block.to_uint()).bytes()
}

fn block_of(request: &Answer) -> Block {
    Block::from_uint(request.uint(option::BLOCK1).unwrap()).unwrap()
}

/// Takes all blocks, of the size that `szx` says; the body, and what comes out in the end.
fn take(device: &mut Device, first: &Answer, szx: u8, end: Code) -> (Vec<u8>, Vec<Out>) {
    let (mut request, mut body) = (first.clone(), Vec::new());
    loop {
        let block = block_of(&request);
        assert_eq!(block.offset(), body.len());
        body.extend(request.payload());
        let named = Block::new(block.num, block.more, block.szx.min(szx)).unwrap();
        if !block.more {
            let out = device.receive(&reply(&request, end, named));
            return (body, out);
        }
        assert_eq!(request.payload().len(), block.size());
        let out = device.receive(&reply(&request, Code::CONTINUE, named));
        assert_eq!(out.len(), 1);
        let next = sent(&out);
        // Every block is a request of its own with the same options.
        assert_eq!(next.code(), first.code());
        assert_eq!(uri_path(&next), uri_path(first));
        assert_eq!(
            next.strings(option::URI_QUERY),
            first.strings(option::URI_QUERY)
        );
        assert_eq!(next.format(), Some(40));
        assert_ne!(next.id(), request.id());
        request = next;
    }
}

#[test]
fn g28_a_long_list_is_registered_in_blocks() {
    for szx in [6, 4, 0] {
        let mut device = crowded();
        device.start();
        let first = sent(&device.open(SERVER));
        assert!(first.datagram().len() <= 1152);
        let (body, out) = take(&mut device, &first, szx, Code::CREATED);
        assert_eq!(String::from_utf8(body).unwrap(), list());
        assert_eq!(out, [Out::Event(Event::Registered { server: 1 })]);
    }
}

#[test]
fn g28_a_long_list_is_updated_in_blocks() {
    let mut device = Device::registered();
    device.objects = crowded().objects;
    device.client.update(true);
    let first = sent(&device.drain());
    assert_eq!(uri_path(&first), ["rd", "a1"]);
    let (body, out) = take(&mut device, &first, 5, Code::CHANGED);
    assert_eq!(String::from_utf8(body).unwrap(), list());
    assert_eq!(out, [Out::Event(Event::Updated { server: 1 })]);
    // The next Update has nothing to tell.
    device.client.update(false);
    assert_eq!(sent(&device.drain()).payload(), b"");
}

/// RFC 7959, section 2.9.3: 4.13 may name the size that the server takes.
#[test]
fn g28_a_server_that_takes_smaller_blocks_gets_them() {
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    let small = Block::new(0, true, 2).unwrap();
    let out = device.receive(&reply(&first, Code::REQUEST_ENTITY_TOO_LARGE, small));
    let again = sent(&out);
    assert_eq!(block_of(&again), small);
    let (body, out) = take(&mut device, &again, 2, Code::CREATED);
    assert_eq!(String::from_utf8(body).unwrap(), list());
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
}

#[test]
fn g28_a_lost_block_is_sent_again() {
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    let block = block_of(&first);
    let second = sent(&device.receive(&reply(&first, Code::CONTINUE, block)));
    let until = device.until;
    assert_eq!(sent(&outputs(&device.wait_until(until))), second);
    let (body, _) = take_rest(&mut device, &second);
    let body = [first.payload(), &body].concat();
    assert_eq!(String::from_utf8(body).unwrap(), list());
}

fn take_rest(device: &mut Device, from: &Answer) -> (Vec<u8>, Vec<Out>) {
    let (mut request, mut body) = (from.clone(), Vec::new());
    loop {
        let block = block_of(&request);
        body.extend(request.payload());
        let code = if block.more {
            Code::CONTINUE
        } else {
            Code::CREATED
        };
        let out = device.receive(&reply(&request, code, block));
        if !block.more {
            return (body, out);
        }
        request = sent(&out);
    }
}

/// 4.08: the server has lost what it had. The Register fails, and a new one begins with the first block.
#[test]
fn g28_an_incomplete_transfer_fails_and_begins_anew() {
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    let block = block_of(&first);
    let second = sent(&device.receive(&reply(&first, Code::CONTINUE, block)));
    let out = device.receive(&reply(
        &second,
        Code::REQUEST_ENTITY_INCOMPLETE,
        block_of(&second),
    ));
    assert!(
        matches!(events(&out)[..], [Event::RegistrationFailed { .. }]),
        "{out:?}"
    );
    device.wait(60);
    let again = sent(&device.open(SERVER));
    assert_eq!(block_of(&again).num, 0);
    assert_eq!(again.payload(), first.payload());
}

/// A list that changes between two blocks is told again as a whole.
#[test]
fn g28_a_list_that_changes_on_the_way_is_updated_afterwards() {
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    let block = block_of(&first);
    let second = sent(&device.receive(&reply(&first, Code::CONTINUE, block)));
    for instance in 1000..1200 {
        device.objects.test.instances.remove(&instance);
    }
    device.client.update(true);
    assert_eq!(device.drain(), []);
    // What is sent again shows the list of now, which has no second block.
    let until = device.until;
    let again = sent(&outputs(&device.wait_until(until)));
    assert_eq!((again.id(), again.payload()), (second.id(), &b""[..]));
    let out = device.receive(&reply(&second, Code::CREATED, block_of(&second)));
    assert_eq!(events(&out), [Event::Registered { server: 1 }]);
    let update = sent(&out);
    assert_eq!(update.text(), "</1/0>,</3/0>,</26241/1>");
}

/// Blocks that went over another session are of no use (RFC 7959, section 2.5: a body is put together per endpoint).
#[test]
fn g28_a_transfer_that_loses_its_session_begins_anew() {
    let begun = |device: &mut Device, first: &Answer| {
        let out = device.receive(&reply(first, Code::CONTINUE, block_of(first)));
        assert_eq!(block_of(&sent(&out)).num, 1);
    };
    let begins_anew = |device: &mut Device| {
        let out = device.session(SERVER, SessionEvent::Open { resumed: false });
        let register = sent(&out);
        assert_eq!(
            (uri_path(&register), block_of(&register).num),
            (vec!["rd".to_owned()], 0)
        );
    };
    // The network goes away amid a Register.
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    begun(&mut device, &first);
    device.lose_and_find_network();
    begins_anew(&mut device);
    // A server that disables itself amid an Update falls silent.
    let mut device = Device::registered();
    device.objects = crowded().objects;
    device.objects.server.set(0, 5, 10);
    device.client.update(true);
    let first = sent(&device.drain());
    device.receive(&post("/1/0/4").bytes());
    let out = device.receive(&reply(&first, Code::CONTINUE, block_of(&first)));
    assert_eq!(sent(&out).code(), Code::DELETE);
    device.wait(200);
    begins_anew(&mut device);
}

/// 2.31 to what was no block, or the last one: the transfer ends as a failure, not in requests without end.
#[test]
fn g28_a_server_that_asks_on_behind_the_end_is_not_answered_for_ever() {
    let mut device = Device::new();
    device.start();
    let register = sent(&device.open(SERVER));
    let out = device.receive(&register.reply(Code::CONTINUE));
    assert!(
        matches!(events(&out)[..], [Event::RegistrationFailed { .. }]),
        "{out:?}"
    );
    let mut device = crowded();
    device.start();
    let first = sent(&device.open(SERVER));
    let (_, out) = take(&mut device, &first, 6, Code::CONTINUE);
    assert!(
        matches!(events(&out)[..], [Event::RegistrationFailed { .. }]),
        "{out:?}"
    );
    let mut device = Device::registered();
    device.client.deregister();
    let request = sent(&device.drain());
    let out = device.receive(&request.reply(Code::CONTINUE));
    let ended = Event::Deregistered {
        server: 1,
        confirmed: true,
    };
    assert_eq!(events(&out), [ended]);
}

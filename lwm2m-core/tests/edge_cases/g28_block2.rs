//! Groups 28 to 30: answers in blocks (RFC 7959, sections 2.3 and 2.4).

use lwm2m_core::wire::coap::{Block, Code, option};

use crate::common::{Device, Owned, Request, TestRandom, get, put};

/// Fetches an answer block by block, as `sizes` asks for; the whole, and its ETags.
fn fetch(device: &mut Device, request: &Request, mut szx: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut body, mut etags) = (Vec::new(), Vec::new());
    loop {
        let num = u32::try_from(body.len() >> (4 + szx)).unwrap();
        let wanted = Block::new(num, false, szx).unwrap().to_uint();
        let answer = device.ask(&request.anew().uint(option::BLOCK2, wanted));
        assert_eq!(answer.code(), Code::CONTENT);
        body.extend(answer.payload());
        etags.extend(answer.options(option::ETAG));
        let Some(block) = answer.uint(option::BLOCK2) else {
            return (body, etags);
        };
        let block = Block::from_uint(block).unwrap();
        assert!(block.szx <= szx);
        assert_eq!(block.offset() + answer.payload().len(), body.len());
        if !block.more {
            return (body, etags);
        }
        assert_eq!(answer.payload().len(), block.size());
        szx = block.szx;
    }
}

#[test]
fn g28_blocks_of_every_size_make_the_whole() {
    let mut device = Device::registered();
    for format in [11542, 112, 40] {
        let request = get("/3/0").accept(format);
        let whole = device.ask(&request).payload().to_vec();
        for szx in 0..=6 {
            let (body, etags) = fetch(&mut device, &request, szx);
            assert_eq!(body, whole, "{format} {szx}");
            assert!(etags.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}

/// Without a wish of the server, what does not fit 1,024 bytes comes in blocks of that size.
#[test]
fn g28_a_large_answer_is_cut_into_blocks() {
    let mut device = Device::registered();
    let text: String = (0..3000u32)
        .map(|at| char::from(b'a' + (at % 26) as u8))
        .collect();
    device.objects.device.set(0, 0, Owned::Text(text.clone()));
    let first = device.ask(&get("/3/0/0").accept(0));
    assert_eq!(first.uint(option::BLOCK2), Some(0x0e));
    assert_eq!(first.text(), &text[..1024]);
    let (body, _) = fetch(&mut device, &get("/3/0/0").accept(0), 6);
    assert_eq!(body, text.as_bytes());
}

/// A value of exactly one block, and one byte more.
#[test]
fn g28_the_last_block_knows_that_it_is_the_last() {
    let mut device = Device::registered();
    for (len, blocks) in [(1023, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 3)] {
        device
            .objects
            .device
            .set(0, 0, Owned::Text("x".repeat(len)));
        let (body, etags) = fetch(&mut device, &get("/3/0/0").accept(0), 6);
        assert_eq!(body.len(), len);
        assert_eq!(etags.len(), if blocks == 1 { 0 } else { blocks });
    }
}

#[test]
fn g28_the_size_may_shrink_on_the_way() {
    let mut device = Device::registered();
    device
        .objects
        .device
        .set(0, 0, Owned::Text("0123456789abcdef".repeat(20)));
    let ask = |device: &mut Device, num, szx| {
        let wanted = Block::new(num, false, szx).unwrap().to_uint();
        device
            .ask(&get("/3/0/0").accept(0).uint(option::BLOCK2, wanted))
            .payload()
            .to_vec()
    };
    let mut body = ask(&mut device, 0, 3);
    body.extend(ask(&mut device, 4, 1));
    body.extend(ask(&mut device, 10, 0));
    body.extend(ask(&mut device, 11, 0));
    body.extend(ask(&mut device, 3, 2));
    body.extend(ask(&mut device, 4, 2));
    assert_eq!(body, "0123456789abcdef".repeat(20).as_bytes());
}

#[test]
fn g28_a_block_behind_the_end_is_refused() {
    let mut device = Device::registered();
    for num in [8, 9, 1000, Block::MAX_NUM] {
        let wanted = Block::new(num, false, 0).unwrap().to_uint();
        let answer = device.ask(&get("/3/0").accept(11542).uint(option::BLOCK2, wanted));
        assert_eq!(answer.code(), Code::BAD_REQUEST, "{num}");
    }
}

/// Blocks are made from the objects as they are, so a later block may ask for something else: it is another body.
#[test]
fn g28_a_later_block_of_another_format_or_path_has_another_tag() {
    let mut device = Device::registered();
    let wanted = Block::new(1, false, 1).unwrap().to_uint();
    let tag = |device: &mut Device, path: &str, format| {
        let answer = device.ask(&get(path).accept(format).uint(option::BLOCK2, wanted));
        assert_eq!(
            (answer.code(), answer.format()),
            (Code::CONTENT, Some(format.into()))
        );
        answer.options(option::ETAG)
    };
    let tags = [
        tag(&mut device, "/3/0", 11542),
        tag(&mut device, "/3/0", 112),
        tag(&mut device, "/1/0", 112),
        tag(&mut device, "/3/0", 40),
    ];
    for (at, one) in tags.iter().enumerate() {
        assert_eq!(one.len(), 1);
        assert!(!tags[at + 1..].contains(one));
    }
    // The next block of an observed value does not observe again (RFC 7959, section 2.6).
    let answer = device.ask(
        &get("/3/0")
            .accept(112)
            .uint(option::OBSERVE, 0)
            .uint(option::BLOCK2, wanted),
    );
    assert_eq!(answer.uint(option::OBSERVE), None);
    assert_eq!(device.client.observations(), 0);
}

#[test]
fn g29_a_body_that_changes_between_blocks_shows_by_its_tag() {
    let mut device = Device::registered();
    let ask = |device: &mut Device, num| {
        let wanted = Block::new(num, false, 1).unwrap().to_uint();
        device
            .ask(&get("/3/0").accept(11542).uint(option::BLOCK2, wanted))
            .options(option::ETAG)
    };
    let first = ask(&mut device, 0);
    assert_eq!(ask(&mut device, 1), first);
    device.objects.device.set(0, 9, 99);
    let second = ask(&mut device, 1);
    assert_ne!(second, first);
    // A body that grows.
    device.objects.device.set(0, 17, "type");
    assert_ne!(ask(&mut device, 1), second);
    // What it was before has its tag of then.
    device
        .objects
        .device
        .instances
        .get_mut(&0)
        .unwrap()
        .remove(&(17, None));
    device.objects.device.set(0, 9, 100);
    assert_eq!(ask(&mut device, 2), first);
}

#[test]
fn g30_block2_on_a_write_means_nothing() {
    let mut device = Device::registered();
    let answer = device.ask(&put("/3/0/14").text("+01:00").uint(option::BLOCK2, 2));
    assert_eq!(
        (answer.code(), answer.uint(option::BLOCK2)),
        (Code::CHANGED, None)
    );
    // The M bit of a request for a block has no function (RFC 7959, section 2.2).
    let answer = device.ask(&get("/3/0").accept(11542).uint(option::BLOCK2, 0x0a));
    assert_eq!(answer.payload().len(), 64);
}

/// Request and answer share the buffer: in a small one the answer comes in smaller blocks, never cut.
#[test]
fn g28_a_small_buffer_makes_smaller_blocks() {
    for size in [128, 160, 200, 256, 300] {
        let mut device = Device::with(Device::config(), TestRandom::Sequence(3), size);
        device.objects.test.instances.clear();
        device.register();
        for format in [11542, 112, 40] {
            let (body, _) = fetch(&mut device, &get("/3/0").accept(format), 6);
            let whole = Device::registered()
                .ask(&get("/3/0").accept(format))
                .payload()
                .to_vec();
            assert_eq!(body, whole, "{size} {format}");
        }
    }
}

/// A request that leaves no room for an answer is too large, with the size that would not be.
#[test]
fn g28_a_request_as_large_as_the_buffer_is_refused() {
    let mut device = Device::registered();
    for len in [1200, 1225, 1235, 1240] {
        let request = put("/26241/1/0").with(0, &vec![b'x'; len]);
        let answer = device.ask(&request);
        match answer.code() {
            Code::CHANGED => assert!(request.bytes().len() <= 1240),
            Code::REQUEST_ENTITY_TOO_LARGE => {
                let size = answer.uint(option::SIZE1).unwrap();
                let request = put("/26241/1/0").with(0, &vec![b'x'; size.try_into().unwrap()]);
                assert_eq!(device.code(&request), Code::CHANGED);
            }
            other => panic!("{other}"),
        }
    }
}

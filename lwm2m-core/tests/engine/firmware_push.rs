//! Packages that a server writes to object 5: parts, back-pressure, and what goes wrong on the way.

use lwm2m_core::client::SessionEvent;
use lwm2m_core::model::{Error, Ticket};
use lwm2m_core::objects::{FirmwareRequest, FirmwareState, UpdateResult};
use lwm2m_core::wire::coap::{Block, Code, Kind, option};

use crate::common::{Device, Request, SERVER, outputs, post, put, sent};
use crate::firmware::{URI, WithFirmware, device, status};

/// Bytes that tell where they belong.
fn package(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// One block of a payload for /5/0/0.
fn block(payload: &[u8], num: u32, szx: u8, format: u16) -> Request {
    let size = 16 << szx;
    let start = usize::try_from(num).unwrap() * size;
    let end = (start + size).min(payload.len());
    let block = Block::new(num, end < payload.len(), szx).unwrap();
    put("/5/0/0")
        .with(format, &payload[start..end])
        .uint(option::BLOCK1, block.to_uint())
}

/// The owner: takes what is handed over to `flash`, answers, and says Downloaded after the last part.
fn serve(device: &mut Device<WithFirmware>, flash: &mut Vec<u8>) -> Option<Ticket> {
    let firmware = &mut device.objects.firmware;
    match firmware.take_request()? {
        FirmwareRequest::Part {
            offset,
            len,
            last,
            ticket,
        } => {
            flash.truncate(usize::try_from(offset).unwrap());
            assert_eq!(flash.len(), usize::try_from(offset).unwrap(), "a gap");
            let buffer = firmware.take_buffer().unwrap();
            flash.extend(&buffer[..len]);
            firmware.return_buffer(buffer);
            if last {
                firmware.set(FirmwareState::Downloaded, UpdateResult::Initial);
            }
            device.client.answer(ticket, Ok(()));
            Some(ticket)
        }
        other => panic!("{other:?}"),
    }
}

/// Pushes a payload; what reaches the flash, and the tickets.
fn push(
    device: &mut Device<WithFirmware>,
    payload: &[u8],
    szx: u8,
    format: u16,
) -> (Vec<u8>, Vec<Ticket>) {
    let (mut flash, mut tickets) = (Vec::new(), Vec::new());
    let blocks = u32::try_from(payload.len().div_ceil(16 << szx)).unwrap();
    for num in 0..blocks {
        let request = block(payload, num, szx, format);
        let mut answer = sent(&device.receive(&request.bytes()));
        if answer.code() == Code::EMPTY {
            // A flash takes its time.
            assert_eq!(device.wait(3), []);
            tickets.extend(serve(device, &mut flash));
            answer = sent(&device.drain());
            assert_eq!(answer.kind(), Kind::Con);
            assert_eq!(device.receive(&answer.empty(Kind::Ack)), []);
        }
        let more = num + 1 < blocks;
        let code = if more { Code::CONTINUE } else { Code::CHANGED };
        assert_eq!(
            (answer.code(), answer.token()),
            (code, request.token().to_vec())
        );
        let block1 = Block::new(num, more, szx).unwrap().to_uint();
        assert_eq!(answer.uint(option::BLOCK1), Some(block1));
    }
    (flash, tickets)
}

#[test]
fn a_long_push_reaches_the_flash() {
    let package = package(300_000);
    let mut device = device(4096);
    let (flash, tickets) = push(&mut device, &package, 6, 42);
    assert!(flash == package);
    // 4,096 bytes at a time, and the rest of 992 with the last block.
    assert_eq!(tickets.len(), 74);
    for (at, ticket) in tickets.iter().enumerate() {
        assert!(ticket.0 >= 0x8000, "the application's are below");
        assert!(!tickets[..at].contains(ticket));
    }
    assert_eq!(status(&mut device), ("2".into(), "0".into()));
    assert_eq!(device.code(&post("/5/0/2")), Code::CHANGED);
}

#[test]
fn blocks_of_every_size_and_buffers_of_any_reach_the_flash() {
    for (szx, buffer) in [
        (0, 16),
        (0, 100),
        (2, 64),
        (5, 600),
        (6, 1024),
        (6, 2042),
        (6, 5000),
    ] {
        let mut device = device(buffer);
        for len in [1025, 3000, 3072] {
            let package = package(len);
            let (flash, _) = push(&mut device, &package, szx, 42);
            assert!(flash == package, "{szx} {buffer} {len}");
            assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
            let cancel = device.objects.firmware.take_request();
            assert_eq!(cancel, Some(FirmwareRequest::Cancel));
        }
    }
}

/// The header of the value is not part of the package; the first part is shorter by it.
#[test]
fn a_push_in_tlv_reaches_the_flash() {
    let package = package(70_000);
    let payload = [&[0xd8, 0x00, 0x01, 0x11, 0x70][..], &package].concat();
    for buffer in [1024, 2042, 2048, 4096] {
        let mut device = device(buffer);
        let (flash, _) = push(&mut device, &payload, 6, 11542);
        assert!(flash == package, "{buffer}");
    }
}

#[test]
fn a_package_of_one_message_is_one_part() {
    let mut device = device(64);
    let request = put("/5/0/0").with(42, &[1, 2, 3]);
    let ack = sent(&device.receive(&request.bytes()));
    assert_eq!((ack.kind(), ack.code()), (Kind::Ack, Code::EMPTY));
    assert_eq!(status(&mut device), ("1".into(), "0".into()));
    let mut flash = Vec::new();
    serve(&mut device, &mut flash).unwrap();
    let answer = sent(&device.drain());
    assert_eq!(answer.code(), Code::CHANGED);
    assert_eq!(flash, [1, 2, 3]);
    assert_eq!(status(&mut device), ("2".into(), "0".into()));
}

/// The owner refuses: the server is told, and the next push begins at its start.
#[test]
fn a_part_that_the_owner_refuses_ends_the_push() {
    let package = package(200);
    let mut device = device(64);
    let first = block(&package, 0, 2, 42);
    device.receive(&first.bytes());
    let firmware = &mut device.objects.firmware;
    let Some(FirmwareRequest::Part { ticket, .. }) = firmware.take_request() else {
        panic!("no part");
    };
    firmware.set(FirmwareState::Idle, UpdateResult::NoStorage);
    device.client.answer(ticket, Err(Error::TooLarge));
    let answer = sent(&device.drain());
    assert_eq!(answer.code(), Code::REQUEST_ENTITY_TOO_LARGE);
    device.receive(&answer.empty(Kind::Ack));
    assert_eq!(status(&mut device), ("0".into(), "2".into()));
    assert_eq!(
        device.code(&block(&package, 1, 2, 42)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
    assert_eq!(push(&mut device, &package, 2, 42).0, package);
}

#[test]
fn a_part_while_the_buffer_is_away_is_busy_and_changes_nothing() {
    let package = package(200);
    let mut device = device(64);
    device.receive(&block(&package, 0, 2, 42).bytes());
    let firmware = &mut device.objects.firmware;
    let Some(FirmwareRequest::Part {
        offset: 0,
        len: 64,
        last: false,
        ticket,
    }) = firmware.take_request()
    else {
        panic!("no part");
    };
    let busy = |device: &mut Device<WithFirmware>| {
        // The next one, which should have waited; one from the start; and a whole package.
        let next = device.code(&block(&package, 1, 2, 42));
        assert_eq!(next, Code::SERVICE_UNAVAILABLE);
        let first = device.code(&block(&package, 0, 2, 42));
        assert_eq!(first, Code::SERVICE_UNAVAILABLE);
        let whole = device.code(&put("/5/0/0").with(42, &[1, 2]));
        assert_eq!(whole, Code::SERVICE_UNAVAILABLE);
    };
    busy(&mut device);
    let buffer = device.objects.firmware.take_buffer().unwrap();
    busy(&mut device);
    assert_eq!(buffer, &package[..64]);
    assert_eq!(device.objects.firmware.take_buffer(), None);
    device.objects.firmware.return_buffer(buffer);
    device.client.answer(ticket, Ok(()));
    let answer = sent(&device.drain());
    assert_eq!(answer.code(), Code::CONTINUE);
    device.receive(&answer.empty(Kind::Ack));
    // It goes on where it was.
    let mut flash = package[..64].to_vec();
    for num in 1..4 {
        device.receive(&block(&package, num, 2, 42).bytes());
        serve(&mut device, &mut flash).unwrap();
        let answer = sent(&device.drain());
        assert_eq!(answer.code().class(), 2);
        device.receive(&answer.empty(Kind::Ack));
    }
    assert_eq!(flash, package);
}

/// A server that was restarted begins with the first block again, over another package perhaps.
#[test]
fn a_first_block_begins_the_push_anew() {
    let mut device = device(128);
    let (old, new) = (vec![1; 300], package(300));
    let mut flash = Vec::new();
    for num in 0..3 {
        device.receive(&block(&old, num, 2, 42).bytes());
        serve(&mut device, &mut flash);
        let out = device.drain();
        if !out.is_empty() {
            device.receive(&sent(&out).empty(Kind::Ack));
        }
    }
    assert_eq!(flash.len(), 128);
    // 64 bytes of the old one are in the buffer, and forgotten.
    assert_eq!(push(&mut device, &new, 2, 42).0, new);
}

#[test]
fn a_part_that_does_not_fit_is_too_large() {
    let mut device = device(100);
    let body = package(300);
    let whole = put("/5/0/0").with(42, &body[..101]);
    for request in [whole, block(&body, 0, 3, 42)] {
        assert_eq!(device.code(&request), Code::REQUEST_ENTITY_TOO_LARGE);
        assert_eq!(status(&mut device), ("0".into(), "0".into()));
        assert_eq!(device.objects.firmware.take_request(), None);
    }
    // Amid a package, the push has failed: 16 bytes are there, 128 do not fit behind them.
    for num in 0..2 {
        device.receive(&block(&body, num, 1, 42).bytes());
    }
    let long = block(&body, 4, 0, 42);
    assert_eq!(device.code(&long), Code::CONTINUE);
    let longer = put("/5/0/0")
        .with(42, &body[80..144])
        .uint(option::BLOCK1, Block::new(5, true, 0).unwrap().to_uint());
    // Not even a block.
    assert_eq!(device.code(&longer), Code::BAD_REQUEST);
    assert_eq!(status(&mut device), ("1".into(), "0".into()));
}

#[test]
fn a_part_that_does_not_fit_any_more_fails_the_push() {
    let mut device = device(100);
    let body = package(300);
    // 32 bytes, and room for 32 more; then 64 at once would be 96; then 64 again do not fit.
    for num in 0..2 {
        assert_eq!(device.code(&block(&body, num, 1, 42)), Code::CONTINUE);
    }
    assert_eq!(
        device.code(&block(&body, 1, 2, 42)),
        Code::REQUEST_ENTITY_TOO_LARGE
    );
    assert_eq!(status(&mut device), ("0".into(), "3".into()));
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    assert_eq!(firmware.take_request(), None);
}

/// The owner sees the part, as the server waits for its answer, then the Cancel.
#[test]
fn a_push_that_is_cancelled_leaves_no_server_without_an_answer() {
    let body = package(200);
    let mut device = device(64);
    device.receive(&block(&body, 0, 2, 42).bytes());
    assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
    assert_eq!(device.code(&put("/5/0/1").text(URI)), Code::CHANGED);
    assert_eq!(status(&mut device), ("1".into(), "0".into()));
    let mut flash = Vec::new();
    serve(&mut device, &mut flash).unwrap();
    let answer = sent(&device.drain());
    assert_eq!(answer.code(), Code::CONTINUE);
    device.receive(&answer.empty(Kind::Ack));
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Download));
    assert_eq!(firmware.take_request(), None);
    assert!(firmware.take_buffer().is_some(), "free for the download");
}

#[test]
fn a_push_that_was_reset_does_not_go_on() {
    let body = package(200);
    let mut device = device(128);
    assert_eq!(device.code(&block(&body, 0, 2, 42)), Code::CONTINUE);
    assert_eq!(device.code(&put("/5/0/1").text("")), Code::CHANGED);
    assert_eq!(
        device.code(&block(&body, 1, 2, 42)),
        Code::REQUEST_ENTITY_INCOMPLETE
    );
    let firmware = &mut device.objects.firmware;
    assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    assert_eq!(firmware.take_request(), None);
    assert_eq!(push(&mut device, &body, 2, 42).0, body);
}

#[test]
fn nothing_is_pushed_while_the_package_is_checked() {
    let body = package(100);
    let mut device = device(128);
    device.receive(&block(&body, 0, 2, 42).bytes());
    device.receive(&block(&body, 1, 2, 42).bytes());
    let firmware = &mut device.objects.firmware;
    let Some(FirmwareRequest::Part { last: true, .. }) = firmware.take_request() else {
        panic!("no part");
    };
    let buffer = firmware.take_buffer().unwrap();
    firmware.return_buffer(buffer);
    assert_eq!(
        device.code(&block(&body, 0, 2, 42)),
        Code::SERVICE_UNAVAILABLE
    );
    let out = device.receive(&put("/5/0/0").with(42, &[1, 2]).bytes());
    assert_eq!(sent(&out).code(), Code::SERVICE_UNAVAILABLE);
}

/// The buffer holds bytes that no request has told of.
#[test]
fn the_buffer_stays_while_it_is_being_filled() {
    let body = package(200);
    let mut device = device(128);
    assert_eq!(device.code(&block(&body, 0, 2, 42)), Code::CONTINUE);
    assert_eq!(device.objects.firmware.take_buffer(), None);
}

/// EXCHANGE_LIFETIME after the last block the server counts as gone, whether its session is open or not.
#[test]
fn a_push_whose_server_falls_silent_has_failed() {
    for closed in [false, true] {
        let body = package(200);
        let mut device = device(128);
        assert_eq!(device.code(&block(&body, 0, 2, 42)), Code::CONTINUE);
        if closed {
            device.session(SERVER, SessionEvent::Closed);
        }
        assert_eq!(outputs(&device.wait(246)), []);
        let firmware = &mut device.objects.firmware;
        assert_eq!(firmware.state(), FirmwareState::Downloading);
        assert_eq!(firmware.take_request(), None);
        assert_eq!(outputs(&device.wait(1)), []);
        let firmware = &mut device.objects.firmware;
        assert_eq!(firmware.state(), FirmwareState::Idle);
        assert_eq!(firmware.result(), UpdateResult::ConnectionLost);
        assert_eq!(firmware.take_request(), Some(FirmwareRequest::Cancel));
    }
}

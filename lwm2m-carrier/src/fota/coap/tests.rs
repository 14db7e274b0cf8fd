//! Downloads against literal messages.

extern crate std;

use std::{vec, vec::Vec};

use lwm2m_core::{
    client::{Expect, Transmission},
    random::Random,
    time::{Duration, Instant},
    wire::{
        coap::{Block, Builder, Code, Kind, Message, Token, option, write_empty},
        writer::Writer,
    },
};

use super::Download;
use crate::fota::{
    download::{Failure, Progress, Sink, Step, Taken},
    uri::PackageUri,
};

/// Numbers that look random (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

impl Random for Chance {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.below(256) as u8;
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

const NOW: Instant = Instant::from_millis(1_000);

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    message_id: u16,
    token: Token,
    block: Block,
    asks_size: bool,
}

/// A download, and what becomes of it.
struct Stage {
    download: Download,
    progress: Progress,
    memory: Vec<u8>,
    slot: Vec<u8>,
    chance: Chance,
}

impl Stage {
    /// One that asks for blocks of `16 << szx` bytes.
    fn new(szx: u8) -> Self {
        Self {
            download: Download::new(szx, Transmission::DEFAULT),
            progress: Progress::default(),
            memory: vec![0; 2048],
            slot: Vec::new(),
            chance: Chance(0x1234_5678_9abc_def1),
        }
    }

    /// One that has `offset` bytes of a package.
    fn resumed(szx: u8, offset: usize, validator: &[u8], size: Option<u32>) -> Self {
        let mut stage = Self::new(szx);
        stage.slot = package(offset);
        stage.progress = Progress {
            offset: offset as u32,
            size,
            validator: validator.iter().copied().collect(),
        };
        stage
    }

    fn poll(
        &mut self,
        now: Instant,
        room: usize,
    ) -> Result<Result<(Vec<u8>, Expect), Instant>, Failure> {
        let uri = PackageUri::parse("coap://192.0.2.1/fw").unwrap();
        let mut out = [0; 128];
        let chance = &mut self.chance;
        match self
            .download
            .poll(now, &uri, &self.progress, room, &mut out, chance)?
        {
            Step::Send { len, expect } => Ok(Ok((out[..len].to_vec(), expect))),
            Step::Wait { until } => Ok(Err(until)),
        }
    }

    fn ask(&mut self) -> Asked {
        let (request, _) = self.poll(NOW, 2048).unwrap().unwrap();
        let message = Message::parse(&request).unwrap();
        assert_eq!((message.kind(), message.code()), (Kind::Con, Code::GET));
        assert_eq!(message.option(option::URI_PATH).unwrap().value, b"fw");
        assert!(message.token().len() >= 4);
        let block = message.option(option::BLOCK2).unwrap().uint().unwrap();
        let size = message.option(option::SIZE2);
        assert!(size.is_none_or(|size| size.value.is_empty()));
        Asked {
            message_id: message.message_id(),
            token: message.token(),
            block: Block::from_uint(block).unwrap(),
            asks_size: size.is_some(),
        }
    }

    fn give(&mut self, datagram: &[u8]) -> Taken {
        let mut sink = Sink {
            bytes: &mut self.memory,
            len: 0,
        };
        let taken = self
            .download
            .handle(NOW, datagram, &mut self.progress, &mut sink);
        let len = sink.len;
        if taken == Taken::Changed {
            self.slot.clear();
        }
        self.slot.extend_from_slice(&self.memory[..len]);
        assert_eq!(self.progress.offset as usize, self.slot.len());
        taken
    }

    /// What is sent although nothing is asked: kind, message id.
    fn owed(&mut self) -> (Kind, u16, Expect) {
        let (sent, expect) = self.poll(NOW, 0).unwrap().unwrap();
        let message = Message::parse(&sent).unwrap();
        assert!(message.code().is_empty());
        (message.kind(), message.message_id(), expect)
    }
}

/// The first `len` bytes of a package.
fn package(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// A response of the server.
struct Reply<'a> {
    kind: Kind,
    code: Code,
    etag: &'a [u8],
    block: Option<(u32, bool, u8)>,
    size: Option<u32>,
    payload: &'a [u8],
}

impl<'a> Reply<'a> {
    fn content(block: Option<(u32, bool, u8)>, payload: &'a [u8]) -> Self {
        Self {
            kind: Kind::Ack,
            code: Code::CONTENT,
            etag: &[],
            block,
            size: None,
            payload,
        }
    }

    /// The block that was asked for of a whole package.
    fn block(asked: Asked, whole: &'a [u8]) -> Self {
        let start = asked.block.offset().min(whole.len());
        let end = whole.len().min(start + asked.block.size());
        let block = (asked.block.num, end < whole.len(), asked.block.szx);
        Self::content(Some(block), &whole[start..end])
    }

    fn etag(mut self, etag: &'a [u8]) -> Self {
        self.etag = etag;
        self
    }

    fn size(mut self, size: usize) -> Self {
        self.size = Some(size as u32);
        self
    }

    fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    fn bytes(&self, message_id: u16, token: Token) -> Vec<u8> {
        let mut out = [0; 1400];
        let mut writer = Writer::new(&mut out);
        let mut builder = Builder::new(&mut writer, self.kind, self.code, message_id, token);
        if !self.etag.is_empty() {
            builder.option(option::ETAG, self.etag);
        }
        if let Some((num, more, szx)) = self.block {
            let block = Block::new(num, more, szx).unwrap();
            builder.option_uint(option::BLOCK2, block.to_uint());
        }
        if let Some(size) = self.size {
            builder.option_uint(option::SIZE2, size);
        }
        if !self.payload.is_empty() {
            builder.payload().bytes(self.payload);
        }
        let len = writer.finish().stored;
        out[..len].to_vec()
    }

    fn to(&self, asked: Asked) -> Vec<u8> {
        self.bytes(asked.message_id, asked.token)
    }
}

fn empty(kind: Kind, message_id: u16) -> Vec<u8> {
    let mut out = [0; 4];
    write_empty(&mut Writer::new(&mut out), kind, message_id);
    out.to_vec()
}

/// RFC 7959, section 3.1, figure 2, with early negotiation as in figure 3.
#[test]
fn a_package_is_fetched_block_by_block() {
    let whole = package(300);
    let mut stage = Stage::new(3);
    let mut last: Option<Asked> = None;
    for (num, taken) in [(0, Taken::More), (1, Taken::More), (2, Taken::Complete)] {
        let asked = stage.ask();
        assert_eq!(asked.block, Block::new(num, false, 3).unwrap());
        assert_eq!(asked.asks_size, num == 0);
        if let Some(last) = last {
            assert_eq!(asked.message_id, last.message_id.wrapping_add(1));
            assert_ne!(asked.token, last.token);
        }
        let reply = Reply::block(asked, &whole).size(300);
        assert_eq!(stage.give(&reply.to(asked)), taken);
        assert_eq!(stage.progress.size, Some(300));
        last = Some(asked);
    }
    assert_eq!(stage.slot, whole);
    assert_eq!(stage.poll(NOW, 2048), Ok(Err(Instant::FAR_FUTURE)));
}

#[test]
fn the_request_for_the_last_block_says_so() {
    let mut stage = Stage::resumed(3, 128, &[], Some(256));
    assert_eq!(stage.poll(NOW, 2048).unwrap().unwrap().1, Expect::Reply);
    for size in [None, Some(257)] {
        let mut stage = Stage::resumed(3, 128, &[], size);
        assert_eq!(stage.poll(NOW, 2048).unwrap().unwrap().1, Expect::More);
    }
}

/// RFC 7959, section 3.1, figure 3: the client asks for 64 bytes, the server prefers 32; and in the midst of it.
#[test]
fn the_server_may_want_smaller_blocks() {
    let whole = package(200);
    for start in [0, 64, 100] {
        let mut stage = Stage::resumed(2, start, &[], None);
        let mut num = (start / 64) as u32;
        let asked = stage.ask();
        assert_eq!(asked.block, Block::new(num, false, 2).unwrap());
        num *= 2;
        let from = num as usize * 32;
        let reply = Reply::content(Some((num, true, 1)), &whole[from..from + 32]);
        assert_eq!(stage.give(&reply.to(asked)), Taken::More);
        loop {
            let asked = stage.ask();
            num += 1;
            assert_eq!(asked.block, Block::new(num, false, 1).unwrap());
            match stage.give(&Reply::block(asked, &whole).to(asked)) {
                Taken::More => {}
                taken => {
                    assert_eq!(taken, Taken::Complete);
                    break;
                }
            }
        }
        assert_eq!(stage.slot, whole);
    }
}

#[test]
fn a_download_goes_on_in_the_midst_of_a_block() {
    let whole = package(200);
    for offset in 0..200 {
        let mut stage = Stage::resumed(2, offset, b"v1", Some(200));
        let mut asked = stage.ask();
        assert_eq!(asked.block.num, (offset / 64) as u32);
        while stage.give(&Reply::block(asked, &whole).etag(b"v1").to(asked)) == Taken::More {
            asked = stage.ask();
        }
        assert_eq!(stage.slot, whole, "{offset}");
        assert!(stage.progress.is_complete());
    }
}

#[test]
fn a_small_package_may_come_without_blocks() {
    let whole = package(100);
    for offset in [0, 1, 70, 100] {
        let mut stage = Stage::resumed(2, offset, b"v1", None);
        let asked = stage.ask();
        let reply = Reply::content(None, &whole).etag(b"v1");
        assert_eq!(stage.give(&reply.to(asked)), Taken::Complete);
        assert_eq!(stage.slot, whole);
        assert_eq!(stage.progress.size, Some(100));
        assert_eq!(stage.progress.validator, b"v1");
    }
    // One that is shorter than what was taken, or has another ETag, is another.
    for (offset, etag) in [(101, b"v1"), (50, b"v2")] {
        let mut stage = Stage::resumed(2, offset, b"v1", None);
        let asked = stage.ask();
        let reply = Reply::content(None, &whole).etag(etag);
        assert_eq!(stage.give(&reply.to(asked)), Taken::Changed);
        assert_eq!(stage.slot, whole);
        assert!(stage.progress.is_complete());
    }
}

/// RFC 7959, section 2.4: blocks of different ETags are not put together.
#[test]
fn another_package_voids_what_was_taken() {
    let whole = package(200);
    for (etag, size) in [(&b"v2"[..], 200), (b"", 201)] {
        let mut stage = Stage::resumed(2, 64, b"v1", Some(200));
        let asked = stage.ask();
        let reply = Reply::block(asked, &whole).etag(etag).size(size);
        assert_eq!(stage.give(&reply.to(asked)), Taken::Changed);
        assert_eq!(stage.progress.offset, 0);
        assert_eq!(stage.progress.validator, etag);
        assert_eq!(stage.progress.size, Some(size as u32));
        // It begins anew in the same session; a third package is one too many.
        let asked = stage.ask();
        assert_eq!(asked.block, Block::new(0, false, 2).unwrap());
        let reply = Reply::block(asked, &whole).etag(b"v3").size(200);
        assert_eq!(stage.give(&reply.to(asked)), Taken::More);
        let asked = stage.ask();
        let reply = Reply::block(asked, &whole).etag(b"v4").size(200);
        let taken = stage.give(&reply.to(asked));
        assert_eq!(taken, Taken::Failed(Failure::Protocol));
        assert_eq!(stage.slot, whole[..64]);
    }
}

/// RFC 7959, section 4: the size is an estimate, and the M flag decides.
#[test]
fn a_size_that_was_wrong_does_not_end_a_package() {
    let whole = package(200);
    for size in [10, 64, 100, 128, 5000] {
        let mut stage = Stage::new(2);
        let mut asked = stage.ask();
        let mut count = 1;
        while stage.give(&Reply::block(asked, &whole).size(size).to(asked)) == Taken::More {
            assert!(!stage.progress.is_complete());
            asked = stage.ask();
            count += 1;
        }
        assert_eq!((count, &stage.slot), (4, &whole));
        assert!(stage.progress.is_complete());
    }
}

#[test]
fn blocks_that_were_not_asked_for() {
    let whole = package(200);
    for (block, len) in [
        (Some((2, true, 2)), 64),
        (Some((0, true, 2)), 64),
        (Some((1, true, 3)), 128),
        (Some((1, true, 2)), 63),
        (Some((1, true, 2)), 65),
        (Some((1, true, 2)), 0),
        (Some((1, false, 2)), 65),
        (Some((1, true, 1)), 32),
    ] {
        let mut stage = Stage::resumed(2, 64, &[], None);
        let asked = stage.ask();
        let reply = Reply::content(block, &whole[..len]);
        let taken = stage.give(&reply.to(asked));
        assert_eq!(taken, Taken::Failed(Failure::Protocol), "{block:?} {len}");
        assert_eq!(stage.progress.offset, 64);
    }
    // Larger ones than were asked for, and so is the room.
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    let reply = Reply::content(Some((0, true, 3)), &whole[..128]);
    let taken = stage.give(&reply.to(asked));
    assert_eq!(taken, Taken::Failed(Failure::Protocol));
}

/// What waits in the sink is of the package that is void.
#[test]
fn another_package_voids_the_sink_too() {
    let whole = package(200);
    let mut stage = Stage::resumed(2, 64, b"v1", Some(200));
    let asked = stage.ask();
    let datagram = Reply::block(asked, &whole).etag(b"v2").to(asked);
    let mut sink = Sink {
        bytes: &mut stage.memory,
        len: 64,
    };
    let taken = stage
        .download
        .handle(NOW, &datagram, &mut stage.progress, &mut sink);
    assert_eq!((taken, sink.len), (Taken::Changed, 0));
}

#[test]
fn a_code_ends_the_download() {
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    let mut reply = Reply::content(None, b"no such package");
    reply.code = Code::NOT_FOUND;
    let taken = stage.give(&reply.to(asked));
    assert_eq!(taken, Taken::Failed(Failure::NotFound));
    assert_eq!(stage.poll(NOW, 2048), Ok(Err(Instant::FAR_FUTURE)));
}

/// RFC 7252, section 4.2 and appendix B: 4 retransmissions of the same message after 2 to 3 s, doubled each time.
#[test]
fn a_request_is_sent_again_and_given_up() {
    let mut stage = Stage::new(2);
    let (first, _) = stage.poll(NOW, 2048).unwrap().unwrap();
    let mut now = NOW;
    let mut wait = 0;
    for count in 0..5 {
        let due = stage.poll(now, 0).unwrap().unwrap_err();
        let span = due.since(now).as_millis();
        if count == 0 {
            assert!((2_000..=3_000).contains(&span));
        } else {
            assert_eq!(span, 2 * wait);
        }
        (now, wait) = (due, span);
        if count < 4 {
            // Whether there is room or not, it is the same message.
            assert_eq!(stage.poll(now, 0).unwrap().unwrap().0, first);
        }
    }
    assert_eq!(stage.poll(now, 0), Err(Failure::Timeout));
}

/// RFC 7252, section 5.2.2, and appendix A, figure 19.
#[test]
fn a_separate_response_is_acknowledged_and_so_is_its_copy() {
    let whole = package(100);
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    assert_eq!(stage.give(&empty(Kind::Ack, asked.message_id)), Taken::More);
    // Nothing is sent again; the response may take EXCHANGE_LIFETIME.
    let due = NOW + Duration::from_secs(247);
    assert_eq!(stage.poll(NOW + Duration::from_secs(246), 0), Ok(Err(due)));
    assert_eq!(stage.poll(due, 0), Err(Failure::Timeout));

    let reply = Reply::block(asked, &whole).kind(Kind::Con);
    let datagram = reply.bytes(0xad7b, asked.token);
    assert_eq!(stage.give(&datagram), Taken::More);
    assert_eq!(stage.owed(), (Kind::Ack, 0xad7b, Expect::More));
    assert_eq!(stage.give(&datagram), Taken::More);
    assert_eq!(stage.owed(), (Kind::Ack, 0xad7b, Expect::More));

    // The last one may come before the acknowledgement, and is acknowledged although nothing follows.
    let asked = stage.ask();
    let reply = Reply::block(asked, &whole).kind(Kind::Con);
    assert_eq!(
        stage.give(&reply.bytes(0xad7c, asked.token)),
        Taken::Complete
    );
    assert_eq!(stage.owed(), (Kind::Ack, 0xad7c, Expect::Nothing));
    assert_eq!(stage.slot, whole);
}

#[test]
fn a_response_may_be_non_confirmable() {
    let whole = package(10);
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    let reply = Reply::block(asked, &whole).kind(Kind::Non);
    assert_eq!(stage.give(&reply.bytes(1, asked.token)), Taken::Complete);
    assert_eq!(stage.poll(NOW, 0), Ok(Err(Instant::FAR_FUTURE)));
}

#[test]
fn what_does_not_belong_to_the_request_is_rejected_or_ignored() {
    let whole = package(100);
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    let reply = Reply::block(asked, &whole);
    let other = Token::new(&[1]).unwrap();
    for datagram in [
        reply.bytes(asked.message_id, other),
        reply.bytes(asked.message_id.wrapping_add(1), asked.token),
        Reply::block(asked, &whole).kind(Kind::Non).bytes(1, other),
        empty(Kind::Ack, asked.message_id.wrapping_add(1)),
        empty(Kind::Rst, asked.message_id.wrapping_add(1)),
        b"\x50\x01\0\x05".to_vec(),
        b"\x80\x45\0\x05".to_vec(),
        b"\x5f\x45\0\x05".to_vec(),
        vec![],
    ] {
        assert_eq!(stage.give(&datagram), Taken::More);
        let due = stage.poll(NOW, 2048).unwrap().unwrap_err();
        assert!(due.since(NOW) <= Duration::from_secs(3), "{datagram:?}");
        assert!(stage.slot.is_empty(), "{datagram:?}");
    }
    for datagram in [
        Reply::block(asked, &whole).kind(Kind::Con).bytes(5, other),
        empty(Kind::Con, 5),
        b"\x40\x01\0\x05".to_vec(),
        b"\x4f\x45\0\x05".to_vec(),
    ] {
        assert_eq!(stage.give(&datagram), Taken::More);
        assert_eq!(stage.owed(), (Kind::Rst, 5, Expect::More));
    }
    assert_eq!(stage.give(&reply.to(asked)), Taken::More);
    assert_eq!(stage.slot, whole[..64]);
    // A copy of the response has come too late.
    stage.ask();
    assert_eq!(stage.give(&reply.to(asked)), Taken::More);
    assert_eq!(stage.slot, whole[..64]);
}

#[test]
fn a_server_that_cannot_make_anything_of_the_request() {
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    assert_eq!(
        stage.give(&empty(Kind::Rst, asked.message_id)),
        Taken::Failed(Failure::Unavailable { retry_after: 0 })
    );
}

/// RFC 7252, section 5.4.1: a confirmable response with a critical option that is not known is rejected.
#[test]
fn a_critical_option_that_is_not_known() {
    for (kind, message_id) in [(Kind::Con, 9), (Kind::Ack, 0)] {
        let mut stage = Stage::new(2);
        let asked = stage.ask();
        let id = if kind == Kind::Ack {
            asked.message_id
        } else {
            message_id
        };
        let mut out = [0; 64];
        let mut writer = Writer::new(&mut out);
        let mut builder = Builder::new(&mut writer, kind, Code::CONTENT, id, asked.token);
        builder.option(9, b"");
        builder.payload().bytes(b"x");
        let len = writer.finish().stored;
        assert_eq!(stage.give(&out[..len]), Taken::Failed(Failure::Protocol));
        if kind == Kind::Con {
            assert_eq!(stage.owed(), (Kind::Rst, 9, Expect::Nothing));
        }
        assert_eq!(stage.poll(NOW, 0), Ok(Err(Instant::FAR_FUTURE)));
    }
}

#[test]
fn a_block_is_asked_for_when_there_is_room() {
    let whole = package(100);
    let mut stage = Stage::new(2);
    assert_eq!(stage.poll(NOW, 63), Ok(Err(Instant::FAR_FUTURE)));
    assert!(stage.poll(NOW, 64).unwrap().is_ok());

    // One that finds none counts as lost: a separate one is not acknowledged, and the request is still under way.
    let mut stage = Stage::new(2);
    let asked = stage.ask();
    let memory = core::mem::take(&mut stage.memory);
    let con = Reply::block(asked, &whole)
        .kind(Kind::Con)
        .bytes(5, asked.token);
    for datagram in [con, Reply::block(asked, &whole).to(asked)] {
        assert_eq!(stage.give(&datagram), Taken::More);
        assert!(stage.poll(NOW, 0).unwrap().is_err());
    }
    stage.memory = memory;
    assert_eq!(
        stage.give(&Reply::block(asked, &whole).to(asked)),
        Taken::More
    );
    assert_eq!(stage.slot, whole[..64]);

    // A whole package that finds none has no other way.
    let mut stage = Stage::new(2);
    stage.memory = vec![0; 99];
    let asked = stage.ask();
    let taken = stage.give(&Reply::content(None, &whole).to(asked));
    assert_eq!(taken, Taken::Failed(Failure::Protocol));
}

/// NUM has 20 bits (RFC 7959, section 2.2).
#[test]
fn a_package_has_as_many_blocks_as_there_are_numbers() {
    let mut stage = Stage::new(0);
    stage.progress.offset = 16 << 20;
    assert_eq!(stage.poll(NOW, 2048), Err(Failure::TooLarge));
    stage.progress.offset -= 1;
    assert!(stage.poll(NOW, 2048).unwrap().is_ok());
}

/// Damaged responses and mere noise: nothing panics, nothing is written beyond the memory, and what is counted is what
/// is there.
#[test]
fn noise_does_no_harm() {
    let whole = package(200);
    let mut chance = Chance(0xfeed_beef_1234_5678);
    for _ in 0..20_000 {
        let mut stage = Stage::resumed(2, chance.below(200), b"v1", Some(200));
        stage.memory = vec![0; chance.below(256)];
        for _ in 0..4 {
            let Ok(Ok((request, _))) = stage.poll(NOW, 2048) else {
                break;
            };
            let Ok(message) = Message::parse(&request) else {
                break;
            };
            let block = message
                .option(option::BLOCK2)
                .and_then(|block| block.uint().ok());
            let Some(block) = block.and_then(|block| Block::from_uint(block).ok()) else {
                continue;
            };
            let asked = Asked {
                message_id: message.message_id(),
                token: message.token(),
                block,
                asks_size: false,
            };
            let mut datagram = Reply::block(asked, &whole).etag(b"v1").size(200).to(asked);
            for _ in 0..chance.below(3) {
                let at = chance.below(datagram.len());
                match chance.below(3) {
                    0 => datagram[at] = chance.below(256) as u8,
                    1 => datagram.truncate(at.max(1)),
                    _ => datagram.insert(at, chance.below(256) as u8),
                }
            }
            stage.give(&datagram);
        }
    }
}

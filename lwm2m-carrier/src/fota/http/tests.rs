//! Downloads against literal responses.

extern crate std;

use std::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use lwm2m_core::{
    client::Expect,
    model::Text,
    time::{Duration, Instant},
};

use super::Download;
use crate::fota::{
    download::{Failure, Progress, Sink, Step, Taken},
    uri::PackageUri,
};

const URI: &str = "http://a.example/dir/fw.bin";
const NOW: Instant = Instant::from_millis(1_000);

/// A download, and what becomes of it.
struct Stage {
    download: Download,
    progress: Progress,
    memory: Vec<u8>,
    /// What has been written to the slot.
    slot: Vec<u8>,
    /// Where the package lies.
    location: Text<255>,
}

impl Stage {
    fn new(fragment: u32) -> Self {
        Self {
            download: Download::new(fragment),
            progress: Progress::default(),
            memory: vec![0; 512],
            slot: Vec::new(),
            location: Text::try_from(URI).unwrap(),
        }
    }

    /// One that goes on behind "Hello", with what is known of a package of 13 bytes.
    fn resumed(fragment: u32, validator: &str) -> Self {
        let mut stage = Self::new(fragment);
        stage.slot = b"Hello".to_vec();
        stage.progress = Progress {
            offset: 5,
            size: Some(13),
            validator: validator.bytes().collect(),
        };
        stage
    }

    fn poll_at(
        &mut self,
        now: Instant,
        room: usize,
        len: usize,
    ) -> Result<Result<String, Instant>, Failure> {
        let uri = PackageUri::parse(URI).unwrap();
        let mut out = [0; 512];
        match self
            .download
            .poll(now, &uri, &self.progress, room, len, &mut out)?
        {
            Step::Send { len, expect } => {
                assert_eq!(expect, Expect::More);
                Ok(Ok(String::from_utf8(out[..len].to_vec()).unwrap()))
            }
            Step::Wait { until } => Ok(Err(until)),
        }
    }

    /// The lines of the request that is sent now which tell what is wanted.
    fn ask(&mut self) -> Vec<String> {
        let request = self.poll_at(NOW, 512, 0).unwrap().unwrap();
        assert!(request.starts_with("GET /dir/fw.bin HTTP/1.1\r\nHost: a.example\r\n"));
        let lines = request.lines();
        lines
            .filter(|line| line.contains("Range: "))
            .map(ToString::to_string)
            .collect()
    }

    /// Hands over a part of the stream, and writes what comes of it to the slot.
    fn give(&mut self, bytes: &[u8]) -> Taken {
        self.give_at(NOW, bytes)
    }

    fn give_at(&mut self, now: Instant, bytes: &[u8]) -> Taken {
        let mut sink = Sink {
            bytes: &mut self.memory,
            len: 0,
        };
        let taken = self.download.handle(
            now,
            bytes,
            &mut self.progress,
            &mut sink,
            &mut self.location,
        );
        let len = sink.len;
        assert!(len <= self.memory.len());
        if taken == Taken::Changed {
            self.slot.clear();
        }
        self.slot.extend_from_slice(&self.memory[..len]);
        assert_eq!(self.progress.offset as usize, self.slot.len());
        taken
    }
}

const PACKAGE: &[u8] = b"Hello, world!";

/// The answer that brings the first five of its 13 bytes.
const FIRST: &str = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/13\r\nETag: \"v1\"\r\n\
                     Content-Length: 5\r\n\r\nHello";

/// Fields and content of an answer that brings the rest.
const REST: &str = "Content-Range: bytes 5-12/13\r\nContent-Length: 8\r\n\r\n, world!";

fn partial(rest: &str) -> String {
    format!("HTTP/1.1 206 Partial Content\r\n{rest}")
}

#[test]
fn a_package_is_fetched_in_fragments_over_one_connection() {
    let mut stage = Stage::new(5);
    assert_eq!(stage.ask(), ["Range: bytes=0-4"]);
    assert_eq!(stage.give(FIRST.as_bytes()), Taken::More);
    assert_eq!(stage.progress.size, Some(13));
    assert_eq!(stage.progress.validator, b"\"v1\"");

    assert_eq!(stage.ask(), ["Range: bytes=5-9", "If-Range: \"v1\""]);
    let second = partial("Content-Range: bytes 5-9/13\r\nContent-Length: 5\r\n\r\n, wo");
    assert_eq!(stage.give(second.as_bytes()), Taken::More);
    assert_eq!(stage.give(b"r"), Taken::More);

    assert_eq!(stage.ask(), ["Range: bytes=10-12", "If-Range: \"v1\""]);
    let last = partial("Content-Range: bytes 10-12/13\r\nContent-Length: 3\r\n\r\nld!");
    assert_eq!(stage.give(last.as_bytes()), Taken::Complete);
    assert_eq!(stage.slot, PACKAGE);
    assert!(stage.progress.is_complete());
}

#[test]
fn a_package_is_fetched_as_a_whole_without_a_range() {
    for (head, body) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n",
            "Hello, world!",
        ),
        (
            "HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\n",
            "Hello, world!",
        ),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n",
            "Hello, world!",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "5\r\nHello\r\n8;x=y\r\n, world!\r\n0\r\nA: b\r\n\r\n",
        ),
    ] {
        let mut stage = Stage::new(0);
        assert!(stage.ask().is_empty());
        let taken = stage.give(format!("{head}{body}").as_bytes());
        assert_eq!(taken, Taken::Complete, "{head}");
        assert_eq!(stage.slot, PACKAGE);
        assert!(stage.progress.is_complete());
    }
}

#[test]
fn the_end_of_the_connection_ends_a_body_that_has_no_other_end() {
    let mut stage = Stage::new(0);
    stage.ask();
    assert_eq!(stage.give(b"HTTP/1.1 200 OK\r\n\r\nHello, wo"), Taken::More);
    assert_eq!(stage.give(b"rld!"), Taken::More);
    assert_eq!(stage.progress.size, None);
    let taken = stage.download.closed(&mut stage.progress, true);
    assert_eq!(taken, Taken::Complete);
    assert_eq!(stage.slot, PACKAGE);
    assert!(stage.progress.is_complete());
}

/// RFC 9112, section 8: complete unless the connection tells of an error.
#[test]
fn a_connection_that_is_broken_off_ends_no_body() {
    let mut stage = Stage::new(0);
    stage.ask();
    assert_eq!(stage.give(b"HTTP/1.1 200 OK\r\n\r\nHello"), Taken::More);
    let taken = stage.download.closed(&mut stage.progress, false);
    assert_eq!(taken, Taken::Again);
    assert_eq!((stage.progress.offset, stage.progress.size), (5, None));
}

#[test]
fn a_connection_that_ends_anywhere_else_is_followed_by_another() {
    for part in [
        "",
        "HTTP/1.1 2",
        "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n",
        "HTTP/1.1 206 OK\r\nContent-Range: bytes 0-4/13\r\n\r\nHell",
        FIRST,
    ] {
        let mut stage = Stage::new(5);
        stage.ask();
        assert_eq!(stage.give(part.as_bytes()), Taken::More, "{part}");
        let taken = stage.download.closed(&mut stage.progress, true);
        assert_eq!(taken, Taken::Again);
    }
    let mut unused = Stage::new(5);
    let taken = unused.download.closed(&mut unused.progress, true);
    assert_eq!(taken, Taken::Again);
}

#[test]
fn a_server_that_closes_behind_a_fragment_is_asked_for_the_next_by_another_connection() {
    for head in [
        "HTTP/1.1 206 OK\r\nConnection: close\r\nContent-Length: 5",
        "HTTP/1.0 206 OK\r\nContent-Length: 5",
        "HTTP/1.1 206 OK",
    ] {
        let mut stage = Stage::new(5);
        stage.ask();
        let answer = format!("{head}\r\nContent-Range: bytes 0-4/13\r\n\r\nHello");
        assert_eq!(stage.give(answer.as_bytes()), Taken::Again, "{head}");
        assert_eq!(stage.slot, b"Hello");
    }
}

#[test]
fn a_download_goes_on_where_it_stopped() {
    const THEN: &str = "Tue, 15 Nov 1994 12:45:26 GMT";
    for validator in ["\"v1\"", THEN, ""] {
        let mut stage = Stage::resumed(0, validator);
        let mut expected = vec!["Range: bytes=5-".to_string()];
        if !validator.is_empty() {
            expected.push(format!("If-Range: {validator}"));
        }
        assert_eq!(stage.ask(), expected);
        let answer = format!("Last-Modified: {THEN}\r\nETag: \"v1\"\r\n{REST}");
        assert_eq!(stage.give(partial(&answer).as_bytes()), Taken::Complete);
        assert_eq!(stage.slot, PACKAGE);
    }
}

/// The package that lies there now has 4 bytes; the answer to the first request says so.
#[test]
fn another_package_voids_what_was_taken() {
    let other = "HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 4\r\n\r\nabcd";
    let mut stage = Stage::resumed(0, "\"v1\"");
    stage.ask();
    let (front, back) = other.split_at(other.len() - 2);
    assert_eq!(stage.give(front.as_bytes()), Taken::Changed);
    assert_eq!(stage.progress.validator, b"\"v2\"");
    assert_eq!(stage.progress.size, Some(4));
    assert_eq!(stage.give(back.as_bytes()), Taken::Complete);
    assert_eq!(stage.slot, b"abcd");

    // All of it at once: that it has changed is told first.
    let mut stage = Stage::resumed(0, "\"v1\"");
    stage.ask();
    assert_eq!(stage.give(other.as_bytes()), Taken::Changed);
    assert!(stage.progress.is_complete());
    assert_eq!(stage.slot, b"abcd");
}

#[test]
fn a_part_of_another_package_is_not_taken() {
    for fields in [
        "ETag: \"v2\"\r\nContent-Range: bytes 5-12/13\r\nContent-Length: 8\r\n\r\n, World!",
        "ETag: W/\"v1\"\r\nContent-Range: bytes 5-12/13\r\nContent-Length: 8\r\n\r\n, World!",
        "Content-Range: bytes 5-12/14\r\nContent-Length: 8\r\n\r\n, World!",
        "Content-Range: bytes 5-12/14\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n, World!\r\n0\r\n\r\n",
    ] {
        let mut stage = Stage::resumed(8, "\"v1\"");
        stage.ask();
        let answer = partial(fields);
        let (front, back) = answer.split_at(answer.len() - 1);
        assert_eq!(stage.give(front.as_bytes()), Taken::Changed, "{fields}");
        assert_eq!(stage.give(back.as_bytes()), Taken::More, "{fields}");
        assert!(stage.slot.is_empty());
        // The connection is still of use.
        assert_eq!(stage.ask(), ["Range: bytes=0-7"]);
    }
    let mut stage = Stage::resumed(0, "Tue, 15 Nov 1994 12:45:26 GMT");
    stage.ask();
    let answer = partial(&format!(
        "Last-Modified: Tue, 15 Nov 1994 12:45:27 GMT\r\n{REST}"
    ));
    assert_eq!(stage.give(answer.as_bytes()), Taken::Changed);
}

#[test]
fn a_connection_is_left_where_too_much_of_another_package_would_come() {
    let mut stage = Stage::resumed(0, "\"v1\"");
    stage.ask();
    let head =
        "ETag: \"v2\"\r\nContent-Range: bytes 5-99999/100000\r\nContent-Length: 99995\r\n\r\n";
    assert_eq!(stage.give(partial(head).as_bytes()), Taken::Changed);
    assert_eq!(stage.give(b"x"), Taken::Again);
    assert_eq!(stage.progress.size, Some(100_000));
}

#[test]
fn a_server_that_changes_the_package_all_the_time_is_given_up() {
    let mut stage = Stage::resumed(5, "\"v1\"");
    for (version, taken) in [
        ("v2", Taken::Changed),
        ("v3", Taken::Failed(Failure::Protocol)),
    ] {
        stage.ask();
        let answer = format!(
            "ETag: \"{version}\"\r\nContent-Range: bytes 5-9/13\r\nContent-Length: 5\r\n\r\n12345"
        );
        assert_eq!(stage.give(partial(&answer).as_bytes()), taken);
        if taken == Taken::Changed {
            stage.ask();
            let first = FIRST.replace("v1", version);
            assert_eq!(stage.give(first.as_bytes()), Taken::More);
        }
    }
}

/// RFC 9110, section 15.5.17.
#[test]
fn a_range_behind_the_end() {
    let answer = |range: &str| {
        format!("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n{range}\r\n")
    };
    for (size, range, taken) in [
        (None, "Content-Range: bytes */5\r\n", Taken::Complete),
        (Some(5), "Content-Range: bytes */5\r\n", Taken::Complete),
        (Some(5), "", Taken::Complete),
        (Some(13), "Content-Range: bytes */5\r\n", Taken::Changed),
        (None, "Content-Range: bytes */4\r\n", Taken::Changed),
        (None, "", Taken::Changed),
        (
            None,
            "Content-Range: bytes 0-4/5\r\n",
            Taken::Failed(Failure::Protocol),
        ),
    ] {
        let mut stage = Stage::resumed(5, "\"v1\"");
        stage.progress.size = size;
        stage.ask();
        assert_eq!(stage.give(answer(range).as_bytes()), taken, "{range}");
        match taken {
            Taken::Complete => assert_eq!(stage.progress.size, Some(5)),
            Taken::Changed => {
                assert_eq!(stage.progress, Progress::default());
                // From the start there is a range, or there is no package.
                assert_eq!(stage.ask(), ["Range: bytes=0-4"]);
                let again = stage.give(answer("Content-Range: bytes */9\r\n").as_bytes());
                assert_eq!(again, Taken::Failed(Failure::Protocol));
            }
            _ => {}
        }
    }
}

#[test]
fn ranges_that_were_not_asked_for() {
    for fields in [
        "Content-Length: 8\r\n\r\n, world!",
        "Content-Range: bytes 4-12/13\r\n\r\n",
        "Content-Range: bytes 6-12/13\r\n\r\n",
        "Content-Range: bytes 5-13/14\r\n\r\n",
        "Content-Range: bytes 5-13/*\r\n\r\n",
        "Content-Range: bytes */13\r\n\r\n",
        "Content-Range: octets 5-12/13\r\n\r\n",
        "Content-Range: bytes 5-12/13\r\nContent-Length: 7\r\n\r\n",
        "Content-Range: bytes 5-12/13\r\nContent-Encoding: gzip\r\n\r\n",
        "Content-Range: bytes 5-12/13\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\n",
        "Content-Range: bytes 5-12/13\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n, world!!\r\n",
        "Content-Range: bytes 5-12/13\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Range: bytes 5-18446744073709551615/*\r\n\r\n",
    ] {
        let mut stage = Stage::resumed(8, "");
        stage.ask();
        let taken = stage.give(partial(fields).as_bytes());
        assert_eq!(taken, Taken::Failed(Failure::Protocol), "{fields}");
        assert_eq!(stage.progress.size, Some(13));
    }
    // Nor was any range asked for here.
    let mut stage = Stage::new(0);
    stage.ask();
    assert_eq!(
        stage.give(FIRST.as_bytes()),
        Taken::Failed(Failure::Protocol)
    );
}

#[test]
fn what_a_status_means() {
    let unavailable = |retry_after| Taken::Failed(Failure::Unavailable { retry_after });
    for (status, taken) in [
        (
            "200 OK\r\nContent-Encoding: gzip",
            Taken::Failed(Failure::Protocol),
        ),
        (
            "200 OK\r\nContent-Length: 4294967296",
            Taken::Failed(Failure::TooLarge),
        ),
        (
            "206 OK\r\nContent-Range: bytes 0-4/4294967296",
            Taken::Failed(Failure::TooLarge),
        ),
        ("101 Switching Protocols", Taken::Failed(Failure::Protocol)),
        ("204 No Content", Taken::Failed(Failure::Protocol)),
        (
            "300 Multiple Choices\r\nLocation: /x",
            Taken::Failed(Failure::Protocol),
        ),
        ("304 Not Modified", Taken::Failed(Failure::Protocol)),
        ("400 Bad Request", Taken::Failed(Failure::Protocol)),
        ("401 Unauthorized", Taken::Failed(Failure::Refused)),
        ("403 Forbidden", Taken::Failed(Failure::Refused)),
        ("404 Not Found", Taken::Failed(Failure::NotFound)),
        ("410 Gone", Taken::Failed(Failure::NotFound)),
        ("413 Content Too Large", Taken::Failed(Failure::TooLarge)),
        ("408 Request Timeout", unavailable(0)),
        (
            "429 Too Many Requests\r\nRetry-After: 3600",
            unavailable(3600),
        ),
        ("500 Internal Server Error", unavailable(0)),
        ("502 Bad Gateway", unavailable(0)),
        (
            "503 Service Unavailable\r\nRetry-After: 120",
            unavailable(120),
        ),
        ("504 Gateway Timeout", unavailable(0)),
        (
            "505 HTTP Version Not Supported",
            Taken::Failed(Failure::Protocol),
        ),
        ("999 What", Taken::Failed(Failure::Protocol)),
    ] {
        let mut stage = Stage::new(5);
        stage.ask();
        let answer = format!("HTTP/1.1 {status}\r\n\r\nwhatever");
        assert_eq!(stage.give(answer.as_bytes()), taken, "{status}");
        assert!(stage.slot.is_empty());
    }
}

#[test]
fn a_package_that_lies_elsewhere() {
    for (code, location, target) in [
        (301, "http://b/x", "http://b/x"),
        (302, "//b/x", "http://b/x"),
        (303, "/x?y#z", "http://a.example/x?y"),
        (307, "x", "http://a.example/dir/x"),
        (307, "coaps://b/x", "coaps://b/x"),
        (308, "https://b:8443/../x", "https://b:8443/x"),
    ] {
        let mut stage = Stage::new(5);
        stage.ask();
        let answer = format!("HTTP/1.1 {code} Moved\r\nLocation: {location}\r\n\r\n");
        assert_eq!(stage.give(answer.as_bytes()), Taken::Moved);
        assert_eq!(stage.location.as_str(), target);
    }
    for field in [
        "",
        "Location: ftp://b/x\r\n",
        "Location: http://\r\n",
        "Location: \u{fc}\r\n",
    ] {
        let mut stage = Stage::new(5);
        stage.ask();
        let answer = format!("HTTP/1.1 301 Moved\r\n{field}\r\n");
        let taken = stage.give(answer.as_bytes());
        assert_eq!(taken, Taken::Failed(Failure::Protocol), "{field}");
        assert_eq!(stage.location.as_str(), URI);
    }
}

#[test]
fn a_request_waits_for_the_sink() {
    let mut stage = Stage::new(5);
    assert_eq!(stage.poll_at(NOW, 0, 0), Ok(Err(Instant::FAR_FUTURE)));
    assert_eq!(stage.poll_at(NOW, 500, 12), Ok(Err(Instant::FAR_FUTURE)));
    stage.ask();
    assert_eq!(stage.give(FIRST.as_bytes()), Taken::More);
    assert_eq!(stage.poll_at(NOW, 507, 5), Ok(Err(Instant::FAR_FUTURE)));
    assert!(matches!(stage.poll_at(NOW, 512, 0), Ok(Ok(_))));
}

#[test]
fn a_server_that_says_nothing_is_given_up_unless_it_is_held_back() {
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let mut stage = Stage::new(5);
    stage.ask();
    assert_eq!(stage.poll_at(at(59), 512, 0), Ok(Err(at(60))));
    assert_eq!(stage.poll_at(at(59), 0, 0), Ok(Err(at(119))));
    assert_eq!(stage.poll_at(at(118), 512, 0), Ok(Err(at(119))));
    assert_eq!(stage.poll_at(at(119), 512, 0), Err(Failure::Timeout));

    let mut stage = Stage::new(5);
    stage.ask();
    let begun = FIRST.split_inclusive("\r\n\r\n").next().unwrap();
    stage.give_at(at(30), format!("{begun}He").as_bytes());
    assert_eq!(stage.poll_at(at(89), 510, 2), Ok(Err(at(90))));
    assert_eq!(stage.poll_at(at(90), 510, 2), Err(Failure::Timeout));
}

/// One that says next to nothing, byte by byte or in interim responses without end, holds the device up no longer.
#[test]
fn a_server_that_never_comes_to_the_package_is_given_up() {
    let at = |seconds| NOW + Duration::from_secs(seconds);
    for said in ["x", "HTTP/1.1 102 Processing\r\n\r\n"] {
        let mut stage = Stage::new(5);
        stage.ask();
        for seconds in (0..60).step_by(6) {
            assert_eq!(stage.give_at(at(seconds), said.as_bytes()), Taken::More);
            assert_eq!(stage.poll_at(at(seconds), 512, 0), Ok(Err(at(60))));
        }
        assert_eq!(stage.poll_at(at(60), 512, 0), Err(Failure::Timeout));
    }
}

/// Nor does one that brings the package byte by byte, be it in one response or in one for each. A slow link does more:
/// 1,024 bytes in five minutes are enough.
#[test]
fn a_server_that_drips_is_given_up() {
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    for (bytes, gap, lasts) in [(1, 59, 300), (100, 30, 300), (110, 29, 3000), (8, 2, 3000)] {
        let mut stage = Stage::new(0);
        stage.ask();
        assert_eq!(stage.give_at(at(0), head.as_bytes()), Taken::More);
        let (mut now, mut seen) = (0, Ok(Err(at(60))));
        while seen.is_ok() && now < 3000 {
            now += gap;
            seen = stage.poll_at(at(now), 512, 0);
            if seen.is_ok() {
                assert_eq!(stage.give_at(at(now), &vec![b'x'; bytes]), Taken::More);
                seen = stage.poll_at(at(now), 512, 0);
            }
        }
        let slow = lasts < 3000;
        assert_eq!(seen == Err(Failure::Timeout), slow, "{bytes} {gap} {now}");
        assert!(now >= lasts && (!slow || now < lasts + gap), "{now}");
    }
    // One byte for each request, which is written before the next one.
    let mut stage = Stage::new(1);
    let mut now = 0;
    let end = loop {
        match stage.poll_at(at(now), 512, 0) {
            Err(failure) => break failure,
            Ok(Err(due)) => panic!("{due:?}"),
            Ok(Ok(_)) => {}
        }
        let first = stage.slot.len();
        let answer = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{first}/100000\r\nContent-Length: 1\r\n\r\n"
        );
        now += 30;
        if let Err(failure) = stage.poll_at(at(now), 512, 0) {
            break failure;
        }
        assert_eq!(stage.give_at(at(now), answer.as_bytes()), Taken::More);
        assert_eq!(stage.give_at(at(now), b"x"), Taken::More);
        assert_eq!(stage.poll_at(at(now), 0, 0), Ok(Err(Instant::FAR_FUTURE)));
        // The time that this takes is not the server's.
        now += 100;
    };
    // Ten times 30 s, and nine times 100 s between.
    assert_eq!((end, now), (Failure::Timeout, 1200));
}

#[test]
fn a_head_or_a_body_that_finds_no_room() {
    let mut stage = Stage::new(5);
    stage.ask();
    let head = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(512));
    assert_eq!(
        stage.give(head.as_bytes()),
        Taken::Failed(Failure::Protocol)
    );

    let mut stage = Stage::new(0);
    stage.ask();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 513\r\n\r\n{}",
        "x".repeat(513)
    );
    assert_eq!(
        stage.give(answer.as_bytes()),
        Taken::Failed(Failure::Protocol)
    );
    assert!(stage.slot.is_empty());
}

#[test]
fn what_nobody_asked_for_ends_the_connection() {
    let timeout = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
    let mut stage = Stage::new(5);
    assert_eq!(stage.give(b""), Taken::More);
    assert_eq!(stage.give(timeout), Taken::Again);

    let mut stage = Stage::new(5);
    stage.ask();
    assert_eq!(stage.give(format!("{FIRST}, wor").as_bytes()), Taken::Again);
    assert_eq!(stage.slot, b"Hello");
}

/// Streams that hold everything that is framed, and whether they go on from "Hello".
fn streams() -> Vec<(bool, String)> {
    vec![
        (true, partial(REST)),
        (
            true,
            partial("Content-Range: bytes 5-12/*\r\nTransfer-Encoding: chunked\r\n\r\n3 ;a\r\n, w\r\n05\r\norld!\r\n00\r\n\r\n"),
        ),
        (
            true,
            "HTTP/1.1 100 Continue\r\n\r\n\r\nHTTP/1.1 200 OK\r\nETag: \"v2\"\r\nTransfer-Encoding: chunked\r\n\r\n\
             d\r\nHello, world!\r\n0\r\n\r\n"
                .into(),
        ),
        (false, "HTTP/1.1 200\r\nContent-Length: 13\r\n\r\nHello, world!".into()),
        (false, "HTTP/1.1 200 OK\nContent-Length: 13\n\nHello, world!".into()),
    ]
}

/// What comes of a stream that is handed over in these parts.
fn outcome(resumed: bool, parts: &[&[u8]]) -> (Vec<Taken>, Progress, Vec<u8>) {
    let mut stage = if resumed {
        Stage::resumed(8, "\"v1\"")
    } else {
        Stage::new(0)
    };
    stage.ask();
    let mut all: Vec<_> = parts.iter().map(|part| stage.give(part)).collect();
    all.retain(|taken| *taken != Taken::More);
    if all == [Taken::Changed] && stage.progress.is_complete() {
        all.push(Taken::Complete);
    }
    (all, stage.progress, stage.slot)
}

#[test]
fn it_does_not_matter_where_a_stream_is_cut() {
    for (resumed, stream) in streams() {
        let bytes = stream.as_bytes();
        let (taken, progress, slot) = outcome(resumed, &[bytes]);
        assert_eq!(taken.last(), Some(&Taken::Complete), "{stream}");
        assert_eq!(slot, PACKAGE, "{stream}");
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(
            outcome(resumed, &single),
            (taken.clone(), progress.clone(), slot.clone())
        );
        for cut in 0..bytes.len() {
            let (front, back) = bytes.split_at(cut);
            for second in [0, 1, 7] {
                let (middle, back) = back.split_at(second.min(back.len()));
                assert_eq!(
                    outcome(resumed, &[front, middle, back]),
                    (taken.clone(), progress.clone(), slot.clone()),
                    "{stream} at {cut}"
                );
            }
        }
    }
}

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

/// Damaged streams and mere noise, in parts of any length: nothing panics, nothing is written beyond the memory, and
/// what is counted is what is there.
#[test]
fn noise_does_no_harm() {
    let mut chance = Chance(0x1234_5678_9abc_def1);
    let streams = streams();
    for _ in 0..20_000 {
        let (resumed, stream) = &streams[chance.below(streams.len())];
        let mut bytes = stream.clone().into_bytes();
        for _ in 0..=chance.below(4) {
            let at = chance.below(bytes.len());
            match chance.below(3) {
                0 => bytes[at] = chance.below(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"0123456789abcdef;,:/ \r\n"[chance.below(23)]),
            }
        }
        let mut stage = if *resumed {
            Stage::resumed(8, "\"v1\"")
        } else {
            Stage::new(0)
        };
        stage.memory = vec![0; chance.below(256)];
        stage.ask();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (front, back) = rest.split_at(1 + chance.below(rest.len()));
            stage.give(front);
            rest = back;
            let _ = stage.poll_at(NOW, 512, 0);
        }
        stage.download.closed(&mut stage.progress, true);
        assert!(stage.progress.offset as usize <= stage.slot.len());
    }
}

//! The HTTP server of firmware, asked with literal requests. Answers are those of RFC 9110 and RFC 9112.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod peer;

use core::cell::RefCell;

use carrier_mock::server::firmware::{HttpFault, HttpServer, Image, Release, When};
use carrier_mock::world::{StreamGuard, World};
use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Expect, Link, Received, SessionError, SessionErrorKind, Sessions};
use lwm2m_core::time::{Duration, Instant};

use peer::{ID, address, block_on, collect, connect, request};

const IMAGE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const GET: &str = "GET /fw.bin?v=1 HTTP/1.1\r\nHost: files.example\r\n\r\n";

const CLOSED: Option<Received> = Some(Received::Closed(SessionError::new(
    SessionErrorKind::Closed,
    errno::ENOTCONN,
)));

fn release() -> Release<'static> {
    Release::new(Image::new(IMAGE), "\"v1\"").last_modified("Tue, 15 Nov 1994 12:45:26 GMT")
}

fn get(fields: &str) -> String {
    format!("GET /fw.bin?v=1 HTTP/1.1\r\nHost: files.example\r\n{fields}\r\n")
}

/// What a device gets on one connection for each of these requests.
struct Talk<'a, 'w> {
    world: &'a World<'w>,
}

impl Talk<'_, '_> {
    async fn ask(&self, request: &str) -> (String, Option<Received>) {
        let mut sessions = self.world.sessions();
        sessions
            .send(ID, request.as_bytes(), Expect::Reply)
            .await
            .unwrap();
        let until = self.world.now() + Duration::from_secs(10);
        let (bytes, end) = collect(self.world, until).await;
        (String::from_utf8(bytes).unwrap(), end)
    }
}

/// Connects to a server with these faults, and lets `test` talk to it.
fn talk<T>(faults: &[HttpFault<'_>], test: impl AsyncFnOnce(&Talk<'_, '_>) -> T) -> T {
    let mut server = HttpServer::new("/fw.bin?v=1", release());
    for fault in faults {
        assert!(server.add_fault(*fault));
    }
    let server = RefCell::new(server);
    talk_to(&server, test)
}

fn talk_to<T>(server: &RefCell<HttpServer<'_>>, test: impl AsyncFnOnce(&Talk<'_, '_>) -> T) -> T {
    let world = World::new(3);
    let at = address("192.0.2.9:80");
    world
        .add_stream_server("files.example", at, StreamGuard::Plain, server)
        .unwrap();
    block_on(async {
        world.link().up().await.unwrap();
        connect(&world, ID, &request()).await;
        test(&Talk { world: &world }).await
    })
}

/// The answer to one request, and whether the connection has ended behind it.
fn ask(faults: &[HttpFault<'_>], request: &str) -> (String, Option<Received>) {
    talk(faults, async |talk| talk.ask(request).await)
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nLast-Modified: Tue, 15 Nov 1994 12:45:26 GMT\r\n\
    Accept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\nContent-Length: 36\r\n\r\n\
    0123456789abcdefghijklmnopqrstuvwxyz";

const FROM_TEN: &str = "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\n\
    Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT\r\nAccept-Ranges: bytes\r\n\
    Content-Type: application/octet-stream\r\nContent-Range: bytes 10-35/36\r\nContent-Length: 26\r\n\r\n\
    abcdefghijklmnopqrstuvwxyz";

/// Head and body of an answer.
fn split(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").unwrap()
}

#[test]
fn the_whole_image_and_parts_of_it_come_on_one_connection() {
    talk(&[], async |talk| {
        assert_eq!(talk.ask(GET).await, (WHOLE.into(), None));
        let answer = talk.ask(&get("Range: bytes=10-\r\n")).await;
        assert_eq!(answer, (FROM_TEN.into(), None));
        for (range, content_range, body) in [
            ("0-0", "0-0/36", "0"),
            ("5-9", "5-9/36", "56789"),
            ("30-4000", "30-35/36", "uvwxyz"),
            ("-3", "33-35/36", "xyz"),
            ("-100", "0-35/36", "0123456789abcdefghijklmnopqrstuvwxyz"),
        ] {
            let (answer, _) = talk.ask(&get(&format!("Range: bytes={range}\r\n"))).await;
            let (head, text) = split(&answer);
            assert!(head.starts_with("HTTP/1.1 206 "), "{answer}");
            let line = format!("Content-Range: bytes {content_range}\r\n");
            assert!(head.contains(&line), "{answer}");
            assert_eq!(text, body);
        }
    });
}

#[test]
fn a_range_behind_the_end_is_refused_with_the_length() {
    let (answer, end) = ask(&[], &get("Range: bytes=36-\r\n"));
    let expected = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */36\r\nContent-Length: 0\r\n\r\n";
    assert_eq!((answer.as_str(), end), (expected, None));
}

/// RFC 9110, section 13.1.5: the range is served only if the validator is the current one, by the strong comparison.
#[test]
fn if_range_decides_between_a_part_and_the_whole() {
    for (condition, status) in [
        ("\"v1\"", 206),
        ("\"v0\"", 200),
        ("W/\"v1\"", 200),
        ("Tue, 15 Nov 1994 12:45:26 GMT", 206),
        ("Wed, 16 Nov 1994 12:45:26 GMT", 200),
    ] {
        let (answer, _) = ask(
            &[],
            &get(&format!("Range: bytes=10-\r\nIf-Range: {condition}\r\n")),
        );
        let expected = if status == 206 { FROM_TEN } else { WHOLE };
        assert_eq!(answer, expected, "{condition}");
    }
}

#[test]
fn a_head_request_gets_no_body() {
    let request = GET.replacen("GET", "HEAD", 1);
    let (answer, _) = ask(&[], &request);
    assert_eq!(
        answer,
        WHOLE
            .strip_suffix("0123456789abcdefghijklmnopqrstuvwxyz")
            .unwrap()
    );
}

#[test]
fn two_requests_in_one_get_two_answers() {
    let (answer, _) = ask(&[], &format!("{GET}{}", get("Range: bytes=10-\r\n")));
    assert_eq!(answer, format!("{WHOLE}{FROM_TEN}"));
}

#[test]
fn who_asks_for_something_else_or_wrongly_is_refused() {
    for (request, status, ends) in [
        (
            "GET /fw.bin HTTP/1.1\r\nHost: x\r\n\r\n",
            "404 Not Found",
            false,
        ),
        (
            "GET /fw.bin?v=2 HTTP/1.1\r\nHost: x\r\n\r\n",
            "404 Not Found",
            false,
        ),
        ("GET /fw.bin?v=1 HTTP/1.1\r\n\r\n", "400 Bad Request", true),
        (
            "DELETE /fw.bin?v=1 HTTP/1.1\r\nHost: x\r\n\r\n",
            "405 Method Not Allowed",
            true,
        ),
        ("hello\r\n\r\n", "400 Bad Request", true),
    ] {
        let (answer, end) = ask(&[], request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
        assert_eq!(end, CLOSED.filter(|_| ends), "{request}");
    }
    let (answer, _) = ask(
        &[],
        "GET http://files.example/fw.bin?v=1 HTTP/1.1\r\nHost: files.example\r\n\r\n",
    );
    assert_eq!(answer, WHOLE);
}

#[test]
fn a_client_that_wants_to_end_the_connection_gets_its_way() {
    let (answer, end) = ask(&[], &get("Connection: close\r\n"));
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    assert_eq!(end, CLOSED);
    let (answer, end) = ask(&[], "GET /fw.bin?v=1 HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(end, CLOSED);
}

/// The grammar of RFC 9112, section 7.1.
#[test]
fn chunks_have_extensions_and_a_trailer() {
    let chunks = HttpFault::Chunks {
        size: 16,
        extension: ";a=b",
        trailer: "X-Digest: none",
    };
    let (answer, end) = ask(&[chunks], GET);
    let (head, body) = split(&answer);
    assert!(head.ends_with("\r\nTransfer-Encoding: chunked"), "{head}");
    assert!(!head.contains("Content-Length"));
    let expected = "10;a=b\r\n0123456789abcdef\r\n10;a=b\r\nghijklmnopqrstuv\r\n4;a=b\r\nwxyz\r\n\
        0;a=b\r\nX-Digest: none\r\n\r\n";
    assert_eq!((body, end), (expected, None));
}

#[test]
fn the_end_of_the_connection_ends_the_image() {
    let (answer, end) = ask(&[HttpFault::OmitsLength], GET);
    let (head, body) = split(&answer);
    assert!(head.contains("\r\nConnection: close"), "{head}");
    assert!(!head.contains("Content-Length"));
    assert_eq!((body.as_bytes(), end), (IMAGE, CLOSED));
}

#[test]
fn ranges_are_ignored_or_wrong() {
    let range = get("Range: bytes=10-\r\n");
    let (answer, _) = ask(&[HttpFault::IgnoresRanges], &range);
    let expected = WHOLE.replacen("Accept-Ranges: bytes\r\n", "", 1);
    assert_eq!(answer, expected);
    for (fault, content_range) in [
        (HttpFault::ShiftsRange { by: 4, times: 1 }, "14-39/36"),
        (HttpFault::ChangesTotal { by: 1 }, "10-35/37"),
        (HttpFault::OmitsTotal, "10-35/*"),
    ] {
        let (answer, _) = ask(&[fault], &range);
        let line = format!("\r\nContent-Range: bytes {content_range}\r\n");
        assert!(answer.contains(&line), "{answer}");
    }
    let first = get("Range: bytes=0-9\r\n");
    let (answer, _) = ask(&[HttpFault::ChangesTotal { by: 1 }], &first);
    assert!(answer.contains(" 0-9/36\r\n"), "{answer}");
}

#[test]
fn redirections_are_used_up_and_what_they_point_to_is_served() {
    let redirects = HttpFault::Redirects {
        from: "/old",
        to: "/fw.bin?v=1",
        status: 302,
        times: 2,
    };
    talk(&[redirects], async |talk| {
        let old = "GET /old HTTP/1.1\r\nHost: files.example\r\n\r\n";
        let expected = "HTTP/1.1 302 Found\r\nLocation: /fw.bin?v=1\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(talk.ask(old).await.0, expected);
        assert_eq!(talk.ask(GET).await.0, WHOLE);
        assert_eq!(talk.ask(old).await.0, expected);
        assert_eq!(talk.ask(old).await.0, WHOLE);
    });
}

#[test]
fn refusals_are_as_many_as_told() {
    let answers = HttpFault::Answers {
        status: 503,
        retry_after: Some(120),
        times: 2,
    };
    talk(&[answers], async |talk| {
        let expected =
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n";
        for expected in [expected, expected, WHOLE] {
            assert_eq!(talk.ask(GET).await.0, expected);
        }
    });
}

#[test]
fn heads_are_garbled_padded_odd_or_old() {
    let (answer, end) = ask(&[HttpFault::Garbles { times: 1 }], GET);
    assert!(
        !answer.starts_with("HTTP") && !answer.is_empty(),
        "{answer}"
    );
    assert_eq!(end, CLOSED);
    let pads = HttpFault::PadsHead {
        bytes: 3000,
        times: 1,
    };
    let (answer, _) = ask(&[pads], GET);
    let (head, body) = split(WHOLE);
    let padding = "a".repeat(3000);
    assert_eq!(
        answer,
        format!("{head}\r\nX-Padding: {padding}\r\n\r\n{body}")
    );
    let (answer, _) = ask(&[HttpFault::SpellsOddly], GET);
    assert!(
        answer.contains("\r\ncontent-length:\t 36\t\r\n"),
        "{answer}"
    );
    let (answer, end) = ask(&[HttpFault::SpeaksHttp10], GET);
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert_eq!((split(&answer).1.as_bytes(), end), (IMAGE, CLOSED));
    let (answer, _) = ask(&[HttpFault::Encodes { times: 1 }], GET);
    assert!(
        answer.contains("\r\nContent-Encoding: gzip\r\n"),
        "{answer}"
    );
    let (answer, _) = ask(&[HttpFault::Informs], GET);
    let (hints, rest) = split(&answer);
    assert!(hints.starts_with("HTTP/1.1 103 Early Hints\r\n"), "{hints}");
    assert_eq!(rest, WHOLE);
}

#[test]
fn connections_end_after_each_answer() {
    for announced in [false, true] {
        let (answer, end) = ask(&[HttpFault::EndsConnections { announced }], GET);
        assert_eq!(answer.contains("\r\nConnection: close\r\n"), announced);
        assert_eq!((split(&answer).1.as_bytes(), end), (IMAGE, CLOSED));
    }
}

/// `after` counts over all answers: with a distance of 20, the first connection ends behind byte 20, the one that asks
/// for the rest has 16 more bytes, and the third ends after 4.
#[test]
fn connections_end_in_the_middle_of_the_image() {
    let closes = HttpFault::Closes {
        after: 20,
        times: u32::MAX,
    };
    let mut server = HttpServer::new("/fw.bin?v=1", release());
    server.add_fault(closes);
    let server = RefCell::new(server);
    talk_to(&server, async |talk| {
        let (answer, end) = talk.ask(GET).await;
        assert_eq!((split(&answer).1.as_bytes(), end), (&IMAGE[..20], CLOSED));
        connect(talk.world, ID, &request()).await;
        let (answer, end) = talk.ask(&get("Range: bytes=20-\r\n")).await;
        assert_eq!((split(&answer).1.as_bytes(), end), (&IMAGE[20..], None));
        let (answer, end) = talk.ask(GET).await;
        assert_eq!((split(&answer).1.as_bytes(), end), (&IMAGE[..4], CLOSED));
    });
    let mut server = server.borrow_mut();
    let statistics = server.statistics();
    assert_eq!((statistics.connections, statistics.requests), (2, 3));
    assert_eq!(statistics.body_bytes, 40);
    let records = core::iter::from_fn(|| server.take_record());
    let asked: Vec<_> = records.map(|r| (r.status, r.range_start)).collect();
    assert_eq!(asked, [(200, None), (206, Some(20)), (200, None)]);
}

#[test]
fn a_reset_loses_what_was_not_read() {
    let resets = HttpFault::Resets {
        after: 10,
        times: 1,
    };
    let (_, end) = ask(&[resets], GET);
    let reset = SessionError::new(SessionErrorKind::Reset, errno::ECONNRESET);
    assert_eq!(end, Some(Received::Closed(reset)));
}

#[test]
fn a_slow_server_pauses_and_a_stalled_one_for_ever() {
    let pauses = HttpFault::Pauses {
        bytes: 10,
        pause: Duration::from_secs(2),
    };
    talk(&[pauses], async |talk| {
        let world = talk.world;
        let since = world.now();
        let mut sessions = world.sessions();
        sessions
            .send(ID, GET.as_bytes(), Expect::Reply)
            .await
            .unwrap();
        let mut text = Vec::new();
        // The request and the first ten bytes take 100 ms, each further ten bytes 2 s.
        for (millis, bytes) in [(101, 10), (2099, 10), (2101, 20), (4101, 30), (6101, 36)] {
            let until = since + Duration::from_millis(millis);
            text.extend(collect(world, until).await.0);
            let body = split(core::str::from_utf8(&text).unwrap()).1;
            assert_eq!(body.as_bytes(), &IMAGE[..bytes], "{millis}");
        }
    });
    let stalls = HttpFault::Stalls {
        after: 10,
        times: 1,
    };
    talk(&[stalls], async |talk| {
        let (answer, end) = talk.ask(GET).await;
        assert_eq!((split(&answer).1.as_bytes(), end), (&IMAGE[..10], None));
        let (more, end) = collect(talk.world, Instant::from_millis(10_000_000)).await;
        assert_eq!((more.len(), end), (0, None));
        talk.world.sessions().close(ID).await;
        connect(talk.world, ID, &request()).await;
        assert_eq!(talk.ask(GET).await.0, WHOLE);
    });
}

#[test]
fn another_release_takes_the_place_of_the_first() {
    const OTHER: &str = "another image";
    for when in [When::Sent(36), When::At(Instant::from_millis(12_000))] {
        let mut server = HttpServer::new("/fw.bin?v=1", release());
        let other = Release::new(Image::new(OTHER.as_bytes()), "\"v2\"");
        server.replace(when, other);
        let server = RefCell::new(server);
        talk_to(&server, async |talk| {
            assert_eq!(talk.ask(GET).await.0, WHOLE);
            let condition = get("Range: bytes=10-\r\nIf-Range: \"v1\"\r\n");
            let (answer, _) = talk.ask(&condition).await;
            let (head, body) = split(&answer);
            assert!(
                head.starts_with("HTTP/1.1 200 OK\r\nETag: \"v2\"\r\n"),
                "{head}"
            );
            assert_eq!(body, OTHER);
        });
    }
}

/// A chip has no room for an image of 300 kB: it is made byte by byte.
#[test]
fn images_are_made_as_they_are_asked_for() {
    let image = Image::made(300_000, |at| (at % 251) as u8);
    let server = RefCell::new(HttpServer::new("/fw", Release::new(image, "")));
    talk_to(&server, async |talk| {
        let mut sessions = talk.world.sessions();
        let request = b"GET /fw HTTP/1.1\r\nHost: files.example\r\n\r\n";
        sessions.send(ID, request, Expect::Reply).await.unwrap();
        let until = talk.world.now() + Duration::from_secs(60);
        let (bytes, _) = collect(talk.world, until).await;
        let body = &bytes[bytes.len() - 300_000..];
        assert!(
            body.iter()
                .zip(0u32..)
                .all(|(byte, at)| *byte == (at % 251) as u8)
        );
        assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\n"));
    });
    assert_eq!(server.borrow().statistics().body_bytes, 300_000);
}

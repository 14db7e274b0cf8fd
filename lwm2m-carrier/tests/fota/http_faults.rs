//! What HTTP servers do otherwise than they should, and what becomes of the download.

use carrier_mock::server::firmware::{HttpFault, HttpServer, Image, Release, When};
use lwm2m_carrier::fota::Unverified;
use lwm2m_core::client::BackOff;
use lwm2m_core::time::{Duration, Instant};

use crate::stage::{Digest, SIZE, Stage, byte, download, image, other_byte, secs, stage};

const FILE: &str = "http://files.example/fw";
const ALWAYS: u32 = u32::MAX;

/// The connection is closed once, after 100,000 bytes.
const CLOSES: HttpFault<'_> = HttpFault::Closes {
    after: 100_000,
    times: 1,
};
/// It is reset there.
const RESETS: HttpFault<'_> = HttpFault::Resets {
    after: 100_000,
    times: 1,
};

/// Faults of the server, bytes of a range that is asked for, and what becomes of it: the result, and the error where it
/// is not a success.
struct Case {
    faults: &'static [HttpFault<'static>],
    fragment: u32,
    result: u8,
    error: &'static str,
}

const fn succeeds(faults: &'static [HttpFault<'static>]) -> Case {
    Case {
        faults,
        fragment: 0,
        result: 1,
        error: "",
    }
}

const fn fails(result: u8, error: &'static str, faults: &'static [HttpFault<'static>]) -> Case {
    Case {
        faults,
        fragment: 0,
        result,
        error,
    }
}

impl Case {
    const fn by_ranges(mut self) -> Self {
        self.fragment = 16_384;
        self
    }
}

const fn answers(status: u16, times: u32) -> HttpFault<'static> {
    HttpFault::Answers {
        status,
        retry_after: None,
        times,
    }
}

const fn moves(
    status: u16,
    from: &'static str,
    to: &'static str,
    times: u32,
) -> HttpFault<'static> {
    HttpFault::Redirects {
        from,
        to,
        status,
        times,
    }
}

const CHUNKS: HttpFault<'_> = HttpFault::Chunks {
    size: 1500,
    extension: ";a=b",
    trailer: "Digest: x",
};

/// Errors by their chart names, with the numbers of `errno.rs`: 2 no entry, 13 no access, 16 busy, 27 too large, 40 too
/// many redirects, 53 bad request, 104 reset.
const CASES: &[Case] = &[
    // RFC 9110, section 14.2: ranges may be ignored.
    succeeds(&[HttpFault::IgnoresRanges]),
    succeeds(&[HttpFault::IgnoresRanges, CLOSES]),
    succeeds(&[HttpFault::IgnoresRanges]).by_ranges(),
    // A wrong Content-Range is none of what was asked for (RFC 9110, section 14.4).
    fails(
        9,
        "FOTA_PROTO 53",
        &[HttpFault::ShiftsRange { by: 1, times: 1 }, CLOSES],
    ),
    fails(
        9,
        "FOTA_PROTO 53",
        &[HttpFault::ShiftsRange { by: 1, times: 1 }],
    )
    .by_ranges(),
    // Another total is another package, which is fetched from its start.
    succeeds(&[HttpFault::ChangesTotal { by: 1 }, CLOSES]),
    succeeds(&[HttpFault::OmitsTotal, CLOSES]),
    succeeds(&[HttpFault::OmitsTotal]).by_ranges(),
    // The size is not known beforehand.
    succeeds(&[CHUNKS]),
    succeeds(&[CHUNKS, CLOSES]),
    succeeds(&[CHUNKS]).by_ranges(),
    succeeds(&[HttpFault::OmitsLength]),
    succeeds(&[HttpFault::OmitsLength]).by_ranges(),
    // RFC 9112, section 8: an end that the connection reports as an error does not end the content.
    succeeds(&[HttpFault::OmitsLength, RESETS]),
    succeeds(&[HttpFault::SpeaksHttp10]),
    succeeds(&[HttpFault::SpeaksHttp10, CLOSES]),
    succeeds(&[HttpFault::SpeaksHttp10]).by_ranges(),
    // Slow, and slower than what is waited for.
    succeeds(&[HttpFault::Pauses {
        bytes: 10_000,
        pause: Duration::from_secs(50),
    }]),
    succeeds(&[HttpFault::Pauses {
        bytes: 30_000,
        pause: Duration::from_secs(90),
    }]),
    // A byte now and then is no progress, however long it goes on.
    fails(
        4,
        "FOTA_CONN_LOST 110",
        &[HttpFault::Pauses {
            bytes: 1,
            pause: Duration::from_secs(55),
        }],
    ),
    // 256 bit/s is, held up by nobody.
    succeeds(&[HttpFault::Pauses {
        bytes: 640,
        pause: Duration::from_secs(20),
    }]),
    succeeds(&[HttpFault::Stalls {
        after: 50_000,
        times: ALWAYS,
    }]),
    succeeds(&[HttpFault::Closes {
        after: 16_000,
        times: ALWAYS,
    }]),
    succeeds(&[HttpFault::Resets {
        after: 16_000,
        times: ALWAYS,
    }]),
    succeeds(&[HttpFault::EndsConnections { announced: true }]).by_ranges(),
    succeeds(&[HttpFault::EndsConnections { announced: false }]).by_ranges(),
    // Statuses (RFC 9110, section 15).
    fails(7, "FOTA_PROTO 2", &[answers(404, 1)]),
    fails(7, "FOTA_PROTO 2", &[answers(410, 1)]),
    fails(7, "FOTA_PROTO 2", &[CLOSES, answers(404, 1)]),
    fails(4, "FOTA_CONN 13", &[answers(401, 1)]),
    fails(4, "FOTA_CONN 13", &[answers(403, 1)]),
    fails(2, "FOTA_PKG 27", &[answers(413, 1)]),
    fails(9, "FOTA_PROTO 53", &[answers(400, 1)]),
    fails(9, "FOTA_PROTO 53", &[answers(405, 1)]),
    fails(9, "FOTA_PROTO 53", &[answers(431, 1)]),
    succeeds(&[answers(408, 1)]),
    succeeds(&[answers(429, 1)]),
    succeeds(&[answers(500, 3)]),
    succeeds(&[answers(502, 1)]),
    succeeds(&[answers(503, 10)]),
    succeeds(&[answers(504, 1)]),
    fails(4, "FOTA_CONN_LOST 16", &[answers(503, ALWAYS)]),
    // Redirections (RFC 9110, section 15.4).
    succeeds(&[
        moves(301, "/fw", "/else", 1),
        moves(302, "/else", "/fw?again", 1),
        moves(303, "/fw?again", "./fw", 1),
    ]),
    succeeds(&[moves(307, "/fw", "https://files.example/fw", 1)]),
    succeeds(&[moves(308, "/fw", "//files.example/fw", 5)]),
    succeeds(&[moves(308, "/fw", "https://files.example:443/fw", 1), CLOSES]),
    succeeds(&[moves(302, "/fw", "coap://blocks.example/fw", 1)]),
    fails(7, "FOTA_PROTO 40", &[moves(302, "/fw", "/fw", 6)]),
    fails(
        7,
        "FOTA_PROTO 40",
        &[
            moves(302, "/fw", "/b", ALWAYS),
            moves(302, "/b", "/fw", ALWAYS),
        ],
    ),
    fails(7, "FOTA_PROTO 2", &[moves(302, "/fw", "/nothing", 1)]),
    fails(
        9,
        "FOTA_PROTO 53",
        &[moves(302, "/fw", "ftp://files.example/fw", 1)],
    ),
    // Nor does it lead from a server that a certificate vouches for to one in the clear.
    fails(
        9,
        "FOTA_PROTO 53",
        &[
            moves(307, "/fw", "https://files.example/fw", 1),
            moves(307, "/fw", "http://files.example/else", 1),
        ],
    ),
    fails(9, "FOTA_PROTO 53", &[moves(304, "/fw", "/fw", 1)]),
    // What is no HTTP, or not what was asked for.
    // A head that never comes to its end is that of a connection that was cut off.
    succeeds(&[HttpFault::Garbles { times: 1 }]),
    fails(
        4,
        "FOTA_CONN_LOST 104",
        &[HttpFault::Garbles { times: ALWAYS }],
    ),
    fails(9, "FOTA_PROTO 53", &[HttpFault::Encodes { times: 1 }]),
    succeeds(&[HttpFault::PadsHead {
        bytes: 2000,
        times: ALWAYS,
    }])
    .by_ranges(),
    fails(
        9,
        "FOTA_PROTO 53",
        &[HttpFault::PadsHead {
            bytes: 5000,
            times: 1,
        }],
    ),
    succeeds(&[HttpFault::SpellsOddly, CLOSES]),
    succeeds(&[HttpFault::Informs, CLOSES]).by_ranges(),
    // A server that cannot resume and never comes to the end is given up, however often it begins.
    fails(
        4,
        "FOTA_CONN_LOST 104",
        &[
            HttpFault::IgnoresRanges,
            HttpFault::Closes {
                after: 100_000,
                times: ALWAYS,
            },
        ],
    ),
];

fn holds(stage: &Stage<'_, '_>, byte: fn(u32) -> u8) -> bool {
    stage.world.firmware().holds((0..SIZE).map(byte))
}

/// What is wrong with the outcome of a case.
fn differs(stage: &Stage<'_, '_>, case: &Case) -> Option<String> {
    for fault in case.faults {
        assert!(stage.http.borrow_mut().add_fault(*fault));
    }
    let profile = stage.profile.get();
    stage
        .profile
        .set(profile.with_firmware_fragment(case.fragment));
    let seen = stage.update_from(FILE);
    let (errors, connections) = (stage.recording.errors(), stage.http.borrow().statistics());
    let expected: &[&str] = if case.error.is_empty() {
        &[]
    } else {
        &[case.error]
    };
    let is_right = seen.outcome() == Some(case.result)
        && errors == expected
        && (case.result != 1 || holds(stage, byte));
    (!is_right).then(|| {
        let Case {
            faults, fragment, ..
        } = case;
        format!("{faults:?} {fragment}: {seen:?} {errors:?} {connections:?}\n")
    })
}

#[test]
fn each_fault_has_its_outcome() {
    let cases = CASES.iter().enumerate();
    let wrong = cases.filter_map(|(seed, case)| stage(seed as u64, |stage| differs(stage, case)));
    let wrong: String = wrong.collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// Requests that the server has seen: when, status, and the first byte that was asked for.
fn requests(stage: &Stage<'_, '_>) -> Vec<(Instant, u16, Option<u32>)> {
    let mut http = stage.http.borrow_mut();
    core::iter::from_fn(|| http.take_record())
        .map(|record| {
            assert_eq!(record.is_conditional, record.range_start > Some(0));
            (record.at, record.status, record.range_start)
        })
        .collect()
}

fn statuses(stage: &Stage<'_, '_>) -> Vec<u16> {
    let requests = requests(stage);
    requests.iter().map(|(_, status, _)| *status).collect()
}

#[test]
fn a_package_that_is_replaced_in_the_middle_is_fetched_anew_and_whole() {
    for fragment in [0, 65_536] {
        stage(5, |stage| {
            let other = Release::new(Image::made(SIZE, other_byte), "\"v2\"");
            let mut http = stage.http.borrow_mut();
            http.replace(When::Sent(90_000), other);
            assert!(http.add_fault(CLOSES));
            drop(http);
            let profile = stage.profile.get();
            stage.profile.set(profile.with_firmware_fragment(fragment));
            let seen = stage.update_from(FILE);
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            assert!(holds(stage, other_byte));
            assert!(!holds(stage, byte));
            assert!(statuses(stage).contains(&200), "If-Range brings the whole");
        });
    }
}

/// A shorter package in its place: the range lies behind its end.
#[test]
fn a_range_behind_the_end_of_a_new_package_is_begun_anew() {
    stage(5, |stage| {
        let first = Release::new(Image::made(SIZE, byte), "");
        let other = Release::new(Image::made(50_000, other_byte), "");
        let mut http = HttpServer::new("/fw", first);
        http.replace(When::Sent(100_000), other);
        assert!(http.add_fault(CLOSES));
        *stage.http.borrow_mut() = http;
        let seen = stage.update_from(FILE);
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        assert!(stage.world.firmware().holds((0..50_000).map(other_byte)));
    });
    stage(5, |stage| {
        let mut http = stage.http.borrow_mut();
        assert!(http.add_fault(CLOSES));
        drop(http);
        let mut refused = false;
        let seen = stage.update_disturbed(download(FILE), &mut Unverified, || {
            let mut http = stage.http.borrow_mut();
            if !refused && http.statistics().body_bytes >= 100_000 {
                refused = true;
                assert!(http.add_fault(answers(416, 1)));
            }
        });
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        assert_eq!(statuses(stage), [200, 416, 200]);
        assert!(holds(stage, byte));
    });
}

/// Nothing tells the packages apart; only the verifier finds out that the device has a half of each. That is why packages
/// have digests.
#[test]
fn a_mixture_of_packages_without_validators_is_found_by_the_verifier() {
    for tag in ["", "W/\"v1\""] {
        stage(5, |stage| {
            let mut http = HttpServer::new("/fw", Release::new(Image::made(SIZE, byte), tag));
            let other = Release::new(Image::made(SIZE, other_byte), tag);
            http.replace(When::Sent(100_000), other);
            assert!(http.add_fault(CLOSES));
            *stage.http.borrow_mut() = http;
            let mut verifier = Digest::of(byte);
            let seen = stage.update_disturbed(download(FILE), &mut verifier, || {});
            assert_eq!(seen.outcome(), Some(5), "{seen:?}");
        });
    }
}

/// An end in due form ends a package whose length nobody has told (RFC 9112, section 8), wherever it comes; only the
/// verifier finds out.
#[test]
fn an_early_end_of_a_package_of_unknown_length_is_found_by_the_verifier() {
    stage(5, |stage| {
        let mut http = stage.http.borrow_mut();
        assert!(http.add_fault(HttpFault::OmitsLength) && http.add_fault(CLOSES));
        drop(http);
        let mut verifier = Digest::of(byte);
        let seen = stage.update_disturbed(download(FILE), &mut verifier, || {});
        assert_eq!(seen.outcome(), Some(5), "{seen:?}");
    });
}

/// Without a length and without ranges the package must come in one go: what was fetched before is fetched again.
#[test]
fn a_server_that_cannot_resume_is_asked_for_everything_again() {
    for faults in [
        &[HttpFault::IgnoresRanges, RESETS][..],
        &[HttpFault::IgnoresRanges, CHUNKS, RESETS],
        &[HttpFault::IgnoresRanges, HttpFault::OmitsLength, RESETS],
    ] {
        stage(5, |stage| {
            for fault in faults {
                assert!(stage.http.borrow_mut().add_fault(*fault));
            }
            let seen = stage.update_from(FILE);
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            assert!(holds(stage, byte));
            let sent = stage.http.borrow().statistics().body_bytes;
            assert_eq!(sent, u64::from(SIZE) + 100_000);
        });
    }
}

/// RFC 9110, section 10.2.3: not before the time that Retry-After gives; not before the profile's wait either, and after a
/// day at the latest.
#[test]
fn retry_after_is_honoured() {
    let day = 86_400;
    for (retry_after, least, most) in [
        (None, 9, 12),
        (Some(2), 9, 12),
        (Some(500), 500, 501),
        (Some(u32::MAX), day, day + 1),
    ] {
        stage(5, |stage| {
            let fault = HttpFault::Answers {
                status: 503,
                retry_after,
                times: 1,
            };
            assert!(stage.http.borrow_mut().add_fault(fault));
            assert_eq!(stage.update_from(FILE).outcome(), Some(1));
            let [(first, 503, None), (second, 200, None)] = requests(stage)[..] else {
                panic!("other requests");
            };
            let wait = second.since(first);
            assert!(
                (secs(least)..secs(most)).contains(&wait),
                "{retry_after:?}: {wait:?}"
            );
        });
    }
}

/// The waits of the generic profile, as its documentation lists them; each may be 10 % off.
#[test]
fn attempts_that_bring_nothing_are_made_after_the_published_waits() {
    stage(5, |stage| {
        assert!(stage.http.borrow_mut().add_fault(answers(503, ALWAYS)));
        assert_eq!(stage.update_from(FILE).outcome(), Some(4));
        let requests = requests(stage);
        let times = requests.iter().map(|(at, ..)| *at);
        let waits = times.clone().skip(1).zip(times).map(|(b, a)| b.since(a));
        let published = [10, 30, 60, 120, 300, 600, 1800, 3600, 3600, 3600];
        assert_eq!(requests.len(), 1 + published.len());
        for (wait, listed) in waits.zip(published) {
            // A connection and the way of the request take up to a second.
            let range = secs(listed * 9 / 10)..secs(listed * 11 / 10 + 1);
            assert!(range.contains(&wait), "{wait:?} for {listed} s");
        }
    });
}

/// A profile's own waits; something that comes begins them anew.
#[test]
fn attempts_are_counted_from_the_last_that_brought_something() {
    const WAITS: BackOff<'_> = BackOff::new(&[5, 7], 0);
    stage(5, |stage| {
        let profile = stage.profile.get();
        stage.profile.set(profile.with_firmware_back_off(WAITS, 2));
        // Two attempts bring nothing, then the connection is cut, then two bring nothing.
        let mut http = stage.http.borrow_mut();
        assert!(http.add_fault(answers(500, 2)) && http.add_fault(CLOSES));
        drop(http);
        let mut failed = false;
        let seen = stage.update_disturbed(download(FILE), &mut Unverified, || {
            let mut http = stage.http.borrow_mut();
            if !failed && http.statistics().body_bytes >= 100_000 {
                failed = true;
                assert!(http.add_fault(answers(500, 2)));
            }
        });
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        assert_eq!(statuses(stage), [500, 500, 200, 500, 500, 206]);
    });
    stage(5, |stage| {
        let profile = stage.profile.get();
        stage.profile.set(profile.with_firmware_back_off(WAITS, 2));
        assert!(stage.http.borrow_mut().add_fault(answers(500, 3)));
        assert_eq!(stage.update_from(FILE).outcome(), Some(4));
    });
}

/// Each connection asks at the URI that the server has written: where it leads may have been for one time only.
#[test]
fn a_redirection_is_followed_anew_by_each_connection() {
    stage(5, |stage| {
        let mut http = stage.http.borrow_mut();
        assert!(http.add_fault(moves(302, "/latest", "/fw", ALWAYS)));
        assert!(http.add_fault(HttpFault::Closes {
            after: 60_000,
            times: 4
        }));
        drop(http);
        let seen = stage.update_from("http://files.example/latest");
        assert_eq!(seen.outcome(), Some(1), "{seen:?}");
        let expected = [302, 200, 302, 206, 302, 206, 302, 206, 302, 206];
        assert_eq!(statuses(stage), expected);
    });
}

/// A server whose package is another one each time is given up: bytes are not spent without end.
#[test]
fn a_package_that_changes_again_and_again_is_given_up() {
    const TAGS: [&str; 2] = ["\"a\"", "\"b\""];
    stage(5, |stage| {
        let fault = HttpFault::Closes {
            after: 100_000,
            times: ALWAYS,
        };
        assert!(stage.http.borrow_mut().add_fault(fault));
        let mut connections = 1;
        let seen = stage.update_disturbed(download(FILE), &mut Unverified, || {
            let mut http = stage.http.borrow_mut();
            if http.statistics().connections > connections {
                connections = http.statistics().connections;
                let tag = TAGS[connections as usize % 2];
                http.replace(When::Sent(0), Release::new(image(), tag));
            }
        });
        assert_eq!(seen.outcome(), Some(9), "{seen:?}");
        assert_eq!(stage.recording.errors(), ["FOTA_PROTO 53"]);
        let sent = stage.http.borrow().statistics().body_bytes;
        assert!(sent < 1_300_000, "{sent} bytes");
    });
}

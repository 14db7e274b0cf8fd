//! What HTTP servers do otherwise than they should, and what becomes of the download.

use carrier_mock::server::firmware::{HttpFault, Image, Release, When};
use lwm2m_core::time::Duration;

use crate::stage::{SIZE, Stage, byte, image, other_byte, secs, stage};

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

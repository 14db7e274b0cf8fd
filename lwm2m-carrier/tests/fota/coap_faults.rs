//! What CoAP servers do otherwise than they should, and what becomes of the download.

use carrier_mock::network::Path;
use carrier_mock::server::Request;
use carrier_mock::server::firmware::{CoapFault, CoapFileServer, Image, Release, When};
use lwm2m_carrier::fota::Unverified;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;

use crate::stage::{Digest, SIZE, Stage, TEXT, byte, download, other_byte, secs, stage};

const BLOCKS: &str = "coap://blocks.example/fw";
const ALWAYS: u32 = u32::MAX;

/// The server is silent for longer than a request is sent again, after 100,000 bytes.
const FALLS_SILENT: CoapFault = CoapFault::FallsSilent {
    after: 100_000,
    span: Duration::from_secs(300),
    times: 1,
};

/// Faults of the server, and what becomes of the download: the result, and the error where it is not a success.
type Case = (u8, &'static str, &'static [CoapFault]);

const fn answers(class: u8, detail: u8, times: u32) -> CoapFault {
    CoapFault::Answers {
        code: Code::new(class, detail),
        max_age: None,
        times,
    }
}

/// Errors by their chart names, with the numbers of `errno.rs`: 2 no entry, 13 no access, 16 busy, 27 too large, 53 bad
/// request, 110 timed out.
const CASES: &[Case] = &[
    // RFC 7959, section 2.4: smaller blocks.
    (1, "", &[CoapFault::SmallerBlocks { szx: 4 }]),
    (1, "", &[CoapFault::SmallerBlocks { szx: 2 }, FALLS_SILENT]),
    // RFC 7252, section 5.2.2: the answer in a message of its own.
    (
        1,
        "",
        &[CoapFault::Separate {
            after: Duration::from_secs(3),
            times: ALWAYS,
        }],
    ),
    (
        1,
        "",
        &[CoapFault::Separate {
            after: Duration::from_secs(200),
            times: 2,
        }],
    ),
    // Blocks that are none of what was asked for (RFC 7959, sections 2.2 and 2.4).
    (
        9,
        "FOTA_PROTO 53",
        &[CoapFault::ShiftsNumber { by: 1, times: 1 }],
    ),
    (
        9,
        "FOTA_PROTO 53",
        &[CoapFault::CutsBlocks { by: 1, times: 1 }],
    ),
    // More is said to follow the last block, and then there is none: 4.00.
    (9, "FOTA_PROTO 53", &[CoapFault::GoesOn]),
    // Codes (RFC 7252, section 5.9; RFC 8516 for 4.29).
    (7, "FOTA_PROTO 2", &[answers(4, 4, 1)]),
    (4, "FOTA_CONN 13", &[answers(4, 1, 1)]),
    (4, "FOTA_CONN 13", &[answers(4, 3, 1)]),
    (2, "FOTA_PKG 27", &[answers(4, 13, 1)]),
    (9, "FOTA_PROTO 53", &[answers(4, 0, 1)]),
    (9, "FOTA_PROTO 53", &[answers(4, 2, 1)]),
    (9, "FOTA_PROTO 53", &[answers(4, 5, 1)]),
    (9, "FOTA_PROTO 53", &[answers(4, 6, 1)]),
    (9, "FOTA_PROTO 53", &[answers(5, 1, 1)]),
    (1, "", &[answers(4, 8, 1)]),
    (1, "", &[answers(4, 29, 1)]),
    (1, "", &[answers(5, 0, 3)]),
    (1, "", &[answers(5, 3, 10)]),
    (4, "FOTA_CONN_LOST 16", &[answers(5, 3, ALWAYS)]),
    // A request that is reset, and one that is lost.
    (1, "", &[CoapFault::Resets { times: 10 }]),
    (
        4,
        "FOTA_CONN_LOST 16",
        &[CoapFault::Resets { times: ALWAYS }],
    ),
    (1, "", &[CoapFault::Drops { nth: 3 }]),
    (4, "FOTA_CONN_LOST 110", &[CoapFault::Drops { nth: 1 }]),
    (
        1,
        "",
        &[CoapFault::FallsSilent {
            after: 20_000,
            span: Duration::from_secs(100),
            times: ALWAYS,
        }],
    ),
    // The size is an estimate (RFC 7959, section 4), and is not told by every server.
    (1, "", &[CoapFault::OmitsSize]),
    (1, "", &[CoapFault::OmitsSize, FALLS_SILENT]),
    (1, "", &[CoapFault::ChangesSize { by: 1 }, FALLS_SILENT]),
];

fn holds(stage: &Stage<'_, '_>, byte: fn(u32) -> u8) -> bool {
    stage.world.firmware().holds((0..SIZE).map(byte))
}

/// What is wrong with the outcome of a case.
fn differs(stage: &Stage<'_, '_>, (result, error, faults): Case) -> Option<String> {
    for fault in faults {
        assert!(stage.coap.borrow_mut().add_fault(*fault));
    }
    let seen = stage.update_from(BLOCKS);
    let errors = stage.recording.errors();
    let expected: &[&str] = if error.is_empty() { &[] } else { &[error] };
    let is_right =
        seen.outcome() == Some(result) && errors == expected && (result != 1 || holds(stage, byte));
    let statistics = stage.coap.borrow().statistics();
    (!is_right).then(|| format!("{faults:?}: {seen:?} {errors:?} {statistics:?}\n"))
}

#[test]
fn each_fault_has_its_outcome() {
    let cases = CASES.iter().enumerate();
    let wrong = cases.filter_map(|(seed, case)| stage(seed as u64, |stage| differs(stage, *case)));
    let wrong: String = wrong.collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_package_that_is_replaced_in_the_middle_is_fetched_anew_and_whole() {
    for fault in [None, Some(FALLS_SILENT)] {
        stage(5, |stage| {
            let other = Release::new(Image::made(SIZE, other_byte), "v2");
            stage.coap.borrow_mut().replace(When::Sent(90_000), other);
            if let Some(fault) = fault {
                assert!(stage.coap.borrow_mut().add_fault(fault));
            }
            let seen = stage.update_from(BLOCKS);
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            assert!(holds(stage, other_byte));
            assert!(!holds(stage, byte));
        });
    }
}

/// Where the server has no ETag, another length tells another package, and nothing else does: the verifier finds the
/// mixture.
#[test]
fn a_package_without_etag_is_told_from_another_by_its_length_or_by_the_verifier() {
    for (len, result) in [(290_000, 1), (SIZE, 5)] {
        stage(5, |stage| {
            let first = Release::new(Image::made(SIZE, byte), "");
            let other = Release::new(Image::made(len, other_byte), "");
            let mut coap = CoapFileServer::new(5, "/fw", first);
            coap.replace(When::Sent(100_000), other);
            assert!(coap.add_fault(FALLS_SILENT));
            *stage.coap.borrow_mut() = coap;
            let mut verifier = Digest::of(byte);
            let verifier: &mut dyn lwm2m_carrier::fota::Verifier = match result {
                1 => &mut Unverified,
                _ => &mut verifier,
            };
            let seen = stage.update_disturbed(download(BLOCKS), verifier, || {});
            assert_eq!(seen.outcome(), Some(result), "{len} {seen:?}");
            if result == 1 {
                assert!(stage.world.firmware().holds((0..len).map(other_byte)));
            }
        });
    }
}

/// The block says that it is the last, whatever the size was estimated to be (RFC 7959, section 4): only the verifier
/// finds out.
#[test]
fn an_early_end_is_found_by_the_verifier() {
    stage(5, |stage| {
        let fault = CoapFault::EndsEarly {
            at: 100_000,
            times: 1,
        };
        assert!(stage.coap.borrow_mut().add_fault(fault));
        let mut verifier = Digest::of(byte);
        let seen = stage.update_disturbed(download(BLOCKS), &mut verifier, || {});
        assert_eq!(seen.outcome(), Some(5), "{seen:?}");
    });
}

/// RFC 7252, section 5.9.3.4: Max-Age of 5.03 says when to ask again; 60 s where there is none (section 5.10.5).
#[test]
fn max_age_of_an_unavailable_service_is_honoured() {
    for (max_age, least, most) in [(None, 60, 62), (Some(1), 9, 12), (Some(500), 500, 502)] {
        stage(5, |stage| {
            let fault = CoapFault::Answers {
                code: Code::SERVICE_UNAVAILABLE,
                max_age,
                times: 1,
            };
            assert!(stage.coap.borrow_mut().add_fault(fault));
            let (mut first, mut second) = (None, None);
            let seen = stage.update_disturbed(download(BLOCKS), &mut Unverified, || {
                let now = Some(stage.world.now());
                match stage.coap.borrow().statistics().requests {
                    0 => {}
                    1 => first = first.or(now),
                    _ => second = second.or(now),
                }
            });
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            let wait = second.unwrap().since(first.unwrap());
            assert!(
                (secs(least)..secs(most)).contains(&wait),
                "{max_age:?}: {wait:?}"
            );
        });
    }
}

/// One in ten datagrams is lost, some come twice, some late. The server reads what it may not have been told.
#[test]
fn a_lossy_network_takes_longer_and_changes_nothing() {
    for seed in 0..8 {
        stage(seed, |stage| {
            let delay = Duration::from_millis(50);
            let path = Path::perfect().delay(delay, delay).loss(100);
            let path = path.duplication(50).reordering(50, secs(3));
            stage.world.network().borrow_mut().set_paths(path);
            let mut next = Instant::ZERO + secs(600);
            let seen = stage.update_disturbed(download(BLOCKS), &mut Unverified, || {
                if stage.world.now() >= next {
                    next = stage.world.now() + secs(600);
                    for path in ["/5/0/5", "/5/0/3"] {
                        stage.ask(Request::read(path).accept(TEXT));
                    }
                }
            });
            let errors = stage.recording.errors();
            assert_eq!(seen.outcome(), Some(1), "{seed} {seen:?} {errors:?}");
            assert!(holds(stage, byte));
        });
    }
}

//! Servers that change their minds, and ask for what does not fit.

use carrier_mock::server::Request;
use carrier_mock::world::Stop;
use lwm2m_carrier::fota::Unverified;
use lwm2m_core::time::Duration;
use lwm2m_core::wire::coap::Code;

use crate::cuts::Way;
use crate::stage::{
    ENDPOINT, OnReboot, PACKAGE, SIZE, Seen, Stage, TEXT, byte, download, secs, stage,
};

/// What resets the state machine (Core 1.1.1, appendix E.6): an empty URI, an empty package, one of a NUL byte.
const RESETS: [Request<'static>; 3] = [
    Request::write("/5/0/1", TEXT, b""),
    Request::write("/5/0/0", OCTETS, b""),
    Request::write("/5/0/0", OCTETS, b"\0"),
];
const OCTETS: u16 = 42;

fn holds(stage: &Stage<'_, '_>) -> bool {
    stage.world.firmware().holds((0..SIZE).map(byte))
}

/// A download is cancelled when so many bytes have come, and begun again in the same life of the device: once it is Idle
/// with result 0, the server writes the URI again.
fn cancelled_and_begun_again(stage: &Stage<'_, '_>, way: Way, at: u64, reset: Request<'static>) {
    let what = format!("{way:?} at {at}, {reset:?}");
    let (mut cancelled, mut step) = (false, 0);
    let mut seen = Seen::default();
    let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
        match step {
            0 if seen.result.is_some() => {
                stage.ask(download(way.uri()));
                step = 1;
            }
            1 if way.sent(stage) >= at
                && seen.state == Some(if at > SIZE.into() { 2 } else { 1 }) =>
            {
                stage.ask(reset);
                stage.ask(Request::read("/5/0/5").accept(TEXT));
                stage.ask(Request::read("/5/0/1").accept(TEXT));
                seen.answers.clear();
                (seen.result, step) = (None, 2);
            }
            2 if seen.answers.len() == 3 => {
                cancelled = true;
                assert_eq!(seen.answers[0].1, Code::CHANGED, "{what}");
                assert_eq!((seen.state, seen.result), (Some(0), Some(0)), "{what}");
                stage.ask(download(way.uri()));
                (seen.state, step) = (None, 3);
            }
            3 if seen.state == Some(2) => {
                stage.ask(Request::execute("/5/0/2", ""));
                step = 4;
            }
            _ => {}
        }
        step == 4 && seen.state == Some(0) && seen.result == Some(1)
    });
    assert_eq!(
        (stop, cancelled),
        (Stop::Condition, true),
        "{what}: {seen:?}"
    );
    // The application hears of it: ECANCELED.
    let errors = stage.recording.errors();
    assert_eq!(errors, ["FOTA_FAIL 125"], "{what}");
    assert!(holds(stage), "{what}");
}

#[test]
fn a_download_is_cancelled_anywhere_and_another_begins() {
    for way in Way::ALL {
        for at in [0, 1, 3_000, 4_000, 5_000, 100_000, 299_000, 300_000] {
            for reset in RESETS {
                stage(31, |stage| cancelled_and_begun_again(stage, way, at, reset));
            }
        }
    }
}

#[test]
fn a_package_that_waits_for_update_is_thrown_away() {
    for reset in RESETS {
        stage(31, |stage| {
            let mut step = 0;
            let mut seen = Seen::default();
            let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
                match step {
                    0 if seen.result.is_some() => {
                        stage.ask(Request::write("/5/0/0", OCTETS, &PACKAGE));
                        step = 1;
                    }
                    1 if seen.state == Some(2) => {
                        stage.ask(reset);
                        step = 2;
                    }
                    2 if seen.state == Some(0) => {
                        seen.answers.clear();
                        stage.ask(Request::execute("/5/0/2", ""));
                        step = 3;
                    }
                    _ => {}
                }
                step == 3 && !seen.answers.is_empty()
            });
            assert_eq!(stop, Stop::Condition, "{seen:?}");
            assert_eq!(
                seen.answers,
                [("/5/0/2".to_string(), Code::METHOD_NOT_ALLOWED)]
            );
            assert_eq!(seen.result, Some(0));
            // Not even a restart brings it back.
            stage.world.reboot();
            let mut seen = Seen::default();
            stage.watch_lives(&mut seen, &mut Unverified, |seen| seen.result.is_some());
            assert_eq!((seen.state, seen.result), (Some(0), Some(0)));
        });
    }
}

/// While the package is being installed nothing can be changed any more.
#[test]
fn an_update_that_has_begun_is_not_cancelled() {
    stage(31, |stage| {
        stage.on_reboot.set(OnReboot::Refuses);
        let mut step = 0;
        let mut seen = Seen::default();
        let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
            match step {
                0 if seen.result.is_some() => {
                    stage.ask(download("coap://blocks.example/fw"));
                    step = 1;
                }
                1 if seen.state == Some(2) => {
                    stage.ask(Request::execute("/5/0/2", ""));
                    step = 2;
                }
                2 if seen.state == Some(3) => {
                    seen.answers.clear();
                    for request in RESETS {
                        stage.ask(request);
                    }
                    stage.ask(Request::execute("/5/0/2", ""));
                    stage.ask(download("coap://blocks.example/fw"));
                    step = 3;
                }
                3 if seen.answers.len() == 5 => {
                    let refused = |(_, code): &(String, Code)| *code == Code::METHOD_NOT_ALLOWED;
                    assert!(seen.answers.iter().all(refused), "{:?}", seen.answers);
                    stage.world.power_off();
                    step = 4;
                }
                _ => {}
            }
            step == 4 && seen.state == Some(0) && seen.result == Some(1)
        });
        assert_eq!(stop, Stop::Condition, "{seen:?}");
        assert!(holds(stage));
    });
}

/// Every state answers reads of the whole object, and refuses what does not fit; the update goes on undisturbed.
#[test]
fn a_server_that_asks_all_the_time_changes_nothing() {
    const REFUSED: [Request<'static>; 4] = [
        download("http://files.example/other"),
        Request::write("/5/0/0", OCTETS, b"another package"),
        Request::write("/5/0/3", TEXT, b"2"),
        Request::delete("/5/0"),
    ];
    for way in Way::ALL {
        stage(31, |stage| {
            let (mut asked, mut next) = (0, secs(3));
            let seen = stage.update_disturbed(download(way.uri()), &mut Unverified, || {
                // From the third second on a download is under way.
                if stage.world.uptime() >= next && asked < 60 && stage.world.is_running() {
                    next = stage.world.uptime() + Duration::from_millis(400);
                    let refused = REFUSED[asked % REFUSED.len()];
                    let mut server = stage.server.borrow_mut();
                    let _ = server.request(ENDPOINT, Request::read("/5"));
                    let _ = server.request(ENDPOINT, refused);
                    asked += 1;
                }
            });
            assert_eq!(seen.outcome(), Some(1), "{way:?} {seen:?}");
            assert!(asked > 10, "{asked}");
            let answers = seen.answers.iter();
            let refused = answers.filter(|(_, code)| *code == Code::METHOD_NOT_ALLOWED);
            assert!(refused.count() > 10, "{:?}", seen.answers);
            let odd = |(path, code): &&(String, Code)| {
                let read = path == "/5" && *code != Code::CONTENT;
                let written = path == "/5/0/0" && *code == Code::CHANGED;
                read || written
            };
            assert_eq!(seen.answers.iter().find(odd), None);
            assert_eq!(stage.recording.errors(), [""; 0]);
            assert!(holds(stage));
        });
    }
}

/// Object 5 is there when the application wants it, and not otherwise.
#[test]
fn without_firmware_updates_there_is_no_object_5() {
    const ASKED: &[Request<'static>] = &[
        Request::read("/5/0/3"),
        download("coap://blocks.example/fw"),
    ];
    for with_firmware in [false, true] {
        stage(31, |stage| {
            stage.with_firmware.set(with_firmware);
            stage.watching.set(ASKED);
            let mut seen = Seen::default();
            let stop =
                stage.watch_lives(&mut seen, &mut Unverified, |seen| seen.answers.len() == 2);
            assert_eq!(stop, Stop::Condition);
            assert_eq!(
                seen.objects.contains("</5/0>"),
                with_firmware,
                "{}",
                seen.objects
            );
            let codes: Vec<_> = seen.answers.iter().map(|(_, code)| *code).collect();
            let expected = if with_firmware {
                [Code::CONTENT, Code::CHANGED]
            } else {
                [Code::NOT_FOUND; 2]
            };
            assert_eq!(codes, expected);
        });
    }
}

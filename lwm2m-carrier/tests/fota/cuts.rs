//! A download that is cut off anywhere ends with the right package, result 1, and little that was fetched twice.
//!
//! Each way to the package is cut at each kilobyte: by the link, by the power, by the server.

use core::cell::Cell;

use carrier_mock::flash::EraseTear;
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Entry;
use carrier_mock::server::firmware::{CoapFault, HttpFault, Image, Release, When};
use carrier_mock::world::Stop;
use lwm2m_carrier::fota::Unverified;
use lwm2m_carrier::hal::DetachReason;

use crate::stage::{
    COAP, HTTP, HTTPS, SIZE, Seen, Stage, address, byte, download, other_byte, secs, stage,
};

/// Bytes of the package that may be fetched twice: below 5 %.
const TWICE: u64 = SIZE as u64 / 20;

/// Places of the cuts: each kilobyte, and the first and the last bytes.
fn places() -> impl Iterator<Item = u32> {
    let kilobytes = (1..=SIZE / 1000).map(|thousand| thousand * 1000);
    [1, 2, 500].into_iter().chain(kilobytes).chain([SIZE - 1])
}

/// A way to the package.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Http,
    Https,
    Coap,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Http, Self::Https, Self::Coap];

    pub(crate) const fn uri(self) -> &'static str {
        match self {
            Self::Http => "http://files.example/fw",
            Self::Https => "https://files.example/fw",
            Self::Coap => "coap://blocks.example/fw",
        }
    }

    const fn address(self) -> &'static str {
        match self {
            Self::Http => HTTP,
            Self::Https => HTTPS,
            Self::Coap => COAP,
        }
    }

    /// Bytes of the package that the server has sent.
    pub(crate) fn sent(self, stage: &Stage<'_, '_>) -> u64 {
        match self {
            Self::Http | Self::Https => stage.http.borrow().statistics().body_bytes,
            Self::Coap => stage.coap.borrow().statistics().body_bytes,
        }
    }
}

/// What is fetched twice in an update that is disturbed by `disturb`, which must lead to the right package and result 1.
fn fetched_twice(stage: &Stage<'_, '_>, way: Way, what: &str, disturb: impl FnMut()) -> u64 {
    let seen = stage.update_disturbed(download(way.uri()), &mut Unverified, disturb);
    let story = stage.recording.story();
    assert_eq!(seen.outcome(), Some(1), "{what}: {seen:?} {story:?}");
    let holds = stage.world.firmware().holds((0..SIZE).map(byte));
    assert!(holds, "{what}: another package");
    let sent = way.sent(stage);
    assert!(sent >= u64::from(SIZE), "{what}: {sent} bytes sent");
    sent - u64::from(SIZE)
}

/// The same, with `cut` called once `way`'s server has sent so many bytes.
fn fetched_twice_after(
    stage: &Stage<'_, '_>,
    way: Way,
    at: u32,
    what: &str,
    cut: impl Fn(),
) -> u64 {
    let mut done = false;
    let twice = fetched_twice(stage, way, what, || {
        if !done && way.sent(stage) >= u64::from(at) {
            done = true;
            cut();
        }
    });
    assert!(done, "{what}: not cut");
    twice
}

/// Lets `way` be cut off at each place; what is fetched twice at most.
fn cut_everywhere(way: Way, name: &str, cut: impl Fn(&Stage<'_, '_>, u32, &str) -> u64) {
    let mut most = 0;
    for at in places() {
        let what = format!("{way:?}, {name} at {at}");
        let twice = stage(u64::from(at), |stage| cut(stage, at, &what));
        assert!(twice < TWICE, "{what}: {twice} bytes twice");
        most = most.max(twice);
    }
    println!("{way:?}, {name}: at most {most} bytes twice");
}

fn cut_by_detaching(way: Way) {
    cut_everywhere(way, "detached", |stage, at, what| {
        let detach = || {
            let back = Some(secs(20));
            stage.world.link().detach(DetachReason::Network, back);
        };
        fetched_twice_after(stage, way, at, what, detach)
    });
}

fn cut_by_a_gap(way: Way) {
    cut_everywhere(way, "coverage gap", |stage, at, what| {
        let gap = || {
            let now = stage.world.now();
            stage
                .world
                .link()
                .add_gap(now + secs(0), now + secs(900))
                .unwrap();
        };
        fetched_twice_after(stage, way, at, what, gap)
    });
}

fn cut_by_power(way: Way) {
    cut_everywhere(way, "power", |stage, at, what| {
        stage.flash.borrow_mut().set_write_limit(1);
        let power = || stage.world.power_off();
        fetched_twice_after(stage, way, at, what, power)
    });
}

#[test]
fn http_is_cut_by_the_link() {
    cut_by_detaching(Way::Http);
    cut_by_a_gap(Way::Http);
}

#[test]
fn https_is_cut_by_the_link() {
    cut_by_detaching(Way::Https);
    cut_by_a_gap(Way::Https);
}

#[test]
fn coap_is_cut_by_the_link() {
    cut_by_detaching(Way::Coap);
    cut_by_a_gap(Way::Coap);
}

#[test]
fn http_is_cut_by_the_power() {
    cut_by_power(Way::Http);
}

#[test]
fn https_is_cut_by_the_power() {
    cut_by_power(Way::Https);
}

#[test]
fn coap_is_cut_by_the_power() {
    cut_by_power(Way::Coap);
}

/// The server ends the connection, resets it, falls silent on it, or goes away for half an hour.
fn cut_by_an_http_server(way: Way) {
    let closes = |after| HttpFault::Closes { after, times: 1 };
    let resets = |after| HttpFault::Resets { after, times: 1 };
    let stalls = |after| HttpFault::Stalls { after, times: 1 };
    cut_by_an_http_fault(way, "closed", closes);
    cut_by_an_http_fault(way, "reset", resets);
    cut_by_an_http_fault(way, "stalled", stalls);
    cut_by_absence(way);
}

fn cut_by_an_http_fault(way: Way, name: &str, fault: impl Fn(u32) -> HttpFault<'static>) {
    cut_everywhere(way, name, |stage, at, what| {
        assert!(stage.http.borrow_mut().add_fault(fault(at)));
        let twice = fetched_twice(stage, way, what, || {});
        let connections = stage.http.borrow().statistics().connections;
        assert!(connections == 2 || at == SIZE, "{what}");
        twice
    });
}

fn cut_by_absence(way: Way) {
    cut_everywhere(way, "server away", |stage, at, what| {
        let away = || {
            let now = stage.world.now();
            let mut network = stage.world.network().borrow_mut();
            let until = now + secs(1800);
            network
                .add_server_outage(address(way.address()), now, until)
                .unwrap();
        };
        fetched_twice_after(stage, way, at, what, away)
    });
}

#[test]
fn http_is_cut_by_the_server() {
    cut_by_an_http_server(Way::Http);
}

#[test]
fn https_is_cut_by_the_server() {
    cut_by_an_http_server(Way::Https);
}

#[test]
fn coap_is_cut_by_the_server() {
    // 300 s are longer than a request is sent again, 20 s are not.
    for (name, span) in [
        ("silent for 20 s", secs(20)),
        ("silent for 300 s", secs(300)),
    ] {
        cut_everywhere(Way::Coap, name, |stage, after, what| {
            let fault = CoapFault::FallsSilent {
                after,
                span,
                times: 1,
            };
            assert!(stage.coap.borrow_mut().add_fault(fault));
            let twice = fetched_twice(stage, Way::Coap, what, || {});
            let dropped = stage.coap.borrow().statistics().dropped;
            assert!(dropped > 0 || after >= SIZE - 1000, "{what}");
            twice
        });
    }
    cut_by_absence(Way::Coap);
    cut_everywhere(Way::Coap, "reset", |stage, at, what| {
        let reset = || {
            let fault = CoapFault::Resets { times: 1 };
            assert!(stage.coap.borrow_mut().add_fault(fault));
        };
        fetched_twice_after(stage, Way::Coap, at, what, reset)
    });
}

/// The power fails inside an operation of the slot's flash.
fn cut_inside(way: Way, operation: u32, per_mille: u16, tear: EraseTear) -> bool {
    let what = format!("{way:?}, {per_mille} of operation {operation}, {tear:?}");
    stage(u64::from(operation), |stage| {
        {
            let mut flash = stage.flash.borrow_mut();
            flash.set_write_limit(1);
            flash.set_erase_tear(tear);
            flash.cut_at(operation, per_mille);
        }
        let twice = fetched_twice(stage, way, &what, || {});
        assert!(twice < TWICE, "{what}: {twice} bytes twice");
        stage.flash.borrow().statistics().power_cuts > 1
    })
}

/// Operations of the slot's flash in an update by `way`.
fn flash_operations(way: Way) -> u32 {
    stage(1, |stage| {
        fetched_twice(stage, way, "rehearsal", || {});
        stage.flash.borrow().operations()
    })
}

/// All of the first and the last operations, which are those of the journal too; every 19th between, of which some are
/// erases and records of pages.
#[test]
fn the_power_fails_inside_operations_of_the_slot() {
    for way in Way::ALL {
        let count = flash_operations(way);
        assert!(count > SIZE / 64, "{count} operations");
        let mut cuts = 0;
        let ends = (0..90).chain(count - 40..count);
        for operation in ends.chain((90..count - 40).step_by(37)) {
            let turn = operation as usize;
            let per_mille = [0, 300, 700, 1000][turn % 4];
            let tear = [EraseTear::InOrder, EraseTear::Scattered][turn / 4 % 2];
            cuts += u32::from(cut_inside(way, operation, per_mille, tear));
        }
        println!("{way:?}: {cuts} cuts in {count} operations");
        assert!(cuts > 200, "{way:?}: {cuts} cuts");
    }
}

/// Both ways to run the driver and both kinds of key store, at every 23rd kilobyte.
#[test]
fn cuts_are_the_same_without_an_executor_and_with_any_key_store() {
    for way in Way::ALL {
        for at in places().step_by(23) {
            let mut all = Vec::new();
            for (blocking, keys) in [
                (false, KeyStoreMode::OfflineOnly),
                (true, KeyStoreMode::OfflineOnly),
                (false, KeyStoreMode::Online),
                (true, KeyStoreMode::Online),
            ] {
                let what = format!("{way:?} at {at}, {blocking} {keys:?}");
                let outcome = stage(u64::from(at), |stage| {
                    stage.blocking.set(blocking);
                    stage.world.keys().set_mode(keys);
                    let power = || stage.world.power_off();
                    let twice = fetched_twice_after(stage, way, at, &what, power);
                    (twice, stage.recording.story(), stage.world.now())
                });
                all.push(outcome);
            }
            assert!(
                all.iter().all(|outcome| *outcome == all[0]),
                "{way:?} at {at}: {all:?}"
            );
        }
    }
}

/// The power fails again and again: each time at most a page, what is staged, the buffer and a window are lost.
#[test]
fn the_power_fails_at_every_16_kilobytes() {
    const LOST: u64 = 4096 + 64 + 4096 + 4096;
    for way in Way::ALL {
        stage(3, |stage| {
            let cuts = Cell::new(0);
            let power = || {
                if way.sent(stage) >= (cuts.get() + 1) * 16_384 {
                    cuts.set(cuts.get() + 1);
                    stage.world.power_off();
                }
            };
            let twice = fetched_twice(stage, way, "every 16 kB", power);
            assert!(cuts.get() >= u64::from(SIZE) / 16_384);
            assert!(twice <= cuts.get() * LOST, "{way:?}: {twice} bytes twice");
            println!("{way:?}: {} cuts, {twice} bytes twice", cuts.get());
        });
    }
}

/// What tells the packages apart is stored: the half of the old one is not continued with the new one.
#[test]
fn a_package_that_is_replaced_while_the_device_has_no_power_is_fetched_anew_and_whole() {
    for way in Way::ALL {
        for at in [20_000_u32, 150_000, 290_000] {
            stage(u64::from(at), |stage| {
                let mut cut = false;
                let first = download(way.uri());
                let seen = stage.update_disturbed(first, &mut Unverified, || {
                    if !cut && way.sent(stage) >= u64::from(at) {
                        cut = true;
                        let (when, other) = (When::Sent(0), Image::made(SIZE, other_byte));
                        let mut http = stage.http.borrow_mut();
                        http.replace(when, Release::new(other, "\"v2\""));
                        let mut coap = stage.coap.borrow_mut();
                        coap.replace(when, Release::new(other, "v2"));
                        stage.world.power_off();
                    }
                });
                assert_eq!(seen.outcome(), Some(1), "{way:?} at {at}: {seen:?}");
                let holds = stage.world.firmware().holds((0..SIZE).map(other_byte));
                assert!(holds, "{way:?} at {at}");
            });
        }
    }
}

/// Operations of the storage's flash before a server writes /5/0/1, and before it is told of the download.
fn storage_operations() -> (u32, u32) {
    stage(5, |stage| {
        let operations = || stage.world.flash().borrow().operations();
        let mut before = None;
        stage.watch_lives(&mut Seen::default(), &mut Unverified, |seen| {
            if before.is_none() && seen.result.is_some() {
                stage.ask(download(Way::Coap.uri()));
                before = Some(operations());
            }
            seen.state == Some(1)
        });
        (before.unwrap(), operations())
    })
}

/// What a server was answered is done: where the power fails while the URI is stored, it was not answered, and writes it
/// again.
#[test]
fn a_download_that_was_answered_is_not_lost() {
    let (from, to) = storage_operations();
    assert!(to - from >= 2, "{from} to {to}");
    for operation in from..to {
        for per_mille in [0, 300, 700, 1000] {
            stage(5, |stage| {
                stage.storage_cut.set(Some((operation, per_mille)));
                let (mut seen, mut asked) = (Seen::default(), 0);
                let stop = stage.watch_lives(&mut seen, &mut Unverified, |seen| {
                    let answered = |path: &str| {
                        let answers = seen.answers.iter();
                        answers.filter(|(of, _)| of == path).count()
                    };
                    // The last of what the server wants of a device that registers.
                    let lives = answered("/5/0/5");
                    if answered("/5/0/1") == 0 && lives > asked {
                        stage.ask(download(Way::Coap.uri()));
                        asked = lives;
                    }
                    seen.state == Some(2)
                });
                let what = format!("{per_mille} of operation {operation}");
                let cuts = stage.recording.count(|entry| *entry == Entry::PowerLost);
                assert_eq!((cuts, stop), (1, Stop::Condition), "{what}");
            });
        }
    }
}

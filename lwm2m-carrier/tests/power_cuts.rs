//! Power fails inside each flash write and erase, and at each key write, of a first bootstrap: the next boot registers,
//! and does not bootstrap again once the bootstrap server has been told that all is well. After a cut in a change of the
//! account, no key of the other one is left behind.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed test panics"
)]

mod bench;

use core::cell::Cell;

use carrier_mock::modem::{KeyCut, KeyStoreMode};
use carrier_mock::recorder::{Direction, Entry, MessageHead};
use carrier_mock::server::Request;
use carrier_mock::world::Stop;
use lwm2m_carrier::Event;
use lwm2m_carrier::hal::{CredentialKind, SecurityTag};
use lwm2m_core::wire::coap::{Code, Kind};

use bench::stage::stage;
use bench::{ENDPOINT, Manner, Recording, SERVER_KEY, Setup, boot_with, secure_profile};

/// Where the power fails.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// Inside this operation of the flash, when so many per mille of its words are done.
    Flash(u32, u16),
    /// At this write of a credential.
    Key(u32, KeyCut),
}

/// Whether the recording has an answer of the device to Bootstrap-Finish that says it is accepted.
fn finish_is_accepted(recording: &Recording) -> bool {
    let is = |entry: &Entry, wanted: Direction, test: &dyn Fn(&MessageHead) -> bool| matches!(entry, Entry::Message { direction, head, .. } if *direction == wanted && test(head));
    let entries = recording.entries();
    let finish = entries.iter().find_map(|(_, entry)| match entry {
        Entry::Message {
            direction: Direction::ToDevice,
            head,
            ..
        } if head.code == Code::POST && head.path == "/bs" => Some(head.message_id),
        _ => None,
    });
    finish.is_some_and(|id| {
        let accepted = |head: &MessageHead| {
            head.kind == Kind::Ack && head.code == Code::CHANGED && head.message_id == id
        };
        entries
            .iter()
            .any(|(_, entry)| is(entry, Direction::FromDevice, &accepted))
    })
}

/// Bootstrap-Requests of the device, sendings again left out.
fn bootstrap_requests(recording: &Recording) -> usize {
    let mut ids = Vec::new();
    for (_, entry) in recording.entries() {
        if let Entry::Message {
            direction: Direction::FromDevice,
            head,
            ..
        } = entry
            && head.code == Code::POST
            && head.path == "/bs"
            && !ids.contains(&head.message_id)
        {
            ids.push(head.message_id);
        }
    }
    ids.len()
}

/// One first bootstrap with a power cut, and the boot after it. `None` when the cut lies behind the end; else whether
/// Bootstrap-Finish had been accepted before.
fn survive(keys: KeyStoreMode, cut: Cut) -> Option<bool> {
    stage(|stage| {
        stage.world.keys().set_mode(keys);
        match cut {
            Cut::Flash(operation, per_mille) => stage
                .world
                .flash()
                .borrow_mut()
                .cut_at(operation, per_mille),
            Cut::Key(write, how) => stage.world.keys().cut_power_at_write(write, how),
        }
        match stage.boot_until_registered(keys) {
            Ok(Stop::Condition) => return None,
            stop => assert_eq!(stop, Ok(Stop::PowerLost), "{cut:?}"),
        }
        let accepted = finish_is_accepted(stage.recording);
        stage.reboot();
        let stop = stage.boot_until_registered(keys);
        assert_eq!(
            stop,
            Ok(Stop::Condition),
            "{cut:?} {:#?}",
            stage.recording.entries()
        );
        assert!(stage.server.borrow().registration(ENDPOINT).is_some());
        if accepted {
            let requests = bootstrap_requests(stage.recording);
            assert_eq!(requests, 0, "{cut:?} {:#?}", stage.recording.entries());
        }
        Some(accepted)
    })
}

/// All cuts of a kind: how many fell before and how many behind the answer to Bootstrap-Finish.
fn survive_all(keys: KeyStoreMode, cuts: impl Fn(u32) -> Vec<Cut>) -> (usize, usize) {
    let (mut before, mut behind) = (0, 0);
    for number in 0.. {
        let outcomes: Vec<Option<bool>> = cuts(number)
            .into_iter()
            .map(|cut| survive(keys, cut))
            .collect();
        if outcomes.contains(&None) {
            break;
        }
        behind += outcomes
            .iter()
            .filter(|outcome| **outcome == Some(true))
            .count();
        before += outcomes
            .iter()
            .filter(|outcome| **outcome == Some(false))
            .count();
    }
    (before, behind)
}

#[test]
fn a_power_cut_in_any_flash_operation_is_survived() {
    for keys in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        let (before, behind) = survive_all(keys, |n| {
            [0, 300, 700, 1_000]
                .map(|per_mille| Cut::Flash(n, per_mille))
                .to_vec()
        });
        // Otherwise the test has not seen what it is about.
        assert!(
            before >= 8 && behind >= 4,
            "{keys:?}: {before} before, {behind} behind the answer"
        );
    }
}

#[test]
fn a_power_cut_at_any_key_write_is_survived() {
    for keys in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        let (before, behind) = survive_all(keys, |n| {
            [KeyCut::Before, KeyCut::Torn, KeyCut::After]
                .map(|how| Cut::Key(n, how))
                .to_vec()
        });
        // Identity and key of the bootstrap server, then those of the server.
        assert!(
            before >= 6 && behind >= 6,
            "{keys:?}: {before} before, {behind} behind the answer"
        );
    }
}

/// How a device comes to another account.
#[derive(Clone, Copy, Debug)]
enum Change {
    Bootstrap,
    FactoryReset,
}

/// A change of the account of a registered device, with a power cut in the flash operation that is `number` behind its
/// beginning. `false` when that lies behind the end.
fn change_survives(keys: KeyStoreMode, change: Change, number: u32, per_mille: u16) -> bool {
    stage(|stage| {
        let setup = Setup { woken: true, keys };
        let begun = Cell::new(false);
        let changed = || begun.get() && stage.recording.has_event(|e| *e == Event::Bootstrapped);
        let stop = boot_with(
            stage.world,
            setup,
            secure_profile(),
            Manner::Plain,
            changed,
            async |handle| {
                handle.registered(101).await;
                stage.recording.clear();
                {
                    let mut flash = stage.world.flash().borrow_mut();
                    let operation = flash.operations() + number;
                    flash.cut_at(operation, per_mille);
                }
                begun.set(true);
                match change {
                    Change::FactoryReset => handle.factory_reset().unwrap(),
                    Change::Bootstrap => {
                        let trigger = Request::execute("/1/0/9", "");
                        assert!(stage.server.borrow_mut().request(ENDPOINT, trigger));
                    }
                }
                core::future::pending().await
            },
        );
        if stop == Ok(Stop::PowerLost) {
            stage.reboot();
            assert_eq!(stage.boot_until_registered(keys), Ok(Stop::Condition));
        }
        let case = format!("{keys:?} {change:?} {number} {per_mille}");
        let holds_key = |tag| {
            let keys = stage.world.keys();
            keys.holds(SecurityTag(tag), CredentialKind::Psk, SERVER_KEY)
        };
        assert!(holds_key(26) != holds_key(27), "{case}");
        // Identity and key of the bootstrap server, and of the server.
        assert_eq!(stage.world.keys().count(), 4, "{case}");
        stop == Ok(Stop::PowerLost)
    })
}

#[test]
fn no_key_is_left_behind_wherever_the_power_fails() {
    for keys in [KeyStoreMode::OfflineOnly, KeyStoreMode::Online] {
        for change in [Change::Bootstrap, Change::FactoryReset] {
            let cuts = (0..).take_while(|&number| {
                let cut = |per_mille| change_survives(keys, change, number, per_mille);
                [0, 300, 700, 1_000].map(cut) == [true; 4]
            });
            // The staged account is stored, then the account, and the staged one is erased.
            assert!(cuts.count() >= 6, "{keys:?} {change:?}");
        }
    }
}

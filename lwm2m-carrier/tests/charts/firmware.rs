//! Charts 3 and 6: what lies beside what they draw.

use carrier_mock::charts::{
    CA_TAG, CERTIFICATE, MODEM_UPDATE, SECURE_URI, Told, UPDATE_REFUSED, secure_update,
};
use carrier_mock::recorder::{Direction, Entry, FirmwareOperation, MessageHead, Recorded};
use carrier_mock::world::Stop;
use lwm2m_carrier::hal::{CaTags, RecordId};
use lwm2m_carrier::{Cause, ErrorKind, Event, Response};
use lwm2m_core::wire::coap::Code;

use crate::{Life, count, is_key_write, is_tag_box, live, lives};

/// The record of a firmware update.
const FIRMWARE_RECORD: RecordId = RecordId(4);

/// Where the first entry is for which `is` holds, behind the entry `after`.
fn find(recording: &[Recorded], after: usize, is: impl Fn(&Entry) -> bool) -> Option<usize> {
    let rest = recording.get(after + 1..)?;
    let found = rest.iter().position(|recorded| is(&recorded.entry))?;
    Some(after + 1 + found)
}

fn event(recording: &[Recorded], after: usize, event: &Event) -> usize {
    find(recording, after, |entry| *entry == Entry::Event(*event)).unwrap()
}

fn message(entry: &Entry, way: Direction) -> Option<&MessageHead> {
    match entry {
        Entry::Message {
            direction, head, ..
        } if *direction == way => Some(head),
        _ => None,
    }
}

fn asked(entry: &Entry, wanted: FirmwareOperation) -> bool {
    matches!(entry, Entry::Firmware { operation, result: Ok(()) } if *operation == wanted)
}

/// The events behind an entry.
fn events(recording: &[Recorded], after: usize) -> Vec<Event> {
    let events = recording[after + 1..].iter().filter_map(|r| match r.entry {
        Entry::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

fn values(told: &[Told]) -> Vec<(u8, u8)> {
    let values = told.iter().map(|told| (told.resource, told.value));
    values.collect()
}

#[test]
fn chart_3_modem_update() {
    for life in lives(&MODEM_UPDATE) {
        assert_eq!(life.end, Ok(Stop::Condition));
        let recording = life.recording.as_slice();
        let start = event(recording, 0, &Event::FotaStart);

        // In the first "...": the download, then the Execute, whose answer leaves before the link is touched.
        let complete = find(recording, start, |entry| {
            asked(entry, FirmwareOperation::Finish { size: 60_000 })
        });
        let is_execute = |entry: &Entry| {
            message(entry, Direction::ToDevice)
                .is_some_and(|head| (head.code, head.path.as_str()) == (Code::POST, "/5/0/2"))
        };
        let execute = find(recording, complete.unwrap(), is_execute).unwrap();
        let request = message(&recording[execute].entry, Direction::ToDevice).unwrap();
        let answered = find(recording, execute, |entry| {
            message(entry, Direction::FromDevice).is_some_and(|head| head.token == request.token)
        })
        .unwrap();
        let answer = message(&recording[answered].entry, Direction::FromDevice).unwrap();
        assert_eq!(answer.code, Code::CHANGED);
        let disconnecting = event(recording, start, &Event::Disconnecting);
        assert!(answered < disconnecting);
        let is_link = |entry: &Entry| matches!(entry, Entry::Link(_));
        let down = find(recording, start, is_link).unwrap();
        assert!(disconnecting < down);

        // The cycle is the modem's restart; how it went is stored before the link comes up again.
        let restarted = find(recording, down, |entry| {
            asked(entry, FirmwareOperation::RestartModem)
        });
        let asked_for = find(recording, restarted.unwrap(), |entry| {
            asked(entry, FirmwareOperation::Outcome)
        });
        let stored = find(
            recording,
            asked_for.unwrap(),
            |entry| matches!(entry, Entry::Stored { id, result: Ok(()), .. } if *id == FIRMWARE_RECORD),
        );
        let connecting = event(recording, down, &Event::Connecting);
        assert!(stored.unwrap() < connecting);

        // The device was not restarted: it registers nevertheless, and does not send an Update.
        let connected = event(recording, connecting, &Event::Connected);
        let first = find(recording, connected, |entry| {
            message(entry, Direction::FromDevice).is_some()
        });
        let first = first.unwrap();
        let head = message(&recording[first].entry, Direction::FromDevice).unwrap();
        assert_eq!((head.code, head.path.as_str()), (Code::POST, "/rd"));

        // State 0 and result 1 are what the server reads first.
        let told: Vec<Told> = life.told.clone();
        let read = told.iter().position(|told| told.at > recording[first].at);
        assert_eq!(values(&told[read.unwrap()..]), [(3, 0), (5, 1)]);

        // In the last "...".
        let registered = Event::Registered { server: 101 };
        let registered = event(recording, connected, &registered);
        assert_eq!(events(recording, registered), [Event::FotaSuccess]);
        assert_no_restart(recording);
        assert_eq!(count(&recording[start..], is_key_write), 0);
    }
}

fn assert_no_restart(recording: &[Recorded]) {
    for Recorded { entry, .. } in recording {
        assert_ne!(*entry, Entry::Event(Event::Reboot));
        assert!(!matches!(
            entry,
            Entry::Boot | Entry::Reset | Entry::PowerLost
        ));
    }
}

#[test]
fn chart_6_update_refused() {
    for life in lives(&UPDATE_REFUSED) {
        assert_refused(&life);
        let recording = life.recording.as_slice();
        let part = UPDATE_REFUSED.part.of(recording).unwrap();
        assert_eq!(count(part, is_tag_box), 1);
        // The tags are those that the application has answered with.
        let tags = Response::CaTags(CaTags::new(&[CA_TAG]).unwrap());
        assert!(find(recording, 0, |entry| *entry == Entry::Response(tags)).is_some());
    }
}

/// The update has ended with ERROR FOTA_CONN; the link has stayed up, and no key was written for it.
fn assert_refused(life: &Life) {
    assert_eq!(life.end, Ok(Stop::Condition));
    let recording = life.recording.as_slice();
    let start = event(recording, 0, &Event::FotaStart);
    let events = events(recording, start);
    let [Event::Error(error)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        (error.kind, error.errno()),
        (ErrorKind::FotaConnection, 111)
    );
    assert!(matches!(error.cause, Cause::Session(_)));
    let rest = &recording[start..];
    assert_eq!(count(rest, is_key_write), 0);
    assert_eq!(
        count(rest, |recorded| matches!(recorded.entry, Entry::Link(_))),
        0
    );
    assert_no_restart(recording);
    // Idle, then downloading, then idle with result 4: connection lost.
    assert_eq!(values(&life.told), [(3, 0), (5, 0), (3, 1), (3, 0), (5, 4)]);
}

/// Nobody listens there: the same events, though no certificate was looked at.
#[test]
fn chart_6_nobody_listens() {
    for mode in UPDATE_REFUSED.modes {
        let course = secure_update("https://files.example:444/modem", CERTIFICATE, 4);
        let life = live(&course, *mode);
        assert_refused(&life);
    }
}

/// The tags matter: with the authority that they stand for, the same device takes the package.
#[test]
fn chart_6_the_right_authority() {
    for mode in UPDATE_REFUSED.modes {
        let life = live(&secure_update(SECURE_URI, CERTIFICATE, 1), *mode);
        assert_eq!(life.end, Ok(Stop::Condition));
        assert!(count(&life.recording, is_tag_box) > 0);
    }
}

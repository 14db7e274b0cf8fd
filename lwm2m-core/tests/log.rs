//! What is recorded through `log`: what the client does, and what it refuses, but no key.
// With `defmt` on as well, records go there.
#![cfg(not(feature = "defmt"))]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use core::cell::RefCell;

use common::{Device, ENDPOINT, SERVER, post, put, sent};
use log::{Level, LevelFilter, Log, Metadata, Record};
use lwm2m_core::wire::coap::Code;

/// The pre-shared key that a bootstrap server writes, in letters, so that it would be seen however it is printed.
const KEY: &str = "SixteenByteKey!!";

thread_local! {
    /// What was recorded, in this test.
    static RECORDS: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        RECORDS.with_borrow_mut(|records| {
            records.push((record.level(), record.args().to_string()));
        });
    }

    fn flush(&self) {}
}

fn record() {
    // Another test may have been first.
    let _ = log::set_logger(&Recorder);
    log::set_max_level(LevelFilter::Trace);
}

/// What was recorded since the last call.
fn recorded() -> Vec<(Level, String)> {
    RECORDS.take()
}

/// A text in hexadecimal digits.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// An entry of TLV with a value of 8 to 255 bytes.
fn entry(id: u8, value: &str) -> String {
    format!("c8{id:02x}{:02x}{}", value.len(), hex(value))
}

#[test]
fn a_registration_is_recorded() {
    record();
    let mut device = Device::registered();
    assert_eq!(
        device.ask(&put("/3/0/0").text("x")).code(),
        Code::METHOD_NOT_ALLOWED
    );
    assert_eq!(device.receive(&[0x40]), []);
    assert_eq!(
        recorded(),
        [
            (Level::Info, "session 0: requested for account 0"),
            (Level::Info, "session 0: Open { resumed: true }"),
            (Level::Debug, "session 0: Register sent"),
            (Level::Debug, "session 0: Register answered: 2.01"),
            (Level::Info, "Registered { server: 1 }"),
            (
                Level::Debug,
                "session 0: 0.03 of Path(/3/0/0) refused: 4.05"
            ),
            (Level::Debug, "session 0: malformed: Ignore"),
        ]
        .map(|(level, text)| (level, text.to_string()))
    );
}

#[test]
fn a_bootstrap_is_recorded_but_no_key() {
    record();
    let mut device = Device::factory_fresh();
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.reply(Code::CHANGED));

    let account = [
        &entry(0, "coaps://192.0.2.9"),
        "c10100c10200",
        &entry(3, ENDPOINT),
        &entry(5, KEY),
        "c10a07",
    ]
    .concat();
    let write = put("/0/1").tlv(&account);
    assert_eq!(device.ask(&write).code(), Code::CHANGED);
    // In no format that is known, to no place that is known, and cut short.
    let cbor = put("/0/1").uint(12, 60).payload(KEY.as_bytes());
    assert_eq!(device.ask(&cbor).code(), Code::UNSUPPORTED_CONTENT_FORMAT);
    assert_eq!(
        device.ask(&put("/4711/0/5").text(KEY)).code(),
        Code::NOT_FOUND
    );
    let cut = put("/0/2").tlv(&account[..account.len() - 2]);
    assert_eq!(device.ask(&cut).code(), Code::BAD_REQUEST);
    let server = put("/1/1").tlv("c10007c2010e10c10600c10755");
    assert_eq!(device.ask(&server).code(), Code::CHANGED);
    device.receive(&post("/bs").bytes());
    device.finish_bootstrap(true);
    device.wait(10);

    let records = recorded();
    let texts: Vec<_> = records.iter().map(|(_, text)| text.as_str()).collect();
    for expected in [
        "bootstrap at account 0 in 0 s",
        "session 0: BootstrapRequest sent",
        "session 0: BootstrapRequest answered: 2.04",
        "bootstrap: Begin",
        "session 0: 0.03 of Path(/0/1) refused: 4.15",
        "session 0: 0.03 of Path(/4711/0/5) refused: 4.04",
        "session 0: 0.03 of Path(/0/2) refused: 4.00",
        "BootstrapFinishing",
        "bootstrap: Commit",
        "Bootstrapped",
        "session 0: closed",
    ] {
        assert!(texts.contains(&expected), "{expected}: {texts:#?}");
    }
    let bytes = format!("{:?}", &KEY.as_bytes()[..4]);
    for text in texts {
        let lower = text.to_lowercase();
        assert!(!text.contains(&KEY[..4]), "{text}");
        assert!(!lower.contains(&hex(&KEY[..4])), "{text}");
        assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}

#[test]
fn what_a_failed_bootstrap_did_is_recorded_as_undone() {
    record();
    let mut device = Device::factory_fresh();
    device.start();
    let request = sent(&device.open(SERVER));
    device.receive(&request.reply(Code::CHANGED));
    // An account of which there is no Server instance.
    let account = put("/0/1").tlv("c80010636f61703a2f2f3139322e302e322e39c10100c10203c10a07");
    assert_eq!(device.ask(&account).code(), Code::CHANGED);
    recorded();
    device.receive(&post("/bs").bytes());
    let records = recorded();
    let texts: Vec<_> = records.iter().map(|(_, text)| text.as_str()).collect();
    assert!(texts.contains(&"bootstrap: Rollback"), "{texts:#?}");
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("BootstrapFailed { failure: Inconsistent")),
        "{texts:#?}"
    );
    assert!(
        texts.contains(&"session 0: 0.02 of Bootstrap refused: 4.06"),
        "{texts:#?}"
    );
}

//! The program `carrier-demo` as a user runs it.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::process::{Command, Output};

fn demo() -> Output {
    Command::new(env!("CARGO_BIN_EXE_carrier-demo"))
        .output()
        .unwrap()
}

#[test]
fn the_device_lives_its_life_and_tells_it_in_order() {
    let output = demo();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("LWM2M_CARRIER_EVENT_"));
    // The sequence charts of initialisation and bootstrap; a loss of coverage; a server that is gone; two requests to
    // restart; the next life.
    let expected = "BSDLIB_INIT CONNECTING CONNECTED \
        DISCONNECTING DISCONNECTED CONNECTING CONNECTED BOOTSTRAPPED LTE_READY REGISTERED \
        DISCONNECTED CONNECTED LTE_READY REGISTERED \
        DEFERRED REGISTERED \
        REBOOT REBOOT \
        BSDLIB_INIT CONNECTING CONNECTED LTE_READY REGISTERED \
        DEREGISTERED DISCONNECTING DISCONNECTED";
    assert_eq!(
        names.collect::<Vec<_>>(),
        expected.split_whitespace().collect::<Vec<_>>(),
        "{text}"
    );
    // The keys that the bootstrap server has sent are written while the link is down.
    let part = |from: &str, to: &str| {
        let rest = &text[text.find(from).unwrap()..];
        &rest[..rest.find(to).unwrap()]
    };
    let offline = part("EVENT_DISCONNECTED", "EVENT_CONNECTING");
    assert_eq!(offline.matches(" keys ").count(), 2, "{text}");
    assert!(text.contains("\nbootstraps     1\n"), "{text}");
    for secret in ["factory-secret", "server-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn every_run_tells_the_same() {
    assert_eq!(demo().stdout, demo().stdout);
}

#[test]
fn an_output_that_cannot_be_written_is_a_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_carrier-demo"))
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(
        errors.starts_with("carrier-demo: the output cannot be written"),
        "{errors}"
    );
}

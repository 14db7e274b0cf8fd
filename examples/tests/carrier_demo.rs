//! The program `carrier-demo` as a user runs it.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::process::{Command, Output};

fn demo() -> Output {
    Command::new(env!("CARGO_BIN_EXE_carrier-demo"))
        .output()
        .unwrap()
}

/// All events, boot by boot.
const EVENTS: [&str; 6] = [
    // The certificate cannot be written.
    "BSDLIB_INIT CERTS_INIT",
    // Initialisation and bootstrap; a loss of coverage; a server that is gone; firmware for the modem; firmware that is
    // refused; firmware for the application.
    "BSDLIB_INIT CERTS_INIT CONNECTING CONNECTED \
     DISCONNECTING DISCONNECTED CONNECTING CONNECTED BOOTSTRAPPED LTE_READY REGISTERED \
     DISCONNECTED CONNECTED LTE_READY REGISTERED \
     DEFERRED REGISTERED \
     FOTA_START DISCONNECTING DISCONNECTED CONNECTING CONNECTED LTE_READY REGISTERED FOTA_SUCCESS \
     FOTA_START ERROR \
     FOTA_START REBOOT",
    // The result, and a download that the power cuts off.
    "BSDLIB_INIT CERTS_INIT CONNECTING CONNECTED LTE_READY REGISTERED FOTA_SUCCESS FOTA_START",
    // It goes on; two requests to restart.
    "BSDLIB_INIT CERTS_INIT CONNECTING CONNECTED LTE_READY FOTA_START REGISTERED \
     DISCONNECTING DISCONNECTED CONNECTING CONNECTED LTE_READY REGISTERED FOTA_SUCCESS \
     REBOOT REBOOT",
    "BSDLIB_INIT CERTS_INIT CONNECTING CONNECTED LTE_READY REGISTERED",
    // The end.
    "DEREGISTERED DISCONNECTING DISCONNECTED",
];

/// The events of the sequence charts by their numbers; with the application's certificates, CERTS_INIT stands in the first.
const CHARTS: [(u8, &str); 6] = [
    (1, "BSDLIB_INIT CERTS_INIT CONNECTING CONNECTED"),
    (
        2,
        "DISCONNECTING DISCONNECTED CONNECTING CONNECTED BOOTSTRAPPED LTE_READY REGISTERED",
    ),
    (
        3,
        "FOTA_START DISCONNECTING DISCONNECTED CONNECTING CONNECTED LTE_READY REGISTERED",
    ),
    (4, "BSDLIB_INIT CERTS_INIT CONNECTING"),
    (5, "BSDLIB_INIT CERTS_INIT BSDLIB_INIT"),
    (6, "FOTA_START ERROR"),
];

#[test]
fn the_device_lives_its_life_and_tells_it_in_order() {
    let output = demo();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert_eq!(errors, "");
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("LWM2M_CARRIER_EVENT_"))
        .collect();
    assert_eq!(names.join(" "), EVENTS.join(" "), "{text}");
    for (chart, events) in CHARTS {
        assert!(names.join(" ").contains(events), "chart {chart}: {text}");
    }
    // The keys that the bootstrap server has sent are written while the link is down.
    let part = |from: &str, to: &str| {
        let rest = &text[text.find(from).unwrap()..];
        &rest[..rest.find(to).unwrap()]
    };
    let offline = part("EVENT_DISCONNECTED (as requested)", "EVENT_CONNECTING");
    assert_eq!(offline.matches(" keys ").count(), 2, "{text}");
    assert!(text.contains("\nbootstraps     1\n"), "{text}");
    // Chart 6: the number is ECONNREFUSED. The link stays up, and no key is written.
    let refused = part("another authority: the", "Firmware for the application");
    assert!(
        refused.contains("(LWM2M_CARRIER_ERROR_FOTA_CONN 111: "),
        "{text}"
    );
    assert!(refused.contains("/5/0/5 has changed = 4"), "{text}");
    for other in ["  link  ", "  keys  ", "REBOOT"] {
        assert!(!refused.contains(other), "{text}");
    }
    // A download that was cut off goes on where it stopped.
    let resumed = part("The power is back", "The server asks for a restart");
    assert!(resumed.contains("if unchanged: 206"), "{text}");
    assert!(resumed.contains("/5/0/5: 2.05 = 1 (success)"), "{text}");
    // A package is a few lines, not one for each of its parts.
    let pushed = part("Firmware for the application", "The new application starts");
    assert!(pushed.matches(" /5/0/0").count() < 6, "{text}");
    assert!(text.matches(" bytes written").count() < 24, "{text}");
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

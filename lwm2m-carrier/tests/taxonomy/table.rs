//! `docs/errors.md` against the library and the tests: every row of the published tables is there, with a test that
//! exists or with the reason why there is none.

use std::fs;
use std::path::{Path, PathBuf};

use lwm2m_carrier::{DeferredReason, ErrorKind};

/// Errors and their values, as the releases have published them.
const ERRORS: &[(&str, &[&str])] = &[
    ("NO_ERROR", &[]),
    ("CONNECT_FAIL", &[]),
    ("LTE_LINK_UP_FAIL", &[]),
    ("DISCONNECT_FAIL", &[]),
    ("LTE_LINK_DOWN_FAIL", &[]),
    (
        "BOOTSTRAP",
        &["key write", "0,", "ETIMEDOUT", "EACCES", "EFAULT"],
    ),
    ("FOTA_PKG", &[]),
    ("FOTA_PROTO", &[]),
    ("FOTA_CONN", &["ECONNREFUSED"]),
    ("FOTA_CONN_LOST", &[]),
    ("FOTA_FAIL", &[]),
    ("SERVICE_UNAVAILABLE", &[]),
    (
        "CONFIGURATION",
        &["E2BIG", "EFAULT", "ENOENT", "EINVAL", "EBADR"],
    ),
    ("INIT", &["EIO", "EACCES", "ENOMEM"]),
    ("INTERNAL", &[]),
    ("RUN", &[]),
    ("CONNECT", &["EHOSTUNREACH", "ENOTSUP", "EPERM"]),
];

/// Values of FOTA_FAIL, in all releases that have it alone.
const FOTA_FAIL: &[&str] = &[
    "ECONNREFUSED",
    "EINVAL",
    "E2BIG",
    "EFBIG",
    "ENOMEM",
    "ENOTSUP",
    "EBADR",
    "ETIMEDOUT",
    "ECANCELED",
    "ENETDOWN",
    "ENETUNREACH",
    "EFAULT",
    "EIO",
    "EBADF",
    "EPERM",
];

const REASONS: [DeferredReason; 10] = [
    DeferredReason::NoReason,
    DeferredReason::PdnActivate,
    DeferredReason::BootstrapNoRoute,
    DeferredReason::BootstrapConnect,
    DeferredReason::BootstrapSequence,
    DeferredReason::ServerNoRoute,
    DeferredReason::ServerConnect,
    DeferredReason::ServerRegistration,
    DeferredReason::ServiceUnavailable,
    DeferredReason::SimMsisdn,
];

const KINDS: [ErrorKind; 11] = [
    ErrorKind::ConnectFail,
    ErrorKind::DisconnectFail,
    ErrorKind::Bootstrap,
    ErrorKind::FotaPackage,
    ErrorKind::FotaProtocol,
    ErrorKind::FotaConnection,
    ErrorKind::FotaConnectionLost,
    ErrorKind::FotaFail,
    ErrorKind::Configuration,
    ErrorKind::Init,
    ErrorKind::Internal,
];

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn document() -> String {
    fs::read_to_string(package().join("../docs/errors.md")).unwrap()
}

/// The cells of the rows below a heading, without the heads of the tables.
fn rows<'d>(document: &'d str, heading: &str) -> Vec<Vec<&'d str>> {
    let below = document.split("\n## ").find(|part| {
        part.lines()
            .next()
            .is_some_and(|line| line.trim_end() == heading)
    });
    let lines = below.unwrap_or_else(|| panic!("no {heading}")).lines();
    lines
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells.map(str::trim).collect()
        })
        .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether the cell names the error, with or without the prefix.
fn names(cell: &str, name: &str) -> bool {
    quoted(cell).any(|quoted| {
        let short = quoted.strip_prefix("LWM2M_CARRIER_ERROR_");
        short.unwrap_or(quoted) == name
    })
}

#[test]
fn every_name_of_the_library_is_there() {
    let document = document();
    let deferrals = rows(&document, "Deferrals");
    for (number, reason) in REASONS.into_iter().enumerate() {
        let row = &deferrals[number];
        assert!(row[0].starts_with(&number.to_string()), "{row:?}");
        let name = format!("`{}`", reason.chart_name());
        assert_eq!(row[1], name);
    }
    assert_eq!(deferrals.len(), REASONS.len());
    let errors = rows(&document, "Errors");
    for kind in KINDS {
        let name = kind.chart_name();
        let told = |row: &&Vec<&str>| quoted(row[0]).any(|quoted| quoted == name);
        assert!(errors.iter().any(|row| told(&row)), "{name}");
    }
}

#[test]
fn every_published_row_is_there() {
    let document = document();
    let errors = rows(&document, "Errors");
    for (name, values) in ERRORS {
        let of_name = || errors.iter().filter(|row| names(row[0], name));
        assert!(of_name().next().is_some(), "{name}");
        for value in *values {
            let is = |row: &&Vec<&str>| row[1].replace('`', "").starts_with(value);
            assert!(of_name().any(|row| is(&row)), "{name} {value}");
        }
    }
    let values = rows(&document, "Firmware updates, by value");
    for value in FOTA_FAIL {
        let row = |row: &Vec<&str>| row[0] == format!("`{value}`");
        assert!(values.iter().any(row), "FOTA_FAIL {value}");
    }
}

#[test]
fn every_row_has_a_test_or_a_reason() {
    let document = document();
    for heading in ["Deferrals", "Errors", "Firmware updates, by value"] {
        for row in rows(&document, heading) {
            assert_eq!(row.len(), 4, "{row:?}");
            let end = row[3];
            let test = quoted(end).any(|quoted| quoted.contains(".rs::"));
            let reason = end
                .strip_prefix("cannot occur: ")
                .is_some_and(|reason| !reason.is_empty());
            assert!(test || reason, "{row:?}");
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let document = document();
    let named: Vec<_> = quoted(&document)
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(file, _)| file.ends_with(".rs"))
        .collect();
    assert!(named.len() > 40, "{}", named.len());
    for (file, test) in named {
        let path = package().join("tests").join(file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let wanted = format!("#[test]\nfn {test}() {{");
        assert!(source.contains(&wanted), "{file} has no test {test}");
    }
}

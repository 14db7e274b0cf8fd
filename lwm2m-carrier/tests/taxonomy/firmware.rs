//! Errors of firmware updates, and the values by which hosts of later releases tell them apart.

use carrier_mock::modem::FirmwareCall;
use carrier_mock::server::Request;
use carrier_mock::server::firmware::HttpFault;
use carrier_mock::world::{Door, Stop};
use lwm2m_carrier::errno;
use lwm2m_carrier::fota::{Unverified, Verifier, VerifierError};
use lwm2m_carrier::hal::{CredentialKind, FirmwareError, FirmwareErrorKind, Installed};
use lwm2m_core::client::BackOff;
use lwm2m_core::wire::coap::Code;

use crate::fota::{CA_TAG, HTTP, HTTPS, Seen, Stage, TEXT, address, stage};

const WATCH: &[Request<'static>] = &[
    Request::observe("/5/0/3").accept(TEXT),
    Request::observe("/5/0/5").accept(TEXT),
];

const PLAIN: &str = "http://files.example/fw";
const TLS: &str = "https://files.example/fw";

fn package_at(uri: &'static str) -> Request<'static> {
    Request::write("/5/0/1", TEXT, uri.as_bytes())
}

/// The errors of the story: name and number.
fn errors(stage: &Stage<'_, '_>) -> Vec<String> {
    let story = stage.recording.story().into_iter();
    story.filter(|event| event.contains(' ')).collect()
}

/// Updates from `uri` until the server reads `result`; every error that the application has heard of on the way.
fn update(
    stage: &Stage<'_, '_>,
    verifier: &mut dyn Verifier,
    uri: &'static str,
    result: u8,
) -> Vec<String> {
    let mut seen = Seen::default();
    stage.server.borrow_mut().set_script(WATCH);
    let mut step = 0;
    let mut ended = || {
        stage.watch(&mut seen);
        match step {
            0 if seen.result.is_some() => {
                stage.ask(package_at(uri));
                seen.result = None;
                step = 1;
            }
            1 if seen.state == Some(2) => {
                stage.ask(Request::execute("/5/0/2", ""));
                step = 2;
            }
            _ => {}
        }
        step > 0 && seen.state == Some(0) && seen.result == Some(result)
    };
    loop {
        match stage.boot_verified(verifier, &mut ended) {
            Stop::Reset => stage.world.reboot(),
            stop => {
                assert_eq!(stop, Stop::Condition, "{:?}", stage.recording.story());
                break;
            }
        }
    }
    errors(stage)
}

/// An update that fails with one error and this result (Core 1.1.1, appendix E.6).
fn fails(prepare: impl FnOnce(&Stage<'_, '_>), uri: &'static str, error: &str, result: u8) {
    stage(7, |stage| {
        prepare(stage);
        assert_eq!(update(stage, &mut Unverified, uri, result), [error]);
        let story = stage.recording.story();
        assert!(story.contains(&"FOTA_START".to_owned()), "{story:?}");
    });
}

fn slot(call: FirmwareCall, kind: FirmwareErrorKind, errno: i32) -> impl FnOnce(&Stage<'_, '_>) {
    move |stage| {
        let error = FirmwareError::new(kind, errno);
        stage.world.firmware().fail(call, 0, error).unwrap();
    }
}

fn http(fault: HttpFault<'static>) -> impl FnOnce(&Stage<'_, '_>) {
    move |stage| assert!(stage.http.borrow_mut().add_fault(fault))
}

/// Three attempts, ten seconds apart.
fn impatient(stage: &Stage<'_, '_>) {
    let profile = stage.profile.get();
    let waits = BackOff::new(&[10], 0);
    stage.profile.set(profile.with_firmware_back_off(waits, 2));
}

struct Refuses(VerifierError);

impl Verifier for Refuses {
    fn begin(&mut self, _size: u32) {}
    fn update(&mut self, _part: &[u8]) {}
    fn finish(&mut self) -> Result<(), VerifierError> {
        Err(self.0)
    }
}

#[test]
fn fota_pkg() {
    for (refusal, error, result) in [
        (VerifierError::Damaged, "FOTA_PKG 22", 5),
        (VerifierError::Untrusted, "FOTA_PKG 1", 5),
        (VerifierError::Unsupported, "FOTA_PKG 95", 6),
    ] {
        stage(7, |stage| {
            let told = update(stage, &mut Refuses(refusal), PLAIN, result);
            assert_eq!(told, [error]);
        });
    }
}

#[test]
fn fota_proto() {
    // A field that nobody has asked for, on which the package could not be read.
    let encoded = HttpFault::Encodes { times: u32::MAX };
    fails(http(encoded), PLAIN, "FOTA_PROTO 53", 9);
    fails(|_| (), "http://files.example/other", "FOTA_PROTO 2", 7);
}

#[test]
fn fota_conn() {
    // Refused by the server, and by the device that does not know its certificate authority.
    let refuses = |stage: &Stage<'_, '_>| {
        let door = Door::Refuses;
        stage.world.set_door(address(HTTP), door).unwrap();
    };
    fails(refuses, PLAIN, "FOTA_CONN 111", 4);
    let unknown = |stage: &Stage<'_, '_>| {
        stage.world.set_name("files.example", None).unwrap();
    };
    fails(unknown, PLAIN, "FOTA_CONN 2", 7);
    let refuses = HttpFault::Answers {
        status: 403,
        retry_after: None,
        times: u32::MAX,
    };
    fails(http(refuses), PLAIN, "FOTA_CONN 13", 4);
}

#[test]
fn fota_conn_lost() {
    let resets = |stage: &Stage<'_, '_>| {
        impatient(stage);
        let fault = HttpFault::Resets {
            after: 0,
            times: u32::MAX,
        };
        assert!(stage.http.borrow_mut().add_fault(fault));
    };
    fails(resets, PLAIN, "FOTA_CONN_LOST 104", 4);
}

#[test]
fn fota_fail() {
    let kind = FirmwareErrorKind::Io;
    let apply = slot(FirmwareCall::Apply, kind, 12_345);
    fails(apply, PLAIN, "FOTA_FAIL 12345", 8);
}

#[test]
fn fota_fail_econnrefused() {
    stage(7, |stage| {
        let profile = stage.profile.get();
        let profile = profile.with_certificates_from_application(false);
        stage.profile.set(profile);
        // No tags at all: nothing to try with.
        assert_eq!(update(stage, &mut Unverified, TLS, 4), ["FOTA_CONN 2"]);
    });
    stage(7, |stage| {
        // The application's certificate is overwritten as soon as it is there.
        let mut seen = Seen::default();
        stage.server.borrow_mut().set_script(WATCH);
        let mut asked = false;
        let stop = stage.live(&mut Unverified, || {
            stage.watch(&mut seen);
            if !asked && seen.result.is_some() {
                let chain = CredentialKind::CaChain;
                let keys = stage.world.keys();
                keys.provision(CA_TAG, chain, b"another authority").unwrap();
                stage.ask(package_at(TLS));
                asked = true;
            }
            !errors(stage).is_empty()
        });
        assert_eq!(stop, Stop::Condition);
        assert_eq!(errors(stage), ["FOTA_CONN 111"]);
    });
}

#[test]
fn fota_fail_einval() {
    let kind = FirmwareErrorKind::Integrity;
    let finish = slot(FirmwareCall::Finish, kind, errno::EINVAL);
    fails(finish, PLAIN, "FOTA_PKG 22", 5);
}

/// The server hears it in the answer to its Write, and nothing has begun.
#[test]
fn fota_fail_e2big() {
    const LONG: [u8; 256] = {
        let mut uri = [b'a'; 256];
        let start = *b"http://";
        let mut at = 0;
        while at < start.len() {
            uri[at] = start[at];
            at += 1;
        }
        uri
    };
    const SCRIPT: &[Request<'static>] = &[Request::write("/5/0/1", TEXT, &LONG)];
    stage(7, |stage| {
        stage.server.borrow_mut().set_script(SCRIPT);
        let mut answer = None;
        let stop = stage.live(&mut Unverified, || {
            while let Some(record) = stage.server.borrow_mut().take_record() {
                if record.request().is_some() {
                    answer = Some(record.code());
                }
            }
            answer.is_some()
        });
        assert_eq!(stop, Stop::Condition);
        assert!(matches!(
            answer,
            Some(Code::BAD_REQUEST | Code::REQUEST_ENTITY_TOO_LARGE)
        ));
        let story = stage.recording.story();
        assert!(!story.contains(&"FOTA_START".to_owned()), "{story:?}");
    });
}

#[test]
fn fota_fail_efbig() {
    let full = FirmwareErrorKind::Full;
    let begin = slot(FirmwareCall::Begin, full, errno::EFBIG);
    fails(begin, PLAIN, "FOTA_PKG 27", 2);
}

#[test]
fn fota_fail_enomem() {
    let memory = FirmwareErrorKind::Memory;
    let begin = slot(FirmwareCall::Begin, memory, errno::ENOMEM);
    fails(begin, PLAIN, "FOTA_PKG 12", 3);
}

#[test]
fn fota_fail_enotsup() {
    let unsupported = FirmwareErrorKind::Unsupported;
    let write = slot(FirmwareCall::Write, unsupported, errno::EOPNOTSUPP);
    fails(write, PLAIN, "FOTA_PKG 95", 6);
    fails(|_| (), "ftp://files.example/fw", "FOTA_PROTO 95", 9);
}

#[test]
fn fota_fail_ebadr() {
    let shifts = HttpFault::ShiftsRange {
        by: 7,
        times: u32::MAX,
    };
    let ranges = |stage: &Stage<'_, '_>| {
        let profile = stage.profile.get().with_firmware_fragment(4096);
        stage.profile.set(profile);
        assert!(stage.http.borrow_mut().add_fault(shifts));
    };
    fails(ranges, PLAIN, "FOTA_PROTO 53", 9);
}

#[test]
fn fota_fail_etimedout() {
    // Nobody lives there.
    fails(impatient, "coap://192.0.2.77/fw", "FOTA_CONN_LOST 110", 4);
}

/// The server writes an empty URI: amid the download, and when the package is there.
#[test]
fn fota_fail_ecanceled() {
    for state in [1, 2] {
        stage(7, |stage| {
            let mut seen = Seen::default();
            stage.server.borrow_mut().set_script(WATCH);
            let mut step = 0;
            let stop = stage.live(&mut Unverified, || {
                stage.watch(&mut seen);
                match step {
                    0 if seen.result.is_some() => {
                        stage.ask(package_at(PLAIN));
                        step = 1;
                    }
                    1 if seen.state == Some(state) => {
                        stage.ask(package_at(""));
                        step = 2;
                    }
                    _ => {}
                }
                step == 2 && seen.state == Some(0) && !errors(stage).is_empty()
            });
            assert_eq!(stop, Stop::Condition, "{state}");
            assert_eq!(errors(stage), ["FOTA_FAIL 125"], "{state}");
            assert_eq!(seen.result, Some(0));
        });
    }
}

/// The connection is lost amid the package, and the server is not there any more.
#[test]
fn fota_fail_enetdown() {
    stage(7, |stage| {
        impatient(stage);
        let fault = HttpFault::Resets {
            after: 100_000,
            times: 1,
        };
        assert!(stage.http.borrow_mut().add_fault(fault));
        let mut seen = Seen::default();
        stage.server.borrow_mut().set_script(WATCH);
        let mut asked = false;
        let stop = stage.live(&mut Unverified, || {
            stage.watch(&mut seen);
            if !asked && seen.result.is_some() {
                stage.ask(package_at(PLAIN));
                asked = true;
            }
            if stage.http.borrow().statistics().body_bytes > 50_000 {
                stage.world.set_door(address(HTTP), Door::NoRoute).unwrap();
            }
            asked && seen.result == Some(4)
        });
        assert_eq!(stop, Stop::Condition);
        // The port's number for a peer without a way to it.
        assert_eq!(errors(stage), ["FOTA_CONN_LOST 113"]);
    });
}

#[test]
fn fota_fail_enetunreach() {
    let nowhere = |stage: &Stage<'_, '_>| {
        impatient(stage);
        stage.world.set_door(address(HTTPS), Door::NoRoute).unwrap();
    };
    fails(nowhere, TLS, "FOTA_CONN_LOST 113", 4);
}

#[test]
fn fota_fail_efault() {
    let failed = |stage: &Stage<'_, '_>| stage.world.firmware().set_installed(Installed::Failed);
    fails(failed, PLAIN, "FOTA_FAIL 14", 8);
}

#[test]
fn fota_fail_eio() {
    let kind = FirmwareErrorKind::Io;
    let write = slot(FirmwareCall::Write, kind, errno::EIO);
    fails(write, PLAIN, "FOTA_FAIL 5", 8);
}

//! Every result of object 5 (Core 1.1.1, appendix E.6), by the causes that servers and the device can have.

use carrier_mock::modem::FirmwareCall;
use carrier_mock::recorder::{Entry, SecurityKind};
use carrier_mock::server::Request;
use carrier_mock::server::firmware::{CoapFault, HttpFault, HttpServer, Image, Release};
use carrier_mock::world::Door;
use lwm2m_carrier::fota::{Unverified, Verifier, VerifierError};
use lwm2m_carrier::hal::{
    Applied, CredentialKind, FirmwareError, FirmwareErrorKind, Installed, SecurityTag, Transport,
};

use crate::stage::{
    COAP, COAPS, Digest, HTTP, HTTPS, PACKAGE, SIZE, Stage, TEXT, UPDATES_KEY, address, byte,
    download, secs, stage, stage_secured,
};

const FILE: &str = "http://files.example/fw";
const SECURE_FILE: &str = "https://files.example/fw";
const BLOCKS: &str = "coap://blocks.example/fw";
const SECURE_BLOCKS: &str = "coaps://secure.example/fw";
/// Content format of a package that is pushed.
const OCTETS: u16 = 42;

/// A verifier that checks the bytes, and then says what it is told to.
struct Checks(Digest, Result<(), VerifierError>);

impl Checks {
    const fn then(says: Result<(), VerifierError>) -> Self {
        Self(Digest::of(byte), says)
    }
}

impl Verifier for Checks {
    fn begin(&mut self, size: u32) {
        self.0.begin(size);
    }

    fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    fn finish(&mut self) -> Result<(), VerifierError> {
        assert_eq!(self.0.finish(), Ok(()), "the whole package is read back");
        self.1
    }
}

/// A download of `uri` ends with this result and this error, once `prepare` has been called.
#[track_caller]
fn ends(uri: &'static str, result: u8, error: &str, prepare: impl FnOnce(&Stage<'_, '_>)) {
    ends_with(download(uri), &mut Unverified, result, error, prepare);
}

#[track_caller]
fn ends_with(
    first: Request<'static>,
    verifier: &mut dyn Verifier,
    result: u8,
    error: &str,
    prepare: impl FnOnce(&Stage<'_, '_>),
) {
    stage(11, |stage| {
        prepare(stage);
        let seen = stage.update_disturbed(first, verifier, || {});
        let story = stage.recording.story();
        assert_eq!(seen.outcome(), Some(result), "{seen:?} {story:?}");
        assert_eq!(stage.recording.errors(), [error], "{story:?}");
        assert_eq!(seen.state, Some(0));
    });
}

fn push() -> Request<'static> {
    Request::write("/5/0/0", OCTETS, &PACKAGE)
}

const fn slot_error(kind: FirmwareErrorKind) -> FirmwareError {
    FirmwareError::new(kind, 77)
}

/// The slot fails with this kind at this call.
#[track_caller]
fn slot_fails(call: FirmwareCall, kind: FirmwareErrorKind, result: u8, error: &str) {
    for first in [download(BLOCKS), push()] {
        ends_with(first, &mut Unverified, result, error, |stage| {
            let failed = stage.world.firmware().fail(call, 0, slot_error(kind));
            failed.unwrap();
        });
    }
}

#[test]
fn result_0_before_and_while_a_package_is_fetched() {
    const SCRIPT: &[Request<'static>] = &[
        Request::read("/5/0/3").accept(TEXT),
        Request::read("/5/0/5").accept(TEXT),
        download(FILE),
        Request::read("/5/0/3").accept(TEXT),
        Request::read("/5/0/5").accept(TEXT),
    ];
    stage(11, |stage| {
        let fault = HttpFault::Stalls { after: 1, times: 1 };
        assert!(stage.http.borrow_mut().add_fault(fault));
        let mut seen = Vec::new();
        stage.server.borrow_mut().set_script(SCRIPT);
        stage.boot(|| {
            while let Some(record) = stage.server.borrow_mut().take_record() {
                if let Ok([digit]) = <[u8; 1]>::try_from(record.body()) {
                    seen.push(digit);
                }
            }
            seen.len() == 4
        });
        assert_eq!(seen, *b"0010");
    });
}

#[test]
fn result_1_when_the_package_runs() {
    for first in [
        download(FILE),
        download(SECURE_FILE),
        download(BLOCKS),
        push(),
    ] {
        stage(11, |stage| {
            let mut verifier = Checks::then(Ok(()));
            let seen = stage.update_disturbed(first, &mut verifier, || {});
            assert_eq!(seen.outcome(), Some(1), "{seen:?}");
            assert_eq!(stage.recording.errors(), [""; 0]);
            assert!(stage.world.firmware().holds((0..SIZE).map(byte)));
        });
    }
}

/// 400,000 bytes; the slot has 327,680. 28: no space left, 27: file too large.
#[test]
fn result_2_when_the_package_is_too_large() {
    let large = |tag| Release::new(Image::made(400_000, byte), tag);
    ends(FILE, 2, "FOTA_PKG 28", |stage| {
        *stage.http.borrow_mut() = HttpServer::new("/fw", large("\"v1\""));
    });
    // Nothing was fetched of it in vain.
    ends(BLOCKS, 2, "FOTA_PKG 28", |stage| {
        let when = carrier_mock::server::firmware::When::Sent(0);
        stage.coap.borrow_mut().replace(when, large("v1"));
    });
    // Where the server does not tell the length, it is found out at the end of the slot.
    ends(FILE, 2, "FOTA_PKG 28", |stage| {
        let mut http = HttpServer::new("/fw", large("\"v1\""));
        assert!(http.add_fault(HttpFault::OmitsLength));
        *stage.http.borrow_mut() = http;
    });
    ends(FILE, 2, "FOTA_PKG 27", |stage| {
        let fault = HttpFault::Answers {
            status: 413,
            retry_after: None,
            times: 1,
        };
        assert!(stage.http.borrow_mut().add_fault(fault));
    });
    slot_fails(
        FirmwareCall::Begin,
        FirmwareErrorKind::Full,
        2,
        "FOTA_PKG 77",
    );
}

#[test]
fn result_3_when_there_is_not_enough_memory() {
    slot_fails(
        FirmwareCall::Begin,
        FirmwareErrorKind::Memory,
        3,
        "FOTA_PKG 77",
    );
    slot_fails(
        FirmwareCall::Write,
        FirmwareErrorKind::Memory,
        3,
        "FOTA_PKG 77",
    );
    slot_fails(
        FirmwareCall::Finish,
        FirmwareErrorKind::Memory,
        3,
        "FOTA_PKG 77",
    );
}

/// 111: connection refused.
#[test]
fn result_4_when_the_server_refuses_the_connection() {
    for (uri, server) in [
        (FILE, HTTP),
        (SECURE_FILE, HTTPS),
        (BLOCKS, COAP),
        (SECURE_BLOCKS, COAPS),
    ] {
        ends(uri, 4, "FOTA_CONN 111", |stage| {
            let tag = with_updates_key(stage, SecurityTag(40));
            stage
                .profile
                .set(stage.profile.get().with_firmware_tag(tag));
            stage
                .world
                .set_door(address(server), Door::Refuses)
                .unwrap();
        });
    }
}

/// Once something of the package has come, a refusal is one of the failures after which it is tried again; even if the
/// power fails before a page of the slot is full.
#[test]
fn a_refusal_in_the_middle_is_not_the_end() {
    for (uri, server) in [(FILE, HTTP), (BLOCKS, COAP)] {
        // The journal's page and the first of the package; and many more.
        for pages in [2, 30] {
            stage(11, |stage| {
                let mut refused_at = None;
                let first = download(uri);
                let seen = stage.update_disturbed(first, &mut Unverified, || {
                    let now = stage.world.now();
                    let erased = stage.flash.borrow().statistics().pages_erased;
                    if erased >= pages && refused_at.is_none() {
                        refused_at = Some(now);
                        let server = address(server);
                        stage.world.set_door(server, Door::Refuses).unwrap();
                        stage.world.power_off();
                    }
                    if refused_at.is_some_and(|at| now > at + secs(300)) {
                        stage.world.set_door(address(server), Door::Open).unwrap();
                    }
                });
                assert!(refused_at.is_some());
                let story = stage.recording.story();
                assert_eq!(seen.outcome(), Some(1), "{uri} {pages} {story:?}");
            });
        }
    }
}

/// The last chart: the certificate of the authority is another one.
#[test]
fn result_4_when_the_server_is_not_trusted() {
    // The plain port shows no certificate at all.
    ends("https://files.example:80/fw", 4, "FOTA_CONN 111", |_| {});
    ends(SECURE_FILE, 4, "FOTA_CONN 111", |stage| {
        stage.authority.set(b"-----BEGIN CERTIFICATE----- wrong");
    });
}

#[test]
fn result_4_without_certificates_or_keys_for_the_server() {
    ends(SECURE_FILE, 4, "FOTA_CONN 2", |stage| {
        let profile = stage
            .profile
            .get()
            .with_certificates_from_application(false);
        stage.profile.set(profile);
    });
    ends(SECURE_BLOCKS, 4, "FOTA_CONN 2", |_| {});
}

/// 110: timed out, 113: no route, 16: busy. The last error is the one that is told, after ten further attempts.
#[test]
fn result_4_when_attempts_bring_nothing() {
    ends(FILE, 4, "FOTA_CONN_LOST 110", |stage| {
        stage.http.borrow_mut().set_present(false)
    });
    ends(BLOCKS, 4, "FOTA_CONN_LOST 110", |stage| {
        stage.coap.borrow_mut().set_present(false)
    });
    ends(BLOCKS, 4, "FOTA_CONN_LOST 16", |stage| {
        let fault = CoapFault::Resets { times: u32::MAX };
        assert!(stage.coap.borrow_mut().add_fault(fault));
    });
    for (uri, server) in [(FILE, HTTP), (BLOCKS, COAP)] {
        ends(uri, 4, "FOTA_CONN_LOST 113", |stage| {
            stage
                .world
                .set_door(address(server), Door::NoRoute)
                .unwrap();
        });
    }
}

#[test]
fn result_5_when_the_package_is_damaged_or_not_trusted() {
    for (says, error) in [
        (VerifierError::Damaged, "FOTA_PKG 22"),
        (VerifierError::Untrusted, "FOTA_PKG 1"),
    ] {
        for first in [download(FILE), download(BLOCKS), push()] {
            ends_with(first, &mut Checks::then(Err(says)), 5, error, |_| {});
        }
    }
    slot_fails(
        FirmwareCall::Finish,
        FirmwareErrorKind::Integrity,
        5,
        "FOTA_PKG 77",
    );
    slot_fails(FirmwareCall::Read, FirmwareErrorKind::Io, 5, "FOTA_PKG 77");
}

#[test]
fn result_6_when_the_kind_of_package_is_not_supported() {
    for first in [download(FILE), push()] {
        let mut verifier = Checks::then(Err(VerifierError::Unsupported));
        ends_with(first, &mut verifier, 6, "FOTA_PKG 95", |_| {});
    }
    slot_fails(
        FirmwareCall::Write,
        FirmwareErrorKind::Unsupported,
        6,
        "FOTA_PKG 77",
    );
}

/// 22: invalid, 2: no entry, 40: too many redirections.
#[test]
fn result_7_when_the_uri_leads_nowhere() {
    for uri in [
        "files.example/fw",
        "http:files.example",
        "coap://",
        "http://user@files.example/fw",
        "http://files.example:x/",
    ] {
        ends(uri, 7, "FOTA_PROTO 22", |_| {});
    }
    for uri in ["http://nowhere.example/fw", "coap://nowhere.example/fw"] {
        ends(uri, 7, "FOTA_CONN 2", |_| {});
    }
    for uri in ["http://files.example/other", "coap://blocks.example/other"] {
        ends(uri, 7, "FOTA_PROTO 2", |_| {});
    }
    ends(FILE, 7, "FOTA_PROTO 40", |stage| {
        let fault = HttpFault::Redirects {
            from: "/fw",
            to: "/fw",
            status: 302,
            times: u32::MAX,
        };
        assert!(stage.http.borrow_mut().add_fault(fault));
    });
}

#[test]
fn result_8_when_the_package_cannot_be_applied_or_does_not_run() {
    slot_fails(
        FirmwareCall::Apply,
        FirmwareErrorKind::Io,
        8,
        "FOTA_FAIL 77",
    );
    slot_fails(
        FirmwareCall::Write,
        FirmwareErrorKind::Io,
        8,
        "FOTA_FAIL 77",
    );
    for applied in [Applied::RebootRequired, Applied::ModemRestart] {
        ends(BLOCKS, 8, "FOTA_FAIL 14", |stage| {
            stage.world.firmware().set_applied(applied);
            stage.world.firmware().set_installed(Installed::Failed);
        });
    }
    ends(BLOCKS, 8, "FOTA_FAIL 77", |stage| {
        stage.world.firmware().set_applied(Applied::ModemRestart);
        let error = slot_error(FirmwareErrorKind::Io);
        stage
            .world
            .firmware()
            .fail(FirmwareCall::RestartModem, 0, error)
            .unwrap();
    });
}

#[test]
fn result_9_when_the_protocol_is_not_supported_or_not_kept_to() {
    for uri in [
        "ftp://files.example/fw",
        "coap+tcp://blocks.example/fw",
        "urn:x",
    ] {
        ends(uri, 9, "FOTA_PROTO 95", |_| {});
    }
    ends(FILE, 9, "FOTA_PROTO 53", |stage| {
        let fault = HttpFault::Encodes { times: 1 };
        assert!(stage.http.borrow_mut().add_fault(fault));
    });
    ends(BLOCKS, 9, "FOTA_PROTO 53", |stage| {
        let fault = CoapFault::ShiftsNumber { by: 1, times: 1 };
        assert!(stage.coap.borrow_mut().add_fault(fault));
    });
}

/// Puts the key of the firmware server under a tag, as a factory does.
fn with_updates_key(stage: &Stage<'_, '_>, tag: SecurityTag) -> SecurityTag {
    for (kind, value) in [
        (CredentialKind::PskIdentity, &b"updates"[..]),
        (CredentialKind::Psk, UPDATES_KEY),
    ] {
        stage.world.keys().provision(tag, kind, value).unwrap();
    }
    tag
}

#[test]
fn coaps_takes_the_key_of_the_account_with_the_same_host_and_port() {
    stage_secured(11, |stage| {
        let seen = stage.update_from("coaps://lwm2m.example:5684/fw");
        assert_eq!(
            seen.outcome(),
            Some(1),
            "{seen:?} {:?}",
            stage.recording.story()
        );
        assert!(stage.world.firmware().holds((0..SIZE).map(byte)));
    });
}

#[test]
fn coaps_to_another_server_takes_the_key_of_the_profile() {
    stage(11, |stage| {
        let tag = with_updates_key(stage, SecurityTag(40));
        stage
            .profile
            .set(stage.profile.get().with_firmware_tag(tag));
        let seen = stage.update_from(SECURE_BLOCKS);
        assert_eq!(
            seen.outcome(),
            Some(1),
            "{seen:?} {:?}",
            stage.recording.story()
        );
        assert!(stage.world.firmware().holds((0..SIZE).map(byte)));
    });
    // Another port is another server, although the host has an account.
    stage_secured(11, |stage| {
        let seen = stage.update_from("coaps://lwm2m.example:5690/fw");
        assert_eq!(seen.outcome(), Some(4), "{seen:?}");
        assert_eq!(stage.recording.errors(), ["FOTA_CONN 2"]);
    });
}

#[test]
fn https_trusts_the_authorities_of_the_application_only() {
    stage(11, |stage| {
        assert_eq!(stage.update_from(SECURE_FILE).outcome(), Some(1));
        let is_trusting = |entry: &Entry| {
            matches!(
                entry,
                Entry::Opened {
                    transport: Transport::Stream,
                    security: SecurityKind::CaTags,
                    ..
                }
            )
        };
        assert_eq!(stage.recording.count(is_trusting), 1);
    });
}

use core::cell::RefCell;
use core::future::pending;
use std::collections::BTreeMap;
use std::rc::Rc;

use carrier_nrf91::ModemKeys;
use carrier_nrf91::at::{At, AtError};
use lwm2m_carrier::hal::{CredentialKind, KeyStore, KeyStoreErrorKind, SecurityTag};

use crate::double::{Script, answer, is_pending, run};

const TAG: SecurityTag = SecurityTag(25);

/// The storage as the command reference describes it: unique pairs, changes in flight mode only, no numbers of errors
/// before `AT+CMEE=1`.
#[derive(Clone, Default)]
pub(crate) struct Modem(Rc<RefCell<State>>);

impl Modem {
    pub(crate) fn set_mode(&self, mode: u8) {
        self.0.borrow_mut().mode = mode;
    }

    /// Whether this lies there; a pre-shared key in hexadecimal digits, as the command takes it.
    pub(crate) fn holds(&self, tag: u32, kind: CredentialKind, credential: &[u8]) -> bool {
        let number = match kind {
            CredentialKind::CaChain => 0,
            CredentialKind::ClientCertificate => 1,
            CredentialKind::PrivateKey => 2,
            CredentialKind::Psk => 3,
            _ => 4,
        };
        let hex = |byte: &u8| format!("{byte:02X}");
        let expected = match kind {
            CredentialKind::Psk => credential.iter().map(hex).collect::<String>().into_bytes(),
            _ => credential.to_vec(),
        };
        let state = self.0.borrow();
        let stored = state.credentials.get(&(tag, number));
        stored.is_some_and(|it| it.as_bytes() == expected)
    }
}

#[derive(Default)]
struct State {
    credentials: BTreeMap<(u32, u32), String>,
    mode: u8,
    numbers: bool,
    room: Option<usize>,
    writes: u32,
}

impl State {
    fn change(&mut self, arguments: &str) -> Result<String, u16> {
        let mut parts = arguments.splitn(4, ',');
        let mut number = || parts.next().and_then(|it| it.parse::<u32>().ok());
        let (opcode, tag, kind) = (number().ok_or(0_u16)?, number().ok_or(0_u16)?, number());
        if opcode == 1 {
            let listed = self
                .credentials
                .iter()
                .filter(|((t, k), _)| *t == tag && kind.is_none_or(|it| it == *k));
            let lines = listed.map(|((tag, kind), content)| {
                format!("%CMNG: {tag},{kind},\"{}\"\r\n", sha256(content))
            });
            return Ok(lines.collect());
        }
        if [1, 2, 21].contains(&self.mode) {
            return Err(518);
        }
        let key = (tag, kind.ok_or(0_u16)?);
        match opcode {
            0 => {
                let content = parts
                    .next()
                    .and_then(|it| it.strip_prefix('"')?.strip_suffix('"'));
                let content = content.ok_or(0_u16)?;
                if self.credentials.contains_key(&key) {
                    return Err(519);
                }
                if self.room.is_some_and(|room| content.len() > room) {
                    return Err(515);
                }
                self.writes += 1;
                self.credentials.insert(key, content.to_owned());
            }
            3 => drop(self.credentials.remove(&key).ok_or(513_u16)?),
            _ => return Err(0),
        }
        Ok(String::new())
    }
}

fn sha256(content: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl At for Modem {
    async fn send(&mut self, command: &str, response: &mut [u8]) -> Result<usize, AtError> {
        let mut state = self.0.borrow_mut();
        if command == "AT+CFUN?" {
            return Ok(answer(
                &format!("+CFUN: {}\r\nOK\r\n", state.mode),
                response,
            ));
        }
        let result = state.change(command.strip_prefix("AT%CMNG=").expect("a known command"));
        let text = match result {
            Ok(lines) => format!("{lines}OK\r\n"),
            Err(number) if state.numbers => format!("+CME ERROR: {number}\r\n"),
            Err(_) => "ERROR\r\n".to_owned(),
        };
        Ok(answer(&text, response))
    }
}

#[test]
fn commands_are_those_of_the_reference() {
    let script = Script::default();
    script
        .expect("AT%CMNG=1,25,3", "OK\n")
        .expect("AT%CMNG=0,25,3,\"00A1FF\"", "OK\n")
        .expect("AT%CMNG=1,25,4", "OK\n")
        .expect("AT%CMNG=0,25,4,\"device-1\"", "OK\n")
        .expect(
            "AT%CMNG=1,25,3",
            &format!("+CSCON: 0\n%CMNG: 25,3,\"{}\"\nOK\n", "0".repeat(64)),
        )
        .expect("AT%CMNG=3,25,3", "OK\n");
    let mut buffer = [0; 64];
    let mut keys = ModemKeys::new(script.clone(), &mut buffer);
    run(keys.write(TAG, CredentialKind::Psk, &[0x00, 0xA1, 0xFF])).unwrap();
    run(keys.write(TAG, CredentialKind::PskIdentity, b"device-1")).unwrap();
    run(keys.delete(TAG, CredentialKind::Psk)).unwrap();
    assert!(script.is_done());
    drop(keys);
    assert_eq!(buffer, [0; 64], "no credential stays in memory");
}

/// A channel on which a write is never answered.
struct Unanswered;

impl At for Unanswered {
    async fn send(&mut self, command: &str, response: &mut [u8]) -> Result<usize, AtError> {
        if command.starts_with("AT%CMNG=0") {
            pending::<()>().await;
        }
        Ok(answer("OK\r\n", response))
    }
}

#[test]
fn no_credential_stays_in_memory_where_a_write_is_dropped() {
    let mut buffer = [0; 64];
    let mut keys = ModemKeys::new(Unanswered, &mut buffer);
    assert!(is_pending(keys.write(
        TAG,
        CredentialKind::Psk,
        &[0xA1; 16]
    )));
    assert_eq!(buffer, [0; 64]);
}

#[test]
fn credentials_are_replaced_and_deleted() {
    let modem = Modem::default();
    let mut buffer = [0; 64];
    let mut keys = ModemKeys::new(modem.clone(), &mut buffer);
    assert!(keys.requires_offline());
    assert_eq!(run(keys.exists(TAG, CredentialKind::Psk)), Ok(false));
    run(keys.delete(TAG, CredentialKind::Psk)).unwrap();
    run(keys.write(TAG, CredentialKind::Psk, &[1])).unwrap();
    run(keys.write(TAG, CredentialKind::Psk, &[2])).unwrap();
    assert_eq!(run(keys.exists(TAG, CredentialKind::Psk)), Ok(true));
    assert_eq!(modem.0.borrow().credentials[&(25, 3)], "02");
    let mut response = [0; 256];
    let kinds: Vec<_> = run(keys.list(TAG, &mut response))
        .unwrap()
        .iter()
        .map(|it| it.kind)
        .collect();
    assert_eq!(kinds, [CredentialKind::Psk]);
    run(keys.delete(TAG, CredentialKind::Psk)).unwrap();
    assert_eq!(run(keys.exists(TAG, CredentialKind::Psk)), Ok(false));
}

#[test]
fn same_credential_is_not_written_again() {
    let modem = Modem::default();
    let mut buffer = [0; 64];
    let mut keys = ModemKeys::new(modem.clone(), &mut buffer);
    for _ in 0..3 {
        run(keys.write(TAG, CredentialKind::Psk, &[0xAB; 16])).unwrap();
        run(keys.write(TAG, CredentialKind::PskIdentity, b"device-1")).unwrap();
    }
    assert_eq!(modem.0.borrow().writes, 2);
}

#[test]
fn refusals_have_their_kind_with_and_without_numbers() {
    for numbers in [false, true] {
        let modem = Modem::default();
        modem.0.borrow_mut().numbers = numbers;
        let mut buffer = [0; 64];
        let mut keys = ModemKeys::new(modem.clone(), &mut buffer);
        let write = |keys: &mut ModemKeys<'_, Modem>| {
            run(keys.write(TAG, CredentialKind::Psk, &[1, 2])).map_err(|it| it.kind)
        };
        for mode in [1, 2, 21] {
            modem.0.borrow_mut().mode = mode;
            assert_eq!(write(&mut keys), Err(KeyStoreErrorKind::Online));
        }
        modem.0.borrow_mut().mode = 4;
        modem.0.borrow_mut().room = Some(3);
        let full = if numbers {
            KeyStoreErrorKind::Full
        } else {
            KeyStoreErrorKind::Io
        };
        assert_eq!(write(&mut keys), Err(full));
        modem.0.borrow_mut().room = None;
        assert_eq!(write(&mut keys), Ok(()));
    }
}

#[test]
fn foreign_tags_are_left_alone() {
    let modem = Modem::default();
    let mut buffer = [0; 64];
    let mut keys = ModemKeys::new(modem.clone(), &mut buffer);
    for tag in [24, 29, 2_147_483_648] {
        let written = run(keys.write(SecurityTag(tag), CredentialKind::Psk, &[1]));
        assert_eq!(
            written.map_err(|it| it.kind),
            Err(KeyStoreErrorKind::Invalid),
            "{tag}"
        );
        let checked = keys.check(SecurityTag(tag), CredentialKind::Psk, &[1]);
        assert_eq!(checked, written, "{tag}");
    }
    let mut keys = keys.with_tags(SecurityTag(100)..=SecurityTag(u32::MAX));
    assert!(run(keys.write(TAG, CredentialKind::Psk, &[1])).is_err());
    assert!(run(keys.write(SecurityTag(2_147_483_648), CredentialKind::Psk, &[1])).is_err());
    run(keys.write(SecurityTag(100), CredentialKind::Psk, &[1])).unwrap();
    assert_eq!(modem.0.borrow().credentials.len(), 1);
}

#[test]
fn what_the_modem_cannot_take_is_refused_beforehand() {
    let mut buffer = [0; 64];
    let keys = ModemKeys::new(Script::default(), &mut buffer);
    let check = |kind, credential: &[u8]| keys.check(TAG, kind, credential).map_err(|it| it.kind);
    let invalid = Err(KeyStoreErrorKind::Invalid);
    assert_eq!(check(CredentialKind::Psk, &[0; 19]), Ok(()));
    assert_eq!(check(CredentialKind::Psk, &[0; 20]), invalid);
    assert_eq!(check(CredentialKind::Psk, &[]), invalid);
    assert_eq!(
        check(CredentialKind::PskIdentity, b"urn:imei:352656100367872"),
        Ok(())
    );
    for identity in [&b""[..], b"a\"b", b"a\nb", b"\xC3\xA4"] {
        assert_eq!(check(CredentialKind::PskIdentity, identity), invalid);
    }
    for kind in [
        CredentialKind::CaChain,
        CredentialKind::ClientCertificate,
        CredentialKind::PrivateKey,
    ] {
        assert_eq!(check(kind, b"0\x82\x01\x00"), invalid);
        assert_eq!(check(kind, b"-----BEGIN CERTIFICATE-----"), invalid);
    }
}

#[test]
fn longest_credential_fits_under_the_longest_tag() {
    let modem = Modem::default();
    let mut buffer = [0; 64];
    let last = SecurityTag(2_147_483_647);
    let mut keys = ModemKeys::new(modem.clone(), &mut buffer).with_tags(last..=last);
    run(keys.write(last, CredentialKind::Psk, &[7; 19])).unwrap();
    assert_eq!(modem.0.borrow().writes, 1);
}

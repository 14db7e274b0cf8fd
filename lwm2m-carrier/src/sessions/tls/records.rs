//! Which records of the server reach the TLS library.

use super::bytes::Bytes;

/// Longest content of a record: 2^14 bytes and 256 of overhead (RFC 8446, section 5.2).
pub(super) const LONGEST: usize = 16_640;

const HEADER: usize = 5;
/// Content types (RFC 8446, section 5.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// A byte of content, which is at least its type, and the tag of AES-GCM (section 5.2).
const SHORTEST_PROTECTED: usize = 17;

/// The version of a record, which a receiver ignores (section 5.1).
const VERSION: [u8; 2] = [3, 3];
/// Stands in place of the version in the header of a record that comes after the handshake.
const AFTER_HANDSHAKE: [u8; 2] = [3, 0xff];

/// Additional data of a protected record, as the server has authenticated it (section 5.2), and whether the record came
/// after the handshake.
pub(super) fn additional_data(header: &[u8]) -> Option<([u8; HEADER], bool)> {
    match *header {
        [kind, a, b, c, d] => Some((
            [kind, VERSION[0], VERSION[1], c, d],
            [a, b] == AFTER_HANDSHAKE,
        )),
        _ => None,
    }
}

/// This must not come from a server here.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Refused;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    /// The ServerHello, or an alert.
    ServerHello,
    /// Protected records of the handshake.
    Handshake,
    /// Protected records.
    Data,
}

/// Lets the records through that are allowed where they come, and no others.
///
/// embedded-tls 0.19 takes an unprotected record at any time, panics at one with a handshake message after the
/// handshake, and at a protected one without content. Anyone on the path can send both.
pub(super) struct Records {
    expected: Expected,
    header: [u8; HEADER],
    /// Bytes of the header that have come.
    have: usize,
    /// Bytes of the header that were handed on.
    given: usize,
    /// Bytes of content still to be handed on.
    content: usize,
    /// The content, one byte, is dropped.
    drop_one: bool,
}

impl Records {
    pub(super) const fn new() -> Self {
        Self {
            expected: Expected::ServerHello,
            header: [0; HEADER],
            have: 0,
            given: 0,
            content: 0,
            drop_one: false,
        }
    }

    /// The handshake is done: what comes now is data.
    pub(super) fn established(&mut self) {
        self.expected = Expected::Data;
    }

    /// Moves bytes from `incoming` to `to`, none when more must come first.
    ///
    /// # Errors
    /// A record that is not allowed.
    pub(super) fn read<const N: usize>(
        &mut self,
        incoming: &mut Bytes<N>,
        to: &mut [u8],
    ) -> Result<usize, Refused> {
        loop {
            if self.drop_one {
                let Some(&content) = incoming.waiting().first() else {
                    return Ok(0);
                };
                if content != 1 {
                    return Err(Refused);
                }
                incoming.skip(1);
                self.drop_one = false;
                self.have = 0;
            }
            if self.have < HEADER {
                let rest = self.header.get_mut(self.have..).unwrap_or_default();
                self.have = self.have.saturating_add(incoming.take(rest));
                if self.have < HEADER {
                    return Ok(0);
                }
                self.check()?;
                continue;
            }
            if self.given < HEADER {
                let rest = self.header.get(self.given..).unwrap_or_default();
                let len = rest.len().min(to.len());
                if let (Some(to), Some(from)) = (to.get_mut(..len), rest.get(..len)) {
                    to.copy_from_slice(from);
                }
                self.given = self.given.saturating_add(len);
                self.next_when_done();
                return Ok(len);
            }
            let most = to.len().min(self.content);
            let len = incoming.take(to.get_mut(..most).unwrap_or_default());
            self.content = self.content.saturating_sub(len);
            self.next_when_done();
            return Ok(len);
        }
    }

    fn next_when_done(&mut self) {
        if self.given == HEADER && self.content == 0 {
            self.have = 0;
        }
    }

    /// A header is complete.
    fn check(&mut self) -> Result<(), Refused> {
        let [kind, _, _, high, low] = self.header;
        let len = usize::from(u16::from_be_bytes([high, low]));
        match (self.expected, kind) {
            // Some servers send it for the sake of middleboxes; it means nothing (RFC 8446, section 5).
            (Expected::ServerHello | Expected::Handshake, CHANGE_CIPHER_SPEC) if len == 1 => {
                self.drop_one = true;
                return Ok(());
            }
            (Expected::ServerHello, ALERT) if len == 2 => {}
            (Expected::ServerHello, HANDSHAKE) if len <= LONGEST => {
                self.expected = Expected::Handshake;
            }
            (Expected::Handshake, APPLICATION_DATA)
                if (SHORTEST_PROTECTED..=LONGEST).contains(&len) =>
            {
                self.header = [kind, VERSION[0], VERSION[1], high, low];
            }
            (Expected::Data, APPLICATION_DATA) if (SHORTEST_PROTECTED..=LONGEST).contains(&len) => {
                self.header = [kind, AFTER_HANDSHAKE[0], AFTER_HANDSHAKE[1], high, low];
            }
            _ => return Err(Refused),
        }
        self.given = 0;
        self.content = len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    const HELLO: &[u8] = &[22, 3, 3, 0, 2, b'S', b'H'];
    const CCS: &[u8] = &[20, 3, 3, 0, 1, 1];
    const PROTECTED: &[u8] = &[
        23, 3, 3, 0, 17, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ];

    /// What comes through of `parts`, in pieces of `piece` bytes.
    fn through(records: &mut Records, parts: &[&[u8]], piece: usize) -> Result<Vec<u8>, Refused> {
        let mut incoming = Bytes::<3>::EMPTY;
        let mut out = Vec::new();
        let all = parts.concat();
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            let len = incoming.put(&rest[..rest.len().min(piece)]);
            rest = &rest[len..];
            let mut to = [0; 2];
            loop {
                match records.read(&mut incoming, &mut to)? {
                    0 => break,
                    len => out.extend_from_slice(&to[..len]),
                }
            }
        }
        Ok(out)
    }

    #[test]
    fn a_handshake_comes_through_without_the_middlebox_record() {
        for piece in 1..=3 {
            let parts = [HELLO, CCS, PROTECTED, CCS, PROTECTED];
            let out = through(&mut Records::new(), &parts, piece);
            assert_eq!(out, Ok([HELLO, PROTECTED, PROTECTED].concat()));
        }
        let early = through(&mut Records::new(), &[CCS, HELLO], 3);
        assert_eq!(early, Ok(HELLO.to_vec()));
    }

    #[test]
    fn records_after_the_handshake_are_marked_and_the_mark_is_undone() {
        let mut records = Records::new();
        records.established();
        let out = through(&mut records, &[PROTECTED], 3).unwrap();
        assert_eq!(additional_data(&out[..5]), Some(([23, 3, 3, 0, 17], true)));
        assert_eq!(out[5..], PROTECTED[5..]);
        assert_eq!(
            additional_data(&PROTECTED[..5]),
            Some(([23, 3, 3, 0, 17], false))
        );
        assert_eq!(additional_data(&[23, 3, 3, 0]), None);
    }

    #[test]
    fn what_would_be_a_panic_or_a_forgery_is_refused() {
        let alert: &[u8] = &[21, 3, 3, 0, 2, 1, 0];
        let empty: &[u8] = &[23, 3, 3, 0, 16];
        let too_long: &[u8] = &[23, 3, 3, 0x41, 0x01];
        assert_eq!(
            through(&mut Records::new(), &[alert], 3),
            Ok(alert.to_vec())
        );
        let refused: [&[&[u8]]; 9] = [
            &[PROTECTED],
            &[b"HTTP/1.1 400"],
            &[&[24, 3, 3, 0, 1, 1]],
            &[&[20, 3, 3, 0, 1, 2]],
            &[&[20, 3, 3, 0, 2, 1, 1]],
            &[HELLO, HELLO],
            &[HELLO, alert],
            &[HELLO, empty],
            &[HELLO, too_long],
        ];
        for parts in refused {
            assert_eq!(
                through(&mut Records::new(), parts, 3),
                Err(Refused),
                "{parts:?}"
            );
        }
        for part in [HELLO, alert, CCS, empty, too_long] {
            let mut records = Records::new();
            records.established();
            assert_eq!(through(&mut records, &[part], 3), Err(Refused), "{part:?}");
        }
    }
}

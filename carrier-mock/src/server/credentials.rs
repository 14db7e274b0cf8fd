//! The pre-shared keys that a server accepts.
//!
//! Sessions are simulated: nothing is encrypted, but a session opens only with the right key.

use core::fmt;

/// A pre-shared key and the identity that it goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Psk<'s> {
    identity: &'s [u8],
    key: &'s [u8],
}

impl<'s> Psk<'s> {
    /// The key `key` of the identity `identity`.
    #[must_use]
    pub const fn new(identity: &'s [u8], key: &'s [u8]) -> Self {
        Self { identity, key }
    }
}

impl fmt::Debug for Psk<'_> {
    /// Shows the identity only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Psk")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// The keys that a server accepts; none by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Credentials<'s> {
    accepted: &'s [Psk<'s>],
}

impl<'s> Credentials<'s> {
    /// A server that accepts these keys.
    #[must_use]
    pub const fn new(accepted: &'s [Psk<'s>]) -> Self {
        Self { accepted }
    }

    /// What a handshake with this identity and key ends with.
    #[must_use]
    pub fn check(&self, identity: &[u8], key: &[u8]) -> Verdict {
        match self.accepted.iter().find(|psk| psk.identity == identity) {
            None => Verdict::UnknownIdentity,
            Some(psk) if psk.key == key => Verdict::Accepted,
            Some(_) => Verdict::WrongKey,
        }
    }
}

/// How a handshake ends. The alerts are those of RFC 4279, section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The session opens.
    Accepted,
    /// The server does not know the identity (alert `unknown_psk_identity`).
    UnknownIdentity,
    /// The server knows the identity by another key (alert `decrypt_error`).
    WrongKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pair_opens_a_session() {
        let accepted = [Psk::new(b"alice", &[1, 2]), Psk::new(b"bob", &[3])];
        let credentials = Credentials::new(&accepted);
        assert_eq!(credentials.check(b"bob", &[3]), Verdict::Accepted);
        assert_eq!(credentials.check(b"alice", &[3]), Verdict::WrongKey);
        assert_eq!(credentials.check(b"alice", &[1]), Verdict::WrongKey);
        assert_eq!(credentials.check(b"carol", &[3]), Verdict::UnknownIdentity);
        assert_eq!(
            Credentials::default().check(b"", &[]),
            Verdict::UnknownIdentity
        );
    }

    #[test]
    fn keys_do_not_show() {
        let shown = std::format!("{:?}", Credentials::new(&[Psk::new(b"a", &[0xAB; 16])]));
        assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab"));
    }
}

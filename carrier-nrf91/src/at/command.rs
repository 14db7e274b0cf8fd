//! Commands as the channel takes them.

use core::fmt;

/// A command without its line end. It is text, but may end with a credential, which goes to the modem from where it lies.
#[derive(Clone, Copy)]
pub struct Command<'c> {
    line: &'c str,
    quoted: Option<&'c str>,
}

impl<'c> Command<'c> {
    /// All of it in one piece.
    #[must_use]
    pub const fn new(line: &'c str) -> Self {
        Self { line, quoted: None }
    }

    /// `line`, and `text` behind it between quotes.
    #[must_use]
    pub const fn quoting(line: &'c str, text: &'c str) -> Self {
        let quoted = Some(text);
        Self { line, quoted }
    }

    /// What comes first, and what follows between quotes.
    #[must_use]
    pub const fn parts(&self) -> (&'c str, Option<&'c str>) {
        (self.line, self.quoted)
    }
}

impl<'c> From<&'c str> for Command<'c> {
    fn from(line: &'c str) -> Self {
        Self::new(line)
    }
}

/// The command as the modem reads it, which may hold a key.
impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.line)?;
        match self.quoted {
            Some(text) => write!(f, "\"{text}\""),
            None => Ok(()),
        }
    }
}

/// Without the credential.
impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&self.line).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_stands_between_quotes_and_is_not_shown() {
        let command = Command::quoting("AT%CMNG=0,25,4,", "device-1");
        assert_eq!(command.to_string(), "AT%CMNG=0,25,4,\"device-1\"");
        let shown = format!("{command:?}");
        assert!(shown.contains("AT%CMNG=0,25,4"), "{shown}");
        assert!(!shown.contains("device-1"), "{shown}");
        assert_eq!(Command::from("AT").to_string(), "AT");
    }
}

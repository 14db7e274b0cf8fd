//! Why a case, or the whole run, could not go on.

use core::fmt;

/// One sentence for the person at the terminal; in the table it stands in the column of what was got.
#[derive(Clone, Debug)]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

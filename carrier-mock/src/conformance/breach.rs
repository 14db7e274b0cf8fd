//! What a check has found.

use core::fmt;

use lwm2m_carrier::hal::{FirmwareError, KeyStoreError, LinkError, SessionError, StorageError};

/// A port does not keep what a trait asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Breach {
    /// The check, as trait and function: `storage::replace`.
    pub check: &'static str,
    /// What the trait asks for.
    pub rule: &'static str,
    /// What was found instead.
    pub found: Found,
    /// The operation of the memory in which the power was cut, where one was.
    pub cut: Option<u32>,
}

/// What was found in place of what a trait asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Found {
    /// This.
    Instead(&'static str),
    /// This call has failed, with the port's own number.
    Failed(&'static str, i32),
    /// This call has not returned in the time that it has.
    Waits(&'static str),
    /// So many bytes, or so large a number.
    Number(i64),
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; found: {}", self.check, self.rule, self.found)?;
        match self.cut {
            Some(operation) => write!(f, " (power cut in operation {operation})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instead(what) => f.write_str(what),
            Self::Failed(call, errno) => write!(f, "{call} fails with errno {errno}"),
            Self::Waits(call) => write!(f, "{call} does not return"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl core::error::Error for Breach {}

/// The clause that a check holds a port to.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    check: &'static str,
    rule: &'static str,
    cut: Option<u32>,
}

impl Rule {
    pub(super) const fn new(check: &'static str, rule: &'static str) -> Self {
        let cut = None;
        Self { check, rule, cut }
    }

    pub(super) const fn cut_at(mut self, operation: u32) -> Self {
        self.cut = Some(operation);
        self
    }

    pub(super) const fn breach(self, found: Found) -> Breach {
        Breach {
            check: self.check,
            rule: self.rule,
            found,
            cut: self.cut,
        }
    }

    /// A breach with these words unless `kept`.
    pub(super) fn keep(self, kept: bool, otherwise: &'static str) -> Result<(), Breach> {
        if kept {
            return Ok(());
        }
        Err(self.breach(Found::Instead(otherwise)))
    }

    /// The answer of a call that has to succeed.
    pub(super) fn done<T, E: Number>(
        self,
        call: &'static str,
        answer: Result<T, E>,
    ) -> Result<T, Breach> {
        answer.map_err(|error| self.breach(Found::Failed(call, error.number())))
    }

    /// The answer of a call that has to come in time.
    pub(super) fn in_time<T>(self, call: &'static str, answer: Option<T>) -> Result<T, Breach> {
        answer.ok_or_else(|| self.breach(Found::Waits(call)))
    }
}

/// Errors with a number of the port's.
pub(super) trait Number {
    fn number(&self) -> i32;
}

impl Number for StorageError {
    fn number(&self) -> i32 {
        self.errno
    }
}

impl Number for KeyStoreError {
    fn number(&self) -> i32 {
        self.errno
    }
}

impl Number for LinkError {
    fn number(&self) -> i32 {
        self.errno
    }
}

impl Number for SessionError {
    fn number(&self) -> i32 {
        self.errno
    }
}

impl Number for FirmwareError {
    fn number(&self) -> i32 {
        self.errno
    }
}

//! The content of a response: how much of the package it brings, and where it goes.

use super::{body::Body, head::Head};
use crate::fota::download::{Failure, Progress, Sink};

/// Bytes of a void body that are received so that the connection can be used again; with more of them a new connection
/// costs less.
const VOID: u64 = 2048;

/// A body on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) body: Body,
    /// Bytes of the package in it that are still to come, where that is known.
    left: Option<u32>,
    /// It brings the package to its end, as it is no range.
    whole: bool,
    /// The connection lives on behind it.
    pub(super) keep_alive: bool,
    /// It is no part of the package.
    pub(super) void: bool,
}

impl Content {
    /// A body that brings the whole package.
    pub(super) const fn whole(head: &Head<'_>, size: Option<u32>) -> Self {
        Self {
            body: head.body(),
            left: size,
            whole: true,
            keep_alive: head.keep_alive,
            void: false,
        }
    }

    /// A body that brings `len` bytes of it; the range tells the length where nothing else does.
    pub(super) const fn part(head: &Head<'_>, len: u32) -> Self {
        let body = match head.body() {
            Body::UntilClose => Body::Length(len as u64),
            body => body,
        };
        Self {
            body,
            left: Some(len),
            whole: false,
            keep_alive: head.keep_alive,
            void: false,
        }
    }

    /// The same, as no part of the package.
    pub(super) const fn void(mut self) -> Self {
        self.void = true;
        self.whole = false;
        self
    }

    /// Whether the body is to be received: it is of use, or short enough that the connection is worth it.
    pub(super) fn is_worthwhile(&self) -> bool {
        let short = match self.body {
            Body::Length(length) => length <= VOID,
            Body::Chunked { .. } => self.left.is_some_and(|left| u64::from(left) <= VOID),
            Body::UntilClose => false,
        };
        !self.void || self.keep_alive && short
    }

    /// Takes content.
    pub(super) fn take(
        &mut self,
        data: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
    ) -> Result<(), Failure> {
        let len = u32::try_from(data.len()).map_err(|_| Failure::Protocol)?;
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(len).ok_or(Failure::Protocol)?;
        }
        if self.void {
            return Ok(());
        }
        if data.len() > sink.room() {
            return Err(Failure::Protocol);
        }
        progress.offset = progress.offset.checked_add(len).ok_or(Failure::TooLarge)?;
        sink.put(data);
        Ok(())
    }

    /// The body has ended: whether the package has, too.
    pub(super) fn end(&self, progress: &mut Progress) -> Result<bool, Failure> {
        if self.left.is_some_and(|left| left > 0) {
            return Err(Failure::Protocol);
        }
        if self.whole {
            progress.size = Some(progress.offset);
        }
        Ok(!self.void && progress.is_complete())
    }
}

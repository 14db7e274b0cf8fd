//! What a response means: its status, its range and its validators (RFC 9110, sections 13.1.5, 14 and 15).

use super::{content::Content, content_range::ContentRange, head::Head, request::Range};
use crate::fota::download::{Failure, Progress, Taken};

/// What a head says of the package.
pub(super) struct Package<'h> {
    /// Where the body begins in it.
    pub(super) offset: u32,
    pub(super) size: Option<u32>,
    /// `None`: the one that is known already.
    pub(super) validator: Option<&'h [u8]>,
}

/// What the head of a response means.
pub(super) enum Verdict<'h> {
    /// An interim response: another follows.
    Skip,
    /// The package goes on, or begins, with this body.
    Take(Package<'h>, Content),
    /// What was taken is void: this is the package now.
    Change(Package<'h>, Content),
    /// There is no body that is wanted.
    End(Taken),
}

impl From<Failure> for Verdict<'_> {
    fn from(failure: Failure) -> Self {
        Self::End(Taken::Failed(failure))
    }
}

/// What the head of a response to a request for `range` means.
pub(super) fn judge<'h>(head: &Head<'h>, range: Range, progress: &Progress) -> Verdict<'h> {
    match head.code {
        // 101 is missing, as nothing was asked for that would switch protocols.
        100 | 102..=199 => Verdict::Skip,
        200 => whole(head, range),
        206 => part(head, range, progress),
        301 | 302 | 303 | 307 | 308 => Verdict::End(Taken::Moved),
        401 | 403 => Failure::Refused.into(),
        404 | 410 => Failure::NotFound.into(),
        408 | 429 | 500 | 502 | 503 | 504 => Failure::Unavailable {
            retry_after: head.retry_after,
        }
        .into(),
        413 => Failure::TooLarge.into(),
        416 => unsatisfied(head, range, progress),
        _ => Failure::Protocol.into(),
    }
}

/// 200: the whole package, whatever was asked for. The server does not know ranges, or that of If-Range is gone.
fn whole<'h>(head: &Head<'h>, range: Range) -> Verdict<'h> {
    if head.encoded {
        return Failure::Protocol.into();
    }
    let Ok(size) = head.length.map(u32::try_from).transpose() else {
        return Failure::TooLarge.into();
    };
    let content = Content::whole(head, size);
    if range.first == 0 {
        Verdict::Take(package(head, size), content)
    } else {
        Verdict::Change(package(head, size), content)
    }
}

/// 206: a range of the package.
fn part<'h>(head: &Head<'h>, range: Range, progress: &Progress) -> Verdict<'h> {
    let Ok(Some(ContentRange::Range { first, last, total })) = head.content_range() else {
        return Failure::Protocol.into();
    };
    let len = last.saturating_sub(first).saturating_add(1);
    let is_asked_for = range.is_part()
        && first == u64::from(range.first)
        && range.last.is_none_or(|end| last <= u64::from(end));
    let other_length = head.length.is_some_and(|length| length != len);
    if !is_asked_for || other_length || head.encoded || head.multipart {
        return Failure::Protocol.into();
    }
    let (Ok(size), Ok(len)) = (total.map(u32::try_from).transpose(), u32::try_from(len)) else {
        return Failure::TooLarge.into();
    };
    let content = Content::part(head, len);
    let mut next = package(head, size);
    if range.first == 0 {
        return Verdict::Take(next, content);
    }
    let other_size = progress.size.zip(size).is_some_and(|(old, new)| old != new);
    if other_size || !head.is_of(&progress.validator) {
        return Verdict::Change(next, content.void());
    }
    next.offset = progress.offset;
    next.size = next.size.or(progress.size);
    if !progress.validator.is_empty() {
        next.validator = None;
    }
    if next.size.is_some_and(|size| last >= u64::from(size)) {
        return Failure::Protocol.into();
    }
    Verdict::Take(next, content)
}

/// 416: the range lies behind the end, which is where the package ends or where another does.
fn unsatisfied<'h>(head: &Head<'h>, range: Range, progress: &Progress) -> Verdict<'h> {
    let total = match head.content_range() {
        Ok(Some(ContentRange::Unsatisfied { total })) => Some(total),
        Ok(None) => None,
        _ => return Failure::Protocol.into(),
    };
    let is_end = total.is_none_or(|total| total == u64::from(progress.offset));
    let may_end = match progress.size {
        Some(size) => size == progress.offset,
        None => total.is_some(),
    };
    if is_end && may_end {
        Verdict::End(Taken::Complete)
    } else if range.first == 0 {
        Failure::Protocol.into()
    } else {
        Verdict::Change(nothing_known(), Content::whole(head, None).void())
    }
}

/// A package of which only the validator is known: that there is none.
const fn nothing_known() -> Package<'static> {
    Package {
        offset: 0,
        size: None,
        validator: Some(&[]),
    }
}

/// The package that a response is about, from its start.
fn package<'h>(head: &Head<'h>, size: Option<u32>) -> Package<'h> {
    Package {
        offset: 0,
        size,
        validator: Some(head.validator()),
    }
}

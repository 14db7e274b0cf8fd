//! What a response means: its status, its range and its validators (RFC 9110, sections 13.1.5, 14 and 15).

use heapless::Vec;

use super::{content::Content, content_range::ContentRange, head::Head, request::Range};
use crate::fota::{
    download::{Failure, Progress, Taken, VALIDATOR},
    uri::{PackageUri, UriError},
};

/// What the head of a response means.
pub(super) enum Verdict {
    /// An interim response: another follows.
    Skip,
    /// The package goes on, or begins, with this body.
    Take(Progress, Content),
    /// What was taken is void: this is the package now.
    Change(Progress, Content),
    /// There is no body that is wanted.
    End(Taken),
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Self {
        Self::End(Taken::Failed(failure))
    }
}

/// What the head of a response to a request for `range` means.
pub(super) fn judge(
    head: &Head<'_>,
    uri: &PackageUri<'_>,
    range: Range,
    progress: &Progress,
) -> Verdict {
    match head.code {
        // 101 is missing, as nothing was asked for that would switch protocols.
        100 | 102..=199 => Verdict::Skip,
        200 => whole(head, range),
        206 => part(head, range, progress),
        301 | 302 | 303 | 307 | 308 => Verdict::End(moved(head, uri)),
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
fn whole(head: &Head<'_>, range: Range) -> Verdict {
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
fn part(head: &Head<'_>, range: Range, progress: &Progress) -> Verdict {
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
        next.validator.clone_from(&progress.validator);
    }
    if next.size.is_some_and(|size| last >= u64::from(size)) {
        return Failure::Protocol.into();
    }
    Verdict::Take(next, content)
}

/// 416: the range lies behind the end, which is where the package ends or where another does.
fn unsatisfied(head: &Head<'_>, range: Range, progress: &Progress) -> Verdict {
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
        Verdict::Change(Progress::default(), Content::whole(head, None).void())
    }
}

/// A redirection.
fn moved(head: &Head<'_>, uri: &PackageUri<'_>) -> Taken {
    let location = head
        .location
        .and_then(|location| core::str::from_utf8(location).ok());
    let target = location
        .ok_or(UriError::Malformed)
        .and_then(|to| uri.join(to));
    match target {
        Ok(target) => Taken::Moved(target),
        Err(UriError::Malformed | UriError::Unsupported) => Taken::Failed(Failure::Protocol),
    }
}

/// The package that a response is about, from its start.
fn package(head: &Head<'_>, size: Option<u32>) -> Progress {
    Progress {
        offset: 0,
        size,
        validator: Vec::<u8, VALIDATOR>::from_slice(head.validator()).unwrap_or_default(),
    }
}

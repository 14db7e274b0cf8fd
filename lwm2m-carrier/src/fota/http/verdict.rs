//! What a response means: its status, its range and its validators (RFC 9110, sections 13.1.5, 14 and 15).

use super::{content_range::ContentRange, head::Head, request::Range};
use crate::{
    fota::download::{Failure, Progress, Taken},
    uri::TOO_LARGE,
};

/// What a response brings.
pub(super) struct Answer {
    /// What was taken is void: there is another package now.
    pub(super) other: bool,
    /// Which part of a package its body is.
    pub(super) part: Part,
    /// Bytes of the body, where they are known before they come.
    pub(super) len: Option<u32>,
    /// Bytes of the package.
    pub(super) size: Option<u32>,
}

/// Which part of a package a body is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// The whole, from its start to its end.
    Whole,
    /// A range of it.
    Range,
    /// None that is wanted.
    None,
}

/// What the head of a response to a request for `range` means.
///
/// # Errors
/// What it ends with, where there is no body that is wanted.
pub(super) fn judge(head: &Head<'_>, range: Range, progress: &Progress) -> Result<Answer, Taken> {
    let failure = match head.code {
        200 if head.encoded => Failure::Protocol,
        200 if head.length == Some(TOO_LARGE) => Failure::TooLarge,
        // The whole package, whatever was asked for. The server does not know ranges, or that of If-Range is gone.
        200 => {
            return Ok(Answer {
                other: range.first > 0,
                part: Part::Whole,
                len: head.length,
                size: head.length,
            });
        }
        206 => return partial(head, range, progress),
        416 => return unsatisfied(head, range, progress),
        301 | 302 | 303 | 307 | 308 => return Err(Taken::Moved),
        401 | 403 => Failure::Refused,
        404 | 410 => Failure::NotFound,
        408 | 429 | 500 | 502 | 503 | 504 => Failure::Unavailable {
            retry_after: head.retry_after,
        },
        413 => Failure::TooLarge,
        _ => Failure::Protocol,
    };
    Err(Taken::Failed(failure))
}

const PROTOCOL: Taken = Taken::Failed(Failure::Protocol);

/// 206: a range of the package.
fn partial(head: &Head<'_>, range: Range, progress: &Progress) -> Result<Answer, Taken> {
    let Some(ContentRange {
        span: Some((first, last)),
        total,
    }) = head.range.and_then(ContentRange::parse)
    else {
        return Err(PROTOCOL);
    };
    let len = last.saturating_sub(first).saturating_add(1);
    if !range.is_part()
        || first != range.first
        || range.last.is_some_and(|end| last > end)
        || head.length.is_some_and(|length| length != len)
        || head.encoded
        || head.multipart
    {
        return Err(PROTOCOL);
    }
    if last == TOO_LARGE || total == Some(TOO_LARGE) {
        return Err(Taken::Failed(Failure::TooLarge));
    }
    let known = progress.size.filter(|_| first > 0);
    let is_same_size = known.is_none() || total.is_none() || known == total;
    let other = first > 0 && !(is_same_size && head.is_of(&progress.validator));
    if !other && known.is_some_and(|size| last >= size) {
        return Err(PROTOCOL);
    }
    Ok(Answer {
        other,
        part: if other { Part::None } else { Part::Range },
        len: Some(len),
        size: total,
    })
}

/// 416: the range lies behind the end, which is where the package ends or where another does.
fn unsatisfied(head: &Head<'_>, range: Range, progress: &Progress) -> Result<Answer, Taken> {
    let total = match head.range.map(ContentRange::parse) {
        None => None,
        Some(Some(ContentRange { span: None, total })) => total,
        Some(_) => return Err(PROTOCOL),
    };
    let offset = Some(progress.offset);
    // Either may be missing, but not both.
    if total.or(progress.size) == offset && progress.size.or(total) == offset {
        return Err(Taken::Complete);
    }
    if range.first == 0 {
        return Err(PROTOCOL);
    }
    // Of the package that is there now nothing is known.
    Ok(Answer {
        other: true,
        part: Part::None,
        len: head.length,
        size: None,
    })
}

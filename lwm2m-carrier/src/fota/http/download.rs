//! The download: when what is asked for, and how what comes in is taken.
//!
//! One request is under way at a time, and none is sent before the bytes of the one before are out of the sink, because
//! the head of the response is gathered there. Within a response the sink may be lent away and come back; the owner
//! holds the stream back meanwhile.

use lwm2m_core::{client::Expect, model::Text, time::Duration, time::Instant};

use super::{
    body::{Body, Part},
    content::Content,
    head::{Gathered, Gathering, Head, Malformed},
    request::{self, Range},
    verdict::{Package, Verdict, judge},
};
use crate::fota::{
    download::{Failure, Progress, Sink, Step, Taken, URI},
    uri::PackageUri,
};

/// How long a server may send nothing while it is listened to.
const INACTIVITY: Duration = Duration::from_secs(60);

/// A download over one connection.
#[derive(Debug)]
pub(crate) struct Download {
    /// The most bytes asked for at a time; 0: everything.
    fragment: u32,
    state: State,
    /// When the server has sent nothing for too long.
    deadline: Instant,
    /// Another package was found once: a server that has yet another is given up.
    changed: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is under way.
    Idle,
    /// The head of the response to this request is being gathered.
    Head(Range, Gathering),
    /// Its body follows.
    Body(Content),
    /// It has failed, after something else had to be told.
    Failed(Failure),
    /// There is nothing more to be had from the connection.
    Over,
}

impl Download {
    /// A download that asks for at most `fragment` bytes at a time; 0: for everything at once.
    pub(crate) const fn new(fragment: u32) -> Self {
        Self {
            fragment,
            state: State::Idle,
            deadline: Instant::FAR_FUTURE,
            changed: false,
        }
    }

    /// What to do now. `room` is what the sink still takes, 0 while it is lent away; `sink_len` what is in it. A request
    /// is written to `out`.
    ///
    /// While there is no room the server's silence does not count: the stream is held back. When the connection is of no
    /// more use, because what it brings is void, it is waited for until the server closes it or goes on
    /// ([`Taken::Again`]), or for 60 s.
    ///
    /// # Errors
    /// [`Failure::Timeout`] when the server has sent nothing for 60 s; [`Failure::Protocol`] when `out` has no room for
    /// the request, or the answer has failed behind a [`Taken::Changed`].
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        uri: &PackageUri<'_>,
        progress: &Progress,
        room: usize,
        sink_len: usize,
        out: &mut [u8],
    ) -> Result<Step, Failure> {
        match self.state {
            State::Failed(failure) => return Err(failure),
            State::Idle if room == 0 || sink_len > 0 => {
                return Ok(Step::Wait {
                    until: Instant::FAR_FUTURE,
                });
            }
            State::Idle => {
                let range = self.range(progress);
                let len = request::write(out, uri, range, &progress.validator)
                    .ok_or(Failure::Protocol)?;
                self.state = State::Head(range, Gathering::default());
                self.deadline = now + INACTIVITY;
                return Ok(Step::Send {
                    len,
                    expect: Expect::More,
                });
            }
            _ => {}
        }
        if room == 0 {
            self.deadline = now + INACTIVITY;
        } else if now >= self.deadline {
            return Err(Failure::Timeout);
        }
        Ok(Step::Wait {
            until: self.deadline,
        })
    }

    /// What is asked for next.
    fn range(&self, progress: &Progress) -> Range {
        let first = progress.offset;
        let last = (self.fragment > 0).then(|| {
            let last = first.saturating_add(self.fragment - 1);
            match progress.size {
                Some(size) if size > first => last.min(size - 1),
                _ => last,
            }
        });
        Range { first, last }
    }

    /// Takes bytes of the stream, wherever it was cut. `moved` becomes where the package lies with [`Taken::Moved`], and else
    /// stays as it is. The sink must have room for all of them, and for the whole head of
    /// a response: otherwise the download fails ([`Failure::Protocol`]).
    #[inline(never)]
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        uri: &PackageUri<'_>,
        bytes: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
        moved: &mut Text<URI>,
    ) -> Taken {
        self.deadline = now + INACTIVITY;
        let before = self.changed;
        let end = self.run(uri, bytes, progress, sink, moved);
        let changed = self.changed && !before;
        let Some(end) = end else {
            return if changed { Taken::Changed } else { Taken::More };
        };
        self.state = State::Over;
        if !changed {
            return end;
        }
        // That it is another package is told in any case; the rest is told, or found out, later.
        if let Taken::Failed(failure) = end {
            self.state = State::Failed(failure);
        }
        Taken::Changed
    }

    /// Goes through what came in, to its end or to that of the download.
    fn run(
        &mut self,
        uri: &PackageUri<'_>,
        bytes: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
        moved: &mut Text<URI>,
    ) -> Option<Taken> {
        let mut rest = bytes;
        loop {
            match &mut self.state {
                State::Idle | State::Over if rest.is_empty() => return None,
                // An answer that nobody asked for, such as 408 of a server that will not wait for another request.
                State::Idle | State::Over => return Some(Taken::Again),
                State::Failed(failure) => return Some(Taken::Failed(*failure)),
                State::Head(range, gathering) => {
                    let range = *range;
                    let room = sink.bytes.get_mut(sink.len..).unwrap_or_default();
                    let len = match gathering.take(&mut rest, room) {
                        Gathered::More => return None,
                        Gathered::TooLong => return Some(Taken::Failed(Failure::Protocol)),
                        Gathered::Whole(len) => len,
                    };
                    let verdict = match Head::parse(room.get(..len).unwrap_or_default()) {
                        Ok(head) => match judge(&head, range, progress) {
                            Verdict::End(Taken::Moved) => {
                                Verdict::End(follow(uri, head.location, moved))
                            }
                            verdict => verdict,
                        },
                        Err(Malformed) => Failure::Protocol.into(),
                    };
                    if let Some(end) = self.obey(verdict, range, progress, &mut sink.len) {
                        return Some(end);
                    }
                }
                State::Body(content) => match content.body.next(&mut rest) {
                    Part::More => return None,
                    Part::Malformed => return Some(Taken::Failed(Failure::Protocol)),
                    Part::Data(data) => {
                        if let Err(failure) = content.take(data, progress, sink) {
                            return Some(Taken::Failed(failure));
                        }
                    }
                    Part::End => match content.end(progress) {
                        Err(failure) => return Some(Taken::Failed(failure)),
                        Ok(true) => return Some(Taken::Complete),
                        Ok(false) if content.keep_alive => self.state = State::Idle,
                        Ok(false) => return Some(Taken::Again),
                    },
                },
            }
        }
    }

    /// Does as the head of a response means.
    fn obey(
        &mut self,
        verdict: Verdict<'_>,
        range: Range,
        progress: &mut Progress,
        taken: &mut usize,
    ) -> Option<Taken> {
        self.state = match verdict {
            Verdict::Skip => State::Head(range, Gathering::default()),
            Verdict::Take(package, content) => {
                begin(package, progress);
                State::Body(content)
            }
            Verdict::Change(..) if self.changed => return Some(Taken::Failed(Failure::Protocol)),
            Verdict::Change(package, content) => {
                self.changed = true;
                begin(package, progress);
                *taken = 0;
                if content.is_worthwhile() {
                    State::Body(content)
                } else {
                    State::Over
                }
            }
            Verdict::End(end) => {
                if end == Taken::Complete {
                    progress.size = Some(progress.offset);
                }
                return Some(end);
            }
        };
        None
    }

    /// The stream has ended. Where the peer has ended it `in_due_form` that is the end of a body that has no other
    /// (RFC 9112, section 8); else [`Taken::Again`], between two responses or within one.
    pub(crate) fn closed(&mut self, progress: &mut Progress, in_due_form: bool) -> Taken {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Failed(failure) => Taken::Failed(failure),
            State::Body(Content {
                body: Body::UntilClose,
                void: false,
                ..
            }) if in_due_form => {
                progress.size = Some(progress.offset);
                Taken::Complete
            }
            _ => Taken::Again,
        }
    }
}

/// Notes what a head says of the package.
fn begin(package: Package<'_>, progress: &mut Progress) {
    progress.offset = package.offset;
    progress.size = package.size;
    if let Some(validator) = package.validator {
        progress.set_validator(validator);
    }
}

/// Goes where a redirection leads.
fn follow(uri: &PackageUri<'_>, reference: Option<&[u8]>, moved: &mut Text<URI>) -> Taken {
    let reference = reference.and_then(|reference| core::str::from_utf8(reference).ok());
    match reference.map(|reference| uri.join(reference, moved)) {
        Some(Ok(())) => Taken::Moved,
        Some(Err(_)) | None => Taken::Failed(Failure::Protocol),
    }
}

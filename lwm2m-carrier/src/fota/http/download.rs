//! The download: when what is asked for, and how what comes in is taken.
//!
//! One request is under way at a time, and none is sent before the bytes of the one before are out of the sink, because
//! the head of the response is gathered there. Within a response the sink may be lent away and come back; the owner
//! holds the stream back meanwhile.

use lwm2m_core::{client::Expect, model::Text, time::Duration, time::Instant};

use super::{
    body::Part,
    content::Content,
    head::{Gathered, Gathering, Head, Malformed},
    pace::Pace,
    request::{self, Range},
    verdict::judge,
};
use crate::fota::{
    download::{Failure, Progress, Sink, Step, Taken, URI},
    reference::join,
    uri::PackageUri,
};

/// How long a server may send nothing while it is listened to, and how long it may take for the head of a response.
const INACTIVITY: Duration = Duration::from_secs(60);

/// A download over one connection.
#[derive(Debug)]
pub(crate) struct Download {
    /// The most bytes asked for at a time; 0: everything.
    fragment: u32,
    state: State,
    /// When the server has sent nothing for too long.
    deadline: Instant,
    pace: Pace,
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
            pace: Pace::START,
            changed: false,
        }
    }

    /// What to do now. `room` is what the sink still takes, 0 while it is lent away; `sink_len` what is in it. A request
    /// is written to `out`.
    ///
    /// While there is no room the server's silence does not count, nor its pace: the stream is held back. When the connection is of no
    /// more use, because what it brings is void, it is waited for until the server closes it or goes on
    /// ([`Taken::Again`]), or for 60 s.
    ///
    /// # Errors
    /// [`Failure::Timeout`] when the server has sent nothing, or no head, for 60 s, or less than 1,024 bytes of the
    /// package in five minutes; [`Failure::Protocol`] when `out` has no room for the request, or the answer has failed
    /// behind a [`Taken::Changed`].
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
                self.pace.pause(now);
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
                self.pace.wait(now);
                return Ok(Step::Send {
                    len,
                    expect: Expect::More,
                });
            }
            _ => {}
        }
        if room == 0 {
            self.pace.pause(now);
            self.deadline = now + INACTIVITY;
            return Ok(Step::Wait {
                until: self.deadline,
            });
        }
        let until = self.deadline.min(self.pace.wait(now));
        if now >= until {
            return Err(Failure::Timeout);
        }
        Ok(Step::Wait { until })
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

    /// Takes bytes of the stream, wherever it was cut. `location` is where the package lies, and becomes where it lies
    /// instead with [`Taken::Moved`]. The sink must have room for all of the bytes, and for the whole head of a response:
    /// otherwise the download fails ([`Failure::Protocol`]).
    #[inline(never)]
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        bytes: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
        location: &mut Text<URI>,
    ) -> Taken {
        let before = self.changed;
        let end = self.run(bytes, progress, sink, location);
        // A head must come whole in that time, whatever comes of it and before it: nothing of that is progress.
        if !matches!(self.state, State::Head(..)) {
            self.deadline = now + INACTIVITY;
        }
        self.pace.reach(now, progress.offset);
        let changed = self.changed && !before;
        let Err(end) = end else {
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

    /// Goes through what came in.
    ///
    /// # Errors
    /// How the download ends, if it does.
    fn run(
        &mut self,
        bytes: &[u8],
        progress: &mut Progress,
        sink: &mut Sink<'_>,
        location: &mut Text<URI>,
    ) -> Result<(), Taken> {
        let mut rest = bytes;
        loop {
            match &mut self.state {
                State::Idle | State::Over if rest.is_empty() => return Ok(()),
                // An answer that nobody asked for, such as 408 of a server that will not wait for another request.
                State::Idle | State::Over => return Err(Taken::Again),
                State::Failed(failure) => return Err(Taken::Failed(*failure)),
                State::Head(range, gathering) => {
                    let range = *range;
                    let room = sink.bytes.get_mut(sink.len..).unwrap_or_default();
                    let len = match gathering.take(&mut rest, room) {
                        Gathered::More => return Ok(()),
                        Gathered::TooLong => return Err(Taken::Failed(Failure::Protocol)),
                        Gathered::Whole(len) => len,
                    };
                    let head = Head::parse(room.get(..len).unwrap_or_default());
                    let head = head.map_err(|Malformed| Taken::Failed(Failure::Protocol))?;
                    self.respond(&head, range, progress, &mut sink.len, location)?;
                }
                State::Body(content) => match content.next(&mut rest) {
                    Part::More => return Ok(()),
                    Part::Malformed => return Err(Taken::Failed(Failure::Protocol)),
                    Part::Data(data) => {
                        let taken = content.take(data, progress, sink);
                        taken.map_err(Taken::Failed)?;
                    }
                    Part::End => {
                        if content.end(progress).map_err(Taken::Failed)? {
                            return Err(Taken::Complete);
                        }
                        if !content.keep_alive {
                            return Err(Taken::Again);
                        }
                        self.state = State::Idle;
                    }
                },
            }
        }
    }

    /// Does as the head of a response means; `taken` is what the sink holds.
    fn respond(
        &mut self,
        head: &Head<'_>,
        range: Range,
        progress: &mut Progress,
        taken: &mut usize,
        location: &mut Text<URI>,
    ) -> Result<(), Taken> {
        // An interim response, behind which another follows. 101 is none of them, as nothing was asked for that would
        // switch protocols.
        if matches!(head.code, 100 | 102..=199) {
            self.state = State::Head(range, Gathering::default());
            return Ok(());
        }
        let answer = match judge(head, range, progress) {
            Ok(answer) => answer,
            Err(Taken::Moved) => return Err(follow(head.location, location)),
            Err(end) => {
                if end == Taken::Complete {
                    progress.size = Some(progress.offset);
                }
                return Err(end);
            }
        };
        if answer.other {
            if self.changed {
                return Err(Taken::Failed(Failure::Protocol));
            }
            self.changed = true;
            *taken = 0;
        }
        let is_new = answer.other || range.first == 0;
        if is_new {
            progress.offset = 0;
            progress.size = None;
        }
        progress.size = answer.size.or(progress.size);
        if is_new || progress.validator.is_empty() {
            progress.set_validator(head.validator());
        }
        let content = Content::new(head, answer.part, answer.len);
        self.state = if content.is_worthwhile() {
            State::Body(content)
        } else {
            State::Over
        };
        Ok(())
    }

    /// The stream has ended. Where the peer has ended it `in_due_form` that is the end of a body that has no other
    /// (RFC 9112, section 8); else [`Taken::Again`], between two responses or within one.
    pub(crate) fn closed(&mut self, progress: &mut Progress, in_due_form: bool) -> Taken {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Failed(failure) => Taken::Failed(failure),
            State::Body(content) if in_due_form && content.is_open_ended() => {
                progress.size = Some(progress.offset);
                Taken::Complete
            }
            _ => Taken::Again,
        }
    }
}

/// Goes where a redirection leads.
fn follow(reference: Option<&[u8]>, location: &mut Text<URI>) -> Taken {
    let reference = reference.and_then(|reference| core::str::from_utf8(reference).ok());
    match reference.map(|reference| join(location, reference)) {
        Some(Ok(())) => Taken::Moved,
        Some(Err(_)) | None => Taken::Failed(Failure::Protocol),
    }
}

//! The projection of a recording to what sequence charts draw.
//!
//! The charts of the carrier library draw the application, the library, and in two of them the modem. This is all that
//! they draw, and so all that the projection keeps, in the order of time:
//!
//! | recorded | drawn |
//! | --- | --- |
//! | the application calls `init()` or `run()` | an arrow from the application to the library |
//! | the call returns | an arrow back: `Success`, or `error` with its number |
//! | `run()` has not returned when the recording ends | an arrow of the library to itself: `(no return)` |
//! | an event | an arrow from the library to the application with the event's name; of an error its own name and number, of a deferral its reason |
//! | the library writes credentials, not during `init()` | one box for all writes in a row, with their number: `Write keys to modem (2)` |
//! | such a write fails | a box of its own: `Write keys to modem: error 5` |
//! | the library asks for a stream secured by the tags of CA certificates | a box, one for all such streams in a row: `Write CA certificates to modem security tags`. No key is written: the tags from CERTS_INIT are applied to the session |
//! | the application writes a credential while it handles an event | a box before the first one, `Write CA certificates to modem security tags`; for each an arrow to the modem, and one back: `success`, or `error` |
//! | it answers CERTS_INIT with tags | the charts' two boxes, and an arrow to the library: `success` |
//! | it answers CERTS_INIT with an error | an arrow to the library: `error` with its number |
//!
//! Not drawn: what the library writes during `init()` (the account of the first server, which lies in the modem
//! before the first connection), credentials deleted, messages, other sessions, how a session fares, the firmware slot,
//! records, the link itself (its events tell of it), and other answers of the application.

use lwm2m_carrier::hal::Transport;
use lwm2m_carrier::{Event, Response};
use lwm2m_core::time::Instant;

use super::{Actor, Call, Entry, Recorded, SecurityKind};

/// One line of a chart, with the time at which it was begun.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "spelled out by tests")]
pub struct Row {
    /// The world's time.
    pub at: Instant,
    /// What is drawn.
    pub mark: Mark,
}

/// What a chart draws. Error numbers are those of [`errno`](lwm2m_carrier::errno).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// The application calls the library.
    Call(Call),
    /// The call returns; an error by its number.
    Returned(Result<(), i32>),
    /// The call of `run()` does not return.
    NoReturn,
    /// The library tells the application something.
    Event(Event),
    /// The library has written this many credentials.
    LibraryKeys(u32),
    /// The library has failed to write a credential.
    LibraryKeyError(i32),
    /// The library applies the tags of CA certificates to a stream.
    LibraryCaTags,
    /// The application sets about writing certificates.
    ApplicationKeys,
    /// The application writes a credential.
    KeyCall,
    /// The modem answers.
    KeyResult(Result<(), i32>),
    /// The application puts the tags into its answer.
    Tags,
    /// The application answers CERTS_INIT.
    Answer(Result<(), i32>),
}

/// Projects a recording: calls `draw` with each row of the chart, in order.
pub fn project<'e>(recording: impl IntoIterator<Item = &'e Recorded>, mut draw: impl FnMut(Row)) {
    let mut projection = Projection::default();
    for recorded in recording {
        projection.take(recorded, &mut draw);
    }
    projection.finish(&mut draw);
}

/// The projection of a recording.
#[cfg(feature = "std")]
#[must_use]
pub fn rows<'e>(recording: impl IntoIterator<Item = &'e Recorded>) -> Vec<Row> {
    let mut rows = Vec::new();
    project(recording, |row| rows.push(row));
    rows
}

#[derive(Default)]
struct Projection {
    /// The last entry's time.
    now: Instant,
    /// The call that has not returned.
    open_call: Option<Call>,
    /// Credentials that the library has written in a row, and when it began.
    library_keys: Option<(Instant, u32)>,
    /// CERTS_INIT is being handled.
    asked: bool,
    /// The application has written a credential in answer to the last event.
    application_keys: bool,
    /// The last row says that tags of CA certificates were applied.
    ca_tags: bool,
}

impl Projection {
    fn take(&mut self, recorded: &Recorded, draw: &mut impl FnMut(Row)) {
        let at = recorded.at;
        self.now = at;
        if let Entry::KeyWrite {
            actor: Actor::Library,
            result,
            ..
        } = recorded.entry
        {
            if self.open_call != Some(Call::Init) {
                self.library_write(at, result.map_err(|error| error.errno), draw);
            }
            return;
        }
        match recorded.entry {
            Entry::Call(call) => {
                self.draw(at, Mark::Call(call), draw);
                self.open_call = Some(call);
            }
            Entry::Returned(_, result) => {
                let result = result.map_err(|error| error.errno());
                self.draw(at, Mark::Returned(result), draw);
                self.open_call = None;
            }
            Entry::Event(event) => {
                self.draw(at, Mark::Event(event), draw);
                self.asked = event == Event::CertsInit;
                self.application_keys = false;
            }
            Entry::KeyWrite { result, .. } => {
                if !self.application_keys {
                    self.draw(at, Mark::ApplicationKeys, draw);
                }
                self.application_keys = true;
                let result = result.map_err(|error| error.errno);
                self.draw(at, Mark::KeyCall, draw);
                self.draw(at, Mark::KeyResult(result), draw);
            }
            Entry::Response(Response::CaTags(_)) if self.asked => {
                self.draw(at, Mark::Tags, draw);
                self.draw(at, Mark::Answer(Ok(())), draw);
            }
            Entry::Response(Response::Fail(errno)) if self.asked => {
                self.draw(at, Mark::Answer(Err(errno)), draw);
            }
            Entry::Opened {
                transport: Transport::Stream,
                security: SecurityKind::CaTags,
                ..
            } if !self.ca_tags => {
                self.draw(at, Mark::LibraryCaTags, draw);
                self.ca_tags = true;
            }
            Entry::Boot => {
                self.flush(draw);
                self.ca_tags = false;
                self.open_call = None;
            }
            _ => {}
        }
    }

    fn draw(&mut self, at: Instant, mark: Mark, draw: &mut impl FnMut(Row)) {
        self.flush(draw);
        self.ca_tags = false;
        draw(Row { at, mark });
    }

    fn library_write(&mut self, at: Instant, result: Result<(), i32>, draw: &mut impl FnMut(Row)) {
        match result {
            Ok(()) => {
                self.ca_tags = false;
                let (since, count) = self.library_keys.unwrap_or((at, 0));
                self.library_keys = Some((since, count.saturating_add(1)));
            }
            Err(errno) => self.draw(at, Mark::LibraryKeyError(errno), draw),
        }
    }

    fn flush(&mut self, draw: &mut impl FnMut(Row)) {
        if let Some((at, count)) = self.library_keys.take() {
            let mark = Mark::LibraryKeys(count);
            draw(Row { at, mark });
        }
    }

    fn finish(mut self, draw: &mut impl FnMut(Row)) {
        self.flush(draw);
        if self.open_call == Some(Call::Run) {
            let (at, mark) = (self.now, Mark::NoReturn);
            draw(Row { at, mark });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_carrier::hal::{
        CredentialKind, DetachReason, KeyStoreError, KeyStoreErrorKind, Opened, SecurityTag,
        SessionId,
    };
    use lwm2m_carrier::{Cause, Error, ErrorKind};

    fn write(actor: Actor, result: Result<(), i32>) -> Entry {
        Entry::KeyWrite {
            actor,
            tag: SecurityTag(1),
            kind: CredentialKind::Psk,
            result: result.map_err(|errno| KeyStoreError::new(KeyStoreErrorKind::Io, errno)),
        }
    }

    const DISCONNECTED: Event = Event::Disconnected {
        reason: DetachReason::Requested,
    };

    fn marks(entries: &[Entry]) -> Vec<Mark> {
        let recording: Vec<Recorded> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| Recorded {
                at: Instant::from_millis(at as u64),
                entry: entry.clone(),
            })
            .collect();
        rows(&recording).iter().map(|row| row.mark).collect()
    }

    #[test]
    fn key_writes_in_a_row_are_one_box() {
        let library = || write(Actor::Library, Ok(()));
        let drawn = marks(&[
            Entry::Event(DISCONNECTED),
            library(),
            Entry::Boot,
            library(),
            Entry::Event(Event::Connecting),
            library(),
            write(Actor::Library, Err(5)),
        ]);
        // A boot is not drawn, but what is written after it is another matter.
        let expected = [
            Mark::Event(DISCONNECTED),
            Mark::LibraryKeys(1),
            Mark::LibraryKeys(1),
            Mark::Event(Event::Connecting),
            Mark::LibraryKeys(1),
            Mark::LibraryKeyError(5),
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn the_first_account_is_not_drawn() {
        let drawn = marks(&[
            Entry::Call(Call::Init),
            write(Actor::Library, Ok(())),
            Entry::Event(Event::Connecting),
            Entry::Returned(Call::Init, Ok(())),
            Entry::Call(Call::Run),
            write(Actor::Library, Ok(())),
        ]);
        let expected = [
            Mark::Call(Call::Init),
            Mark::Event(Event::Connecting),
            Mark::Returned(Ok(())),
            Mark::Call(Call::Run),
            Mark::LibraryKeys(1),
            Mark::NoReturn,
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn the_application_writes_for_itself() {
        let drawn = marks(&[
            Entry::Call(Call::Init),
            Entry::Event(Event::CertsInit),
            write(Actor::Application, Ok(())),
            write(Actor::Application, Err(12)),
            Entry::Response(Response::Fail(12)),
            Entry::Returned(
                Call::Init,
                Err(Error::new(ErrorKind::Init, Cause::Application(12))),
            ),
        ]);
        let expected = [
            Mark::Call(Call::Init),
            Mark::Event(Event::CertsInit),
            Mark::ApplicationKeys,
            Mark::KeyCall,
            Mark::KeyResult(Ok(())),
            Mark::KeyCall,
            Mark::KeyResult(Err(12)),
            Mark::Answer(Err(12)),
            Mark::Returned(Err(12)),
        ];
        assert_eq!(drawn, expected);
    }

    fn opened(transport: Transport, security: SecurityKind) -> Entry {
        Entry::Opened {
            session: SessionId::new(0),
            transport,
            security,
            result: Ok(Opened::Pending),
        }
    }

    #[test]
    fn streams_that_are_secured_by_ca_tags_are_a_box() {
        let secured = || opened(Transport::Stream, SecurityKind::CaTags);
        let drawn = marks(&[
            secured(),
            secured(),
            write(Actor::Library, Ok(())),
            secured(),
            Entry::Event(DISCONNECTED),
            opened(Transport::Datagram, SecurityKind::Tag),
            opened(Transport::Datagram, SecurityKind::CaTags),
            opened(Transport::Stream, SecurityKind::None),
            Entry::Event(DISCONNECTED),
            secured(),
            Entry::Boot,
            secured(),
        ]);
        let expected = [
            Mark::LibraryCaTags,
            Mark::LibraryKeys(1),
            Mark::LibraryCaTags,
            Mark::Event(DISCONNECTED),
            Mark::Event(DISCONNECTED),
            Mark::LibraryCaTags,
            Mark::LibraryCaTags,
        ];
        assert_eq!(drawn, expected);
    }

    /// Answers to other events are not drawn.
    #[test]
    fn only_the_answer_to_certs_init_is_drawn() {
        let fail = || Entry::Response(Response::Fail(1));
        let drawn = marks(&[
            Entry::Event(Event::CertsInit),
            Entry::Event(Event::Connecting),
            fail(),
        ]);
        assert_eq!(drawn.len(), 2);
    }
}

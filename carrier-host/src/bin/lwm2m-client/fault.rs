//! Deliberate faults, to see tests of this program fail. Not in release builds.
//!
//! `LWM2M_CLIENT_FAULT` names one: `wrong-value` changes the last byte of each answer's and notification's payload,
//! `wrong-format` labels them as opaque, `no-answer` leaves them out. Requests of the client, such as Register, are as
//! they should be.

use std::collections::HashSet;

use lwm2m_carrier::hal::{
    Expect, OpenRequest, Opened, Received, SessionError, SessionId, Sessions, Transport,
};

/// The option that names the format of a payload (RFC 7252, section 12.2).
const CONTENT_FORMAT: u32 = 12;
/// Its value for opaque payloads.
const OCTET_STREAM: u8 = 42;
/// What separates options from the payload.
const MARKER: u8 = 0xFF;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    WrongValue,
    WrongFormat,
    NoAnswer,
}

/// Sessions that do to answers what the environment says. Streams, which carry no answers, are left alone.
pub(crate) struct Faulty<S> {
    sessions: S,
    fault: Option<Fault>,
    streams: HashSet<SessionId>,
}

impl<S> Faulty<S> {
    pub(crate) fn new(sessions: S) -> Self {
        let fault = match std::env::var("LWM2M_CLIENT_FAULT").as_deref() {
            Ok("wrong-value") => Some(Fault::WrongValue),
            Ok("wrong-format") => Some(Fault::WrongFormat),
            Ok("no-answer") => Some(Fault::NoAnswer),
            _ => None,
        };
        Self {
            sessions,
            fault,
            streams: HashSet::new(),
        }
    }
}

impl<S: Sessions> Sessions for Faulty<S> {
    async fn open(
        &mut self,
        session: SessionId,
        request: &OpenRequest<'_>,
    ) -> Result<Opened, SessionError> {
        if request.transport == Transport::Stream {
            self.streams.insert(session);
        } else {
            self.streams.remove(&session);
        }
        self.sessions.open(session, request).await
    }

    async fn send(
        &mut self,
        session: SessionId,
        datagram: &[u8],
        expect: Expect,
    ) -> Result<(), SessionError> {
        match self.fault {
            Some(fault) if is_answer(datagram) && !self.streams.contains(&session) => {
                match spoilt(datagram, fault) {
                    Some(spoilt) => self.sessions.send(session, &spoilt, expect).await,
                    None => Ok(()),
                }
            }
            _ => self.sessions.send(session, datagram, expect).await,
        }
    }

    async fn close(&mut self, session: SessionId) {
        self.sessions.close(session).await;
    }

    fn hold(&mut self, session: SessionId, held: bool) {
        self.sessions.hold(session, held);
    }

    async fn receive(&mut self, buffer: &mut [u8]) -> (SessionId, Received) {
        self.sessions.receive(buffer).await
    }
}

/// Whether a message's code is that of a response (RFC 7252, section 3): its class is 2, 4 or 5.
fn is_answer(datagram: &[u8]) -> bool {
    datagram
        .get(1)
        .is_some_and(|code| matches!(code >> 5, 2 | 4 | 5))
}

/// The answer with the fault; `None` for an answer that is left out.
fn spoilt(datagram: &[u8], fault: Fault) -> Option<Vec<u8>> {
    let mut spoilt = datagram.to_vec();
    match fault {
        Fault::NoAnswer => return None,
        Fault::WrongValue => {
            if let Some(end) = options_end(datagram)
                && end < datagram.len()
                && let Some(last) = spoilt.last_mut()
            {
                *last ^= 1;
            }
        }
        Fault::WrongFormat => {
            if let Some((start, header, len)) = content_format(datagram) {
                // The same delta, a value of one byte.
                let delta = datagram.get(start).copied().unwrap_or_default() & 0xF0;
                let option = [&[delta | 1][..], datagram.get(start + 1..start + header)?];
                let option = [&option.concat()[..], &[OCTET_STREAM]].concat();
                spoilt.splice(start..start + header + len, option);
            }
        }
    }
    Some(spoilt)
}

/// Where the options of a message end.
fn options_end(datagram: &[u8]) -> Option<usize> {
    options(datagram)
        .last()
        .map_or(Some(first_option(datagram)?), |(_, start, header, len)| {
            Some(start + header + len)
        })
}

/// Where the Content-Format option starts, the bytes of its header, and those of its value.
fn content_format(datagram: &[u8]) -> Option<(usize, usize, usize)> {
    options(datagram)
        .find(|(number, ..)| *number == CONTENT_FORMAT)
        .map(|(_, start, header, len)| (start, header, len))
}

fn first_option(datagram: &[u8]) -> Option<usize> {
    Some(4 + usize::from(datagram.first()? & 0x0F))
}

/// The options of a well-formed message (RFC 7252, section 3.1): number, start, bytes of the header and of the value.
fn options(datagram: &[u8]) -> impl Iterator<Item = (u32, usize, usize, usize)> {
    let mut at = first_option(datagram).unwrap_or(datagram.len());
    let mut number = 0;
    core::iter::from_fn(move || {
        let first = *datagram.get(at).filter(|byte| **byte != MARKER)?;
        let mut header = 1;
        let mut extended = |nibble: u8| {
            let byte = |offset: usize| datagram.get(at + offset).copied().map(u32::from);
            Some(match nibble {
                13 => {
                    header += 1;
                    byte(header - 1)? + 13
                }
                14 => {
                    header += 2;
                    (byte(header - 2)? << 8) + byte(header - 1)? + 269
                }
                short => u32::from(short),
            })
        };
        number += extended(first >> 4)?;
        let len = extended(first & 0x0F)? as usize;
        let start = at;
        at += header + len;
        Some((number, start, header, len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2.05 with token 1 byte, Observe 5, Content-Format 112, payload.
    const NOTIFICATION: &[u8] = b"\x51\x45\x12\x34\xAA\x61\x05\x61\x70\xFF\x80\x01";

    #[test]
    fn answers_are_spoilt_as_asked() {
        assert!(is_answer(NOTIFICATION));
        assert_eq!(spoilt(NOTIFICATION, Fault::NoAnswer), None);
        assert_eq!(
            spoilt(NOTIFICATION, Fault::WrongValue).unwrap(),
            b"\x51\x45\x12\x34\xAA\x61\x05\x61\x70\xFF\x80\x00"
        );
        assert_eq!(
            spoilt(NOTIFICATION, Fault::WrongFormat).unwrap(),
            b"\x51\x45\x12\x34\xAA\x61\x05\x61\x2A\xFF\x80\x01"
        );
        // Text has the number 0, which takes no byte.
        assert_eq!(
            spoilt(b"\x60\x45\x12\x34\xC0\xFFx", Fault::WrongFormat).unwrap(),
            b"\x60\x45\x12\x34\xC1\x2A\xFFx"
        );
        // Nothing to spoil: 2.04 without payload, and a Register is no answer.
        let changed = b"\x60\x44\x12\x34";
        assert_eq!(spoilt(changed, Fault::WrongValue).unwrap(), changed);
        assert_eq!(spoilt(changed, Fault::WrongFormat).unwrap(), changed);
        assert!(!is_answer(b"\x40\x02\x12\x34"));
        assert!(!is_answer(b"\x60\x00\x12\x34"));
    }
}

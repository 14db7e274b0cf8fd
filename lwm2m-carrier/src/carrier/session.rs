//! Sessions: how they are opened, and what their failures mean to the client.

use lwm2m_core::{
    client::{SessionEvent, SessionFailure, SessionId},
    model::Objects,
    random::Random,
    time::Instant,
};

use super::{Action, Carrier, Completion, Context, account};
use crate::{
    error::ConfigurationError,
    hal::{OpenRequest, Opened, Received, Security, SessionError, SessionErrorKind, Transport},
};

impl<'r> Carrier<'r> {
    pub(super) fn open_action<'b>(
        &self,
        session: SessionId,
        instance: u16,
        buffer: &'b mut [u8],
        objects: &dyn Objects,
    ) -> Action<'b> {
        let security = match self.account.tags.of(instance) {
            Some(tag) if account::is_secure(objects, instance) => Security::Tag(tag),
            _ => Security::None,
        };
        let (host, port) =
            account::uri(objects, instance, buffer).map_or(("", 0), |uri| (uri.host, uri.port));
        let request = OpenRequest::new(host, port)
            .over(Transport::Datagram)
            .secured_by(security);
        Action::Open { session, request }
    }

    pub(super) fn open_done(
        &mut self,
        session: SessionId,
        completion: Completion,
        cx: &mut Context<'_>,
    ) {
        // One that was given up while it was opening says nothing about this one.
        self.opening &= !bit(session);
        let event = match completion {
            Completion::Opened(Opened::Pending) => {
                self.opening |= bit(session);
                return;
            }
            Completion::Opened(Opened::Ready { resumed }) => SessionEvent::Open { resumed },
            Completion::SessionFailed(error) => SessionEvent::Failed(failure(error)),
            _ => SessionEvent::Failed(SessionFailure::Refused),
        };
        self.tell_session(session, event, cx);
    }

    pub(super) fn send_done(
        &mut self,
        session: SessionId,
        completion: Completion,
        cx: &mut Context<'_>,
    ) {
        if self.is_firmware_session(session) {
            if let Completion::SessionFailed(error) = completion {
                self.firmware_send_failed(error, cx);
            }
            return;
        }
        // What was not sent is lost as if on the way, and sent again, except where the session is gone.
        if let Completion::SessionFailed(SessionError {
            kind: SessionErrorKind::Closed | SessionErrorKind::Reset,
            ..
        }) = completion
        {
            self.tell_session(session, SessionEvent::Closed, cx);
        }
    }

    /// Something has happened to a session, other than a datagram.
    pub fn handle_session(
        &mut self,
        now: Instant,
        session: SessionId,
        received: Received,
        objects: &mut dyn Objects,
        random: &mut dyn Random,
    ) {
        if self.is_firmware_session(session) {
            return self.firmware_received(received, &[], now, random);
        }
        let was_opening = self.opening & bit(session) != 0;
        let event = match received {
            Received::Datagram(_) => return,
            Received::Opened { resumed } if was_opening => SessionEvent::Open { resumed },
            Received::Opened { .. } => return,
            Received::Closed(error) if was_opening => SessionEvent::Failed(failure(error)),
            Received::Closed(_) => SessionEvent::Closed,
        };
        self.opening &= !bit(session);
        let cx = &mut Context {
            now,
            objects,
            random,
        };
        self.tell_session(session, event, cx);
    }
}

/// Why no session can be opened for the account: its URI, or the lack of a tag where it needs one.
pub(super) fn obstacle(
    carrier: &Carrier<'_>,
    instance: u16,
    buffer: &mut [u8],
    objects: &dyn Objects,
) -> Option<ConfigurationError> {
    let secure = account::is_secure(objects, instance);
    match account::uri(objects, instance, buffer) {
        None => Some(ConfigurationError::Uri),
        Some(uri) if uri.secure != secure => Some(ConfigurationError::Credentials),
        Some(_) if secure && carrier.account.tags.of(instance).is_none() => {
            Some(ConfigurationError::Credentials)
        }
        Some(_) => None,
    }
}

fn bit(session: SessionId) -> u32 {
    1u32.checked_shl(u32::from(session.number())).unwrap_or(0)
}

const fn failure(error: SessionError) -> SessionFailure {
    match error.kind {
        SessionErrorKind::NameResolution | SessionErrorKind::NoRoute => SessionFailure::NoRoute,
        _ => SessionFailure::Refused,
    }
}

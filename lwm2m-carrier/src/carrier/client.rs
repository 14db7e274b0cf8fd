//! Calls of the client that several stages make, with the objects as it sees them. None of them is inlined: what a call
//! costs is the least part of it.

use lwm2m_core::{
    client::{SessionEvent, SessionId},
    model::Objects,
    time::Instant,
};

use super::{Carrier, Context};
use crate::error::{Cause, ErrorKind};

impl Carrier<'_> {
    /// Something has happened to a session.
    #[inline(never)]
    pub(super) fn tell_session(
        &mut self,
        session: SessionId,
        event: SessionEvent,
        cx: &mut Context<'_>,
    ) {
        let objects = &mut overlay!(self, cx.objects);
        self.client
            .handle_session(cx.now, session, event, objects, cx.random);
    }

    /// The network can be used, or not.
    #[inline(never)]
    pub(super) fn tell_online(&mut self, now: Instant, online: bool, objects: &mut dyn Objects) {
        let objects = &mut overlay!(self, objects);
        self.client.set_online(now, online, objects);
    }

    /// Bootstraps or registers.
    #[inline(never)]
    pub(super) fn start_client(&mut self, cx: &mut Context<'_>) {
        let objects = &mut overlay!(self, cx.objects);
        if let Err(failure) = self.client.start(cx.now, objects) {
            self.push_error(ErrorKind::Configuration, Cause::Protocol(failure));
        }
    }

    /// Answers Bootstrap-Finish.
    #[inline(never)]
    pub(super) fn finish_bootstrap(
        &mut self,
        accepted: bool,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let objects = &mut overlay!(self, cx.objects);
        self.client
            .finish_bootstrap(cx.now, accepted, buffer, objects, cx.random);
    }
}

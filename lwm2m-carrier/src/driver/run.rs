//! The loop.

use core::fmt;

use lwm2m_core::{model::Objects, time::Instant};

use super::{
    race::{Either, race},
    shared::Shared,
};
use crate::{
    carrier::{Action, Completion},
    error::Error,
    hal::{
        Clock, Firmware, Hal, KeyStore, Link, LinkState, Random, Received, Reset, SessionId,
        Sessions, Storage,
    },
    response::EventHandler,
};

/// The half of a driver that owns the port and runs the loop.
///
/// Its futures may be dropped at any time and made anew: what was under way is then done again, as the contracts of
/// the hal traits allow. They are not `Send`.
pub struct Runner<'s, 'r, O, H, E> {
    shared: &'s Shared<'r, O>,
    hal: H,
    handler: E,
    buffer: &'s mut [u8],
}

/// What has happened while the loop was waiting.
enum Input {
    Session(SessionId, Received),
    Link(LinkState),
    /// The deadline has come, or the application has asked for something.
    Nothing,
}

impl<'s, 'r, O, H, E> Runner<'s, 'r, O, H, E> {
    pub(super) const fn new(
        shared: &'s Shared<'r, O>,
        hal: H,
        handler: E,
        buffer: &'s mut [u8],
    ) -> Self {
        Self {
            shared,
            hal,
            handler,
            buffer,
        }
    }

    /// The port.
    pub const fn hal(&mut self) -> &mut H {
        &mut self.hal
    }
}

impl<O, L, K, S, T, C, N, R, F, E> Runner<'_, '_, O, Hal<L, K, S, T, C, N, R, F>, E>
where
    O: Objects,
    L: Link,
    K: KeyStore,
    S: Sessions,
    T: Storage,
    C: Clock,
    N: Random,
    R: Reset,
    F: Firmware,
    E: EventHandler,
{
    /// Initialises: loads what is stored, asks the application for CA certificates where the profile says so, and
    /// brings the link up. Returns when that is up for the first time; as long as the link fails, the application gets
    /// events and further attempts follow.
    ///
    /// # Errors
    /// The configuration is not usable, or the application has failed [`Event::CertsInit`](crate::Event::CertsInit).
    /// Calling again begins anew.
    pub async fn init(&mut self) -> Result<(), Error> {
        self.begin();
        loop {
            let initialized = match self.shared.state.try_borrow() {
                Ok(state) => state.carrier.initialized(),
                Err(_) => None,
            };
            match initialized {
                Some(result) => return result,
                None => self.turn().await,
            }
        }
    }

    /// Runs the device, and never returns. Initialises first, unless [`init`](Self::init) has done so; where that
    /// fails, nothing happens until [`init`](Self::init) is called.
    pub async fn run(&mut self) -> ! {
        let initialized = match self.shared.state.try_borrow() {
            Ok(state) => state.carrier.initialized(),
            Err(_) => None,
        };
        if initialized.is_none() {
            self.begin();
        }
        loop {
            self.turn().await;
        }
    }

    fn begin(&self) {
        let (offline, link) = (self.hal.keys.requires_offline(), self.hal.link.state());
        if let Ok(mut state) = self.shared.state.try_borrow_mut() {
            state.carrier.begin(offline, link);
        }
    }

    /// One action.
    async fn turn(&mut self) {
        let now = self.hal.clock.now();
        let action = match self.shared.state.try_borrow_mut() {
            Ok(mut state) => {
                let state = &mut *state;
                let random = &mut self.hal.random;
                state
                    .carrier
                    .poll(now, self.buffer, &mut state.objects, random)
            }
            // Nothing holds the cell across an await, so nobody else can be in it now.
            Err(_) => return,
        };
        let hal = &mut self.hal;
        let completion = match action {
            Action::Wait { until } => return self.wait(until).await,
            Action::Event(event) => {
                Completion::Response(self.handler.handle(&event, &mut hal.keys).await)
            }
            Action::LinkUp => done(hal.link.up().await, Completion::LinkFailed),
            Action::LinkDown => done(hal.link.down().await, Completion::LinkFailed),
            Action::CheckKey { kind, credential } => done(
                hal.keys.check(kind, credential.0),
                Completion::KeyStoreFailed,
            ),
            Action::WriteKey {
                tag,
                kind,
                credential,
            } => done(
                hal.keys.write(tag, kind, credential.0).await,
                Completion::KeyStoreFailed,
            ),
            Action::DeleteKey { tag, kind } => {
                done(hal.keys.delete(tag, kind).await, Completion::KeyStoreFailed)
            }
            Action::Open { session, request } => match hal.sessions.open(session, &request).await {
                Ok(opened) => Completion::Opened(opened),
                Err(error) => Completion::SessionFailed(error),
            },
            Action::Send {
                session,
                datagram,
                expect,
            } => done(
                hal.sessions.send(session, datagram, expect).await,
                Completion::SessionFailed,
            ),
            Action::Close { session } => {
                hal.sessions.close(session).await;
                Completion::Done
            }
            Action::Load { id } => match hal.storage.load(id, self.buffer).await {
                Ok(len) => Completion::Loaded(len),
                Err(error) => Completion::StorageFailed(error),
            },
            Action::Store { id, record } => done(
                hal.storage.store(id, record.0).await,
                Completion::StorageFailed,
            ),
            Action::Delete { id } => done(hal.storage.delete(id).await, Completion::StorageFailed),
            Action::Reboot => {
                hal.reset.reboot();
                Completion::Done
            }
        };
        let now = self.hal.clock.now();
        if let Ok(mut state) = self.shared.state.try_borrow_mut() {
            let state = &mut *state;
            state.carrier.complete(
                now,
                completion,
                self.buffer,
                &mut state.objects,
                &mut self.hal.random,
            );
        }
        self.shared.progressed();
    }

    /// Waits until something happens, and hands it in.
    async fn wait(&mut self, until: Instant) {
        self.shared.deadline.set(until);
        self.shared.progressed();
        let hal = &mut self.hal;
        let network = race(hal.sessions.receive(self.buffer), hal.link.changed());
        let time = race(self.shared.signalled(), hal.clock.wait(until));
        let input = match race(network, time).await {
            Either::First(Either::First((session, received))) => Input::Session(session, received),
            Either::First(Either::Second(state)) => Input::Link(state),
            Either::Second(_) => Input::Nothing,
        };
        let now = self.hal.clock.now();
        let Ok(mut state) = self.shared.state.try_borrow_mut() else {
            return;
        };
        let state = &mut *state;
        let (carrier, objects) = (&mut state.carrier, &mut state.objects);
        let random = &mut self.hal.random;
        match input {
            Input::Session(session, Received::Datagram(len)) => {
                carrier.handle_datagram(now, session, self.buffer, len, objects, random);
            }
            Input::Session(session, received) => {
                carrier.handle_session(now, session, received, objects, random);
            }
            Input::Link(link) => carrier.handle_link(now, link, objects),
            Input::Nothing => {}
        }
    }
}

/// What came of an action that has nothing to tell but its failure.
fn done<F>(result: Result<(), F>, failed: impl FnOnce(F) -> Completion) -> Completion {
    match result {
        Ok(()) => Completion::Done,
        Err(error) => failed(error),
    }
}

impl<O, H, E> fmt::Debug for Runner<'_, '_, O, H, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").finish_non_exhaustive()
    }
}

//! The loop.

use core::{
    fmt,
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use lwm2m_core::{model::Objects, time::Instant};

use super::shared::{Shared, State};
use crate::{
    carrier::{Action, Carrier, Completion},
    error::Error,
    fota::Job,
    hal::{
        Clock, Firmware, Hal, KeyStore, Link, LinkState, ModemInfo, Random, Received, Reset,
        SessionId, Sessions, Storage,
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
    /// An operation on the firmware slot that is under way; done again when the future was dropped.
    job: Option<Job<'r>>,
}

/// What has come of an action.
enum Input {
    /// It was carried out.
    Done(Completion),
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
            job: None,
        }
    }

    /// The port.
    pub const fn hal(&mut self) -> &mut H {
        &mut self.hal
    }
}

impl<'r, O, L, K, S, T, C, N, R, F, M, E> Runner<'_, 'r, O, Hal<L, K, S, T, C, N, R, F, M>, E>
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
    M: ModemInfo,
    E: EventHandler,
{
    /// Initialises: loads what is stored, asks the application for CA certificates where the profile says so, and
    /// brings the link up. Returns when that is up for the first time; as long as the link fails, the application gets
    /// events and further attempts follow.
    ///
    /// # Errors
    /// The configuration is not usable, of which the application gets an event too, or it has failed
    /// [`Event::CertsInit`](crate::Event::CertsInit). Calling again begins anew.
    pub async fn init(&mut self) -> Result<(), Error> {
        self.begin();
        loop {
            if let Some(result) = self.initialized() {
                return result;
            }
            self.drive(|carrier| carrier.initialized().is_some()).await;
        }
    }

    /// Runs the device, and never returns. Initialises first, unless [`init`](Self::init) has done so; where that
    /// fails, nothing happens until [`init`](Self::init) is called.
    pub async fn run(&mut self) -> ! {
        if self.initialized().is_none() {
            self.begin();
        }
        loop {
            self.drive(|_| false).await;
        }
    }

    fn initialized(&self) -> Option<Result<(), Error>> {
        self.shared.state.try_borrow().ok()?.carrier.initialized()
    }

    fn begin(&self) {
        let (offline, link) = (self.hal.keys.requires_offline(), self.hal.link.state());
        if let Ok(mut state) = self.shared.state.try_borrow_mut() {
            state.carrier.begin(offline, link);
        }
    }

    /// Goes round both lanes until `end` says so: the messages, and beside them the firmware slot.
    // A function pointer, so that the loop is in the image once.
    async fn drive(&mut self, end: fn(&Carrier<'r>) -> bool) {
        let Self {
            shared,
            hal,
            handler,
            buffer,
            job,
        } = self;
        let Hal {
            link,
            keys,
            sessions,
            storage,
            clock,
            random,
            reset,
            firmware,
            modem,
        } = hal;
        let mut lane = Lane {
            shared,
            random,
            buffer,
            port: Port {
                link,
                keys,
                sessions,
                storage,
                clock,
                reset,
                modem,
                handler,
            },
        };
        loop {
            if job.is_none()
                && let Ok(mut state) = shared.state.try_borrow_mut()
            {
                *job = state.carrier.take_job();
            }
            let is_idle = job.is_none();
            let result = {
                // Behind a pointer: a turn does not need its room on the stack.
                let mut work: Pin<&mut dyn Future<Output = _>> = pin!(async {
                    match job {
                        Some(job) => job.carry_out(firmware).await,
                        None => pending().await,
                    }
                });
                loop {
                    if shared
                        .state
                        .try_borrow()
                        .is_ok_and(|state| end(&state.carrier))
                    {
                        return;
                    }
                    // The turn is awaited to its end, and the work is polled while it waits. Messages go first: what is due by
                    // now is sent before the slot goes on.
                    let mut turn = pin!(lane.turn());
                    let mut result = None;
                    let (mut waits, mut slept) = (false, false);
                    poll_fn(|context| {
                        while !slept {
                            match turn.as_mut().poll(context) {
                                // A clock that sleeps in its wait may be ready at once, against its word: all others have their turn behind it.
                                Poll::Ready(waited) if waited && !waits => {
                                    slept = true;
                                    context.waker().wake_by_ref();
                                }
                                Poll::Ready(_) => return Poll::Ready(()),
                                Poll::Pending if result.is_some() => return Poll::Pending,
                                Poll::Pending => waits = true,
                            }
                            result = Some(ready!(work.as_mut().poll(context)));
                            // A turn that only waits ends with it, at once.
                            shared.signal();
                        }
                        Poll::Ready(())
                    })
                    .await;
                    if is_idle || result.is_some() {
                        break result;
                    }
                }
            };
            if let (Some(result), Some(done)) = (result, job.take())
                && let Ok(mut state) = shared.state.try_borrow_mut()
            {
                state.carrier.job_done(done, result);
                drop(state);
                shared.progressed();
            }
        }
    }
}

/// The loop of messages: everything but the firmware slot.
struct Lane<'a, 'r, O, L, K, S, T, C, N, R, M, E> {
    shared: &'a Shared<'r, O>,
    random: &'a mut N,
    buffer: &'a mut [u8],
    port: Port<'a, L, K, S, T, C, R, M, E>,
}

impl<O, L, K, S, T, C, N, R, M, E> Lane<'_, '_, O, L, K, S, T, C, N, R, M, E>
where
    O: Objects,
    L: Link,
    K: KeyStore,
    S: Sessions,
    T: Storage,
    C: Clock,
    N: Random,
    R: Reset,
    M: ModemInfo,
    E: EventHandler,
{
    /// One action; whether it was to wait, and nothing has come.
    async fn turn(&mut self) -> bool {
        let Self {
            shared,
            random,
            buffer,
            port,
        } = self;
        let now = port.clock.now();
        let mut action = {
            // Nothing holds the cell across an await, so nobody else can be in it now.
            let Ok(mut state) = shared.state.try_borrow_mut() else {
                return false;
            };
            let State { carrier, objects } = &mut *state;
            carrier.poll(now, buffer, *objects, *random)
        };
        if let Action::Wait { until, .. } = action {
            shared.deadline.set(until);
            shared.progressed();
        }
        let input = {
            // Behind a pointer: the carrier does not need the port's room on the stack.
            let signal = |context: &Context<'_>| shared.poll_signalled(context);
            let work: Pin<&mut dyn Future<Output = _>> = pin!(port.carry_out(&mut action, signal));
            work.await
        };
        let now = port.clock.now();
        let is_nothing = matches!(input, Input::Nothing);
        let Ok(mut state) = shared.state.try_borrow_mut() else {
            return is_nothing;
        };
        let State { carrier, objects } = &mut *state;
        match input {
            Input::Done(completion) => {
                carrier.complete(now, completion, buffer, *objects, *random);
                drop(state);
                shared.progressed();
            }
            Input::Session(session, Received::Datagram(len)) => {
                carrier.handle_datagram(now, session, buffer, len, *objects, *random);
            }
            Input::Session(session, received) => {
                carrier.handle_session(now, session, received, *objects, *random);
            }
            Input::Link(link) => carrier.handle_link(now, link, *objects),
            Input::Nothing => {}
        }
        is_nothing
    }
}

/// What actions are carried out with.
struct Port<'a, L, K, S, T, C, R, M, E> {
    link: &'a mut L,
    keys: &'a mut K,
    sessions: &'a mut S,
    storage: &'a mut T,
    clock: &'a mut C,
    reset: &'a mut R,
    modem: &'a mut M,
    handler: &'a mut E,
}

impl<L, K, S, T, C, R, M, E> Port<'_, L, K, S, T, C, R, M, E>
where
    L: Link,
    K: KeyStore,
    S: Sessions,
    T: Storage,
    C: Clock,
    R: Reset,
    M: ModemInfo,
    E: EventHandler,
{
    /// What comes of an action.
    async fn carry_out(
        &mut self,
        action: &mut Action<'_>,
        signal: impl Fn(&Context<'_>) -> Poll<()>,
    ) -> Input {
        Input::Done(match action {
            Action::Wait { until, buffer } => return self.wait(*until, buffer, signal).await,
            Action::Event(event) => {
                Completion::Response(self.handler.handle(event, self.keys).await)
            }
            Action::LinkUp => done(self.link.up().await, Completion::LinkFailed),
            Action::LinkDown => done(self.link.down().await, Completion::LinkFailed),
            Action::CheckKey {
                tag,
                kind,
                credential,
            } => done(
                self.keys.check(*tag, *kind, credential.0),
                Completion::KeyStoreFailed,
            ),
            Action::WriteKey {
                tag,
                kind,
                credential,
            } => done(
                self.keys.write(*tag, *kind, credential.0).await,
                Completion::KeyStoreFailed,
            ),
            // An error is taken as no, as `KeyStore` says.
            Action::FindKey { tag, kind } => {
                Completion::Found(self.keys.exists(*tag, *kind).await.unwrap_or(false))
            }
            Action::Identify { format, buffer } => {
                let name = format.write(self.modem, buffer).await;
                Completion::Identified(name.map(str::len))
            }
            Action::DeleteKey { tag, kind } => done(
                self.keys.delete(*tag, *kind).await,
                Completion::KeyStoreFailed,
            ),
            Action::Open { session, request } => {
                match self.sessions.open(*session, request).await {
                    Ok(opened) => Completion::Opened(opened),
                    Err(error) => Completion::SessionFailed(error),
                }
            }
            Action::Send {
                session,
                datagram,
                expect,
            } => done(
                self.sessions.send(*session, datagram, *expect).await,
                Completion::SessionFailed,
            ),
            Action::Hold { session, held } => {
                self.sessions.hold(*session, *held);
                Completion::Done
            }
            Action::Close { session } => {
                self.sessions.close(*session).await;
                Completion::Done
            }
            Action::Load { id, buffer } => match self.storage.load(*id, buffer).await {
                Ok(len) => Completion::Loaded(len),
                Err(error) => Completion::StorageFailed(error),
            },
            Action::Store { id, record } => done(
                self.storage.store(*id, record.0).await,
                Completion::StorageFailed,
            ),
            Action::Delete { id } => {
                done(self.storage.delete(*id).await, Completion::StorageFailed)
            }
            Action::Reboot => {
                self.reset.reboot();
                Completion::Done
            }
        })
    }

    /// Waits until something happens.
    async fn wait(
        &mut self,
        until: Instant,
        buffer: &mut [u8],
        signal: impl Fn(&Context<'_>) -> Poll<()>,
    ) -> Input {
        let mut received = pin!(self.sessions.receive(buffer));
        let mut changed = pin!(self.link.changed());
        let mut due = pin!(self.clock.wait(until));
        poll_fn(|context| {
            if let Poll::Ready((session, received)) = received.as_mut().poll(context) {
                return Poll::Ready(Input::Session(session, received));
            }
            if let Poll::Ready(state) = changed.as_mut().poll(context) {
                return Poll::Ready(Input::Link(state));
            }
            if signal(context).is_ready() {
                return Poll::Ready(Input::Nothing);
            }
            due.as_mut().poll(context).map(|()| Input::Nothing)
        })
        .await
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

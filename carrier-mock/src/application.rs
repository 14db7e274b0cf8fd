//! A double of the application: takes the events and answers them by a script.

use core::cell::{Cell, RefCell};

use heapless::Deque;
use lwm2m_carrier::hal::{CredentialKind, KeyStore, SecurityTag};
use lwm2m_carrier::{CaTags, Error, Event, EventHandler, Response};
use lwm2m_core::time::{Duration, Instant};

use crate::recorder::{Call, Entry};
use crate::world::World;

/// Events that the double remembers; the oldest make room.
pub const MAX_EVENTS: usize = 64;

/// What the application does when it is asked for its CA certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Certificates<'w> {
    /// It has none.
    #[default]
    None,
    /// It writes these through the key store that it is lent, and answers with their tags; with the error of the first
    /// write that fails, if one does.
    Write(&'w [(SecurityTag, &'w [u8])]),
    /// It has written some before, and answers with their tags.
    Present(&'w [SecurityTag]),
    /// It answers with this error number.
    Fail(i32),
    /// It answers later, through the driver's handle.
    Later,
}

/// The application. A reference to it is the event handler, so that a test can look at it meanwhile.
#[derive(Debug)]
pub struct Application<'a, 'w> {
    world: &'a World<'w>,
    certificates: Cell<Certificates<'w>>,
    refuses_reboot: Cell<bool>,
    thinks: Cell<Duration>,
    events: RefCell<Deque<(Instant, Event), MAX_EVENTS>>,
    count: Cell<u32>,
}

impl<'a, 'w> Application<'a, 'w> {
    /// An application that has no certificates and lets the device restart.
    #[must_use]
    pub const fn new(world: &'a World<'w>) -> Self {
        Self {
            world,
            certificates: Cell::new(Certificates::None),
            refuses_reboot: Cell::new(false),
            thinks: Cell::new(Duration::ZERO),
            events: RefCell::new(Deque::new()),
            count: Cell::new(0),
        }
    }

    /// Sets what it does when it is asked for CA certificates.
    pub fn set_certificates(&self, certificates: Certificates<'w>) {
        self.certificates.set(certificates);
    }

    /// Sets whether it wants to restart the device itself.
    pub fn set_refuses_reboot(&self, refuses: bool) {
        self.refuses_reboot.set(refuses);
    }

    /// Sets how long it takes over each event, awaiting.
    pub fn set_thinks(&self, span: Duration) {
        self.thinks.set(span);
    }

    /// Whether the last [`MAX_EVENTS`] events hold one for which `is` holds.
    #[must_use]
    pub fn has_seen(&self, is: impl Fn(&Event) -> bool) -> bool {
        self.events.borrow().iter().any(|(_, event)| is(event))
    }

    /// Whether it was told of a registration.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.has_seen(|event| matches!(event, Event::Registered { .. }))
    }

    /// Events since the application was made.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// Takes the oldest event, with the world's time.
    pub fn take(&self) -> Option<(Instant, Event)> {
        self.events.borrow_mut().pop_front()
    }

    /// Calls a function of the library that returns, and records call and return.
    ///
    /// # Errors
    /// Those of the function.
    pub async fn call<T>(
        &self,
        call: Call,
        function: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.world.record(Entry::Call(call));
        let result = function.await;
        let returned = result.as_ref().map(|_| ()).map_err(|error| *error);
        self.world.record(Entry::Returned(call, returned));
        result
    }

    /// Calls `init()`; see [`call`](Self::call).
    ///
    /// # Errors
    /// Those of `init()`.
    pub async fn init<T>(&self, init: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.call(Call::Init, init).await
    }

    /// Calls `run()`, which does not return unless it fails to do its work.
    pub async fn run<T>(&self, run: impl Future<Output = T>) -> T {
        self.world.record(Entry::Call(Call::Run));
        run.await
    }

    async fn certificates<K: KeyStore>(&self, keys: &mut K) -> Response {
        let mut tags = heapless::Vec::<SecurityTag, { CaTags::MAX }>::new();
        match self.certificates.get() {
            Certificates::None => return Response::Done,
            Certificates::Fail(errno) => return Response::Fail(errno),
            Certificates::Later => return Response::Later,
            Certificates::Present(present) => {
                let _ = tags.extend_from_slice(present);
            }
            Certificates::Write(certificates) => {
                for (tag, certificate) in certificates {
                    let kind = CredentialKind::CaChain;
                    if let Err(error) = keys.write(*tag, kind, certificate).await {
                        return Response::Fail(error.errno);
                    }
                    let _ = tags.push(*tag);
                }
            }
        }
        CaTags::new(&tags).map_or(Response::Done, Response::CaTags)
    }
}

impl EventHandler for &Application<'_, '_> {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.world.record(Entry::Event(*event));
        {
            let mut events = self.events.borrow_mut();
            if events.is_full() {
                events.pop_front();
            }
            let _ = events.push_back((self.world.now(), *event));
        }
        self.count.set(self.count.get().saturating_add(1));
        self.world.sleep(self.thinks.get()).await;
        let response = match event {
            Event::CertsInit => {
                self.world.set_application_acting(true);
                let response = self.certificates(keys).await;
                self.world.set_application_acting(false);
                response
            }
            Event::Reboot if self.refuses_reboot.get() => Response::Refuse,
            _ => Response::Done,
        };
        self.world.record(Entry::Response(response));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Actor, Ring};
    use lwm2m_carrier::driver::blocking::block_on;
    use lwm2m_carrier::hal::{KeyStoreError, KeyStoreErrorKind};

    const CHAIN: [(SecurityTag, &[u8]); 2] = [(SecurityTag(11), b"one"), (SecurityTag(12), b"two")];

    fn ask<'w>(world: &World<'w>, certificates: Certificates<'w>) -> Response {
        let application = Application::new(world);
        application.set_certificates(certificates);
        let mut keys = world.keys();
        let mut handler = &application;
        block_on(handler.handle(&Event::CertsInit, &mut keys), || ())
    }

    #[test]
    fn certificates_are_written_and_their_tags_answered() {
        let ring = Ring::<8>::new();
        let tags = [SecurityTag(11), SecurityTag(12)];
        let world = World::new(1);
        world.set_recorder(&ring);
        let expected = Response::CaTags(CaTags::new(&tags).unwrap());
        assert_eq!(ask(&world, Certificates::Write(&CHAIN)), expected);
        let kind = CredentialKind::CaChain;
        assert!(world.keys().holds(tags[1], kind, b"two"));
        assert_eq!(ring.take().unwrap().entry, Entry::Event(Event::CertsInit));
        let write = Entry::KeyWrite {
            actor: Actor::Application,
            tag: tags[0],
            kind,
            result: Ok(()),
        };
        assert_eq!(ring.take().unwrap().entry, write);
        assert_eq!(ask(&world, Certificates::Present(&tags)), expected);
        assert_eq!(ask(&world, Certificates::None), Response::Done);
    }

    #[test]
    fn a_failed_write_is_answered_with_its_error() {
        let world = World::new(1);
        let error = KeyStoreError::new(KeyStoreErrorKind::Full, 12);
        world.keys().fail_write(1, error);
        assert_eq!(ask(&world, Certificates::Write(&CHAIN)), Response::Fail(12));
    }
}

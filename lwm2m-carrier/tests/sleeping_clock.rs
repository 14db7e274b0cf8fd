//! A port without an executor whose clock sleeps in its wait, a millisecond at a time, as `hal::Clock` permits.

#![allow(
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a failed test panics, and has a large stack"
)]

use core::cell::Cell;
use core::future::{Future, pending, poll_fn};
use core::pin::pin;
use core::task::Poll;

use lwm2m_carrier::driver::{self, Shared, blocking::block_on};
use lwm2m_carrier::fota::{Fota, Unverified};
use lwm2m_carrier::hal::{
    Applied, Clock, CredentialKind, DetachReason, Expect, Firmware, FirmwareError, Hal, Installed,
    KeyStore, KeyStoreError, Link, LinkError, LinkState, NoModemInfo, OpenRequest, Opened, Random,
    Received, RecordId, Reset, SecurityTag, SessionError, SessionId, Sessions, Storage,
    StorageError,
};
use lwm2m_carrier::{Carrier, IgnoreEvents, Profile};
use lwm2m_core::client::Resources;
use lwm2m_core::model::Object;
use lwm2m_core::objects::{Device, Security, Server};
use lwm2m_core::time::Instant;

/// A port to nothing. Time passes in the clock's waits alone.
#[derive(Clone, Copy)]
struct Port<'t>(&'t Cell<u64>);

impl Clock for Port<'_> {
    fn now(&self) -> Instant {
        Instant::from_millis(self.0.get())
    }

    async fn wait(&mut self, until: Instant) {
        if self.now() < until {
            self.0.set(self.0.get() + 1);
            assert!(self.0.get() < 100_000, "nothing but the clock has its turn");
        }
    }
}

impl Link for Port<'_> {
    async fn up(&mut self) -> Result<(), LinkError> {
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        Ok(())
    }

    fn state(&self) -> LinkState {
        LinkState::Down(DetachReason::Requested)
    }

    async fn changed(&mut self) -> LinkState {
        pending().await
    }
}

impl KeyStore for Port<'_> {
    async fn write(
        &mut self,
        _: SecurityTag,
        _: CredentialKind,
        _: &[u8],
    ) -> Result<(), KeyStoreError> {
        Ok(())
    }

    async fn delete(&mut self, _: SecurityTag, _: CredentialKind) -> Result<(), KeyStoreError> {
        Ok(())
    }

    async fn exists(&mut self, _: SecurityTag, _: CredentialKind) -> Result<bool, KeyStoreError> {
        Ok(false)
    }

    fn requires_offline(&self) -> bool {
        false
    }

    fn check(&self, _: SecurityTag, _: CredentialKind, _: &[u8]) -> Result<(), KeyStoreError> {
        Ok(())
    }
}

impl Sessions for Port<'_> {
    async fn open(&mut self, _: SessionId, _: &OpenRequest<'_>) -> Result<Opened, SessionError> {
        Ok(Opened::Ready { resumed: true })
    }

    async fn send(&mut self, _: SessionId, _: &[u8], _: Expect) -> Result<(), SessionError> {
        Ok(())
    }

    async fn close(&mut self, _: SessionId) {}

    async fn receive(&mut self, _: &mut [u8]) -> (SessionId, Received) {
        pending().await
    }

    fn hold(&mut self, _: SessionId, _: bool) {}
}

impl Storage for Port<'_> {
    async fn load(&mut self, _: RecordId, _: &mut [u8]) -> Result<Option<usize>, StorageError> {
        Ok(None)
    }

    async fn store(&mut self, _: RecordId, _: &[u8]) -> Result<(), StorageError> {
        Ok(())
    }

    async fn delete(&mut self, _: RecordId) -> Result<(), StorageError> {
        Ok(())
    }
}

impl Random for Port<'_> {
    fn public(&mut self, bytes: &mut [u8]) {
        bytes.fill(4);
    }

    fn private(&mut self, bytes: &mut [u8]) {
        bytes.fill(4);
    }
}

type Objects<'o> = [&'o mut dyn Object; 3];
type Runner<'a, 't> = &'a mut driver::Runner<
    'a,
    'a,
    Objects<'a>,
    Hal<Port<'t>, Port<'t>, Port<'t>, Port<'t>, Port<'t>, Port<'t>, Port<'t>, Port<'t>>,
    IgnoreEvents,
>;

impl Reset for Port<'_> {
    fn reboot(&mut self) {}
}

/// A slot whose flash takes a few polls, as that of the `nb` kind does.
impl Firmware for Port<'_> {
    async fn begin(&mut self, _: Option<u32>, _: bool) -> Result<u32, FirmwareError> {
        Ok(0)
    }

    async fn write(&mut self, _: u32, _: &[u8]) -> Result<(), FirmwareError> {
        Ok(())
    }

    async fn finish(&mut self, _: u32) -> Result<(), FirmwareError> {
        Ok(())
    }

    async fn discard(&mut self) -> Result<(), FirmwareError> {
        Ok(())
    }

    async fn apply(&mut self) -> Result<Applied, FirmwareError> {
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        let mut polls = 0;
        poll_fn(|_| {
            polls += 1;
            if polls > 5 {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
        Ok(Installed::NotYet)
    }
}

/// Runs `life` of a device; the milliseconds that it has taken.
fn live(life: impl AsyncFnOnce(Runner<'_, '_>), work: impl FnMut()) -> u64 {
    let time = Cell::new(0);
    let port = Port(&time);
    let profile = Profile::GENERIC.with_server("coap://lwm2m.example");
    let config = profile.config("urn:imei:490154203237518");
    let mut resources = Resources::<2, 4, 4, 4>::new();
    let mut package = [0; 2048];
    let mut verifier = Unverified;
    let mut fota = Fota::new(&mut package, &mut verifier);
    let carrier = Carrier::new(&mut resources, &profile, config, &mut port.clone());
    let carrier = carrier.with_firmware(&mut fota);
    let (mut security, mut server) = (Security::<2>::new(), Server::<2>::new());
    let mut device = Device::new("U");
    let mut objects: [&mut dyn Object; 3] = [&mut security, &mut server, &mut device];
    let shared = Shared::new(carrier, &mut objects);
    let hal = Hal {
        link: port,
        keys: port,
        sessions: port,
        storage: port,
        clock: port,
        random: port,
        reset: port,
        firmware: port,
        modem: NoModemInfo,
    };
    let mut buffer = [0; 1280];
    let mut runner = shared.runner(hal, IgnoreEvents, &mut buffer);
    block_on(life(&mut runner), work);
    time.get()
}

/// The slot has its turn although the messages' loop never waits but in the clock.
#[test]
fn the_firmware_slot_has_its_turn() {
    let took = live(
        async |runner| assert_eq!(runner.init().await, Ok(())),
        || (),
    );
    assert!(took < 1_000, "{took} ms");
}

/// So have the application's own work, between two polls, and its tasks beside the driver.
#[test]
fn the_application_has_its_turn() {
    let turns = Cell::new(0);
    let took = live(
        async |runner| {
            let mut run = pin!(runner.run());
            poll_fn(|context| {
                if turns.get() > 10 {
                    return Poll::Ready(());
                }
                run.as_mut().poll(context).map(|never| match never {})
            })
            .await;
        },
        || turns.set(turns.get() + 1),
    );
    assert!(took < 1_000, "{took} ms");
}

//! The whole carrier library on carrier-nrf91, as a probe: all that a firmware has of it but the calls into the modem library, each of
//! which is a frame on the serial line, and the other end plays the modem.

#![no_std]
#![no_main]

use core::pin::pin;

use carrier_nrf91::{
    DeltaFirmware, LinkSettings, LteLink, ModemFacts, ModemKeys, ModemSessions, NetworkClock,
    NetworkTime, ResetBy, SessionCache, SessionSettings,
};
use lwm2m_carrier::{
    Carrier, Credentials, Profile,
    driver::{Shared, blocking::block_on},
    fota::{Fota, Unverified},
    hal::{
        Clock, Firmware, Hal, KeyStore, Link, ModemInfo, Random, RecordId, Reset, SecurityTag,
        Sessions, Storage,
    },
};
use lwm2m_core::client::Resources;
use probe::{
    board::{Line, Noise},
    fill,
    port::{Application, AtLine, Delta, Flash, Objects, Port, Switch, Timer, Urcs, Wires, serve},
};
use static_cell::StaticCell;

const PROFILE: Profile<'static> = Profile::GENERIC
    .with_bootstrap_server("coaps://bootstrap.example:5684")
    .with_credentials(Credentials::Psk {
        identity: b"probe",
        key: &[7; 16],
    })
    .with_certificates_from_application(true);

/// Where the adapter notes an update.
const UPDATE: RecordId = RecordId(16);

#[cortex_m_rt::entry]
fn main() -> ! {
    // A few bytes more than datagrams have, for the modem's sockets.
    static mut BUFFER: [u8; 1284] = [0; 1284];
    // As long, which is the least; a slot in flash would be better served by a page more.
    static mut PACKAGE: [u8; 1284] = [0; 1284];
    static mut NAME: [u8; 32] = [0; 32];
    static PORT: StaticCell<Port> = StaticCell::new();
    static RESOURCES: StaticCell<Resources<2, 4, 4, 4>> = StaticCell::new();
    static FOTA: StaticCell<Fota<'static>> = StaticCell::new();
    static OBJECTS: StaticCell<Objects> = StaticCell::new();
    static SHARED: StaticCell<Shared<'static, Objects>> = StaticCell::new();
    static VERIFIER: StaticCell<Unverified> = StaticCell::new();

    let port = &*fill(&PORT, || Port::new(Line::new()));
    let verifier = fill(&VERIFIER, || Unverified);
    let resources = fill(&RESOURCES, Resources::new);
    let fota = fill(&FOTA, || Fota::new(PACKAGE, verifier));
    let objects = fill(&OBJECTS, Objects::new);
    let shared = fill(&SHARED, || {
        let config = PROFILE.config("");
        let carrier = Carrier::new(resources, &PROFILE, config, &mut Noise)
            .with_firmware(fota)
            .with_endpoint_from_modem(NAME);
        Shared::new(carrier, objects)
    });
    run(port, shared, BUFFER)
}

/// Apart from what sets the carrier up: what that took of the stack is free again.
#[inline(never)]
fn run(
    port: &'static Port,
    shared: &'static Shared<'static, Objects>,
    buffer: &'static mut [u8],
) -> ! {
    let handle = shared.handle();
    let mut runner = shared.runner(hal(port), Application(port), buffer);
    // Pinned here, or it would lie on the stack twice.
    block_on(pin!(runner.run()), || {
        port.wait(handle.deadline());
        if let Some(what) = port.application() {
            serve(port, handle, what);
        }
    })
}

/// The adapter.
#[inline(never)]
fn hal(
    port: &'static Port,
) -> Hal<
    impl Link,
    impl KeyStore,
    impl Sessions,
    impl Storage,
    impl Clock,
    impl Random,
    impl Reset,
    impl Firmware,
    impl ModemInfo,
> {
    static TIME: StaticCell<NetworkTime> = StaticCell::new();
    static CACHE: StaticCell<SessionCache> = StaticCell::new();

    let time = &*fill(&TIME, NetworkTime::new);
    let cache = &*fill(&CACHE, SessionCache::new);
    Hal {
        link: LteLink::new(
            AtLine(port),
            Urcs(port),
            Timer,
            time,
            const { &LinkSettings::new() },
        ),
        keys: ModemKeys::new(AtLine(port))
            .with_tags(SecurityTag(7)..=SecurityTag(28))
            .with_session_cache(cache),
        // The bootstrap server, a server, and one for firmware.
        sessions: ModemSessions::<_, _, 3>::new(
            Wires(port),
            Timer,
            cache,
            const { &SessionSettings::new() },
        ),
        storage: Flash(port),
        clock: NetworkClock::new(Timer, time),
        random: Noise,
        reset: ResetBy::new(|| Switch(port).reboot()),
        firmware: DeltaFirmware::new(Delta(port), Flash(port), Timer, UPDATE),
        modem: ModemFacts::new(AtLine(port)),
    }
}

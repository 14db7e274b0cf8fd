//! The whole carrier library in a device, as a probe: link, credentials, bootstrap, firmware updates over CoAP and HTTP,
//! the driver, and every request that an application has.

#![no_std]
#![no_main]

use core::pin::pin;

#[cfg(feature = "signature")]
use lwm2m_carrier::fota::EcdsaP256Trailer;
#[cfg(not(feature = "signature"))]
use lwm2m_carrier::fota::Unverified;
use lwm2m_carrier::{
    Carrier, Credentials, Profile,
    driver::{Shared, blocking::block_on},
    fota::Fota,
    hal::{DetachReason, Hal, LinkState},
    slot::FlashSlot,
};
use lwm2m_core::client::Resources;
use probe::{
    board::{Line, Noise},
    fill,
    port::{
        Application, BootLoader, Flash, Keys, Modem, Network, Objects, Port, SlotFlash, Switch,
        Timer, Transport, serve,
    },
};
use static_cell::StaticCell;

const PROFILE: Profile<'static> = Profile::GENERIC
    .with_bootstrap_server("coaps://bootstrap.example:5684")
    .with_credentials(Credentials::Psk {
        identity: b"probe",
        key: &[7; 16],
    })
    .with_certificates_from_application(true);

/// SEC 1's base point of P-256, in short: a key that is well-formed.
#[cfg(feature = "signature")]
const KEY: [u8; 33] = [
    0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96,
];

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 1280] = [0; 1280];
    static mut PACKAGE: [u8; 2048] = [0; 2048];
    static mut NAME: [u8; 32] = [0; 32];
    static PORT: StaticCell<Port> = StaticCell::new();
    static RESOURCES: StaticCell<Resources<2, 4, 4, 4>> = StaticCell::new();
    static FOTA: StaticCell<Fota<'static>> = StaticCell::new();
    static OBJECTS: StaticCell<Objects> = StaticCell::new();
    static SHARED: StaticCell<Shared<'static, Objects>> = StaticCell::new();
    #[cfg(not(feature = "signature"))]
    static VERIFIER: StaticCell<Unverified> = StaticCell::new();
    #[cfg(not(feature = "signature"))]
    let verifier = fill(&VERIFIER, || Unverified);
    #[cfg(feature = "signature")]
    static VERIFIER: StaticCell<EcdsaP256Trailer> = StaticCell::new();
    #[cfg(feature = "signature")]
    let verifier = fill(&VERIFIER, || {
        loop {
            if let Ok(verifier) = EcdsaP256Trailer::new(&KEY) {
                break verifier;
            }
        }
    });

    let port = &*fill(&PORT, || Port::new(Line::new()));
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

/// Apart from what sets it up: what that took of the stack is free again.
#[inline(never)]
fn run(
    port: &'static Port,
    shared: &'static Shared<'static, Objects>,
    buffer: &'static mut [u8],
) -> ! {
    let firmware = loop {
        if let Ok(slot) = FlashSlot::new(SlotFlash(port), BootLoader(port)) {
            break slot;
        }
    };
    let hal = Hal {
        link: Network {
            port,
            state: LinkState::Down(DetachReason::Requested),
        },
        keys: Keys(port),
        sessions: Transport(port),
        storage: Flash(port),
        clock: Timer,
        random: Noise,
        reset: Switch(port),
        firmware,
        modem: Modem(port),
    };
    let handle = shared.handle();
    let mut runner = shared.runner(hal, Application(port), buffer);
    // Pinned here, or it would lie on the stack twice.
    block_on(pin!(runner.run()), || {
        port.wait(handle.deadline());
        if let Some(what) = port.application() {
            serve(port, handle, what);
        }
    })
}

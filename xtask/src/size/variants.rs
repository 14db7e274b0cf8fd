//! The probes, what each may cost, and what its best peer costs.

use super::stack::Session;

/// How a probe is held to "no panic".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Panics {
    /// It does not link with one.
    DoNotLink,
    /// What every `async fn` links is there, and other calls of panics are counted.
    OnlyOfAsync,
}

/// A figure of a peer, with its name. All were measured or published for a Cortex-M33; see [`SOURCES`].
pub(super) type Peer = Option<(u64, &'static str)>;

/// What is measured of a firmware, in bytes. `None` where there is no figure.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures<F> {
    /// Flash of the libraries.
    pub(super) library: F,
    /// Flash of the whole image.
    pub(super) image: F,
    /// Variables.
    pub(super) ram: F,
    /// The stack at its deepest.
    pub(super) stack: F,
    /// Variables and stack.
    pub(super) all_ram: F,
    /// Calls that may end in a panic.
    pub(super) panics: F,
}

/// A probe.
#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: &'static str,
    pub(super) binary: &'static str,
    pub(super) features: &'static [&'static str],
    pub(super) panics: Panics,
    /// What it lives through while its stack is watched.
    pub(super) session: Option<Session>,
    pub(super) budget: Figures<Option<u64>>,
    pub(super) peer: Figures<Peer>,
}

const NO_BUDGET: Figures<Option<u64>> = Figures {
    library: None,
    image: None,
    ram: None,
    stack: None,
    all_ram: None,
    panics: Some(0),
};

const WAKAAMA: &str = "Wakaama";
const ANJAY_LITE: &str = "Anjay Lite";
const NORDIC: &str = "Nordic";

/// Nordic's LwM2M carrier library.
const CARRIER_PEER: Figures<Peer> = Figures {
    library: Some((78_059, NORDIC)),
    image: Some((98_024, NORDIC)),
    ram: Some((17_288, NORDIC)),
    stack: None,
    all_ram: Some((40_416, NORDIC)),
    panics: None,
};

/// The probes' variants.
pub(super) const VARIANTS: [Variant; 4] = [
    Variant {
        name: "minimal",
        binary: "engine",
        features: &[],
        panics: Panics::DoNotLink,
        session: Some(Session::Managed),
        budget: Figures {
            library: Some(20 * 1024),
            image: Some(24 * 1024),
            ram: None,
            stack: Some(800),
            all_ram: Some(2_560),
            panics: Some(0),
        },
        peer: Figures {
            library: Some((30_397, WAKAAMA)),
            image: Some((47_704, ANJAY_LITE)),
            ram: None,
            stack: Some((480, WAKAAMA)),
            all_ram: Some((3_500, WAKAAMA)),
            panics: None,
        },
    },
    Variant {
        name: "typical",
        binary: "engine",
        features: &["typical"],
        panics: Panics::DoNotLink,
        session: Some(Session::Bootstrapped),
        budget: Figures {
            library: Some(34 * 1024),
            image: Some(40 * 1024),
            ..NO_BUDGET
        },
        peer: Figures {
            library: Some((49_893, ANJAY_LITE)),
            image: Some((62_500, ANJAY_LITE)),
            ram: None,
            stack: Some((836, ANJAY_LITE)),
            all_ram: Some((4_700, WAKAAMA)),
            panics: None,
        },
    },
    Variant {
        name: "carrier",
        binary: "carrier",
        features: &["carrier"],
        panics: Panics::OnlyOfAsync,
        session: Some(Session::Carried),
        budget: NO_BUDGET,
        peer: CARRIER_PEER,
    },
    Variant {
        name: "nRF91",
        binary: "nrf91",
        features: &["nrf91"],
        panics: Panics::OnlyOfAsync,
        session: Some(Session::CarriedAndRestarted),
        budget: Figures {
            image: Some(60 * 1024),
            all_ram: Some(8 * 1024),
            ..NO_BUDGET
        },
        peer: CARRIER_PEER,
    },
];

/// What a verifier of signatures adds to the carrier probe.
pub(super) const SIGNATURE: (&str, &[&str]) = ("carrier", &["carrier", "signature"]);

/// What is looked at, and where the peers' figures come from.
pub(super) const SOURCES: &str = "\
minimal: TLV, text, observe; objects 0, 1, 3. typical: LwM2M 1.1 with bootstrap, attributes, block-wise, SenML CBOR,
object 5 too; the budget leaves 4 K for composite operations and Send. carrier: lwm2m-carrier with its driver, firmware
updates over CoAP and HTTP, objects 0, 1, 3, 4, 5, on a port that is a serial line. nRF91: the same on carrier-nrf91 with all
that a firmware has of it: sessions over the modem's sockets, AT commands and their notifications, delta updates. Each call into
the modem library is a frame on that line; the library itself, records in flash and a slot for the application are not in it.
Peers: Wakaama f91cfe0, TLV, with its three example objects (RAM with TLV; for typical also SenML CBOR and Send);
Anjay Lite 3.0.0, without TLV encoder (minimal: with observe; typical: with firmware updates and composite operations);
both on a Cortex-M33, gcc -Os, no logs, their C library in the image. Nordic's LwM2M carrier library 3.3.0 as published:
library, and all that it adds to an application.";

/// The crates of the library.
const OURS: [&str; 3] = ["lwm2m_core", "lwm2m_carrier", "carrier_nrf91"];

/// Crates that only the library brings.
const DEPENDENCIES: [&str; 12] = [
    "base64ct",
    "block_buffer",
    "digest",
    "embedded_nal_async",
    "embedded_storage_async",
    "heapless",
    "httparse",
    "hybrid_array",
    "nb",
    "pem_rfc7468",
    "sha2",
    "zeroize",
];

/// Whether a crate is one of the library's own.
pub(super) fn is_ours(name: &str) -> bool {
    OURS.contains(&name)
}

/// Whether a crate is in the image because of the library.
pub(super) fn is_library(name: &str) -> bool {
    is_ours(name) || DEPENDENCIES.contains(&name)
}

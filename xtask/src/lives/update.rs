//! The firmware updates that a server has for the device.

use carrier_mock::random::Pcg32;
use carrier_mock::server::firmware::{CoapFault, HttpFault};
use lwm2m_carrier::hal::{Applied, Installed};
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::Code;
use sha2::{Digest, Sha256};

use super::plan::{one_of, secs};

/// How a package comes to the device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// The server writes it, in blocks of so many bytes.
    Push(usize),
    /// The device fetches it from this URI.
    Pull(&'static str),
}

pub(super) const URIS: [&str; 4] = [
    "http://files.example/fw",
    "https://files.example/fw",
    "coap://blocks.example/fw",
    "coaps://blocks.example/fw",
];

/// One update. What goes wrong does so at its first attempt; the server tries again until the device has it.
#[derive(Debug)]
pub(super) struct Update {
    /// When the server begins, unless one before is still under way.
    pub(super) at: Instant,
    pub(super) way: Way,
    pub(super) image: Vec<u8>,
    pub(super) applied: Applied,
    /// How its first installation ends.
    pub(super) installed: Installed,
    pub(super) http_faults: Vec<HttpFault<'static>>,
    pub(super) coap_faults: Vec<CoapFault>,
}

impl Update {
    pub(super) fn new(random: &mut Pcg32, at: Instant) -> Self {
        let way = match random.below(6) {
            0 | 1 => Way::Push(one_of(random, &[64, 256, 512, 1_024])),
            _ => Way::Pull(one_of(random, &URIS)),
        };
        // A push over a bad link has to begin again with every block that is not answered.
        let most = match way {
            Way::Push(block) => 6 * block as u64,
            Way::Pull(_) => 40_000,
        };
        let mut image = vec![0; random.between(1, most) as usize];
        random.fill(&mut image);
        let digest = Sha256::digest(&image);
        image.extend_from_slice(&digest);
        let len = u32::try_from(image.len()).unwrap_or(u32::MAX);
        let faults = random.below(3);
        Self {
            at,
            way,
            applied: one_of(random, &[Applied::RebootRequired, Applied::ModemRestart]),
            installed: one_of(
                random,
                &[
                    Installed::Yes,
                    Installed::Yes,
                    Installed::Yes,
                    Installed::Failed,
                    Installed::NotYet,
                ],
            ),
            http_faults: (0..faults).map(|_| http_fault(random, len)).collect(),
            coap_faults: (0..faults).map(|_| coap_fault(random, len)).collect(),
            image,
        }
    }
}

fn http_fault(random: &mut Pcg32, len: u32) -> HttpFault<'static> {
    let times = random.below(4) + 1;
    let after = random.below(len) + 1;
    match random.below(19) {
        0 => HttpFault::IgnoresRanges,
        1 => HttpFault::ShiftsRange { by: 1, times },
        2 => HttpFault::ChangesTotal { by: 7 },
        3 => HttpFault::OmitsTotal,
        4 => HttpFault::Redirects {
            from: "/fw",
            to: one_of(random, &["/fw", "/other", "http://files.example/fw"]),
            status: one_of(random, &[301, 302, 303, 307, 308]),
            times,
        },
        5 => HttpFault::Chunks {
            size: random.below(2_000) + 1,
            extension: "",
            trailer: "",
        },
        6 => HttpFault::OmitsLength,
        7 => HttpFault::Pauses {
            bytes: len / 4 + 1,
            pause: secs(random.between(1, 200)),
        },
        8 => HttpFault::Stalls { after, times },
        9 => HttpFault::Closes { after, times },
        10 => HttpFault::Resets { after, times },
        11 => HttpFault::EndsConnections {
            announced: random.chance(500),
        },
        12 => HttpFault::Answers {
            status: one_of(random, &[403, 404, 500, 503]),
            retry_after: random.chance(500).then(|| random.below(7_200)),
            times,
        },
        13 => HttpFault::Garbles { times },
        14 => HttpFault::PadsHead {
            bytes: random.below(8_000),
            times,
        },
        15 => HttpFault::Encodes { times },
        16 => HttpFault::SpeaksHttp10,
        17 => HttpFault::SpellsOddly,
        _ => HttpFault::Informs,
    }
}

fn coap_fault(random: &mut Pcg32, len: u32) -> CoapFault {
    let times = random.below(4) + 1;
    let at = random.below(len);
    match random.below(12) {
        0 => CoapFault::SmallerBlocks {
            szx: random.below(6) as u8,
        },
        1 => CoapFault::Separate {
            after: Duration::from_millis(random.between(0, 20_000)),
            times,
        },
        2 => CoapFault::ShiftsNumber { by: 1, times },
        3 => CoapFault::EndsEarly { at, times },
        4 => CoapFault::GoesOn,
        5 => CoapFault::CutsBlocks { by: 1, times },
        6 => CoapFault::Answers {
            code: one_of(random, &[Code::NOT_FOUND, Code::SERVICE_UNAVAILABLE]),
            max_age: random.chance(500).then(|| random.below(600)),
            times,
        },
        7 => CoapFault::Resets { times },
        8 => CoapFault::FallsSilent {
            after: at + 1,
            span: secs(random.between(1, 1_000)),
            times,
        },
        9 => CoapFault::Drops {
            nth: random.below(9) + 2,
        },
        10 => CoapFault::OmitsSize,
        _ => CoapFault::ChangesSize { by: 5 },
    }
}

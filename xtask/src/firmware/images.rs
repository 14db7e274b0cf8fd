//! The images, how they are built and where they run.

use super::Need;

/// What is done with an image.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// It runs in the emulator, which ends before the time is over: with exit code 0 when all went well.
    Emulated { seconds: u64 },
    /// It is only built here.
    Elsewhere(&'static str),
}

/// An image.
#[derive(Debug)]
pub(in super::super) struct Image {
    pub(super) name: &'static str,
    /// Its directory in `examples/firmware`, where cargo is called.
    pub(super) directory: &'static str,
    pub(super) binary: &'static str,
    /// Instead of the default ones.
    pub(super) features: &'static str,
    pub(super) run: Run,
    /// It links the nRF91's modem library.
    pub(super) nrf_modem: bool,
}

impl Image {
    /// What has to be there.
    pub(super) const fn needs(&self) -> &'static [Need] {
        match (self.nrf_modem, self.run) {
            (true, _) => &[Need::Target, Need::LlvmTools, Need::LibClang, Need::Clang],
            (false, Run::Emulated { .. }) => &[Need::Target, Need::Emulator],
            (false, Run::Elsewhere(_)) => &[Need::Target],
        }
    }
}

const M33: Image = Image {
    name: "",
    directory: "m33",
    binary: "",
    features: "",
    run: Run::Emulated { seconds: 120 },
    nrf_modem: false,
};

/// What operations cost; see `cargo xtask instructions`.
pub(in super::super) const INSTRUCTIONS: Image = Image {
    name: "m33 instructions",
    binary: "instructions",
    features: "instructions",
    ..M33
};

/// A device behind a modem; it wants one, and a server.
pub(in super::super) const AT_MODEM: Image = Image {
    name: "m33 at_modem",
    binary: "at_modem",
    features: "at-modem",
    run: Run::Elsewhere("cargo xtask interop runs it"),
    ..M33
};

const NRF91: Image = Image {
    directory: "nrf91",
    binary: "nrf91",
    run: Run::Elsewhere("it runs on a board"),
    nrf_modem: true,
    ..M33
};

/// Before it on the chip.
const NRF91_BOOT: Image = Image {
    directory: "nrf91/boot",
    binary: "boot",
    run: Run::Elsewhere("it runs on a board"),
    ..M33
};

const PROBE: Image = Image {
    directory: "probe",
    binary: "engine",
    run: Run::Elsewhere("cargo xtask size measures it"),
    ..M33
};

/// All of them.
pub(super) const IMAGES: [Image; 9] = [
    Image {
        name: "probe minimal",
        ..PROBE
    },
    Image {
        name: "probe typical",
        features: "typical",
        ..PROBE
    },
    Image {
        name: "m33 selftest",
        binary: "selftest",
        features: "charts",
        ..M33
    },
    INSTRUCTIONS,
    AT_MODEM,
    Image {
        name: "nRF9160",
        features: "nrf9160",
        ..NRF91
    },
    Image {
        name: "nRF9151",
        features: "nrf9151",
        ..NRF91
    },
    Image {
        name: "nRF9160 boot loader",
        features: "nrf9160",
        ..NRF91_BOOT
    },
    Image {
        name: "nRF9151 boot loader",
        features: "nrf9151",
        ..NRF91_BOOT
    },
];

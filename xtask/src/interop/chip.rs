//! The emulated chip: `examples/firmware/m33` in QEMU, and the program that plays its modem.

use core::time::Duration;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{build, children::Running, failure::Failure, lines::Lines};
use crate::firmware::{self, AT_MODEM, Need};

/// How long the modem program may take to listen.
const START: Duration = Duration::from_secs(5);

/// Seconds after which the firmware ends by itself, and the emulator with it, should nobody be left to end it.
const LIFE: u32 = 120;

const EMULATOR: &str = "qemu-system-arm";

/// What is built for the chip.
#[derive(Clone, Debug)]
pub(super) struct Images {
    firmware: PathBuf,
    modem: PathBuf,
}

impl Images {
    /// Builds firmware and modem program; needs the emulator too.
    pub(super) fn build(root: &Path) -> Result<Self, Failure> {
        // The emulator is needed here too, other than where the image is only built.
        let needs = [Need::Target, Need::Emulator];
        firmware::require(needs).map_err(Failure::new)?;
        println!("building at_modem …");
        Ok(Self {
            firmware: firmware::build(root, &AT_MODEM).map_err(Failure::new)?,
            modem: build::modem(root)?,
        })
    }
}

/// A running chip with its modem.
#[derive(Debug)]
pub(super) struct Chip {
    /// Its endpoint name: the IMEI of the modem.
    pub(super) endpoint: String,
    _modem: Lines,
    _emulator: Running,
}

impl Chip {
    /// Starts a modem with this IMEI and `faults`, and a chip that registers at `server`. Their logs go to `scratch`.
    pub(super) fn start(
        images: &Images,
        imei: &str,
        faults: &[&str],
        server: &str,
        scratch: &Path,
    ) -> Result<Self, Failure> {
        let log = |name: &str| scratch.join(format!("chip-{imei}-{name}.log"));
        let mut modem = Command::new(&images.modem);
        modem.args(["--verbose", "--imei", imei]).args(faults);
        let mut modem = Lines::start("at_modem_host", &mut modem, &log("modem"))?;
        let ready = modem.wait("ready line", START, |line| line["event"] == "ready")?;
        let line = ready["address"].as_str().unwrap_or_default();

        let failed = |error| Failure::new(format!("{EMULATOR}: {error}"));
        let printed = File::create(log("firmware")).map_err(failed)?;
        let mut emulator = Command::new(EMULATOR);
        emulator
            .args(["-M", "mps2-an505", "-nographic", "-monitor", "none"])
            .args(["-serial", &format!("tcp:{line}")])
            .arg("-semihosting-config")
            .arg(format!(
                "enable=on,target=native,arg=at_modem,arg={server},arg={LIFE}"
            ))
            .arg("-kernel")
            .arg(&images.firmware)
            .stdin(Stdio::null())
            .stdout(printed.try_clone().map_err(failed)?)
            .stderr(printed);
        let (emulator, _) = Running::start(&mut emulator).map_err(failed)?;
        Ok(Self {
            endpoint: format!("urn:imei:{imei}"),
            _modem: modem,
            _emulator: emulator,
        })
    }
}

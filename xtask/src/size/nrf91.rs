//! The firmware for the nRF9160 (`examples/firmware/nrf91`), which cannot run here: whose its bytes are.
//!
//! The modem library is C without crates in its names; the linker's map tells which archive its sections come from.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    build,
    image::{Image, RUNTIME},
    variants::is_library,
};

/// Flash and RAM in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bytes {
    pub(super) flash: u64,
    pub(super) ram: u64,
}

/// Whose bytes they are.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Owner {
    /// This family, and what only it brings.
    Library,
    /// The example.
    Application,
    /// `core`, memcpy and its like, start-up code, what has no name.
    Rest,
    /// Executor, drivers of the chip, flash map, log.
    Drivers,
    /// The modem's library, its Rust side, and the C library that it needs.
    Modem,
}

impl Owner {
    pub(super) const ALL: [Self; 5] = [
        Self::Library,
        Self::Application,
        Self::Rest,
        Self::Drivers,
        Self::Modem,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Application => "application; RAM with the tasks' futures",
            Self::Rest => "core, memcpy, start-up, padding",
            Self::Drivers => "embassy, drivers, flash map, log",
            Self::Modem => "the modem's library",
        }
    }

    fn of(name: &str) -> Self {
        const DRIVERS: [&str; 7] = [
            "embassy",
            "defmt",
            "panic_probe",
            "sequential_storage",
            "critical_section",
            "cortex_m",
            "nrf_pac",
        ];
        const MODEM: [&str; 5] = [
            "nrf_modem",
            "nrfxlib_sys",
            "tinyrlibc",
            "arrayvec",
            "at_commands",
        ];
        let is_one_of = |all: &[&str]| all.iter().any(|prefix| name.starts_with(prefix));
        match name {
            "nrf91" => Self::Application,
            name if is_library(name) => Self::Library,
            _ if is_one_of(&DRIVERS) => Self::Drivers,
            _ if is_one_of(&MODEM) => Self::Modem,
            _ => Self::Rest,
        }
    }
}

/// The firmware's bytes by their owner. `None` where there is no such firmware.
///
/// # Errors
/// Why it does not build: it needs more than the probes do (libclang, clang).
pub(super) fn measure(root: &Path) -> Option<Result<BTreeMap<Owner, Bytes>, String>> {
    let directory = root.join("examples/firmware/nrf91");
    directory.is_dir().then(|| {
        let map = Map(std::env::temp_dir().join(format!("lwm2m-nrf91-{}.map", std::process::id())));
        let elf = build::firmware(&directory, &map.0)?;
        let text = fs::read_to_string(&map.0).map_err(|error| error.to_string())?;
        Ok(by_owner(&Image::read(&elf)?, &archives(&text)))
    })
}

/// The map's file, for as long as it is needed.
struct Map(PathBuf);

impl Drop for Map {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn by_owner(image: &Image, archives: &BTreeMap<String, Bytes>) -> BTreeMap<Owner, Bytes> {
    let mut owners = BTreeMap::<Owner, Bytes>::new();
    for (name, bytes) in archives {
        // What has a crate in its names is counted by these.
        if Owner::of(name) != Owner::Rest {
            let owner = owners.entry(Owner::of(name)).or_default();
            owner.flash += bytes.flash;
            owner.ram += bytes.ram;
        }
    }
    for (name, bytes) in image.crates.iter().filter(|(name, _)| *name != RUNTIME) {
        owners.entry(Owner::of(name)).or_default().flash += bytes;
    }
    for (name, bytes) in image.ram_crates.iter().filter(|(name, _)| *name != RUNTIME) {
        owners.entry(Owner::of(name)).or_default().ram += bytes;
    }
    // Whatever is left.
    let told = owners.values().fold(Bytes::default(), |sum, it| Bytes {
        flash: sum.flash + it.flash,
        ram: sum.ram + it.ram,
    });
    let rest = owners.entry(Owner::Rest).or_default();
    rest.flash += image.flash.saturating_sub(told.flash);
    rest.ram += image.ram.saturating_sub(told.ram);
    owners
}

/// What comes from archives, by their names, in a map as rust-lld writes it: a line for each section in hexadecimal, of
/// address, address in flash, size, alignment, and `…/lib<name>-<hash>.rlib(<object>):(<section>)`.
fn archives(map: &str) -> BTreeMap<String, Bytes> {
    const RAM: u64 = 0x2000_0000;
    let mut archives = BTreeMap::<String, Bytes>::new();
    for line in map.lines() {
        let Some((columns, _)) = line.split_once(".rlib(") else {
            continue;
        };
        let words: Vec<&str> = columns.split_whitespace().collect();
        let [address, _, size, _, archive] = *words.as_slice() else {
            continue;
        };
        let number = |text| u64::from_str_radix(text, 16).unwrap_or(0);
        let file = archive.rsplit('/').next().unwrap_or(archive);
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
        let name = name.strip_prefix("lib").unwrap_or(name);
        let bytes = archives.entry(name.to_owned()).or_default();
        if number(address) < RAM {
            bytes.flash += number(size);
        } else {
            bytes.ram += number(size);
        }
    }
    archives
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_archives_are_told_by_the_map() {
        let map = "\
     VMA      LMA     Size Align Out     In      Symbol
     1a0      1a0       72     2         /t/deps/nrf91-0a.nrf91.41-cgu.0.rcgu.o:(.text.IPC)
    9000     9000       10     2         /t/deps/libnrfxlib_sys-32ef.rlib(modem.o):(.text.a)
    9001     9001       10     1                 a
    9010     9010        f     2         /t/deps/libnrfxlib_sys-32ef.rlib(os.o):(.text.b)
20008000     9020      400     4         /t/deps/libnrfxlib_sys-32ef.rlib(os.o):(.bss.c)
";
        let expected = Bytes {
            flash: 0x1f,
            ram: 0x400,
        };
        assert_eq!(
            archives(map),
            BTreeMap::from([("nrfxlib_sys".to_owned(), expected)])
        );
    }
}

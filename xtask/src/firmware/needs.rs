//! What a machine needs to build and run firmware, and how to get what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::emulator::QEMU;

/// Cortex-M33 with its floating point unit.
pub(crate) const TARGET: &str = "thumbv8m.main-none-eabihf";

/// Something that is installed apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The compiler's library for [`TARGET`].
    Target,
    /// llvm-objcopy and its like, which nrf-modem's build script calls.
    LlvmTools,
    /// libclang, by which it reads the modem library's headers.
    LibClang,
    /// The C compiler, which also compiles for Arm, for what the modem library wants of a C library.
    Clang,
    /// QEMU for Arm.
    Emulator,
}

/// Whether all is there; else what is missing, a line for each, and the commands that bring it.
pub(crate) fn require(needs: impl IntoIterator<Item = Need>) -> Result<(), String> {
    let needs: BTreeSet<Need> = needs.into_iter().collect();
    let missing: Vec<Need> = needs.into_iter().filter(|need| !need.is_there()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    // Under cargo, rustup has fixed the toolchain by this variable.
    let toolchain = std::env::var("RUSTUP_TOOLCHAIN").ok();
    Err(advice(&missing, toolchain.as_deref()))
}

fn advice(missing: &[Need], toolchain: Option<&str>) -> String {
    let toolchain = toolchain.map_or_else(String::new, |name| format!(" --toolchain {name}"));
    let mut text = String::from("missing:\n");
    for need in missing {
        text.push_str(&format!("  {}\n", need.description()));
    }
    text.push_str("to get it:");
    for need in missing {
        match need.origin() {
            Origin::Rustup(kind, name) => {
                text.push_str(&format!("\n  rustup {kind} add{toolchain} {name}"));
            }
            Origin::Debian(_) => {}
        }
    }
    let packages = missing.iter().filter_map(|need| match need.origin() {
        Origin::Debian(package) => Some(package),
        Origin::Rustup(..) => None,
    });
    let packages: Vec<&str> = packages.collect();
    if !packages.is_empty() {
        text.push_str(&format!("\n  apt-get install {}", packages.join(" ")));
    }
    text
}

/// Where something comes from.
enum Origin {
    Rustup(&'static str, &'static str),
    Debian(&'static str),
}

impl Need {
    const fn origin(self) -> Origin {
        match self {
            Self::Target => Origin::Rustup("target", TARGET),
            Self::LlvmTools => Origin::Rustup("component", "llvm-tools"),
            Self::LibClang => Origin::Debian("libclang-14-dev"),
            Self::Clang => Origin::Debian("clang"),
            Self::Emulator => Origin::Debian("qemu-system-arm"),
        }
    }

    const fn description(self) -> &'static str {
        match self {
            Self::Target => "the compiler's library for thumbv8m.main-none-eabihf",
            Self::LlvmTools => "rustup's component llvm-tools, for the nRF91",
            Self::LibClang => "libclang, for the nRF91",
            Self::Clang => "clang, for the nRF91",
            Self::Emulator => "qemu-system-arm",
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Target => printed(&["--print", "target-libdir", "--target", TARGET])
                .is_some_and(|directory| directory.is_dir()),
            Self::LlvmTools => {
                let libraries = printed(&["--print", "target-libdir"]);
                // Of the host: `lib`, with `bin` beside it.
                libraries.is_some_and(|lib| lib.with_file_name("bin").join("llvm-objcopy").exists())
            }
            Self::LibClang => has_libclang(),
            Self::Clang => runs("clang"),
            Self::Emulator => runs(QEMU),
        }
    }
}

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A path that the compiler tells.
fn printed(arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new("rustc").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| PathBuf::from(text.trim()))
}

/// Looks where bindgen does: where the variable says, and where distributions put it.
fn has_libclang() -> bool {
    if let Some(directory) = std::env::var_os("LIBCLANG_PATH") {
        return holds_libclang(Path::new(&directory));
    }
    let of_llvm = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    of_llvm
        .map(|entry| entry.path())
        .flat_map(|path| [path.join("lib"), path])
        .chain(["/usr/lib64", "/usr/local/lib"].map(PathBuf::from))
        .any(|directory| holds_libclang(&directory))
}

fn holds_libclang(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .any(|name| is_libclang(&name))
}

/// The library of the C interface, not libclang-cpp.
fn is_libclang(name: &str) -> bool {
    let rest = name.strip_prefix("libclang").unwrap_or_default();
    let rest = rest.trim_start_matches(|c: char| c == '-' || c == '.' || c.is_ascii_digit());
    rest == "so" || rest.starts_with("so.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_bring_what_is_missing() {
        let all = [
            Need::Target,
            Need::LlvmTools,
            Need::LibClang,
            Need::Clang,
            Need::Emulator,
        ];
        let text = advice(&all, Some("stable"));
        let (_, commands) = text.split_once("to get it:\n").unwrap_or_default();
        assert_eq!(
            commands.lines().map(str::trim).collect::<Vec<_>>(),
            [
                "rustup target add --toolchain stable thumbv8m.main-none-eabihf",
                "rustup component add --toolchain stable llvm-tools",
                "apt-get install libclang-14-dev clang qemu-system-arm",
            ]
        );
        let text = advice(&[Need::Target], None);
        assert!(text.ends_with("to get it:\n  rustup target add thumbv8m.main-none-eabihf"));
    }

    #[test]
    fn libclang_is_told_from_its_neighbours() {
        for name in [
            "libclang.so",
            "libclang.so.1",
            "libclang-14.so",
            "libclang-14.0.6.so",
            "libclang-14.so.1",
        ] {
            assert!(is_libclang(name), "{name}");
        }
        for name in [
            "libclang-cpp.so.14",
            "libclangAST.a",
            "libclang",
            "clang.so",
        ] {
            assert!(!is_libclang(name), "{name}");
        }
    }
}

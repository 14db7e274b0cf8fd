//! From where a panic can be reached: read from the calls in an image.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use super::image::crate_of;

/// A call of a function: who calls, and the line of source.
type Call = (String, String);

/// Every `async fn` links it, for a future that is polled when it has ended already. The driver polls none.
const EXEMPT: &str = "panic_const_async_fn_";

/// One line for each call, from outside the standard library, that may end in a panic. What every `async fn` links is
/// not among them.
pub(super) fn find(elf: &Path) -> Result<BTreeSet<String>, String> {
    let output = Command::new(objdump()?)
        .args(["--disassemble", "--line-numbers", "--no-show-raw-insn"])
        .arg(elf)
        .output()
        .map_err(|error| format!("llvm-objdump: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(culprits(&calls(&String::from_utf8_lossy(&output.stdout))))
}

/// The same as a sentence.
pub(super) fn name(found: &BTreeSet<String>) -> String {
    if found.is_empty() {
        return "no call of a panic was found".to_owned();
    }
    let lines: String = found.iter().map(|line| format!("\n  {line}")).collect();
    format!("calls that may end in a panic:{lines}")
}

/// llvm-objdump of the component llvm-tools.
fn objdump() -> Result<PathBuf, String> {
    let printed = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .output()
        .map_err(|error| format!("rustc: {error}"))?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&printed.stdout).trim());
    let path = libraries.join("../bin/llvm-objdump");
    if path.is_file() {
        Ok(path)
    } else {
        Err("from where it can, llvm-tools can say: rustup component add llvm-tools".to_owned())
    }
}

/// All calls and jumps to functions in a listing, by the function called.
fn calls(listing: &str) -> BTreeMap<String, BTreeSet<Call>> {
    let mut calls = BTreeMap::<String, BTreeSet<Call>>::new();
    let mut function = String::new();
    let mut source = "";
    for line in listing.lines() {
        if let Some(name) = line
            .strip_suffix(">:")
            .and_then(|line| line.split_once('<'))
        {
            function = demangle(name.1);
            source = "";
        } else if let Some(place) = line.strip_prefix("; ").filter(|text| text.contains(".rs:")) {
            source = place;
        } else if let Some(name) = target(line) {
            calls
                .entry(demangle(name))
                .or_default()
                .insert((function.clone(), source.to_owned()));
        }
    }
    calls
}

/// The function at whose start an instruction such as `bl 0x1000 <name> @ imm = #8` goes on.
fn target(line: &str) -> Option<&str> {
    let (_, instruction) = line.split_once('\t')?;
    let (operation, operands) = instruction.trim_start().split_once('\t')?;
    let (_, name) = operands.split_once('<')?;
    let (name, _) = name.split_once('>')?;
    (operation.starts_with('b') && !name.contains("+0x")).then_some(name)
}

fn demangle(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Goes from the panics to their callers, through the standard library, to the first function outside it. A function of
/// the standard library that nobody calls is reached by its address, and named itself.
fn culprits(calls: &BTreeMap<String, BTreeSet<Call>>) -> BTreeSet<String> {
    let is_library =
        |name: &str| matches!(crate_of(name), "core" | "__rustc" | "compiler_builtins");
    let is_panic = |name: &str| {
        (name.starts_with("core::panicking::") || name.contains("rust_begin_unwind"))
            && !name.contains(EXEMPT)
    };
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<&str> = calls
        .keys()
        .map(String::as_str)
        .filter(|name| is_panic(name))
        .collect();
    while let Some(name) = ahead.pop() {
        if !seen.insert(name) {
            continue;
        }
        let Some(callers) = calls.get(name) else {
            found.insert(format!("{name}, reached by its address"));
            continue;
        };
        for (caller, source) in callers {
            if caller.contains(EXEMPT) {
            } else if is_library(caller) {
                ahead.push(caller);
            } else {
                found.insert(format!("{caller} calls {name} ({})", short(source)));
            }
        }
    }
    found
}

/// A line of source without what lies before the crate.
fn short(source: &str) -> &str {
    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let root = ROOT.strip_suffix("xtask/").unwrap_or(ROOT);
    if let Some(inside) = source.strip_prefix(root) {
        return inside;
    }
    let behind = |marker: &str| {
        let (_, after) = source.split_once(marker)?;
        after.split_once('/').map(|(_, inside)| inside)
    };
    behind("/registry/src/")
        .or_else(|| behind("/rustc/"))
        .unwrap_or(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
10000100 <_ZN5probe4main17h0123456789abcdefE>:
; /probe/src/main.rs:7
10000100:      \tbl\t0x10000200 <_ZN4core5slice11copy_within17h0123456789abcdefE> @ imm = #0xfc
10000104:      \tb\t0x10000100 <_ZN5probe4main17h0123456789abcdefE+0x4> @ imm = #-0x4
10000106:      \tbl\t0x10000400 <memcpy> @ imm = #0x2f8

10000200 <_ZN4core5slice11copy_within17h0123456789abcdefE>:
; /core/src/slice.rs:9
10000200:      \tbeq.w\t0x10000300 <_ZN4core9panicking9panic_fmt17h0123456789abcdefE> @ imm = #0xfc
";

    #[test]
    fn a_panic_is_traced_back_to_its_caller_outside_the_standard_library() {
        let found: Vec<String> = culprits(&calls(LISTING)).into_iter().collect();
        assert_eq!(
            found,
            ["probe::main calls core::slice::copy_within (/probe/src/main.rs:7)"]
        );
    }

    #[test]
    fn sources_are_named_from_their_crate_on() {
        let library = "/rustc/0123abc/library/core/src/slice.rs:9";
        assert_eq!(short(library), "library/core/src/slice.rs:9");
        let dependency = "/x/registry/src/index-1/a-1.0/src/lib.rs:1";
        assert_eq!(short(dependency), "a-1.0/src/lib.rs:1");
        assert_eq!(short("/probe/src/main.rs:7"), "/probe/src/main.rs:7");
    }

    /// What is called, and by whom.
    fn called(calls: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<Call>> {
        let mut all = BTreeMap::<_, BTreeSet<_>>::new();
        for &(name, caller) in calls {
            let caller = (caller.to_owned(), String::new());
            all.entry(name.to_owned()).or_default().insert(caller);
        }
        all
    }

    #[test]
    fn what_every_async_fn_links_is_exempt() {
        const RESUMED: &str = "core::panicking::panic_const::panic_const_async_fn_resumed";
        let mut pairs = vec![
            ("core::panicking::panic_fmt", RESUMED),
            (RESUMED, "a::run::{{closure}}"),
        ];
        assert!(culprits(&called(&pairs)).is_empty());
        pairs.push(("core::panicking::panic_fmt", "a::run"));
        assert_eq!(culprits(&called(&pairs)).len(), 1);
    }

    #[test]
    fn what_is_reached_by_its_address_is_named_itself() {
        let calls = called(&[(
            "core::panicking::panic_fmt",
            "<u8 as core::fmt::Display>::fmt",
        )]);
        let found: Vec<String> = culprits(&calls).into_iter().collect();
        assert_eq!(
            found,
            ["<u8 as core::fmt::Display>::fmt, reached by its address"]
        );
    }
}

//! From where a panic can be reached: read from the calls in an image.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use super::image::crate_of;

/// A call of a function: who calls, and the line of source.
type Call = (String, String);

/// One line for each call, from outside the standard library, that may end in a panic.
pub(super) fn find(elf: &Path) -> Result<String, String> {
    let output = Command::new(objdump()?)
        .args(["--disassemble", "--line-numbers", "--no-show-raw-insn"])
        .arg(elf)
        .output()
        .map_err(|error| format!("llvm-objdump: {error}"))?;
    let calls = calls(&String::from_utf8_lossy(&output.stdout));
    let found = culprits(&calls);
    if found.is_empty() {
        return Ok("no call of a panic was found".to_owned());
    }
    let lines: String = found.iter().map(|line| format!("\n  {line}")).collect();
    Ok(format!("calls that may end in a panic:{lines}"))
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

/// Goes from the panics to their callers, through the standard library, to the first function outside it.
fn culprits(calls: &BTreeMap<String, BTreeSet<Call>>) -> BTreeSet<String> {
    let is_library =
        |name: &str| matches!(crate_of(name), "core" | "__rustc" | "compiler_builtins");
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut ahead: Vec<&str> = calls
        .keys()
        .map(String::as_str)
        .filter(|name| name.starts_with("core::panicking::") || name.contains("rust_begin_unwind"))
        .collect();
    while let Some(name) = ahead.pop() {
        if !seen.insert(name) {
            continue;
        }
        for (caller, source) in calls.get(name).into_iter().flatten() {
            if is_library(caller) {
                ahead.push(caller);
            } else {
                found.insert(format!("{caller} calls {name} ({source})"));
            }
        }
    }
    found
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
}

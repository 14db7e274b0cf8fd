//! In which functions the instructions of an operation are, by a trace of the emulator.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::{Object, ObjectSymbol, SymbolKind};

/// How often the program does the operation; see its `TRACED`.
const REPEATS: i64 = 10;

/// What the program calls before, between and behind what is compared.
const BOUNDARY: &str = "::boundary";

/// Functions by address.
type Functions = BTreeMap<u64, String>;

/// How often a function was called, and the instructions in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    calls: i64,
    instructions: i64,
}

/// The functions with most instructions first.
pub(super) fn profile(elf: &Path, log: &Path) -> Result<String, String> {
    let in_file =
        |path: &Path, error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let bytes = fs::read(elf).map_err(|error| in_file(elf, &error))?;
    let functions = functions(&bytes).map_err(|error| in_file(elf, &error))?;
    let text = fs::read_to_string(log).map_err(|error| in_file(log, &error))?;
    let shares = shares(&functions, addresses(&text))?;
    let mut shares: Vec<_> = shares.into_iter().collect();
    shares.sort_by_key(|(_, share)| core::cmp::Reverse(share.instructions));
    let total: i64 = shares.iter().map(|(_, share)| share.instructions).sum();
    let mut table = format!("{:>12}  {:>6}\n", "instructions", "calls");
    for (name, share) in &shares {
        // What is below is the harness.
        if share.instructions > 0 {
            let Share {
                calls,
                instructions,
            } = share;
            let mean = |sum: i64| (sum + REPEATS / 2) / REPEATS;
            let _ = writeln!(
                table,
                "{:>12}  {:>6}  {name}",
                mean(*instructions),
                mean(*calls)
            );
        }
    }
    let _ = writeln!(table, "{:>12}  in all", total / REPEATS);
    Ok(table)
}

fn functions(elf: &[u8]) -> object::Result<Functions> {
    let file = object::File::parse(elf)?;
    let mut functions = Functions::new();
    for symbol in file.symbols() {
        if symbol.kind() == SymbolKind::Text {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            // The lowest bit says that it is Thumb code.
            functions.insert(symbol.address() & !1, name);
        }
    }
    Ok(functions)
}

/// The addresses in a trace: `Trace 0: 0x7f… [00000000/10000abc/…] name`.
fn addresses(trace: &str) -> impl Iterator<Item = u64> {
    trace.lines().filter_map(|line| {
        let (_, fields) = line.strip_prefix("Trace ")?.split_once('[')?;
        u64::from_str_radix(fields.split('/').nth(1)?, 16).ok()
    })
}

/// What lies between the second and the third boundary, less what lies between the first and the second.
fn shares(
    functions: &Functions,
    addresses: impl Iterator<Item = u64>,
) -> Result<BTreeMap<&str, Share>, String> {
    let mut shares = BTreeMap::<&str, Share>::new();
    let mut boundaries = 0;
    for address in addresses {
        let Some((&start, name)) = functions.range(..=address).next_back() else {
            continue;
        };
        let is_call = start == address;
        if name.ends_with(BOUNDARY) {
            boundaries += i32::from(is_call);
            continue;
        }
        let sign = match boundaries {
            1 => -1,
            2 => 1,
            _ => continue,
        };
        let share = shares.entry(name).or_default();
        share.instructions += sign;
        share.calls += sign * i64::from(is_call);
    }
    match boundaries {
        3 => Ok(shares),
        found => Err(format!("{found} of 3 boundaries are in the trace")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preparation_is_taken_off() {
        let named = [(0x100, "a::boundary"), (0x200, "prepare"), (0x300, "act")];
        let functions = named.map(|(address, name)| (address, name.to_owned()));
        let trace = [
            0x300, 0x100, 0x102, 0x200, 0x202, 0x100, 0x200, 0x202, 0x300, 0x302, 0x304, 0x100,
            0x300,
        ];
        let text: String = trace
            .iter()
            .map(|address| {
                format!("Trace 0: 0x7f55f4000100 [0080044a/{address:08x}/00000150/ff] x\n")
            })
            .collect();
        let functions = functions.into();
        let found = shares(&functions, addresses(&text)).unwrap_or_default();
        let share = |calls, instructions| Share {
            calls,
            instructions,
        };
        assert_eq!(found.get("act"), Some(&share(1, 3)));
        assert_eq!(found.get("prepare"), Some(&share(0, 0)));
        assert!(shares(&functions, addresses("")).is_err());
    }
}

//! Instructions, counted by gungraun under valgrind's callgrind.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Cost, bench};

/// Says what is missing, and how to get it.
pub(super) fn require_tools() -> Result<(), String> {
    let version = locked_version()?;
    let mut missing = Vec::new();
    if version_of("valgrind").is_none() {
        missing.push("valgrind is missing: apt-get install valgrind".to_owned());
    }
    let install = format!("cargo install gungraun-runner --version {version} --locked");
    match version_of("gungraun-runner") {
        Some(found) if found.ends_with(&version) => {}
        Some(found) => missing.push(format!("{found} does not fit: {install}")),
        None => missing.push(format!("gungraun-runner is missing: {install}")),
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing.join("\n"))
    }
}

/// The version of gungraun in the lock file, which the runner's has to be.
fn locked_version() -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(path).map_err(|error| format!("Cargo.lock: {error}"))?;
    let (_, package) = lock
        .split_once("name = \"gungraun\"\nversion = \"")
        .ok_or("Cargo.lock does not name gungraun")?;
    Ok(package.chars().take_while(|c| *c != '"').collect())
}

fn version_of(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.trim().to_owned())
}

/// Counts the instructions of all pieces of work.
pub(super) fn count() -> Result<Vec<Cost<u64>>, String> {
    read(&bench("instructions", &["--output-format=json"])?)
}

/// Reads what gungraun prints: an object per benchmark.
fn read(printed: &str) -> Result<Vec<Cost<u64>>, String> {
    let costs: Option<Vec<Cost<u64>>> = printed
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| {
            let benchmark: Value = serde_json::from_str(line).ok()?;
            let total = benchmark.pointer("/profiles/0/data/total/metrics/Ir/values/new")?;
            Some(Cost {
                work: benchmark.get("function_name")?.as_str()?.to_owned(),
                who: benchmark.get("id")?.as_str()?.to_owned(),
                cost: total.as_u64()?,
            })
        })
        .collect();
    match costs {
        Some(costs) if !costs.is_empty() => Ok(costs),
        _ => Err("gungraun prints in another form than this program reads".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read() {
        let printed =
            r#"{"function_name":"parse_get","id":"ours","profiles":[{"data":{"parts":[],"total":
            {"metrics":{"Ir":{"values":{"new":336}}}}}}]}"#
                .replace('\n', "");
        let costs = read(&printed).unwrap_or_default();
        let [cost] = &costs[..] else { panic!("one") };
        assert_eq!(
            (&*cost.work, &*cost.who, cost.cost),
            ("parse_get", "ours", 336)
        );
        assert!(read("").is_err());
        assert!(read("{\"function_name\":\"parse_get\"}").is_err());
    }
}

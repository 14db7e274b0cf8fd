//! One table of all costs, in Markdown.

use core::fmt::Write as _;

use super::Cost;
use crate::figures::thousands;

/// What the pieces of work are, in the order of the table.
const WORK: [(&str, &str); 15] = [
    ("parse_get", "parse a GET, 16 bytes"),
    ("parse_register", "parse a Register, 186 bytes"),
    ("build_get", "build the GET"),
    ("build_register", "build the Register"),
    ("tlv_encode", "Device /3/0 to TLV, 121 bytes"),
    ("tlv_decode", "and back"),
    ("senml_cbor_encode", "Device /3/0 to SenML CBOR, 196 bytes"),
    ("senml_cbor_decode", "and back"),
    ("read_battery_level", "Read /3/0/9, request to response"),
    ("read_device_tlv", "Read /3/0, TLV"),
    ("read_device_senml_cbor", "Read /3/0, SenML CBOR"),
    ("change_to_notification", "value changed to notification"),
    ("idle", "a look at a client with nothing to do"),
    (
        "bootstrap",
        "bootstrap and registration of a carrier, simulated modem and servers included",
    ),
    ("year", "a year of that, with an Update an hour"),
];

/// Who does the work.
const WHO: [(&str, &str); 4] = [
    ("ours", "here"),
    ("coap_message", "coap-message-implementations"),
    ("coap_lite", "coap-lite"),
    ("minicbor", "SenML by hand on minicbor"),
];

/// Work that is not in [`WORK`] is not shown: a test of the table keeps it whole.
pub(super) fn table(counted: &[Cost<u64>], timed: &[Cost<String>]) -> String {
    let mut table =
        String::from("| work | by | instructions | wall, median |\n| --- | --- | --- | --- |\n");
    for (work, description) in WORK {
        for (who, name) in WHO {
            let count = find(counted, work, who).map(|count| thousands(*count));
            let time = find(timed, work, who).cloned();
            if count.is_none() && time.is_none() {
                continue;
            }
            let (count, time) = (count.unwrap_or_default(), time.unwrap_or_default());
            let description = if who == "ours" { description } else { "" };
            let _ = writeln!(table, "| {description} | {name} | {count} | {time} |");
        }
    }
    table
}

fn find<'c, T>(costs: &'c [Cost<T>], work: &str, who: &str) -> Option<&'c T> {
    let mut costs = costs.iter();
    let cost = costs.find(|cost| cost.work == work && cost.who == who)?;
    Some(&cost.cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_benchmark_has_its_row() {
        for source in [
            include_str!("../../../benches/benches/wall.rs"),
            include_str!("../../../benches/benches/instructions.rs"),
        ] {
            for (work, _) in WORK {
                assert!(source.contains(work), "{work}");
            }
            for (who, _) in WHO {
                assert!(source.contains(who), "{who}");
            }
        }
        let instructions = include_str!("../../../benches/benches/instructions.rs");
        assert_eq!(
            instructions.matches("#[library_benchmark]").count(),
            WORK.len()
        );
    }

    #[test]
    fn figures_stand_beside_each_other() {
        let cost = |who: &str, cost| Cost {
            work: "parse_get".to_owned(),
            who: who.to_owned(),
            cost,
        };
        let timed = [Cost {
            work: "parse_get".to_owned(),
            who: "ours".to_owned(),
            cost: "11 ns".to_owned(),
        }];
        let table = table(&[cost("ours", 336), cost("coap_lite", 1_002_582)], &timed);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| parse a GET, 16 bytes | here | 336 | 11 ns |",
                "|  | coap-lite | 1,002,582 |  |",
            ]
        );
    }
}

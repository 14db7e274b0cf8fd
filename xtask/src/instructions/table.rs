//! The table.

use core::fmt::Write as _;

use super::Cost;
use crate::figures::thousands;

/// An operation, what it may cost, and what it costs the best peer. Instructions of a Cortex-M33, optimised for size.
pub(super) struct Work {
    pub(super) operation: &'static str,
    description: &'static str,
    budget: Option<u64>,
    peer: (u64, &'static str),
}

const WAKAAMA: &str = "Wakaama";
const COAP_MESSAGE: &str = "coap-message-implementations";

const fn work(
    operation: &'static str,
    description: &'static str,
    budget: Option<u64>,
    peer: (u64, &'static str),
) -> Work {
    Work {
        operation,
        description,
        budget,
        peer,
    }
}

/// In the order of the table.
pub(super) const WORK: [Work; 11] = [
    work(
        "read_battery_level",
        "Read /3/0/9, datagram in to datagram out",
        Some(1_400),
        (2_851, WAKAAMA),
    ),
    work(
        "read_device_tlv",
        "Read /3/0, TLV",
        Some(4_000),
        (9_857, WAKAAMA),
    ),
    work(
        "read_device_senml_cbor",
        "Read /3/0, SenML CBOR",
        Some(5_500),
        (16_500, WAKAAMA),
    ),
    work(
        "change_to_notification",
        "value changed to Notify sent",
        Some(1_000),
        (2_150, WAKAAMA),
    ),
    work("idle", "a step with nothing due", Some(30), (66, "Anjay")),
    work(
        "parse_get",
        "parse a GET, 16 bytes",
        Some(310),
        (604, COAP_MESSAGE),
    ),
    work(
        "build_register",
        "serialise a Register, 186 bytes",
        Some(700),
        (1_845, COAP_MESSAGE),
    ),
    work(
        "senml_cbor_decode",
        "decode /3/0 from SenML CBOR",
        Some(6_500),
        (30_992, WAKAAMA),
    ),
    work(
        "senml_cbor_encode",
        "encode it, 196 bytes",
        None,
        (10_355, WAKAAMA),
    ),
    work("tlv_decode", "decode it from TLV", None, (11_211, WAKAAMA)),
    work("tlv_encode", "encode it, 121 bytes", None, (4_364, WAKAAMA)),
];

/// Names of the operations.
pub(super) fn names() -> Vec<&'static str> {
    WORK.iter().map(|work| work.operation).collect()
}

/// The table in Markdown.
pub(super) fn table(costs: &[Cost]) -> String {
    let mut table = String::from(
        "| work | instructions | budget | | best peer | stack, bytes |\n\
         | --- | ---: | ---: | --- | --- | ---: |\n",
    );
    for (work, cost) in rows(costs) {
        let budget = work.budget.map(thousands).unwrap_or_default();
        let verdict = match work.budget {
            None => String::new(),
            Some(budget) if cost.instructions > budget => {
                format!("over by {}", thousands(cost.instructions - budget))
            }
            Some(_) => "met".to_owned(),
        };
        let (peer, name) = work.peer;
        let _ = writeln!(
            table,
            "| {} | {} | {budget} | {verdict} | {name} {} | {} |",
            work.description,
            thousands(cost.instructions),
            thousands(peer),
            thousands(cost.stack),
        );
    }
    table
}

/// An operation of the table that has no cost.
pub(super) fn missing(costs: &[Cost]) -> Option<&'static str> {
    let mut names = WORK.iter().map(|work| work.operation);
    names.find(|name| !costs.iter().any(|cost| cost.operation == *name))
}

fn rows(costs: &[Cost]) -> impl Iterator<Item = (&'static Work, &Cost)> {
    WORK.iter().filter_map(|work| {
        let mut costs = costs.iter();
        let cost = costs.find(|cost| cost.operation == work.operation)?;
        Some((work, cost))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_or_exceeded() {
        let cost = |operation: &str, instructions| Cost {
            operation: operation.to_owned(),
            instructions,
            stack: 600,
        };
        let costs = [cost("idle", 30), cost("parse_get", 1_312)];
        let table = table(&costs);
        let lines: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| a step with nothing due | 30 | 30 | met | Anjay 66 | 600 |",
                "| parse a GET, 16 bytes | 1,312 | 310 | over by 1,002 | coap-message-implementations 604 | 600 |",
            ]
        );
        assert_eq!(missing(&costs), Some("read_battery_level"));
    }
}

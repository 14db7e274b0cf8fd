//! A device on an emulated Cortex-M33, whose datagrams go over a serial line through a modem with AT commands.

use core::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{bench::Bench, chip::Chip, failure::Failure, render},
    Case,
    Run::Alone,
};

/// The thermometer measures every second, each time another value.
const SENSOR: &str = "/3303/0/5700";

/// How long a device may take to find its network again, and to tell the server.
const RETURN: Duration = Duration::from_secs(30);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "chip, register",
        expected: "lt=300 b=U queue=false lwm2m=1.1 psk=null </>;rt=\"oma.lwm2m\";ct=\"112 11542\" </1/0> </3/0> </3303>;ver=1.1 </3303/0>",
        run: Alone(register),
    },
    Case {
        name: "chip, read",
        expected: "2.05 text /3/0/1=\"m33\", 2.05 tlv /3303/0/5701=\"Cel\", 2.05 senml-cbor /1/0/1=300",
        run: Alone(read),
    },
    Case {
        name: "chip, observe, change, notify",
        expected: "2.05 text, 2.05 text, 2.05 text, newer true, changed true",
        run: Alone(notify),
    },
    Case {
        name: "chip, network lost and found",
        expected: "expired false, 2.05 text /3/0/1=\"m33\"",
        run: Alone(outage),
    },
];

/// Starts a chip and waits until it has registered; what it has registered with.
fn start(bench: &mut Bench, faults: &[&str]) -> Result<(Chip, Value), Failure> {
    let chip = bench.chip(faults)?;
    let registered = bench.leshan.event("registered", &chip.endpoint)?;
    Ok((chip, registered))
}

fn ask(bench: &mut Bench, chip: &Chip, cmd: &str, mut fields: Value) -> Result<Value, Failure> {
    fields["cmd"] = json!(cmd);
    fields["endpoint"] = json!(chip.endpoint);
    bench.leshan.ask(fields)
}

fn register(bench: &mut Bench) -> Result<String, Failure> {
    let (_chip, registered) = start(bench, &[])?;
    let (parameters, links) = (
        render::registration(&registered),
        render::links(&registered),
    );
    Ok(format!("{parameters} {links}"))
}

fn read(bench: &mut Bench) -> Result<String, Failure> {
    let (chip, _) = start(bench, &["--chatter"])?;
    let paths = [
        ("/3/0/1", "TEXT"),
        ("/3303/0/5701", "TLV"),
        ("/1/0/1", "SENML_CBOR"),
    ];
    let mut answers = Vec::with_capacity(paths.len());
    for (path, format) in paths {
        let fields = json!({"path": path, "format": format});
        answers.push(render::answer(&ask(bench, &chip, "read", fields)?));
    }
    Ok(answers.join(", "))
}

/// The first answer and two notifications of values that differ.
fn notify(bench: &mut Bench) -> Result<String, Failure> {
    let (chip, _) = start(bench, &[])?;
    let fields = json!({"path": SENSOR, "format": "TEXT"});
    let first = ask(bench, &chip, "observe", fields)?;
    let second = bench.leshan.event("notification", &chip.endpoint)?;
    let third = bench.leshan.event("notification", &chip.endpoint)?;
    let all = [&first, &second, &third];
    let heads = all.map(|answer| {
        let answer = render::answer(answer);
        answer.split(" /").next().unwrap_or_default().to_owned()
    });
    let order = all.map(|answer| answer["observe"].as_u64());
    let value = all.map(|answer| answer["nodes"][0]["value"].as_f64());
    Ok(format!(
        "{}, newer {}, changed {}",
        heads.join(", "),
        order.is_sorted_by(|a, b| a < b),
        value.is_sorted_by(|a, b| a.is_some() && b.is_some() && a != b)
    ))
}

/// The modem loses its network some seconds after it has registered, and finds it again: the server hears of it.
fn outage(bench: &mut Bench) -> Result<String, Failure> {
    let (chip, _) = start(bench, &["--lose-after", "6", "--lose-for", "3"])?;
    let names = ["updated", "registered", "deregistered"];
    let back = bench.leshan.event_within(&names, &chip.endpoint, RETURN)?;
    let expired = back["event"] == "deregistered";
    let fields = json!({"path": "/3/0/1", "format": "TEXT"});
    let answer = render::answer(&ask(bench, &chip, "read", fields)?);
    Ok(format!("expired {expired}, {answer}"))
}

//! Observe, Notify, and both ways to cancel (Core 1.1.1, section 6.4).

use core::time::Duration;

use serde_json::{Value, json};

use super::{
    super::{bench::Device, failure::Failure, render},
    Case,
    Run::Managed,
};

const SENSOR: &str = "/3303/0/5700";

/// How long nothing must come for it to count as silence.
const SILENCE: Duration = Duration::from_secs(2);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "observe, change, notify",
        expected: "2.05 senml-cbor /3303/0/5700=21.5, 2.05 senml-cbor /3303/0/5700=22.5, newer true",
        run: Managed(notify),
    },
    Case {
        name: "observe an instance, TLV",
        expected: "2.05 tlv, 2.05 tlv, changed /3303/0/5700=24.5",
        run: Managed(notify_instance),
    },
    Case {
        name: "cancel by Observe 1",
        expected: "2.05 text /3303/0/5700=21.5, notified false",
        run: Managed(cancel),
    },
    Case {
        name: "cancel by Reset",
        expected: "reset true, reset again false",
        run: Managed(reset),
    },
    Case {
        name: "pmax forces a notification",
        expected: "2.04, 2.05 text /3303/0/5700=21.5",
        run: Managed(pmax),
    },
    Case {
        name: "gt holds back, then notifies",
        expected: "25 notified false, 31.5 notified true",
        run: Managed(greater_than),
    },
    Case {
        name: "an Update keeps an observation",
        expected: "2.05 text /3303/0/5700=23.5",
        run: Managed(kept),
    },
];

/// Observes the sensor at 21.5 degrees; the answer.
fn observe(device: &mut Device<'_>, path: &str, format: &str) -> Result<Value, Failure> {
    device.client.set(SENSOR, json!(21.5))?;
    device.ask("observe", json!({"path": path, "format": format}))
}

fn set_and_wait(device: &mut Device<'_>, value: f64) -> Result<Value, Failure> {
    device.client.set(SENSOR, json!(value))?;
    device.event("notification")
}

fn end(device: &mut Device<'_>, observed: &Value) -> Result<Value, Failure> {
    device.ask("cancel", json!({"observation": observed["observation"]}))
}

fn notify(device: &mut Device<'_>) -> Result<String, Failure> {
    let first = observe(device, SENSOR, "SENML_CBOR")?;
    let second = set_and_wait(device, 22.5)?;
    end(device, &first)?;
    let newer = second["observe"].as_u64() > first["observe"].as_u64();
    Ok(format!(
        "{}, {}, newer {newer}",
        render::answer(&first),
        render::answer(&second)
    ))
}

/// The whole instance comes with each notification; of its values only what differs is shown.
fn notify_instance(device: &mut Device<'_>) -> Result<String, Failure> {
    let first = observe(device, "/3303/0", "TLV")?;
    let second = set_and_wait(device, 24.5)?;
    end(device, &first)?;
    let (first, second) = (render::answer(&first), render::answer(&second));
    let head = |answer: &str| answer.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let changed: Vec<&str> = second
        .split(' ')
        .filter(|node| node.contains("/5700=") && !first.split(' ').any(|old| old == *node))
        .collect();
    Ok(format!(
        "{}, {}, changed {}",
        head(&first),
        head(&second),
        changed.join(" ")
    ))
}

fn cancel(device: &mut Device<'_>) -> Result<String, Failure> {
    let observed = observe(device, SENSOR, "TEXT")?;
    let cancelled = end(device, &observed)?;
    device.client.set(SENSOR, json!(22.5))?;
    // Leshan has dropped the observation: a notification would be answered with Reset.
    let notified = device.leshan.resets(SILENCE);
    Ok(format!(
        "{}, notified {notified}",
        render::answer(&cancelled)
    ))
}

fn reset(device: &mut Device<'_>) -> Result<String, Failure> {
    let observed = observe(device, SENSOR, "TEXT")?;
    device.ask(
        "forget_observation",
        json!({"observation": observed["observation"]}),
    )?;
    device.client.set(SENSOR, json!(22.5))?;
    let first = device.leshan.resets(SILENCE);
    // The answer to a request that was sent after the Reset says that the device has got that.
    device.read("/3/0/0", None)?;
    device.client.set(SENSOR, json!(23.5))?;
    let second = device.leshan.resets(SILENCE);
    Ok(format!("reset {first}, reset again {second}"))
}

fn attributes(device: &mut Device<'_>, attributes: &str) -> Result<String, Failure> {
    device.answer(
        "write_attributes",
        json!({"path": SENSOR, "attributes": attributes}),
    )
}

fn pmax(device: &mut Device<'_>) -> Result<String, Failure> {
    let set = attributes(device, "pmin=1&pmax=2")?;
    let observed = observe(device, SENSOR, "TEXT")?;
    let notified = device.event("notification")?;
    end(device, &observed)?;
    attributes(device, "pmin&pmax")?;
    Ok(format!("{set}, {}", render::answer(&notified)))
}

fn greater_than(device: &mut Device<'_>) -> Result<String, Failure> {
    attributes(device, "gt=30")?;
    let observed = observe(device, SENSOR, "TEXT")?;
    device.client.set(SENSOR, json!(25.0))?;
    let below = device.comes("notification", SILENCE);
    device.client.set(SENSOR, json!(31.5))?;
    let above = device.comes("notification", SILENCE);
    end(device, &observed)?;
    attributes(device, "gt")?;
    Ok(format!("25 notified {below}, 31.5 notified {above}"))
}

fn kept(device: &mut Device<'_>) -> Result<String, Failure> {
    let observed = observe(device, SENSOR, "TEXT")?;
    device.client.command(&json!({"cmd": "update"}))?;
    device.event("updated")?;
    let notified = set_and_wait(device, 23.5)?;
    end(device, &observed)?;
    Ok(render::answer(&notified))
}

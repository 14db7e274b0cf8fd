//! Client-initiated bootstrap, then Register (Core 1.1.1, section 6.1).

use serde_json::{Value, json};

use super::{
    super::{bench::Bench, failure::Failure, render},
    Case,
    Run::Alone,
};

pub(super) const BOOTSTRAP_IDENTITY: &str = "interop-bootstrap";
pub(super) const BOOTSTRAP_KEY: &str = "f0e1d2c3b4a5968778695a4b3c2d1e0f";
const IDENTITY: &str = "interop-management";
const KEY: &str = "00112233445566778899aabbccddeeff";

const WRITTEN: &str = "Delete /0 2.02, Delete /1 2.02, Write /0/1 2.04, Write /1/0 2.04, \
                       Finish 2.04, lt=240 b=U queue=false lwm2m=1.1 psk=null";
const WRITTEN_PSK: &str = "Delete /0 2.02, Delete /1 2.02, Write /0/1 2.04, Write /1/0 2.04, \
                           Finish 2.04, lt=240 b=U queue=false lwm2m=1.1 \
                           psk=\"interop-management\"";
const DISCOVERED: &str = "Discover / 2.05, Delete /0 2.02, Delete /1 2.02, Write /0/1 2.04, \
                          Write /1/0 2.04, Finish 2.04, lt=240 b=U queue=false lwm2m=1.1 psk=null";
const DISCOVERED_PSK: &str = "Discover / 2.05, Delete /0 2.02, Delete /1 2.02, Write /0/1 2.04, \
                              Write /1/0 2.04, Finish 2.04, lt=240 b=U queue=false lwm2m=1.1 \
                              psk=\"interop-management\"";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "bootstrap, coap, ids given, TLV",
        expected: WRITTEN,
        run: Alone(|bench| bootstrap(bench, "coap", false, "TLV")),
    },
    Case {
        name: "bootstrap, coap, ids given, SenML CBOR",
        expected: WRITTEN,
        run: Alone(|bench| bootstrap(bench, "coap", false, "SENML_CBOR")),
    },
    Case {
        name: "bootstrap, coap, ids discovered",
        expected: DISCOVERED,
        run: Alone(|bench| bootstrap(bench, "coap", true, "TLV")),
    },
    Case {
        name: "bootstrap, coap, IPv6",
        expected: WRITTEN,
        run: Alone(|bench| bootstrap(bench, "coap6", false, "TLV")),
    },
    Case {
        name: "bootstrap, coaps PSK, ids given",
        expected: WRITTEN_PSK,
        run: Alone(|bench| bootstrap(bench, "coaps", false, "SENML_CBOR")),
    },
    Case {
        name: "bootstrap, coaps PSK, ids discovered",
        expected: DISCOVERED_PSK,
        run: Alone(|bench| bootstrap(bench, "coaps", true, "TLV")),
    },
    Case {
        name: "bootstrap, coaps PSK, IPv6",
        expected: WRITTEN_PSK,
        run: Alone(|bench| bootstrap(bench, "coaps6", false, "TLV")),
    },
];

/// Both servers are reached in the same way, `coap`, `coap6`, `coaps` or `coaps6`.
fn bootstrap(
    bench: &mut Bench,
    way: &str,
    discover: bool,
    format: &str,
) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    configure(bench, &endpoint, way, discover, format)?;
    let uri = bench.leshan.uri(&format!("bs_{way}"))?;
    let mut args = vec!["--bootstrap", &uri];
    if way.starts_with("coaps") {
        args.extend(["--psk-identity", BOOTSTRAP_IDENTITY, "--psk", BOOTSTRAP_KEY]);
    }
    let client = bench.start(&endpoint, &args)?;
    let mut got = steps(bench, &endpoint)?;
    got.push(render::registration(
        &bench.leshan.event("registered", &endpoint)?,
    ));
    client.quit()?;
    Ok(got.join(", "))
}

/// Tells the bootstrap server what `endpoint` is to get, and both servers its keys.
pub(super) fn configure(
    bench: &mut Bench,
    endpoint: &str,
    way: &str,
    discover: bool,
    format: &str,
) -> Result<(), Failure> {
    let mut server = json!({"uri": bench.leshan.uri(way)?, "short_id": 123, "lifetime": 240});
    server["server_instance"] = json!(0);
    // With discovery the server puts accounts beside the one that it finds in use.
    server["security_instance"] = json!(if discover { 0 } else { 1 });
    if way.starts_with("coaps") {
        server["identity"] = json!(IDENTITY);
        server["key"] = json!(KEY);
        bench.leshan.ask(
            json!({"cmd": "set_psk", "endpoint": endpoint, "identity": IDENTITY, "key": KEY}),
        )?;
        bench.leshan.ask(json!({
            "cmd": "set_psk", "server": "bootstrap", "endpoint": endpoint,
            "identity": BOOTSTRAP_IDENTITY, "key": BOOTSTRAP_KEY,
        }))?;
    }
    bench.leshan.ask(json!({
        "cmd": "set_bootstrap", "endpoint": endpoint, "auto_id": discover, "format": format,
        "delete": ["/0", "/1"], "servers": [server],
    }))?;
    Ok(())
}

/// The requests of the bootstrap server up to the end of the session, each with the device's answer.
pub(super) fn steps(bench: &mut Bench, endpoint: &str) -> Result<Vec<String>, Failure> {
    let mut steps = Vec::new();
    loop {
        let event = bench.leshan.event_of(
            &["bootstrap_step", "bootstrap_finished", "bootstrap_failed"],
            endpoint,
        )?;
        match event["event"].as_str() {
            Some("bootstrap_step") => steps.push(step(&event)),
            Some("bootstrap_finished") => return Ok(steps),
            _ => {
                steps.push(render::string(&event["cause"]));
                return Err(Failure::new(steps.join(", ")));
            }
        }
    }
}

/// `Write /0/1 2.04`, `Finish 2.04`.
fn step(event: &Value) -> String {
    let request = render::string(&event["request"]);
    let mut text = request.replace("Bootstrap", "").replace("Request", "");
    for part in [&event["path"], &event["code"], &event["error"]] {
        if !part.is_null() {
            text.push(' ');
            text.push_str(&render::string(part));
        }
    }
    text
}

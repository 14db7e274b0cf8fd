//! Register, Update and De-register (Core 1.1.1, section 6.2).

use serde_json::json;

use super::{
    super::{bench::Bench, failure::Failure, render},
    Case,
    Run::Alone,
};

const IDENTITY: &str = "interop-identity";
const KEY: &str = "000102030405060708090a0b0c0d0e0f";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "register, coap, IPv4",
        expected: "lt=300 b=U queue=false lwm2m=1.1 psk=null",
        run: Alone(|bench| register(bench, "coap", &[])),
    },
    Case {
        name: "register, coap, IPv6",
        expected: "lt=300 b=U queue=false lwm2m=1.1 psk=null",
        run: Alone(|bench| register(bench, "coap6", &[])),
    },
    Case {
        name: "register, coaps PSK, IPv4",
        expected: "lt=300 b=U queue=false lwm2m=1.1 psk=\"interop-identity\"",
        run: Alone(|bench| register(bench, "coaps", &["--psk-identity", IDENTITY, "--psk", KEY])),
    },
    Case {
        name: "register, coaps PSK, IPv6",
        expected: "lt=300 b=U queue=false lwm2m=1.1 psk=\"interop-identity\"",
        run: Alone(|bench| register(bench, "coaps6", &["--psk-identity", IDENTITY, "--psk", KEY])),
    },
    Case {
        name: "register, queue mode",
        expected: "lt=300 b=U queue=true lwm2m=1.1 psk=null",
        run: Alone(|bench| register(bench, "coap", &["--queue"])),
    },
    Case {
        name: "register, object list",
        expected: "</>;rt=\"oma.lwm2m\";ct=\"112 11542\" </1/0> </3/0> </4/0> </3303>;ver=1.1 </3303/0>",
        run: Alone(object_list),
    },
    Case {
        name: "lifetime written, update",
        expected: "2.04, {\"lifetime\":120}",
        run: Alone(lifetime),
    },
    Case {
        name: "update of a forgotten registration",
        expected: "removed true, lt=300 b=U queue=false lwm2m=1.1 psk=null",
        run: Alone(forgotten),
    },
    Case {
        name: "de-register on quit",
        expected: "exit 0, expired false",
        run: Alone(|bench| deregister(bench, true)),
    },
    Case {
        name: "de-register at end of input",
        expected: "exit 0, expired false",
        run: Alone(|bench| deregister(bench, false)),
    },
];

fn register(bench: &mut Bench, server: &str, args: &[&str]) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    if server.starts_with("coaps") {
        bench.leshan.ask(
            json!({"cmd": "set_psk", "endpoint": endpoint, "identity": IDENTITY, "key": KEY}),
        )?;
    }
    let uri = bench.leshan.uri(server)?;
    let client = bench.start(
        &endpoint,
        &[&["--server", &uri, "--lifetime", "300"], args].concat(),
    )?;
    let registered = bench.leshan.event("registered", &endpoint)?;
    client.quit()?;
    Ok(render::registration(&registered))
}

fn object_list(bench: &mut Bench) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    let uri = bench.leshan.uri("coap")?;
    let client = bench.start(&endpoint, &["--server", &uri])?;
    let registered = bench.leshan.event("registered", &endpoint)?;
    client.quit()?;
    Ok(render::links(&registered))
}

/// A new lifetime goes to the server in an Update that carries nothing else.
fn lifetime(bench: &mut Bench) -> Result<String, Failure> {
    let uri = bench.leshan.uri("coap")?;
    let client = bench.registered(&["--server", &uri, "--lifetime", "300"])?;
    let written = bench.leshan.ask(json!({
        "cmd": "write", "endpoint": client.endpoint, "path": "/1/0/1", "format": "TEXT",
        "nodes": [{"resource": 1, "value": 120}],
    }))?;
    let updated = bench.leshan.event("updated", &client.endpoint)?;
    client.quit()?;
    Ok(format!(
        "{}, {}",
        render::answer(&written),
        updated["changed"]
    ))
}

/// 4.04 to an Update leads to a Register.
fn forgotten(bench: &mut Bench) -> Result<String, Failure> {
    let uri = bench.leshan.uri("coap")?;
    let mut client = bench.registered(&["--server", &uri, "--lifetime", "300"])?;
    let forgotten = bench
        .leshan
        .ask(json!({"cmd": "forget", "endpoint": client.endpoint}))?;
    client.command(&json!({"cmd": "update"}))?;
    let registered = bench.leshan.event("registered", &client.endpoint)?;
    client.quit()?;
    Ok(format!(
        "removed {}, {}",
        forgotten["removed"],
        render::registration(&registered)
    ))
}

fn deregister(bench: &mut Bench, quit: bool) -> Result<String, Failure> {
    let uri = bench.leshan.uri("coap")?;
    let client = bench.registered(&["--server", &uri])?;
    let endpoint = client.endpoint.clone();
    let code = if quit {
        client.quit()?
    } else {
        client.close()?
    };
    let gone = bench.leshan.event("deregistered", &endpoint)?;
    Ok(format!("exit {code}, expired {}", gone["expired"]))
}

//! What cannot succeed ends in an event that says when it is tried again, never in silence or an exit.

use core::time::Duration;

use serde_json::json;

use super::{
    super::{bench::Bench, failure::Failure, render},
    Case,
    Run::Alone,
};

/// A DTLS handshake against a wrong key is given up only after all retransmissions.
const HANDSHAKE: Duration = Duration::from_secs(120);

/// A refusal is an answer: it is there at once.
const ANSWER: Duration = Duration::from_secs(10);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "unknown endpoint at the bootstrap server",
        expected: "NO_BOOTSTRAP_CONFIG, retry time given true",
        run: Alone(unknown_endpoint),
    },
    Case {
        name: "wrong PSK",
        expected: "retry time given true, registered false",
        run: Alone(|bench| {
            psk(
                bench,
                "interop-identity",
                "ffffffffffffffffffffffffffffffff",
            )
        }),
    },
    Case {
        name: "unknown PSK identity",
        expected: "retry time given true, registered false",
        run: Alone(|bench| psk(bench, "nobody", "000102030405060708090a0b0c0d0e0f")),
    },
];

fn unknown_endpoint(bench: &mut Bench) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    let uri = bench.leshan.uri("bs_coap")?;
    let mut client = bench.start(&endpoint, &["--bootstrap", &uri])?;
    let refused = bench.leshan.event("bootstrap_failed", &endpoint)?;
    let retry = client.retry_time(ANSWER)?;
    Ok(format!(
        "{}, retry time given {}",
        render::string(&refused["cause"]),
        retry > 0.0
    ))
}

fn psk(bench: &mut Bench, identity: &str, key: &str) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    bench.leshan.ask(json!({
        "cmd": "set_psk", "endpoint": endpoint,
        "identity": "interop-identity", "key": "000102030405060708090a0b0c0d0e0f",
    }))?;
    let uri = bench.leshan.uri("coaps")?;
    let args = ["--server", &uri, "--psk-identity", identity, "--psk", key];
    let mut client = bench.start(&endpoint, &args)?;
    let retry = client.retry_time(HANDSHAKE)?;
    let registered = bench.leshan.comes("registered", &endpoint, Duration::ZERO);
    Ok(format!(
        "retry time given {}, registered {registered}",
        retry > 0.0
    ))
}

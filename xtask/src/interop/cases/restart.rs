//! A device that has bootstrapped once and keeps its state in a file.

use core::time::Duration;

use super::{
    super::{bench::Bench, failure::Failure, render},
    Case,
    Run::Alone,
    bootstrap::{self, BOOTSTRAP_IDENTITY, BOOTSTRAP_KEY},
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "restart with the state file",
        expected: "bootstrap again false, lt=240 b=U queue=false lwm2m=1.1 psk=\"interop-management\"",
        run: Alone(|bench| restart(bench, true)),
    },
    Case {
        name: "restart with the state file after a kill",
        expected: "bootstrap again false, lt=240 b=U queue=false lwm2m=1.1 psk=\"interop-management\"",
        run: Alone(|bench| restart(bench, false)),
    },
];

fn restart(bench: &mut Bench, clean: bool) -> Result<String, Failure> {
    let endpoint = bench.endpoint();
    bootstrap::configure(bench, &endpoint, "coaps", false, "TLV")?;
    let uri = bench.leshan.uri("bs_coaps")?;
    let state = bench.state_file(&endpoint);
    let account = ["--psk-identity", BOOTSTRAP_IDENTITY, "--psk", BOOTSTRAP_KEY];
    let args = [&["--bootstrap", &uri, "--state", &state], &account[..]].concat();

    let first = bench.start(&endpoint, &args)?;
    bench.leshan.event("bootstrap_request", &endpoint)?;
    bench.leshan.event("registered", &endpoint)?;
    if clean {
        first.quit()?;
    } else {
        drop(first);
    }

    let second = bench.start(&endpoint, &args)?;
    let registered = bench.leshan.event("registered", &endpoint)?;
    let again = bench
        .leshan
        .comes("bootstrap_request", &endpoint, Duration::ZERO);
    second.quit()?;
    Ok(format!(
        "bootstrap again {again}, {}",
        render::registration(&registered)
    ))
}

//! Firmware Update, object 5 (Core 1.1.1, appendix E.6): a package that is pushed or fetched, verified byte for byte in
//! the file that the device has installed it to.

use core::time::Duration;
use std::fs;

use serde_json::{Value, json};

use super::{
    super::{
        authority::Authority,
        bench::{Bench, Device},
        client::Client,
        failure::Failure,
        https::Https,
        libcoap::CoapServer,
    },
    Case,
    Run::Alone,
};

/// How long a package may take to come, with a wait of 10 s for a connection that was cut.
const DELIVERY: Duration = Duration::from_secs(60);

/// Bytes of the package.
const PACKAGE: usize = 20_000;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "firmware, pushed by Block1",
        expected: INSTALLED,
        run: Alone(|bench| {
            let package = package();
            let mut client = device(bench, &[])?;
            let pushed = json!({"path": "/5/0/0", "format": "OPAQUE", "timeout_ms": 25_000, "nodes": [
                {"resource": 0, "value": hex(&package)},
            ]});
            update(bench, &mut client, pushed, &package)
        }),
    },
    Case {
        name: "firmware, fetched from libcoap",
        expected: INSTALLED,
        run: Alone(|bench| {
            let package = package();
            let server = CoapServer::start(&package, bench.scratch())?;
            let mut client = device(bench, &[])?;
            update(bench, &mut client, uri(&server.uri()), &package)
        }),
    },
    Case {
        name: "firmware, fetched over HTTPS",
        expected: INSTALLED,
        run: Alone(|bench| fetch(bench, None).map(|(updated, _)| updated)),
    },
    Case {
        name: "firmware, fetched over HTTPS, cut off once",
        expected: RESUMED,
        run: Alone(|bench| {
            let (updated, seen) = fetch(bench, Some(CUT))?;
            Ok(format!("{updated}; {seen}"))
        }),
    },
    Case {
        name: "firmware over HTTPS, unknown authority",
        expected: REFUSED,
        run: Alone(|bench| refused(bench, "Another CA", "127.0.0.1")),
    },
    Case {
        name: "firmware over HTTPS, certificate of another name",
        expected: REFUSED,
        run: Alone(|bench| refused(bench, CA, "example.org")),
    },
];

/// The whole way: state Downloaded, Update, the restart, state Idle and result 1, the file.
const INSTALLED: &str = "2.04, /5/0/3=2, 2.04, Reboot, FotaSuccess, \
                         2.05 text /5/0/3=0, 2.05 text /5/0/5=1, installed as sent";

/// The same; the second connection asks for what has not come over the first, if the package is still the same one.
const RESUMED: &str = "2.04, /5/0/3=2, 2.04, Reboot, FotaSuccess, \
                       2.05 text /5/0/3=0, 2.05 text /5/0/5=1, installed as sent; resumed at 7000 if \"interop-1\" 206";

/// Chart 6: FOTA_CONN with ECONNREFUSED, state Idle, result 4.
const REFUSED: &str =
    "2.04, FotaStart, FotaConnection 111, /5/0/5=4, 2.05 text /5/0/3=0, 2.05 text /5/0/5=4";

/// The authority that the device trusts.
const CA: &str = "Interop CA";

/// Bytes of the body after which a connection is cut.
const CUT: usize = 7000;

/// Bytes that no other part of the package has in this order.
fn package() -> Vec<u8> {
    let words = (0_u32..).map(|word| word.wrapping_mul(2_654_435_761));
    words.flat_map(u32::to_be_bytes).take(PACKAGE).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Write of the package's URI.
fn uri(uri: &str) -> Value {
    json!({"path": "/5/0/1", "format": "TEXT", "nodes": [{"resource": 1, "value": uri}]})
}

/// A registered device with a firmware slot of its own, and its state in a file.
fn device(bench: &mut Bench, args: &[&str]) -> Result<Client, Failure> {
    let endpoint = bench.endpoint();
    let (server, state) = (bench.leshan.uri("coap")?, bench.state_file(&endpoint));
    let slot = bench.firmware_file(&endpoint);
    let common = ["--server", &server, "--state", &state, "--firmware", &slot];
    let client = bench.start(&endpoint, &[&common, args].concat())?;
    bench.leshan.event("registered", &endpoint)?;
    Ok(client)
}

/// A device that trusts the authority of this bench.
fn trusting(bench: &mut Bench, authority: &Authority) -> Result<Client, Failure> {
    let file = bench.scratch().join("ca.pem");
    fs::write(&file, authority.pem())
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    device(bench, &["--ca", &file.display().to_string()])
}

/// Writes the package or its URI, as `delivery` says, and has it installed.
fn update(
    bench: &mut Bench,
    client: &mut Client,
    delivery: Value,
    package: &[u8],
) -> Result<String, Failure> {
    let mut steps = Vec::new();
    let mut device = Device {
        leshan: &mut bench.leshan,
        client,
    };
    device.ask("observe", json!({"path": "/5/0/3", "format": "TEXT"}))?;
    steps.push(device.answer("write", delivery)?);
    steps.push(device.notified("/5/0/3", &json!(2), DELIVERY)?);
    steps.push(device.answer("execute", json!({"path": "/5/0/2"}))?);
    device.client.event("Reboot", DELIVERY)?;
    steps.push("Reboot".to_owned());
    device.event("registered")?;
    device.client.event("FotaSuccess", DELIVERY)?;
    steps.push("FotaSuccess".to_owned());
    steps.push(device.read("/5/0/3", Some("TEXT"))?);
    steps.push(device.read("/5/0/5", Some("TEXT"))?);
    let installed = format!("{}.installed", bench.firmware_file(&client.endpoint));
    steps.push(match fs::read(installed) {
        Ok(bytes) if bytes == package => "installed as sent".to_owned(),
        Ok(bytes) => format!("installed otherwise, {} bytes", bytes.len()),
        Err(error) => format!("not installed: {error}"),
    });
    Ok(steps.join(", "))
}

/// Fetches from a server whose authority the device trusts; also how the last request went on.
fn fetch(bench: &mut Bench, cut: Option<usize>) -> Result<(String, String), Failure> {
    let package = package();
    let authority = Authority::new(CA)?;
    let server = Https::start(&authority, "127.0.0.1", package.clone(), cut)?;
    let mut client = trusting(bench, &authority)?;
    let updated = update(bench, &mut client, uri(&server.uri("127.0.0.1")), &package)?;
    let seen = server.seen();
    let last = seen.last().map(String::as_str).unwrap_or_default();
    let resumed = last
        .replacen("GET bytes=", "resumed at ", 1)
        .replacen("- ", " ", 1);
    Ok((updated, resumed))
}

/// Asks for a package from a server that the device cannot trust.
fn refused(bench: &mut Bench, authority: &str, name: &str) -> Result<String, Failure> {
    let trusted = Authority::new(CA)?;
    let other = Authority::new(authority)?;
    let signer = if authority == CA { &trusted } else { &other };
    let server = Https::start(signer, name, package(), None)?;
    let mut client = trusting(bench, &trusted)?;
    let mut device = Device {
        leshan: &mut bench.leshan,
        client: &mut client,
    };
    device.ask("observe", json!({"path": "/5/0/5", "format": "TEXT"}))?;
    let mut steps = vec![device.answer("write", uri(&server.uri("127.0.0.1")))?];
    device.client.event("FotaStart", DELIVERY)?;
    steps.push("FotaStart".to_owned());
    let error = device.client.event("Error", DELIVERY)?;
    let kind = error["kind"].as_str().unwrap_or_default();
    steps.push(format!("{kind} {}", error["errno"]));
    steps.push(device.notified("/5/0/5", &json!(4), DELIVERY)?);
    steps.push(device.read("/5/0/3", Some("TEXT"))?);
    steps.push(device.read("/5/0/5", Some("TEXT"))?);
    Ok(steps.join(", "))
}

//! Whatever the network sends: no panic, no endless output, nothing malformed in answer, no deadline in the past (all of
//! which the test device checks for every message).

use proptest::collection::vec;
use proptest::prelude::*;

use lwm2m_core::wire::coap::{Code, Kind, option};

use crate::bootstrap::{bootstrapping, security_write, server_write};
use crate::common::{Device, Request, SERVER, delete, get, post, put};

/// Well-formed requests and responses of every kind.
fn corpus() -> Vec<Vec<u8>> {
    let mut all: Vec<_> = [
        get("/3/0").accept(11542),
        get("/3/0").accept(112).uint(option::OBSERVE, 0),
        get("/26241/1").accept(40),
        get("/3/0").accept(112).uint(option::BLOCK2, 0x12),
        put("/3/0/14").text("+01:00"),
        put("/26241/1").tlv("c3006e6577c10102"),
        put("/26241/1/8").tlv("860841000a410163"),
        post("/26241/1").cbor("82a3216a2f32363234312f312f00613003636e6577a2006131020a"),
        put("/26241/1/5")
            .with(42, &[7; 64])
            .uint(option::BLOCK1, 0x0a),
        put("/26241/1/5")
            .with(42, &[7; 64])
            .uint(option::BLOCK1, 0x1a),
        put("/26241/1/1").query("pmin=1").query("gt=3.5"),
        post("/26241/1/9").text("0='a',1"),
        post("/26241").tlv("c30074776fc10102"),
        delete("/26241/1"),
        put("/1/0/1").text("60"),
        post("/1/0/8"),
        post("/1/0/4"),
        Request::new(Code::FETCH, "/3/0"),
        security_write(),
        server_write(),
        delete("/"),
        post("/bs"),
    ]
    .iter()
    .map(Request::bytes)
    .collect();
    let mut response = Request::new(Code::CREATED, "").option(option::LOCATION_PATH, b"rd");
    for kind in [Kind::Ack, Kind::Con, Kind::Non] {
        response.kind = kind;
        all.push(response.bytes());
    }
    all
}

/// Datagrams of the corpus with some bytes changed, cut or repeated, and some that are noise altogether.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let changed = (
        any::<prop::sample::Index>(),
        vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        any::<u16>(),
    )
        .prop_map(|(which, changes, id)| {
            let corpus = corpus();
            let mut datagram = corpus[which.index(corpus.len())].clone();
            datagram[2..4].copy_from_slice(&id.to_be_bytes());
            for (at, byte) in changes {
                let at = at.index(datagram.len());
                match byte % 8 {
                    0 => datagram.truncate(at.max(1)),
                    1 => datagram.insert(at, byte),
                    2 => {
                        datagram.remove(at);
                    }
                    3 => datagram.extend_from_within(at..),
                    _ => datagram[at] = byte,
                }
                if datagram.is_empty() {
                    break;
                }
            }
            datagram.truncate(1280);
            datagram
        });
    prop_oneof![8 => changed, 1 => vec(any::<u8>(), 0..80)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_registered_device_survives_anything(datagrams in vec((datagram(), 0..400u64), 1..40)) {
        let mut device = Device::registered();
        device.objects.test.capacity = 1000;
        for (datagram, wait) in datagrams {
            device.receive(&datagram);
            device.wait(wait);
        }
        device.now = device.now + lwm2m_core::time::Duration::from_secs(100_000);
        device.drain();
    }

    #[test]
    fn a_bootstrapping_device_survives_anything(datagrams in vec((datagram(), 0..60u64), 1..40)) {
        let mut device = bootstrapping();
        for (datagram, wait) in datagrams {
            let out = device.receive(&datagram);
            if crate::common::events(&out).contains(&lwm2m_core::client::Event::BootstrapFinishing) {
                device.finish_bootstrap(wait % 2 == 0);
            }
            device.wait(wait);
            device.open(SERVER);
        }
    }
}

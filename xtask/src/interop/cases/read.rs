//! Read at each level in each format (Core 1.1.1, section 6.3.1).

use serde_json::json;

use super::super::{bench::Device, failure::Failure};
use super::{Case, Run::Managed};

/// Every readable resource of the sensor after [`prepared`].
macro_rules! sensor {
    ($format:literal) => {
        concat!(
            "2.05 ",
            $format,
            " /3303/0/5601=21.5 /3303/0/5602=21.5 /3303/0/5700=21.5 /3303/0/5701=\"Cel\" /3303/0/5750=\"attic\""
        )
    };
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "read a resource, text",
        expected: "2.05 text /3/0/0=\"lwm2m-carrier\"",
        run: Managed(|device| device.read("/3/0/0", Some("TEXT"))),
    },
    Case {
        name: "read a resource, TLV",
        expected: "2.05 tlv /3/0/1=\"lwm2m-client\"",
        run: Managed(|device| device.read("/3/0/1", Some("TLV"))),
    },
    Case {
        name: "read a resource, SenML CBOR",
        expected: "2.05 senml-cbor /3/0/0=\"lwm2m-carrier\"",
        run: Managed(|device| device.read("/3/0/0", Some("SENML_CBOR"))),
    },
    Case {
        name: "read a resource, no Accept",
        expected: "2.05 senml-cbor /3/0/0=\"lwm2m-carrier\"",
        run: Managed(|device| device.read("/3/0/0", None)),
    },
    Case {
        name: "read an instance, TLV",
        expected: sensor!("tlv"),
        run: Managed(|device| prepared(device, "/3303/0", Some("TLV"))),
    },
    Case {
        name: "read an instance, SenML CBOR",
        expected: sensor!("senml-cbor"),
        run: Managed(|device| prepared(device, "/3303/0", Some("SENML_CBOR"))),
    },
    Case {
        name: "read an instance, no Accept",
        expected: sensor!("senml-cbor"),
        run: Managed(|device| prepared(device, "/3303/0", None)),
    },
    Case {
        name: "read an object, TLV",
        expected: sensor!("tlv"),
        run: Managed(|device| prepared(device, "/3303", Some("TLV"))),
    },
    Case {
        name: "read an object, SenML CBOR",
        expected: sensor!("senml-cbor"),
        run: Managed(|device| prepared(device, "/3303", Some("SENML_CBOR"))),
    },
    Case {
        name: "read an object, no Accept",
        expected: sensor!("senml-cbor"),
        run: Managed(|device| prepared(device, "/3303", None)),
    },
    Case {
        name: "read an instance, text",
        expected: "4.06",
        run: Managed(|device| prepared(device, "/3303/0", Some("TEXT"))),
    },
    Case {
        name: "read a resource instance, TLV",
        expected: "2.05 tlv /3/0/11/0=0",
        run: Managed(|device| device.read("/3/0/11/0", Some("TLV"))),
    },
    Case {
        name: "read a resource with instances, SenML CBOR",
        expected: "2.05 senml-cbor /3/0/6/0=6",
        run: Managed(|device| device.read("/3/0/6", Some("SENML_CBOR"))),
    },
    Case {
        name: "read credentials",
        expected: "4.01",
        run: Managed(|device| device.read("/0/0", None)),
    },
    Case {
        name: "read what is not there",
        expected: "4.04, 4.04, 4.04",
        run: Managed(|device| {
            device.in_turn(["/9", "/3303/5", "/3/0/9"].map(|path| ("read", json!({"path": path}))))
        }),
    },
];

/// Reads when every resource of the sensor has a known value.
fn prepared(device: &mut Device<'_>, path: &str, format: Option<&str>) -> Result<String, Failure> {
    device.client.set("/3303/0/5700", json!(21.5))?;
    let nodes = json!([{"resource": 5750, "value": "attic"}]);
    device.in_turn([
        ("execute", json!({"path": "/3303/0/5605"})),
        ("write", json!({"path": "/3303/0/5750", "nodes": nodes})),
    ])?;
    device.read(path, format)
}

//! Write: replace and update, of resources and instances (Core 1.1.1, section 6.3.3).

use serde_json::{Value, json};

use super::{
    super::{bench::Device, failure::Failure},
    Case,
    Run::Managed,
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "write a resource, text",
        expected: "2.04, 2.05 text /3/0/14=\"+02:00\"",
        run: Managed(|device| utc_offset(device, "TEXT", "+02:00")),
    },
    Case {
        name: "write a resource, TLV",
        expected: "2.04, 2.05 text /3/0/14=\"-03:30\"",
        run: Managed(|device| utc_offset(device, "TLV", "-03:30")),
    },
    Case {
        name: "write a resource, SenML CBOR",
        expected: "2.04, 2.05 text /3/0/14=\"+00:00\"",
        run: Managed(|device| utc_offset(device, "SENML_CBOR", "+00:00")),
    },
    Case {
        name: "write update of an instance keeps the rest",
        expected: "2.04, 2.05 text /1/0/2=5, 2.05 text /1/0/3=60, 2.04, 2.05 text /1/0/2=5, 2.05 text /1/0/3=90",
        run: Managed(|device| {
            device.in_turn([
                ("write", server("update", "TLV", json!({"2": 5, "3": 60}))),
                ("read", json!({"path": "/1/0/2", "format": "TEXT"})),
                ("read", json!({"path": "/1/0/3", "format": "TEXT"})),
                ("write", server("update", "SENML_CBOR", json!({"3": 90}))),
                ("read", json!({"path": "/1/0/2", "format": "TEXT"})),
                ("read", json!({"path": "/1/0/3", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "write replace of an instance drops the rest",
        expected: "2.04, 2.04, 4.04, 4.04, 2.05 text /1/0/1=300",
        run: Managed(|device| {
            device.in_turn([
                ("write", server("update", "TLV", json!({"2": 5, "3": 60}))),
                (
                    "write",
                    server("replace", "TLV", json!({"1": 300, "6": true, "7": "U"})),
                ),
                ("read", json!({"path": "/1/0/2", "format": "TEXT"})),
                ("read", json!({"path": "/1/0/3", "format": "TEXT"})),
                ("read", json!({"path": "/1/0/1", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "write a read-only resource",
        expected: "4.05, 2.05 text /3/0/0=\"lwm2m-carrier\"",
        run: Managed(|device| {
            device.in_turn([
                ("write", resource("/3/0/0", "TEXT", json!("x"))),
                ("read", json!({"path": "/3/0/0", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "write a value of the wrong kind",
        expected: "4.00",
        // Leshan itself would refuse to encode "soon" as an integer.
        run: Managed(|device| {
            device.answer(
                "raw",
                json!({"method": "PUT", "path": "/1/0/1", "format": 0, "payload": "736f6f6e"}),
            )
        }),
    },
];

fn utc_offset(device: &mut Device<'_>, format: &str, offset: &str) -> Result<String, Failure> {
    device.in_turn([
        ("write", resource("/3/0/14", format, json!(offset))),
        ("read", json!({"path": "/3/0/14", "format": "TEXT"})),
    ])
}

/// A Write of the single resource at `path`.
fn resource(path: &str, format: &str, value: Value) -> Value {
    let id: Option<u16> = path.rsplit('/').next().and_then(|id| id.parse().ok());
    json!({"path": path, "format": format, "nodes": [{"resource": id, "value": value}]})
}

/// A Write of these resources to /1/0.
fn server(mode: &str, format: &str, values: Value) -> Value {
    let nodes: Vec<Value> = values
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, value)| json!({"resource": id.parse::<u16>().ok(), "value": value}))
        .collect();
    json!({"path": "/1/0", "mode": mode, "format": format, "nodes": nodes})
}

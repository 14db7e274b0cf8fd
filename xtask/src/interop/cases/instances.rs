//! Create and Delete (Core 1.1.1, sections 6.3.6 and 6.3.7).

use serde_json::{Value, json};

use super::{
    super::{bench::Device, failure::Failure, render},
    Case,
    Run::Managed,
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "create an instance with its id, then delete it",
        expected: "2.01, 2.05 text /3303/7/5750=\"cellar\", 2.02, 4.04",
        run: Managed(|device| {
            device.in_turn([
                ("create", create(json!(7))),
                ("read", json!({"path": "/3303/7/5750", "format": "TEXT"})),
                ("delete", json!({"path": "/3303/7"})),
                ("read", json!({"path": "/3303/7/5750", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "create an instance, the device chooses the id",
        expected: "2.01 /3303/1, 2.05 text /3303/1/5750=\"cellar\", 2.02",
        run: Managed(|device| {
            device.in_turn([
                ("create", create(Value::Null)),
                ("read", json!({"path": "/3303/1/5750", "format": "TEXT"})),
                ("delete", json!({"path": "/3303/1"})),
            ])
        }),
    },
    Case {
        name: "create an instance that exists",
        expected: "4.00",
        run: Managed(|device| device.answer("create", create(json!(0)))),
    },
    Case {
        name: "create and delete change the object list",
        expected: "</3303/0> </3303/7>, </3303/0>",
        run: Managed(object_list),
    },
    Case {
        name: "delete what may not be deleted",
        expected: "4.05",
        run: Managed(|device| device.answer("delete", json!({"path": "/3/0"}))),
    },
];

/// A Create of a temperature sensor; without an id the device chooses.
fn create(instance: Value) -> Value {
    let mut create = json!({"path": "/3303", "nodes": [{"resource": 5750, "value": "cellar"}]});
    if !instance.is_null() {
        create["instance"] = instance;
    }
    create
}

/// Each change reaches the server in an Update with the new list.
fn object_list(device: &mut Device<'_>) -> Result<String, Failure> {
    // Earlier rows have left Updates of their own.
    while device.comes("updated", core::time::Duration::from_millis(500)) {}
    device.ask("create", create(json!(7)))?;
    let with = sensors(&device.event("updated")?["changed"]);
    device.ask("delete", json!({"path": "/3303/7"}))?;
    let without = sensors(&device.event("updated")?["changed"]);
    Ok(format!("{with}, {without}"))
}

fn sensors(changed: &Value) -> String {
    let links = render::links(changed);
    links
        .split(' ')
        .filter(|link| link.starts_with("</3303/"))
        .collect::<Vec<_>>()
        .join(" ")
}

//! Execute, Discover and Write-Attributes (Core 1.1.1, sections 6.3.2, 6.3.4 and 6.3.5).

use serde_json::json;

use super::{Case, Run::Managed};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "execute",
        expected: "2.04, 2.05 text /3303/0/5602=21.5",
        run: Managed(|device| {
            device.client.set("/3303/0/5700", json!(30.5))?;
            device.client.set("/3303/0/5700", json!(21.5))?;
            device.in_turn([
                ("execute", json!({"path": "/3303/0/5605"})),
                ("read", json!({"path": "/3303/0/5602", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "execute with arguments",
        expected: "2.04, 2.05 text /3303/0/5601=19.5",
        run: Managed(|device| {
            device.in_turn([
                (
                    "execute",
                    json!({"path": "/3303/0/5605", "args": "0='19.5'"}),
                ),
                ("read", json!({"path": "/3303/0/5601", "format": "TEXT"})),
            ])
        }),
    },
    Case {
        name: "execute with wrong arguments",
        expected: "4.00, 4.00, 4.00",
        run: Managed(|device| {
            // 0='1 without its quote, 0 twice, 10.
            device.in_turn(["303d2731", "302c30", "3130"].map(|payload| {
                let fields = json!({"method": "POST", "path": "/3303/0/5605", "payload": payload, "format": "TEXT"});
                ("raw", fields)
            }))
        }),
    },
    Case {
        name: "execute what is not executable",
        expected: "4.05",
        run: Managed(|device| device.answer("execute", json!({"path": "/3/0/0"}))),
    },
    Case {
        name: "discover an instance",
        expected: "2.05 link </3303/0> </3303/0/5601> </3303/0/5602> </3303/0/5605> </3303/0/5700> </3303/0/5701> </3303/0/5750>",
        run: Managed(|device| device.answer("discover", json!({"path": "/3303/0"}))),
    },
    Case {
        name: "write attributes, discover shows them",
        expected: "2.04, 2.05 link </3303/0/5700>;pmin=5;pmax=60;gt=40, 2.04, 2.05 link </3303/0/5700>",
        run: Managed(|device| {
            let discover = ("discover", json!({"path": "/3303/0/5700"}));
            device.in_turn([
                (
                    "write_attributes",
                    json!({"path": "/3303/0/5700", "attributes": "pmin=5&pmax=60&gt=40"}),
                ),
                discover.clone(),
                (
                    "write_attributes",
                    json!({"path": "/3303/0/5700", "attributes": "pmin&pmax&gt"}),
                ),
                discover,
            ])
        }),
    },
    Case {
        name: "write attributes that break a rule",
        expected: "4.00",
        run: Managed(|device| {
            device.answer(
                "raw",
                json!({"method": "PUT", "path": "/3303/0/5700", "query": "lt=40&gt=30"}),
            )
        }),
    },
];

//! Read at each level in each format (Core 1.1.1, section 6.3.1).

use super::{Case, Run::Managed};

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
];

//! Group 37, the CBOR side: SenML packs (RFC 8428; Core 1.1.1, section 7.4.6). What is refused changes nothing.

use lwm2m_core::wire::coap::Code;
use lwm2m_core::wire::senml_cbor::Records;

use crate::common::{Device, Owned, Request, hex, post, put};

/// A text string.
fn text(value: &str) -> String {
    let bytes = value.bytes().map(|byte| format!("{byte:02x}"));
    let header = match value.len() {
        len @ 0..24 => format!("{:02x}", 0x60 + len),
        len => format!("78{len:02x}"),
    };
    header + &bytes.collect::<String>()
}

/// A record of `fields`, which are labels and their values in hexadecimal.
fn record(fields: &[(&str, &str)]) -> String {
    let fields_text: String = fields
        .iter()
        .map(|(label, value)| format!("{label}{value}"))
        .collect();
    format!("{:02x}{fields_text}", 0xa0 + fields.len())
}

fn pack(records: &[String]) -> String {
    format!("{:02x}{}", 0x80 + records.len(), records.concat())
}

const BASE_NAME: &str = "21";
const NAME: &str = "00";
const VALUE: &str = "02";

fn update(records: &[String]) -> Request {
    post("/26241/1").cbor(&pack(records))
}

#[track_caller]
fn is_taken(request: &Request, expected: &[(u16, Owned)]) {
    let mut device = Device::registered();
    assert_eq!(device.code(request), Code::CHANGED, "{request:?}");
    for (resource, value) in expected {
        assert_eq!(device.objects.test.get(1, *resource), Some(value));
    }
}

#[track_caller]
fn is_refused(request: &Request) {
    let mut device = Device::registered();
    let before = device.objects.test.instances.clone();
    assert_eq!(device.code(request), Code::BAD_REQUEST, "{request:?}");
    assert_eq!(device.objects.test.instances, before, "{request:?}");
}

#[test]
fn g37_a_base_name_in_mid_list() {
    let first = record(&[
        (BASE_NAME, &text("/26241/1/")),
        (NAME, &text("1")),
        (VALUE, "05"),
    ]);
    // The new one holds for the record that brings it, even behind the name, and for those behind it.
    let second = record(&[
        (NAME, &text("1/1/2")),
        (VALUE, "06"),
        (BASE_NAME, &text("/2624")),
    ]);
    let third = record(&[(NAME, &text("1/1/6")), (VALUE, "07")]);
    is_taken(
        &update(&[first, second, third]),
        &[(1, Owned::Int(5)), (2, Owned::Uint(6)), (6, Owned::Time(7))],
    );
}

#[test]
fn g37_keys_in_any_order() {
    let (base, name) = (text("/26241/1/"), text("1"));
    let fields = [
        (BASE_NAME, base.as_str()),
        (NAME, name.as_str()),
        (VALUE, "05"),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let request = update(&[record(&order.map(|at| fields[at]))]);
        is_taken(&request, &[(1, Owned::Int(5))]);
    }
}

#[test]
fn g37_names_that_are_no_path() {
    for name in [
        "",
        "1",
        "/26241/1/",
        "//26241/1/1",
        "/26241/1/01",
        "/26241/1/65536",
        "/26241/1/+1",
        "/26241/1/1/0/0",
        "/26241/1/x",
        "26241/1/1",
    ] {
        is_refused(&update(&[record(&[(NAME, &text(name)), (VALUE, "05")])]));
    }
    // No name at all, or one that is no text.
    is_refused(&update(&[record(&[(VALUE, "05")])]));
    is_refused(&update(&[record(&[(NAME, "05"), (VALUE, "05")])]));
    is_refused(&update(&[record(&[
        (NAME, "4a2f32363234312f312f31"),
        (VALUE, "05"),
    ])]));
}

#[test]
fn g37_a_base_name_alone_names_the_resource() {
    let request = put("/26241/1/1").cbor(&pack(&[record(&[
        (BASE_NAME, &text("/26241/1/1")),
        (VALUE, "05"),
    ])]));
    is_taken(&request, &[(1, Owned::Int(5))]);
}

#[test]
fn g37_paths_outside_the_target() {
    let inside = record(&[(NAME, &text("/26241/1/1")), (VALUE, "05")]);
    for name in [
        "/26241/2/1",
        "/26240/1/1",
        "/3/0/14",
        "/26241/1",
        "/26241",
        "/",
    ] {
        let outside = record(&[(NAME, &text(name)), (VALUE, "05")]);
        is_refused(&update(&[inside.clone(), outside]));
    }
    let other = record(&[(NAME, &text("/26241/1/2")), (VALUE, "05")]);
    is_refused(&put("/26241/1/1").cbor(&pack(&[other])));
}

#[test]
fn g37_a_value_is_missing_or_there_twice() {
    let name = text("/26241/1/1");
    is_refused(&update(&[record(&[(NAME, &name)])]));
    is_refused(&update(&["a0".into()]));
    // Two of one kind, two of different kinds.
    is_refused(&update(&[record(&[
        (NAME, &name),
        (VALUE, "05"),
        (VALUE, "05"),
    ])]));
    is_refused(&update(&[record(&[
        (NAME, &name),
        (VALUE, "05"),
        ("03", "6135"),
    ])]));
    is_refused(&update(&[record(&[
        ("04", "f5"),
        (NAME, &name),
        (VALUE, "05"),
    ])]));
    is_refused(&update(&[record(&[
        (NAME, &name),
        ("63766c6f", "63313a32"),
        (VALUE, "05"),
    ])]));
    // Two names.
    is_refused(&update(&[record(&[
        (NAME, &name),
        (VALUE, "05"),
        (NAME, &name),
    ])]));
}

#[test]
fn g37_a_value_under_the_label_of_another_kind() {
    let name = text("/26241/1/1");
    for (label, value) in [
        // A number that is a text, a boolean, bytes, null, an array; the other labels with a number.
        (VALUE, "6135"),
        (VALUE, "f5"),
        (VALUE, "4105"),
        (VALUE, "f6"),
        (VALUE, "8105"),
        ("03", "05"),
        ("04", "01"),
        ("08", "05"),
        ("63766c6f", "05"),
        // A text, a boolean and bytes for an integer.
        ("03", "6135"),
        ("04", "f5"),
        ("08", "4105"),
        ("63766c6f", "63313a32"),
    ] {
        is_refused(&update(&[record(&[(NAME, &name), (label, value)])]));
    }
}

#[test]
fn g37_unknown_labels() {
    let name = text("/26241/1/1");
    // Numbers and texts that mean nothing here, with all that is in them; unit, update time and base unit.
    for (label, value) in [
        ("18ff", "00"),
        ("3903e7", "f6"),
        ("6161", "8301a1000263666f6f"),
        (&text("x_y"), "bf0001ff"),
        ("01", "6143"),
        ("07", "1903e8"),
        ("23", "6143"),
    ] {
        for fields in [
            [(label, value), (NAME, name.as_str()), (VALUE, "05")],
            [(NAME, name.as_str()), (VALUE, "05"), (label, value)],
        ] {
            is_taken(&update(&[record(&fields)]), &[(1, Owned::Int(5))]);
        }
    }
    // What must be understood (RFC 8428, section 4.4).
    for label in ["_", "x_", "vlo_"] {
        is_refused(&update(&[record(&[
            (NAME, &name),
            (VALUE, "05"),
            (&text(label), "00"),
        ])]));
    }
    // A label that is neither a number nor a text.
    for label in ["f5", "4101", "80", "f93c00", "c100"] {
        is_refused(&update(&[record(&[
            (NAME, &name),
            (VALUE, "05"),
            (label, "00"),
        ])]));
    }
}

#[test]
fn g37_what_would_change_the_value_is_not_passed_over() {
    let name = text("/26241/1/1");
    // Base value and base sum.
    for label in ["24", "25"] {
        is_refused(&update(&[record(&[
            (NAME, &name),
            (VALUE, "05"),
            (label, "01"),
        ])]));
    }
    // A version that is too new, or none; then the current one.
    for version in ["0b", "1903e8", "20", "f94900", "613a"] {
        is_refused(&update(&[record(&[
            ("20", version),
            (NAME, &name),
            (VALUE, "05"),
        ])]));
    }
    is_taken(
        &update(&[record(&[("20", "0a"), (NAME, &name), (VALUE, "05")])]),
        &[(1, Owned::Int(5))],
    );
}

#[test]
fn g37_times_are_read_but_do_not_matter_to_a_write() {
    let name = text("/26241/1/1");
    // Base time as integer, decimal fraction and float; time relative, negative, absolute.
    for (label, value) in [
        ("22", "1a65920080"),
        ("22", "c482001a65920080"),
        ("22", "fb41d96480200ccccd"),
        ("06", "00"),
        ("06", "20"),
        ("06", "fa40200000"),
        ("06", "1a65920080"),
    ] {
        let fields = [(label, value), (NAME, name.as_str()), (VALUE, "05")];
        is_taken(&update(&[record(&fields)]), &[(1, Owned::Int(5))]);
    }
    for (label, value) in [("22", "6130"), ("06", "f5"), ("06", "f6")] {
        is_refused(&update(&[record(&[
            (label, value),
            (NAME, &name),
            (VALUE, "05"),
        ])]));
    }
}

#[test]
fn g37_times_of_records() {
    let payload = hex(&pack(&[
        record(&[
            ("22", "1a65920080"),
            (NAME, &text("/3/0/9")),
            (VALUE, "05"),
            ("06", "29"),
        ]),
        record(&[(NAME, &text("/3/0/9")), (VALUE, "06")]),
        record(&[
            ("22", "00"),
            (NAME, &text("/3/0/9")),
            (VALUE, "07"),
            ("06", "f93800"),
        ]),
    ]));
    let mut records = Records::new(&payload).unwrap();
    let mut times = Vec::new();
    while let Some(record) = records.next() {
        record.unwrap();
        let (base, time) = records.times();
        times.push((base.unwrap().as_f64(), time.map(|time| time.as_f64())));
    }
    let base = 1_704_067_200.0;
    assert_eq!(times, [(base, Some(-10.0)), (base, None), (0.0, Some(0.5))]);
}

#[test]
fn g37_of_two_records_with_one_name_the_last_stays() {
    let name = text("/26241/1/1");
    let records = ["05", "06"].map(|value| record(&[(NAME, &name), (VALUE, value)]));
    is_taken(&update(&records), &[(1, Owned::Int(6))]);
}

#[test]
fn g37_the_order_of_records_is_free() {
    let records = [
        (7, "03", "63313a32"),
        (4, "04", "f5"),
        (1, VALUE, "05"),
        (0, "03", "6161"),
    ]
    .map(|(id, label, value)| record(&[(NAME, &text(&format!("/26241/1/{id}"))), (label, value)]));
    is_taken(
        &update(&records),
        &[
            (0, "a".into()),
            (1, Owned::Int(5)),
            (4, Owned::Bool(true)),
            (7, Owned::Link(1, 2)),
        ],
    );
}

#[test]
fn g37_numbers_at_the_edge() {
    let write = |resource: u16, value: &str| {
        let name = text(&format!("/26241/1/{resource}"));
        update(&[record(&[(NAME, &name), (VALUE, value)])])
    };
    // -0 as a float, for a float and for an integer; 2^53+1 stays exact in an integer.
    let mut device = Device::registered();
    assert_eq!(device.code(&write(3, "f98000")), Code::CHANGED);
    let Some(Owned::Float(zero)) = device.objects.test.get(1, 3) else {
        panic!();
    };
    assert!(*zero == 0.0 && zero.is_sign_negative());
    is_taken(&write(1, "f98000"), &[(1, Owned::Int(0))]);
    is_taken(
        &write(2, "1b0020000000000001"),
        &[(2, Owned::Uint((1 << 53) + 1))],
    );
    is_taken(
        &write(6, "1b7fffffffffffffff"),
        &[(6, Owned::Time(i64::MAX))],
    );
    is_taken(
        &write(2, "1bffffffffffffffff"),
        &[(2, Owned::Uint(u64::MAX))],
    );
    // An integer for a float, an integral float and decimal fraction for an integer.
    is_taken(&write(3, "1864"), &[(3, Owned::Float(100.0))]);
    is_taken(&write(1, "f94500"), &[(1, Owned::Int(5))]);
    is_taken(&write(1, "c482201832"), &[(1, Owned::Int(5))]);
    for (resource, value) in [
        // A fraction, infinity, and more than fits, for integers; below 0, for one without a sign.
        (1, "f93800"),
        (1, "f97c00"),
        (6, "1b8000000000000000"),
        (6, "fb43e0000000000000"),
        (2, "20"),
        (2, "f9c500"),
        // 1e400 is no float.
        (3, "c48219019001"),
        // Below -2^63.
        (6, "3b8000000000000000"),
    ] {
        is_refused(&write(resource, value));
    }
}

#[test]
fn g37_strings_are_utf8() {
    let name = text("/26241/1/0");
    is_taken(
        &update(&[record(&[(NAME, &name), ("03", "63e282ac")])]),
        &[(0, "€".into())],
    );
    for value in ["62e282", "63eda080", "62c0af"] {
        is_refused(&update(&[record(&[(NAME, &name), ("03", value)])]));
    }
}

#[test]
fn g37_object_links_under_either_label() {
    let name = text("/26241/1/7");
    for label in ["63766c6f", "03"] {
        let record = record(&[(NAME, &name), (label, "6436363a30")]);
        is_taken(&update(&[record]), &[(7, Owned::Link(66, 0))]);
    }
    for link in ["66", "66:", ":0", "66:0:0", "66:65536", "-1:0", "66 :0"] {
        is_refused(&update(&[record(&[
            (NAME, &name),
            ("63766c6f", &text(link)),
        ])]));
    }
}

#[test]
fn g37_packs_that_are_none() {
    // Nothing, a map, a record alone, a text; too few and too many records; a record that is no map.
    let one = record(&[(NAME, &text("/26241/1/1")), (VALUE, "05")]);
    for payload in ["", "a0", "60", "00", "f6", "ff", "8100", "8180"] {
        is_refused(&post("/26241/1").cbor(payload));
    }
    is_refused(&post("/26241/1").cbor(&one));
    is_refused(&post("/26241/1").cbor(&format!("82{one}")));
    is_refused(&post("/26241/1").cbor(&format!("81{one}{one}")));
    is_refused(&post("/26241/1").cbor(&format!("81{one}00")));
    is_refused(&post("/26241/1").cbor(&format!("80{one}")));
}

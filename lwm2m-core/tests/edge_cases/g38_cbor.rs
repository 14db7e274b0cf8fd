//! Group 38: CBOR (RFC 8949), in SenML packs and by itself.

use lwm2m_core::wire::cbor::{Decoder, Item, Number};
use lwm2m_core::wire::coap::Code;

use crate::common::{Device, Owned, Request, hex, post};

/// A write of resource 0, a string, or another.
fn write(payload: &str) -> Request {
    post("/26241/1").cbor(payload)
}

/// "/26241/1/" and a resource id of one digit, without a header.
fn name(id: u8) -> String {
    format!("2f32363234312f312f3{id}")
}

#[track_caller]
fn is_taken(payload: &str, resource: u16, expected: impl Into<Owned>) {
    let mut device = Device::registered();
    assert_eq!(device.code(&write(payload)), Code::CHANGED, "{payload}");
    assert_eq!(device.objects.test.get(1, resource), Some(&expected.into()));
}

#[track_caller]
fn is_refused(payload: &str) {
    let mut device = Device::registered();
    let before = device.objects.test.instances.clone();
    assert_eq!(device.code(&write(payload)), Code::BAD_REQUEST, "{payload}");
    assert_eq!(device.objects.test.instances, before, "{payload}");
}

#[test]
fn g38_arrays_and_maps_of_indefinite_length() {
    let fields = format!("006a{}0205", name(1));
    is_taken(&format!("9fa2{fields}ff"), 1, 5);
    is_taken(&format!("81bf{fields}ff"), 1, 5);
    is_taken(&format!("9fbf{fields}ffff"), 1, 5);
    // Without the break, with one too many, and with one between a label and its value.
    for payload in [
        format!("9fa2{fields}"),
        format!("9fbf{fields}ff"),
        format!("81bf{fields}"),
        format!("9fbf{fields}ffffff"),
        format!("81a2{fields}ff"),
        format!("81bf006a{}02ff", name(1)),
        format!("9fa2{fields}00"),
    ] {
        is_refused(&payload);
    }
}

#[test]
fn g38_strings_of_indefinite_length() {
    // One chunk is as good as a string; what is empty does not count.
    let name = format!("6a{}", name(0));
    is_taken(&format!("81a200{name}037f636e6577ff"), 0, "new");
    is_taken(&format!("81a200{name}037f60636e657760ff"), 0, "new");
    is_taken(&format!("81a2007f{name}ff03636e6577"), 0, "new");
    is_taken(&format!("81a200{name}037fff"), 0, "");
    // Several would have to be copied together. Chunks of another type, or without an end, are not CBOR.
    for value in [
        "7f61616162ff",
        "7f4161ff",
        "7f7f6161ffff",
        "7f6161",
        "7f01ff",
        "7f",
    ] {
        is_refused(&format!("81a200{name}03{value}"));
    }
    let opaque = "6a2f32363234312f312f35";
    is_taken(
        &format!("81a200{opaque}085f420102ff"),
        5,
        Owned::Bytes(vec![1, 2]),
    );
    is_refused(&format!("81a200{opaque}085f41014102ff"));
    // In a field that is passed over several chunks do no harm.
    is_taken(&format!("81a361785f41014102ff00{name}03636e6577"), 0, "new");
}

#[test]
fn g38_floats_of_each_width() {
    let name = format!("6a{}", name(3));
    for value in ["f94d60", "fa41ac0000", "fb4035800000000000"] {
        is_taken(&format!("81a200{name}02{value}"), 3, Owned::Float(21.5));
    }
    // The smallest half float, and the largest.
    is_taken(
        &format!("81a200{name}02f90001"),
        3,
        Owned::Float(5.960_464_477_539_063e-8),
    );
    is_taken(&format!("81a200{name}02f97bff"), 3, Owned::Float(65_504.0));
    for value in ["f94d", "fa41ac00", "fb40358000000000"] {
        is_refused(&format!("81a200{name}02{value}"));
    }
}

#[test]
fn g38_tags() {
    let (time, float, text) = (
        format!("6a{}", name(6)),
        format!("6a{}", name(3)),
        format!("6a{}", name(0)),
    );
    // 1: seconds since 1970. 4: decimal fraction.
    is_taken(
        &format!("81a200{time}02c11a5182428f"),
        6,
        Owned::Time(1_367_491_215),
    );
    is_taken(
        &format!("81a200{float}02c48221196ab3"),
        3,
        Owned::Float(273.15),
    );
    is_taken(
        &format!("81a200{time}02c48202191388"),
        6,
        Owned::Time(500_000),
    );
    // 0: date and time as text. 2, 3: bignums. Others. A tag before what is no number.
    let date = "74323031332d30352d30325430393a33303a31355a";
    for value in [
        format!("02c0{date}"),
        format!("03c0{date}"),
        "02c24105".into(),
        "02c34105".into(),
        "02c505".into(),
        "02d9d9f705".into(),
        "03c16161".into(),
        "02c4820005ff".into(),
    ] {
        is_refused(&format!("81a200{time}{value}"));
    }
    is_refused(&format!("81a200{text}03d82061 61"));
    // Decimal fractions that are none.
    for value in [
        "c405",
        "c48105",
        "c4830005 05",
        "c49f2105ff",
        "c482f50 5",
        "c48200c24105",
        "c4822061 35",
    ] {
        is_refused(&format!("81a200{float}02{value}"));
    }
}

#[test]
fn g38_counts_that_lie() {
    let fields = format!("006a{}0205", name(1));
    for payload in [
        // More records, more fields, fewer fields.
        format!("82a2{fields}"),
        format!("9bffffffffffffffffa2{fields}"),
        format!("9affffffffa2{fields}"),
        format!("81a3{fields}"),
        format!("81bbffffffffffffffff{fields}"),
        format!("81bb8000000000000001{fields}"),
        format!("81a1{fields}"),
        format!("80a2{fields}"),
    ] {
        is_refused(&payload);
    }
    // In a field that is passed over.
    for value in ["9bffffffffffffffff", "bb8000000000000000", "8305", "a205"] {
        is_refused(&format!("81a3{fields}6178{value}"));
    }
}

#[test]
fn g38_strings_that_are_longer_than_the_rest() {
    for header in ["7bffffffffffffffff", "7affffffff", "79ffff", "78ff", "77"] {
        is_refused(&format!("81a200{header}{}0205", name(1)));
        is_refused(&format!("81a2006a{}03{header}61", name(0)));
        is_refused(&format!("81a3006a{}03616161 78{header}61", name(0)));
    }
    assert!(Decoder::new(&hex("5bffffffffffffffff00")).skip().is_err());
}

#[test]
fn g38_deep_nesting_ends() {
    let fields = format!("006a{}0205", name(1));
    let nested = |depth: usize| format!("{}00", "81".repeat(depth));
    is_taken(&format!("81a3{fields}6178{}", nested(8)), 1, 5);
    for depth in [9, 100, 400] {
        is_refused(&format!("81a3{fields}6178{}", nested(depth)));
        is_refused(&format!(
            "81a3{fields}6178{}{}",
            "9f".repeat(depth),
            "ff".repeat(depth)
        ));
        is_refused(&format!("81a3{fields}6178{}", "a100".repeat(depth)));
    }
    // Tags may follow each other, and cost nothing.
    is_taken(&format!("81a3{fields}6178{}00", "c1".repeat(400)), 1, 5);
}

#[test]
fn g38_a_break_outside_of_what_it_ends() {
    for bytes in [
        "ff",
        "81ff",
        "c1ff",
        "a100ff",
        "9fc1ff",
        "bf00ff",
        "7f6161c1ff",
    ] {
        assert!(Decoder::new(&hex(bytes)).skip().is_err(), "{bytes}");
    }
}

#[test]
fn g38_what_is_reserved_is_not_read() {
    for initial in 0x00..=0xffu8 {
        // Additional information 28 to 30, and indefinite length where there is none.
        let reserved = matches!(initial & 0x1f, 28..=30);
        let indefinite = matches!(initial, 0x1f | 0x3f | 0xdf);
        let bytes = [&[initial][..], &[0xff; 40]].concat();
        if reserved || indefinite {
            assert!(Decoder::new(&bytes).item().is_err(), "{initial:02x}");
            assert!(Decoder::new(&bytes).skip().is_err(), "{initial:02x}");
        }
    }
    // Simple values below 32 have a form of one byte.
    assert!(Decoder::new(&[0xf8, 0x18]).item().is_err());
}

#[test]
fn g38_longer_forms_than_needed_are_read() {
    for bytes in ["05", "1805", "190005", "1a00000005", "1b0000000000000005"] {
        assert_eq!(
            Decoder::new(&hex(bytes)).number(),
            Ok(Number::Unsigned(5)),
            "{bytes}"
        );
    }
    let text = hex("79000161");
    assert_eq!(Decoder::new(&text).item(), Ok(Item::Text(b"a")));
    // Labels too.
    is_taken(&format!("9801b8021800780a{}1900021805", name(1)), 1, 5);
}

#[test]
fn g38_trailing_bytes() {
    let pack = format!("81a2006a{}0205", name(1));
    is_taken(&pack, 1, 5);
    for trailing in ["00", "ff", "80", "f6"] {
        is_refused(&format!("{pack}{trailing}"));
    }
}

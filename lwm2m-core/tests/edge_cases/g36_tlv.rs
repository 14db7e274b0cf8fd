//! Group 36: TLV (Core 1.1.1, section 7.4.3, and the types of appendix C). What is refused changes nothing.

use lwm2m_core::wire::coap::Code;

use crate::common::{Device, Owned, Request, post, put};

#[track_caller]
fn is_taken(request: &Request, resource: u16, expected: impl Into<Owned>) {
    let mut device = Device::registered();
    assert_eq!(device.code(request), Code::CHANGED);
    let value = device.objects.test.get(1, resource).cloned();
    assert_eq!(value, Some(expected.into()));
}

#[track_caller]
fn is_refused(request: &Request) {
    let mut device = Device::registered();
    let before = device.objects.test.instances.clone();
    assert_eq!(device.code(request), Code::BAD_REQUEST, "{request:?}");
    assert_eq!(device.objects.test.instances, before, "{request:?}");
    assert_eq!(device.objects.test.writes, 0, "{request:?}");
}

#[test]
fn g36_a_length_of_each_width() {
    // In the type byte, and in one, two and three bytes although fewer would do.
    for payload in [
        "c3006e6577",
        "c800036e6577",
        "d00000036e6577",
        "d8000000036e6577",
    ] {
        is_taken(&put("/26241/1/0").tlv(payload), 0, "new");
    }
    // What stands in the bits of the short length does not count beside a length byte.
    is_taken(&put("/26241/1/0").tlv("cf00036e6577"), 0, "new");
}

#[test]
fn g36_identifiers_of_16_bits_below_256() {
    is_taken(&put("/26241/1/0").tlv("e300006e6577"), 0, "new");
    is_taken(&post("/26241/1").tlv("e500006e65777374"), 0, "newst");
}

#[test]
fn g36_what_is_cut_short_changes_nothing() {
    // Resource 0 and then resource 1; every shorter payload but the first entry alone.
    let whole = "c3006e6577c10105";
    is_taken(&post("/26241/1").tlv(whole), 1, 5);
    for len in (2..whole.len()).step_by(2).filter(|&len| len != 10) {
        is_refused(&post("/26241/1").tlv(&whole[..len]));
    }
    for header in [
        "c8",
        "c800",
        "d80000",
        "d8000000",
        "e0",
        "e000",
        "d800ffffff",
        "88080241",
    ] {
        is_refused(&post("/26241/1").tlv(header));
    }
}

#[test]
fn g36_containers_in_the_wrong_place() {
    for payload in [
        // An instance in an instance.
        "0501 03 01 c10105",
        // A resource in a resource with several instances, and one with several in one with several.
        "8308c10005",
        "85088300410005",
        // An instance of a resource without its resource, where the target is an instance.
        "410005",
        // Several values of a resource with one, and one value of a resource with several.
        "8301410005",
        "c10805",
    ] {
        is_refused(&post("/26241/1").tlv(payload));
    }
    // Another instance than that of the target; another resource.
    is_refused(&post("/26241/1").tlv("0302c10105"));
    is_refused(&put("/26241/1/1").tlv("c10205"));
}

#[test]
fn g36_containers_do_not_nest_without_end() {
    // 200 instances inside each other.
    let mut payload = String::new();
    for _ in 0..200 {
        let len = payload.len() / 2;
        payload = match len {
            0..8 => format!("0{len}01{payload}"),
            8..256 => format!("0801{len:02x}{payload}"),
            _ => format!("1001{len:04x}{payload}"),
        };
    }
    is_refused(&post("/26241/1").tlv(&payload));
}

#[test]
fn g36_numbers_of_no_or_odd_length() {
    // Integer, unsigned integer, float, time and link, of 0, 3, 5 and 9 bytes.
    for resource in [1, 2, 3, 6, 7] {
        for len in [0, 3, 5, 9] {
            let payload = format!("c8{resource:02x}{len:02x}{}", "00".repeat(len));
            is_refused(&put(&format!("/26241/1/{resource}")).tlv(&payload));
        }
    }
    // Floats have no 1 or 2 bytes, links nothing but 4.
    for (resource, len) in [(3, 1), (3, 2), (7, 1), (7, 2), (7, 8)] {
        let payload = format!("c8{resource:02x}{len:02x}{}", "00".repeat(len));
        is_refused(&put(&format!("/26241/1/{resource}")).tlv(&payload));
    }
}

#[test]
fn g36_numbers_wider_than_needed() {
    for payload in [
        "c101fb",
        "c201fffb",
        "c401fffffffb",
        "c80108fffffffffffffffb",
    ] {
        is_taken(&put("/26241/1/1").tlv(payload), 1, -5);
    }
    // Without a sign.
    is_taken(&put("/26241/1/2").tlv("c102ff"), 2, Owned::Uint(255));
    is_taken(
        &put("/26241/1/2").tlv("c80208ffffffffffffffff"),
        2,
        Owned::Uint(u64::MAX),
    );
}

#[test]
fn g36_booleans_are_0_or_1() {
    is_taken(&put("/26241/1/4").tlv("c10401"), 4, true);
    is_taken(&put("/26241/1/4").tlv("c10400"), 4, false);
    for payload in ["c10402", "c104ff", "c004", "c2040001", "c10430"] {
        is_refused(&put("/26241/1/4").tlv(payload));
    }
}

#[test]
fn g36_strings_are_utf8() {
    is_taken(&put("/26241/1/0").tlv("c300e282ac"), 0, "€");
    is_taken(&put("/26241/1/0").tlv("c000"), 0, "");
    // Cut short, a surrogate, an overlong slash, Latin-1.
    for payload in ["c200e282", "c300eda080", "c200c0af", "c100e9"] {
        is_refused(&put("/26241/1/0").tlv(payload));
    }
}

#[test]
fn g36_of_two_values_with_one_id_the_last_stays() {
    is_taken(&post("/26241/1").tlv("c10105c10106"), 1, 6);
    // One of them bad: neither.
    is_refused(&post("/26241/1").tlv("c10105c001"));
    is_refused(&post("/26241/1").tlv("c001c10105"));
}

#[test]
fn g36_the_reserved_id_is_no_resource() {
    is_refused(&post("/26241/1").tlv("e1ffff05"));
    is_refused(&put("/26241/1/8").tlv("8408 61ffff05"));
}

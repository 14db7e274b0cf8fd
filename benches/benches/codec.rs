//! Wall time of the codecs and of whole operations: `cargo bench -p carrier-benches`.
#![allow(missing_docs, reason = "a benchmark")]

use carrier_benches::{DEVICE_SENML_CBOR_LEN, DEVICE_TLV, registered};
use divan::{Bencher, black_box};
use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
use lwm2m_core::wire::tlv::Tlvs;
use lwm2m_core::wire::writer::Writer;

/// CON GET /3/0 with Observe 0 and Accept 11542: 16 bytes.
const GET: &[u8] = b"\x44\x01\x12\x34tokn\x60\x51\x33\x010\x62\x2d\x16";

fn main() {
    divan::main();
}

#[divan::bench]
fn coap_parse_get() -> usize {
    let options = Message::parse(black_box(GET)).map(|message| message.options().count());
    options.unwrap_or_default()
}

#[divan::bench]
fn coap_build_register(bencher: Bencher<'_, '_>) {
    let mut buffer = [0; 256];
    bencher.bench_local(|| {
        let mut writer = Writer::new(&mut buffer);
        let mut builder = Builder::new(&mut writer, Kind::Con, Code::POST, 0x1234, Token::EMPTY);
        builder
            .option(option::URI_PATH, b"rd")
            .option_uint(option::CONTENT_FORMAT, 40)
            .option(option::URI_QUERY, b"lwm2m=1.1")
            .string_option_parts(
                option::URI_QUERY,
                "ep=",
                black_box("urn:imei:123456789012345"),
            )
            .string_option_decimal(option::URI_QUERY, "lt=", black_box(86_400));
        builder.payload().bytes(b"</1/0>,</3/0>");
        writer.finish().stored
    });
}

#[divan::bench]
fn tlv_walk_device() -> usize {
    Tlvs::new(black_box(DEVICE_TLV))
        .filter(Result::is_ok)
        .count()
}

#[divan::bench]
fn read_battery_level_tlv(bencher: Bencher<'_, '_>) {
    registered(|client| {
        bencher.bench_local(|| client.get(&[b"3", b"0", b"9"], 11542, false).len())
    });
}

#[divan::bench]
fn read_device_tlv(bencher: Bencher<'_, '_>) {
    registered(|client| {
        assert!(
            client
                .get(&[b"3", b"0"], 11542, false)
                .ends_with(DEVICE_TLV)
        );
        bencher.bench_local(|| client.get(&[b"3", b"0"], 11542, false).len());
    });
}

#[divan::bench]
fn read_device_senml_cbor(bencher: Bencher<'_, '_>) {
    registered(|client| {
        let payload = client
            .get(&[b"3", b"0"], 112, false)
            .splitn(2, |&byte| byte == 0xff)
            .nth(1);
        assert_eq!(payload.map(<[u8]>::len), Some(DEVICE_SENML_CBOR_LEN));
        bencher.bench_local(|| client.get(&[b"3", b"0"], 112, false).len());
    });
}

#[divan::bench]
fn value_changed_to_notify(bencher: Bencher<'_, '_>) {
    registered(|client| {
        assert!(!client.get(&[b"3", b"0", b"7"], 11542, true).is_empty());
        assert!(!client.notify().is_empty());
        bencher.bench_local(|| client.notify().len());
    });
}

#[divan::bench]
fn idle(bencher: Bencher<'_, '_>) {
    registered(|client| bencher.bench_local(|| client.idle()));
}

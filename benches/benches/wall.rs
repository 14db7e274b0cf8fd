//! Wall time: `cargo bench -p carrier-benches --bench wall`; `cargo xtask bench` puts it beside the instructions.
//!
//! A module is a piece of work, a function in it who does it.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark, on the bench of the tests"
)]

#[path = "../../lwm2m-carrier/tests/bench/mod.rs"]
mod bench;

fn main() {
    divan::main();
}

/// A benchmark of each function on an input.
macro_rules! on_input {
    ($($work:ident, $input:expr => $($who:ident: $function:path),+;)+) => {$(
        mod $work {
            $(#[divan::bench]
            fn $who() -> usize {
                usize::try_from($function(divan::black_box($input))).unwrap_or_default()
            })+
        }
    )+};
}

/// A benchmark of each function that writes into a buffer.
macro_rules! into_buffer {
    ($($work:ident, $value:expr => $($who:ident: $function:path),+;)+) => {$(
        mod $work {
            $(#[divan::bench]
            fn $who(bencher: divan::Bencher<'_, '_>) {
                let mut buffer = [0; 256];
                bencher.bench_local(|| $function(divan::black_box(&mut buffer), divan::black_box($value)));
            })+
        }
    )+};
}

use carrier_benches::DEVICE_TLV;
use carrier_benches::work::{DEVICE_SENML_CBOR, GET, Get, REGISTER, Register};

on_input! {
    parse_get, super::GET =>
        ours: carrier_benches::work::ours::parse,
        coap_message: carrier_benches::work::coap_message::parse,
        coap_lite: carrier_benches::work::coap_lite::parse;
    parse_register, super::REGISTER =>
        ours: carrier_benches::work::ours::parse,
        coap_message: carrier_benches::work::coap_message::parse,
        coap_lite: carrier_benches::work::coap_lite::parse;
    tlv_decode, super::DEVICE_TLV => ours: carrier_benches::work::ours::tlv_decode;
    senml_cbor_decode, super::DEVICE_SENML_CBOR =>
        ours: carrier_benches::work::ours::senml_cbor_decode,
        minicbor: carrier_benches::work::minicbor::senml_cbor_decode;
}

into_buffer! {
    build_get, &super::Get::DEVICE =>
        ours: carrier_benches::work::ours::build_get,
        coap_message: carrier_benches::work::coap_message::build_get,
        coap_lite: carrier_benches::work::coap_lite::build_get;
    build_register, &super::Register::DEVICE =>
        ours: carrier_benches::work::ours::build_register,
        coap_message: carrier_benches::work::coap_message::build_register,
        coap_lite: carrier_benches::work::coap_lite::build_register;
    tlv_encode, 100 => ours: carrier_benches::work::ours::tlv_encode;
    senml_cbor_encode, 100 =>
        ours: carrier_benches::work::ours::senml_cbor_encode,
        minicbor: carrier_benches::work::minicbor::senml_cbor_encode;
}

mod read_battery_level {
    #[divan::bench]
    fn ours(bencher: divan::Bencher<'_, '_>) {
        let mut client = carrier_benches::registered();
        bencher.bench_local(|| client.get(&[b"3", b"0", b"9"], 11_542, false).len());
    }
}

mod read_device_tlv {
    #[divan::bench]
    fn ours(bencher: divan::Bencher<'_, '_>) {
        let mut client = carrier_benches::registered();
        bencher.bench_local(|| client.get(&[b"3", b"0"], 11_542, false).len());
    }
}

mod read_device_senml_cbor {
    #[divan::bench]
    fn ours(bencher: divan::Bencher<'_, '_>) {
        let mut client = carrier_benches::registered();
        bencher.bench_local(|| client.get(&[b"3", b"0"], 112, false).len());
    }
}

mod change_to_notification {
    #[divan::bench]
    fn ours(bencher: divan::Bencher<'_, '_>) {
        let mut client = carrier_benches::observed();
        bencher.bench_local(|| client.notify().len());
    }
}

mod idle {
    #[divan::bench]
    fn ours(bencher: divan::Bencher<'_, '_>) {
        let mut client = carrier_benches::registered();
        bencher.bench_local(|| client.idle());
    }
}

mod bootstrap {
    #[divan::bench(sample_count = 20, sample_size = 1)]
    fn ours() -> u32 {
        super::bench::life::bootstrap()
    }
}

mod year {
    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn ours() -> u32 {
        super::bench::life::live(3600, 365)
    }
}

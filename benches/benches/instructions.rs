//! Instructions under valgrind: `cargo bench -p carrier-benches --bench instructions`; needs valgrind, and gungraun-runner
//! of the version in the lock file. `cargo xtask bench` puts them beside the wall time.
//!
//! A benchmark is a piece of work, its id who does it.
#![allow(
    missing_docs,
    dead_code,
    unused_qualifications,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark, on the bench of the tests"
)]

use core::hint::black_box;

use carrier_benches::work::{
    DEVICE_SENML_CBOR, GET, Get, REGISTER, Register, coap_lite, coap_message, minicbor, ours,
};
use carrier_benches::{DEVICE_TLV, Registered, observed, registered};
use gungraun::{library_benchmark, library_benchmark_group, main};

#[path = "../../lwm2m-carrier/tests/bench/mod.rs"]
mod bench;

type Parse = fn(&[u8]) -> usize;
type Decode = fn(&[u8]) -> i64;
type BuildGet = fn(&mut [u8], &Get) -> usize;
type BuildRegister = fn(&mut [u8], &Register) -> usize;
type Encode = fn(&mut [u8], i64) -> usize;
type Client = Registered<'static, 'static>;

#[library_benchmark]
#[bench::ours(ours::parse)]
#[bench::coap_message(coap_message::parse)]
#[bench::coap_lite(coap_lite::parse)]
fn parse_get(parse: Parse) -> usize {
    parse(black_box(GET))
}

#[library_benchmark]
#[bench::ours(ours::parse)]
#[bench::coap_message(coap_message::parse)]
#[bench::coap_lite(coap_lite::parse)]
fn parse_register(parse: Parse) -> usize {
    parse(black_box(REGISTER))
}

#[library_benchmark]
#[bench::ours(ours::build_get, [0; 256])]
#[bench::coap_message(coap_message::build_get, [0; 256])]
#[bench::coap_lite(coap_lite::build_get, [0; 256])]
fn build_get(build: BuildGet, mut buffer: [u8; 256]) -> usize {
    build(black_box(&mut buffer), black_box(&Get::DEVICE))
}

#[library_benchmark]
#[bench::ours(ours::build_register, [0; 256])]
#[bench::coap_message(coap_message::build_register, [0; 256])]
#[bench::coap_lite(coap_lite::build_register, [0; 256])]
fn build_register(build: BuildRegister, mut buffer: [u8; 256]) -> usize {
    build(black_box(&mut buffer), black_box(&Register::DEVICE))
}

#[library_benchmark]
#[bench::ours(ours::tlv_encode, [0; 256])]
fn tlv_encode(encode: Encode, mut buffer: [u8; 256]) -> usize {
    encode(black_box(&mut buffer), black_box(100))
}

#[library_benchmark]
#[bench::ours(ours::tlv_decode)]
fn tlv_decode(decode: Decode) -> i64 {
    decode(black_box(DEVICE_TLV))
}

#[library_benchmark]
#[bench::ours(ours::senml_cbor_encode, [0; 256])]
#[bench::minicbor(minicbor::senml_cbor_encode, [0; 256])]
fn senml_cbor_encode(encode: Encode, mut buffer: [u8; 256]) -> usize {
    encode(black_box(&mut buffer), black_box(100))
}

#[library_benchmark]
#[bench::ours(ours::senml_cbor_decode)]
#[bench::minicbor(minicbor::senml_cbor_decode)]
fn senml_cbor_decode(decode: Decode) -> i64 {
    decode(black_box(DEVICE_SENML_CBOR))
}

#[library_benchmark]
#[bench::ours(registered())]
fn read_battery_level(mut client: Client) -> usize {
    client.get(&[b"3", b"0", b"9"], 11_542, false).len()
}

#[library_benchmark]
#[bench::ours(registered())]
fn read_device_tlv(mut client: Client) -> usize {
    client.get(&[b"3", b"0"], 11_542, false).len()
}

#[library_benchmark]
#[bench::ours(registered())]
fn read_device_senml_cbor(mut client: Client) -> usize {
    client.get(&[b"3", b"0"], 112, false).len()
}

#[library_benchmark]
#[bench::ours(observed())]
fn change_to_notification(mut client: Client) -> usize {
    client.notify().len()
}

#[library_benchmark]
#[bench::ours(registered())]
fn idle(mut client: Client) -> bool {
    client.idle()
}

#[library_benchmark]
#[bench::ours()]
fn bootstrap() -> u32 {
    bench::life::bootstrap()
}

#[library_benchmark]
#[bench::ours()]
fn year() -> u32 {
    bench::life::live(3600, 365)
}

library_benchmark_group!(
    name = all,
    benchmarks = [
        parse_get,
        parse_register,
        build_get,
        build_register,
        tlv_encode,
        tlv_decode,
        senml_cbor_encode,
        senml_cbor_decode,
        read_battery_level,
        read_device_tlv,
        read_device_senml_cbor,
        change_to_notification,
        idle,
        bootstrap,
        year,
    ]
);
main!(library_benchmark_groups = all);

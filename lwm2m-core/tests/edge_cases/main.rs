//! Edge and attack cases by group, one file each. A test is named after its group and what it shows.
//!
//! Groups 1 to 6 and 8 are about what the message layer must do with a datagram before it looks at its meaning: read
//! it, reject it with a reset, or ignore it. From there on the whole engine is asked. Expected answers are those of the
//! RFCs and of LwM2M Core and Transport 1.1.1.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

#[path = "../common/mod.rs"]
mod common;

mod g01_header;
mod g02_empty_message;
mod g03_code;
mod g04_option_header;
mod g05_payload_marker;
mod g06_uint_option;
mod g07_uri_path;
mod g08_option_class;
mod g08_options_of_requests;
mod g09_proxies_and_conditions;
mod g10_duplicates;
mod g13_replies;
mod g15_time;
mod g19_observations;
mod g20_numbers;
mod g21_attributes;
mod g24_lost_values;
mod g26_block1;
mod g27_slow_blocks;
mod g28_block2;
mod g28_object_list;
mod g31_strangers;
mod g36_tlv;
mod g37_senml_cbor;
mod g38_cbor;
mod g39_text;
mod g40_attribute_grammar;
mod g40_link_format;
mod g41_execute_arguments;

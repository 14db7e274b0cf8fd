//! Edge and attack cases by group, one file each. A test is named after its group and what it shows.
//!
//! Groups 1 to 6 and 8 are about what the message layer must do with a datagram before it looks at its meaning: read
//! it, reject it with a reset, or ignore it.

mod g01_header;
mod g02_empty_message;
mod g03_code;
mod g04_option_header;
mod g05_payload_marker;
mod g06_uint_option;
mod g08_option_class;
mod g40_link_format;

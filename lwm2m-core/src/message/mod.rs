//! The CoAP message layer (RFC 7252, section 4): what is on its way, and what was answered already.

pub(crate) mod deduplication;
pub(crate) mod exchange;
pub(crate) mod transmission;

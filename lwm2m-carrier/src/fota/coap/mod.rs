//! The download over CoAP (RFC 7252) by blocks (RFC 7959): a client of one GET at a time, without I/O.
//!
//! | what | file |
//! | --- | --- |
//! | the request | `request` |
//! | a request that is under way, and when it is sent again | `exchange` |
//! | what a response says | `response` |
//! | the download | `download` |

mod download;
mod exchange;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub(crate) use download::Download;

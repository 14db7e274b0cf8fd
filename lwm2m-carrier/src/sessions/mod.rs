//! Sessions over IP stacks.
//!
//! [`NalSessions`] makes a [`Sessions`](crate::hal::Sessions) of any embedded-nal-async stack; [`NbStack`] makes an
//! embedded-nal-async stack of any embedded-nal one, for blocking ports. Plain CoAP and TCP need no more.
//!
//! Both carry no security: for `coaps` a port puts a DTLS library or a modem's own DTLS behind the trait.
#![cfg_attr(
    feature = "tls",
    doc = "For `https`, [`tls::TlsSessions`] stands in front of either."
)]

mod nal;
mod nb_stack;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
pub mod tls;

pub use nal::NalSessions;
pub use nb_stack::{NbError, NbStack, NbTcp, NbUdp};

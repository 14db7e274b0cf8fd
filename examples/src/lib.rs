//! Runnable examples; the programs are in `src/bin`.

pub mod demo;
pub mod minimal_port;

/// The code in the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/porting.md")]
struct PortingGuide;

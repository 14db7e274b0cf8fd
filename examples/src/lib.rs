//! Runnable examples; the programs are in `src/bin`.

pub mod demo;

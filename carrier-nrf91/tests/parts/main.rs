//! The parts of the port against a modem of which only the texts are real.

mod double;
mod firmware;
mod info;
mod keys;
mod link;

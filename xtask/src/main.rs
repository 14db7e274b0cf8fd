//! `cargo xtask …`: tasks of the repository that are not tests.

fn main() {}

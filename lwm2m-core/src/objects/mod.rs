//! Objects of the OMA registry that the library itself implements.

pub mod tables;

//! Durable records, over NOR flash or in RAM.

mod nor;
mod ram;

pub use nor::NorStorage;
pub use ram::RamStorage;

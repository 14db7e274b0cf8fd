//! A firmware slot on the flash model: whatever the power does, what is counted as written is written.

mod bench;
mod calls;
mod cuts;
mod device;
mod units;

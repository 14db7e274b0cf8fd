//! Hands the memory map, the board's part and cortex-m-rt's linker script to the linker.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed=device.x");
    println!(
        "cargo::rustc-link-search={}",
        std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()
    );
    println!("cargo::rustc-link-arg=-Tlink.x");
    // Functions with the same instructions are one: the compiler's memory routines have names by alignment.
    println!("cargo::rustc-link-arg=--icf=all");
}

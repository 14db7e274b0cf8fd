//! Hands the memory map and the linker script to the linker.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!(
        "cargo::rustc-link-search={}",
        std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()
    );
    for argument in ["--nmagic", "-Tlink.x"] {
        println!("cargo::rustc-link-arg={argument}");
    }
}

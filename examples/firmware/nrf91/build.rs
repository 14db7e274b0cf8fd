//! Hands the memory map and the linker scripts to the linker.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    for variable in [
        "LWM2M_SERVER",
        "LWM2M_PSK_IDENTITY",
        "LWM2M_PSK_KEY",
        "LWM2M_FIRMWARE_KEY",
    ] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!(
        "cargo::rustc-link-search={}",
        std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()
    );
    for argument in ["--nmagic", "-Tlink.x", "-Tdefmt.x"] {
        println!("cargo::rustc-link-arg={argument}");
    }
}

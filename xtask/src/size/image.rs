//! Where the bytes of an image belong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// Everything without a Rust path: the vector table, start-up code, `memcpy` and its like.
const RUNTIME: &str = "runtime";

/// What an ELF file puts into flash and RAM, in bytes.
pub(super) struct Image {
    /// All of the flash, initial values of variables included.
    pub(super) flash: u64,
    /// Variables; the stack is not among them.
    pub(super) ram: u64,
    /// Where the stack begins.
    pub(super) stack: u64,
    /// Whether there is an allocator.
    pub(super) has_heap: bool,
    /// Flash by the crate that a function or constant is named after.
    pub(super) crates: BTreeMap<String, u64>,
    /// The same by crate and module, such as `lwm2m_core::client`.
    pub(super) modules: BTreeMap<String, u64>,
    /// Flash that no symbol claims: constants without a name (texts, tables of a `match`) and padding.
    pub(super) unnamed: u64,
    /// Functions, constants and initial values with their sizes, the largest first.
    pub(super) symbols: Vec<(String, u64)>,
}

impl Image {
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let in_file = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
        let bytes = fs::read(path).map_err(|error| in_file(&error))?;
        let file = object::File::parse(&*bytes).map_err(|error| in_file(&error))?;

        let mut image = Self {
            flash: 0,
            ram: 0,
            stack: 0,
            has_heap: false,
            crates: BTreeMap::new(),
            modules: BTreeMap::new(),
            unnamed: 0,
            symbols: Vec::new(),
        };
        let mut in_flash = BTreeSet::new();
        for section in file.sections() {
            let (flash, ram) = match section.kind() {
                SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                    (true, false)
                }
                SectionKind::Data => (true, true),
                SectionKind::UninitializedData => (false, true),
                _ => (false, false),
            };
            if flash {
                image.flash += section.size();
                in_flash.insert(section.index().0);
            }
            if ram {
                image.ram += section.size();
            }
        }

        // Several names may stand for one function.
        let mut seen = BTreeSet::new();
        for symbol in file.symbols() {
            match symbol.name() {
                Ok("_stack_start") => image.stack = symbol.address(),
                Ok(name) if name.contains("__rust_alloc") || name == "malloc" => {
                    image.has_heap = true;
                }
                _ => {}
            }
            let placed = symbol
                .section_index()
                .is_some_and(|at| in_flash.contains(&at.0));
            let sized = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            if !placed || !sized || symbol.size() == 0 || !seen.insert(symbol.address()) {
                continue;
            }
            let name = symbol.name().map_err(|error| in_file(&error))?;
            let name = format!("{:#}", rustc_demangle::demangle(name));
            *image.crates.entry(crate_of(&name).to_owned()).or_default() += symbol.size();
            if let Some(module) = module_of(&name) {
                *image.modules.entry(module).or_default() += symbol.size();
            }
            image.symbols.push((name, symbol.size()));
        }
        image
            .symbols
            .sort_by_key(|(_, size)| core::cmp::Reverse(*size));
        let named: u64 = image.crates.values().sum();
        image.unnamed = image.flash.saturating_sub(named);
        Ok(image)
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The crate that a demangled name begins with: the first word before a `::`.
pub(super) fn crate_of(name: &str) -> &str {
    let Some((before, _)) = name.split_once("::") else {
        return RUNTIME;
    };
    before.rsplit(|c| !is_word(c)).next().unwrap_or(RUNTIME)
}

/// The crate and the module right below it; `None` for what the crate's root has.
fn module_of(name: &str) -> Option<String> {
    let (_, after) = name.split_once("::")?;
    let (module, _) = after.split_once("::")?;
    let is_module =
        module.starts_with(|c: char| c.is_ascii_lowercase()) && module.chars().all(is_word);
    is_module.then(|| format!("{}::{module}", crate_of(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crate_is_the_first_path_of_a_name() {
        assert_eq!(crate_of("lwm2m_core::wire::tlv::close"), "lwm2m_core");
        assert_eq!(
            crate_of("<lwm2m_core::objects::device::Device as lwm2m_core::model::Object>::read"),
            "lwm2m_core"
        );
        assert_eq!(crate_of("<&T as core::fmt::Debug>::fmt"), "core");
        assert_eq!(crate_of("<[A] as core::slice::Equal<B>>::equal"), "core");
        assert_eq!(crate_of("__aeabi_memmove"), RUNTIME);
    }

    #[test]
    fn the_module_is_the_path_right_below_the_crate() {
        let module = |name| module_of(name).unwrap_or_default();
        assert_eq!(module("a_b::wire::tlv::close"), "a_b::wire");
        let method = "<a_b::objects::device::Device as a_b::model::Object>::read";
        assert_eq!(module(method), "a_b::objects");
        assert_eq!(
            module("a_b::client::<impl a_b::client::Client>::go"),
            "a_b::client"
        );
        assert_eq!(module("a_b::Type::new"), "");
        assert_eq!(module("a_b::main"), "");
        assert_eq!(module("memcpy"), "");
    }
}

//! What an image takes of flash and RAM.

use std::fs;
use std::path::Path;

use object::{Object, ObjectSection, SectionKind};

/// Bytes.
#[derive(Debug)]
pub(super) struct Size {
    /// Of flash, initial values of variables included.
    pub(super) flash: u64,
    /// Of variables; the stack is not among them.
    pub(super) ram: u64,
}

/// Reads an ELF file.
pub(super) fn of(path: &Path) -> Result<Size, String> {
    let in_file = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let bytes = fs::read(path).map_err(|error| in_file(&error))?;
    let file = object::File::parse(&*bytes).map_err(|error| in_file(&error))?;
    let mut size = Size { flash: 0, ram: 0 };
    for section in file.sections() {
        let kind = section.kind();
        if matches!(
            kind,
            SectionKind::Text
                | SectionKind::ReadOnlyData
                | SectionKind::ReadOnlyString
                | SectionKind::Data
        ) {
            size.flash += section.size();
        }
        if matches!(kind, SectionKind::Data | SectionKind::UninitializedData) {
            size.ram += section.size();
        }
    }
    Ok(size)
}

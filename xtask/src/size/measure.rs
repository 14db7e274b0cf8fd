//! What a probe costs.

use std::{collections::BTreeSet, path::Path};

use super::{
    build,
    image::Image,
    panics, stack,
    variants::{Figures, Panics, SIGNATURE, Variant, is_library},
};

/// A probe with its figures.
pub(super) struct Measured {
    pub(super) variant: &'static Variant,
    pub(super) image: Image,
    pub(super) figures: Figures<Option<u64>>,
    /// Calls that may end in a panic, where the probe links with them.
    pub(super) panics: BTreeSet<String>,
}

/// Builds a probe, checks it for panics, and looks at its image and stack.
pub(super) fn measure(root: &Path, variant: &'static Variant) -> Result<Measured, String> {
    let Variant {
        name,
        binary,
        features,
        ..
    } = *variant;
    let in_probe = |error: String| format!("the {name} probe: {error}");
    let with_panics = || build::probe_with_panics(root, binary, features);
    let (elf, panics) = match variant.panics {
        Panics::DoNotLink => {
            let linked = build::probe(root, binary, features);
            let elf = linked.map_err(|failure| match failure {
                build::Failure::PanicReachable => in_probe(
                    with_panics()
                        .and_then(|elf| panics::find(&elf))
                        .map_or_else(|error| error, |found| panics::name(&found)),
                ),
                build::Failure::Other(error) => in_probe(error),
            })?;
            (elf, BTreeSet::new())
        }
        Panics::OnlyOfAsync => {
            let elf = with_panics().map_err(in_probe)?;
            let found = panics::find(&elf).map_err(in_probe)?;
            (elf, found)
        }
    };
    let image = Image::read(&elf)?;
    if image.has_heap {
        return Err(in_probe("it has an allocator".to_owned()));
    }
    let stack = match variant.session {
        Some(session) => stack::high_water(&elf, image.stack, session).map_err(in_probe)?,
        None => None,
    };
    let library = image.crates.iter().filter(|(name, _)| is_library(name));
    let figures = Figures {
        library: Some(library.map(|(_, bytes)| bytes).sum()),
        image: Some(image.flash),
        ram: Some(image.ram),
        stack,
        all_ram: stack.map(|stack| stack + image.ram),
        panics: Some(panics.len() as u64),
    };
    Ok(Measured {
        variant,
        image,
        figures,
        panics,
    })
}

/// What a verifier of signatures adds to the flash of the probe without one.
pub(super) fn signature(root: &Path, measured: &[Measured]) -> Result<u64, String> {
    let (binary, features) = SIGNATURE;
    let elf = build::probe_with_panics(root, binary, features)?;
    let with = Image::read(&elf)?.flash;
    let without = measured
        .iter()
        .find(|probe| probe.variant.binary == binary)
        .map_or(0, |probe| probe.image.flash);
    Ok(with.saturating_sub(without))
}

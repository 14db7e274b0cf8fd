//! `cargo xtask objects FILE…`: tables of objects from the XML files of the OMA registry.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

mod enabler;
mod generate;
mod registry;

/// What to generate from.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// XML files of the registry, such as xtask/oma/*.xml
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the tables are written
    #[arg(long, default_value_os_t = tables())]
    out: PathBuf,
}

/// Writes one table for each file.
pub(crate) fn run(args: &Args) -> ExitCode {
    for file in &args.files {
        let written = table(file).and_then(|(name, text)| {
            let path = args.out.join(name);
            fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
            Ok(path)
        });
        match written {
            Ok(path) => println!("{} -> {}", file.display(), path.display()),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The file name and the text of the table for the registry file `path`.
fn table(path: &Path) -> Result<(String, String), String> {
    let in_file = |error| format!("{}: {error}", path.display());
    let xml = fs::read_to_string(path).map_err(|error| in_file(error.to_string()))?;
    let mut object = registry::parse(&xml).map_err(in_file)?;
    enabler::restrict(&mut object);
    let source = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok((
        generate::file_name(&object),
        generate::table(&object, &source),
    ))
}

/// Where lwm2m-core keeps its tables.
fn tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../lwm2m-core/src/objects/tables")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_tables_are_what_the_command_generates() {
        let oma = Path::new(env!("CARGO_MANIFEST_DIR")).join("oma");
        let mut count = 0;
        for entry in fs::read_dir(oma).unwrap() {
            let (name, text) = table(&entry.unwrap().path()).unwrap();
            let committed = fs::read_to_string(tables().join(&name)).unwrap();
            assert!(
                committed == text,
                "{name} is not up to date: run `cargo xtask objects xtask/oma/*.xml`"
            );
            count += 1;
        }
        assert_eq!(count, 9);
    }
}

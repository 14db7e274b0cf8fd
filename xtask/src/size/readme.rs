//! The table in the README.

use std::{fs, path::Path};

const BEGIN: &str = "<!-- written by cargo xtask size --update -->\n";
const END: &str = "<!-- end -->\n";

/// Puts `table` in the place of the one in the file at `path`.
pub(super) fn update(path: &Path, table: &str) -> Result<(), String> {
    let in_file = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| in_file(&error))?;
    let new = replaced(&text, table).ok_or_else(|| in_file(&"no place for the table"))?;
    fs::write(path, new).map_err(|error| in_file(&error))
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced() {
        let text = format!("a\n{BEGIN}old\n{END}b\n");
        let new = format!("a\n{BEGIN}\n| new |\n\n{END}b\n");
        assert_eq!(replaced(&text, "| new |\n"), Some(new));
        assert_eq!(replaced("a\n", "| new |\n"), None);
    }
}

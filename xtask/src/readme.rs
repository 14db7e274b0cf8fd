//! Tables in README.md that a task writes.

use std::{fs, path::Path};

const END: &str = "<!-- end -->\n";

/// Puts `table` in the place of the one that `task` wrote last.
pub(crate) fn update(root: &Path, task: &str, table: &str) -> Result<(), String> {
    let path = root.join("README.md");
    let in_file = |error: &dyn core::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| in_file(&error))?;
    let new = replaced(&text, task, table)
        .ok_or_else(|| in_file(&format!("no place for the table of {task}")))?;
    fs::write(&path, new).map_err(|error| in_file(&error))
}

/// The line in front of a table.
fn begin(task: &str) -> String {
    format!("<!-- written by cargo xtask {task} --update -->\n")
}

fn replaced(text: &str, task: &str, table: &str) -> Option<String> {
    let begin = begin(task);
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_the_marks_is_replaced() {
        let (first, second) = (begin("one"), begin("two"));
        let text = format!("a\n{first}old\n{END}b\n{second}old\n{END}c\n");
        let new = format!("a\n{first}old\n{END}b\n{second}\n| new |\n\n{END}c\n");
        assert_eq!(replaced(&text, "two", "| new |\n"), Some(new));
        assert_eq!(replaced(&text, "three", "| new |\n"), None);
        assert_eq!(replaced("a\n", "one", "| new |\n"), None);
    }

    #[test]
    fn each_task_has_its_place() {
        let text = include_str!("../../README.md");
        for task in ["size", "instructions", "bench"] {
            assert!(replaced(text, task, "").is_some(), "{task}");
        }
    }
}

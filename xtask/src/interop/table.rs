//! The table that a run prints, row by row as the cases end.

/// Widest a cell may get; longer text goes on in the next line.
const WIDEST: usize = 56;

/// Rows so far.
#[derive(Debug, Default)]
pub(super) struct Table {
    name: usize,
    expected: usize,
    passed: usize,
    failed: usize,
}

impl Table {
    /// A table for rows with these names and expectations; prints its head.
    pub(super) fn new<'a>(rows: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Self {
        let widest =
            |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).min(WIDEST);
        let table = Self {
            name: widest(&mut rows.clone().map(|row| row.0.chars().count())),
            expected: widest(&mut rows.map(|row| row.1.chars().count())),
            ..Self::default()
        };
        table.print("", "case", "expected", "got");
        table
    }

    /// Adds and prints a row, which has passed when `got` is what was `expected`.
    pub(super) fn row(&mut self, name: &str, expected: &str, got: &str) {
        let passed = got == expected;
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.print(if passed { "ok" } else { "FAIL" }, name, expected, got);
    }

    /// Prints the closing line; whether rows were run and all have passed.
    pub(super) fn close(&self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0 && self.passed > 0
    }

    fn print(&self, verdict: &str, name: &str, expected: &str, got: &str) {
        let (mut name, mut expected, mut got) = (wrap(name), wrap(expected), wrap(got));
        let mut verdict = Some(verdict);
        while verdict.is_some() || [&name, &expected, &got].iter().any(|cell| !cell.is_empty()) {
            println!(
                "{:4}  {:name_width$}  {:expected_width$}  {}",
                verdict.take().unwrap_or_default(),
                pop(&mut name),
                pop(&mut expected),
                pop(&mut got),
                name_width = self.name,
                expected_width = self.expected,
            );
        }
    }
}

fn pop(lines: &mut Vec<String>) -> String {
    if lines.is_empty() {
        String::new()
    } else {
        lines.remove(0)
    }
}

/// Breaks at spaces where there are any, and in words that are too long by themselves.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDEST {
            lines.push(core::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for char in word.chars() {
            if line.chars().count() == WIDEST {
                lines.push(core::mem::take(&mut line));
            }
            line.push(char);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_passes_only_with_the_expected_text() {
        let mut table = Table::default();
        table.row("a", "2.05 text", "2.05 text");
        assert!(table.close());
        table.row("b", "2.05 text", "2.05 tlv");
        assert!(!table.close());
        assert_eq!((table.passed, table.failed), (1, 1));
    }

    #[test]
    fn a_table_without_rows_has_not_passed() {
        assert!(!Table::default().close());
    }

    #[test]
    fn long_cells_break_at_spaces_and_long_words_anywhere() {
        let word = "x".repeat(WIDEST - 1);
        assert_eq!(wrap(&format!("{word} yy zz")), [word.as_str(), "yy zz"]);
        assert_eq!(
            wrap(&"x".repeat(WIDEST + 3)),
            ["x".repeat(WIDEST).as_str(), "xxx"]
        );
    }
}

//! Wall time, measured by divan.

use super::{Cost, bench};

/// Measures the wall time of all pieces of work: the medians, as divan prints them.
pub(super) fn time() -> Result<Vec<Cost<String>>, String> {
    let costs = read(&bench("wall", &[])?);
    if costs.is_empty() {
        Err("divan prints in another form than this program reads".to_owned())
    } else {
        Ok(costs)
    }
}

/// Reads divan's tree: a branch is a piece of work, a leaf below it who does it; its third column is the median.
fn read(printed: &str) -> Vec<Cost<String>> {
    let mut costs = Vec::new();
    let mut work = String::new();
    for line in printed.lines() {
        let Some((tree, rest)) = line.split_once("─ ") else {
            continue;
        };
        let mut columns = rest.split('│').map(str::trim);
        // The name and the first figure share a column.
        let mut first = columns.next().unwrap_or_default().split_whitespace();
        let name = first.next().unwrap_or_default().to_owned();
        let median = columns.nth(1).unwrap_or_default();
        if tree.chars().count() == 1 {
            work = name;
        } else if !median.is_empty() {
            costs.push(Cost {
                work: work.clone(),
                who: name,
                cost: median.to_owned(),
            });
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read() {
        let printed = "\
Timer precision: 20 ns
wall            fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ build_get                  │               │               │               │         │
│  ├─ coap_lite 149.7 ns      │ 3.064 µs      │ 159.7 ns      │ 193.9 ns      │ 100     │ 100
│  ╰─ ours      11.03 ns      │ 203.9 ns      │ 11.07 ns      │ 13 ns         │ 100     │ 25600
╰─ year                       │               │               │               │         │
   ╰─ ours      10.97 ms      │ 12.54 ms      │ 11.01 ms      │ 11.53 ms      │ 5       │ 5
";
        let costs = read(printed);
        let costs: Vec<_> = costs
            .iter()
            .map(|c| (&*c.work, &*c.who, &*c.cost))
            .collect();
        assert_eq!(
            costs,
            [
                ("build_get", "coap_lite", "159.7 ns"),
                ("build_get", "ours", "11.07 ns"),
                ("year", "ours", "11.01 ms"),
            ]
        );
    }
}

//! Where lifelines stand, so that every label has room.

use super::font::{Font, wrap};
use super::picture::{Picture, Row, Shape};

/// Pixels beside the title and the left edge of the times.
pub(super) const MARGIN: i32 = 16;
/// Width of the times at the left.
const TIMES: i32 = 60;
/// What a box has beside its text.
pub(super) const PADDING: i32 = 9;
/// How wide a line in a box may be before it is broken.
const BOX_TEXT: i32 = 230;
/// How far a self-loop reaches.
pub(super) const LOOP: i32 = 26;
/// Between two things that stand side by side.
const AIR: i32 = 12;

/// The positions.
pub(super) struct Layout {
    pub(super) width: i32,
    /// Of each lifeline.
    pub(super) x: Vec<i32>,
}

/// So many pixels between two lifelines.
struct Need {
    from: usize,
    to: usize,
    pixels: i32,
}

impl Layout {
    pub(super) fn new(picture: &Picture) -> Self {
        let last = picture.lifelines.len().saturating_sub(1);
        let (mut left, mut right) = (0, 0);
        let mut needs = Vec::new();
        // Room for something that stands around a lifeline, or to its right.
        let mut beside = |at: usize, to_left: i32, to_right: i32| {
            if at == 0 {
                left = left.max(to_left);
            } else if to_left > 0 {
                needs.push(Need {
                    from: at - 1,
                    to: at,
                    pixels: to_left,
                });
            }
            if at == last {
                right = right.max(to_right);
            } else {
                needs.push(Need {
                    from: at,
                    to: at + 1,
                    pixels: to_right,
                });
            }
        };
        let heads: Vec<i32> = picture
            .lifelines
            .iter()
            .map(|head| head_width(head))
            .collect();
        for (at, width) in heads.iter().enumerate() {
            beside(at, width / 2 + AIR, width / 2 + AIR);
        }
        let rows = picture.panels.iter().flat_map(|panel| &panel.rows);
        for row in rows.clone() {
            match row.shape {
                Shape::Box(at) => {
                    let half = Boxed::new(row).width / 2 + AIR;
                    beside(at, half, half);
                }
                Shape::Loop(at) => beside(at, 0, LOOP + Font::Code.width(&row.label) + 2 * AIR),
                Shape::Link(_) => {
                    let at = picture.link.map_or(0, |(at, _)| at);
                    beside(at, 0, Font::Prose.width(&row.label) + 3 * AIR);
                }
                Shape::Arrow { .. } | Shape::Pause => {}
            }
        }
        for (at, pair) in heads.windows(2).enumerate() {
            needs.push(Need {
                from: at,
                to: at + 1,
                pixels: pair.iter().sum::<i32>() / 2 + AIR,
            });
        }
        needs.extend(rows.filter_map(|row| match row.shape {
            Shape::Arrow {
                between: (from, to),
                ..
            } => Some(Need {
                from,
                to,
                pixels: Font::Code.width(&row.label) + 3 * AIR,
            }),
            _ => None,
        }));
        // What spans more than one gap comes last, and widens the last gap where it must.
        needs.sort_by_key(|need| need.to.saturating_sub(need.from));
        let mut gaps = vec![0; last];
        for need in needs {
            let gaps = gaps.get_mut(need.from..need.to).unwrap_or_default();
            let missing = need.pixels - gaps.iter().sum::<i32>();
            if let Some(gap) = gaps.last_mut() {
                *gap += missing.max(0);
            }
        }
        let mut x = vec![MARGIN + TIMES + left];
        for gap in gaps {
            x.push(x.last().copied().unwrap_or(0) + gap);
        }
        let content = x.last().copied().unwrap_or(0) + right + MARGIN - AIR;
        let title = Font::Title.width(&picture.title) + 2 * MARGIN;
        let width = content.max(title);
        Self { width, x }
    }

    pub(super) fn x(&self, lifeline: usize) -> i32 {
        self.x.get(lifeline).copied().unwrap_or(0)
    }
}

/// Width of the head of a lifeline.
pub(super) fn head_width(name: &str) -> i32 {
    Font::Head.width(name) + 2 * PADDING
}

/// The text of a box.
pub(super) struct Boxed {
    pub(super) lines: Vec<String>,
    pub(super) width: i32,
}

impl Boxed {
    pub(super) fn new(row: &Row) -> Self {
        let lines = wrap(Font::Prose, &row.label, BOX_TEXT);
        let text = lines.iter().map(|line| Font::Prose.width(line)).max();
        Self {
            lines,
            width: text.unwrap_or(0) + 2 * PADDING,
        }
    }
}

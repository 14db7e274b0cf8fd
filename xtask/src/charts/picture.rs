//! A sequence chart, before it is laid out.

use lwm2m_core::time::{Duration, Instant};

/// A chart.
#[derive(Debug)]
pub(super) struct Picture {
    /// Name of its file.
    pub(super) name: &'static str,
    pub(super) title: String,
    /// A paragraph under the title.
    pub(super) about: String,
    /// What it shows, in words, for those who do not see it.
    pub(super) description: String,
    /// Who takes part, from left to right.
    pub(super) lifelines: Vec<String>,
    pub(super) panels: Vec<Panel>,
    /// The lifeline that is a bar of the link's state, and that state at the start.
    pub(super) link: Option<(usize, Link)>,
    /// Something came before the first row.
    pub(super) began_before: bool,
    /// Life goes on behind the last row.
    pub(super) goes_on: bool,
    /// Where time leaps by so much, the lifelines have a gap.
    pub(super) leap: Duration,
}

/// A part of a chart, with the heads of the lifelines on top.
#[derive(Debug, Default)]
pub(super) struct Panel {
    pub(super) title: Option<String>,
    pub(super) rows: Vec<Row>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// When it begins.
    pub(super) at: Instant,
    /// When it is over.
    pub(super) until: Instant,
    pub(super) shape: Shape,
    pub(super) label: String,
    pub(super) tone: Tone,
}

/// How it is drawn. Numbers are those of lifelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Arrow {
        from: usize,
        to: usize,
        line: Line,
        /// The lifelines that its label stands between; for most the same.
        between: (usize, usize),
    },
    /// An arrow to itself.
    Loop(usize),
    /// A box with text.
    Box(usize),
    /// The link changes its state.
    Link(Link),
    /// Something is left out.
    Pause,
}

/// How an arrow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// A call, or an event.
    Solid,
    /// A return, or an answer.
    Dashed,
    /// A message over the network.
    Thin,
    /// A message that does not arrive.
    Lost,
}

/// The colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Event,
    Message,
    Error,
}

/// The state of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Up,
    /// Taken down on purpose.
    Down,
    /// Lost.
    Lost,
}

impl Shape {
    /// An arrow with its label in the middle.
    pub(super) fn arrow(from: usize, to: usize, line: Line) -> Self {
        let between = (from.min(to), from.max(to));
        Self::Arrow {
            from,
            to,
            line,
            between,
        }
    }
}

impl Row {
    /// Whether it is an arrow that lies wholly left of a lifeline.
    pub(super) const fn is_left_of(&self, lifeline: usize) -> bool {
        match self.shape {
            Shape::Arrow { from, to, .. } => from < lifeline && to < lifeline,
            _ => false,
        }
    }

    pub(super) const fn new(at: Instant, shape: Shape, label: String, tone: Tone) -> Self {
        Self {
            at,
            until: at,
            shape,
            label,
            tone,
        }
    }
}

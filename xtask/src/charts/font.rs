//! How wide a text may become. Which font a reader has is not known: the widths are upper bounds over the common ones.

/// Height of ordinary text in pixels.
pub(super) const SIZE: i32 = 12;
/// From one line of a text to the next.
pub(super) const LEADING: i32 = 16;

/// A kind of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    /// Names from the code, monospaced.
    Code,
    /// Everything else.
    Prose,
    /// Names of those who take part.
    Head,
    /// The title.
    Title,
}

impl Font {
    /// Pixels that a text takes at most.
    pub(super) fn width(self, text: &str) -> i32 {
        let thousandths: i32 = text.chars().map(|letter| self.advance(letter)).sum();
        let size = if self == Self::Title { 16 } else { SIZE };
        thousandths.saturating_mul(size) / 1000 + 1
    }

    /// In thousandths of the size.
    fn advance(self, letter: char) -> i32 {
        match self {
            // Courier has 600, Menlo and DejaVu Sans Mono 602.
            Self::Code => 605,
            Self::Prose => advance(letter),
            // Bold letters are wider by up to a sixth.
            Self::Head | Self::Title => advance(letter) * 7 / 6,
        }
    }
}

/// Advances of Verdana and DejaVu Sans, the widest of the common fonts, rounded up.
const fn advance(letter: char) -> i32 {
    match letter {
        ' ' => 352,
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | 'J' => 456,
        '.' | ',' | ':' | ';' | '\'' | '(' | ')' | '/' | '-' | '!' => 456,
        'm' => 975,
        'w' => 820,
        'M' => 865,
        'W' => 990,
        'a'..='z' | '0'..='9' => 640,
        'A'..='Z' => 790,
        _ => 1000,
    }
}

/// Breaks a text into lines of at most `width` pixels; a word that is longer has a line of its own.
pub(super) fn wrap(font: Font, text: &str, width: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (lines.last_mut(), longer) {
            (Some(line), Some(longer)) if font.width(&longer) <= width => *line = longer,
            _ => lines.push(word.into()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Advances that the fonts' own tables hold, for a size of 2,048: DejaVu Sans, DejaVu Sans Bold, DejaVu Sans Mono.
    #[test]
    fn widths_are_upper_bounds() {
        let pixels = |units: i32, size: i32| units * size / 2048;
        // M o d e m
        let (m, o, d, e) = (1767, 1253, 1300, 1260);
        assert!(Font::Prose.width("Modem") >= pixels(m + o + d + e + 1995, SIZE));
        let (m, o, d, e) = (2038, 1407, 1466, 1389);
        assert!(Font::Head.width("Modem") >= pixels(m + o + d + e + 2134, SIZE));
        assert!(Font::Code.width("CONNECTED") >= pixels(9 * 1233, SIZE));
    }

    #[test]
    fn lines_hold_whole_words() {
        let width = Font::Prose.width("one two");
        let lines = wrap(Font::Prose, "one two three-and-a-half four", width);
        assert_eq!(lines, ["one two", "three-and-a-half", "four"]);
    }
}

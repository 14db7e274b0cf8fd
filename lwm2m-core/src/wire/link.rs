//! Reading the CoRE link format (RFC 6690), content format 40.
//!
//! The payload of Register and Update, and the answer to Discover: `</1/0>,</3>;ver=1.1,</3/0>`. The client writes them
//! straight from its objects.

use super::Malformed;

/// Reads the links of a list; after an error there are no more.
///
/// The grammar is that of RFC 6690 section 2: no blanks outside of quotes, no empty value without quotes.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    /// From the `<` of the next link.
    rest: &'a str,
    /// Whether a comma has been read, so that a link must follow.
    comma: bool,
}

impl<'a> Links<'a> {
    /// The links in `text`; an empty text has none.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            comma: false,
        }
    }

    fn read(&mut self) -> Result<Link<'a>, Malformed> {
        let rest = self.rest.strip_prefix('<').ok_or(Malformed)?;
        let (target, rest) = rest.split_once('>').ok_or(Malformed)?;
        let mut attributes = Attributes { rest };
        while attributes.read()?.is_some() {}
        let len = rest.len() - attributes.rest.len();
        let link = Link {
            target,
            attributes: Attributes {
                rest: rest.get(..len).ok_or(Malformed)?,
            },
        };
        self.comma = !attributes.rest.is_empty();
        self.rest = match self.comma {
            true => attributes.rest.strip_prefix(',').ok_or(Malformed)?,
            false => "",
        };
        Ok(link)
    }
}

impl<'a> Iterator for Links<'a> {
    type Item = Result<Link<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() && !self.comma {
            return None;
        }
        let link = self.read();
        if link.is_err() {
            *self = Self::new("");
        }
        Some(link)
    }
}

/// A link: where it leads, and its attributes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Link<'a> {
    /// The URI reference between `<` and `>`.
    pub target: &'a str,
    /// The attributes.
    pub attributes: Attributes<'a>,
}

impl<'a> Link<'a> {
    /// The value of the first attribute of this name, without quotes; empty for one without value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let mut attributes = self.attributes;
        attributes
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.unwrap_or_default())
    }
}

/// The attributes of a link in their order.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// From the `;` of the next attribute.
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    /// Reads one attribute; `None` where none starts.
    fn read(&mut self) -> Result<Option<Attribute<'a>>, Malformed> {
        let Some(rest) = self.rest.strip_prefix(';') else {
            return Ok(None);
        };
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end).ok_or(Malformed)?;
        if name.is_empty() {
            return Err(Malformed);
        }
        let Some(rest) = rest.strip_prefix('=') else {
            self.rest = rest;
            return Ok(Some(Attribute {
                name,
                value: None,
                quoted: false,
            }));
        };
        let (value, quoted, rest) = match rest.strip_prefix('"') {
            Some(rest) => {
                let (value, rest) = split_quoted(rest)?;
                (value, true, rest)
            }
            None => {
                let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
                let (value, rest) = rest.split_at_checked(end).ok_or(Malformed)?;
                if value.is_empty() {
                    return Err(Malformed);
                }
                (value, false, rest)
            }
        };
        self.rest = rest;
        Ok(Some(Attribute {
            name,
            value: Some(value),
            quoted,
        }))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        // The attributes were checked when the link was read.
        self.read().unwrap_or(None)
    }
}

/// An attribute of a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attribute<'a> {
    /// The name.
    pub name: &'a str,
    /// The value as it was sent, between the quotes if there are any, with `"` and `\` still escaped.
    pub value: Option<&'a str>,
    /// Whether the value is in quotes.
    pub quoted: bool,
}

/// What lies before the closing quote, and what behind.
fn split_quoted(text: &str) -> Result<(&str, &str), Malformed> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (value, rest) = text.split_at_checked(at).ok_or(Malformed)?;
                return Ok((value, rest.strip_prefix('"').ok_or(Malformed)?));
            }
            _ => {}
        }
    }
    Err(Malformed)
}

/// RFC 6690: `parmname`, made of RFC 5987's `attr-char`, or `ext-name-star` with its `*`.
const fn is_name(c: char) -> bool {
    matches!(c,
        'a'..='z' | 'A'..='Z' | '0'..='9'
        | '!' | '#' | '$' | '&' | '+' | '-' | '.' | '^' | '_' | '`' | '|' | '~' | '*')
}

/// RFC 6690: `ptokenchar`.
const fn is_token(c: char) -> bool {
    matches!(c, '!' | '#'..='+' | '-'..=':' | '<'..='[' | ']'..='~')
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    /// RFC 6690 section 5, the last example of link attributes.
    #[test]
    fn an_example_of_rfc_6690() {
        let text = "</sensors>;ct=40;title=\"Sensor Index\",\
                    </sensors/temp>;rt=\"temperature-c\";if=\"sensor\",\
                    <http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\";rel=\"describedby\",\
                    </t>;anchor=\"/sensors/temp\";rel=\"alternate\"";
        let links: Vec<_> = Links::new(text).map(Result::unwrap).collect();
        let targets: Vec<_> = links.iter().map(|link| link.target).collect();
        assert_eq!(
            targets,
            [
                "/sensors",
                "/sensors/temp",
                "http://www.example.com/sensors/t123",
                "/t"
            ]
        );
        assert_eq!(links[0].attribute("title"), Some("Sensor Index"));
        assert_eq!(links[0].attribute("ct"), Some("40"));
        assert_eq!(links[2].attribute("rel"), Some("describedby"));
        assert_eq!(links[3].attribute("rt"), None);
        let quoted: Vec<_> = links[0].attributes.map(|a| a.quoted).collect();
        assert_eq!(quoted, [false, true]);
    }

    #[test]
    fn delimiters_inside_quotes_belong_to_the_value() {
        let mut links = Links::new(r#"</1>;a="x,</2>;b=\"y\"";c,</3>"#);
        let first = links.next().unwrap().unwrap();
        assert_eq!(first.attribute("a"), Some(r#"x,</2>;b=\"y\""#));
        assert_eq!(first.attribute("c"), Some(""));
        assert_eq!(links.next().unwrap().unwrap().target, "/3");
        assert!(links.next().is_none());
    }

    #[test]
    fn what_the_grammar_does_not_allow() {
        for text in [
            "/1",
            "<",
            "</1",
            "</1>,",
            ",</1>",
            "</1>,,</2>",
            "</1></2>",
            "</1>;",
            "</1>;=1",
            "</1>;a=",
            "</1>;a=\"",
            "</1>;a=\"\\\"",
            "</1>;a=\"b\"c",
            "</1>; a=1",
            "</1> ,</2>",
            "</1>;a=b\\c",
            "</1>;a=\u{e4}",
        ] {
            assert!(Links::new(text).any(|link| link.is_err()), "{text}");
        }
        assert_eq!(Links::new("</1>,x</2>").count(), 2);
        assert_eq!(Links::new("").count(), 0);
    }
}

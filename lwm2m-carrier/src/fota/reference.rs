//! References from one package URI to another: what a redirection says (RFC 3986, section 5.2, dot segments and all).

use heapless::Vec;
use lwm2m_core::{
    model::Text,
    wire::{number, writer::Writer},
};

use super::{
    download::URI,
    uri::{PackageUri, UriError, next_part, without_fragment},
};
use crate::uri::{cut, split_authority, split_scheme};

impl PackageUri<'_> {
    /// Writes the URI that `reference`, for example a Location field, means here to `joined`; that stays as it is when it is
    /// none.
    #[inline(never)]
    pub(crate) fn join(&self, reference: &str, joined: &mut Text<URI>) -> Result<(), UriError> {
        let reference = without_fragment(reference);
        let mut target = Target::default();
        if let Some((scheme, rest)) = split_scheme(reference) {
            // Checked before, so that a scheme that is not supported is told from a malformed rest.
            PackageUri::parse(reference)?;
            target.push(scheme);
            target.authority_and_path(rest);
        } else if reference.starts_with("//") {
            target.push(self.scheme.name());
            target.authority_and_path(reference);
        } else {
            self.write_authority(&mut target);
            let (path, query) = split_query(reference);
            match path.strip_prefix('/') {
                Some(segments) => target.segments(segments, true),
                None if path.is_empty() => {
                    target.push(if query.is_empty() {
                        self.path_and_query
                    } else {
                        self.path()
                    });
                }
                None => {
                    let is_slash = |&byte: &u8| byte == b'/';
                    let own = self.path();
                    let last = own.as_bytes().iter().rposition(is_slash).unwrap_or(0);
                    if let Some(directory) = own.get(1..last) {
                        target.segments(directory, false);
                    }
                    target.segments(path, true);
                }
            }
            target.push(query);
        }
        let text = target.finish().ok_or(UriError::Malformed)?;
        PackageUri::parse(text)?;
        joined.set(text).map_err(|_| UriError::Malformed)
    }

    fn write_authority(&self, target: &mut Target) {
        target.push(self.scheme.name());
        let (open, close) = if self.is_ipv6() {
            ("://[", "]")
        } else {
            ("://", "")
        };
        target.push(open);
        target.push(self.host);
        target.push(close);
        if self.port != self.scheme.default_port() {
            target.push(":");
            target.decimal(self.port);
        }
        target.start = target.text.len();
    }
}

/// A URI that is put together.
#[derive(Default)]
struct Target {
    text: Vec<u8, URI>,
    /// Where its path starts.
    start: usize,
    /// A part had no room.
    is_cut: bool,
}

impl Target {
    #[inline(never)]
    fn push(&mut self, part: &str) {
        self.is_cut |= self.text.extend_from_slice(part.as_bytes()).is_err();
    }

    fn decimal(&mut self, value: u16) {
        let mut digits = [0; 5];
        let mut writer = Writer::new(&mut digits);
        number::write_u64(&mut writer, value.into());
        let len = writer.finish().stored;
        let digits = digits.get(..len).unwrap_or_default();
        self.is_cut |= self.text.extend_from_slice(digits).is_err();
    }

    /// `://authority/path?query`, of which the colon is missing in `rest`.
    fn authority_and_path(&mut self, rest: &str) {
        // What has no authority was, or will be, refused.
        let rest = rest.strip_prefix("//").unwrap_or_default();
        let (authority, behind) = split_authority(rest);
        self.push("://");
        self.push(authority);
        self.start = self.text.len();
        let (path, query) = split_query(behind);
        if let Some(segments) = path.strip_prefix('/') {
            self.segments(segments, true);
        }
        self.push(query);
    }

    /// Appends the segments of a path, and goes back at dot segments (RFC 3986, section 5.2.4). `last`: the path ends
    /// with them, so that a dot segment at the end leaves its slash.
    fn segments(&mut self, segments: &str, last: bool) {
        let mut rest = Some(segments);
        while let Some(segment) = next_part(&mut rest, b"/") {
            let dots = match segment {
                "." => true,
                ".." => {
                    while self.text.len() > self.start && self.text.pop() != Some(b'/') {}
                    true
                }
                _ => false,
            };
            if !dots {
                self.push("/");
                self.push(segment);
            } else if last && rest.is_none() {
                self.push("/");
            }
        }
    }

    /// The whole, unless a part had no room.
    fn finish(&self) -> Option<&str> {
        let text = core::str::from_utf8(&self.text).ok();
        text.filter(|_| !self.is_cut)
    }
}

/// The path, and the query with its question mark.
fn split_query(path_and_query: &str) -> (&str, &str) {
    cut(path_and_query, b"?")
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn joined(base: &str, reference: &str) -> Result<std::string::String, UriError> {
        let uri = PackageUri::parse(base).unwrap();
        let mut joined = Text::new();
        uri.join(reference, &mut joined)?;
        Ok(joined.as_str().into())
    }

    /// RFC 3986, sections 5.4.1 and 5.4.2: the examples that stay with HTTP; fragments are removed, and a reference in
    /// the scheme of its base is not taken for a relative one.
    #[test]
    fn references_are_resolved_as_in_rfc_3986() {
        for (reference, expected) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"),
            ("g?y#s", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://b:8443/x/../y?z#f", "https://b:8443/y?z"),
            ("coap://b", "coap://b"),
        ] {
            assert_eq!(
                joined("http://a/b/c/d;p?q", reference).as_deref(),
                Ok(expected),
                "{reference}"
            );
        }
    }

    #[test]
    fn the_authority_is_kept_by_a_relative_reference() {
        for (base, reference, expected) in [
            ("http://a", "g", "http://a/g"),
            ("http://a:80?q", "g", "http://a/g"),
            ("https://[::1]:8443/x", "/g", "https://[::1]:8443/g"),
            ("http://a:65535/x", "y/z", "http://a:65535/y/z"),
            ("http://a:81", "?q", "http://a:81?q"),
            ("http://a/x//y", "../z", "http://a/x/z"),
            ("http://a/b/./c/../d", "g", "http://a/b/g"),
            ("http://a/b/../d", "g", "http://a/g"),
        ] {
            assert_eq!(joined(base, reference).as_deref(), Ok(expected), "{base}");
        }
    }

    #[test]
    fn references_that_lead_nowhere() {
        for reference in ["http://u@b/", "//", "http:g", "a b", "/x\ny", "/%1"] {
            assert_eq!(
                joined("http://a/x", reference),
                Err(UriError::Malformed),
                "{reference}"
            );
        }
        assert_eq!(
            joined("http://a/x", "ftp://b/y"),
            Err(UriError::Unsupported)
        );
        let long = std::string::String::from_iter(core::iter::repeat_n('y', 250));
        assert_eq!(joined("http://a/", &long), Err(UriError::Malformed));
    }
}

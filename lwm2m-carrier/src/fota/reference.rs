//! References from one package URI to another: what a redirection says (RFC 3986, section 5.2, dot segments and all).

use heapless::Vec;
use lwm2m_core::model::Text;

use super::{
    download::URI,
    uri::{PackageUri, UriError, next_part, without_fragment},
};
use crate::uri::{cut, split_authority, split_scheme};

/// Goes from `location`, a URI, to what `reference` means there, for example a Location field.
///
/// # Errors
/// Why it leads nowhere; `location` stays as it is then. From a secured scheme to one that is not it leads nowhere.
#[inline(never)]
pub(super) fn join(location: &mut Text<URI>, reference: &str) -> Result<(), UriError> {
    let base = without_fragment(location.as_str());
    let reference = without_fragment(reference);
    let mut target = Target::default();
    let is_remote = reference.starts_with("//");
    if is_remote {
        target.push(cut(base, b":").0);
        target.push(":");
    }
    let (base_front, base_behind) = split_front(base);
    let (front, behind, is_relative) = if is_remote || split_scheme(reference).is_some() {
        let (front, behind) = split_front(reference);
        (front, behind, false)
    } else {
        (base_front, reference, true)
    };
    let (own, own_query) = cut(base_behind, b"?");
    let (path, mut query) = cut(behind, b"?");
    target.push(front);
    target.start = target.text.len();
    if is_relative && path.is_empty() {
        target.push(own);
        if query.is_empty() {
            query = own_query;
        }
    } else {
        if is_relative && !path.starts_with('/') {
            let is_slash = |&byte: &u8| byte == b'/';
            let last = own.as_bytes().iter().rposition(is_slash).unwrap_or(0);
            target.segments(own.get(..last).unwrap_or_default(), false);
        }
        target.segments(path, true);
    }
    target.push(query);
    let text = target.finish().ok_or(UriError::Malformed)?;
    let is_secured = |uri| PackageUri::parse(uri).map(|uri| uri.scheme.is_secured());
    // Whoever is on the path would choose the package then, which the server's certificate seems to vouch for.
    if !is_secured(text)? && is_secured(base)? {
        return Err(UriError::Unsupported);
    }
    location.set(text).map_err(|_| UriError::Malformed)
}

/// A URI that is put together (RFC 3986, section 5.2.2).
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

    /// Appends the segments of a path, and goes back at dot segments (RFC 3986, section 5.2.4). `last`: the path ends
    /// with them, so that a dot segment at the end leaves its slash.
    #[inline(never)]
    fn segments(&mut self, path: &str, last: bool) {
        let segments = path.strip_prefix('/').unwrap_or(path);
        let mut rest = Some(segments).filter(|_| !path.is_empty());
        while let Some(segment) = next_part(&mut rest, b"/") {
            if segment == ".." {
                while self.text.len() > self.start && self.text.pop() != Some(b'/') {}
            }
            if !matches!(segment, "." | "..") {
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

/// What stands before the path, as far as there is an authority, and the rest.
fn split_front(uri: &str) -> (&str, &str) {
    let (_, rest) = cut(uri, b"/");
    // What has no authority was, or will be, refused.
    let (_, behind) = split_authority(rest.get(2..).unwrap_or_default());
    let front = uri.len().saturating_sub(behind.len());
    uri.split_at_checked(front).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    fn joined(base: &str, reference: &str) -> Result<std::string::String, UriError> {
        let mut location = Text::try_from(base).unwrap();
        let result = join(&mut location, reference);
        if result.is_err() {
            assert_eq!(location.as_str(), base);
        }
        result.map(|()| location.as_str().into())
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
            ("http://a:80?q", "g", "http://a:80/g"),
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

    /// What a certificate has vouched for is not given away to whoever is on the path.
    #[test]
    fn security_is_not_left() {
        for (base, reference) in [
            ("https://a/x", "http://a/x"),
            ("https://a/x", "coap://b/y"),
            ("https://a/x", "HTTP://a:443/x"),
        ] {
            assert_eq!(
                joined(base, reference),
                Err(UriError::Unsupported),
                "{reference}"
            );
        }
        for (base, reference) in [
            ("https://a/x", "https://b/y"),
            ("https://a/x", "coaps://b/y"),
            ("https://a/x", "//b/y"),
            ("https://a/x", "y"),
            ("http://a/x", "https://b/y"),
        ] {
            assert!(joined(base, reference).is_ok(), "{reference}");
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

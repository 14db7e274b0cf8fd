//! Group 40, as far as the grammar of the link format tells (RFC 6690, section 2).

use lwm2m_core::wire::link::Links;

fn is_valid(text: &str) -> bool {
    Links::new(text).all(|link| link.is_ok())
}

#[test]
fn g40_attributes_with_and_without_value() {
    let link = Links::new("</3/0/9>;pmin=10;pmax;gt=-1.5;st=1e3;dim=0")
        .next()
        .unwrap()
        .unwrap();
    let attributes: Vec<_> = link
        .attributes
        .map(|attribute| (attribute.name, attribute.value))
        .collect();
    assert_eq!(
        attributes,
        [
            ("pmin", Some("10")),
            ("pmax", None),
            ("gt", Some("-1.5")),
            ("st", Some("1e3")),
            ("dim", Some("0")),
        ]
    );
}

/// The grammar asks for one character at least where there are no quotes.
#[test]
fn g40_an_empty_value_needs_quotes() {
    assert!(!is_valid("</1>;pmin="));
    assert!(!is_valid("</1>;pmin=;pmax=1"));
    assert!(is_valid("</1>;pmin=\"\";pmax=1"));
}

#[test]
fn g40_repeated_attributes_are_all_seen() {
    let link = Links::new("</1>;pmin=1;pmin=2").next().unwrap().unwrap();
    assert_eq!(link.attribute("pmin"), Some("1"));
    assert_eq!(link.attributes.count(), 2);
}

#[test]
fn g40_reserved_characters_need_quotes() {
    for c in [',', '\\', ' ', '"'] {
        assert!(!is_valid(&format!("</1>;ep=a{c}b")), "{c}");
    }
    // Here another attribute begins.
    let link = Links::new("</1>;ep=a;b").next().unwrap().unwrap();
    assert_eq!(link.attribute("ep"), Some("a"));
    assert_eq!(link.attribute("b"), Some(""));
    assert!(is_valid("</1>;ep=\"a,b;c d\\\"e\""));
    assert!(is_valid("</1>;ep=urn:imei:490154203237518"));
    assert!(is_valid("</>;lwm2m=1.1"));
}

/// What Leshan registers with and takes: an unquoted version, quoted and unquoted content formats.
#[test]
fn g40_object_lists_as_registered() {
    let text = "</>;rt=\"oma.lwm2m\";ct=\"60 112\",</1/0>,</4>;ver=1.3,</4/0>,</5>";
    let links: Vec<_> = Links::new(text).map(Result::unwrap).collect();
    let targets: Vec<_> = links.iter().map(|link| link.target).collect();
    assert_eq!(targets, ["/", "/1/0", "/4", "/4/0", "/5"]);
    assert_eq!(links[0].attribute("ct"), Some("60 112"));
    assert_eq!(links[2].attribute("ver"), Some("1.3"));
}

/// After an error the list is over: what stands behind it has no certain meaning.
#[test]
fn g40_a_broken_list_ends_with_its_error() {
    let mut links = Links::new("</1>,</2>;=,</3>");
    assert!(links.next().unwrap().is_ok());
    assert!(links.next().unwrap().is_err());
    assert!(links.next().is_none());
}

//! The XML files of the OMA registry (schema LWM2M-v1_1.xsd), as far as a table needs them.

use roxmltree::{Document, Node};

/// An object as the registry describes it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) id: u16,
    pub(crate) version: (u8, u8),
    pub(crate) multiple: bool,
    /// In ascending order of their ids.
    pub(crate) resources: Vec<Resource>,
}

/// A resource as the registry describes it.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: u16,
    pub(crate) name: String,
    /// One of `NONE`, `R`, `W`, `RW`, `E`.
    pub(crate) operations: &'static str,
    pub(crate) multiple: bool,
    pub(crate) mandatory: bool,
    /// A variant of `DataType`.
    pub(crate) data_type: &'static str,
    pub(crate) range: Range,
    pub(crate) units: String,
}

/// The values that a resource takes, where the registry says it in a form that a table can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Range {
    Any,
    Number(i32, i32),
    Length(u16, u16),
}

/// Reads the first object of a registry file.
pub(crate) fn parse(xml: &str) -> Result<Object, String> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    let object = document
        .descendants()
        .find(|node| node.has_tag_name("Object"))
        .ok_or("no element Object")?;
    let mut resources = object
        .descendants()
        .filter(|node| node.has_tag_name("Item"))
        .map(resource)
        .collect::<Result<Vec<_>, _>>()?;
    resources.sort_by_key(|resource| resource.id);
    let mut pairs = resources.iter().zip(resources.iter().skip(1));
    if pairs.any(|(one, next)| one.id == next.id) {
        return Err("two resources have the same id".to_owned());
    }
    Ok(Object {
        name: text(object, "Name"),
        id: number(&text(object, "ObjectID"))?,
        version: version(&text(object, "ObjectVersion"))?,
        multiple: is(object, "MultipleInstances", "Multiple", "Single")?,
        resources,
    })
}

fn resource(item: Node<'_, '_>) -> Result<Resource, String> {
    let id = number(item.attribute("ID").unwrap_or_default())?;
    let in_resource = |error| format!("resource {id}: {error}");
    let data_type = data_type(&text(item, "Type")).map_err(in_resource)?;
    Ok(Resource {
        id,
        name: text(item, "Name"),
        operations: operations(&text(item, "Operations")).map_err(in_resource)?,
        multiple: is(item, "MultipleInstances", "Multiple", "Single").map_err(in_resource)?,
        mandatory: is(item, "Mandatory", "Mandatory", "Optional").map_err(in_resource)?,
        data_type,
        range: range(&text(item, "RangeEnumeration"), data_type),
        units: text(item, "Units"),
    })
}

/// The text of the child element `name`, with single blanks; empty when there is none.
fn text(node: Node<'_, '_>, name: &str) -> String {
    let child = node.children().find(|child| child.has_tag_name(name));
    let text = child.and_then(|child| child.text()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn number(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("{text:?} is not an id"))
}

/// An object version; 1.0 when the file does not say.
fn version(text: &str) -> Result<(u8, u8), String> {
    if text.is_empty() {
        return Ok((1, 0));
    }
    text.split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| format!("{text:?} is not a version"))
}

fn is(node: Node<'_, '_>, name: &str, yes: &str, no: &str) -> Result<bool, String> {
    let text = text(node, name);
    match text.as_str() {
        text if text == yes => Ok(true),
        text if text == no => Ok(false),
        _ => Err(format!("{name} is {text:?}")),
    }
}

fn operations(text: &str) -> Result<&'static str, String> {
    Ok(match text {
        "" => "NONE",
        "R" => "R",
        "W" => "W",
        "RW" => "RW",
        "E" => "E",
        _ => return Err(format!("operations {text:?}")),
    })
}

fn data_type(text: &str) -> Result<&'static str, String> {
    Ok(match text {
        "" => "None",
        "String" => "String",
        "Integer" => "Integer",
        "Unsigned Integer" => "Unsigned",
        "Float" => "Float",
        "Boolean" => "Boolean",
        "Opaque" => "Opaque",
        "Time" => "Time",
        "Objlnk" => "ObjectLink",
        "Corelnk" => "CoreLink",
        _ => return Err(format!("type {text:?}")),
    })
}

/// Reads `RangeEnumeration`, which is free text: `0..255`, `0..255 bytes`, `1...63`, `0.0..100.0`, `6`, `16,32,48` and
/// prose all occur. A list of lengths becomes the range that encloses it; what a table cannot hold becomes
/// [`Range::Any`].
fn range(text: &str, data_type: &str) -> Range {
    let text = text.trim_end_matches("bytes").trim_end();
    let numbers = |separator| {
        text.split(separator)
            .map(|part| whole(part.trim()))
            .collect::<Option<Vec<_>>>()
    };
    let bounds = |separator| match numbers(separator)?.as_slice() {
        &[min, max] => Some((min, max)),
        _ => None,
    };
    let bounds = bounds("...").or_else(|| bounds(".."));
    match data_type {
        "Integer" | "Unsigned" | "Float" | "Time" => {
            bounds.map_or(Range::Any, |(min, max)| Range::Number(min, max))
        }
        "String" | "Opaque" => bounds
            .or_else(|| {
                let lengths = numbers(",")?;
                Some((*lengths.iter().min()?, *lengths.iter().max()?))
            })
            .and_then(|(min, max)| Some((u16::try_from(min).ok()?, u16::try_from(max).ok()?)))
            .map_or(Range::Any, |(min, max)| Range::Length(min, max)),
        _ => Range::Any,
    }
}

/// A whole number, also when it is written as `100.0`.
fn whole(text: &str) -> Option<i32> {
    let integer = text.split_once('.').map_or(text, |(integer, fraction)| {
        if fraction.bytes().all(|digit| digit == b'0') {
            integer
        } else {
            text
        }
    });
    integer.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_of_the_registry_are_read() {
        assert_eq!(range("0..255", "Integer"), Range::Number(0, 255));
        assert_eq!(range("1..65534", "Unsigned"), Range::Number(1, 65534));
        assert_eq!(range("-158..-44", "Integer"), Range::Number(-158, -44));
        assert_eq!(range("1...63", "Integer"), Range::Number(1, 63));
        assert_eq!(range("0.0..100.0", "Float"), Range::Number(0, 100));
        assert_eq!(range("0..255 bytes", "String"), Range::Length(0, 255));
        assert_eq!(range("6", "Opaque"), Range::Length(6, 6));
        assert_eq!(range("16,32,48", "Opaque"), Range::Length(16, 48));
    }

    #[test]
    fn what_is_no_range_is_left_open() {
        for text in ["", "8-Bits", "10,26", "see the specification", "0.5..1.0"] {
            assert_eq!(range(text, "Integer"), Range::Any, "{text}");
        }
        assert_eq!(range("-1..4", "String"), Range::Any);
        assert_eq!(range("0..1", "Boolean"), Range::Any);
    }

    #[test]
    fn a_file_that_is_no_object_is_refused() {
        assert!(parse("<LWM2M/>").is_err());
        assert!(parse("<LWM2M><Object>").is_err());
        let item = |id| {
            format!(
                "<Item ID='{id}'><Operations>R</Operations><MultipleInstances>Single</MultipleInstances>\
                 <Mandatory>Optional</Mandatory><Type>Time</Type></Item>"
            )
        };
        let object = |items: &str| {
            format!(
                "<LWM2M><Object><Name>A</Name><ObjectID>9</ObjectID><MultipleInstances>Single\
                 </MultipleInstances><Resources>{items}</Resources></Object></LWM2M>"
            )
        };
        let parsed = parse(&object(&(item("1") + &item("0")))).unwrap();
        assert_eq!(parsed.version, (1, 0));
        assert_eq!(parsed.resources[0].id, 0);
        assert!(parse(&object(&(item("1") + &item("1")))).is_err());
        assert!(parse(&object(&item("65536"))).is_err());
        assert!(parse(&object(&item("1").replace("Time", "Clock"))).is_err());
    }
}

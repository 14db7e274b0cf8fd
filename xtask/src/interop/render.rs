//! What Leshan answered or reported, as the text that a row of the table expects.

use serde_json::Value;

/// An answer of a device: code, Content-Format, then what Leshan decoded from the payload.
///
/// `2.05 tlv /3303/0/5700=21.5 /3303/0/5701="Cel"`, `2.01 /3303/7`, `4.04`.
pub(super) fn answer(answer: &Value) -> String {
    let mut parts = vec![string(&answer["code"])];
    if !answer["format"].is_null() {
        parts.push(format_name(&answer["format"]));
    }
    for node in items(&answer["nodes"]) {
        parts.push(format!("{}={}", string(&node["path"]), node["value"]));
    }
    parts.extend(items(&answer["links"]).iter().map(string));
    if !answer["location"].is_null() {
        parts.push(format!("/{}", string(&answer["location"])));
    }
    parts.join(" ")
}

/// A registration's parameters: `lt=300 b=U queue=false lwm2m=1.1 psk=null`.
pub(super) fn registration(event: &Value) -> String {
    format!(
        "lt={} b={} queue={} lwm2m={} psk={}",
        event["lifetime"],
        string(&event["binding"]),
        event["queue"],
        string(&event["version"]),
        event["psk_identity"],
    )
}

/// A registration's object list, in the order that the device sent it.
pub(super) fn links(event: &Value) -> String {
    items(&event["links"])
        .iter()
        .map(string)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A string without its quotes; anything else as JSON.
pub(super) fn string(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

fn format_name(format: &Value) -> String {
    match format.as_u64() {
        Some(0) => "text".to_owned(),
        Some(40) => "link".to_owned(),
        Some(42) => "opaque".to_owned(),
        Some(112) => "senml-cbor".to_owned(),
        Some(11542) => "tlv".to_owned(),
        _ => format!("ct={format}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_shows_code_format_and_typed_values() {
        let read = json!({
            "code": "2.05", "type": "ACK", "format": 112,
            "nodes": [
                {"path": "/3/0/0", "type": "STRING", "value": "12"},
                {"path": "/3/0/9", "type": "INTEGER", "value": 12},
            ],
        });
        assert_eq!(answer(&read), "2.05 senml-cbor /3/0/0=\"12\" /3/0/9=12");
        assert_eq!(
            answer(&json!({"code": "2.05", "format": 60, "nodes": []})),
            "2.05 ct=60"
        );
    }

    #[test]
    fn an_answer_shows_location_and_links() {
        assert_eq!(
            answer(&json!({"code": "2.01", "location": "3303/7"})),
            "2.01 /3303/7"
        );
        let discover = json!({"code": "2.05", "format": 40, "links": ["</3>;ver=1.1", "</3/0>"]});
        assert_eq!(answer(&discover), "2.05 link </3>;ver=1.1 </3/0>");
    }
}

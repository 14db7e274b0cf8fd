//! Events in words and in JSON.

use lwm2m_carrier::{DeferredReason, Event};
use lwm2m_core::time::Duration;
use serde_json::{Map, Value as Json, json};

/// The event as one sentence.
pub(super) fn to_text(event: &Event) -> String {
    match event {
        Event::Registered { server } => format!("registered with server {server}"),
        Event::Deregistered {
            server,
            confirmed: true,
        } => format!("de-registered from server {server}"),
        Event::Deregistered { server, .. } => {
            format!("gave server {server} up without its confirmation")
        }
        Event::Deferred(deferred) => format!(
            "{}; next attempt in {} s",
            reason(deferred.reason),
            seconds(deferred.retry_after())
        ),
        Event::Error(error) => format!("error: {error}"),
        Event::Initialized => "initialised".to_owned(),
        Event::CertsInit => "CA certificates wanted".to_owned(),
        Event::Connecting => "connecting".to_owned(),
        Event::Connected => "connected".to_owned(),
        Event::Disconnecting => "disconnecting".to_owned(),
        Event::Disconnected { .. } => "disconnected".to_owned(),
        Event::Bootstrapped => "bootstrapped".to_owned(),
        Event::LteReady => "ready".to_owned(),
        Event::FotaStart => "firmware update begun".to_owned(),
        Event::FotaSuccess => "firmware update applied".to_owned(),
        Event::Reboot => "restarting".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The event as an object: its name under `event`, and what it carries.
pub(super) fn to_json(event: &Event) -> Json {
    let mut members = Map::new();
    let mut put = |name: &str, value: Json| members.insert(name.to_owned(), value);
    put("event", Json::from(name(event)));
    match event {
        Event::Registered { server } => {
            put("server", json!(server));
        }
        Event::Deregistered { server, confirmed } => {
            put("server", json!(server));
            put("confirmed", json!(confirmed));
        }
        Event::Deferred(deferred) => {
            put("reason", json!(format!("{:?}", deferred.reason)));
            put("message", json!(reason(deferred.reason)));
            put("retry_s", json!(seconds(deferred.retry_after())));
        }
        Event::Error(error) => {
            put("kind", json!(format!("{:?}", error.kind)));
            put("message", json!(error.to_string()));
            put("errno", json!(error.errno()));
        }
        _ => {}
    }
    Json::Object(members)
}

/// The name of the event's variant.
fn name(event: &Event) -> String {
    let shown = format!("{event:?}");
    let end = shown.find(|letter: char| !letter.is_ascii_alphanumeric());
    shown
        .get(..end.unwrap_or(shown.len()))
        .unwrap_or_default()
        .to_owned()
}

#[allow(clippy::cast_precision_loss, reason = "waits are far below 2^53 ms")]
fn seconds(span: Duration) -> f64 {
    span.as_millis() as f64 / 1000.0
}

const fn reason(reason: DeferredReason) -> &'static str {
    match reason {
        DeferredReason::PdnActivate => "the packet data connection could not be activated",
        DeferredReason::BootstrapNoRoute => {
            "the bootstrap server cannot be reached, or its name does not resolve"
        }
        DeferredReason::BootstrapConnect => {
            "the secure session with the bootstrap server failed: the key is wrong, or it refuses"
        }
        DeferredReason::BootstrapSequence => {
            "the bootstrap server does not answer, refuses, or has not sent what is needed"
        }
        DeferredReason::ServerNoRoute => {
            "the server cannot be reached, or its name does not resolve"
        }
        DeferredReason::ServerConnect => {
            "the secure session with the server failed: the key is wrong, or it refuses"
        }
        DeferredReason::ServerRegistration => {
            "the server does not answer, or has not accepted the registration"
        }
        DeferredReason::ServiceUnavailable => "the server wants to be left alone for a while",
        DeferredReason::SimMsisdn => "the SIM card has no telephone number yet",
        _ => "the attempt failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_carrier::{Cause, Deferred, Error, ErrorKind, errno};

    #[test]
    fn events_are_named_by_their_variant() {
        assert_eq!(to_json(&Event::LteReady), json!({"event": "LteReady"}));
        assert_eq!(
            to_json(&Event::Registered { server: 123 }),
            json!({"event": "Registered", "server": 123})
        );
        assert_eq!(
            to_text(&Event::Registered { server: 123 }),
            "registered with server 123"
        );
    }

    #[test]
    fn a_deferral_says_when_it_is_tried_again() {
        let deferred = Deferred::new(DeferredReason::ServerConnect, Duration::from_millis(61_500));
        let event = Event::Deferred(deferred);
        let json = to_json(&event);
        assert_eq!(json["event"], "Deferred");
        assert_eq!(json["reason"], "ServerConnect");
        assert_eq!(json["retry_s"], 61.5);
        assert_eq!(
            to_text(&event),
            "the secure session with the server failed: the key is wrong, or it refuses; next attempt in 61.5 s"
        );
    }

    #[test]
    fn a_registration_that_ended_unconfirmed_is_told_apart() {
        let event = |confirmed| Event::Deregistered {
            server: 1,
            confirmed,
        };
        assert_eq!(to_text(&event(true)), "de-registered from server 1");
        assert_eq!(
            to_text(&event(false)),
            "gave server 1 up without its confirmation"
        );
        assert_eq!(
            to_json(&event(false)),
            json!({"event": "Deregistered", "server": 1, "confirmed": false})
        );
    }

    #[test]
    fn an_error_says_what_and_its_number() {
        let error = Error::new(ErrorKind::Init, Cause::Application(errno::EPERM));
        let json = to_json(&Event::Error(error));
        assert_eq!((&json["kind"], &json["errno"]), (&json!("Init"), &json!(1)));
        assert_eq!(json["message"], error.to_string());
        assert_eq!(to_text(&Event::Error(error)), format!("error: {error}"));
    }
}

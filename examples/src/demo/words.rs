//! What was recorded, in words.

use core::fmt::Display;

use carrier_mock::recorder::{Call, FirmwareOperation, SecurityKind};
use carrier_mock::server::firmware::HttpRecord;
use lwm2m_carrier::hal::{CredentialKind, DetachReason, Opened, SessionError};
use lwm2m_carrier::{Event, Response};
use lwm2m_core::objects::{FirmwareState, UpdateResult};

pub(super) const fn function(call: Call) -> &'static str {
    match call {
        Call::Init => "init()",
        _ => "run()",
    }
}

/// The chart name of an event, and what it carries.
pub(super) fn event(event: &Event) -> String {
    let name = event.chart_name();
    match event {
        Event::Registered { server } => format!("{name} (server {server})"),
        Event::Deregistered { server, confirmed } => {
            let how = if *confirmed { "" } else { ", not confirmed" };
            format!("{name} (server {server}{how})")
        }
        Event::Disconnected { reason } => format!("{name} ({})", cause(*reason)),
        Event::Deferred(deferred) => format!(
            "{name} ({}, next attempt in {} s)",
            deferred.reason.chart_name(),
            deferred.retry_after().as_secs()
        ),
        Event::Error(error) => {
            let kind = error.kind.chart_name();
            format!("{name} ({kind} {}: {error})", error.errno())
        }
        _ => name.into(),
    }
}

/// What the application answers.
pub(super) fn response(response: &Response) -> String {
    match response {
        Response::Refuse => "the application refuses".into(),
        Response::Fail(errno) => format!("error {errno}"),
        Response::CaTags(tags) => {
            let tags: Vec<String> = tags.iter().map(|tag| tag.0.to_string()).collect();
            format!("success, CA certificates under tag {}", tags.join(", "))
        }
        _ => "the application agrees".into(),
    }
}

pub(super) const fn cause(reason: DetachReason) -> &'static str {
    match reason {
        DetachReason::Requested => "as requested",
        DetachReason::NoService => "no coverage",
        DetachReason::Network => "detached by the network",
        DetachReason::Sim => "no SIM card",
        DetachReason::Modem => "modem failure",
        _ => "cause not known",
    }
}

pub(super) const fn credential(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::CaChain => "CA certificates",
        CredentialKind::ClientCertificate => "client certificate",
        CredentialKind::PrivateKey => "private key",
        CredentialKind::Psk => "pre-shared key",
        CredentialKind::PskIdentity => "identity",
        _ => "credential",
    }
}

/// A session that was asked for.
pub(super) fn opened(
    number: u8,
    security: SecurityKind,
    result: Result<Opened, impl Display>,
) -> String {
    let with = match security {
        SecurityKind::CaTags => ", the application's CA certificates applied",
        _ => "",
    };
    match result {
        Ok(Opened::Pending) => format!("{number} begins its handshake{with}"),
        Ok(_) => format!("{number} is open"),
        Err(error) => format!("{number} cannot be opened: {error}"),
    }
}

/// A stream that is gone.
pub(super) fn closed(number: u8, sent: u64, received: u64, error: Option<SessionError>) -> String {
    let bytes = format!("{sent} bytes sent, {received} received");
    match error {
        Some(error) => format!("{number} has ended: {error}; {bytes}"),
        None => format!("{number} is closed; {bytes}"),
    }
}

/// Bytes from one line about a package's progress to the next.
const STRIDE: u32 = 16 * 1024;

/// What was done with the firmware slot, and whether that is worth a line: of many parts only some are.
pub(super) fn firmware(operation: FirmwareOperation) -> (String, bool) {
    let text = match operation {
        FirmwareOperation::Begin { resumed_at: 0 } => "the slot is ready for a package".into(),
        FirmwareOperation::Begin { resumed_at } => {
            format!("the slot goes on behind {resumed_at} bytes")
        }
        FirmwareOperation::Write { offset, len } => {
            let end = offset.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
            let is_shown = offset / STRIDE != end / STRIDE;
            return (format!("{end} bytes written"), is_shown);
        }
        FirmwareOperation::Finish { size } => format!("the package is complete: {size} bytes"),
        FirmwareOperation::Discard => "the package is discarded".into(),
        FirmwareOperation::Apply => "the package is to run from the next restart on".into(),
        FirmwareOperation::RestartModem => "the modem has restarted with the package".into(),
        _ => "the slot is asked how the update has ended".into(),
    };
    (text, true)
}

/// A resource of object 5 that a server has read: what its number means.
pub(super) fn meaning(path: &str, text: &str) -> &'static str {
    let number = text.parse().ok();
    match path {
        "/5/0/3" => match number.and_then(FirmwareState::from_number) {
            Some(FirmwareState::Idle) => " (idle)",
            Some(FirmwareState::Downloading) => " (downloading)",
            Some(FirmwareState::Downloaded) => " (downloaded)",
            Some(FirmwareState::Updating) => " (updating)",
            None => "",
        },
        "/5/0/5" => match number.and_then(UpdateResult::from_number) {
            Some(UpdateResult::Initial) => " (no result yet)",
            Some(UpdateResult::Success) => " (success)",
            Some(UpdateResult::ConnectionLost) => " (connection lost)",
            Some(_) => " (failure)",
            None => "",
        },
        _ => "",
    }
}

/// What a firmware server was asked and has answered.
pub(super) fn served(record: &HttpRecord) -> String {
    let status = record.status;
    match record.range_start {
        Some(start) if record.is_conditional => {
            format!("GET /modem from byte {start} if unchanged: {status}")
        }
        Some(start) => format!("GET /modem from byte {start}: {status}"),
        None => format!("GET /modem: {status}"),
    }
}

pub(super) fn outcome(result: &Result<(), impl Display>) -> String {
    match result {
        Ok(()) => String::new(),
        Err(error) => format!(": failed, {error}"),
    }
}

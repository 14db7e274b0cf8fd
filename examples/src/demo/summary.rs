//! What servers, network and device have counted.

use core::fmt;

use carrier_mock::server::firmware::HttpStatistics;
use carrier_mock::server::{BootstrapStatistics, ManagementStatistics};
use lwm2m_core::Statistics;

use super::timeline::Traffic;

/// What one day of service has cost: the device's own counters, security and IP not included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Day {
    sent: u32,
    bytes_sent: u32,
    received: u32,
    bytes_received: u32,
    wake_ups: u32,
}

impl Day {
    /// From the counters at its beginning and at its end.
    pub(super) const fn between(first: &Statistics, last: &Statistics) -> Self {
        Self {
            sent: last.sent.wrapping_sub(first.sent),
            bytes_sent: last.bytes_sent.wrapping_sub(first.bytes_sent),
            received: last.received.wrapping_sub(first.received),
            bytes_received: last.bytes_received.wrapping_sub(first.bytes_received),
            wake_ups: last.wake_ups.wrapping_sub(first.wake_ups),
        }
    }
}

/// The summary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals {
    pub(super) bootstrap: BootstrapStatistics,
    pub(super) server: ManagementStatistics,
    pub(super) files: HttpStatistics,
    pub(super) traffic: Traffic,
    /// `None` when the story broke off before.
    pub(super) day: Option<Day>,
}

impl Totals {
    /// Whether the servers have counted what the steps say, and nothing else.
    ///
    /// # Errors
    /// A sentence that names the first count that is another one.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self {
            bootstrap,
            server,
            files,
            ..
        } = self;
        for (what, count, expected) in [
            ("Bootstrap-Requests", bootstrap.requests, 1),
            ("bootstraps", bootstrap.finished, 1),
            ("refused bootstrap operations", bootstrap.failures, 0),
            // After the bootstrap, the gap, the outage, and each of five restarts: two of the modem, three of the device.
            ("registrations", server.registers, 8),
            // Due in time, with the new lifetime, and in the quiet day.
            ("Updates", server.updates, 3),
            ("expired registrations", server.expiries, 1),
            ("De-registers", server.deregisters, 1),
            ("refused requests", server.refusals, 0),
            // One package, another one, and its rest.
            ("requests for packages", files.requests, 3),
        ] {
            if count != expected {
                return Err(format!(
                    "The servers have counted {count} {what} instead of {expected}."
                ));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bootstrap,
            server,
            files,
            traffic,
            day,
        } = self;
        let (up, down) = (traffic.sent, traffic.received);
        let (up_bytes, down_bytes) = (traffic.sent_bytes, traffic.received_bytes);
        writeln!(f, "messages       {up} sent, {down} received")?;
        writeln!(f, "bytes of CoAP  {up_bytes} sent, {down_bytes} received")?;
        writeln!(f, "bootstraps     {}", bootstrap.finished)?;
        writeln!(f, "registrations  {}", server.registers)?;
        writeln!(f, "Updates        {}", server.updates)?;
        writeln!(f, "notifications  {}", server.notifications)?;
        writeln!(f, "De-registers   {}", server.deregisters)?;
        write!(
            f,
            "packages       {} bytes pulled in {} requests",
            files.body_bytes, files.requests
        )?;
        let Some(day) = day else { return Ok(()) };
        write!(
            f,
            "\nper day        {} wake-ups of the radio; {} messages sent ({} bytes), {} received ({} bytes)",
            day.wake_ups, day.sent, day.bytes_sent, day.received, day.bytes_received
        )
    }
}

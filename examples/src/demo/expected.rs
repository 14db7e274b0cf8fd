//! What the timeline must hold.

use core::fmt;

use carrier_mock::server::{BootstrapStatistics, ManagementStatistics};

use super::timeline::{EVENT, Line, Traffic};

/// The steps, each the beginning of a line.
pub(super) const STEPS: &[&str] = &[
    // Initialisation: the factory's key is written while the link is down anyway.
    "call     init()",
    "event    LWM2M_CARRIER_EVENT_BSDLIB_INIT",
    "keys     write identity to tag 25",
    "keys     write pre-shared key to tag 25",
    "event    LWM2M_CARRIER_EVENT_CONNECTING",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "return   init(): success",
    "call     run()",
    // Bootstrap: the key store can be written only while the link is down.
    "session  0 begins its handshake",
    "message  device -> bootstrap  Bootstrap-Request /bs: CON POST",
    "message  device <- bootstrap  answer to Bootstrap-Request /bs: ACK 2.04",
    "message  device <- bootstrap  Bootstrap-Delete /0: CON DELETE",
    "message  device -> bootstrap  answer to Bootstrap-Delete /0: ACK 2.02",
    "message  device <- bootstrap  Bootstrap-Write /0/1: CON PUT",
    "message  device -> bootstrap  answer to Bootstrap-Write /0/1: ACK 2.04",
    "message  device <- bootstrap  Bootstrap-Write /1/0: CON PUT",
    "message  device -> bootstrap  answer to Bootstrap-Write /1/0: ACK 2.04",
    "message  device <- bootstrap  Bootstrap-Finish /bs: CON POST",
    "storage  store record 3",
    "message  device -> bootstrap  answer to Bootstrap-Finish /bs: ACK 2.04",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTING",
    "link     down, as requested",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTED (as requested)",
    "keys     write identity to tag 26",
    "keys     write pre-shared key to tag 26",
    "storage  store record 2",
    "storage  erase record 3",
    "event    LWM2M_CARRIER_EVENT_CONNECTING",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "event    LWM2M_CARRIER_EVENT_BOOTSTRAPPED",
    "event    LWM2M_CARRIER_EVENT_LTE_READY",
    "message  device -> lwm2m  Register /rd: CON POST",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/1",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    // The server looks at the device.
    "message  device -> lwm2m  answer to Read /3/0/0: ACK 2.05",
    "server   /3/0/0: 2.05 = Example Ltd",
    "message  device -> lwm2m  answer to Read /3303/0: ACK 2.05",
    "server   /3303/0: 2.05 = 13 bytes of TLV",
    "message  device <- lwm2m  Observe /3303/0/5700: CON GET",
    "server   /3303/0/5700: 2.05 = 21.5",
    // Two new values, and an Update in time.
    "message  device -> lwm2m  Notify /3303/0/5700: NON 2.05",
    "server   /3303/0/5700 has changed = 22",
    "message  device -> lwm2m  Notify /3303/0/5700: NON 2.05",
    "server   /3303/0/5700 has changed = 22.5",
    "message  device -> lwm2m  Update /rd/1: CON POST",
    "message  device <- lwm2m  answer to Update /rd/1: ACK 2.04",
    // No coverage.
    "link     down, no coverage",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTED (no coverage)",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "event    LWM2M_CARRIER_EVENT_LTE_READY",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    "server   /3303/0/5700: 2.05 = 22.5",
    // No server: an Update is sent five times (RFC 7252, section 4.2), then the device waits.
    "server   goes down",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "event    LWM2M_CARRIER_EVENT_DEFERRED (LWM2M_CARRIER_DEFERRED_SERVER_REGISTRATION, next attempt in 60 s)",
    "server   the registration has expired",
    "server   is back",
    "message  device -> lwm2m  Register /rd: CON POST",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/3",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    "server   /3303/0/5700: 2.05 = 22.5",
    "server   /3303/0/5700 has changed = 19.5",
    // The server asks for a restart; the application refuses once.
    "message  device <- lwm2m  Execute /3/0/4: CON POST",
    "message  device -> lwm2m  answer to Execute /3/0/4: ACK 2.04",
    "event    LWM2M_CARRIER_EVENT_REBOOT",
    "answer   the application refuses",
    "message  device <- lwm2m  Execute /3/0/4: CON POST",
    "message  device -> lwm2m  answer to Execute /3/0/4: ACK 2.04",
    "event    LWM2M_CARRIER_EVENT_REBOOT",
    "answer   the application agrees",
    "device   restarts",
    "device   boots",
    // The next life, without a bootstrap.
    "call     init()",
    "event    LWM2M_CARRIER_EVENT_BSDLIB_INIT",
    "event    LWM2M_CARRIER_EVENT_CONNECTING",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "return   init(): success",
    "call     run()",
    "event    LWM2M_CARRIER_EVENT_LTE_READY",
    "message  device -> lwm2m  Register /rd: CON POST",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/4",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    "server   /3303/0/5700: 2.05 = 21.5",
    "server   /3303/0/5700 has changed = 23",
    "call     link_down()",
    "message  device -> lwm2m  De-register /rd/4: CON DELETE",
    "message  device <- lwm2m  answer to De-register /rd/4: ACK 2.02",
    "event    LWM2M_CARRIER_EVENT_DEREGISTERED (server 101)",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTING",
    "link     down, as requested",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTED (as requested)",
];

/// Looks for `steps` among `lines`, in this order. There may be other lines in between, but no other events.
///
/// # Errors
/// A sentence that says what is missing, or too much.
pub(super) fn check(lines: &[Line], steps: &[&str]) -> Result<(), String> {
    let mut steps = steps.iter().peekable();
    for Line { at, text, .. } in lines {
        if steps.next_if(|step| text.starts_with(**step)).is_some() || !text.starts_with(EVENT) {
            continue;
        }
        let before = steps.peek().map_or("the end", |step| **step);
        let at = at.as_millis();
        return Err(format!(
            "At {at} ms came \"{text}\", which was not expected before \"{before}\"."
        ));
    }
    match steps.next() {
        None => Ok(()),
        Some(step) => Err(format!("The step \"{step}\" is missing.")),
    }
}

/// The summary: what servers and network have counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals {
    pub(super) bootstrap: BootstrapStatistics,
    pub(super) server: ManagementStatistics,
    pub(super) traffic: Traffic,
}

impl Totals {
    /// Whether the servers have counted what the steps say, and nothing else.
    ///
    /// # Errors
    /// A sentence that names the first count that is another one.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self {
            bootstrap, server, ..
        } = self;
        for (what, count, expected) in [
            ("Bootstrap-Requests", bootstrap.requests, 1),
            ("bootstraps", bootstrap.finished, 1),
            ("refused bootstrap operations", bootstrap.failures, 0),
            ("registrations", server.registers, 4),
            ("Updates", server.updates, 1),
            ("notifications", server.notifications, 4),
            ("expired registrations", server.expiries, 1),
            ("De-registers", server.deregisters, 1),
            ("refused requests", server.refusals, 0),
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
            traffic,
        } = self;
        let (up, down) = (traffic.sent, traffic.received);
        let (up_bytes, down_bytes) = (traffic.sent_bytes, traffic.received_bytes);
        writeln!(f, "messages       {up} sent, {down} received")?;
        writeln!(f, "bytes of CoAP  {up_bytes} sent, {down_bytes} received")?;
        writeln!(f, "bootstraps     {}", bootstrap.finished)?;
        writeln!(f, "registrations  {}", server.registers)?;
        writeln!(f, "Updates        {}", server.updates)?;
        writeln!(f, "notifications  {}", server.notifications)?;
        write!(f, "De-registers   {}", server.deregisters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lwm2m_core::time::Instant;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| Line {
            at: Instant::ZERO,
            text: (*text).into(),
            entry: None,
        };
        texts.iter().map(line).collect()
    }

    #[test]
    fn other_lines_may_lie_between_the_steps() {
        let seen = lines(&["event    A (1)", "message  x", "link     up", "event    B"]);
        assert_eq!(
            check(&seen, &["event    A", "link     up", "event    B"]),
            Ok(())
        );
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let seen = lines(&["event    A", "event    B"]);
        for (steps, named) in [
            (
                ["event    A", "event    B", "event    C"],
                "\"event    C\" is missing",
            ),
            (
                ["event    A", "keys     x", "event    B"],
                "before \"keys     x\"",
            ),
            (
                ["event    B", "event    A", "event    C"],
                "before \"event    B\"",
            ),
        ] {
            let failure = check(&seen, &steps).unwrap_err();
            assert!(failure.contains(named), "{failure}");
        }
        let failure = check(&seen, &["event    A"]).unwrap_err();
        assert!(failure.contains("before \"the end\""), "{failure}");
    }
}

//! Notifications.

use lwm2m_core::time::UnixTime;

use super::{Fields, Registration, Signal, parse_network_time};

/// A notification that this crate knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Urc {
    /// `+CEREG`: the registration has changed.
    Registration(Registration),
    /// `+CGEV`: packet data.
    Packet(PacketEvent),
    /// `%MDMEV`, and `+CGEV` where that tells the same: the modem about itself.
    Modem(ModemDomainEvent),
    /// `%CESQ`: the signal has changed.
    Signal(Signal),
    /// `%XTIME`: the network tells the time.
    Time(UnixTime),
}

/// What `+CGEV` tells (3GPP TS 27.007, section 10.1.19).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PacketEvent {
    /// The network has detached the device.
    NetworkDetach,
    /// The device has detached.
    DeviceDetach,
    /// A default bearer is there.
    Activated(u8),
    /// The network or the device has ended a default bearer.
    Deactivated(u8),
}

/// What `%MDMEV` tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ModemDomainEvent {
    /// Overheated.
    Overheated,
    /// Battery low.
    BatteryLow,
    /// Too many resets: attaching is restricted for 30 minutes.
    ResetLoop,
    /// How far the search for a cell has come, in the modem's numbers.
    SearchStatus(u8),
}

impl Urc {
    /// Reads a notification with its line end. `None` for others, and for one that was cut.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?.trim_ascii();
        if let Some(fields) = Fields::of(line, "+CEREG") {
            return Registration::from_notification(fields).map(Self::Registration);
        }
        if let Some(fields) = Fields::of(line, "%CESQ") {
            return Signal::from_notification(fields).map(Self::Signal);
        }
        if let Some(fields) = Fields::of(line, "%XTIME") {
            return parse_network_time(fields).map(Self::Time);
        }
        if let Some(event) = line.strip_prefix(b"%MDMEV: ") {
            return ModemDomainEvent::parse(event).map(Self::Modem);
        }
        let event = line.strip_prefix(b"+CGEV: ")?;
        let packet = PacketEvent::parse(event).map(Self::Packet);
        // Firmware without `%MDMEV` tells here that it was switched off.
        packet.or_else(|| ModemDomainEvent::parse(event).map(Self::Modem))
    }
}

impl ModemDomainEvent {
    fn parse(event: &[u8]) -> Option<Self> {
        const KNOWN: [(&str, ModemDomainEvent); 3] = [
            ("ME OVERHEATED", ModemDomainEvent::Overheated),
            ("ME BATTERY LOW", ModemDomainEvent::BatteryLow),
            ("RESET LOOP", ModemDomainEvent::ResetLoop),
        ];
        let known = KNOWN.iter().find(|(text, _)| text.as_bytes() == event);
        if let Some((_, known)) = known {
            return Some(*known);
        }
        let status = event.strip_prefix(b"SEARCH STATUS ")?;
        Fields::new(status).number().map(Self::SearchStatus)
    }
}

impl PacketEvent {
    fn parse(event: &[u8]) -> Option<Self> {
        const KNOWN: [(&str, PacketEvent); 2] = [
            ("NW DETACH", PacketEvent::NetworkDetach),
            ("ME DETACH", PacketEvent::DeviceDetach),
        ];
        let known = KNOWN.iter().find(|(text, _)| text.as_bytes() == event);
        if let Some((_, known)) = known {
            return Some(*known);
        }
        if let Some(context) = event.strip_prefix(b"ME PDN ACT ") {
            return Fields::new(context).number().map(Self::Activated);
        }
        let from = event
            .strip_prefix(b"NW")
            .or_else(|| event.strip_prefix(b"ME"))?;
        let context = from.strip_prefix(b" PDN DEACT ")?;
        Fields::new(context).number().map(Self::Deactivated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::RegistrationStatus;

    #[test]
    fn known_notifications_are_read() {
        let urc = |line: &str| Urc::parse(line.as_bytes());
        assert_eq!(
            urc("%MDMEV: ME OVERHEATED\r\n"),
            Some(Urc::Modem(ModemDomainEvent::Overheated))
        );
        assert_eq!(
            urc("%MDMEV: ME BATTERY LOW\r\n"),
            Some(Urc::Modem(ModemDomainEvent::BatteryLow))
        );
        assert_eq!(
            urc("+CGEV: ME OVERHEATED\r\n"),
            Some(Urc::Modem(ModemDomainEvent::Overheated))
        );
        assert_eq!(
            urc("+CGEV: ME BATTERY LOW\r\n"),
            Some(Urc::Modem(ModemDomainEvent::BatteryLow))
        );
        assert_eq!(
            urc("%MDMEV: RESET LOOP\r\n"),
            Some(Urc::Modem(ModemDomainEvent::ResetLoop))
        );
        assert_eq!(
            urc("%MDMEV: SEARCH STATUS 2\r\n"),
            Some(Urc::Modem(ModemDomainEvent::SearchStatus(2)))
        );
        assert_eq!(
            urc("+CGEV: NW DETACH\r\n"),
            Some(Urc::Packet(PacketEvent::NetworkDetach))
        );
        assert_eq!(
            urc("+CGEV: ME PDN ACT 0,0\r\n"),
            Some(Urc::Packet(PacketEvent::Activated(0)))
        );
        assert_eq!(
            urc("+CGEV: NW PDN DEACT 1\r\n"),
            Some(Urc::Packet(PacketEvent::Deactivated(1)))
        );
        let Some(Urc::Registration(registration)) = urc("+CEREG: 1,\"002F\",\"0012BEEF\",7\r\n")
        else {
            panic!("no registration");
        };
        assert_eq!(registration.status, RegistrationStatus::Home);
        assert!(matches!(
            urc("%XTIME: ,\"81109251714208\",\"01\"\r\n"),
            Some(Urc::Time(_))
        ));
        assert!(matches!(urc("%CESQ: 63,2,20,2\r\n"), Some(Urc::Signal(_))));
    }

    #[test]
    fn cut_and_foreign_lines_are_ignored() {
        for line in [
            "%MDMEV: ME OVERHEATED",
            "%MDMEV: ME BATT\r\n",
            "%MDMEV: PRACH CE-LEVEL 0\r\n",
            "+CEREG: 1",
            "%CESQ: 6",
            "+CSCON: 1\r\n",
            "+CGEV: EXCE STATUS 0\r\n",
            "+CGEV: \r\n",
            "\r\n",
            "",
        ] {
            assert_eq!(Urc::parse(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Urc::parse(b"+CEREG: \xFF\r\n"), None);
    }
}

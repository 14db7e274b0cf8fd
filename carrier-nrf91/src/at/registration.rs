//! Network registration, `+CEREG`.

use super::Fields;

/// Registration with the network (3GPP TS 27.007, section 10.1.22).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// Not registered, and not searching.
    NotRegistered,
    /// Registered, home network.
    Home,
    /// Searching, or trying to attach.
    Searching,
    /// The network has refused.
    Denied,
    /// Unknown, for instance out of coverage.
    Unknown,
    /// Registered, roaming.
    Roaming,
    /// Not registered because of the SIM card; Nordic's own value 90.
    SimFailure,
}

impl RegistrationStatus {
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::NotRegistered,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            4 => Self::Unknown,
            5 => Self::Roaming,
            90 => Self::SimFailure,
            _ => return None,
        })
    }

    /// Whether data can be sent.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// The radio that carries the link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AccessTechnology {
    /// LTE-M: E-UTRAN.
    LteM,
    /// NB-IoT: E-UTRAN NB-S1.
    NbIot,
}

impl AccessTechnology {
    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            7 => Some(Self::LteM),
            9 => Some(Self::NbIot),
            _ => None,
        }
    }
}

/// The serving cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cell {
    /// Tracking area code.
    pub tracking_area: u16,
    /// E-UTRAN cell identity, 28 bits.
    pub identity: u32,
    /// LTE-M or NB-IoT, where it is told.
    pub technology: Option<AccessTechnology>,
}

/// What a line of `+CEREG` says; how much depends on the level that is subscribed, 1 to 5.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Registration {
    /// Registered or why not.
    pub status: RegistrationStatus,
    /// The cell, from level 2 on.
    pub cell: Option<Cell>,
    /// EMM cause of a refusal (3GPP TS 24.301, annex A), at levels 3 and 5.
    pub reject_cause: Option<u8>,
    /// T3324 as granted, at levels 4 and 5, encoded as in 3GPP TS 24.008, table 10.5.163.
    pub active_time: Option<u8>,
    /// Extended T3412 as granted, at levels 4 and 5, encoded as in 3GPP TS 24.008, table 10.5.163a.
    pub periodic_tau: Option<u8>,
}

impl Registration {
    /// Reads a notification.
    #[must_use]
    pub fn from_notification(mut fields: Fields<'_>) -> Option<Self> {
        let status = RegistrationStatus::from_number(fields.number()?)?;
        Some(Self::with_rest(status, fields))
    }

    /// Reads the answer to `AT+CEREG?`: the level that is subscribed, and the registration. A notification in between
    /// has no second number, and is none.
    #[must_use]
    pub fn from_answer(mut fields: Fields<'_>) -> Option<(u8, Self)> {
        let level = fields.number()?;
        let status = RegistrationStatus::from_number(fields.number()?)?;
        (level <= 5).then(|| (level, Self::with_rest(status, fields)))
    }

    #[inline(never)]
    fn with_rest(status: RegistrationStatus, mut fields: Fields<'_>) -> Self {
        let tracking_area = fields.hex().and_then(|area| u16::try_from(area).ok());
        let identity = fields.hex();
        let technology = fields.number().and_then(AccessTechnology::from_number);
        // Type 0 is an EMM cause; there is no other.
        let cause_type: Option<u8> = fields.number();
        let cause = fields.number();
        Self {
            status,
            cell: tracking_area
                .zip(identity)
                .map(|(tracking_area, identity)| Cell {
                    tracking_area,
                    identity,
                    technology,
                }),
            reject_cause: cause.filter(|_| cause_type == Some(0)),
            active_time: fields.bits(),
            periodic_tau: fields.bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(line: &str) -> Option<Registration> {
        Registration::from_notification(Fields::of(str::as_bytes(line), "+CEREG")?)
    }

    const CELL: Cell = Cell {
        tracking_area: 0x002F,
        identity: 0x0012_BEEF,
        technology: Some(AccessTechnology::LteM),
    };

    #[test]
    fn notifications_of_all_levels_are_read() {
        let bare = Registration {
            status: RegistrationStatus::Searching,
            cell: None,
            reject_cause: None,
            active_time: None,
            periodic_tau: None,
        };
        assert_eq!(notification("+CEREG: 2"), Some(bare));
        assert_eq!(notification("+CEREG:2"), Some(bare));
        let home = Registration {
            status: RegistrationStatus::Home,
            cell: Some(CELL),
            ..bare
        };
        assert_eq!(
            notification("+CEREG: 1,\"002F\",\"0012BEEF\",7"),
            Some(home)
        );
        let denied = Registration {
            status: RegistrationStatus::Denied,
            cell: Some(CELL),
            reject_cause: Some(15),
            ..bare
        };
        assert_eq!(
            notification("+CEREG: 3,\"002F\",\"0012BEEF\",7,0,15"),
            Some(denied)
        );
        let saving = Registration {
            active_time: Some(0b0010_0001),
            periodic_tau: Some(0b0000_0110),
            ..home
        };
        let line = "+CEREG: 1,\"002F\",\"0012BEEF\",7,,,\"00100001\",\"00000110\"";
        assert_eq!(notification(line), Some(saving));
        let line = "+CEREG: 1,\"002F\",\"0012BEEF\",7,0,15,\"00100001\",\"00000110\"";
        assert_eq!(
            notification(line),
            Some(Registration {
                reject_cause: Some(15),
                ..saving
            })
        );
        assert_eq!(
            notification("+CEREG: 90").map(|it| it.status),
            Some(RegistrationStatus::SimFailure)
        );
    }

    #[test]
    fn answer_is_told_from_a_notification() {
        let answer =
            |line| Registration::from_answer(Fields::of(str::as_bytes(line), "+CEREG").unwrap());
        let (level, registration) = answer("+CEREG: 2,1,\"002F\",\"0012BEEF\",7").unwrap();
        assert_eq!((level, registration.cell), (2, Some(CELL)));
        assert_eq!(
            answer("+CEREG: 0,5").map(|(level, it)| (level, it.status)),
            Some((0, RegistrationStatus::Roaming))
        );
        assert_eq!(answer("+CEREG: 1,\"002F\",\"0012BEEF\",7"), None);
        assert_eq!(answer("+CEREG: 2"), None);
    }

    #[test]
    fn unknown_status_is_none() {
        for line in ["+CEREG: 9", "+CEREG: ", "+CEREG: x", "+CEREG: 256"] {
            assert_eq!(notification(line), None, "{line}");
        }
    }
}

//! What the modem says unasked (unsolicited result codes), also between the lines of an answer.

use super::{Fields, after};

/// The registration with the network, `<stat>` of `+CEREG` (3GPP TS 27.007, section 10.1.22).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Registration {
    /// The modem does not look for a network: 0.
    #[default]
    Idle,
    /// It looks for one: 2, and 4, which is not known.
    Searching,
    /// The network refuses the device: 3.
    Denied,
    /// Registered at home or roaming: 1 and 5. Those for SMS and emergency calls alone (6 to 8) are no registration for us.
    Registered,
}

impl Registration {
    const fn of(stat: u8) -> Self {
        match stat {
            1 | 5 => Self::Registered,
            2 | 4 => Self::Searching,
            3 => Self::Denied,
            _ => Self::Idle,
        }
    }
}

/// Something that the modem says by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Urc {
    /// `+CEREG: <stat>[,<tac>,<ci>[,<AcT>]]`: the registration, and the cell where there is one.
    Registration(Registration, Option<u32>),
    /// `+QIOPEN: <connectID>,<err>`: a socket is open (0), or not.
    Opened(u8, u16),
    /// `+QIURC: "recv",<connectID>`: datagrams lie in the modem. Not told again until all of them were read.
    Received(u8),
    /// `+QIURC: "closed",<connectID>`
    Closed(u8),
    /// `+QIURC: "pdpdeact",<contextID>`: the network has closed the packet data connection.
    Deactivated,
    /// `RDY`, `APP RDY`, `POWERED DOWN`, `NORMAL POWER DOWN`: the modem has begun anew, or ends.
    Restarted,
    /// `+CPIN: NOT INSERTED` and the like: the SIM card is gone.
    NoSim,
}

impl Urc {
    /// What `line` says, if it is one of these.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        if let Some(rest) = after(line, "+CEREG:") {
            let mut fields = Fields::new(rest);
            let stat = fields.number()?;
            // `<n>,<stat>` is an answer to `AT+CEREG?`.
            let cell = match fields.raw() {
                None => None,
                Some(area) if area.starts_with('"') => cell(&mut fields),
                Some(_) => return None,
            };
            return Some(Self::Registration(Registration::of(stat), cell));
        }
        if let Some(rest) = after(line, "+QIOPEN:") {
            let mut fields = Fields::new(rest);
            return Some(Self::Opened(fields.number()?, fields.number()?));
        }
        if let Some(rest) = after(line, "+QIURC:") {
            let mut fields = Fields::new(rest);
            return match fields.text()? {
                "recv" => fields.number().map(Self::Received),
                "closed" => fields.number().map(Self::Closed),
                "pdpdeact" => Some(Self::Deactivated),
                _ => None,
            };
        }
        match line {
            "RDY" | "APP RDY" | "POWERED DOWN" | "NORMAL POWER DOWN" => Some(Self::Restarted),
            "+CPIN: NOT INSERTED" | "+CPIN: NOT READY" => Some(Self::NoSim),
            _ => None,
        }
    }

    /// What the answer to `AT+CEREG?` says: `+CEREG: <n>,<stat>[,<tac>,<ci>[,<AcT>]]`.
    #[must_use]
    pub fn answer(line: &str) -> Option<Self> {
        let mut fields = Fields::new(after(line, "+CEREG:")?);
        fields.number::<u8>()?;
        let stat = fields.number()?;
        fields.raw();
        Some(Self::Registration(
            Registration::of(stat),
            cell(&mut fields),
        ))
    }
}

/// The identity of the cell, in hexadecimal digits.
fn cell(fields: &mut Fields<'_>) -> Option<u32> {
    u32::from_str_radix(fields.text()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrations() {
        let registered = Registration::Registered;
        let cases = [
            ("+CEREG: 1", Registration::Registered, None),
            ("+CEREG: 5", registered, None),
            ("+CEREG: 2", Registration::Searching, None),
            ("+CEREG: 0", Registration::Idle, None),
            ("+CEREG: 3", Registration::Denied, None),
            (
                "+CEREG: 1,\"1A2B\",\"01A2D003\",8",
                registered,
                Some(0x01A2_D003),
            ),
        ];
        for (line, stat, cell) in cases {
            assert_eq!(
                Urc::parse(line),
                Some(Urc::Registration(stat, cell)),
                "{line}"
            );
        }
    }

    #[test]
    fn an_answer_is_no_unsolicited_code() {
        assert_eq!(Urc::parse("+CEREG: 2,1"), None);
        let searching = Urc::Registration(Registration::Searching, None);
        assert_eq!(Urc::answer("+CEREG: 2,2"), Some(searching));
        let cell = Urc::Registration(Registration::Registered, Some(0x2A));
        assert_eq!(
            Urc::answer("+CEREG: 2,1,\"1A2B\",\"0000002A\",8"),
            Some(cell)
        );
        assert_eq!(Urc::answer("+CEREG: 1"), None);
    }

    #[test]
    fn sockets() {
        assert_eq!(Urc::parse("+QIOPEN: 0,0"), Some(Urc::Opened(0, 0)));
        assert_eq!(Urc::parse("+QIOPEN: 3,565"), Some(Urc::Opened(3, 565)));
        assert_eq!(Urc::parse("+QIURC: \"recv\",11"), Some(Urc::Received(11)));
        assert_eq!(Urc::parse("+QIURC: \"closed\",2"), Some(Urc::Closed(2)));
        assert_eq!(Urc::parse("+QIURC: \"pdpdeact\",1"), Some(Urc::Deactivated));
        for line in [
            "+QIURC: \"recv\"",
            "+QIURC: recv,1",
            "+QIURC: \"dnsgip\",0",
            "+QIOPEN: 0",
        ] {
            assert_eq!(Urc::parse(line), None, "{line}");
        }
    }
}

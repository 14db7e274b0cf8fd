//! What is sent.

use at_commands::builder::CommandBuilder;
use lwm2m_core::time::Duration;

/// The packet data context that is used; the modem numbers them from 1 to 16.
const CONTEXT: u8 = 1;
/// What ends a command (ITU-T V.250, section 5.2.1); a line feed behind it would be the first byte of a datagram.
const END: &[u8] = b"\r";
/// Most bytes that one `AT+QIRD` may ask for.
pub(crate) const READ: u16 = 1500;

/// A command.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Command<'c> {
    /// A command without parameters or effect, whose answer has no others either.
    Plain(Kind),
    /// Which access point the packet data context uses.
    Context {
        /// Its name; empty for the one of the subscription.
        apn: &'c str,
    },
    /// Opens a UDP socket; its outcome comes in a [`Urc::Opened`](super::Urc::Opened).
    Open {
        /// Number of the socket.
        connection: u8,
        /// Name or address of the peer.
        host: &'c str,
        /// Port of the peer.
        port: u16,
    },
    /// Sends a datagram, whose bytes follow when the modem asks for them.
    Send {
        /// Number of the socket.
        connection: u8,
        /// The datagram, up to 1,460 bytes.
        datagram: &'c [u8],
    },
}

/// What a command is about, without its parameters: enough to understand the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// `AT`: is anybody there?
    Attention,
    /// `ATE0`: commands are not sent back.
    EchoOff,
    /// `AT+CMEE=1`: errors have numbers.
    NumericErrors,
    /// `AT+CPIN?`: the SIM card.
    Sim,
    /// `AT+CEREG=2`: the registration and its changes are told, with the cell.
    ReportRegistration,
    /// `AT+QICSGP`: the access point.
    Context,
    /// `AT+CFUN=1`: the radio is switched on, and the modem attaches by itself from now on.
    RadioOn,
    /// `AT+CFUN=4`: flight mode.
    RadioOff,
    /// `AT+CEREG?`
    Registration,
    /// `AT+QIACT?`: the contexts that are active.
    Contexts,
    /// `AT+QIACT`: activates the context.
    Activate,
    /// `AT+CCLK?`
    Date,
    /// `AT+QIOPEN`
    Open(u8),
    /// `AT+QICLOSE`
    Close(u8),
    /// `AT+QISEND`
    Send(u8),
    /// `AT+QIRD`: hands a datagram over.
    Read(u8),
    /// `AT+CGSN`
    Imei,
    /// `AT+QCCID`
    Iccid,
    /// `AT+CNUM`
    Msisdn,
    /// `AT+CGMR`
    Version,
    /// `AT+QCSQ`: signal quality.
    Signal,
}

impl Command<'_> {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match *self {
            Self::Plain(kind) => kind,
            Self::Context { .. } => Kind::Context,
            Self::Open { connection, .. } => Kind::Open(connection),
            Self::Send { connection, .. } => Kind::Send(connection),
        }
    }

    /// Writes the command with its end to the start of `buffer`; `None` where it does not fit.
    #[must_use]
    pub fn write<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let written = match *self {
            Self::Plain(kind) => kind.write(buffer),
            // <contextID>,<context_type>,<APN>: 1 is IPv4.
            Self::Context { apn } => CommandBuilder::create_set(buffer, true)
                .named("+QICSGP")
                .with_int_parameter(CONTEXT)
                .with_int_parameter(1)
                .with_string_parameter(apn)
                .finish_with(END),
            // <contextID>,<connectID>,<service_type>,<IP or name>,<remote_port>,<local_port>,<access_mode>: any local
            // port; access mode 0 keeps what comes in the modem until it is asked for.
            Self::Open {
                connection,
                host,
                port,
            } => CommandBuilder::create_set(buffer, true)
                .named("+QIOPEN")
                .with_int_parameter(CONTEXT)
                .with_int_parameter(connection)
                .with_string_parameter("UDP")
                .with_string_parameter(host)
                .with_int_parameter(port)
                .with_int_parameter(0)
                .with_int_parameter(0)
                .finish_with(END),
            Self::Send {
                connection,
                datagram,
            } => CommandBuilder::create_set(buffer, true)
                .named("+QISEND")
                .with_int_parameter(connection)
                .with_int_parameter(u16::try_from(datagram.len()).ok()?)
                .finish_with(END),
        };
        written.ok()
    }
}

impl Kind {
    fn write(self, buffer: &mut [u8]) -> Result<&[u8], usize> {
        let set = |buffer, name: &'static str, value: u8| {
            CommandBuilder::create_set(buffer, true)
                .named(name)
                .with_int_parameter(value)
                .finish_with(END)
        };
        let query = |buffer, name: &'static str| {
            CommandBuilder::create_query(buffer, true)
                .named(name)
                .finish_with(END)
        };
        let execute = |buffer, name: &'static str| {
            CommandBuilder::create_execute(buffer, true)
                .named(name)
                .finish_with(END)
        };
        match self {
            Self::EchoOff => execute(buffer, "E0"),
            Self::NumericErrors => set(buffer, "+CMEE", 1),
            Self::Sim => query(buffer, "+CPIN"),
            Self::ReportRegistration => set(buffer, "+CEREG", 2),
            Self::RadioOn => set(buffer, "+CFUN", 1),
            Self::RadioOff => set(buffer, "+CFUN", 4),
            Self::Registration => query(buffer, "+CEREG"),
            Self::Contexts => query(buffer, "+QIACT"),
            Self::Activate => set(buffer, "+QIACT", CONTEXT),
            Self::Date => query(buffer, "+CCLK"),
            Self::Close(connection) => set(buffer, "+QICLOSE", connection),
            Self::Read(connection) => CommandBuilder::create_set(buffer, true)
                .named("+QIRD")
                .with_int_parameter(connection)
                .with_int_parameter(READ)
                .finish_with(END),
            Self::Imei => execute(buffer, "+CGSN"),
            Self::Iccid => execute(buffer, "+QCCID"),
            Self::Msisdn => execute(buffer, "+CNUM"),
            Self::Version => execute(buffer, "+CGMR"),
            Self::Signal => execute(buffer, "+QCSQ"),
            // Those with other parameters are written by `Command`.
            Self::Attention | Self::Context | Self::Open(_) | Self::Send(_) => execute(buffer, ""),
        }
    }

    /// How long the final answer may take: the maximum response times of the manual, and no less than five seconds.
    #[must_use]
    pub const fn timeout(self) -> Duration {
        match self {
            Self::Attention => Duration::from_secs(1),
            Self::RadioOn | Self::RadioOff => Duration::from_secs(15),
            Self::Activate | Self::Open(_) => Duration::from_secs(150),
            Self::Send(_) => Duration::from_secs(120),
            Self::Close(_) => Duration::from_secs(10),
            _ => Duration::from_secs(5),
        }
    }

    /// How the line with the fact begins that is asked for; `None`: it is the line.
    #[must_use]
    pub const fn fact(self) -> Option<Option<&'static str>> {
        match self {
            Self::Imei | Self::Version => Some(None),
            Self::Iccid => Some(Some("+QCCID:")),
            Self::Msisdn => Some(Some("+CNUM:")),
            Self::Signal => Some(Some("+QCSQ:")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "a failed test panics")]

    use super::*;

    fn written(command: &Command<'_>, text: &[u8]) {
        let mut buffer = [0; 64];
        assert_eq!(command.write(&mut buffer), Some(text));
        assert_eq!(command.write(&mut buffer[..text.len() - 1]), None);
    }

    /// As the manuals have them.
    #[test]
    fn commands() {
        written(&Command::Plain(Kind::Attention), b"AT\r");
        written(&Command::Plain(Kind::EchoOff), b"ATE0\r");
        written(&Command::Plain(Kind::RadioOff), b"AT+CFUN=4\r");
        written(&Command::Plain(Kind::Registration), b"AT+CEREG?\r");
        written(&Command::Plain(Kind::Read(11)), b"AT+QIRD=11,1500\r");
        written(&Command::Plain(Kind::Imei), b"AT+CGSN\r");
        written(
            &Command::Context { apn: "iot.example" },
            b"AT+QICSGP=1,1,\"iot.example\"\r",
        );
        let (connection, host, port) = (2, "192.0.2.1", 5683);
        written(
            &Command::Open {
                connection,
                host,
                port,
            },
            b"AT+QIOPEN=1,2,\"UDP\",\"192.0.2.1\",5683,0,0\r",
        );
        let datagram = &[0; 1280];
        written(
            &Command::Send {
                connection,
                datagram,
            },
            b"AT+QISEND=2,1280\r",
        );
    }
}

//! The command line.

use core::fmt;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgGroup, Parser};

use super::uri::ServerUri;
use crate::dtls::PskCredentials;

/// A LwM2M client with a console on standard input.
#[derive(Parser)]
#[command(name = "lwm2m-client", version)]
#[command(group = ArgGroup::new("uri").required(true))]
struct Line {
    /// Register with this server at once: coap://HOST[:PORT] or coaps://HOST[:PORT]
    #[arg(long, value_name = "URI", group = "uri")]
    server: Option<ServerUri>,

    /// Bootstrap from this server first
    #[arg(long, value_name = "URI", group = "uri")]
    bootstrap: Option<ServerUri>,

    /// Endpoint client name
    #[arg(long, value_name = "NAME")]
    endpoint: String,

    /// Identity of the pre-shared key for the URI given
    #[arg(long, value_name = "ID", requires = "psk")]
    psk_identity: Option<String>,

    /// Pre-shared key for the URI given, in hexadecimal; other users of this host may see it
    #[arg(long, value_name = "HEX", requires = "psk_identity")]
    psk: Option<String>,

    /// Lifetime of the registration in seconds
    #[arg(long, value_name = "S", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..))]
    lifetime: u32,

    /// Announce queue mode
    #[arg(long)]
    queue: bool,

    /// Keep the state in this file, made when it does not exist
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// Take firmware: the slot for it is this file, made when it does not exist; FILE.installed is what was installed
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,

    /// Bytes of the longest firmware package, the same each time
    #[arg(long, value_name = "BYTES", default_value_t = 1_048_576, value_parser = clap::value_parser!(u32).range(1..=267_000_000))]
    firmware_size: u32,

    /// Trust the CA certificates in this file, PEM or DER, and no others: for firmware servers under https://
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Speak JSON, one object a line
    #[arg(long)]
    json: bool,
}

/// What the command line asks for, checked.
#[derive(Debug)]
#[non_exhaustive]
pub struct Options {
    /// The first server.
    pub server: ServerUri,
    /// Whether that is a bootstrap server.
    pub is_bootstrap_server: bool,
    /// Endpoint client name, 1 to 255 bytes.
    pub endpoint: String,
    /// Key for the first server: there exactly when its URI is a `coaps://` one.
    pub psk: Option<PskCredentials>,
    /// Lifetime of the registration in seconds, at least 1.
    pub lifetime: u32,
    /// Whether queue mode is announced.
    pub queue: bool,
    /// Where the state is kept; nowhere without.
    pub state: Option<PathBuf>,
    /// The file of the firmware slot; no firmware is taken without.
    pub firmware: Option<PathBuf>,
    /// Bytes of the longest firmware package: 1 to 267,000,000.
    pub firmware_size: u32,
    /// The file with the CA certificates that are trusted.
    pub ca: Option<PathBuf>,
    /// Whether the console speaks JSON.
    pub json: bool,
}

/// Why there are no options.
#[derive(Debug)]
#[non_exhaustive]
pub enum ArgsError {
    /// The command line is wrong; one sentence says why.
    Wrong(String),
    /// The user has asked for the help or the version: this text.
    Shown(String),
}

impl ArgsError {
    /// The process's exit code: 2, or 0 after the help.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Wrong(_) => 2,
            Self::Shown(_) => 0,
        }
    }

    fn wrong(sentence: impl Into<String>) -> Self {
        Self::Wrong(sentence.into())
    }
}

impl From<clap::Error> for ArgsError {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Shown(text),
            _ => Self::Wrong(sentence(&text)),
        }
    }
}

/// The first paragraph of clap's message on one line.
fn sentence(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let paragraph = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(text) | Self::Shown(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for ArgsError {}

impl Options {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// [`ArgsError`]: print it, to stderr where it is wrong, and exit with its code.
    pub fn parse<T: Into<OsString> + Clone>(
        line: impl IntoIterator<Item = T>,
    ) -> Result<Self, ArgsError> {
        let line = Line::try_parse_from(line)?;
        let is_bootstrap_server = line.bootstrap.is_some();
        let server = line
            .server
            .or(line.bootstrap)
            .ok_or_else(|| ArgsError::wrong("one of --server and --bootstrap is needed"))?;
        if line.endpoint.is_empty() || line.endpoint.len() > 255 {
            return Err(ArgsError::wrong("--endpoint has 1 to 255 bytes"));
        }
        let psk = match (line.psk_identity, line.psk) {
            (Some(identity), Some(key)) => Some(credentials(&identity, &key)?),
            _ => None,
        };
        match (server.secure, psk.is_some()) {
            (true, false) => {
                return Err(ArgsError::wrong(
                    "a coaps:// URI needs --psk-identity and --psk",
                ));
            }
            (false, true) => {
                return Err(ArgsError::wrong(
                    "--psk goes with a coaps:// URI, and this one is coap://",
                ));
            }
            _ => {}
        }
        Ok(Self {
            server,
            is_bootstrap_server,
            endpoint: line.endpoint,
            psk,
            lifetime: line.lifetime,
            queue: line.queue,
            state: line.state,
            firmware: line.firmware,
            firmware_size: line.firmware_size,
            ca: line.ca,
            json: line.json,
        })
    }
}

fn credentials(identity: &str, key: &str) -> Result<PskCredentials, ArgsError> {
    let key = super::value::parse_hex(key)
        .ok_or_else(|| ArgsError::wrong("--psk is an even number of hexadecimal digits"))?;
    PskCredentials::new(identity.as_bytes(), &key)
        .map_err(|_| ArgsError::wrong("--psk-identity and --psk have 1 to 65535 bytes each"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, ArgsError> {
        Options::parse(line.split(' '))
    }

    #[test]
    fn a_short_line_has_defaults() {
        let options = parse("lwm2m-client --server coap://localhost --endpoint dev").unwrap();
        assert_eq!(options.server.text, "coap://localhost");
        assert!(!options.is_bootstrap_server);
        assert_eq!(options.endpoint, "dev");
        assert!(options.psk.is_none());
        assert_eq!(options.lifetime, 3600);
        assert!(!options.queue && !options.json);
        assert_eq!(options.state, None);
        assert_eq!((options.firmware, options.ca), (None, None));
        assert_eq!(options.firmware_size, 1 << 20);
    }

    #[test]
    fn a_full_line_is_taken_apart() {
        let options = parse(
            "lwm2m-client --bootstrap coaps://[::1]:5784 --endpoint urn:imei:353270080000008 \
             --psk-identity me --psk 00ff --lifetime 60 --queue --state s.flash \
             --firmware f.flash --firmware-size 300000 --ca roots.pem --json",
        )
        .unwrap();
        assert!(options.is_bootstrap_server);
        assert_eq!(options.server.port, 5784);
        assert_eq!(options.psk.unwrap().identity(), b"me");
        assert_eq!(options.lifetime, 60);
        assert!(options.queue && options.json);
        assert_eq!(options.state, Some("s.flash".into()));
        assert_eq!(options.firmware, Some("f.flash".into()));
        assert_eq!(options.firmware_size, 300_000);
        assert_eq!(options.ca, Some("roots.pem".into()));
    }

    #[test]
    fn wrong_lines_are_one_sentence_and_code_2() {
        let expected = [
            (
                "lwm2m-client",
                "the following required arguments were not provided: --endpoint <NAME> <--server <URI>|--bootstrap <URI>>",
            ),
            (
                "lwm2m-client --server coap://h",
                "the following required arguments were not provided: --endpoint <NAME>",
            ),
            (
                "lwm2m-client --endpoint x --server coap://h --bootstrap coap://h",
                "the argument '--server <URI>' cannot be used with '--bootstrap <URI>'",
            ),
            (
                "lwm2m-client --endpoint x --server h",
                "invalid value 'h' for '--server <URI>': a server URI begins with coap:// or coaps://",
            ),
            (
                "lwm2m-client --endpoint x --server coaps://h",
                "a coaps:// URI needs --psk-identity and --psk",
            ),
            (
                "lwm2m-client --endpoint x --server coap://h --psk-identity i --psk 00",
                "--psk goes with a coaps:// URI, and this one is coap://",
            ),
            (
                "lwm2m-client --endpoint x --server coaps://h --psk-identity i --psk 0",
                "--psk is an even number of hexadecimal digits",
            ),
            (
                "lwm2m-client --endpoint x --server coaps://h --psk 00",
                "the following required arguments were not provided: --psk-identity <ID>",
            ),
            (
                "lwm2m-client --endpoint x --server coap://h --lifetime 0",
                "invalid value '0' for '--lifetime <S>': 0 is not in 1..=4294967295",
            ),
            (
                "lwm2m-client --endpoint x --server coap://h --firmware-size 0",
                "invalid value '0' for '--firmware-size <BYTES>': 0 is not in 1..=267000000",
            ),
            (
                "lwm2m-client --endpoint x --server coap://h nonsense",
                "unexpected argument 'nonsense' found",
            ),
        ];
        for (line, sentence) in expected {
            let error = parse(line).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert_eq!(error.to_string(), sentence);
        }
        let empty = ["lwm2m-client", "--server", "coap://h", "--endpoint", ""];
        assert_eq!(
            Options::parse(empty).unwrap_err().to_string(),
            "--endpoint has 1 to 255 bytes"
        );
    }

    #[test]
    fn help_is_shown_with_code_0_and_names_every_option() {
        let error = parse("lwm2m-client --help").unwrap_err();
        assert_eq!(error.exit_code(), 0);
        let help = error.to_string();
        for option in [
            "--server",
            "--bootstrap",
            "--endpoint",
            "--psk-identity",
            "--psk",
            "--lifetime",
            "--queue",
            "--state",
            "--firmware",
            "--firmware-size",
            "--ca",
            "--json",
        ] {
            assert!(help.contains(option), "{option}");
        }
    }

    #[test]
    fn the_key_is_never_shown() {
        let line = "lwm2m-client --endpoint x --server coaps://h --psk-identity i --psk deadbeef";
        let shown = format!("{:?}", parse(line).unwrap());
        assert!(!shown.contains("deadbeef") && !shown.contains("222, 173"));
    }
}

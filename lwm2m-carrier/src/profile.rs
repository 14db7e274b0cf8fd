//! Carrier facts as data.

use core::fmt;

use lwm2m_core::client::{BackOff, Config};

use crate::{endpoint::EndpointFormat, hal::SecurityTag};

/// What distinguishes one carrier's device management from another's.
///
/// A profile is a constant, made from [`GENERIC`](Self::GENERIC) by the `with_` functions:
///
/// ```
/// use lwm2m_carrier::{Credentials, Profile};
///
/// const LAB: Profile<'_> = Profile::GENERIC
///     .with_bootstrap_server("coaps://bootstrap.example.com:5684")
///     .with_credentials(Credentials::Psk { identity: b"device-17", key: &[7; 16] })
///     .with_lifetime(3600);
/// ```
///
/// What a carrier does not publish, such as its keys, is not invented here: the integrator fills it in.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Profile<'p> {
    /// Name for logs.
    pub name: &'p str,
    /// URI of the first server: `coap://host:port` or `coaps://host:port`; the port may be left out.
    pub server_uri: &'p str,
    /// Whether the first server is a bootstrap server. Otherwise the device registers with it at once, under the short
    /// server id 1.
    pub is_bootstrap_server: bool,
    /// How sessions with the first server are secured.
    pub credentials: Credentials<'p>,
    /// Lifetime of the registration with a server that no bootstrap server has configured, in seconds.
    pub lifetime: u32,
    /// Whether the device announces queue mode.
    pub queue_mode: bool,
    /// Whether Register names the binding although it is the default, `U`.
    pub announce_binding: bool,
    /// How the endpoint client name is made.
    pub endpoint: EndpointFormat,
    /// Whether the application is asked for CA certificates before the first connection.
    pub asks_for_certificates: bool,
    /// Whether the device de-registers before the application takes it offline by a link-down request. Otherwise the
    /// registration stays with the server, until its lifetime ends or the device registers anew.
    pub deregisters_on_link_down: bool,
    /// The first security tag that the library uses: it is for the profile's key, the 16 behind it are for the keys
    /// that bootstrap servers send, twice as many as there may be, so that new keys can be written beside those in use. The
    /// lowest that are free are taken, so two for each account with keys are enough. A key store that may write fewer says so
    /// in [`KeyStore::check`](crate::hal::KeyStore::check): then Bootstrap-Finish is answered with 4.06, and the accounts stay.
    pub first_tag: SecurityTag,
    /// Waits between attempts to bring the link up or down.
    pub link_back_off: BackOff<'p>,
    /// Waits between bootstrap attempts.
    pub bootstrap_back_off: BackOff<'p>,
    /// Waits between registration attempts once the retries of the Server object are used up.
    pub registration_back_off: BackOff<'p>,
    /// The security tag for firmware servers under `coaps` that no account is for: their URI's host and port are not
    /// those of any server in object 0.
    pub firmware_tag: Option<SecurityTag>,
    /// Waits between attempts to go on with a download of firmware.
    pub firmware_back_off: BackOff<'p>,
    /// Attempts in a row that may bring less than 1,024 bytes of a firmware package before the download is given up.
    pub firmware_attempts: u8,
    /// Most bytes of a firmware package that one HTTP request asks for; 0 for all that follow. A modem whose TLS takes
    /// short records only needs small ones.
    pub firmware_fragment: u32,
}

/// 10, 30 and 60 seconds, 2, 5, 10, 30 and 60 minutes, spread by 10 %.
const FIRMWARE_BACK_OFF: BackOff<'static> =
    BackOff::new(&[10, 30, 60, 120, 300, 600, 1_800, 3_600], 10);

impl Profile<'static> {
    /// No carrier in particular: any server, IMEI as endpoint name, lifetime of one hour, queue mode off, tags from 25.
    ///
    /// Waits: 1, 2, 4, 8, 16, 32 and 60 minutes, then 24 hours, the last repeats, each spread by 10 % either way; each of
    /// the 24 hours is followed by five attempts to bootstrap or to register, one of which may fail by chance. For
    /// firmware 10 and 30 seconds, 1, 2, 5, 10, 30 and 60 minutes, up to ten attempts in a row that bring less than
    /// 1,024 bytes.
    pub const GENERIC: Self = Self {
        name: "generic",
        server_uri: "",
        is_bootstrap_server: true,
        credentials: Credentials::None,
        lifetime: 3600,
        queue_mode: false,
        announce_binding: false,
        endpoint: EndpointFormat::Imei,
        asks_for_certificates: false,
        deregisters_on_link_down: true,
        first_tag: SecurityTag(25),
        link_back_off: BackOff::DEFAULT,
        bootstrap_back_off: BackOff::DEFAULT,
        registration_back_off: BackOff::DEFAULT,
        firmware_tag: None,
        firmware_back_off: FIRMWARE_BACK_OFF,
        firmware_attempts: 10,
        firmware_fragment: 0,
    };
}

impl<'p> Profile<'p> {
    /// The same with a bootstrap server.
    #[must_use]
    pub const fn with_bootstrap_server(mut self, uri: &'p str) -> Self {
        self.server_uri = uri;
        self.is_bootstrap_server = true;
        self
    }

    /// The same with a server to register with at once.
    #[must_use]
    pub const fn with_server(mut self, uri: &'p str) -> Self {
        self.server_uri = uri;
        self.is_bootstrap_server = false;
        self
    }

    /// The same with credentials for the first server.
    #[must_use]
    pub const fn with_credentials(mut self, credentials: Credentials<'p>) -> Self {
        self.credentials = credentials;
        self
    }

    /// The same with a lifetime in seconds.
    #[must_use]
    pub const fn with_lifetime(mut self, seconds: u32) -> Self {
        self.lifetime = seconds;
        self
    }

    /// The same with queue mode on or off.
    #[must_use]
    pub const fn with_queue_mode(mut self, on: bool) -> Self {
        self.queue_mode = on;
        self
    }

    /// The same with another kind of endpoint name.
    #[must_use]
    pub const fn with_endpoint(mut self, format: EndpointFormat) -> Self {
        self.endpoint = format;
        self
    }

    /// The same, asking the application for CA certificates or not.
    #[must_use]
    pub const fn with_certificates_from_application(mut self, asked: bool) -> Self {
        self.asks_for_certificates = asked;
        self
    }

    /// The same, de-registering before a link-down request is carried out or not.
    #[must_use]
    pub const fn with_deregistration_on_link_down(mut self, deregisters: bool) -> Self {
        self.deregisters_on_link_down = deregisters;
        self
    }

    /// The same with other security tags.
    #[must_use]
    pub const fn with_first_tag(mut self, tag: SecurityTag) -> Self {
        self.first_tag = tag;
        self
    }

    /// The same with other waits for link, bootstrap and registration.
    #[must_use]
    pub const fn with_back_off(
        mut self,
        link: BackOff<'p>,
        bootstrap: BackOff<'p>,
        registration: BackOff<'p>,
    ) -> Self {
        self.link_back_off = link;
        self.bootstrap_back_off = bootstrap;
        self.registration_back_off = registration;
        self
    }

    /// The same with a security tag for firmware servers under `coaps`.
    #[must_use]
    pub const fn with_firmware_tag(mut self, tag: SecurityTag) -> Self {
        self.firmware_tag = Some(tag);
        self
    }

    /// The same with other waits and another number of attempts for downloads of firmware.
    #[must_use]
    pub const fn with_firmware_back_off(mut self, back_off: BackOff<'p>, attempts: u8) -> Self {
        self.firmware_back_off = back_off;
        self.firmware_attempts = attempts;
        self
    }

    /// The same with another length of HTTP ranges, in bytes; 0 for the whole package in one.
    #[must_use]
    pub const fn with_firmware_fragment(mut self, bytes: u32) -> Self {
        self.firmware_fragment = bytes;
        self
    }

    /// How the client behaves under this profile, for an endpoint client name such as [`EndpointFormat`] makes.
    #[must_use]
    pub const fn config(&self, endpoint: &'p str) -> Config<'p> {
        let mut config = Config::new(endpoint);
        config.queue_mode = self.queue_mode;
        config.announce_binding = self.announce_binding;
        config.registration_back_off = self.registration_back_off;
        config.bootstrap_back_off = self.bootstrap_back_off;
        config
    }

    /// The same with another name.
    #[must_use]
    pub const fn named(mut self, name: &'p str) -> Self {
        self.name = name;
        self
    }
}

impl fmt::Debug for Profile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("server_uri", &self.server_uri)
            .finish_non_exhaustive()
    }
}

/// How sessions with the first server are secured.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Credentials<'p> {
    /// Not at all: `coap://`.
    None,
    /// By a pre-shared key that the library writes to the key store before the link is brought up.
    Psk {
        /// Identity (RFC 4279).
        identity: &'p [u8],
        /// Key.
        key: &'p [u8],
    },
    /// By a pre-shared key that somebody else has put under this tag, with its identity.
    Tag(SecurityTag),
}

impl fmt::Debug for Credentials<'_> {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Psk { .. } => f.write_str("Psk"),
            Self::Tag(tag) => f.debug_tuple("Tag").field(tag).finish(),
        }
    }
}

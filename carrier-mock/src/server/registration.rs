//! One device's registration (Core 1.1.1, section 6.2).

use core::net::SocketAddr;

use heapless::Vec;
use lwm2m_core::time::{Duration, Instant};
use lwm2m_core::wire::coap::{Code, Message, Token, option};
use lwm2m_core::wire::link::Links;

use super::dialogue::Dialogue;
use super::record::EndpointName;
use super::request::Request;
use super::transmission::MAX_TRANSMIT_WAIT;

/// The lifetime when the device names none, in seconds (Core 1.1.1, section 6.2.1).
const DEFAULT_LIFETIME: u32 = 86_400;

/// Observations of one device.
const OBSERVATIONS: usize = 8;

/// What the queries of a Register or Update say.
#[derive(Debug, Default)]
pub(super) struct Parameters<'a> {
    pub(super) endpoint: Option<&'a str>,
    lifetime: Option<u32>,
    version: Option<&'a str>,
    binding: Option<&'a str>,
    queue_mode: bool,
}

impl<'a> Parameters<'a> {
    /// Reads the queries; those that are not known are left out.
    ///
    /// # Errors
    ///
    /// 4.00 for a lifetime that is no number.
    pub(super) fn of(message: &Message<'a>) -> Result<Self, Code> {
        let mut parameters = Self::default();
        for query in message.options().filter(|o| o.number == option::URI_QUERY) {
            let query = query.str().map_err(|_| Code::BAD_REQUEST)?;
            match query.split_once('=') {
                Some(("ep", value)) => parameters.endpoint = Some(value),
                Some(("lt", value)) => {
                    parameters.lifetime = Some(value.parse().map_err(|_| Code::BAD_REQUEST)?);
                }
                Some(("lwm2m", value)) => parameters.version = Some(value),
                Some(("b", value)) => parameters.binding = Some(value),
                None if query == "Q" => parameters.queue_mode = true,
                _ => {}
            }
        }
        Ok(parameters)
    }
}

/// An observation that the server began.
#[derive(Debug)]
pub(super) struct Observation<'s> {
    pub(super) token: Token,
    pub(super) request: Request<'s>,
}

/// A registered device.
#[derive(Debug)]
pub struct Registration<'s> {
    pub(super) location: u16,
    pub(super) endpoint: EndpointName,
    pub(super) dialogue: Dialogue<'s>,
    pub(super) observations: Vec<Observation<'s>, OBSERVATIONS>,
    pub(super) last_heard: Instant,
    renewed: Instant,
    lifetime: u32,
    is_v1_0: bool,
    queue_mode: bool,
}

impl<'s> Registration<'s> {
    /// Checks a Register.
    ///
    /// # Errors
    ///
    /// 4.00 for a missing or bad parameter or object list, 4.12 for a version other than 1.0 and 1.1.
    pub(super) fn new(
        now: Instant,
        peer: SocketAddr,
        location: u16,
        message: &Message<'_>,
        script: &'s [Request<'s>],
    ) -> Result<Self, Code> {
        let parameters = Parameters::of(message)?;
        let mut endpoint = EndpointName::new();
        match parameters.endpoint {
            Some(name) if !name.is_empty() => {
                endpoint.push_str(name).map_err(|_| Code::BAD_REQUEST)?;
            }
            _ => return Err(Code::BAD_REQUEST),
        }
        let is_v1_0 = match parameters.version {
            Some("1.0") => true,
            Some("1.1") => false,
            Some(_) => return Err(Code::PRECONDITION_FAILED),
            None => return Err(Code::BAD_REQUEST),
        };
        if message.payload().is_empty() {
            return Err(Code::BAD_REQUEST);
        }
        check_object_list(message)?;
        let mut registration = Self {
            location,
            endpoint,
            dialogue: Dialogue::new(now, peer, script),
            observations: Vec::new(),
            last_heard: now,
            renewed: now,
            lifetime: DEFAULT_LIFETIME,
            is_v1_0,
            queue_mode: parameters.queue_mode,
        };
        registration.take(&parameters)?;
        Ok(registration)
    }

    /// Takes an Update.
    ///
    /// # Errors
    ///
    /// 4.00 for a bad parameter or object list; nothing changes then.
    pub(super) fn update(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        message: &Message<'_>,
    ) -> Result<(), Code> {
        let parameters = Parameters::of(message)?;
        check_object_list(message)?;
        self.take(&parameters)?;
        self.renewed = now;
        self.last_heard = now;
        self.dialogue.peer = peer;
        Ok(())
    }

    fn take(&mut self, parameters: &Parameters<'_>) -> Result<(), Code> {
        if let Some(binding) = parameters.binding {
            // In 1.0 the queue mode is a letter of the binding, later a query of its own.
            let queued = binding.contains('Q');
            if binding.is_empty() || (queued && !self.is_v1_0) {
                return Err(Code::BAD_REQUEST);
            }
            if self.is_v1_0 {
                self.queue_mode = queued;
            }
        }
        if let Some(lifetime) = parameters.lifetime {
            self.lifetime = lifetime;
        }
        Ok(())
    }

    /// When the registration ends unless the device renews it.
    #[must_use]
    pub fn expires(&self) -> Instant {
        self.renewed + Duration::from_secs(self.lifetime.into())
    }

    /// The endpoint name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The location is `/rd/` and this number.
    #[must_use]
    pub const fn location(&self) -> u16 {
        self.location
    }

    /// The address that the device was last heard from.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.dialogue.peer
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn lifetime(&self) -> u32 {
        self.lifetime
    }

    /// Whether the device asked for queue mode.
    #[must_use]
    pub const fn queue_mode(&self) -> bool {
        self.queue_mode
    }

    /// Observations that the device has accepted and neither side has ended.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.observations.len()
    }

    /// Whether a request may begin now: a device in queue mode listens for `MAX_TRANSMIT_WAIT` after it
    /// was heard (Core 1.1.1, section 6.5).
    pub(super) fn is_awake(&self, now: Instant) -> bool {
        !self.queue_mode || now.since(self.last_heard) < MAX_TRANSMIT_WAIT
    }

    pub(super) fn next_timeout(&self, now: Instant) -> Instant {
        let dialogue = self.dialogue.next_timeout(self.is_awake(now));
        dialogue.map_or_else(|| self.expires(), |at| at.min(self.expires()))
    }
}

/// An object list must be in the link format, and `ver` without quotes (as Leshan insists).
fn check_object_list(message: &Message<'_>) -> Result<(), Code> {
    if message.payload().is_empty() {
        return Ok(());
    }
    let format = message.option(option::CONTENT_FORMAT).map(|o| o.uint());
    if format != Some(Ok(40)) {
        return Err(Code::BAD_REQUEST);
    }
    let text = core::str::from_utf8(message.payload()).map_err(|_| Code::BAD_REQUEST)?;
    for link in Links::new(text) {
        let link = link.map_err(|_| Code::BAD_REQUEST)?;
        if link.attributes.clone().any(|a| a.name == "ver" && a.quoted) {
            return Err(Code::BAD_REQUEST);
        }
    }
    Ok(())
}

//! Firmware updates between the carrier's stages, sessions and records, and the machine in [`fota`](crate::fota).

use lwm2m_core::{client::SessionId, model::Objects, objects::SetError, time::Instant};

use super::{Action, Carrier, Completion, Context, Flow, NO_ROOM, Pending, Stage, account};
use crate::{
    error::{Cause, ConfigurationError, ErrorKind},
    event::Event,
    fota::{Done, FirmwareStatus, Fota, Job, Surroundings, Want, uri::Scheme},
    hal::{
        FirmwareError, OpenRequest, Opened, Received, Security, SecurityTag, SessionError,
        Transport,
    },
    record::{FIRMWARE, FirmwareRecord},
};

impl<'r> Carrier<'r> {
    /// The same with firmware updates: object 5 stands beside the application's objects.
    ///
    /// `fota` stays where it is, and is used for nothing else.
    #[must_use]
    pub fn with_firmware(mut self, fota: &'r mut Fota<'r>) -> Self {
        fota.configure(self.profile, self.client.config().transmission);
        self.fota = Some(fota);
        self
    }

    /// Sets what object 5 says of the package that runs: name (/5/0/6) and version (/5/0/7), up to 64 bytes each.
    ///
    /// # Errors
    /// [`SetError::TooLong`]; without [`with_firmware`](Self::with_firmware) nothing happens.
    pub fn set_package(
        &mut self,
        name: Option<&str>,
        version: Option<&str>,
    ) -> Result<(), SetError> {
        match &mut self.fota {
            Some(fota) => fota.set_package(name, version),
            None => Ok(()),
        }
    }

    /// Where a firmware update stands; `None` without [`with_firmware`](Self::with_firmware).
    #[must_use]
    pub fn firmware_status(&self) -> Option<FirmwareStatus> {
        self.fota.as_deref().map(Fota::status)
    }

    /// The next operation on the firmware slot. It is to be carried out while the loop of messages goes on, and handed
    /// to [`job_done`](Self::job_done); there is one at a time.
    pub fn take_job(&mut self) -> Option<Job<'r>> {
        self.fota.as_deref_mut()?.take_job()
    }

    /// Whether there is such an operation.
    pub(super) fn has_job(&self) -> bool {
        self.fota.as_deref().is_some_and(Fota::has_job)
    }

    /// Tells how an operation on the firmware slot went.
    #[inline(never)]
    pub fn job_done(&mut self, job: Job<'r>, result: Result<Done, FirmwareError>) {
        if let Some(fota) = &mut self.fota {
            fota.job_done(job, result);
        }
    }

    /// The session of downloads: the number behind those of the client.
    fn firmware_session(&self) -> SessionId {
        SessionId::new(u8::try_from(self.client.session_count()).unwrap_or(u8::MAX))
    }

    pub(super) fn is_firmware_session(&self, session: SessionId) -> bool {
        self.fota.is_some() && session == self.firmware_session()
    }

    /// Whether the record of an update is to be loaded at all.
    pub(super) const fn has_firmware(&self) -> bool {
        self.fota.is_some()
    }

    /// The client has nothing to do: what firmware updates want. `None` where they want nothing.
    pub(super) fn step_firmware(
        &mut self,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Option<Flow> {
        let online = self.connected;
        let session = self.firmware_session();
        let fota = self.fota.as_mut()?;
        let want = fota.step(&mut Surroundings {
            now: cx.now,
            online,
            buffer,
            random: cx.random,
        });
        match want {
            Want::Wait(until) => return Some(Flow::Wait(until)),
            Want::Event(event) => self.push(event),
            Want::Changed(resource) => self.client.changed(crate::fota::resource(resource)),
            Want::Answer(ticket, result) => self.client.answer(ticket, result),
            Want::Store => self.store_firmware(buffer),
            Want::Open => match self.firmware_security(buffer, cx.objects) {
                Some(_) => self.pending = Some(Pending::OpenFirmware(session)),
                None => {
                    if let Some(fota) = &mut self.fota {
                        fota.no_credentials();
                    }
                }
            },
            Want::Send(len, expect) => {
                self.client.count_sent(cx.now, len);
                self.pending = Some(Pending::Send(session, len, expect));
            }
            Want::Hold(held) => self.pending = Some(Pending::Hold(session, held)),
            Want::Close => self.pending = Some(Pending::Close(session)),
            Want::TakeDown => self.stage = Stage::TakeDown,
            Want::Reboot => self.requests.reboot = true,
        }
        Some(Flow::Again)
    }

    /// Has the record of the update stored.
    fn store_firmware(&mut self, buffer: &mut [u8]) {
        let Some(fota) = &mut self.fota else { return };
        fota.stored();
        match fota.record().encode(buffer) {
            Some(len) => self.pending = Some(Pending::Store(FIRMWARE, len)),
            None => self.push_error(ErrorKind::Internal, NO_ROOM),
        }
    }

    /// Has the record of a download stored that a server has asked for, while the answer to it waits in the buffer: once
    /// it was answered it is not lost.
    pub(super) fn store_before_answer(&mut self, buffer: &mut [u8], now: Instant) -> bool {
        let from = self.client.answer_len();
        let Some(fota) = &mut self.fota else {
            return false;
        };
        if from == 0 || !fota.takes_download(now) {
            return false;
        }
        let behind = buffer.get_mut(from..).unwrap_or_default();
        let Some(len) = fota.record().encode(behind) else {
            // Without room it is stored when the buffer is free again.
            return false;
        };
        fota.stored();
        self.pending = Some(Pending::StoreBehind(FIRMWARE, from, len));
        true
    }

    /// The record of an update has been loaded.
    #[inline(never)]
    pub(super) fn firmware_loaded(&mut self, record: Option<&[u8]>, now: Instant) {
        let record = match record.map(FirmwareRecord::decode) {
            Some(Ok(record)) => Some(record),
            Some(Err(_)) => {
                self.push_error(ErrorKind::Internal, Cause::Record);
                None
            }
            None => None,
        };
        let Some(fota) = &mut self.fota else { return };
        match record {
            Some(record) => fota.restore(&record, now),
            None => fota.ask_outcome(),
        }
    }

    /// The record of an update could not be stored.
    pub(super) fn firmware_not_stored(&mut self) {
        if let Some(fota) = &mut self.fota {
            fota.not_stored();
        }
    }

    /// Waits until a restart with a new firmware is behind the device, and its result stored; `true` at the end.
    pub(super) fn settle_firmware(&mut self, buffer: &mut [u8]) -> Option<Flow> {
        let fota = self.fota.as_mut()?;
        if fota.is_settling() {
            return Some(Flow::Wait(Instant::FAR_FUTURE));
        }
        if fota.is_unsaved() {
            self.store_firmware(buffer);
            return Some(Flow::Again);
        }
        // Not only once the device is online: a new firmware may not come so far.
        self.requests.reboot |= fota.takes_reboot();
        None
    }

    /// Whether the link is to be taken down for a restart of the modem.
    pub(super) fn firmware_needs_link_down(&self) -> bool {
        self.fota.as_deref().is_some_and(Fota::needs_link_down)
    }

    /// The link is down: whether the modem is restarted now.
    pub(super) fn restart_modem(&mut self) -> bool {
        self.fota.as_deref_mut().is_some_and(Fota::restart_modem)
    }

    /// Closes the session of a download before the link is taken down.
    pub(super) fn close_firmware_session(&mut self, now: Instant) {
        let session = self.firmware_session();
        if let Some(fota) = &mut self.fota
            && fota.leave_session(now)
        {
            self.pending = Some(Pending::Close(session));
        }
    }

    /// Forgets an update that is under way, and how the last one has ended.
    pub(super) fn forget_firmware(&mut self) {
        if let Some(fota) = &mut self.fota {
            fota.forget();
        }
    }

    /// The link is gone.
    pub(super) fn firmware_link_lost(&mut self, now: Instant) {
        if let Some(fota) = &mut self.fota {
            fota.link_lost(now);
        }
    }

    /// The answer to Update has left.
    pub(super) fn update_firmware(&mut self) {
        if let Some(fota) = &mut self.fota {
            fota.update();
        }
    }

    /// The device has registered: the server can read the result, and the application hears of a success.
    pub(super) fn firmware_registered(&mut self) {
        if self.fota.as_deref_mut().is_some_and(Fota::registered) {
            self.push(Event::FotaSuccess);
        }
    }

    /// How the session of the download is secured; `None` without credentials for it. `buffer` is used.
    fn firmware_security(&self, buffer: &mut [u8], objects: &dyn Objects) -> Option<Security> {
        let uri = self.fota.as_ref()?.target()?;
        match uri.scheme {
            Scheme::Coap | Scheme::Http => Some(Security::None),
            Scheme::Https => {
                self.ca_tags.iter().next()?;
                Some(Security::CaTags(self.ca_tags))
            }
            Scheme::Coaps => {
                let own = account::instances(objects, 0).find(|&instance| {
                    account::uri(objects, instance, buffer).is_some_and(|server| {
                        server.secure && server.host == uri.host && server.port == uri.port
                    })
                });
                let tag: Option<SecurityTag> = match own {
                    Some(instance) => self.account.tags.of(instance),
                    None => self.profile.firmware_tag,
                };
                tag.map(Security::Tag)
            }
        }
    }

    pub(super) fn open_firmware_action<'b>(
        &self,
        session: SessionId,
        buffer: &'b mut [u8],
        objects: &dyn Objects,
    ) -> Action<'b> {
        let security = self.firmware_security(buffer, objects);
        let target = self.fota.as_deref().and_then(Fota::target);
        let (host, port, transport) = match target {
            Some(uri) => {
                let host = buffer.get_mut(..uri.host.len());
                let host = host.map_or(&[][..], |to| {
                    to.copy_from_slice(uri.host.as_bytes());
                    to
                });
                let transport = match uri.scheme {
                    Scheme::Coap | Scheme::Coaps => Transport::Datagram,
                    Scheme::Http | Scheme::Https => Transport::Stream,
                };
                (
                    core::str::from_utf8(host).unwrap_or(""),
                    uri.port,
                    transport,
                )
            }
            None => ("", 0, Transport::Datagram),
        };
        let request = OpenRequest::new(host, port)
            .over(transport)
            .secured_by(security.unwrap_or(Security::None));
        Action::Open { session, request }
    }

    /// The session of a download was opened, or not.
    pub(super) fn firmware_open_done(&mut self, completion: Completion, cx: &mut Context<'_>) {
        let Some(fota) = &mut self.fota else { return };
        match completion {
            Completion::Opened(Opened::Ready { .. }) => fota.session_opened(),
            Completion::Opened(Opened::Pending) => {}
            Completion::SessionFailed(error) => fota.session_ended(error, cx.now, cx.random),
            _ => fota.session_ended(SessionError::UNSUPPORTED, cx.now, cx.random),
        }
    }

    /// Something has come over the session of a download.
    pub(super) fn firmware_received(
        &mut self,
        received: Received,
        bytes: &[u8],
        now: Instant,
        random: &mut dyn lwm2m_core::random::Random,
    ) {
        let Some(fota) = &mut self.fota else { return };
        match received {
            Received::Datagram(_) => {
                self.client.count_received(bytes.len());
                fota.received(now, bytes, random);
            }
            Received::Opened { .. } => fota.session_opened(),
            Received::Closed(error) => fota.session_ended(error, now, random),
        }
    }

    /// What was to be sent over the session of a download has failed with it.
    pub(super) fn firmware_send_failed(&mut self, error: SessionError, cx: &mut Context<'_>) {
        if let Some(fota) = &mut self.fota {
            fota.session_ended(error, cx.now, cx.random);
        }
    }

    /// What is wrong with the memory for firmware.
    pub(super) fn check_firmware_buffer(
        &mut self,
        message_buffer: usize,
    ) -> Result<(), ConfigurationError> {
        let len = self.fota.as_deref_mut().and_then(Fota::buffer_len);
        if len.is_some_and(|len| len < message_buffer) {
            return Err(ConfigurationError::Buffer);
        }
        Ok(())
    }
}

//! A carrier without firmware updates: what the stages ask about them has always the same answer.

use lwm2m_core::{client::SessionId, random::Random, time::Instant};

use super::{Carrier, Context, Flow};
use crate::{
    error::ConfigurationError,
    fota::{Done, Job},
    hal::{FirmwareError, Received, SessionError},
};

impl<'r> Carrier<'r> {
    /// There is nothing to be done with a firmware slot.
    pub const fn take_job(&mut self) -> Option<Job<'r>> {
        None
    }

    pub(super) const fn has_job(&self) -> bool {
        false
    }

    /// Nothing was to be done.
    pub fn job_done(&mut self, _job: Job<'r>, _result: Result<Done, FirmwareError>) {}

    pub(super) const fn is_firmware_session(&self, _session: SessionId) -> bool {
        false
    }

    pub(super) const fn has_firmware(&self) -> bool {
        false
    }

    pub(super) const fn step_firmware(
        &mut self,
        _buffer: &mut [u8],
        _cx: &mut Context<'_>,
    ) -> Option<Flow> {
        None
    }

    pub(super) const fn store_before_answer(&self, _buffer: &[u8], _now: Instant) -> bool {
        false
    }

    pub(super) const fn firmware_loaded(&mut self, _record: Option<&[u8]>, _now: Instant) {}

    pub(super) const fn firmware_not_stored(&mut self) {}

    pub(super) const fn settle_firmware(&mut self, _buffer: &mut [u8]) -> Option<Flow> {
        None
    }

    pub(super) const fn firmware_needs_link_down(&self) -> bool {
        false
    }

    pub(super) const fn restart_modem(&mut self) -> bool {
        false
    }

    pub(super) const fn close_firmware_session(&mut self, _now: Instant) {}

    pub(super) const fn forget_firmware(&mut self) {}

    pub(super) const fn firmware_link_lost(&mut self, _now: Instant) {}

    pub(super) const fn update_firmware(&mut self) {}

    pub(super) const fn firmware_registered(&mut self) {}

    pub(super) const fn firmware_received(
        &mut self,
        _received: Received,
        _bytes: &[u8],
        _now: Instant,
        _random: &mut dyn Random,
    ) {
    }

    pub(super) const fn firmware_send_failed(
        &mut self,
        _error: SessionError,
        _cx: &mut Context<'_>,
    ) {
    }

    pub(super) const fn check_firmware_buffer(
        &mut self,
        _len: usize,
    ) -> Result<(), ConfigurationError> {
        Ok(())
    }
}

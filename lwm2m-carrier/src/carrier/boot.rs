//! Initialisation up to the link: the records, and the application's CA certificates.

use super::{Carrier, Completion, Context, Flow, Pending, Stage, account, wipe};
use crate::{
    error::{Cause, ConfigurationError, ErrorKind},
    event::Event,
    profile::Credentials,
    record::{ACCOUNT, Account, FIRMWARE, STAGED, STATE, Spares, State, Tags, restore},
};
use lwm2m_core::time::Instant;

impl Carrier<'_> {
    pub(super) fn boot(&mut self, buffer: &mut [u8]) -> Flow {
        if matches!(self.stage, Stage::SettleFirmware) {
            return self.settle_firmware(buffer).unwrap_or_else(|| {
                self.ask_for_certificates();
                Flow::Again
            });
        }
        let record = match self.stage {
            Stage::LoadState => self.check_endpoint().map(|()| STATE),
            Stage::LoadAccount => Ok(ACCOUNT),
            Stage::LoadStaged => Ok(STAGED),
            Stage::LoadFirmware => self.check_firmware_buffer(buffer.len()).map(|()| FIRMWARE),
            // The application has not answered yet.
            _ => return Flow::Wait(Instant::FAR_FUTURE),
        };
        match record {
            Ok(id) => self.pending = Some(Pending::Load(id)),
            Err(error) => self.not_usable(error),
        }
        Flow::Again
    }

    /// A record has been loaded or deleted.
    pub(super) fn boot_done(
        &mut self,
        completion: Completion,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) {
        let record = match completion {
            Completion::Loaded(Some(len)) => buffer.get(..len),
            Completion::StorageFailed(error) => {
                self.push_error(ErrorKind::Internal, Cause::Storage(error));
                if matches!(self.stage, Stage::SettleFirmware) {
                    self.firmware_not_stored();
                }
                None
            }
            _ => None,
        };
        match self.stage {
            Stage::LoadState => {
                self.load_state(record);
                self.stage = Stage::LoadAccount;
            }
            Stage::LoadAccount => {
                let loaded = self.load_account(record, cx);
                self.stage = Stage::LoadStaged;
                if let Err(error) = loaded {
                    self.not_usable(error);
                } else if self.ignore_staged {
                    self.accounts_loaded();
                }
            }
            Stage::LoadStaged => match self.load_staged(record, cx) {
                Ok(()) => self.accounts_loaded(),
                Err(()) => {
                    self.ignore_staged = true;
                    self.discard_staged = true;
                    // It is not known which keys it had.
                    self.old_keys = Spares::MAX;
                    // What the staged account may have done to the objects is undone.
                    self.stage = Stage::LoadAccount;
                }
            },
            Stage::LoadFirmware => {
                self.firmware_loaded(record, cx.now);
                self.stage = Stage::SettleFirmware;
            }
            _ => {}
        }
        wipe(buffer);
    }

    fn load_state(&mut self, record: Option<&[u8]>) {
        let state = match record.map(State::decode) {
            Some(Ok(state)) => state,
            Some(Err(_)) => {
                self.push_error(ErrorKind::Internal, Cause::Record);
                State::default()
            }
            None => State::default(),
        };
        self.state = state;
        self.state.boots = state.boots.saturating_add(1);
    }

    /// Makes the account of the record the one in use; without a usable one, what the profile says.
    pub(super) fn load_account(
        &mut self,
        record: Option<&[u8]>,
        cx: &mut Context<'_>,
    ) -> Result<(), ConfigurationError> {
        let provisioning = account::provisioning(self.profile);
        self.account = Account {
            provisioning,
            ..Account::default()
        };
        match record.map(|record| Account::decode(record, ACCOUNT)) {
            None => {}
            // The profile has been changed: what was configured under the old one is void.
            Some(Ok((found, _))) if found.provisioning != provisioning => {
                self.account.generation = found.generation;
                self.old_keys |= found.tags.spares(self.profile.first_tag);
            }
            Some(found) => {
                if let Ok((found, saved)) = found {
                    self.account.generation = found.generation;
                    if restore(saved, cx.objects).is_ok() {
                        self.account = found;
                        self.profile_key_is_due();
                        return Ok(());
                    }
                }
                self.push_error(ErrorKind::Internal, Cause::Record);
            }
        }
        self.provision_from_profile(cx)
    }

    /// Makes the accounts what the profile says.
    pub(super) fn provision_from_profile(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Result<(), ConfigurationError> {
        account::provision(self.profile, cx.objects)?;
        self.account.tags = Tags::default();
        match self.profile.credentials {
            Credentials::None => {}
            Credentials::Psk { .. } => {
                self.account
                    .tags
                    .set(account::FIRST, self.profile.first_tag);
            }
            Credentials::Tag(tag) => {
                self.account.tags.set(account::FIRST, tag);
            }
        }
        self.profile_key_is_due();
        Ok(())
    }

    /// Notes whether the profile's key is one that the account in use needs: it is to be written, or to be looked for
    /// where somebody else has put it.
    fn profile_key_is_due(&mut self) {
        let first = self.account.tags.of(account::FIRST);
        let (own, other) = match self.profile.credentials {
            Credentials::Psk { .. } => (first == Some(self.profile.first_tag), false),
            Credentials::Tag(tag) => (false, first == Some(tag)),
            Credentials::None => (false, false),
        };
        self.profile_key_due = own;
        self.profile_tag_due = other;
    }

    /// Takes a staged account up, if there is a newer one than that in use; `Err` when it is to be deleted, with the keys
    /// that the account in use has not.
    fn load_staged(&mut self, record: Option<&[u8]>, cx: &mut Context<'_>) -> Result<(), ()> {
        let Some(record) = record else { return Ok(()) };
        if let Ok((staged, saved)) = Account::decode(record, STAGED) {
            if staged.provisioning != self.account.provisioning
                || staged.generation <= self.account.generation
            {
                return Err(());
            }
            if restore(saved, cx.objects).is_ok() {
                let first = Some(self.profile.first_tag);
                self.profile_key_due &= staged.tags.of(account::FIRST) == first;
                self.staged = Some(staged);
                return Ok(());
            }
        }
        self.push_error(ErrorKind::Internal, Cause::Record);
        Err(())
    }

    fn accounts_loaded(&mut self) {
        if self.has_firmware() {
            self.stage = Stage::LoadFirmware;
        } else {
            self.ask_for_certificates();
        }
    }

    fn ask_for_certificates(&mut self) {
        if self.profile.asks_for_certificates {
            self.stage = Stage::Certificates;
            self.push(Event::CertsInit);
        } else {
            self.stage = Stage::TakeDown;
        }
    }
}

//! Initialisation up to the link: the records, and the application's CA certificates.

use super::{Carrier, Completion, Context, Flow, Pending, Stage, account, wipe};
use crate::{
    error::{Cause, Error, ErrorKind},
    event::Event,
    profile::Credentials,
    record::{ACCOUNT, Account, FIRMWARE, STAGED, STATE, Spares, State, Tags},
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
        self.pending = Some(match self.stage {
            Stage::LoadState => match self.check_endpoint() {
                Ok(()) => Pending::Load(STATE),
                Err(error) => {
                    self.fail(error);
                    return Flow::Again;
                }
            },
            Stage::LoadAccount => Pending::Load(ACCOUNT),
            Stage::LoadStaged => Pending::Load(STAGED),
            Stage::LoadFirmware => match self.check_firmware_buffer(buffer.len()) {
                Ok(()) => Pending::Load(FIRMWARE),
                Err(error) => {
                    self.fail(error);
                    return Flow::Again;
                }
            },
            // The application has not answered yet.
            _ => return Flow::Wait(Instant::FAR_FUTURE),
        });
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
                    self.fail(error);
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
    ) -> Result<(), Error> {
        let provisioning = account::provisioning(self.profile);
        self.account = Account {
            provisioning,
            ..Account::default()
        };
        if let Some(record) = record {
            let loaded = Account::decode(record, ACCOUNT);
            if let Ok(found) = loaded {
                self.account.generation = found.generation;
            }
            match loaded {
                // The profile has been changed: what was configured under the old one is void.
                Ok(found) if found.provisioning != provisioning => {
                    self.old_keys |= found.tags.spares(self.profile.first_tag);
                }
                _ => match Account::restore(record, ACCOUNT, cx.objects) {
                    Ok(account) => {
                        self.account = account;
                        self.profile_key_is_due();
                        return Ok(());
                    }
                    Err(_) => self.push_error(ErrorKind::Internal, Cause::Record),
                },
            }
        }
        self.provision_from_profile(cx)
    }

    /// Makes the accounts what the profile says.
    pub(super) fn provision_from_profile(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        account::provision(self.profile, cx.objects)
            .map_err(|error| Error::new(ErrorKind::Configuration, Cause::Configuration(error)))?;
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
        match Account::decode(record, STAGED) {
            Ok(staged)
                if staged.provisioning == self.account.provisioning
                    && staged.generation > self.account.generation => {}
            Ok(_) => return Err(()),
            Err(_) => {
                self.push_error(ErrorKind::Internal, Cause::Record);
                return Err(());
            }
        }
        match Account::restore(record, STAGED, cx.objects) {
            Ok(staged) => {
                self.staged = Some(staged);
                self.profile_key_due &=
                    staged.tags.of(account::FIRST) == Some(self.profile.first_tag);
                Ok(())
            }
            Err(_) => {
                self.push_error(ErrorKind::Internal, Cause::Record);
                Err(())
            }
        }
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

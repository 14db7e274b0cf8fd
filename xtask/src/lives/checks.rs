//! What must hold at the end of a life.

use lwm2m_carrier::driver::blocking::block_on;
use lwm2m_carrier::hal::{CredentialKind, KeyStore, RecordId, SecurityTag, Storage};

use super::life::Life;
use super::operator::{DOWNLOADED, SUCCESS};
use super::plan::Provisioning;
use super::stage::{
    BLOCKS_KEY, BLOCKS_TAG, CA_TAG, ENDPOINT, FACTORY_KEY, FACTORY_TAG, IDENTITY, SPARE_TAGS,
};

/// Records of the library, as its `record` module describes them.
const ACCOUNT: RecordId = RecordId(2);
pub(super) const STAGED: RecordId = RecordId(3);
pub(super) const FIRMWARE: RecordId = RecordId(4);

const PSK: CredentialKind = CredentialKind::Psk;
const PSK_IDENTITY: CredentialKind = CredentialKind::PskIdentity;
const KINDS: [CredentialKind; 5] = [
    PSK_IDENTITY,
    PSK,
    CredentialKind::CaChain,
    CredentialKind::ClientCertificate,
    CredentialKind::PrivateKey,
];

/// Bytes in front of a record's content.
const HEADER: usize = 4;

impl Life<'_, '_, '_> {
    /// Says what is not as it must be.
    pub(super) fn check(&self) {
        let complain = |what: &str| self.stage.watch.complain(self.stage.world.now(), what);
        if !self.meter.borrow().is_served() {
            complain("the life ends without service");
        }
        let registered = self.stage.server.borrow().registration(ENDPOINT).is_some();
        if !registered {
            complain("the life ends without a registration");
        }
        for result in [self.check_account(), self.check_firmware()] {
            if let Err(what) = result {
                complain(&what);
            }
        }
    }

    fn load(&self, id: RecordId) -> Result<Option<Vec<u8>>, String> {
        let mut record = vec![0; 2_048];
        let mut storage = self.stage.world.device().storage;
        match block_on(storage.load(id, &mut record), || ()) {
            Ok(None) => Ok(None),
            Ok(Some(len)) => {
                record.truncate(len);
                Ok(Some(record))
            }
            Err(error) => Err(format!("record {} cannot be read: {error:?}", id.0)),
        }
    }

    /// The account in use is that of the server; its keys are in the key store, and no others.
    fn check_account(&self) -> Result<(), String> {
        let stage = &self.stage;
        let tags = match self.load(ACCOUNT)? {
            Some(record) => tags(&record).ok_or("the account's record is cut")?,
            // Nobody has changed what the profile says.
            None if stage.plan.provisioning == Provisioning::Factory => vec![(0, FACTORY_TAG)],
            None => return Err("there is no account".into()),
        };
        if self.load(STAGED)?.is_some() {
            return Err("a staged account is left behind".into());
        }
        let keys = stage.world.keys();
        let holds = |tag, identity: &[u8], key: &[u8]| {
            keys.holds(tag, PSK_IDENTITY, identity) && keys.holds(tag, PSK, key)
        };
        let server = match stage.plan.provisioning {
            Provisioning::Factory => Some((0, FACTORY_TAG)),
            Provisioning::Bootstrap => tags.iter().copied().find(|(instance, _)| *instance == 1),
            Provisioning::BootstrapPlain => None,
        };
        if stage.plan.provisioning == Provisioning::Bootstrap
            && !server.is_some_and(|(_, tag)| holds(tag, IDENTITY, self.server_key()))
        {
            return Err(format!("the account's key is not the server's: {tags:?}"));
        }
        if !holds(FACTORY_TAG, b"factory", FACTORY_KEY) {
            return Err("the key of the profile is lost".into());
        }
        let mut expected = 0;
        let own = [FACTORY_TAG, CA_TAG, BLOCKS_TAG];
        for tag in SPARE_TAGS.map(SecurityTag).chain(own) {
            let used = own.contains(&tag) || tags.iter().any(|(_, other)| *other == tag);
            for kind in KINDS {
                let mut keys = keys;
                let exists = block_on(keys.exists(tag, kind), || ());
                expected += usize::from(exists == Ok(true));
                if exists == Ok(true) && !used {
                    return Err(format!(
                        "a key is left behind under tag {}; used are {tags:?}",
                        tag.0
                    ));
                }
            }
        }
        if expected != keys.count() || !keys.holds(BLOCKS_TAG, PSK, BLOCKS_KEY) {
            return Err("a key lies where none belongs".into());
        }
        Ok(())
    }

    /// What object 5 says is what its record says, and what lies in the slot.
    fn check_firmware(&self) -> Result<(), String> {
        let stage = &self.stage;
        let operator = self.operator.borrow();
        let (done, told) = (operator.done(), stage.watch.successes());
        let told = usize::try_from(told).unwrap_or(usize::MAX);
        // A factory reset makes the device forget an update of which it has not told yet.
        let reset_at = self.reset_at.get();
        if told > done || told < done && reset_at.is_none() {
            return Err(format!("{told} FOTA_SUCCESS for {done} updates"));
        }
        if done != stage.plan.updates.len() {
            return Err(format!(
                "{done} of {} updates were made",
                stage.plan.updates.len()
            ));
        }
        let Some((state, result)) = operator.last_read() else {
            return Err("object 5 could not be read in the end".into());
        };
        let record = self.load(FIRMWARE)?;
        let (standing, stored) = match record.as_deref() {
            None => (0, 0),
            Some(record) => match record.get(HEADER..) {
                Some([standing, result, ..]) => (*standing, *result),
                _ => return Err("the record of the update is cut".into()),
            },
        };
        // Standings 1 and 2 are of state 1 (Downloading), 3 is state 2, 4 and above are of state 3.
        let stored_state = match standing {
            0 => 0,
            1 | 2 => 1,
            3 => 2,
            _ => 3,
        };
        if (state, result) != (stored_state, stored) {
            return Err(format!(
                "object 5 says {state} and {result}, its record {stored_state} and {stored}"
            ));
        }
        if (state, result) == (0, 0) && reset_at > operator.done_at() {
            return Ok(());
        }
        if result == SUCCESS || state == DOWNLOADED {
            let image = done
                .checked_sub(1)
                .and_then(|last| stage.plan.updates.get(last));
            if !image.is_some_and(|update| stage.world.firmware().holds(&update.image)) {
                return Err("the slot does not hold the last image".into());
            }
        } else {
            return Err(format!(
                "the life ends with state {state} and result {result}"
            ));
        }
        Ok(())
    }
}

/// Security instances and tags in the record of an account.
fn tags(record: &[u8]) -> Option<Vec<(u16, SecurityTag)>> {
    // Generation and check sum come before.
    let (count, rest) = record.get(HEADER + 8..)?.split_first()?;
    let entries = rest.get(..usize::from(*count) * 6)?;
    let entries = entries.chunks_exact(6).map(|entry| match *entry {
        [a, b, c, d, e, f] => Some((
            u16::from_be_bytes([a, b]),
            SecurityTag(u32::from_be_bytes([c, d, e, f])),
        )),
        _ => None,
    });
    entries.collect()
}

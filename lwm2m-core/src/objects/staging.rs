//! Slots of instances that a bootstrap session changes provisionally.
//!
//! While a transaction is open, an instance that is written is first copied to a free slot, and one that is deleted
//! only marked. The staged view is what all methods show; rolling back frees the copies, committing frees the
//! originals.

#[cfg(feature = "bootstrap")]
use crate::model::Transaction;
use crate::model::{Error, Path};

use super::SetError;

/// What a slot holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing.
    #[default]
    Free,
    /// A valid instance.
    Valid,
    /// An instance that becomes valid with the commit.
    Staged,
    /// An instance that a staged one replaces, or that is deleted, with the commit.
    Doomed,
}

/// The label of a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Label {
    instance: u16,
    state: State,
}

impl Label {
    pub(super) const FREE: Self = Self {
        instance: 0,
        state: State::Free,
    };

    /// The instance that is to be seen in the slot.
    fn visible(self) -> Option<u16> {
        matches!(self.state, State::Valid | State::Staged).then_some(self.instance)
    }
}

/// The labels of all slots of an object. The data lies beside them, under the same indices.
#[derive(Clone, Debug)]
pub(super) struct Slots<L: ?Sized = [Label]> {
    open: bool,
    labels: L,
}

/// A slot to write to, and the slot to copy there first.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Writable {
    pub(super) slot: usize,
    pub(super) copy_of: Option<usize>,
}

impl<const N: usize> Slots<[Label; N]> {
    /// Free slots.
    pub(super) const fn new() -> Self {
        Self {
            open: false,
            labels: [Label::FREE; N],
        }
    }
}

impl Slots {
    /// The slot of `instance`.
    #[inline(never)]
    pub(super) fn find(&self, instance: u16) -> Option<usize> {
        self.labels
            .iter()
            .position(|label| label.visible() == Some(instance))
    }

    /// The smallest instance id above `after`.
    pub(super) fn next(&self, after: Option<u16>) -> Option<u16> {
        self.labels
            .iter()
            .filter_map(|label| label.visible())
            .filter(|&instance| after.is_none_or(|after| instance > after))
            .min()
    }

    /// A free slot.
    fn free(&self) -> Option<usize> {
        self.labels
            .iter()
            .position(|label| label.state == State::Free)
    }

    /// Whether `instance` could be created.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when it exists, when no slot is free, and for the reserved id.
    pub(super) fn check_create(&self, instance: u16) -> Result<(), Error> {
        if instance == Path::RESERVED_ID || self.find(instance).is_some() {
            return Err(Error::BadRequest);
        }
        self.free().map(|_| ()).ok_or(Error::BadRequest)
    }

    /// Gives `instance`, which does not exist, a free slot.
    pub(super) fn create(&mut self, instance: u16) -> Result<usize, Error> {
        self.check_create(instance)?;
        let state = if self.is_open() {
            State::Staged
        } else {
            State::Valid
        };
        self.claim(Label { instance, state })
            .ok_or(Error::BadRequest)
    }

    /// Gives a new instance of the application's a free slot.
    pub(super) fn add(&mut self, instance: u16) -> Result<usize, SetError> {
        if instance == Path::RESERVED_ID {
            return Err(SetError::OutOfRange);
        }
        if self.find(instance).is_some() {
            return Err(SetError::InUse);
        }
        self.create(instance).map_err(|_| SetError::Full)
    }

    fn claim(&mut self, new: Label) -> Option<usize> {
        let slot = self.free()?;
        *self.labels.get_mut(slot)? = new;
        Some(slot)
    }

    /// The slot where `instance` may be changed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such instance, [`Error::Internal`] when the change has to be staged and no
    /// slot is free.
    pub(super) fn writable(&mut self, instance: u16) -> Result<Writable, Error> {
        let slot = self.find(instance).ok_or(Error::NotFound)?;
        let label = self.labels.get(slot).copied().unwrap_or_default();
        if !self.is_open() || label.state == State::Staged {
            return Ok(Writable {
                slot,
                copy_of: None,
            });
        }
        let staged = Label {
            instance,
            state: State::Staged,
        };
        let copy = self.claim(staged).ok_or(Error::Internal)?;
        self.mark(slot, State::Doomed);
        Ok(Writable {
            slot: copy,
            copy_of: Some(slot),
        })
    }

    /// Deletes `instance`. `Some` is a slot whose data must be wiped.
    #[cfg(any(feature = "create", feature = "bootstrap"))]
    pub(super) fn delete(&mut self, instance: u16) -> Result<Option<usize>, Error> {
        let slot = self.find(instance).ok_or(Error::NotFound)?;
        let label = self.labels.get(slot).copied().unwrap_or_default();
        if self.is_open() && label.state == State::Valid {
            self.mark(slot, State::Doomed);
            return Ok(None);
        }
        self.mark(slot, State::Free);
        Ok(Some(slot))
    }

    fn mark(&mut self, slot: usize, state: State) {
        if let Some(label) = self.labels.get_mut(slot) {
            label.state = state;
        }
    }

    /// Whether changes are provisional: never, where no bootstrap server can begin a transaction.
    const fn is_open(&self) -> bool {
        cfg!(feature = "bootstrap") && self.open
    }

    /// Takes a step of a transaction; `wipe` is called for each slot that becomes free. A commit or roll-back without
    /// a transaction does nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when `Begin` finds a transaction open.
    #[cfg(feature = "bootstrap")]
    #[inline(never)]
    pub(super) fn transaction(
        &mut self,
        step: Transaction,
        wipe: &mut dyn FnMut(usize),
    ) -> Result<(), Error> {
        let (kept, freed) = match step {
            Transaction::Begin if self.open => return Err(Error::Busy),
            Transaction::Begin => {
                self.open = true;
                return Ok(());
            }
            Transaction::Commit => (State::Staged, State::Doomed),
            Transaction::Rollback => (State::Doomed, State::Staged),
        };
        self.open = false;
        for (slot, label) in self.labels.iter_mut().enumerate() {
            if label.state == freed {
                *label = Label::FREE;
                wipe(slot);
            } else if label.state == kept {
                label.state = State::Valid;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "bootstrap")]
mod tests {
    use super::*;

    fn ids(slots: &Slots) -> [Option<u16>; 3] {
        let first = slots.next(None);
        let second = first.and_then(|id| slots.next(Some(id)));
        [first, second, second.and_then(|id| slots.next(Some(id)))]
    }

    #[test]
    fn instances_are_found_in_order() {
        let mut slots = Slots::<[Label; 3]>::new();
        let slots: &mut Slots = &mut slots;
        assert_eq!(slots.create(7), Ok(0));
        assert_eq!(slots.create(2), Ok(1));
        assert_eq!(slots.create(7), Err(Error::BadRequest));
        assert_eq!(slots.create(65535), Err(Error::BadRequest));
        assert_eq!(ids(slots), [Some(2), Some(7), None]);
        assert_eq!(slots.delete(2), Ok(Some(1)));
        assert_eq!(slots.delete(2), Err(Error::NotFound));
        assert_eq!(ids(slots), [Some(7), None, None]);
    }

    #[test]
    fn without_a_transaction_writes_are_in_place() {
        let mut slots = Slots::<[Label; 1]>::new();
        let slots: &mut Slots = &mut slots;
        slots.create(0).unwrap();
        let writable = slots.writable(0).unwrap();
        assert_eq!((writable.slot, writable.copy_of), (0, None));
        assert_eq!(slots.create(1), Err(Error::BadRequest));
    }

    #[test]
    fn a_staged_write_copies_once() {
        let mut slots = Slots::<[Label; 2]>::new();
        let slots: &mut Slots = &mut slots;
        slots.create(0).unwrap();
        slots.transaction(Transaction::Begin, &mut |_| {}).unwrap();
        let first = slots.writable(0).unwrap();
        assert_eq!((first.slot, first.copy_of), (1, Some(0)));
        let second = slots.writable(0).unwrap();
        assert_eq!((second.slot, second.copy_of), (1, None));
        assert_eq!(ids(slots), [Some(0), None, None]);
    }

    #[test]
    fn commit_frees_the_originals_and_roll_back_the_copies() {
        for (step, wiped_slot, left) in [
            (Transaction::Commit, 0, [Some(3), Some(5), None]),
            (Transaction::Rollback, 2, [Some(3), Some(4), None]),
        ] {
            let mut slots = Slots::<[Label; 4]>::new();
            let slots: &mut Slots = &mut slots;
            slots.create(4).unwrap();
            slots.create(3).unwrap();
            slots.transaction(Transaction::Begin, &mut |_| {}).unwrap();
            assert_eq!(slots.delete(4), Ok(None));
            assert_eq!(slots.create(5), Ok(2));
            let mut wiped = None;
            slots
                .transaction(step, &mut |slot| assert_eq!(wiped.replace(slot), None))
                .unwrap();
            assert_eq!(wiped, Some(wiped_slot));
            assert_eq!(ids(slots), left);
        }
    }

    #[test]
    fn a_second_begin_is_refused_and_a_staged_copy_needs_a_slot() {
        let mut slots = Slots::<[Label; 1]>::new();
        let slots: &mut Slots = &mut slots;
        slots.create(0).unwrap();
        slots.transaction(Transaction::Begin, &mut |_| {}).unwrap();
        let again = slots.transaction(Transaction::Begin, &mut |_| {});
        assert_eq!(again, Err(Error::Busy));
        assert_eq!(slots.writable(0), Err(Error::Internal));
        assert_eq!(ids(slots), [Some(0), None, None]);
    }
}

//! What is done with the flash, access by access: all that a slot knows and decides, without I/O.
//!
//! One loop carries the accesses out, so that there is one state machine over the port's flash, not one for each of the
//! slot's operations.

use super::errors::{FLASH_FAILED, FULL, MISUSED, NO_RECORD};
use super::journal::{Half, Kind, erased, parse_header, parse_record, write_header, write_record};
use super::layout::{Layout, SPARE};
use super::package::Package;
use crate::hal::FirmwareError;

/// One access to the flash; what is read or written is at the start of the scratch buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Access {
    Read { at: u32, len: u32 },
    Write { at: u32, len: u32 },
    Erase { from: u32, to: u32 },
}

/// What is to be achieved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Goal {
    /// To know what the journal says.
    Look,
    /// A package in the slot, new or taken up again.
    Begin { size: Option<u32>, resume: bool },
    /// No package in the slot.
    Discard,
    /// What is staged in flash: after an erase where a page begins, before a record where it ends.
    Flush,
    /// All of a package of this size in flash, and a record of that.
    Finish(u32),
}

/// A goal, and how far it has come.
#[derive(Debug)]
pub(super) struct Task {
    goal: Goal,
    step: u32,
    /// The half of the journal that is looked at, behind the last of them when both were; then the one that is not in use.
    half: usize,
    /// What is looked at in the half: its header, its mark, a record; or an offset in what is staged.
    place: u32,
    /// An access is under way that the step waits for.
    asked: bool,
    /// For the header of a half.
    generation: u32,
    announced: Option<u32>,
    /// Bytes that were written with the other half in use.
    carried: Option<u32>,
}

impl Task {
    pub(super) const fn new(goal: Goal) -> Self {
        Self {
            goal,
            step: 0,
            half: 0,
            place: 0,
            asked: false,
            generation: 0,
            announced: None,
            carried: None,
        }
    }
}

/// What a slot knows.
#[derive(Debug)]
pub(super) struct Planner {
    pub(super) layout: Layout,
    /// Bytes of the longest package.
    pub(super) limit: u32,
    pub(super) package: Option<Package>,
    /// What both halves of the journal say, as they were last looked at.
    halves: [Option<Half>; 2],
}

impl Planner {
    pub(super) const fn new(layout: Layout) -> Self {
        Self {
            layout,
            limit: layout.package,
            package: None,
            halves: [None; 2],
        }
    }

    /// Takes note that the last access is done, a read perhaps without success, and names the next; `None` when the goal
    /// is reached.
    ///
    /// When a write or an erase fails, or its future is dropped, the task is given up; another one finds out what has
    /// become of it.
    #[inline(never)]
    pub(super) fn next(
        &mut self,
        task: &mut Task,
        stage: &mut [u8],
        scratch: &mut [u8],
        is_read: bool,
    ) -> Result<Option<Access>, FirmwareError> {
        match task.goal {
            Goal::Flush | Goal::Finish(_) => self.flush(task, stage, scratch, is_read),
            _ => {
                let access = self.look(task, scratch, is_read);
                Ok(access.or_else(|| self.begin(task, scratch)))
            }
        }
    }

    /// Looks at both halves. Reads that fail are taken as torn: an error correcting code may refuse a torn unit.
    fn look(&mut self, task: &mut Task, scratch: &[u8], is_read: bool) -> Option<Access> {
        // The steps behind it are those of `begin`.
        while task.step == 0 && task.half < self.halves.len() {
            let layout = &self.layout;
            let (at, len) = match task.place {
                0 => (layout.base(task.half), layout.given_up),
                1 => (layout.mark_at(task.half), layout.unit.get()),
                place => (layout.record_at(task.half, place - 2), layout.record),
            };
            task.asked = !task.asked;
            if task.asked {
                return Some(Access::Read { at, len });
            }
            let bytes = scratch.get(..len as usize).filter(|_| is_read);
            let goes_on = self.found(task.half, task.place, bytes);
            task.place += 1;
            if !goes_on || task.place >= self.layout.records.saturating_add(2) {
                task.half += 1;
                task.place = 0;
            }
        }
        None
    }

    /// Takes note of what was found at a place of a half; whether there is more to be looked at.
    // Not inlined: among all the steps its values find no register.
    #[inline(never)]
    fn found(&mut self, index: usize, place: u32, bytes: Option<&[u8]>) -> bool {
        let Some(slot) = self.halves.get_mut(index) else {
            return false;
        };
        if place == 0 {
            let header = bytes.and_then(parse_header);
            *slot = header.map(|(generation, announced)| Half {
                index,
                generation,
                announced,
                given_up: false,
                written: 0,
                complete: None,
                next: 0,
            });
        }
        let Some(half) = slot else {
            return false;
        };
        match place {
            0 => {}
            1 => half.given_up = !bytes.is_some_and(erased),
            _ if bytes.is_some_and(erased) => {}
            _ => {
                // One is left out behind: it may have been torn, and read as erased all the same.
                half.next = place;
                let record = bytes.unwrap_or_default();
                if let Some(written) = parse_record(record, Kind::Written, half.generation) {
                    half.written = half.written.max(written);
                } else if let Some(size) = parse_record(record, Kind::Complete, half.generation) {
                    half.complete = Some(size);
                }
            }
        }
        true
    }

    /// The half in use, the newer one.
    fn in_use(&self) -> Option<&Half> {
        match &self.halves {
            [Some(first), Some(second)] if second.is_newer(first) => Some(second),
            [first, second] => first.as_ref().or(second.as_ref()),
        }
    }

    /// Both halves were looked at: takes up what is there, or gives it up and begins in the other half.
    fn begin(&mut self, task: &mut Task, scratch: &mut [u8]) -> Option<Access> {
        loop {
            let step = task.step;
            task.step += 1;
            let half = task.half;
            let at = self.layout.base(half);
            match step {
                0 => self.decide(task)?,
                // The earlier one first: while the one in use is intact, it alone counts.
                1 | 2 => {
                    let half = if step == 1 { half } else { half ^ 1 };
                    if let Some(access) = self.give_up(half, scratch) {
                        return Some(access);
                    }
                }
                3 if task.goal == Goal::Discard => return None,
                3 => {
                    let to = at + self.layout.half;
                    return Some(Access::Erase { from: at, to });
                }
                4 => {
                    if let Some(written) = task.carried {
                        write_record(scratch, Kind::Written, task.generation, written);
                        let (at, len) = (self.layout.record_at(half, 0), self.layout.record);
                        return Some(Access::Write { at, len });
                    }
                }
                5 => {
                    write_header(scratch, task.generation, task.announced);
                    let len = self.layout.given_up;
                    return Some(Access::Write { at, len });
                }
                _ => {
                    let next = u32::from(task.carried.is_some());
                    let written = task.carried.unwrap_or(0);
                    self.package = Some(Package::new(half, task.generation, next, written));
                    return None;
                }
            }
        }
    }

    /// What is to be done about the package that the journal tells of; `None` when nothing is.
    fn decide(&mut self, task: &mut Task) -> Option<()> {
        let in_use = self.in_use();
        (task.half, task.generation) = match in_use {
            Some(half) => (half.index ^ 1, half.generation.wrapping_add(1)),
            None => (0, 1),
        };
        match task.goal {
            Goal::Begin { size, resume } => {
                task.announced = size;
                let Some(half) = in_use.filter(|half| resume && self.is_resumable(half, size))
                else {
                    return Some(());
                };
                let package = Package::from(half);
                if !self.is_nearly_full(half, &package) {
                    self.package = Some(package);
                    return None;
                }
                task.announced = half.announced.or(size);
                task.carried = Some(half.written);
                // What it tells of is not given up.
                task.step = 3;
                Some(())
            }
            Goal::Discard => Some(()),
            _ => {
                let is_complete =
                    |half: &Half| half.complete.is_some_and(|size| size <= self.limit);
                let complete = in_use.filter(|half| !half.given_up && is_complete(half));
                self.package = complete.map(Package::from);
                None
            }
        }
    }

    /// Whether the package that lies in the flash is the one to be resumed.
    fn is_resumable(&self, half: &Half, size: Option<u32>) -> bool {
        let fits = |written| written <= size.unwrap_or(self.limit).min(self.limit);
        let same = |a: Option<u32>, b: Option<u32>| a.is_none() || b.is_none() || a == b;
        !half.given_up
            && fits(half.written)
            && half.complete.is_none_or(fits)
            && same(half.announced, size)
            && same(half.complete, size)
    }

    /// Whether there are too few records left in the half of a package to go on with it there.
    const fn is_nearly_full(&self, half: &Half, package: &Package) -> bool {
        let left = self.layout.package.saturating_sub(package.taken);
        let pages_left = left.div_ceil(self.layout.page.get());
        let needed = pages_left.saturating_add(SPARE / 2);
        half.complete.is_none() && self.layout.records.saturating_sub(half.next) < needed
    }

    /// Marks the package of a half as given up, if there is one and that was not done yet.
    fn give_up(&self, index: usize, scratch: &mut [u8]) -> Option<Access> {
        let half = self.halves.get(index)?.as_ref()?;
        if half.given_up {
            return None;
        }
        scratch.fill(0);
        Some(Access::Write {
            at: self.layout.mark_at(index),
            len: self.layout.unit.get(),
        })
    }

    /// Writes what is staged, and with [`Goal::Finish`] the record that this was all.
    fn flush(
        &mut self,
        task: &mut Task,
        stage: &mut [u8],
        scratch: &mut [u8],
        is_read: bool,
    ) -> Result<Option<Access>, FirmwareError> {
        loop {
            let step = task.step;
            task.step += 1;
            let layout = self.layout;
            let package = self.package.as_mut().ok_or(MISUSED)?;
            let at = package.flushed;
            let staged = package.staged();
            match step {
                // Pages that are complete. Without room for that they are not resumable: the next resumption makes room.
                0 | 4 => {
                    if step == 4 {
                        package.tried = false;
                        package.flushed = package.taken;
                    }
                    let written = layout.whole_pages(package.flushed);
                    task.asked = written > package.recorded && package.next < layout.records;
                    if task.asked {
                        return self.record(Kind::Written, written, scratch).map(Some);
                    }
                }
                1 | 5 => {
                    if core::mem::take(&mut task.asked) {
                        package.recorded = layout.whole_pages(at);
                    }
                    if staged == 0 {
                        task.step = 6;
                    } else if at >= package.erased {
                        let to = layout.page_end(at);
                        return Ok(Some(Access::Erase {
                            from: layout.whole_pages(at),
                            to,
                        }));
                    }
                }
                2 => {
                    package.erased = package.erased.max(layout.page_end(at));
                    stage.get_mut(staged..).unwrap_or_default().fill(0xFF);
                    if !package.tried {
                        package.tried = true;
                        task.step = 4;
                        copy(scratch, stage);
                        let len = package.taken.saturating_sub(at);
                        let len = len.next_multiple_of(layout.unit.get());
                        return Ok(Some(Access::Write { at, len }));
                    }
                }
                // The units that an earlier write, which was dropped or has failed, has left erased.
                3 if (task.place as usize) < staged => {
                    task.step = 3;
                    let (at, len) = (at.saturating_add(task.place), layout.unit.get());
                    task.asked = !task.asked;
                    if task.asked {
                        return Ok(Some(Access::Read { at, len }));
                    }
                    let wanted = stage.get(task.place as usize..).unwrap_or_default();
                    let wanted = wanted.get(..len as usize).unwrap_or_default();
                    let found = scratch.get(..len as usize).filter(|_| is_read);
                    task.place = task.place.saturating_add(len);
                    if found != Some(wanted) {
                        if !found.is_some_and(erased) {
                            return Err(FLASH_FAILED);
                        }
                        copy(scratch, wanted);
                        return Ok(Some(Access::Write { at, len }));
                    }
                }
                3 => {}
                _ => {
                    let Goal::Finish(size) = task.goal else {
                        return Ok(None);
                    };
                    if step == 6 {
                        return self.record(Kind::Complete, size, scratch).map(Some);
                    }
                    package.complete = Some(size);
                    return Ok(None);
                }
            }
        }
    }

    /// The next record of the journal.
    fn record(
        &mut self,
        kind: Kind,
        value: u32,
        scratch: &mut [u8],
    ) -> Result<Access, FirmwareError> {
        let package = self.package.as_mut().ok_or(MISUSED)?;
        let number = package.next;
        if number >= self.layout.records {
            return Err(NO_RECORD);
        }
        // Before the write: a record whose write was dropped or has failed is not tried a second time.
        package.next = number.saturating_add(1);
        write_record(scratch, kind, package.generation, value);
        Ok(Access::Write {
            at: self.layout.record_at(package.half, number),
            len: self.layout.record,
        })
    }

    /// Whether a part of the package may be written: how many of its bytes were taken already. `stage` is the length of
    /// the stage.
    pub(super) fn known(
        &self,
        offset: u32,
        part: &[u8],
        magic: &[u8],
        stage: usize,
    ) -> Result<usize, FirmwareError> {
        let package = self.package.as_ref().ok_or(MISUSED)?;
        let end = u32::try_from(part.len()).ok();
        let end = end.and_then(|len| offset.checked_add(len)).ok_or(FULL)?;
        if end > self.limit {
            return Err(FULL);
        }
        // What `finish` has flushed cannot be continued: the last unit is padded.
        let closed =
            package.complete.is_some() || !(package.flushed as usize).is_multiple_of(stage);
        if offset > package.taken || (end > package.taken && closed) {
            return Err(MISUSED);
        }
        let magic = magic.get(offset as usize..).unwrap_or_default();
        if magic.iter().zip(part).any(|(magic, byte)| magic != byte) {
            return Err(FirmwareError::UNSUPPORTED);
        }
        Ok(package.taken.saturating_sub(offset) as usize)
    }
}

/// Copies as many bytes as there is room for.
#[inline(never)]
fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

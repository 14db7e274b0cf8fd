//! Checks of [`Firmware`].

use lwm2m_carrier::hal::{Firmware, FirmwareError, FirmwareErrorKind, Installed};

use super::breach::{Breach, Rule};

const WHOLE: Rule = Rule::new(
    "firmware::whole",
    "what was written and finished is read back and can be applied, repeatedly",
);
const SIZE: Rule = Rule::new(
    "firmware::wrong_size",
    "finish() refuses a size other than what was written, and such a package is not applied",
);
const IMAGE: Rule = Rule::new(
    "firmware::wrong_image",
    "an image that is none for this device is refused, never applied, and leaves room for the right one",
);
const FULL: Rule = Rule::new(
    "firmware::too_long",
    "a package longer than the slot is refused with Full",
);
const RESUME: Rule = Rule::new(
    "firmware::resume",
    "begin() says where writing goes on, and what is before it is kept",
);
const ANEW: Rule = Rule::new(
    "firmware::anew",
    "begin() without resume gives up what is there, and answers 0",
);
const DISCARD: Rule = Rule::new("firmware::discard", "a discarded package is none");
const OUTCOME: Rule = Rule::new(
    "firmware::outcome",
    "a package that was not tried yet is not running",
);
const CUTS: Rule = Rule::new(
    "firmware::cuts",
    "a power loss at any point loses nothing before the offset of begin(), and nothing but a whole package is applied",
);

/// Operations of the memory after which the checks give up.
const OPERATIONS: u32 = 100_000;
/// Bytes of a piece that is read back.
const PIECE: usize = 96;

/// The slot and its memory, as a test of the port offers them.
#[allow(
    async_fn_in_trait,
    reason = "the drivers run on one thread; no Send is promised"
)]
pub trait Bench {
    /// The slot.
    type Firmware<'f>: Firmware
    where
        Self: 'f;

    /// Empties the memory, and forgets what was applied.
    fn clear(&mut self);

    /// The slot on the memory as it is, with power. It is made anew for each part of a check, but nothing that was applied
    /// is installed.
    async fn open(&mut self) -> Self::Firmware<'_>;

    /// Cuts the power in the write or erase with this number, counted from 0 since now: the call of the slot that is under
    /// way fails, and every one after it until [`open`](Self::open). `false`: the memory knows no power cuts.
    fn cut(&mut self, operation: u32) -> bool;

    /// Bytes of the longest package.
    fn limit(&self) -> u32;

    /// Bytes of the package that the checks write, at most [`limit`](Self::limit); several pages show most.
    fn size(&self) -> u32 {
        self.limit().saturating_sub(self.limit() / 5).max(1)
    }

    /// Bytes of the shortest package; a slot that looks at the head of an image needs that.
    fn least(&self) -> u32 {
        1
    }

    /// The byte at `offset` of package number `version`, for slots that look at what they get.
    fn byte(version: u8, offset: u32) -> u8 {
        (offset.wrapping_mul(2_654_435_761) >> 24) as u8 ^ version
    }

    /// The bytes, by their offset, of an image that is none for this device: of another board, with a wrong signature or
    /// version. `None`: the slot takes any bytes, and a [`Verifier`](lwm2m_carrier::fota::Verifier) refuses them.
    fn wrong_image() -> Option<fn(u32) -> u8> {
        None
    }
}

/// All checks; the memory is empty afterwards.
///
/// # Errors
/// The first breach.
pub async fn all<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    whole(bench).await?;
    wrong_size(bench).await?;
    too_long(bench).await?;
    resume(bench).await?;
    anew(bench).await?;
    discard(bench).await?;
    outcome(bench).await?;
    wrong_image(bench).await?;
    cuts(bench).await?;
    bench.clear();
    Ok(())
}

async fn write<B: Bench>(
    slot: &mut impl Firmware,
    version: u8,
    from: u32,
    to: u32,
) -> Result<(), FirmwareError> {
    write_bytes(slot, |offset| B::byte(version, offset), from, to).await
}

/// Writes bytes `from` to `to` of a package in parts of odd lengths, each a second time: a driver that was dropped and runs
/// again does so.
async fn write_bytes(
    slot: &mut impl Firmware,
    byte_at: impl Fn(u32) -> u8,
    from: u32,
    to: u32,
) -> Result<(), FirmwareError> {
    let mut at = from;
    while at < to {
        let len = (to - at).min(1 + at % PIECE as u32);
        let mut bytes = [0; PIECE];
        for (offset, byte) in (at..).zip(bytes.iter_mut()) {
            *byte = byte_at(offset);
        }
        let part = bytes.get(..len as usize).unwrap_or_default();
        slot.write(at, part).await?;
        slot.write(at, part).await?;
        at += len;
    }
    Ok(())
}

/// Reads a package back; a slot that cannot be read verifies it itself.
async fn read<B: Bench>(
    slot: &mut impl Firmware,
    version: u8,
    size: u32,
    rule: Rule,
) -> Result<(), Breach> {
    let mut at = 0;
    while at < size {
        let len = (size - at).min(PIECE as u32);
        let mut bytes = [0; PIECE];
        let piece = bytes.get_mut(..len as usize).unwrap_or_default();
        let answer = slot.read(at, piece).await;
        if answer == Err(FirmwareError::UNSUPPORTED) {
            return Ok(());
        }
        rule.done("read", answer)?;
        let same = (at..)
            .zip(piece.iter())
            .all(|(offset, byte)| *byte == B::byte(version, offset));
        rule.keep(same, "other bytes than were written")?;
        at += len;
    }
    Ok(())
}

async fn load<B: Bench>(
    slot: &mut impl Firmware,
    version: u8,
    size: u32,
    rule: Rule,
) -> Result<(), Breach> {
    let begun = rule.done("begin", slot.begin(Some(size), false).await)?;
    rule.keep(begun == 0, "an offset other than 0")?;
    rule.done("write", write::<B>(slot, version, 0, size).await)?;
    rule.done("finish", slot.finish(size).await)
}

/// A package from begin to apply, read back on the way and after the slot was made anew.
///
/// # Errors
/// A breach.
pub async fn whole<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    for size in [bench.size(), bench.least(), bench.limit()] {
        bench.clear();
        {
            let mut slot = bench.open().await;
            load::<B>(&mut slot, 1, size, WHOLE).await?;
            read::<B>(&mut slot, 1, size, WHOLE).await?;
        }
        let mut slot = bench.open().await;
        read::<B>(&mut slot, 1, size, WHOLE).await?;
        let first = WHOLE.done("apply", slot.apply().await)?;
        let second = WHOLE.done("apply", slot.apply().await)?;
        WHOLE.keep(first == second, "another answer the second time")?;
    }
    Ok(())
}

/// [`finish`](Firmware::finish) with more or less than was written is refused, and nothing can be applied then.
///
/// # Errors
/// A breach.
pub async fn wrong_size<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    for wrong in [size - 1, size.saturating_add(1), 0] {
        bench.clear();
        let mut slot = bench.open().await;
        SIZE.done("begin", slot.begin(None, false).await)?;
        SIZE.done("write", write::<B>(&mut slot, 2, 0, size).await)?;
        let finished = slot.finish(wrong).await;
        SIZE.keep(finished.is_err(), "a wrong size is accepted")?;
        SIZE.keep(slot.apply().await.is_err(), "it is applied all the same")?;
        drop(slot);
        let applied = bench.open().await.apply().await;
        SIZE.keep(applied.is_err(), "it is applied after a restart")?;
    }
    Ok(())
}

/// [`Bench::wrong_image`], its length known beforehand or not, is refused by [`write`](Firmware::write) or
/// [`finish`](Firmware::finish) as unsupported or damaged, or at the latest by [`apply`](Firmware::apply), again and after
/// a restart, and never runs; the right image takes its place. A slot that takes any bytes passes.
///
/// # Errors
/// A breach.
pub async fn wrong_image<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let Some(wrong) = B::wrong_image() else {
        return Ok(());
    };
    let size = bench.size();
    for announced in [Some(size), None] {
        for restart in [false, true] {
            bench.clear();
            let mut slot = bench.open().await;
            IMAGE.done("begin", slot.begin(announced, false).await)?;
            let mut taken = write_bytes(&mut slot, wrong, 0, size).await;
            if taken.is_ok() {
                taken = slot.finish(size).await;
            }
            if let Err(error) = taken {
                let told = matches!(
                    error.kind,
                    FirmwareErrorKind::Unsupported | FirmwareErrorKind::Integrity
                );
                IMAGE.keep(told, "refused as neither unsupported nor damaged")?;
            }
            never_runs(&mut slot).await?;
            if restart {
                drop(slot);
                slot = bench.open().await;
                never_runs(&mut slot).await?;
            }
            load::<B>(&mut slot, 2, size, IMAGE).await?;
            read::<B>(&mut slot, 2, size, IMAGE).await?;
            IMAGE.done("apply", slot.apply().await)?;
        }
    }
    Ok(())
}

async fn never_runs(slot: &mut impl Firmware) -> Result<(), Breach> {
    for _ in 0..2 {
        IMAGE.keep(slot.apply().await.is_err(), "it is applied")?;
    }
    IMAGE.keep(slot.outcome().await != Ok(Installed::Yes), "it is running")
}

/// A package that is announced longer than the slot, and one that turns out to be, are refused with
/// [`FirmwareErrorKind::Full`].
///
/// # Errors
/// A breach.
pub async fn too_long<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let limit = bench.limit();
    bench.clear();
    let mut slot = bench.open().await;
    for size in [limit.saturating_add(1), u32::MAX] {
        let refused = slot.begin(Some(size), false).await;
        let kind = refused.map_err(|error| error.kind);
        FULL.keep(
            kind == Err(FirmwareErrorKind::Full),
            "begin with another answer",
        )?;
    }
    FULL.done("begin", slot.begin(None, false).await)?;
    FULL.done("write", write::<B>(&mut slot, 3, 0, limit).await)?;
    let refused = slot.write(limit, &[B::byte(3, limit)]).await;
    let kind = refused.map_err(|error| error.kind);
    FULL.keep(
        kind == Err(FirmwareErrorKind::Full),
        "write with another answer",
    )?;
    let finished = slot.finish(limit.saturating_add(1)).await;
    FULL.keep(finished.is_err(), "it is finished")
}

/// A restart in the middle of a package: what lies before the offset that is answered is not written again.
///
/// # Errors
/// A breach.
pub async fn resume<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    for written in [0, 1, size / 2, size - 1, size] {
        bench.clear();
        {
            let mut slot = bench.open().await;
            RESUME.done("begin", slot.begin(Some(size), false).await)?;
            RESUME.done("write", write::<B>(&mut slot, 4, 0, written).await)?;
        }
        let mut slot = bench.open().await;
        let begun = RESUME.done("begin", slot.begin(Some(size), true).await)?;
        RESUME.keep(begun <= written, "an offset beyond what was written")?;
        RESUME.done("write", write::<B>(&mut slot, 4, begun, size).await)?;
        RESUME.done("finish", slot.finish(size).await)?;
        read::<B>(&mut slot, 4, size, RESUME).await?;
        RESUME.done("apply", slot.apply().await)?;
    }
    Ok(())
}

/// Another package in place of one that is complete.
///
/// # Errors
/// A breach.
pub async fn anew<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    bench.clear();
    let mut slot = bench.open().await;
    load::<B>(&mut slot, 5, size, ANEW).await?;
    let begun = ANEW.done("begin", slot.begin(Some(size), false).await)?;
    ANEW.keep(begun == 0, "an offset other than 0")?;
    ANEW.keep(slot.apply().await.is_err(), "the old package is applied")?;
    load::<B>(&mut slot, 6, size, ANEW).await?;
    read::<B>(&mut slot, 6, size, ANEW).await
}

/// What was discarded, complete or not, twice, is not applied and not resumed.
///
/// # Errors
/// A breach.
pub async fn discard<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    bench.clear();
    let mut slot = bench.open().await;
    DISCARD.done("discard", slot.discard().await)?;
    for complete in [true, false] {
        if complete {
            load::<B>(&mut slot, 7, size, DISCARD).await?;
        } else {
            DISCARD.done("begin", slot.begin(Some(size), false).await)?;
            DISCARD.done("write", write::<B>(&mut slot, 7, 0, size / 2).await)?;
        }
        DISCARD.done("discard", slot.discard().await)?;
        DISCARD.done("discard", slot.discard().await)?;
        DISCARD.keep(slot.apply().await.is_err(), "it is applied")?;
        let begun = DISCARD.done("begin", slot.begin(Some(size), true).await)?;
        DISCARD.keep(begun == 0, "it is resumed")?;
    }
    Ok(())
}

/// Neither an empty slot nor a package before its restart is told as running.
///
/// # Errors
/// A breach.
pub async fn outcome<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    bench.clear();
    let mut slot = bench.open().await;
    let before = slot.outcome().await;
    OUTCOME.keep(before != Ok(Installed::Yes), "without a package: running")?;
    load::<B>(&mut slot, 8, size, OUTCOME).await?;
    OUTCOME.done("apply", slot.apply().await)?;
    for _ in 0..2 {
        let outcome = OUTCOME.done("outcome", slot.outcome().await)?;
        let right = outcome == Installed::NotYet;
        OUTCOME.keep(right, "another outcome than NotYet before the restart")?;
    }
    Ok(())
}

/// A power cut in each write and erase of a package: then either nothing can be applied or all of it, and the package is
/// resumed and completed. A memory that knows no cuts passes.
///
/// # Errors
/// A breach.
pub async fn cuts<B: Bench>(bench: &mut B) -> Result<(), Breach> {
    let size = bench.size();
    for operation in 0..OPERATIONS {
        let rule = CUTS.cut_at(operation);
        bench.clear();
        if !bench.cut(operation) {
            return Ok(());
        }
        if load::<B>(&mut bench.open().await, 9, size, rule)
            .await
            .is_ok()
        {
            return Ok(());
        }
        {
            let mut slot = bench.open().await;
            if slot.apply().await.is_ok() {
                read::<B>(&mut slot, 9, size, rule).await?;
            }
        }
        let mut slot = bench.open().await;
        let begun = rule.done("begin", slot.begin(Some(size), true).await)?;
        rule.keep(begun <= size, "an offset beyond the package")?;
        rule.done("write", write::<B>(&mut slot, 9, begun, size).await)?;
        rule.done("finish", slot.finish(size).await)?;
        read::<B>(&mut slot, 9, size, rule).await?;
        rule.done("apply", slot.apply().await)?;
    }
    CUTS.keep(false, "a hundred thousand operations, and no end")
}

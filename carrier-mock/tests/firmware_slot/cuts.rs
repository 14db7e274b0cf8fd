//! The power is cut everywhere.

use carrier_mock::flash::{EraseTear, Flash};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use lwm2m_carrier::hal::{Applied, Firmware};

use crate::bench::{SIZE, Slot, download, now, package, read_back, slot};

/// 14 pages for the package, two for the journal.
type Part = Flash<16>;
const PAGE: usize = Part::PAGE_SIZE;

/// A flash with an older package of the same length in it, which takes each word once.
fn used(seed: u64, tear: EraseTear) -> Box<Part> {
    let mut flash = Box::new(Part::new(seed));
    flash.set_write_limit(1);
    flash.set_erase_tear(tear);
    let old = package(1, SIZE);
    download(
        &mut slot::<_, 256>(&mut *flash),
        &old,
        1024,
        false,
        &mut None,
    )
    .unwrap();
    flash
}

/// Cuts inside every operation of a download; answers the number of cuts and the most bytes that were written twice.
fn cut_everywhere<const STAGE: usize>(part: usize, tear: EraseTear, step: usize) -> (u32, usize) {
    let new = package(2, SIZE);
    let before = used(7, tear);
    let mut rehearsal = before.clone();
    let mut rehearsing = slot::<_, STAGE>(&mut *rehearsal);
    download(&mut rehearsing, &new, part, false, &mut None).unwrap();
    let (mut cuts, mut most) = (0, 0);
    for operation in (before.operations()..rehearsal.operations()).step_by(step) {
        for per_mille in [0, 300, 700, 1000] {
            let at = format!("{per_mille} of operation {operation}, parts of {part}, {tear:?}");
            let mut flash = before.clone();
            flash.cut_at(operation, per_mille);
            let mut taken = None;
            let mut cut = slot::<_, STAGE>(&mut *flash);
            let lost = download(&mut cut, &new, part, false, &mut taken);
            assert!(lost.is_err(), "{at}");
            flash.power_on();

            // A package that was cut off is never applied.
            let finished = operation + 1 == rehearsal.operations() && per_mille == 1000;
            let applied = now(slot::<_, STAGE>(&mut *flash).apply());
            assert_eq!(applied.is_ok(), finished, "{at}");

            let mut resumed = slot::<_, STAGE>(&mut *flash);
            let begun = now(resumed.begin(Some(SIZE), true)).unwrap() as usize;
            let mut kept = vec![0; begun];
            flash.read(0, &mut kept).unwrap();
            assert!(kept == new[..begun], "{at}: {begun} bytes counted");
            let twice = taken.unwrap_or(0).saturating_sub(begun);
            assert!(twice <= PAGE + STAGE, "{at}: {twice} bytes lost");
            most = most.max(twice);
            cuts += 1;

            let mut resumed = slot::<_, STAGE>(&mut *flash);
            let again = download(&mut resumed, &new, part, true, &mut None).unwrap();
            assert_eq!(again, begun, "{at}");
            assert!(read_back(&mut resumed, new.len()) == new, "{at}");
            assert_eq!(now(resumed.apply()), Ok(Applied::RebootRequired), "{at}");
            assert_eq!(flash.statistics().raised_bits, 0, "{at}");
            assert_eq!(flash.statistics().refused_writes, 0, "{at}");
        }
    }
    (cuts, most)
}

#[test]
fn a_cut_in_any_operation_loses_a_page_at_most() {
    for part in [700, 1024] {
        for tear in [EraseTear::InOrder, EraseTear::Scattered] {
            let (cuts, most) = cut_everywhere::<256>(part, tear, 1);
            println!("parts of {part}, {tear:?}: {cuts} cuts, at most {most} bytes twice");
            assert!(cuts > 600);
        }
    }
}

/// Every seventh operation: there are four times as many.
#[test]
fn so_does_one_with_a_short_stage() {
    let (cuts, most) = cut_everywhere::<64>(700, EraseTear::Scattered, 7);
    println!("staged by 64: {cuts} cuts, at most {most} bytes twice");
}

/// Pages of 256 bytes, so that the journal is full soon and goes into its other half.
#[test]
fn any_number_of_cuts_is_survived() {
    type Small = Flash<40, 64>;
    let new = package(2, 5_003);
    let mut total = 0;
    for seed in 0..60 {
        let mut flash = Box::new(Small::new(seed));
        flash.set_write_limit(1);
        flash.set_erase_tear(EraseTear::Scattered);
        let old = package(1, 5_003);
        download(&mut slot::<_, 64>(&mut *flash), &old, 100, false, &mut None).unwrap();
        let (mut resume, mut reached, mut cuts) = (false, 0, 0);
        loop {
            // From a few words to three pages.
            flash.cut_after(20 + (seed as u32 * 37 + cuts * 101) % 180);
            let mut taken = None;
            let mut writing = slot::<_, 64>(&mut *flash);
            let ended = download(&mut writing, &new, 100, resume, &mut taken);
            // Begun only when `begin` has returned.
            resume |= taken.is_some();
            flash.power_on();
            if ended.is_ok() {
                break;
            }
            cuts += 1;
            assert!(cuts < 500, "seed {seed} does not get on: {reached}");
            if resume {
                let begun = now(slot::<_, 64>(&mut *flash).begin(Some(5_003), true)).unwrap();
                assert!(begun >= reached, "seed {seed}: {begun} after {reached}");
                reached = begun;
                let mut kept = vec![0; begun as usize];
                flash.read(0, &mut kept).unwrap();
                assert!(kept == new[..begun as usize], "seed {seed}: {begun}");
            }
        }
        total += cuts;
        let mut slot = slot::<_, 64>(&mut *flash);
        assert!(read_back(&mut slot, new.len()) == new, "seed {seed}");
        assert_eq!(flash.statistics().refused_writes, 0, "seed {seed}");
        assert_eq!(flash.statistics().raised_bits, 0, "seed {seed}");
    }
    println!("{total} cuts in 60 downloads");
}

/// The journal's half has room for 29 records of 8 bytes behind 20 others.
#[test]
fn a_full_journal_goes_on_in_its_other_half() {
    type Small = Flash<8, 64>;
    let new = package(2, 1_500);
    let mut flash = Box::new(Small::new(5));
    flash.set_write_limit(1);
    flash.set_erase_tear(EraseTear::Scattered);
    let mut writing = slot::<_, 64>(&mut *flash);
    now(writing.begin(Some(1_500), false)).unwrap();
    now(writing.write(0, &new[..256])).unwrap();

    // The record of the second page is torn again and again.
    let (mut carried, mut rounds) = (0, 0);
    while carried < 3 {
        let before = flash.clone();
        let operations = flash.operations();
        assert_eq!(
            now(slot::<_, 64>(&mut *flash).begin(Some(1_500), true)),
            Ok(256)
        );
        let carrying = flash.operations() - operations;
        if carrying > 0 {
            carried += 1;
            // An erase, the record, the header: each of them may be cut.
            assert_eq!(carrying, 3);
            for (cut, per_mille) in (0..3).flat_map(|cut| [0, 500, 1000].map(|at| (cut, at))) {
                let mut cut_off = before.clone();
                cut_off.cut_at(operations + cut, per_mille);
                assert!(now(slot::<_, 64>(&mut *cut_off).begin(Some(1_500), true)).is_err());
                cut_off.power_on();
                let mut resumed = slot::<_, 64>(&mut *cut_off);
                let begun = download(&mut resumed, &new, 100, true, &mut None);
                assert_eq!(begun, Ok(256), "{per_mille} of {cut}");
                assert!(read_back(&mut resumed, new.len()) == new);
                assert_eq!(cut_off.statistics().refused_writes, 0);
            }
        }
        let mut resumed = slot::<_, 64>(&mut *flash);
        assert_eq!(now(resumed.begin(Some(1_500), true)), Ok(256));
        let (flash, boot) = resumed.into_parts();
        // An erase and four writes come before.
        flash.cut_at(flash.operations() + 5, 300);
        let mut resumed = Slot::<_, 64>::with_stage(flash, boot).unwrap();
        assert_eq!(now(resumed.begin(Some(1_500), true)), Ok(256));
        assert!(now(resumed.write(256, &new[256..512])).is_err());
        resumed.into_parts().0.power_on();
        rounds += 1;
        assert!(rounds < 100);
    }
    let mut resumed = slot::<_, 64>(&mut *flash);
    assert_eq!(download(&mut resumed, &new, 100, true, &mut None), Ok(256));
    assert!(read_back(&mut resumed, new.len()) == new);
    // The half that was left is not taken for a package once this one is given up.
    now(resumed.discard()).unwrap();
    // Not even if the header of the other one is lost.
    for half in [6, 7] {
        let mut damaged = flash.clone();
        damaged.set_write_limit(2);
        damaged.write(half * 256, &[0; 16]).unwrap();
        let mut resumed = slot::<_, 64>(&mut *damaged);
        assert_eq!(now(resumed.begin(Some(1_500), true)), Ok(0));
    }
    println!("{rounds} torn records, carried over {carried} times");
}

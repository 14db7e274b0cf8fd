use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

use super::*;

/// Two pages of four words: small enough to spell out.
type Small = Flash<2, 4>;

fn contents(flash: &mut Small) -> [u8; 32] {
    let mut all = [0; 32];
    flash.read(0, &mut all).unwrap();
    all
}

#[test]
fn is_erased_when_new_and_tells_its_geometry() {
    let mut flash = Small::new(1);
    assert_eq!(contents(&mut flash), [0xFF; 32]);
    assert_eq!(flash.capacity(), 32);
    assert_eq!(<Small as NorFlash>::WRITE_SIZE, 4);
    assert_eq!(<Small as NorFlash>::ERASE_SIZE, 16);
    assert_eq!(<Flash<4> as NorFlash>::ERASE_SIZE, 4096);
    assert_eq!(Flash::<4>::SIZE, 16384);
}

#[test]
fn programming_only_clears_bits_and_erasing_sets_them() {
    let mut flash = Small::new(1);
    flash.write(4, &[0xF0, 0x0F, 0xAA, 0xFF]).unwrap();
    assert_eq!(flash.statistics().raised_bits, 0);
    flash.write(4, &[0xFF, 0x0F, 0x55, 0x12]).unwrap();
    assert_eq!(&contents(&mut flash)[4..8], &[0xF0, 0x0F, 0x00, 0x12]);
    assert_eq!(flash.statistics().raised_bits, 1);
    flash.write(16, &[1, 2, 3, 4]).unwrap();
    flash.erase(0, 16).unwrap();
    let all = contents(&mut flash);
    assert_eq!(&all[..16], &[0xFF; 16]);
    assert_eq!(&all[16..20], &[1, 2, 3, 4]);
}

#[test]
fn reads_at_any_byte() {
    let mut flash = Small::new(1);
    flash.write(0, &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap();
    let mut part = [0; 4];
    flash.read(3, &mut part).unwrap();
    assert_eq!(part, [3, 4, 5, 6]);
}

#[test]
fn a_third_write_to_a_word_is_refused_and_changes_nothing() {
    let mut flash = Small::new(1);
    flash.write(8, &[0xFE; 4]).unwrap();
    flash.write(8, &[0xFC; 4]).unwrap();
    let refused = flash.write(4, &[0; 8]);
    assert_eq!(refused, Err(FlashError::TooManyWrites { offset: 8 }));
    assert_eq!(&contents(&mut flash)[4..8], &[0xFF; 4]);
    assert_eq!(flash.statistics().refused_writes, 1);
    flash.erase(0, 16).unwrap();
    flash.write(8, &[0; 4]).unwrap();
    flash.set_write_limit(1);
    assert!(flash.write(8, &[0; 4]).is_err());
}

#[test]
fn bad_ranges_are_refused_and_change_nothing() {
    let mut flash = Small::new(1);
    assert_eq!(flash.write(2, &[0; 4]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(0, &[0; 3]), Err(FlashError::NotAligned));
    assert_eq!(flash.write(28, &[0; 8]), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(8, 16), Err(FlashError::NotAligned));
    assert_eq!(flash.erase(16, 0), Err(FlashError::OutOfBounds));
    assert_eq!(flash.erase(16, 48), Err(FlashError::OutOfBounds));
    assert_eq!(flash.read(31, &mut [0; 2]), Err(FlashError::OutOfBounds));
    assert_eq!(contents(&mut flash), [0xFF; 32]);
    assert_eq!(flash.operations(), 0);
    assert_eq!(FlashError::NotAligned.kind(), NorFlashErrorKind::NotAligned);
    assert_eq!(
        FlashError::OutOfBounds.kind(),
        NorFlashErrorKind::OutOfBounds
    );
}

#[test]
fn operations_count_writes_and_erased_pages() {
    let mut flash = Small::new(1);
    flash.write(0, &[0; 16]).unwrap();
    flash.erase(0, 32).unwrap();
    assert_eq!(flash.operations(), 3);
    assert_eq!(flash.statistics().words_programmed, 4);
    assert_eq!(flash.statistics().pages_erased, 2);
}

#[test]
fn a_cut_write_keeps_the_words_before_tears_one_and_spares_the_rest() {
    let data = [0x12; 16];
    let mut torn_seen = false;
    for seed in 0..32 {
        let mut flash = Small::new(seed);
        flash.write(16, &[0; 4]).unwrap();
        flash.cut_at(1, 500);
        assert_eq!(flash.write(0, &data), Err(FlashError::PowerLost));
        assert_eq!(flash.read(0, &mut [0; 4]), Err(FlashError::PoweredOff));
        assert_eq!(flash.erase(0, 16), Err(FlashError::PoweredOff));
        assert!(!flash.is_powered());
        flash.power_on();
        let all = contents(&mut flash);
        assert_eq!(&all[..8], &[0x12; 8]);
        // A torn word has lost no bit that the data keeps, and the rest is untouched.
        assert!(all[8..12].iter().all(|byte| byte & 0x12 == 0x12));
        torn_seen |= all[8..12] != [0x12; 4] && all[8..12] != [0xFF; 4];
        assert_eq!(&all[12..16], &[0xFF; 4]);
        assert_eq!(&all[16..20], &[0; 4]);
        assert_eq!(flash.statistics().power_cuts, 1);
    }
    assert!(torn_seen);
}

#[test]
fn a_cut_at_the_end_of_an_operation_completes_it() {
    let mut flash = Small::new(1);
    flash.cut_at(0, 1000);
    assert_eq!(flash.write(0, &[7; 8]), Err(FlashError::PowerLost));
    flash.power_on();
    assert_eq!(&contents(&mut flash)[..8], &[7; 8]);
    flash.cut_at(1, 1000);
    assert_eq!(flash.erase(0, 16), Err(FlashError::PowerLost));
    flash.power_on();
    assert_eq!(contents(&mut flash), [0xFF; 32]);
}

#[test]
fn a_cut_after_words_counts_across_operations() {
    let mut flash = Small::new(1);
    flash.cut_after(3);
    flash.write(0, &[0; 8]).unwrap();
    assert_eq!(flash.write(8, &[0; 8]), Err(FlashError::PowerLost));
    flash.power_on();
    assert_eq!(&contents(&mut flash)[..12], &[0; 12]);
    // The cut is spent.
    flash.write(16, &[0; 16]).unwrap();
}

#[test]
fn an_erase_torn_in_order_clears_a_prefix() {
    let mut flash = Small::new(3);
    flash.write(0, &[0x21; 32]).unwrap();
    flash.cut_at(1, 500);
    assert_eq!(flash.erase(0, 32), Err(FlashError::PowerLost));
    flash.power_on();
    let all = contents(&mut flash);
    assert_eq!(&all[..8], &[0xFF; 8]);
    assert!(all[8..12].iter().all(|byte| byte & 0x21 == 0x21));
    assert_eq!(&all[12..], &[0x21; 20]);
    // The words that were not erased keep their write count.
    flash.write(12, &[0; 4]).unwrap();
    assert!(flash.write(12, &[0; 4]).is_err());
}

#[test]
fn a_scattered_torn_erase_mixes_erased_old_and_indeterminate_words() {
    let (mut erased, mut old, mut between) = (0, 0, 0);
    for seed in 0..64 {
        let mut flash = Small::new(seed);
        flash.set_erase_tear(EraseTear::Scattered);
        flash.write(0, &[0; 32]).unwrap();
        flash.cut_at(1, 500);
        assert_eq!(flash.erase(0, 16), Err(FlashError::PowerLost));
        flash.power_on();
        let all = contents(&mut flash);
        for word in all[..16].chunks(4) {
            match word {
                [0xFF, 0xFF, 0xFF, 0xFF] => erased += 1,
                [0, 0, 0, 0] => old += 1,
                _ => between += 1,
            }
        }
        assert_eq!(&all[16..], &[0; 16]);
    }
    // Half, a third and a sixth of 256 words, six standard deviations each.
    assert!((80..=176).contains(&erased), "{erased}");
    assert!((40..=131).contains(&old), "{old}");
    assert!((10..=80).contains(&between), "{between}");
}

#[test]
fn the_seed_decides_how_a_torn_word_looks() {
    let tear = |seed| {
        let mut flash = Small::new(seed);
        flash.cut_after(0);
        let _ = flash.write(0, &[0; 4]);
        flash.power_on();
        contents(&mut flash)
    };
    assert_eq!(tear(5), tear(5));
    assert_ne!(tear(5), tear(6));
}

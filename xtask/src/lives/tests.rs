//! The same seed is the same life.

use super::life;

#[test]
fn a_seed_decides_a_life() {
    let lives = || {
        std::thread::Builder::new()
            .stack_size(super::STACK)
            .spawn(|| life::live(3, true).lines)
    };
    let [one, other] = [lives(), lives()].map(|life| life.unwrap().join().unwrap());
    assert!(one.len() > 1_000);
    assert_eq!(one, other);
}

//! The porting kit passes the simulated device and the library's own parts, and catches ports that are broken.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::large_futures,
    reason = "a failed test panics, and has a large stack"
)]

mod bench;
mod broken_link;
mod broken_memory;
mod broken_sessions;

use core::cell::RefCell;

use carrier_mock::conformance::peer::WorldPeer;
use carrier_mock::conformance::sessions::Places;
use carrier_mock::conformance::{
    clock, firmware, key_store, link, modem_info, random, sessions, storage,
};
use carrier_mock::modem::KeyStoreMode;
use carrier_mock::random::Pcg32;
use carrier_mock::world::{Door, Guard, StreamGuard, World};
use lwm2m_carrier::Connectivity;
use lwm2m_carrier::hal::{DetachReason, Link};
use lwm2m_core::time::Duration;

use bench::{FlashRecords, Slot, WorldKeys, block_on};

#[test]
fn the_key_store_keeps_the_trait() {
    for mode in [KeyStoreMode::Online, KeyStoreMode::OfflineOnly] {
        let world = World::new(1);
        world.keys().set_mode(mode);
        let mut keys = WorldKeys(&world);
        block_on(key_store::all(&mut keys)).unwrap();
        assert_eq!(world.keys().count(), 0);
    }
}

#[test]
fn storage_over_flash_keeps_the_trait() {
    block_on(storage::all(&mut FlashRecords::default())).unwrap();
}

#[test]
fn the_firmware_slot_keeps_the_trait() {
    block_on(firmware::all(&mut Slot::default())).unwrap();
}

#[test]
fn the_link_keeps_the_trait() {
    let world = World::new(1);
    let mut clock = world.device().clock;
    block_on(link::all(&mut world.link(), &mut clock)).unwrap();
    let network = |there: bool| {
        let back = there.then_some(Duration::from_secs(3));
        world.link().detach(DetachReason::NoService, back);
    };
    block_on(link::outage(&mut world.link(), &mut clock, network)).unwrap();
}

#[test]
fn the_sessions_keep_the_trait() {
    let (echo, files) = (
        RefCell::new(WorldPeer::new()),
        RefCell::new(WorldPeer::new()),
    );
    let silent = RefCell::new(WorldPeer::silent());
    let world = World::new(1);
    let address = |text: &str| text.parse().unwrap();
    let at = address("192.0.2.1:5683");
    world
        .add_server("peer.example", at, Guard::Plain, &echo)
        .unwrap();
    world
        .add_stream_server("peer.example", at, StreamGuard::Plain, &files)
        .unwrap();
    world
        .add_stream_server(
            "192.0.2.99",
            address("192.0.2.99:5683"),
            StreamGuard::Plain,
            &silent,
        )
        .unwrap();
    world
        .set_door(address("192.0.2.1:1"), Door::Refuses)
        .unwrap();
    let places = Places::new("peer.example", 5683)
        .with_streams(5683)
        .with_refused("192.0.2.1", 1)
        .with_silent("192.0.2.99", 5683);
    let mut clock = world.device().clock;
    block_on(async {
        world.link().up().await.unwrap();
        sessions::all(&mut world.sessions(), &mut clock, &places).await
    })
    .unwrap();
}

#[test]
fn clock_chance_and_modem_keep_their_traits() {
    let world = World::new(1);
    let mut device = world.device();
    block_on(clock::all(&mut device.clock)).unwrap();
    block_on(modem_info::all(&mut device.modem)).unwrap();
    let connectivity = block_on(Connectivity::of(&mut device.modem));
    assert!(connectivity.is_complete(), "the mock has all of object 4");
    random::all(&mut device.random).unwrap();
    let mut seeds = 0..;
    random::boots(|| Pcg32::new(seeds.next().unwrap())).unwrap();
    assert!(random::boots(|| Pcg32::new(1)).is_err());
}

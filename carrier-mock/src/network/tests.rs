use core::net::{Ipv4Addr, SocketAddr};

use lwm2m_core::time::{Duration, Instant};

use super::*;

const DEVICE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 50000);
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 5683);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn network<const SLOTS: usize>(seed: u64, path: Path) -> Network<SLOTS, 16> {
    let mut network = Network::new(DEVICE.ip(), seed);
    network.set_paths(path);
    network
}

/// Everything that arrives up to `now`: the first byte of each datagram.
fn drain<const SLOTS: usize>(network: &mut Network<SLOTS, 16>, now: Instant) -> std::vec::Vec<u8> {
    let mut buf = [0; 16];
    core::iter::from_fn(|| network.deliver(now, &mut buf).map(|_| buf[0])).collect()
}

#[test]
fn a_perfect_network_delivers_once_with_addresses_and_bytes() {
    let mut network = network::<4>(1, Path::perfect());
    assert_eq!(network.next_delivery(), None);
    assert_eq!(
        network.send(at(5), DEVICE, SERVER, &[1, 2, 3]),
        Fate::Queued
    );
    assert_eq!(network.next_delivery(), Some(at(5)));
    let mut buf = [0; 16];
    let delivery = network.deliver(at(5), &mut buf).unwrap();
    assert_eq!((delivery.from, delivery.to), (DEVICE, SERVER));
    assert_eq!(&buf[..delivery.len], &[1, 2, 3]);
    assert_eq!(network.deliver(at(5), &mut buf), None);
    assert_eq!(network.uplink().bytes_delivered, 3);
    assert_eq!(network.downlink(), Traffic::default());
}

#[test]
fn nothing_arrives_before_its_delay() {
    let mut network = network::<4>(1, Path::perfect().delay(ms(40), ms(60)));
    for round in 0..100 {
        let sent = at(round * 1000);
        network.send(sent, SERVER, DEVICE, &[0]);
        let due = network.next_delivery().unwrap();
        assert!(due >= sent + ms(40) && due <= sent + ms(60), "{due:?}");
        let before = Instant::from_millis(due.as_millis() - 1);
        assert!(drain(&mut network, before).is_empty());
        assert_eq!(drain(&mut network, due).len(), 1);
    }
}

#[test]
fn order_is_kept_although_delays_differ() {
    let mut network = network::<64>(2, Path::perfect().delay(ms(10), ms(500)));
    for number in 0..50 {
        network.send(at(u64::from(number)), DEVICE, SERVER, &[number]);
    }
    let expected: std::vec::Vec<u8> = (0..50).collect();
    assert_eq!(drain(&mut network, at(10_000)), expected);
}

#[test]
fn reordering_lets_later_datagrams_overtake() {
    let mut network = network::<64>(2, Path::perfect().reordering(200, ms(100)));
    for number in 0..50 {
        network.send(at(u64::from(number) * 10), DEVICE, SERVER, &[number]);
    }
    let mut arrived = drain(&mut network, at(10_000));
    assert!(!arrived.is_sorted());
    arrived.sort_unstable();
    assert!(arrived.iter().copied().eq(0..50));
    assert!((1..50).contains(&network.uplink().held_back));
}

#[test]
fn loss_is_as_frequent_as_asked_in_each_direction() {
    let mut network = network::<4>(3, Path::perfect());
    network.set_uplink(Path::perfect().loss(300));
    for round in 0..10_000 {
        network.send(at(round), DEVICE, SERVER, &[0]);
        network.send(at(round), SERVER, DEVICE, &[0]);
        drain(&mut network, at(round));
    }
    let up = network.uplink();
    // Six standard deviations (sqrt(10,000 x 0.3 x 0.7) = 46) around 3,000.
    assert!((2725..=3275).contains(&up.lost), "{}", up.lost);
    assert_eq!(up.delivered + up.lost, 10_000);
    assert_eq!(network.downlink().delivered, 10_000);
}

#[test]
fn duplicates_are_as_frequent_as_asked() {
    let mut network = network::<4>(4, Path::perfect().duplication(100));
    for round in 0..10_000 {
        network.send(at(round), DEVICE, SERVER, &[0]);
        drain(&mut network, at(round));
    }
    let up = network.uplink();
    // Six standard deviations (30) around 1,000.
    assert!((820..=1180).contains(&up.duplicated), "{}", up.duplicated);
    assert_eq!(up.delivered, 10_000 + up.duplicated);
}

#[test]
fn outages_swallow_what_is_sent_or_arrives_in_them() {
    let mut network = network::<8>(1, Path::perfect().delay(ms(100), ms(100)));
    network.add_outage(at(1000), at(2000)).unwrap();
    assert_eq!(network.send(at(899), DEVICE, SERVER, &[1]), Fate::Queued);
    assert_eq!(network.send(at(900), DEVICE, SERVER, &[2]), Fate::Queued);
    assert_eq!(network.send(at(1000), DEVICE, SERVER, &[3]), Fate::Outage);
    assert_eq!(network.send(at(1999), DEVICE, SERVER, &[4]), Fate::Outage);
    assert_eq!(network.send(at(2000), DEVICE, SERVER, &[5]), Fate::Queued);
    assert_eq!(drain(&mut network, at(3000)), [1, 5]);
    assert_eq!(network.uplink().lost_in_outage, 3);
    network.clear_outages();
    assert_eq!(network.send(at(1500), DEVICE, SERVER, &[6]), Fate::Queued);
}

#[test]
fn a_full_network_drops_and_counts() {
    let mut network = network::<2>(1, Path::perfect().delay(ms(10), ms(10)));
    network.send(at(0), DEVICE, SERVER, &[1]);
    network.send(at(0), DEVICE, SERVER, &[2]);
    assert_eq!(network.in_flight(), 2);
    assert_eq!(network.send(at(0), DEVICE, SERVER, &[3]), Fate::Overflowed);
    assert_eq!(network.uplink().overflowed, 1);
    assert_eq!(drain(&mut network, at(10)), [1, 2]);
    assert_eq!(network.send(at(20), DEVICE, SERVER, &[4]), Fate::Queued);
    assert_eq!(
        network.send(at(20), DEVICE, SERVER, &[0; 17]),
        Fate::Oversized
    );
    assert_eq!(network.uplink().oversized, 1);
}

#[test]
fn a_short_buffer_truncates() {
    let mut network = network::<2>(1, Path::perfect());
    network.send(at(0), DEVICE, SERVER, &[1, 2, 3]);
    let mut buf = [0; 2];
    assert_eq!(network.deliver(at(0), &mut buf).unwrap().len, 2);
    assert_eq!(buf, [1, 2]);
}

#[test]
fn the_seed_decides_the_run() {
    let run = |seed| {
        let path = Path::perfect()
            .delay(ms(1), ms(90))
            .loss(200)
            .duplication(200)
            .reordering(200, ms(300));
        let mut network = network::<64>(seed, path);
        for number in 0..40 {
            network.send(at(u64::from(number) * 7), DEVICE, SERVER, &[number]);
        }
        drain(&mut network, at(10_000))
    };
    assert_eq!(run(11), run(11));
    assert_ne!(run(11), run(12));
}

#[test]
fn after_a_nat_rebinding_the_old_address_reaches_no_session() {
    let mut network = network::<4>(1, Path::perfect());
    let mut buf = [0; 16];
    network.send(at(0), DEVICE, SERVER, &[0]);
    let old = network.deliver(at(0), &mut buf).unwrap().from;
    network.rebind_nat();
    network.send(at(1), DEVICE, SERVER, &[0]);
    let new = network.deliver(at(1), &mut buf).unwrap().from;
    assert_ne!(old, new);
    network.send(at(2), SERVER, old, &[0]);
    assert_ne!(network.deliver(at(2), &mut buf).unwrap().to, DEVICE);
    network.send(at(3), SERVER, new, &[0]);
    assert_eq!(network.deliver(at(3), &mut buf).unwrap().to, DEVICE);
}

/// 100 bytes a second: a datagram of 10 bytes takes 100 ms to leave, and the next one waits for it.
#[test]
fn a_bandwidth_lets_one_datagram_through_behind_the_other() {
    let mut network = network::<4>(1, Path::perfect().delay(ms(5), ms(5)).bandwidth(100));
    for first in 0..3 {
        let _ = network.send(at(0), DEVICE, SERVER, &[first; 10]);
    }
    let mut arrivals = std::vec::Vec::new();
    while let Some(due) = network.next_delivery() {
        arrivals.push((due, drain(&mut network, due)));
    }
    let expected = [(105, 0), (205, 1), (305, 2)].map(|(due, first)| (at(due), std::vec![first]));
    assert_eq!(arrivals, expected);
}

#[test]
fn an_outage_of_one_server_is_none_of_another() {
    let other = SocketAddr::new(SERVER.ip(), 5684);
    let mut network = network::<4>(1, Path::perfect());
    network.add_server_outage(SERVER, at(10), at(20)).unwrap();
    for (now, from, to, fate) in [
        (9, DEVICE, SERVER, Fate::Queued),
        (10, DEVICE, SERVER, Fate::Outage),
        (19, SERVER, DEVICE, Fate::Outage),
        (19, DEVICE, other, Fate::Queued),
        (20, SERVER, DEVICE, Fate::Queued),
    ] {
        assert_eq!(network.send(at(now), from, to, &[1]), fate, "{now}");
    }
}

/// What the device sends refreshes its binding, what it receives does not.
#[test]
fn idle_bindings_are_forgotten() {
    let mut network = network::<4>(1, Path::perfect());
    network.set_nat_timeout(ms(100));
    let mut buf = [0; 16];
    let mut speak = |network: &mut Network<4, 16>, now| {
        let _ = network.send(at(now), DEVICE, SERVER, &[1]);
        network.deliver(at(now), &mut buf).unwrap().from
    };
    let first = speak(&mut network, 0);
    assert_eq!(speak(&mut network, 99), first);
    let hear = |network: &mut Network<4, 16>, now, to| {
        let _ = network.send(at(now), SERVER, to, &[2]);
        let heard = network.deliver(at(now), &mut [0; 16]);
        heard.map(|delivery| delivery.to)
    };
    assert_eq!(hear(&mut network, 198, first), Some(DEVICE));
    assert_eq!(hear(&mut network, 199, first), None);
    assert_eq!(network.downlink().unbound, 1);
    let second = speak(&mut network, 200);
    assert_ne!(second, first);
    assert_eq!(hear(&mut network, 201, second), Some(DEVICE));
    assert_eq!(hear(&mut network, 201, first), None);
    // Another port of the device has a binding of its own.
    let other = SocketAddr::new(DEVICE.ip(), DEVICE.port() + 1);
    let _ = network.send(at(350), other, SERVER, &[1]);
    let seen = network.deliver(at(350), &mut [0; 16]).unwrap().from;
    assert_eq!(hear(&mut network, 350, seen), Some(other));
    assert_eq!(hear(&mut network, 350, second), None);
    network.rebind_nat();
    assert_eq!(hear(&mut network, 350, seen), None);
}

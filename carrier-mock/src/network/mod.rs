//! A datagram network between one device and its servers that loses, delays, duplicates and
//! reorders, all from a seed.
//!
//! Whoever runs a simulation hands each datagram to [`Network::send`], moves the clock to
//! [`Network::next_delivery`] and takes what has arrived with [`Network::deliver`].

mod path;
mod statistics;

#[cfg(test)]
mod tests;

use core::net::{IpAddr, SocketAddr};

use heapless::Vec;
use lwm2m_core::time::Instant;

pub use path::Path;
pub use statistics::{Fate, Traffic};

use crate::random::Pcg32;

/// Outages that a network remembers at a time.
pub const MAX_OUTAGES: usize = 8;

/// How far a NAT moves the device's ports when it rebinds. A late answer to the old port then names
/// a port that no session of the device uses.
const NAT_STEP: u16 = 64;

/// A datagram that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The sender, as the receiver sees it (behind the NAT for the device).
    pub from: SocketAddr,
    /// The receiver.
    pub to: SocketAddr,
    /// Bytes written to the buffer. A buffer that is too short truncates the datagram, as UDP does.
    pub len: usize,
}

/// The outage could not be added: [`MAX_OUTAGES`] are known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyOutages;

/// A datagram under way.
#[derive(Debug)]
struct Slot<const MTU: usize> {
    /// When it arrives; a free slot has none.
    due: Option<Instant>,
    /// Order of sending, to break ties.
    number: u32,
    uplink: bool,
    from: SocketAddr,
    to: SocketAddr,
    len: usize,
    data: [u8; MTU],
}

/// One direction.
#[derive(Debug)]
struct Direction {
    path: Path,
    /// The latest arrival that was not held back: later datagrams come no earlier.
    last_due: Instant,
    traffic: Traffic,
}

impl Direction {
    const fn new() -> Self {
        Self {
            path: Path::perfect(),
            last_due: Instant::ZERO,
            traffic: Traffic {
                sent: 0,
                bytes_sent: 0,
                delivered: 0,
                bytes_delivered: 0,
                lost: 0,
                lost_in_outage: 0,
                duplicated: 0,
                held_back: 0,
                overflowed: 0,
                oversized: 0,
            },
        }
    }
}

/// A network with room for `SLOTS` datagrams under way, each of at most `MTU` bytes.
#[derive(Debug)]
pub struct Network<const SLOTS: usize = 16, const MTU: usize = 1280> {
    device: IpAddr,
    slots: [Slot<MTU>; SLOTS],
    uplink: Direction,
    downlink: Direction,
    outages: Vec<(Instant, Instant), MAX_OUTAGES>,
    nat_offset: u16,
    next_number: u32,
    random: Pcg32,
}

impl<const SLOTS: usize, const MTU: usize> Network<SLOTS, MTU> {
    const FREE: Slot<MTU> = Slot {
        due: None,
        number: 0,
        uplink: false,
        from: NOWHERE,
        to: NOWHERE,
        len: 0,
        data: [0; MTU],
    };

    /// A network with perfect paths. What comes from the address `device` travels on the uplink,
    /// everything else on the downlink. `seed` decides every chance.
    #[must_use]
    pub const fn new(device: IpAddr, seed: u64) -> Self {
        Self {
            device,
            slots: [Self::FREE; SLOTS],
            uplink: Direction::new(),
            downlink: Direction::new(),
            outages: Vec::new(),
            nat_offset: 0,
            next_number: 0,
            random: Pcg32::new(seed),
        }
    }

    /// Sets the quality of the way from the device to the servers, for datagrams sent from now on.
    pub const fn set_uplink(&mut self, path: Path) {
        self.uplink.path = path;
    }

    /// Sets the quality of the way from the servers to the device, for datagrams sent from now on.
    pub const fn set_downlink(&mut self, path: Path) {
        self.downlink.path = path;
    }

    /// Sets the quality of both directions.
    pub const fn set_paths(&mut self, path: Path) {
        self.set_uplink(path);
        self.set_downlink(path);
    }

    /// Loses every datagram that is sent or would arrive at or after `from` and before `until`.
    ///
    /// # Errors
    ///
    /// [`TooManyOutages`] when [`MAX_OUTAGES`] are known already.
    pub fn add_outage(&mut self, from: Instant, until: Instant) -> Result<(), TooManyOutages> {
        self.outages.push((from, until)).map_err(|_| TooManyOutages)
    }

    /// Forgets all outages.
    pub fn clear_outages(&mut self) {
        self.outages.clear();
    }

    /// Makes the NAT between device and servers forget its bindings: the servers see the device on
    /// new ports, and what they send to the old ones reaches no session.
    pub const fn rebind_nat(&mut self) {
        self.nat_offset = self.nat_offset.wrapping_add(NAT_STEP);
    }

    /// What happened from the device to the servers.
    #[must_use]
    pub const fn uplink(&self) -> Traffic {
        self.uplink.traffic
    }

    /// What happened from the servers to the device.
    #[must_use]
    pub const fn downlink(&self) -> Traffic {
        self.downlink.traffic
    }

    /// Datagrams under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.slots.iter().filter(|slot| slot.due.is_some()).count()
    }

    /// Takes a datagram that `from` sends to `to`.
    pub fn send(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, data: &[u8]) -> Fate {
        let outage = self.in_outage(now);
        let uplink = from.ip() == self.device;
        let direction = if uplink {
            &mut self.uplink
        } else {
            &mut self.downlink
        };
        let traffic = &mut direction.traffic;
        traffic.sent = traffic.sent.saturating_add(1);
        traffic.bytes_sent = traffic.bytes_sent.saturating_add(data.len() as u64);
        let draw = direction.path.draw(&mut self.random);
        if data.len() > MTU {
            traffic.oversized += 1;
            return Fate::Oversized;
        }
        if outage {
            traffic.lost_in_outage += 1;
            return Fate::Outage;
        }
        if draw.lost {
            traffic.lost += 1;
            return Fate::Lost;
        }
        let from = if uplink {
            shift(from, self.nat_offset)
        } else {
            from
        };
        let mut fate = Fate::Overflowed;
        for (index, copy) in draw.copies.iter().enumerate() {
            if index > 0 && !draw.duplicated {
                break;
            }
            let Some(slot) = self.slots.iter_mut().find(|slot| slot.due.is_none()) else {
                traffic.overflowed += 1;
                continue;
            };
            let in_order = direction.last_due.max(now + copy.delay);
            slot.due = Some(match copy.held_back {
                Some(by) => {
                    traffic.held_back += 1;
                    in_order + by
                }
                None => {
                    direction.last_due = in_order;
                    in_order
                }
            });
            slot.number = self.next_number;
            self.next_number = self.next_number.wrapping_add(1);
            slot.uplink = uplink;
            slot.from = from;
            slot.to = to;
            slot.len = data.len();
            for (byte, value) in slot.data.iter_mut().zip(data) {
                *byte = *value;
            }
            if index > 0 {
                traffic.duplicated += 1;
                fate = Fate::Duplicated;
            } else {
                fate = Fate::Queued;
            }
        }
        fate
    }

    /// When the next datagram arrives. May change after [`send`](Self::send) and
    /// [`deliver`](Self::deliver).
    #[must_use]
    pub fn next_delivery(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.due).min()
    }

    /// Takes the earliest datagram that has arrived by `now`, and writes it to `buf`.
    ///
    /// Call it until it answers `None`.
    #[must_use]
    pub fn deliver(&mut self, now: Instant, buf: &mut [u8]) -> Option<Delivery> {
        loop {
            let slot = self
                .slots
                .iter_mut()
                .filter(|slot| slot.due.is_some_and(|due| due <= now))
                .min_by_key(|slot| (slot.due, slot.number))?;
            let due = slot.due.take()?;
            let direction = if slot.uplink {
                &mut self.uplink
            } else {
                &mut self.downlink
            };
            let traffic = &mut direction.traffic;
            if covers(&self.outages, due) {
                traffic.lost_in_outage += 1;
                continue;
            }
            traffic.delivered = traffic.delivered.saturating_add(1);
            traffic.bytes_delivered = traffic.bytes_delivered.saturating_add(slot.len as u64);
            let len = slot.len.min(buf.len());
            for (byte, &value) in buf.iter_mut().zip(&slot.data).take(len) {
                *byte = value;
            }
            let to = if slot.uplink {
                slot.to
            } else {
                shift(slot.to, self.nat_offset.wrapping_neg())
            };
            return Some(Delivery {
                from: slot.from,
                to,
                len,
            });
        }
    }

    fn in_outage(&self, at: Instant) -> bool {
        covers(&self.outages, at)
    }
}

const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0);

fn covers(outages: &[(Instant, Instant)], at: Instant) -> bool {
    outages
        .iter()
        .any(|&(from, until)| from <= at && at < until)
}

/// The same address with its port moved by `offset`.
const fn shift(address: SocketAddr, offset: u16) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().wrapping_add(offset))
}

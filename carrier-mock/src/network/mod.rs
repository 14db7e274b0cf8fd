//! A datagram network between one device and its servers that loses, delays, duplicates and
//! reorders, all from a seed.
//!
//! Whoever runs a simulation hands each datagram to [`Network::send`], moves the clock to
//! [`Network::next_delivery`] and takes what has arrived with [`Network::deliver`].

mod carriage;
mod nat;
mod path;
mod statistics;

#[cfg(test)]
mod tests;

use core::net::{IpAddr, SocketAddr};

use heapless::Vec;
use lwm2m_core::time::{Duration, Instant};

use self::nat::Nat;
pub use nat::MAX_BINDINGS;
pub use path::Path;
pub use statistics::{Fate, Traffic};

use crate::random::Pcg32;

/// Outages that a network remembers at a time.
pub const MAX_OUTAGES: usize = 8;

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
    /// When everything sent so far has left, where the path has a bandwidth.
    busy_until: Instant,
    traffic: Traffic,
}

impl Direction {
    const fn new() -> Self {
        Self {
            path: Path::perfect(),
            last_due: Instant::ZERO,
            busy_until: Instant::ZERO,
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
                unbound: 0,
            },
        }
    }

    /// When `len` bytes that are sent at `now` have left, behind everything sent before them.
    fn leave(&mut self, now: Instant, len: usize) -> Instant {
        let left = self.busy_until.max(now) + self.path.time_for(len);
        self.busy_until = left;
        left
    }
}

/// A time in which nothing arrives.
#[derive(Debug, Clone, Copy)]
struct Outage {
    /// The server that cannot be reached; `None`: none of them.
    server: Option<SocketAddr>,
    from: Instant,
    until: Instant,
}

/// A network with room for `SLOTS` datagrams under way, each of at most `MTU` bytes.
#[derive(Debug)]
pub struct Network<const SLOTS: usize = 16, const MTU: usize = 1280> {
    device: IpAddr,
    slots: [Slot<MTU>; SLOTS],
    uplink: Direction,
    downlink: Direction,
    outages: Vec<Outage, MAX_OUTAGES>,
    nat: Nat,
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
            nat: Nat::new(),
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
        self.push_outage(None, from, until)
    }

    /// The same for what goes to and comes from one server.
    ///
    /// # Errors
    ///
    /// As [`add_outage`](Self::add_outage).
    pub fn add_server_outage(
        &mut self,
        server: SocketAddr,
        from: Instant,
        until: Instant,
    ) -> Result<(), TooManyOutages> {
        self.push_outage(Some(server), from, until)
    }

    fn push_outage(
        &mut self,
        server: Option<SocketAddr>,
        from: Instant,
        until: Instant,
    ) -> Result<(), TooManyOutages> {
        let outage = Outage {
            server,
            from,
            until,
        };
        self.outages.push(outage).map_err(|_| TooManyOutages)
    }

    /// Forgets all outages.
    pub fn clear_outages(&mut self) {
        self.outages.clear();
    }

    /// Makes the NAT between device and servers forget its bindings: the servers see the device on
    /// new ports, and what they send to the old ones reaches no session.
    pub fn rebind_nat(&mut self) {
        self.nat.rebind();
    }

    /// Makes the NAT forget a binding from which the device has sent nothing for `timeout`, at least
    /// 1 ms: what comes for it then is dropped, and the servers see what the device sends next on a
    /// new port. [`Duration::MAX`], the default: never. Streams are bound for hours (RFC 5382) and
    /// not subject to it.
    pub fn set_nat_timeout(&mut self, timeout: Duration) {
        self.nat.set_timeout(timeout);
    }

    /// Times that the NAT was rebound on demand: what was connected before is cut.
    pub(crate) const fn rebindings(&self) -> u32 {
        self.nat.rebound
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

    /// The device's port that a server reaches under `outside` now; `None`: the NAT has forgotten it.
    pub(crate) fn inside(&self, now: Instant, outside: u16) -> Option<u16> {
        self.nat.inside(now, outside)
    }

    /// Datagrams under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.slots.iter().filter(|slot| slot.due.is_some()).count()
    }

    /// Takes a datagram that `from` sends to `to`.
    pub fn send(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, data: &[u8]) -> Fate {
        let uplink = from.ip() == self.device;
        let server = if uplink { to } else { from };
        let outage = covers(&self.outages, now, server);
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
        let left_at = direction.leave(now, data.len());
        let traffic = &mut direction.traffic;
        if outage {
            traffic.lost_in_outage += 1;
            return Fate::Outage;
        }
        if draw.lost {
            traffic.lost += 1;
            return Fate::Lost;
        }
        let from = if uplink {
            at_port(from, self.nat.outside(now, from.port()))
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
            let in_order = direction.last_due.max(left_at + copy.delay);
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
            let server = if slot.uplink { slot.to } else { slot.from };
            if covers(&self.outages, due, server) {
                traffic.lost_in_outage += 1;
                continue;
            }
            let to = if slot.uplink {
                slot.to
            } else if let Some(port) = self.nat.inside(due, slot.to.port()) {
                at_port(slot.to, port)
            } else {
                traffic.unbound += 1;
                continue;
            };
            traffic.delivered = traffic.delivered.saturating_add(1);
            traffic.bytes_delivered = traffic.bytes_delivered.saturating_add(slot.len as u64);
            let len = slot.len.min(buf.len());
            for (byte, &value) in buf.iter_mut().zip(&slot.data).take(len) {
                *byte = value;
            }
            return Some(Delivery {
                from: slot.from,
                to,
                len,
            });
        }
    }
}

const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0);

fn covers(outages: &[Outage], at: Instant, server: SocketAddr) -> bool {
    let concerns = |outage: &Outage| outage.server.is_none_or(|cut| cut == server);
    outages
        .iter()
        .any(|outage| outage.from <= at && at < outage.until && concerns(outage))
}

/// The same address with another port.
const fn at_port(address: SocketAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.ip(), port)
}

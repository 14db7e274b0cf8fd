//! Lives of a device and its server over a network that loses, delays and doubles what it carries. Whatever has happened,
//! once the network is good again both know the same: registration, object list, lifetime, and what is observed.

use lwm2m_core::client::SessionEvent;
use lwm2m_core::model::{Outcome, Ticket};
use lwm2m_core::random::Random;
use lwm2m_core::time::{Duration, Instant};

use crate::common::{Device, Out, Owned, SERVER, TEST, TestRandom, post, put};
use crate::peer::{Order, Peer};

/// Lives that are lived, each with its own seed.
const LIVES: u32 = 300;

/// What happens in a life before the network becomes good.
const EVENTS: usize = 40;

/// A datagram on its way: when it arrives, and whether at the device.
struct Carried {
    at: Instant,
    to_device: bool,
    datagram: Vec<u8>,
}

struct Life {
    device: Device,
    peer: Peer,
    chance: TestRandom,
    network: Vec<Carried>,
    /// Datagrams of a hundred that are lost.
    loss: u64,
    /// When the session that the device asks for is open.
    opening: Option<Instant>,
    is_open: bool,
    /// A new session has a new security context.
    is_secure: bool,
    /// Operations that are to be answered.
    tickets: Vec<Ticket>,
}

impl Life {
    fn new(seed: u32) -> Self {
        let mut chance = TestRandom::Sequence(seed.wrapping_mul(0x9e37_79b9));
        let mut config = Device::config();
        config.confirmable_notifications = below(&mut chance, 2) == 0;
        let mut device = Device::with(config, TestRandom::Sequence(seed), 1280);
        for (resource, value) in [(1, 3_600), (5, 20), (17, 3), (18, 10)] {
            device.objects.server.set(0, resource, value);
        }
        if below(&mut chance, 4) == 0 {
            // A list that takes several blocks.
            for instance in 1_000..1_200 {
                device.objects.test.set(instance, 0, "x");
            }
        }
        let observes_at_once = match below(&mut chance, 3) {
            0 => Some(Order::ObserveFirst),
            1 => Some(Order::AnswerFirst),
            _ => None,
        };
        let mut life = Self {
            is_secure: below(&mut chance, 3) == 0,
            device,
            peer: Peer::new(observes_at_once),
            chance,
            network: Vec::new(),
            loss: 30,
            opening: None,
            is_open: false,
            tickets: Vec::new(),
        };
        let out = life.device.start();
        life.take(out);
        life
    }

    fn below(&mut self, limit: u64) -> u64 {
        below(&mut self.chance, limit)
    }

    fn carry(&mut self, to_device: bool, datagram: &[u8]) {
        let copies = if self.below(100) < self.loss {
            0
        } else if self.loss > 0 && self.below(10) == 0 {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let longest = [300, 300, 300, 300, 300, 300, 300, 300, 5_000, 20_000];
            let longest = longest[usize::try_from(self.below(10)).unwrap()];
            let delay = Duration::from_millis(1 + self.below(longest));
            self.network.push(Carried {
                at: self.device.now + delay,
                to_device,
                datagram: datagram.to_vec(),
            });
        }
    }

    /// Does what the device wants, and carries what the server sends.
    fn take(&mut self, outputs: Vec<Out>) {
        for output in outputs {
            match output {
                Out::Transmit(_, datagram, _) => self.carry(false, &datagram),
                Out::Open(..) => {
                    let delay = Duration::from_millis(self.below(2_000));
                    self.opening = Some(self.device.now + delay);
                }
                Out::Close(_) => {
                    self.is_open = false;
                    self.opening = None;
                }
                Out::Event(_) => {}
            }
        }
        for datagram in core::mem::take(&mut self.peer.out) {
            self.carry(true, &datagram);
        }
    }

    /// Lets `wait` pass.
    fn pass(&mut self, wait: Duration) {
        let end = self.device.now + wait;
        loop {
            let arrival = self.network.iter().map(|carried| carried.at).min();
            let now = [arrival, self.opening, Some(self.device.until)]
                .into_iter()
                .flatten()
                .fold(self.peer.due().min(end), Instant::min)
                .max(self.device.now);
            self.device.now = now;
            if now == end {
                return;
            }
            let out = if self.opening.is_some_and(|at| at <= now) {
                self.opening = None;
                self.is_open = true;
                let resumed = !self.is_secure;
                self.device.session(SERVER, SessionEvent::Open { resumed })
            } else if let Some(at) = self.network.iter().position(|carried| carried.at <= now) {
                let carried = self.network.swap_remove(at);
                if !carried.to_device {
                    self.peer.receive(now, &carried.datagram);
                    Vec::new()
                } else if self.is_open {
                    self.arrive(&carried.datagram)
                } else {
                    Vec::new()
                }
            } else if self.peer.due() <= now {
                self.peer.repeat(now);
                Vec::new()
            } else {
                self.device.drain()
            };
            self.take(out);
        }
    }

    /// A datagram reaches the device; an operation that takes its time gets a ticket of its own.
    fn arrive(&mut self, datagram: &[u8]) -> Vec<Out> {
        let done =
            |device: &Device| device.objects.test.executed.len() + device.objects.test.writes;
        let before = done(&self.device);
        let out = self.device.receive(datagram);
        if let Outcome::Later(ticket) = self.device.objects.test.outcome
            && done(&self.device) > before
        {
            self.tickets.push(ticket);
            self.device.objects.test.outcome = Outcome::Later(Ticket(ticket.0 + 1));
        }
        out
    }

    fn set_online(&mut self, online: bool) -> Vec<Out> {
        let Device {
            client,
            objects,
            now,
            ..
        } = &mut self.device;
        client.set_online(*now, online, objects);
        self.device.drain()
    }

    /// The application, the network or the server does something.
    fn happen(&mut self) {
        let (now, which) = (self.device.now, self.below(18));
        let value = i64::try_from(self.below(20)).unwrap() - 10;
        let path = if value % 2 == 0 {
            "/26241/1/1"
        } else {
            "/26241/1/0"
        };
        let is_registered = self.peer.registration.is_some();
        let out = match which {
            0..=3 => self.device.change(1, value),
            4 => {
                let instance = 11 + u16::try_from(value.rem_euclid(3)).unwrap();
                let test = &mut self.device.objects.test;
                if test.instances.remove(&instance).is_none() {
                    test.set(instance, 0, "x");
                }
                self.device.client.update(true);
                self.device.drain()
            }
            5 => {
                self.device.client.update(false);
                self.device.drain()
            }
            6 => self.set_online(value < 0),
            7 if self.is_open => {
                self.is_open = false;
                self.device.session(SERVER, SessionEvent::Closed)
            }
            8 => match self.tickets.pop() {
                Some(ticket) => {
                    self.device.client.answer(ticket, Ok(()));
                    self.device.drain()
                }
                None => Vec::new(),
            },
            9 if value > 7 => {
                self.peer.forget();
                Vec::new()
            }
            _ if !is_registered => Vec::new(),
            10 | 11 => {
                self.peer.observe(now, path);
                Vec::new()
            }
            12 => {
                self.peer.cancel(now);
                Vec::new()
            }
            13 => {
                let lifetime = 600 * (11 + value);
                let request = put("/1/0/1").text(&lifetime.to_string());
                self.peer.ask(now, request, None);
                Vec::new()
            }
            14 => {
                self.peer.ask(now, post("/1/0/8"), None);
                Vec::new()
            }
            15 if value > 3 => {
                self.peer.ask(now, post("/1/0/4"), None);
                Vec::new()
            }
            16 => {
                let request = put("/26241/1/1").text(&value.to_string());
                self.peer.ask(now, request, None);
                Vec::new()
            }
            _ => {
                let test = &mut self.device.objects.test;
                let used = u16::try_from(test.executed.len() + test.writes).unwrap();
                test.outcome = match test.outcome {
                    Outcome::Done => Outcome::Later(Ticket(1_000 + used)),
                    _ => Outcome::Done,
                };
                self.peer.ask(now, post("/26241/1/9"), None);
                Vec::new()
            }
        };
        self.take(out);
    }

    /// The network is good from now on, and every operation is answered.
    fn calm(&mut self) {
        self.loss = 0;
        self.device.objects.test.outcome = Outcome::Done;
        for ticket in core::mem::take(&mut self.tickets) {
            self.device.client.answer(ticket, Ok(()));
        }
        let out = self.set_online(true);
        self.take(out);
        let out = self.device.drain();
        self.take(out);
        // Longer than the longest lifetime, and than all retries.
        self.pass(Duration::from_secs(2 * 86_400));
    }

    /// What the device would register.
    fn list(&self) -> String {
        let mut list = "</1/0>,</3/0>".to_owned();
        for instance in self.device.objects.test.instances.keys() {
            list += &format!(",</{TEST}/{instance}>");
        }
        list
    }

    fn check(&mut self, seed: u32) {
        assert!(self.device.client.is_registered(1), "seed {seed}");
        assert!(self.peer.registration.is_some(), "seed {seed}");
        assert_eq!(self.peer.list, self.list(), "seed {seed}");
        let lifetime = match self.device.objects.server.get(0, 1) {
            Some(Owned::Int(lifetime)) => u64::try_from(*lifetime).unwrap(),
            Some(Owned::Uint(lifetime)) => *lifetime,
            other => panic!("{other:?}"),
        };
        assert_eq!(u64::from(self.peer.lifetime), lifetime, "seed {seed}");
        // Every request was answered, and there is room for another.
        assert!(!self.peer.is_waiting(), "seed {seed}");
        let executed = self.device.objects.test.executed.len();
        let out = self.device.receive(&post("/26241/1/9").bytes());
        self.take(out);
        assert_eq!(self.device.objects.test.executed.len(), executed + 1);
        // Each of two changes of both observed resources is told: the first may end what nobody observes any more.
        for value in ["7", "8"] {
            let mut out = self.device.change(1, value.parse::<i64>().unwrap());
            out.append(&mut self.device.change(0, value));
            self.take(out);
            self.pass(Duration::from_secs(600));
        }
        for observed in self.peer.observed.values() {
            assert_eq!(observed.value, "8", "seed {seed}: {observed:?}");
        }
        let observations = self.device.client.observations();
        assert_eq!(observations, self.peer.observed.len(), "seed {seed}");
    }
}

fn below(chance: &mut TestRandom, limit: u64) -> u64 {
    let mut bytes = [0; 4];
    chance.public(&mut bytes);
    u64::from(u32::from_le_bytes(bytes)) % limit
}

#[test]
fn device_and_server_agree_whatever_the_network_did() {
    for seed in 0..LIVES {
        let mut life = Life::new(seed);
        for _ in 0..EVENTS {
            let longest = [500, 20_000, 200_000];
            let longest = longest[usize::try_from(life.below(3)).unwrap()];
            let wait = Duration::from_millis(life.below(longest));
            life.pass(wait);
            life.happen();
        }
        life.calm();
        life.check(seed);
    }
}

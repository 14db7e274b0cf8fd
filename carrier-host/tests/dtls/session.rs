//! Without I/O: the clock is a number, and the network drops what the test says.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use carrier_host::dtls::{DtlsConfig, DtlsError, DtlsSession, DtlsState, PskCredentials};

use super::server::Server;
use super::{IDENTITY, KEY, credentials};

const SECOND: Duration = Duration::from_secs(1);

/// A client, a server, and a network that loses chosen datagrams, counted from 0 in the order of sending.
struct Pair {
    start: Instant,
    now: Instant,
    client: DtlsSession,
    server: Server,
    sent: usize,
    lost: fn(usize) -> bool,
    to_server: VecDeque<Vec<u8>>,
    to_client: VecDeque<Vec<u8>>,
}

impl Pair {
    fn new(server_key: &[u8], lost: fn(usize) -> bool) -> Self {
        let now = Instant::now();
        Self {
            start: now,
            now,
            client: DtlsSession::open(now, &credentials(), &DtlsConfig::default()).unwrap(),
            server: Server::new(now, server_key, SECOND),
            sent: 0,
            lost,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
        }
    }

    fn survives(&mut self) -> bool {
        self.sent += 1;
        !(self.lost)(self.sent - 1)
    }

    fn deliver(&mut self, datagrams: Vec<Vec<u8>>) {
        for datagram in datagrams {
            if self.survives() {
                self.to_client.push_back(datagram);
            }
        }
    }

    /// Carries datagrams until none is under way.
    fn exchange(&mut self) {
        loop {
            while let Some(datagram) = self.client.next_datagram().map(<[u8]>::to_vec) {
                self.client.datagram_sent();
                if self.survives() {
                    self.to_server.push_back(datagram);
                }
            }
            if let Some(datagram) = self.to_server.pop_front() {
                let answers = self.server.handle_datagram(self.now, &datagram);
                self.deliver(answers);
            } else if let Some(datagram) = self.to_client.pop_front() {
                self.client.handle_datagram(self.now, &datagram);
            } else {
                return;
            }
        }
    }

    /// Runs the clock from deadline to deadline until the handshake is over, and answers how long it took.
    fn handshake(&mut self) -> Duration {
        self.exchange();
        while let Some(deadline) = self.client.deadline() {
            // A server that has given up has no deadline to come.
            self.now = match self.server.deadline {
                theirs if theirs > self.now => deadline.min(theirs),
                _ => deadline,
            };
            self.client.handle_timeout(self.now);
            let answers = self.server.handle_timeout(self.now);
            self.deliver(answers);
            self.exchange();
        }
        self.now - self.start
    }

    fn client_receives(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 64];
        let len = self.client.receive(&mut buffer)?;
        Some(buffer[..len].to_vec())
    }
}

#[test]
fn the_handshake_needs_six_datagrams_and_no_time() {
    let mut pair = Pair::new(KEY, |_| false);
    assert_eq!(pair.handshake(), Duration::ZERO);
    assert_eq!(pair.client.state(), DtlsState::Connected);
    assert!(pair.server.connected);
    // ClientHello, HelloVerifyRequest, ClientHello, ServerHello to Done, Key Exchange to Finished, Finished.
    assert_eq!(pair.sent, 6);
}

#[test]
fn the_client_offers_the_one_cipher_suite() {
    let mut pair = Pair::new(KEY, |_| false);
    let hello = pair.client.next_datagram().unwrap().to_vec();
    // RFC 6347, sections 4.1 and 4.2: record header 13 bytes, handshake header 12, version 2, random 32, empty
    // session id and cookie; then the cipher suites: TLS_PSK_WITH_AES_128_CCM_8 is 0xC0A8 (RFC 6655, section 8).
    assert_eq!(hello[13], 1);
    assert_eq!(hello[59..61], [0, 0]);
    let len = usize::from(u16::from_be_bytes([hello[61], hello[62]]));
    let suites = &hello[63..63 + len];
    assert_eq!(suites, [0xC0, 0xA8]);
    assert_eq!(pair.handshake(), Duration::ZERO);
}

#[test]
fn any_lost_datagram_of_the_handshake_is_made_up_for() {
    const LOSSES: [fn(usize) -> bool; 8] = [
        |n| n == 0,
        |n| n == 1,
        |n| n == 2,
        |n| n == 3,
        |n| n == 4,
        |n| n == 5,
        |n| n < 3,
        |n| n % 2 == 0 && n < 9,
    ];
    for (case, lost) in LOSSES.into_iter().enumerate() {
        let mut pair = Pair::new(KEY, lost);
        let took = pair.handshake();
        assert_eq!(pair.client.state(), DtlsState::Connected, "case {case}");
        assert!(took > Duration::ZERO, "case {case}");
        pair.client.send(pair.now, b"after the loss").unwrap();
        pair.exchange();
        assert_eq!(pair.server.received, [b"after the loss"], "case {case}");
    }
}

#[test]
fn data_flows_both_ways_one_record_to_a_datagram() {
    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    let before = pair.sent;
    for data in [&b"one"[..], b"two", b""] {
        pair.client.send(pair.now, data).unwrap();
    }
    pair.exchange();
    assert_eq!(pair.server.received, [&b"one"[..], b"two", b""]);
    assert_eq!(pair.sent, before + 3);

    let answer = pair.server.send(b"answer");
    pair.deliver(answer);
    pair.exchange();
    assert_eq!(pair.client_receives().unwrap(), b"answer");
    assert_eq!(pair.client_receives(), None);
}

#[test]
fn a_short_buffer_learns_the_full_length() {
    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    let data = pair.server.send(b"0123456789");
    pair.deliver(data);
    pair.exchange();
    let mut buffer = [0; 4];
    assert_eq!(pair.client.receive(&mut buffer), Some(10));
    assert_eq!(&buffer, b"0123");
    assert_eq!(pair.client.receive(&mut buffer), None);
}

#[test]
fn replayed_damaged_and_forged_datagrams_are_dropped() {
    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    let good = pair.server.send(b"data").remove(0);
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    // A plaintext fatal alert is nothing to a connected session: anybody could send it.
    let forged = alert(40);
    for datagram in [&damaged, &forged, &good, &good, &vec![], &vec![0xFF; 40]] {
        pair.client.handle_datagram(pair.now, datagram);
        assert_eq!(pair.client.state(), DtlsState::Connected);
    }
    assert_eq!(pair.client_receives().unwrap(), b"data");
    assert_eq!(pair.client_receives(), None);
}

#[test]
fn a_wrong_key_ends_the_handshake_in_bounded_time() {
    let mut pair = Pair::new(&[0xA5; 16], |_| false);
    let took = pair.handshake();
    assert_eq!(
        pair.client.state(),
        DtlsState::Failed(DtlsError::HandshakeTimeout)
    );
    assert!(took <= DtlsConfig::default().handshake_timeout);
    assert!(!pair.server.connected);
    assert_eq!(
        pair.client.send(pair.now, b"x"),
        Err(DtlsError::HandshakeTimeout)
    );
}

#[test]
fn a_silent_server_ends_the_handshake_at_the_timeout() {
    let mut pair = Pair::new(KEY, |_| true);
    let took = pair.handshake();
    assert_eq!(pair.client.state(), DtlsState::Failed(DtlsError::NoAnswer));
    assert_eq!(took, DtlsConfig::default().handshake_timeout);
    // Sent at 0 s and after 1, 3, 7, 15, 31 s, give or take the jitter of 25 %.
    assert!((5..=7).contains(&pair.sent), "{}", pair.sent);
    assert_eq!(pair.client.deadline(), None);
}

/// A plaintext fatal alert (RFC 6347, section 4.1; RFC 5246, section 7.2).
fn alert(description: u8) -> Vec<u8> {
    let mut record = vec![21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2];
    record.push(description);
    record
}

#[test]
fn an_alert_ends_the_handshake_with_its_number() {
    let now = Instant::now();
    let mut client = DtlsSession::open(now, &credentials(), &DtlsConfig::default()).unwrap();
    client.handle_datagram(now, &alert(115));
    assert_eq!(client.state(), DtlsState::Failed(DtlsError::Alert(115)));
    assert_eq!(
        DtlsError::Alert(115).to_string(),
        "the server sent the DTLS alert 115 (unknown_psk_identity)"
    );
}

#[test]
fn either_side_closes_with_close_notify() {
    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    pair.client.close();
    assert_eq!(pair.client.state(), DtlsState::Closed);
    pair.exchange();
    assert!(pair.server.closed);
    assert_eq!(pair.client.send(pair.now, b"x"), Err(DtlsError::Closed));

    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    let goodbye = pair.server.close();
    pair.deliver(goodbye);
    pair.exchange();
    assert_eq!(pair.client.state(), DtlsState::Closed);
}

#[test]
fn calls_at_the_wrong_time_are_typed_errors() {
    let now = Instant::now();
    let mut client = DtlsSession::open(now, &credentials(), &DtlsConfig::default()).unwrap();
    assert_eq!(client.send(now, b"early"), Err(DtlsError::NotConnected));
    client.close();
    assert_eq!(client.state(), DtlsState::Closed);

    let mut pair = Pair::new(KEY, |_| false);
    pair.handshake();
    let long = vec![0; 16_385];
    assert_eq!(
        pair.client.send(pair.now, &long),
        Err(DtlsError::RecordTooLong)
    );
    pair.client.send(pair.now, &long[1..]).unwrap();
    pair.exchange();
    assert_eq!(pair.server.received, [&long[1..]]);

    let mut config = DtlsConfig::default();
    config.mtu = 63;
    let refused = DtlsSession::open(now, &credentials(), &config);
    assert_eq!(refused.unwrap_err(), DtlsError::InvalidConfig);
}

#[test]
fn an_unknown_identity_ends_in_an_error() {
    let now = Instant::now();
    let stranger = PskCredentials::new(b"stranger", KEY).unwrap();
    let mut pair = Pair::new(KEY, |_| false);
    pair.client = DtlsSession::open(now, &stranger, &DtlsConfig::default()).unwrap();
    pair.handshake();
    assert!(matches!(pair.client.state(), DtlsState::Failed(_)));
    assert_ne!(stranger.identity(), IDENTITY);
}

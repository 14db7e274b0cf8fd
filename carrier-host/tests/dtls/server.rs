//! A DTLS server that knows one identity and one key.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use dimpl::{Config, Dtls, Output, PskResolver};

use super::IDENTITY;

struct OneKey(Vec<u8>);

impl PskResolver for OneKey {
    fn resolve(&self, identity: &[u8]) -> Option<Vec<u8>> {
        (identity == IDENTITY).then(|| self.0.clone())
    }
}

pub(crate) struct Server {
    dtls: Dtls,
    pub(crate) connected: bool,
    pub(crate) closed: bool,
    pub(crate) received: Vec<Vec<u8>>,
    pub(crate) deadline: Instant,
}

impl Server {
    pub(crate) fn new(now: Instant, key: &[u8], first_retransmission: Duration) -> Self {
        let config = Config::builder()
            .with_psk_server(None, Arc::new(OneKey(key.to_vec())))
            .flight_start_rto(first_retransmission)
            .build()
            .unwrap();
        Self {
            dtls: Dtls::new_12_psk(Arc::new(config), now),
            connected: false,
            closed: false,
            received: Vec::new(),
            deadline: now,
        }
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Vec<Vec<u8>> {
        let _ = self.dtls.handle_timeout(now);
        let _ = self.dtls.handle_packet(datagram);
        self.drain()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let _ = self.dtls.handle_timeout(now);
        self.drain()
    }

    pub(crate) fn send(&mut self, data: &[u8]) -> Vec<Vec<u8>> {
        self.dtls.send_application_data(data).unwrap();
        self.drain()
    }

    pub(crate) fn close(&mut self) -> Vec<Vec<u8>> {
        self.dtls.close().unwrap();
        self.drain()
    }

    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        let mut buffer = vec![0; 20_000];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(datagram) => datagrams.push(datagram.to_vec()),
                Output::ApplicationData(data) => self.received.push(data.to_vec()),
                Output::Connected => self.connected = true,
                Output::CloseNotify => self.closed = true,
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return datagrams;
                }
                _ => {}
            }
        }
    }
}

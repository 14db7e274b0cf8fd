//! The modem's UDP sockets, which are the computer's.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{ToSocketAddrs, UdpSocket};

/// Sockets that the modem has: `<connectID>` is 0 to 11.
pub(crate) const SOCKETS: usize = 12;
/// Datagrams that the modem keeps for a socket; further ones are lost.
const KEPT: usize = 16;
/// Bytes of the longest datagram that the network carries, with fragments.
const LONGEST: usize = 65_535;

/// The modem's numbers of failures.
pub(crate) const INVALID: u16 = 552;
const NOT_CREATED: u16 = 554;
pub(crate) const NO_CONTEXT: u16 = 561;
const IN_USE: u16 = 563;
const NO_NAME: u16 = 565;
const NOT_CONNECTED: u16 = 566;

#[derive(Debug)]
struct Socket {
    udp: UdpSocket,
    kept: VecDeque<Vec<u8>>,
    /// The device was told that there is something, and has not read all of it since.
    told: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Sockets([Option<Socket>; SOCKETS]);

impl Sockets {
    /// Opens a socket to `host`; the number of the failure.
    pub(crate) fn open(&mut self, connection: usize, host: &str, port: u16) -> Result<(), u16> {
        let slot = self.0.get_mut(connection).ok_or(INVALID)?;
        if slot.is_some() {
            return Err(IN_USE);
        }
        let mut addresses = (host, port).to_socket_addrs().map_err(|_| NO_NAME)?;
        let peer = addresses.next().ok_or(NO_NAME)?;
        let any: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let udp = UdpSocket::bind(any).map_err(|_| NOT_CREATED)?;
        udp.set_nonblocking(true).map_err(|_| NOT_CREATED)?;
        udp.connect(peer).map_err(|_| NOT_CONNECTED)?;
        *slot = Some(Socket {
            udp,
            kept: VecDeque::new(),
            told: false,
        });
        Ok(())
    }

    pub(crate) fn is_open(&self, connection: usize) -> bool {
        self.0.get(connection).is_some_and(Option::is_some)
    }

    pub(crate) fn close(&mut self, connection: usize) {
        if let Some(slot) = self.0.get_mut(connection) {
            *slot = None;
        }
    }

    pub(crate) fn close_all(&mut self) {
        self.0 = Default::default();
    }

    /// Hands a datagram to the network; whether it took it.
    pub(crate) fn send(&self, connection: usize, datagram: &[u8]) -> bool {
        let Some(Some(socket)) = self.0.get(connection) else {
            return false;
        };
        match socket.udp.send(datagram) {
            // The failure of an earlier datagram, as the peer's computer has told it; this one is sent.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                socket.udp.send(datagram).is_ok()
            }
            sent => sent.is_ok(),
        }
    }

    /// Takes in what the network has; the sockets that something has come for since all was read.
    pub(crate) fn receive(&mut self) -> Vec<usize> {
        let mut news = Vec::new();
        let mut buffer = vec![0; LONGEST];
        for (connection, slot) in self.0.iter_mut().enumerate() {
            let Some(socket) = slot else { continue };
            loop {
                match socket.udp.recv(&mut buffer) {
                    Ok(len) if socket.kept.len() < KEPT => {
                        let datagram = buffer.get(..len).unwrap_or_default();
                        socket.kept.push_back(datagram.to_vec());
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(_) => break,
                }
            }
            if !socket.kept.is_empty() && !socket.told {
                socket.told = true;
                news.push(connection);
            }
        }
        news
    }

    /// Up to `most` bytes of the first datagram that is kept; what is left of it comes with the next read. Nothing, when
    /// there is none; `None`, when there is no such socket.
    pub(crate) fn read(&mut self, connection: usize, most: usize) -> Option<Vec<u8>> {
        let socket = self.0.get_mut(connection)?.as_mut()?;
        let Some(mut datagram) = socket.kept.pop_front() else {
            socket.told = false;
            return Some(Vec::new());
        };
        if datagram.len() > most {
            let rest = datagram.split_off(most);
            socket.kept.push_front(rest);
        }
        Some(datagram)
    }
}

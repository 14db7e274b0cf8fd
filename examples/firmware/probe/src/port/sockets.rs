//! What carrier-nrf91 needs of the modem's sockets, call by call.
#![cfg(feature = "nrf91")]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::task::Waker;

use carrier_nrf91::net::{
    Descriptor, Errno, Family, Interest, Protocol, SocketOption, Sockets, Status,
};

use super::{News, Operation, Port};

/// The modem's sockets. Their numbers are those of the sessions at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Wires<'p>(pub &'p Port);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum Call {
    Open,
    Connect,
    Bind,
    Send,
    SendTo,
    Receive,
    ReceiveFrom,
    SetOption,
    Status,
    Close,
    Resolve,
}

const fn number(socket: Descriptor) -> u8 {
    socket.0.to_le_bytes()[0]
}

fn errno(status: u8) -> Errno {
    Errno(i32::from(status))
}

/// An address and its length, as a frame has it.
fn octets(address: SocketAddr) -> ([u8; 18], usize) {
    let [high, low] = address.port().to_be_bytes();
    let mut bytes = [high; 18];
    let (octets, len) = match address.ip() {
        IpAddr::V4(ip) => (ip.to_ipv6_mapped().octets(), 6),
        IpAddr::V6(ip) => (ip.octets(), 18),
    };
    // An IPv4 address is at the end.
    for (to, octet) in bytes.iter_mut().rev().skip(2).zip(octets.iter().rev()) {
        *to = *octet;
    }
    if let Some(last) = bytes.last_mut() {
        *last = low;
    }
    if let Some(port) = bytes.get_mut(16) {
        *port = high;
    }
    (bytes, len)
}

impl Wires<'_> {
    fn call(&self, call: Call, parts: [&[u8]; 3], answer: &mut [u8]) -> Result<usize, Errno> {
        let [one, two, three] = parts;
        self.0
            .call(Operation::Socket, &[&[call as u8], one, two, three], answer)
            .map_err(errno)
    }

    fn with_peer(
        &self,
        call: Call,
        socket: Descriptor,
        peer: SocketAddr,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        let (address, len) = octets(peer);
        let address = address.get(18 - len..).unwrap_or_default();
        self.call(call, [&[number(socket)], address, bytes], &mut [])
            .map(drop)
    }

    /// Whether something has come on this socket.
    fn has_news(&self, socket: Descriptor) -> bool {
        self.0.take(News::Session(number(socket)))
    }
}

impl Sockets for Wires<'_> {
    fn open(&self, family: Family, protocol: Protocol) -> Result<Descriptor, Errno> {
        let mut socket = [0];
        self.call(
            Call::Open,
            [&[family as u8, protocol as u8], &[], &[]],
            &mut socket,
        )?;
        let [socket] = socket;
        Ok(Descriptor(i32::from(socket)))
    }

    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno> {
        self.with_peer(Call::Connect, socket, peer, &[])
    }

    fn bind(&self, socket: Descriptor, local: SocketAddr) -> Result<(), Errno> {
        self.with_peer(Call::Bind, socket, local, &[])
    }

    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
        self.call(Call::Send, [&[number(socket)], bytes, &[]], &mut [])?;
        Ok(bytes.len())
    }

    fn send_to(&self, socket: Descriptor, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
        self.with_peer(Call::SendTo, socket, peer, bytes)?;
        Ok(bytes.len())
    }

    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
        if !self.has_news(socket) {
            return Err(Errno::AGAIN);
        }
        self.call(Call::Receive, [&[number(socket)], &[], &[]], buffer)
    }

    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        if !self.has_news(socket) {
            return Err(Errno::AGAIN);
        }
        let len = self.call(Call::ReceiveFrom, [&[number(socket)], &[], &[]], buffer)?;
        Ok((len, SocketAddr::from(([0; 4], 0))))
    }

    fn set_option(&self, socket: Descriptor, option: SocketOption<'_>) -> Result<(), Errno> {
        let order = |number_of: u8, value: &[u8]| {
            let head = [number(socket), number_of];
            self.call(Call::SetOption, [&head, value, &[]], &mut [])
                .map(drop)
        };
        match option {
            SocketOption::SecurityTags(tags) => {
                let mut last = Ok(());
                for tag in tags {
                    last = order(0, &tag.to_be_bytes());
                }
                last
            }
            SocketOption::HostName(name) => order(1, name.to_bytes_with_nul()),
            SocketOption::PeerVerification(level) => order(2, &[level as u8]),
            SocketOption::CipherSuites(suites) => {
                let mut last = Ok(());
                for suite in suites {
                    last = order(3, &suite.to_be_bytes());
                }
                last
            }
            SocketOption::SessionCache(on) => order(4, &[u8::from(on)]),
            SocketOption::PurgeSessionCache => order(5, &[]),
            SocketOption::HandshakeTimeout(timeout) => order(6, &[timeout.as_secs()]),
            SocketOption::ConnectionId(on) => order(7, &[u8::from(on)]),
            SocketOption::SaveConnection => order(8, &[]),
            SocketOption::LoadConnection => order(9, &[]),
            SocketOption::ReleaseAssistance(what) => order(10, &[what as u8]),
            _ => Err(Errno::NOPROTOOPT),
        }
    }

    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno> {
        let what = match status {
            Status::Error => 0,
            Status::ConnectionId => 1,
            _ => 2,
        };
        let mut answer = [0];
        self.call(
            Call::Status,
            [&[number(socket), what], &[], &[]],
            &mut answer,
        )?;
        let [status] = answer;
        Ok(i32::from(status))
    }

    fn close(&self, socket: Descriptor) -> Result<(), Errno> {
        let _ = self.has_news(socket);
        self.call(Call::Close, [&[number(socket)], &[], &[]], &mut [])
            .map(drop)
    }

    fn resolve(&self, host: &str, family: Family) -> Result<IpAddr, Errno> {
        let mut answer = [0; 16];
        let head = [family as u8];
        let len = self.call(Call::Resolve, [&head, host.as_bytes(), &[]], &mut answer)?;
        Ok(match len {
            16 => IpAddr::V6(Ipv6Addr::from(answer)),
            _ => {
                let [a, b, c, d, ..] = answer;
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            }
        })
    }

    /// Everything is polled when something has happened.
    fn watch(&self, _socket: Descriptor, _interest: Interest, _waker: &Waker) {}
}

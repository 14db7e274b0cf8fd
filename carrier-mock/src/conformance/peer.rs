//! The other end of the [session checks](super::sessions): it sends back what it gets, and does on a stream what it is
//! told.
//!
//! Datagrams are echoed. A stream carries commands of four bytes, a letter and a number with the most significant byte
//! first: `p` sends so many bytes of the [pattern](byte); `c` closes the stream.

use core::net::SocketAddr;

use heapless::Vec;
use lwm2m_core::time::Instant;

use crate::server::{Connection, Outgoing, ServerNode, StreamServer, Transmit, Verdict};
use crate::world::DATAGRAM;

/// Connections of streams that the [`WorldPeer`] has at a time.
const CONNECTIONS: usize = 4;

/// Byte number `index` of the pattern.
#[must_use]
pub const fn byte(index: u32) -> u8 {
    (index.wrapping_mul(2_654_435_761) >> 24) as u8
}

/// The command `letter` with its number, below 2^24.
pub(super) const fn command(letter: u8, number: u32) -> [u8; 4] {
    let [_, high, mid, low] = number.to_be_bytes();
    [letter, high, mid, low]
}

/// What a connection has heard and has still to do.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    heard: [u8; 4],
    count: usize,
    said: u32,
    until: u32,
    closes: bool,
}

impl Stream {
    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(to) = self.heard.get_mut(self.count) {
                *to = *byte;
            }
            self.count += 1;
            if self.count == 4 {
                let [letter, high, mid, low] = self.heard;
                match letter {
                    b'p' => self.until += u32::from_be_bytes([0, high, mid, low]),
                    b'c' => self.closes = true,
                    _ => {}
                }
                self.count = 0;
            }
        }
    }

    /// The next bytes of the pattern.
    fn say(&mut self, buffer: &mut [u8]) -> usize {
        let left = self.until.saturating_sub(self.said) as usize;
        let mut len = 0;
        for to in buffer.iter_mut().take(left) {
            *to = byte(self.said);
            self.said += 1;
            len += 1;
        }
        len
    }
}

/// The peer as a server of a [`World`](crate::world::World), of datagrams and of streams: one value for each.
#[derive(Debug, Default)]
pub struct WorldPeer {
    absent: bool,
    echo: Option<(SocketAddr, Vec<u8, DATAGRAM>)>,
    streams: Vec<(Connection, Stream), CONNECTIONS>,
}

impl WorldPeer {
    /// A peer that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A peer that answers nobody, for [`Places::with_silent`](super::sessions::Places::with_silent).
    #[must_use]
    pub fn silent() -> Self {
        Self {
            absent: true,
            ..Self::default()
        }
    }

    fn stream(&mut self, connection: Connection) -> Option<&mut Stream> {
        let mut streams = self.streams.iter_mut();
        Some(&mut streams.find(|(known, _)| *known == connection)?.1)
    }
}

impl ServerNode for WorldPeer {
    fn handle(&mut self, _now: Instant, from: SocketAddr, datagram: &[u8]) {
        self.echo = Vec::from_slice(datagram).ok().map(|bytes| (from, bytes));
    }

    fn poll(&mut self, _now: Instant, buf: &mut [u8]) -> Option<Transmit> {
        let (to, bytes) = self.echo.take()?;
        buf.get_mut(..bytes.len())?.copy_from_slice(&bytes);
        Some(Transmit {
            to,
            len: bytes.len(),
        })
    }

    fn next_timeout(&self, now: Instant) -> Option<Instant> {
        self.echo.as_ref().map(|_| now)
    }

    fn verify(&self, _identity: &[u8], _key: &[u8]) -> Verdict {
        Verdict::Accepted
    }

    fn is_present(&self) -> bool {
        !self.absent
    }
}

impl StreamServer for WorldPeer {
    fn accept(&mut self, _now: Instant, connection: Connection) -> bool {
        self.streams.push((connection, Stream::default())).is_ok()
    }

    fn receive(&mut self, _now: Instant, connection: Connection, bytes: &[u8]) {
        if let Some(stream) = self.stream(connection) {
            stream.hear(bytes);
        }
    }

    fn poll(&mut self, _now: Instant, connection: Connection, buffer: &mut [u8]) -> Outgoing {
        let Some(stream) = self.stream(connection) else {
            return Outgoing::Nothing;
        };
        match stream.say(buffer) {
            0 if stream.closes => {
                self.streams.retain(|(known, _)| *known != connection);
                Outgoing::Close
            }
            0 => Outgoing::Nothing,
            len => Outgoing::Bytes(len),
        }
    }

    fn next_timeout(&self, now: Instant, connection: Connection) -> Option<Instant> {
        let mut streams = self.streams.iter();
        let (_, stream) = streams.find(|(known, _)| *known == connection)?;
        (stream.said < stream.until || stream.closes).then_some(now)
    }

    fn closed(&mut self, _now: Instant, connection: Connection) {
        self.streams.retain(|(known, _)| *known != connection);
    }

    fn is_present(&self) -> bool {
        !self.absent
    }
}

#[cfg(feature = "std")]
pub use host::HostPeer;

#[cfg(feature = "std")]
mod host {
    //! The peer on the sockets of the computer that runs the tests.

    use core::net::{IpAddr, Ipv4Addr};
    use std::io::{self, Read, Write};
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::thread;

    use super::{DATAGRAM, Stream};

    /// The peer on loopback, UDP and TCP each on a port of its own, in threads that end with the process.
    #[derive(Clone, Copy, Debug)]
    pub struct HostPeer {
        address: IpAddr,
        udp: u16,
        tcp: u16,
        refused: u16,
    }

    impl HostPeer {
        /// Begins to listen on 127.0.0.1.
        ///
        /// # Errors
        /// There are no sockets.
        pub fn new() -> io::Result<Self> {
            Self::on(Ipv4Addr::LOCALHOST.into())
        }

        /// Begins to listen on an address of this computer: `::1` for IPv6.
        ///
        /// # Errors
        /// There are no sockets, or not this address.
        pub fn on(address: IpAddr) -> io::Result<Self> {
            let any = (address, 0);
            let socket = UdpSocket::bind(any)?;
            let listener = TcpListener::bind(any)?;
            // Taken and given back: nobody listens there.
            let refused = TcpListener::bind(any)?.local_addr()?.port();
            let peer = Self {
                address,
                udp: socket.local_addr()?.port(),
                tcp: listener.local_addr()?.port(),
                refused,
            };
            thread::spawn(move || {
                let mut buffer = [0; 2 * DATAGRAM];
                while let Ok((len, from)) = socket.recv_from(&mut buffer) {
                    // A device that has closed its socket is no reason to stop.
                    let _ = socket.send_to(buffer.get(..len).unwrap_or_default(), from);
                }
            });
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    thread::spawn(move || serve(stream));
                }
            });
            Ok(peer)
        }

        /// Where it listens.
        #[must_use]
        pub const fn address(&self) -> IpAddr {
            self.address
        }

        /// Port of the datagrams.
        #[must_use]
        pub const fn udp(&self) -> u16 {
            self.udp
        }

        /// Port of the streams.
        #[must_use]
        pub const fn tcp(&self) -> u16 {
            self.tcp
        }

        /// A port on which nobody listens.
        #[must_use]
        pub const fn refused(&self) -> u16 {
            self.refused
        }
    }

    fn serve(mut socket: TcpStream) -> io::Result<()> {
        let mut stream = Stream::default();
        let mut buffer = [0; 1000];
        while !stream.closes {
            match socket.read(&mut buffer)? {
                0 => return Ok(()),
                len => stream.hear(buffer.get(..len).unwrap_or_default()),
            }
            loop {
                let len = stream.say(&mut buffer);
                if len == 0 {
                    break;
                }
                socket.write_all(buffer.get(..len).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

//! Addresses of sockets: binding, and the mapping of IPv4 into IPv6 sockets.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::net::UdpSocket;

use socket2::{Domain, Protocol, Socket, Type};

use super::error::{NetError, NetErrorKind};

/// A non-blocking UDP socket bound to `local`; `[::]` serves both address families.
pub(super) fn bind_udp(local: SocketAddr) -> Result<UdpSocket, NetError> {
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))?;
    if local.is_ipv6() {
        socket.set_only_v6(!local.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&local.into())?;
    Ok(socket.into())
}

/// A non-blocking UDP socket on `port` of every address of the host: both families, or IPv4 alone where the host has
/// no IPv6.
pub(super) fn bind_udp_port(port: u16) -> Result<UdpSocket, NetError> {
    match bind_udp(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
        Err(error)
            if matches!(
                error.kind(),
                NetErrorKind::AddressFamily | NetErrorKind::AddressNotAvailable
            ) =>
        {
            bind_udp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        other => other,
    }
}

/// The unspecified address, port 0, of `peer`'s family.
pub(super) const fn unspecified_like(peer: SocketAddr) -> SocketAddr {
    let ip = match peer {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(ip, 0)
}

/// `remote` as a socket of `local`'s family addresses it.
pub(super) fn outward(local: SocketAddr, remote: SocketAddr) -> SocketAddr {
    match (local, remote.ip()) {
        (SocketAddr::V6(_), IpAddr::V4(ip)) => {
            SocketAddr::new(IpAddr::V6(ip.to_ipv6_mapped()), remote.port())
        }
        _ => remote,
    }
}

/// `remote` as the caller knows it: a mapped IPv4 address unmapped, all else untouched.
pub(super) fn inward(remote: SocketAddr) -> SocketAddr {
    match remote.ip() {
        IpAddr::V6(ip) => ip
            .to_ipv4_mapped()
            .map_or(remote, |ip| SocketAddr::new(IpAddr::V4(ip), remote.port())),
        IpAddr::V4(_) => remote,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// RFC 4291, section 2.5.5.2.
    #[test]
    fn ipv4_peers_are_mapped_into_ipv6_sockets_only() {
        let peer = address("192.0.2.1:5683");
        let mapped = address("[::ffff:192.0.2.1]:5683");
        assert_eq!(outward(address("[::]:0"), peer), mapped);
        assert_eq!(outward(address("0.0.0.0:0"), peer), peer);
        assert_eq!(inward(mapped), peer);
        let plain = address("[2001:db8::1%3]:5683");
        assert_eq!(inward(plain), plain);
        assert_eq!(outward(address("[::]:0"), plain), plain);
    }
}

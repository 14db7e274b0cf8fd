//! The host's resolver, on tokio.

use core::net::IpAddr;

use embedded_nal_async::{AddrType, Dns};
use tokio::net::lookup_host;

use super::AsyncStack;
use crate::net::error::{NetError, NetErrorKind};

impl Dns for AsyncStack {
    type Error = NetError;

    /// The first address of `host` in the family that is asked for; an address literal is its own answer.
    ///
    /// Cancelling the call leaves the lookup to finish unheard on tokio's thread pool.
    async fn get_host_by_name(&self, host: &str, family: AddrType) -> Result<IpAddr, NetError> {
        lookup_host((host, 0))
            .await
            .map_err(|_| NetError::new(NetErrorKind::NameNotResolved))?
            .map(|address| address.ip())
            .find(|ip| matches(&family, ip))
            .ok_or(NetError::new(NetErrorKind::NameNotResolved))
    }

    /// Not served: nothing in LwM2M asks for the name of an address.
    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, NetError> {
        Err(NetError::new(NetErrorKind::Unsupported))
    }
}

/// Whether `ip` is of `family`.
pub(in crate::net) const fn matches(family: &AddrType, ip: &IpAddr) -> bool {
    match family {
        AddrType::IPv4 => ip.is_ipv4(),
        AddrType::IPv6 => ip.is_ipv6(),
        AddrType::Either => true,
    }
}

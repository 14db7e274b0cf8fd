//! The modem's sockets.
#![allow(
    unsafe_code,
    reason = "calls of the modem's C library, with memory that outlives each call"
)]

use core::ffi::{c_int, c_void};
use core::mem::size_of;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::ptr;
use core::task::Waker;

use nrf_modem::ffi::get_last_error;
use nrf_modem::nrfxlib_sys as sys;

use super::wakers;
use crate::net::{
    Descriptor, Errno, Family, Interest, PeerVerification, Protocol, ReleaseAssistance,
    SocketOption, Sockets, Status,
};

/// The modem's sockets. All copies are one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ModemSockets;

impl ModemSockets {
    /// After `nrf_modem::init`; before it, every call fails with [`Errno::PERM`].
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// The number that the library has left. It is the last call's as long as nothing else calls it in between: all calls of
/// this crate are made by one task, and those of nrf-modem set none in an interrupt.
fn last_error() -> Errno {
    let number = get_last_error().unsigned_abs();
    Errno(i32::try_from(number).unwrap_or(i32::MAX))
}

fn done(returned: c_int) -> Result<(), Errno> {
    if returned == -1 {
        Err(last_error())
    } else {
        Ok(())
    }
}

/// A length, or -1.
fn length(returned: impl TryInto<usize>) -> Result<usize, Errno> {
    returned.try_into().map_err(|_| last_error())
}

/// Called by the library in its interrupt.
///
/// # Safety
/// `event` points to one.
unsafe extern "C" fn on_event(event: *mut sys::nrf_pollfd) {
    // SAFETY: the library hands in a pointer to an event that is valid during the call; it is checked all the same.
    let Some(event) = (unsafe { event.as_ref() }) else {
        return;
    };
    let told = |bits: u32| u32::from(event.revents.cast_unsigned()) & bits != 0;
    let over = told(sys::NRF_POLLERR | sys::NRF_POLLHUP | sys::NRF_POLLNVAL);
    let (input, output) = (told(sys::NRF_POLLIN), told(sys::NRF_POLLOUT));
    wakers::wake(Descriptor(event.fd), |interest| {
        over || match interest {
            Interest::Receive => input,
            Interest::Send => output,
        }
    });
}

/// An address as the library has it.
enum Address {
    V4(sys::nrf_sockaddr_in),
    V6(sys::nrf_sockaddr_in6),
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(address) => Self::V4(sys::nrf_sockaddr_in {
                sin_family: sys::NRF_AF_INET as _,
                sin_port: address.port().to_be(),
                sin_addr: sys::nrf_in_addr {
                    s_addr: address.ip().to_bits().to_be(),
                },
            }),
            SocketAddr::V6(address) => Self::V6(sys::nrf_sockaddr_in6 {
                sin6_family: sys::NRF_AF_INET6 as _,
                sin6_port: address.port().to_be(),
                sin6_addr: sys::nrf_in6_addr {
                    s6_addr: address.ip().octets(),
                },
                sin6_scope_id: 0,
            }),
        }
    }
}

impl Address {
    fn as_ptr(&self) -> (*const sys::nrf_sockaddr, sys::nrf_socklen_t) {
        match self {
            Self::V4(it) => (
                ptr::from_ref(it).cast(),
                size_of::<sys::nrf_sockaddr_in>() as _,
            ),
            Self::V6(it) => (
                ptr::from_ref(it).cast(),
                size_of::<sys::nrf_sockaddr_in6>() as _,
            ),
        }
    }
}

/// The address that the library points to.
///
/// # Safety
/// `address` is null, or points to an address of the family that it names.
unsafe fn address_at(address: *const sys::nrf_sockaddr) -> Option<SocketAddr> {
    // SAFETY: it is null or an address, all of which begin with their family.
    let family = u32::from(unsafe { address.as_ref() }?.sa_family);
    match family {
        sys::NRF_AF_INET => {
            // SAFETY: the family says that it is one; the pointer may be less aligned than the type.
            let it = unsafe { address.cast::<sys::nrf_sockaddr_in>().read_unaligned() };
            let ip = Ipv4Addr::from_bits(u32::from_be(it.sin_addr.s_addr));
            Some((ip, u16::from_be(it.sin_port)).into())
        }
        sys::NRF_AF_INET6 => {
            // SAFETY: the family says that it is one; the pointer may be less aligned than the type.
            let it = unsafe { address.cast::<sys::nrf_sockaddr_in6>().read_unaligned() };
            let ip = Ipv6Addr::from(it.sin6_addr.s6_addr);
            Some((ip, u16::from_be(it.sin6_port)).into())
        }
        _ => None,
    }
}

const fn family_number(family: Family) -> c_int {
    match family {
        Family::Ipv4 => sys::NRF_AF_INET as c_int,
        Family::Ipv6 => sys::NRF_AF_INET6 as c_int,
    }
}

fn set<T: ?Sized>(socket: Descriptor, level: u32, name: u32, value: &T) -> Result<(), Errno> {
    // SAFETY: the library reads `value`, which is that long, during the call.
    done(unsafe {
        sys::nrf_setsockopt(
            socket.0,
            level as _,
            name as _,
            ptr::from_ref(value).cast::<c_void>(),
            size_of_val(value) as _,
        )
    })
}

/// Does not block, and tells of its events.
fn set_up(socket: Descriptor) -> Result<(), Errno> {
    // SAFETY: no memory is shared.
    done(unsafe { sys::nrf_fcntl(socket.0, sys::NRF_F_SETFL as _, sys::NRF_O_NONBLOCK as _) })?;
    let callback = sys::nrf_modem_pollcb {
        callback: Some(on_event),
        events: (sys::NRF_POLLIN | sys::NRF_POLLOUT) as _,
        oneshot: false,
    };
    set(socket, sys::NRF_SOL_SOCKET, sys::NRF_SO_POLLCB, &callback)
}

impl Sockets for ModemSockets {
    fn open(&self, family: Family, protocol: Protocol) -> Result<Descriptor, Errno> {
        let (kind, protocol) = match protocol {
            Protocol::Udp => (sys::NRF_SOCK_DGRAM, sys::NRF_IPPROTO_UDP),
            Protocol::Tcp => (sys::NRF_SOCK_STREAM, sys::NRF_IPPROTO_TCP),
            Protocol::Dtls => (sys::NRF_SOCK_DGRAM, sys::NRF_SPROTO_DTLS1v2),
            Protocol::Tls => (sys::NRF_SOCK_STREAM, sys::NRF_SPROTO_TLS1v2),
        };
        // SAFETY: no memory is shared.
        let number = unsafe { sys::nrf_socket(family_number(family), kind as _, protocol as _) };
        done(number)?;
        let socket = Descriptor(number);
        if let Err(error) = set_up(socket) {
            let _ = self.close(socket);
            return Err(error);
        }
        Ok(socket)
    }

    fn connect(&self, socket: Descriptor, peer: SocketAddr) -> Result<(), Errno> {
        let peer = Address::from(peer);
        let (address, len) = peer.as_ptr();
        // SAFETY: the library reads the address, which is that long, during the call.
        done(unsafe { sys::nrf_connect(socket.0, address, len) })
    }

    fn bind(&self, socket: Descriptor, local: SocketAddr) -> Result<(), Errno> {
        let local = Address::from(local);
        let (address, len) = local.as_ptr();
        // SAFETY: the library reads the address, which is that long, during the call.
        done(unsafe { sys::nrf_bind(socket.0, address, len) })
    }

    fn send(&self, socket: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: `bytes` is that long, and is copied before the call returns.
        length(unsafe { sys::nrf_send(socket.0, bytes.as_ptr().cast(), bytes.len() as _, 0) })
    }

    fn send_to(&self, socket: Descriptor, bytes: &[u8], peer: SocketAddr) -> Result<usize, Errno> {
        let peer = Address::from(peer);
        let (address, len) = peer.as_ptr();
        let data = bytes.as_ptr().cast();
        // SAFETY: both are that long, and are copied before the call returns.
        length(unsafe { sys::nrf_sendto(socket.0, data, bytes.len() as _, 0, address, len) })
    }

    fn receive(&self, socket: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
        let data = buffer.as_mut_ptr().cast();
        // SAFETY: the library writes at most that much into `buffer`, during the call.
        let len = length(unsafe { sys::nrf_recv(socket.0, data, buffer.len() as _, 0) })?;
        Ok(len.min(buffer.len()))
    }

    fn receive_from(
        &self,
        socket: Descriptor,
        buffer: &mut [u8],
    ) -> Result<(usize, SocketAddr), Errno> {
        // The longer of the two addresses.
        let Address::V6(mut from) = Address::from(SocketAddr::from(([0_u16; 8], 0))) else {
            return Err(Errno::INVAL);
        };
        let mut from_len = size_of::<sys::nrf_sockaddr_in6>() as sys::nrf_socklen_t;
        let address = (&raw mut from).cast::<sys::nrf_sockaddr>();
        let data = buffer.as_mut_ptr().cast();
        // SAFETY: the library writes at most that much into `buffer` and into `from`, during the call.
        let len = length(unsafe {
            sys::nrf_recvfrom(
                socket.0,
                data,
                buffer.len() as _,
                0,
                address,
                &raw mut from_len,
            )
        })?;
        // SAFETY: it points to `from`, which the library has written.
        let from = unsafe { address_at(address) }.ok_or(Errno::AFNOSUPPORT)?;
        Ok((len.min(buffer.len()), from))
    }

    fn set_option(&self, socket: Descriptor, option: SocketOption<'_>) -> Result<(), Errno> {
        let secure = |name, value: c_int| set(socket, sys::NRF_SOL_SECURE, name, &value);
        match option {
            SocketOption::SecurityTags(tags) => {
                set(socket, sys::NRF_SOL_SECURE, sys::NRF_SO_SEC_TAG_LIST, tags)
            }
            // The library wants the zero at the end, which nrf-modem leaves out.
            SocketOption::HostName(name) => {
                let name = name.to_bytes_with_nul();
                set(socket, sys::NRF_SOL_SECURE, sys::NRF_SO_SEC_HOSTNAME, name)
            }
            SocketOption::PeerVerification(level) => secure(
                sys::NRF_SO_SEC_PEER_VERIFY,
                match level {
                    PeerVerification::Disabled => sys::NRF_SO_SEC_PEER_VERIFY_NONE,
                    PeerVerification::Optional => sys::NRF_SO_SEC_PEER_VERIFY_OPTIONAL,
                    PeerVerification::Required => sys::NRF_SO_SEC_PEER_VERIFY_REQUIRED,
                } as _,
            ),
            SocketOption::CipherSuites(suites) => {
                let name = sys::NRF_SO_SEC_CIPHERSUITE_LIST;
                set(socket, sys::NRF_SOL_SECURE, name, suites)
            }
            SocketOption::SessionCache(on) => secure(sys::NRF_SO_SEC_SESSION_CACHE, on.into()),
            SocketOption::PurgeSessionCache => secure(sys::NRF_SO_SEC_SESSION_CACHE_PURGE, 1),
            SocketOption::HandshakeTimeout(limit) => {
                secure(sys::NRF_SO_SEC_DTLS_HANDSHAKE_TIMEO, limit.as_secs().into())
            }
            SocketOption::ConnectionId(on) => secure(
                sys::NRF_SO_SEC_DTLS_CID,
                if on {
                    sys::NRF_SO_SEC_DTLS_CID_ENABLED
                } else {
                    sys::NRF_SO_SEC_DTLS_CID_DISABLED
                } as _,
            ),
            SocketOption::SaveConnection => secure(sys::NRF_SO_SEC_DTLS_CONN_SAVE, 1),
            SocketOption::LoadConnection => secure(sys::NRF_SO_SEC_DTLS_CONN_LOAD, 1),
            SocketOption::ReleaseAssistance(what) => {
                let value: c_int = match what {
                    ReleaseAssistance::Last => sys::NRF_RAI_LAST,
                    ReleaseAssistance::OneResponse => sys::NRF_RAI_ONE_RESP,
                    ReleaseAssistance::Ongoing => sys::NRF_RAI_ONGOING,
                } as _;
                set(socket, sys::NRF_SOL_SOCKET, sys::NRF_SO_RAI, &value)
            }
        }
    }

    fn status(&self, socket: Descriptor, status: Status) -> Result<i32, Errno> {
        let (level, name) = match status {
            Status::Error => (sys::NRF_SOL_SOCKET, sys::NRF_SO_ERROR),
            Status::ConnectionId => (sys::NRF_SOL_SECURE, sys::NRF_SO_SEC_DTLS_CID_STATUS),
            Status::Handshake => (sys::NRF_SOL_SECURE, sys::NRF_SO_SEC_HANDSHAKE_STATUS),
        };
        let mut value: c_int = 0;
        let mut len = size_of::<c_int>() as sys::nrf_socklen_t;
        let place = (&raw mut value).cast();
        // SAFETY: the library writes at most that much into `value`, during the call.
        done(unsafe { sys::nrf_getsockopt(socket.0, level as _, name as _, place, &raw mut len) })?;
        Ok(value)
    }

    fn close(&self, socket: Descriptor) -> Result<(), Errno> {
        wakers::forget(socket);
        // SAFETY: no memory is shared.
        done(unsafe { sys::nrf_close(socket.0) })
    }

    fn resolve(&self, host: &str, family: Family) -> Result<IpAddr, Errno> {
        let mut name = [0_u8; 256];
        let place = name.get_mut(..host.len()).ok_or(Errno::INVAL)?;
        place.copy_from_slice(host.as_bytes());
        // One byte is left for the zero at the end.
        if host.len() >= 256 || host.contains('\0') {
            return Err(Errno::INVAL);
        }
        let hints = sys::nrf_addrinfo {
            ai_flags: 0,
            ai_family: family_number(family),
            ai_socktype: sys::NRF_SOCK_STREAM as _,
            ai_protocol: 0,
            ai_addrlen: 0,
            ai_addr: ptr::null_mut(),
            ai_canonname: ptr::null_mut(),
            ai_next: ptr::null_mut(),
        };
        let mut found = ptr::null_mut();
        // SAFETY: the library reads the name up to its zero and `hints`, and writes one pointer.
        let error = unsafe {
            sys::nrf_getaddrinfo(
                name.as_ptr().cast(),
                ptr::null(),
                &raw const hints,
                &raw mut found,
            )
        };
        match error {
            0 => {}
            // NRF_EAI_BADFLAGS, or a number that was left: the latter says more.
            -1 => return Err(last_error()),
            error => return Err(Errno(error.saturating_abs().saturating_neg())),
        }
        // SAFETY: it is null or the first of a list that is valid until it is freed.
        let address = unsafe { found.as_ref() }.and_then(|first| {
            // SAFETY: the list's addresses are of the family that they name.
            unsafe { address_at(first.ai_addr) }
        });
        if !found.is_null() {
            // SAFETY: it came from `nrf_getaddrinfo`, and is not used any more.
            unsafe { sys::nrf_freeaddrinfo(found) };
        }
        // NRF_EAI_NODATA
        address.map(|it| it.ip()).ok_or(Errno(-5))
    }

    fn watch(&self, socket: Descriptor, interest: Interest, waker: &Waker) {
        wakers::watch(socket, interest, waker);
    }
}

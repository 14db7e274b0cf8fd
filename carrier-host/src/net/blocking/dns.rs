//! The host's resolver on a thread of its own, so that no caller waits for it.

use core::net::IpAddr;
use std::net::ToSocketAddrs;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use embedded_nal::{AddrType, Dns};

use super::BlockingStack;
use crate::net::asynch::matches;
use crate::net::error::{NetError, NetErrorKind};

/// A lookup under way.
#[derive(Debug)]
pub(super) struct Lookup {
    host: String,
    answer: Receiver<Vec<IpAddr>>,
}

impl Lookup {
    fn start(host: &str) -> Result<Self, NetError> {
        let (sender, answer) = channel();
        let name = host.to_owned();
        thread::Builder::new()
            .name("resolver".to_owned())
            .spawn(move || {
                let addresses = (name.as_str(), 0).to_socket_addrs();
                let found = addresses.map(|all| all.map(|address| address.ip()).collect());
                // A caller that asks for another name meanwhile has dropped its end.
                let _ = sender.send(found.unwrap_or_default());
            })?;
        Ok(Self {
            host: host.to_owned(),
            answer,
        })
    }
}

impl Dns for BlockingStack {
    type Error = NetError;

    /// The first address of `host` in the family that is asked for; an address literal is its own answer.
    ///
    /// One lookup at a time: asking for another name gives the first one up.
    fn get_host_by_name(&mut self, host: &str, family: AddrType) -> nb::Result<IpAddr, NetError> {
        let lookup = match self.lookup.take() {
            Some(lookup) if lookup.host == host => lookup,
            _ => Lookup::start(host).map_err(nb::Error::Other)?,
        };
        match lookup.answer.try_recv() {
            Ok(addresses) => {
                addresses
                    .into_iter()
                    .find(|ip| matches(&family, ip))
                    .ok_or(nb::Error::Other(NetError::new(
                        NetErrorKind::NameNotResolved,
                    )))
            }
            Err(TryRecvError::Empty) => {
                self.lookup = Some(lookup);
                Err(nb::Error::WouldBlock)
            }
            Err(TryRecvError::Disconnected) => {
                Err(nb::Error::Other(NetError::new(NetErrorKind::Other)))
            }
        }
    }

    /// Not served: nothing in LwM2M asks for the name of an address.
    fn get_host_by_address(&mut self, _: IpAddr, _: &mut [u8]) -> nb::Result<usize, NetError> {
        Err(nb::Error::Other(NetError::new(NetErrorKind::Unsupported)))
    }
}

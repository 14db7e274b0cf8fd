//! Events become lines on standard output.

use core::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Stdout};
use std::rc::Rc;

use carrier_host::console::{Printer, Reply};
use lwm2m_carrier::hal::{CaTags, CredentialKind, KeyStore, Reset, SecurityTag};
use lwm2m_carrier::{Event, EventHandler, Response};
use tokio::sync::Notify;

/// The security tag of the CA certificates, behind those that the profile uses.
pub(crate) const CA_TAG: SecurityTag = SecurityTag(100);

/// Prints, and remembers where the device is registered. A copy is the same reporter.
#[derive(Clone)]
pub(crate) struct Reporter(Rc<RefCell<Inner>>);

struct Inner {
    printer: Printer<Stdout>,
    /// The CA certificates that are trusted.
    ca: Option<Rc<[u8]>>,
    registered: BTreeSet<u16>,
    /// A server has confirmed the end of a registration.
    left: bool,
}

impl Reporter {
    /// `ca` is put into the key store when the library asks for CA certificates.
    pub(crate) fn new(json: bool, ca: Option<Rc<[u8]>>) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            printer: Printer::new(io::stdout(), json),
            ca,
            registered: BTreeSet::new(),
            left: false,
        })))
    }

    /// Prints the answer to a command. Where nobody reads any more there is nobody to be told either.
    pub(crate) fn answer(&self, answer: Result<Reply, impl core::fmt::Display>) {
        let printer = &mut self.0.borrow_mut().printer;
        let _ = match answer {
            Ok(reply) => printer.reply(&reply),
            Err(error) => printer.error(&error),
        };
    }

    /// Prints how far a firmware package has come.
    pub(crate) fn firmware(&self, written: u32, size: Option<u32>) {
        let _ = self.0.borrow_mut().printer.firmware(written, size);
    }

    /// Whether every registration there was has been ended, and its end confirmed.
    pub(crate) fn has_left_cleanly(&self) -> bool {
        let inner = self.0.borrow();
        inner.left && inner.registered.is_empty()
    }
}

impl EventHandler for Reporter {
    async fn handle<K: KeyStore>(&mut self, event: &Event, keys: &mut K) -> Response {
        self.note(event);
        let ca = self.0.borrow().ca.clone();
        match (event, ca) {
            (Event::CertsInit, Some(ca)) => {
                match keys.write(CA_TAG, CredentialKind::CaChain, &ca).await {
                    Ok(()) => Response::CaTags(CaTags::new(&[CA_TAG]).unwrap_or_default()),
                    Err(error) => Response::Fail(error.errno),
                }
            }
            _ => Response::Done,
        }
    }
}

impl Reporter {
    /// Prints and remembers.
    fn note(&self, event: &Event) {
        let inner = &mut *self.0.borrow_mut();
        match event {
            Event::Registered { server } => {
                inner.registered.insert(*server);
            }
            Event::Deregistered {
                server,
                confirmed: true,
            } => {
                inner.left |= inner.registered.remove(server);
            }
            _ => {}
        }
        let _ = inner.printer.event(event);
    }
}

/// A restart of the device: the program begins it anew, without ending itself.
pub(crate) struct Restart(pub(crate) Rc<Notify>);

impl Reset for Restart {
    fn reboot(&mut self) {
        self.0.notify_one();
    }
}

//! Events become lines on standard output.

use core::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Stdout};
use std::rc::Rc;

use carrier_host::console::{Printer, Reply};
use lwm2m_carrier::hal::{KeyStore, Reset};
use lwm2m_carrier::{Event, EventHandler, Response};
use tokio::sync::Notify;

/// Prints, and remembers where the device is registered. A copy is the same reporter.
#[derive(Clone)]
pub(crate) struct Reporter(Rc<RefCell<Inner>>);

struct Inner {
    printer: Printer<Stdout>,
    registered: BTreeSet<u16>,
    /// A server has confirmed the end of a registration.
    left: bool,
}

impl Reporter {
    pub(crate) fn new(json: bool) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            printer: Printer::new(io::stdout(), json),
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

    /// Whether every registration there was has been ended, and its end confirmed.
    pub(crate) fn has_left_cleanly(&self) -> bool {
        let inner = self.0.borrow();
        inner.left && inner.registered.is_empty()
    }
}

impl EventHandler for Reporter {
    async fn handle<K: KeyStore>(&mut self, event: &Event, _keys: &mut K) -> Response {
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
        Response::Done
    }
}

/// A restart of the device: the program begins it anew, without ending itself.
pub(crate) struct Restart(pub(crate) Rc<Notify>);

impl Reset for Restart {
    fn reboot(&mut self) {
        self.0.notify_one();
    }
}

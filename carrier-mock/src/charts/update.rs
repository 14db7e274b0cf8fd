//! A firmware update, as the management server carries it through.

use core::cell::RefCell;

use heapless::Vec;
use lwm2m_core::time::Instant;

use super::course::ENDPOINT;
use crate::server::firmware::{HttpServer, Image, Release};
use crate::server::{ManagementServer, Request};

/// Content format of plain text.
const TEXT: u16 = 0;
const STATE: &str = "/5/0/3";
const RESULT: &str = "/5/0/5";
/// State Downloaded (OMA object 5, resource 3).
const DOWNLOADED: u8 = 2;

/// What of object 5 a life remembers, at most.
pub const MAX_TOLD: usize = 16;

/// Bytes of the package.
pub(super) const SIZE: u32 = 60_000;

/// What a server reads of a device that registers again.
const READ: &[Request<'static>] = &[
    Request::read(STATE).accept(TEXT),
    Request::read(RESULT).accept(TEXT),
];

/// An update that the server begins once the device has registered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update {
    /// What it writes to /5/0/1.
    pub(super) uri: &'static str,
    /// The authority whose certificate the server of `https://files.example` has.
    pub(super) authority: &'static [u8],
    /// The result that it reads in the end.
    pub(super) result: u8,
}

/// What a server was told of object 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// When; the world's time.
    pub at: Instant,
    /// The resource: state 3, or result 5.
    pub resource: u8,
    /// Its value.
    pub value: u8,
}

impl Update {
    /// What the server sends a device that registers: it asks to be told, then writes the URI.
    pub(super) const fn script(&self) -> [Request<'static>; 3] {
        [
            Request::observe(STATE).accept(TEXT),
            Request::observe(RESULT).accept(TEXT),
            Request::write("/5/0/1", TEXT, self.uri.as_bytes()),
        ]
    }
}

/// The server of firmware. Bytes of the image differ, so that none lies in another's place.
pub(super) fn firmware_server() -> RefCell<HttpServer<'static>> {
    let image = Image::made(SIZE, byte);
    RefCell::new(HttpServer::new("/modem", Release::new(image, "\"v2\"")))
}

/// A byte of the image.
pub(super) fn byte(offset: u32) -> u8 {
    (offset.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// Who carries the update through.
pub(super) struct Operator<'a, 's> {
    update: Update,
    server: &'a RefCell<ManagementServer<'s>>,
    executed: bool,
    told: Vec<Told, MAX_TOLD>,
}

impl<'a, 's> Operator<'a, 's> {
    pub(super) const fn new(update: Update, server: &'a RefCell<ManagementServer<'s>>) -> Self {
        Self {
            update,
            server,
            executed: false,
            told: Vec::new(),
        }
    }

    /// Looks at what the server was told; Update is executed as soon as the package is there. Whether all is done.
    pub(super) fn step(&mut self) -> bool {
        let mut server = self.server.borrow_mut();
        while let Some(record) = server.take_record() {
            let path = record.request().map(Request::path);
            let resource = match path {
                Some(STATE) => 3,
                Some(RESULT) => 5,
                _ => continue,
            };
            let text = core::str::from_utf8(record.body()).ok();
            let Some(value) = text.and_then(|text| text.parse().ok()) else {
                // Nothing that can be waited for: the life does not come to its end.
                continue;
            };
            let at = record.at();
            let told = Told {
                at,
                resource,
                value,
            };
            let _ = self.told.push(told);
        }
        if !self.executed && self.last(3) == Some(DOWNLOADED) {
            self.executed = server.request(ENDPOINT, Request::execute("/5/0/2", ""));
            server.set_script(READ);
        }
        self.last(3) == Some(0) && self.last(5) == Some(self.update.result)
    }

    pub(super) fn told(self) -> Vec<Told, MAX_TOLD> {
        self.told
    }

    fn last(&self, resource: u8) -> Option<u8> {
        let mut told = self.told.iter().rev();
        told.find(|told| told.resource == resource)
            .map(|told| told.value)
    }
}

//! The other end of the carrier's probes: modem, network, flash and application, as
//! `examples/firmware/probe/src/port` asks for them.

use core::time::Duration;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    thread,
};

use super::{
    engine::{receive, send},
    qemu::Board,
    server::Chip,
};

/// The answer to what succeeds and has nothing to tell.
const DONE: &[u8] = &[0];
const FAILED: &[u8] = &[0xff];

/// What the chip asks for.
mod operation {
    pub(super) const LINK_UP: u8 = 128;
    pub(super) const LINK_DOWN: u8 = 129;
    pub(super) const WRITE_KEY: u8 = 130;
    pub(super) const DELETE_KEY: u8 = 131;
    pub(super) const FIND_KEY: u8 = 132;
    pub(super) const CHECK_KEY: u8 = 133;
    pub(super) const OPEN: u8 = 134;
    pub(super) const SEND: u8 = 135;
    pub(super) const CLOSE: u8 = 136;
    pub(super) const HOLD: u8 = 137;
    pub(super) const RECEIVE: u8 = 138;
    pub(super) const LOAD: u8 = 139;
    pub(super) const STORE: u8 = 140;
    pub(super) const DELETE: u8 = 141;
    pub(super) const REBOOT: u8 = 142;
    pub(super) const READ_FLASH: u8 = 143;
    pub(super) const WRITE_FLASH: u8 = 144;
    pub(super) const ERASE_FLASH: u8 = 145;
    pub(super) const ACTIVATE: u8 = 146;
    pub(super) const RESTART_MODEM: u8 = 147;
    pub(super) const OUTCOME: u8 = 148;
    pub(super) const FACT: u8 = 149;
    pub(super) const EVENT: u8 = 150;
    pub(super) const REPORT: u8 = 151;
    pub(super) const WAIT: u8 = 152;
    pub(super) const COMMAND: u8 = 153;
    pub(super) const DELTA: u8 = 155;
    pub(super) const SOCKET: u8 = 156;
}

/// What is asked of sockets.
mod socket {
    pub(super) const OPEN: u8 = 0;
    pub(super) const SEND: u8 = 3;
    pub(super) const RECEIVE: u8 = 5;
    pub(super) const STATUS: u8 = 8;
    pub(super) const CLOSE: u8 = 9;
    pub(super) const RESOLVE: u8 = 10;
    /// The modem library's number for nothing there yet.
    pub(super) const AGAIN: u8 = 11;
}

/// What has happened, told by the answer to a wait.
const NOTHING: [u8; 3] = [0, 0, 0];

/// Waits without news before the chip is given up: it should have done something.
const WAITS: u32 = 3_000;

const IMEI: &str = "490154203237518";

/// A certificate in form, which is all that the probes look at.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";

/// Bytes of the firmware slot.
const SLOT: usize = 512 * 1024;

/// The other end.
pub(super) struct Port<'b> {
    board: &'b mut Board,
    /// Datagrams for the chip, with their sessions.
    datagrams: VecDeque<(u8, Vec<u8>)>,
    /// What the application is to do.
    requests: VecDeque<u8>,
    records: BTreeMap<u8, Vec<u8>>,
    keys: BTreeSet<Vec<u8>>,
    flash: Vec<u8>,
    /// Bytes of a delta update.
    delta: u32,
    /// The number of the next socket.
    next_socket: u8,
    has_rebooted: bool,
}

impl<'b> Port<'b> {
    pub(super) fn new(board: &'b mut Board) -> Self {
        Self {
            board,
            datagrams: VecDeque::new(),
            requests: VecDeque::new(),
            records: BTreeMap::new(),
            keys: BTreeSet::new(),
            flash: vec![0xff; SLOT],
            delta: 0,
            next_socket: 1,
            has_rebooted: false,
        }
    }

    /// Waits until the chip restarts itself.
    pub(super) fn wait_for_reboot(&mut self) -> Result<(), String> {
        for _ in 0..WAITS {
            if self.has_rebooted {
                return Ok(());
            }
            let (operation, body) = receive(self.board)?;
            let answer = self.answer(operation, &body);
            send(self.board, operation, &[&answer])?;
        }
        Err("it does not restart".to_owned())
    }

    fn answer(&mut self, operation: u8, body: &[u8]) -> Vec<u8> {
        let (head, rest) = body.split_at_checked(4).unwrap_or((body, &[]));
        let number = |bytes: &[u8]| {
            let bytes = <[u8; 4]>::try_from(bytes).unwrap_or_default();
            u32::from_be_bytes(bytes) as usize
        };
        let told = |answer: &[u8]| [DONE, answer].concat();
        match operation {
            operation::WRITE_KEY => {
                self.keys.insert(body.iter().take(5).copied().collect());
            }
            operation::DELETE_KEY => {
                self.keys.remove(body);
            }
            operation::FIND_KEY => return told(&[u8::from(self.keys.contains(body))]),
            // Without a credential it asks whether keys can be written while the link is up.
            operation::CHECK_KEY if body.is_empty() => return FAILED.to_vec(),
            // Open, and not resumed.
            operation::OPEN => return told(&[2]),
            operation::RECEIVE => {
                let Some((session, mut datagram)) = self.datagrams.pop_front() else {
                    return FAILED.to_vec();
                };
                datagram.extend([session, 0]);
                return told(&datagram);
            }
            operation::LOAD => {
                let record = body.first().and_then(|id| self.records.get(id));
                return told(record.map_or(&[], Vec::as_slice));
            }
            operation::STORE => {
                if let Some((&id, record)) = body.split_first() {
                    self.records.insert(id, record.to_vec());
                }
            }
            operation::DELETE => {
                if let Some(id) = body.first() {
                    self.records.remove(id);
                }
            }
            operation::REBOOT => self.has_rebooted = true,
            operation::READ_FLASH => {
                let (from, len) = (number(head), number(rest));
                let part = self.flash.get(from..from + len);
                return part.map_or_else(|| FAILED.to_vec(), told);
            }
            operation::WRITE_FLASH => {
                let place = self.flash.iter_mut().skip(number(head));
                // Bits are cleared, as flash does.
                place.zip(rest).for_each(|(old, new)| *old &= new);
            }
            operation::ERASE_FLASH => {
                if let Some(pages) = self.flash.get_mut(number(head)..number(rest)) {
                    pages.fill(0xff);
                }
            }
            // The modem restarts; the package runs.
            operation::ACTIVATE | operation::OUTCOME => return told(&[0]),
            operation::FACT => return told(IMEI.as_bytes()),
            operation::EVENT => return told(CERTIFICATE.as_bytes()),
            operation::WAIT => {
                if let Some(what) = self.requests.pop_front() {
                    return told(&[3, what]);
                }
                let session = self.datagrams.front().map(|(session, _)| *session);
                return session.map_or(NOTHING, |it| [0, 1, it]).to_vec();
            }
            operation::COMMAND => return told(command(body).as_bytes()),
            operation::DELTA => return self.delta(body),
            operation::SOCKET => return self.socket(body),
            operation::LINK_UP
            | operation::LINK_DOWN
            | operation::CHECK_KEY
            | operation::CLOSE
            | operation::HOLD
            | operation::RESTART_MODEM
            | operation::REPORT => {}
            _ => return FAILED.to_vec(),
        }
        DONE.to_vec()
    }

    /// The modem's sockets, each of which is a session; that they send is told elsewhere.
    fn socket(&mut self, body: &[u8]) -> Vec<u8> {
        let told = |answer: &[u8]| [DONE, answer].concat();
        match *body {
            [socket::OPEN, ..] => {
                let number = self.next_socket;
                self.next_socket = number.wrapping_add(1);
                told(&[number])
            }
            [socket::RECEIVE, number, ..] => {
                let found = self.datagrams.iter().position(|(of, _)| *of == number);
                match found.and_then(|at| self.datagrams.remove(at)) {
                    Some((_, datagram)) => told(&datagram),
                    None => vec![socket::AGAIN],
                }
            }
            // No error; a full handshake.
            [socket::STATUS, ..] => told(&[0]),
            [socket::CLOSE, number, ..] => {
                self.datagrams.retain(|(of, _)| *of != number);
                DONE.to_vec()
            }
            // RFC 5737
            [socket::RESOLVE, ..] => told(&[192, 0, 2, 1]),
            _ => DONE.to_vec(),
        }
    }

    /// The modem's interface for updates.
    fn delta(&mut self, body: &[u8]) -> Vec<u8> {
        let Some((&what, part)) = body.split_first() else {
            return FAILED.to_vec();
        };
        let told = |answer: &[u8]| [DONE, answer].concat();
        match what {
            0 => return told(b"00112233-4455-6677-8899-aabbccddeeff"),
            1 => return told(&self.delta.to_be_bytes()),
            2 => return told(&500_000_u32.to_be_bytes()),
            4 => self.delta += part.len() as u32,
            6 => self.delta = 0,
            _ => {}
        }
        DONE.to_vec()
    }
}

impl Chip for Port<'_> {
    fn receive(&mut self) -> Result<(u8, Vec<u8>), String> {
        let mut waits = 0;
        loop {
            let (operation, body) = receive(self.board)?;
            if operation == operation::SEND {
                send(self.board, operation, &[DONE])?;
                let (head, datagram) = body.split_at_checked(2).unwrap_or_default();
                return Ok((head.first().copied().unwrap_or_default(), datagram.to_vec()));
            }
            if operation == operation::SOCKET
                && let [socket::SEND, session, ref datagram @ ..] = *body
            {
                send(self.board, operation, &[DONE])?;
                return Ok((session, datagram.to_vec()));
            }
            let answer = self.answer(operation, &body);
            if operation == operation::WAIT && answer == NOTHING {
                waits += 1;
                if waits > WAITS {
                    return Err("it only waits".to_owned());
                }
                thread::sleep(Duration::from_millis(1));
            }
            send(self.board, operation, &[&answer])?;
        }
    }

    fn send(&mut self, session: u8, datagram: &[u8]) -> Result<(), String> {
        self.datagrams.push_back((session, datagram.to_vec()));
        Ok(())
    }

    fn set_battery_level(&mut self, percent: u8) -> Result<(), String> {
        self.requests.push_back(percent);
        Ok(())
    }
}

/// What the modem answers to an AT command.
fn command(command: &[u8]) -> String {
    let command = String::from_utf8_lossy(command);
    let line = match &*command {
        "AT+CFUN?" => "+CFUN: 4\r\n".to_owned(),
        "AT+CEREG?" => {
            "+CEREG: 5,1,\"002F\",\"0012BEEF\",7,,,\"00000000\",\"00000000\"\r\n".to_owned()
        }
        "AT+CCLK?" => "+CCLK: \"25/11/28,05:12:24+04\"\r\n".to_owned(),
        "AT+CGSN=1" => format!("+CGSN: \"{IMEI}\"\r\n"),
        _ => String::new(),
    };
    format!("{line}OK\r\n")
}

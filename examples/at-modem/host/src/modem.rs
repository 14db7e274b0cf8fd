//! The commands, and what the modem says by itself.

use core::time::Duration;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::Options;
use crate::sockets::{NO_CONTEXT, Sockets};

/// Most bytes of one `AT+QISEND` and one `AT+QIRD`, as published.
const MOST_SENT: usize = 1460;
const MOST_READ: usize = 1500;
/// Numbers of `+CME ERROR` (3GPP TS 27.007, section 9.2.1).
const NOT_ALLOWED: u16 = 3;
const NO_SIM: u16 = 10;
const INVALID: u16 = 50;
/// `AT+CFUN`: everything, and flight mode.
const FULL: u8 = 1;
const FLIGHT: u8 = 4;

/// How long a late answer waits for another command that it may disturb.
const CATCH_UP: Duration = Duration::from_millis(20);

/// What a command came to.
enum Answer {
    Ok,
    Error(u16),
    /// Said later, or never.
    Nothing,
}

/// A modem that was just switched on.
#[derive(Debug)]
pub struct Modem {
    options: Options,
    deaf_until: Instant,
    booted: bool,
    line: Vec<u8>,
    /// The datagram that is being taken: its socket, how many bytes it will have, and what has come.
    datagram: Option<(usize, usize, Vec<u8>)>,
    /// Its prompt has left.
    prompted: bool,
    out: Vec<u8>,
    /// An answer that comes later.
    late: Option<(Instant, Vec<u8>)>,
    echo: bool,
    errors: u8,
    function: u8,
    reports: u8,
    coverage: bool,
    registered: bool,
    registered_at: Instant,
    active: bool,
    apn: Option<String>,
    sockets: Sockets,
}

impl Modem {
    /// Switches a modem on.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let now = Instant::now();
        Self {
            deaf_until: now + options.boot,
            registered_at: now + options.boot + options.registration,
            options,
            booted: false,
            line: Vec::new(),
            datagram: None,
            prompted: false,
            out: Vec::new(),
            late: None,
            echo: true,
            errors: 0,
            function: FULL,
            reports: 0,
            coverage: true,
            registered: false,
            active: false,
            apn: None,
            sockets: Sockets::default(),
        }
    }

    /// Takes the network away, or gives it back.
    pub fn set_coverage(&mut self, there: bool) {
        self.coverage = there;
        self.registered_at = Instant::now() + self.options.registration;
        if !there {
            self.lose_network(2);
        }
    }

    /// The modem crashes and begins anew.
    pub fn restart(&mut self) {
        let mut options = self.options.clone();
        options.mute = None;
        let coverage = self.coverage;
        *self = Self::new(options);
        self.coverage = coverage;
    }

    /// The network closes the packet data connection, and keeps the registration.
    pub fn deactivate(&mut self) {
        if self.active {
            self.active = false;
            self.sockets.close_all();
            self.say("+QIURC: \"pdpdeact\",1");
        }
    }

    /// The access point that the device has chosen.
    #[must_use]
    pub fn apn(&self) -> Option<&str> {
        self.apn.as_deref()
    }

    /// Takes bytes from the serial line.
    pub fn input(&mut self, bytes: &[u8]) {
        if Instant::now() < self.deaf_until {
            return;
        }
        self.boot();
        self.catch_up(Duration::ZERO);
        for &byte in bytes {
            if self.datagram.is_some() && !self.prompted {
                // Too early: a modem that has not asked yet does not listen.
                continue;
            }
            if let Some((connection, len, mut datagram)) = self.datagram.take() {
                datagram.push(byte);
                if datagram.len() < len {
                    self.datagram = Some((connection, len, datagram));
                } else if self.registered && self.sockets.send(connection, &datagram) {
                    self.say("SEND OK");
                } else {
                    self.say("SEND FAIL");
                }
                continue;
            }
            if self.echo {
                self.out.push(byte);
            }
            match byte {
                b'\n' if self.line.is_empty() => {}
                // A terminal ends lines with a line feed.
                b'\r' | b'\n' => {
                    let line = core::mem::take(&mut self.line);
                    self.command(&String::from_utf8_lossy(&line));
                }
                _ => self.line.push(byte),
            }
        }
    }

    /// What the modem says, with what has happened since.
    pub fn output(&mut self) -> Vec<u8> {
        if Instant::now() >= self.deaf_until {
            self.boot();
            self.catch_up(CATCH_UP);
            self.network();
            if self.registered {
                for connection in self.sockets.receive() {
                    self.say(&format!("+QIURC: \"recv\",{connection}"));
                }
            }
        }
        self.prompted = true;
        core::mem::take(&mut self.out)
    }

    fn boot(&mut self) {
        if !self.booted {
            self.booted = true;
            self.say("RDY");
            self.say("APP RDY");
        }
    }

    /// Says what is late by `more` than it should be, in the middle of another command if there is one.
    fn catch_up(&mut self, more: Duration) {
        if self
            .late
            .as_ref()
            .is_some_and(|(at, _)| Instant::now() >= *at + more)
            && let Some((_, mut answer)) = self.late.take()
        {
            self.out.append(&mut answer);
        }
    }

    fn network(&mut self) {
        let found = self.function == FULL
            && self.coverage
            && self.options.sim
            && !self.registered
            && Instant::now() >= self.registered_at;
        if !found {
            return;
        }
        if self.options.denied {
            // Once; the modem does not try again by itself.
            self.registered_at += Duration::from_secs(3600);
            self.report(3);
        } else {
            self.registered = true;
            self.report(1);
        }
    }

    fn lose_network(&mut self, stat: u8) {
        if self.registered {
            self.registered = false;
            self.report(stat);
        }
        self.deactivate();
        self.sockets.close_all();
    }

    /// The parameters of `+CEREG`.
    fn registration(&self, stat: u8) -> String {
        if stat == 1 && self.reports == 2 {
            return format!("{stat},\"1A2B\",\"01A2D003\",8");
        }
        stat.to_string()
    }

    fn report(&mut self, stat: u8) {
        if self.reports > 0 {
            self.say(&format!("+CEREG: {}", self.registration(stat)));
        }
    }

    fn say(&mut self, line: &str) {
        self.out.extend_from_slice(b"\r\n");
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    /// A line of an answer that is not its last.
    fn inform(&mut self, line: &str) {
        self.chat();
        self.say(line);
        self.chat();
    }

    fn chat(&mut self) {
        if self.options.chatter {
            self.say("+QIND: \"csq\",20,99");
            if self.registered {
                self.report(1);
            }
        }
    }

    fn command(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let Some(command) = line.strip_prefix("AT").or_else(|| line.strip_prefix("at")) else {
            return;
        };
        if let Some((muted, times)) = &mut self.options.mute
            && *times > 0
            && command.starts_with(*muted)
        {
            *times -= 1;
            return;
        }
        if self
            .options
            .crash
            .is_some_and(|crash| command.starts_with(crash))
        {
            return self.restart();
        }
        let late = self
            .options
            .late
            .filter(|(late, _)| command.starts_with(late));
        let said = self.out.len();
        self.answer(command);
        if let Some((_, by)) = late {
            self.options.late = None;
            self.late = Some((Instant::now() + by, self.out.split_off(said)));
        }
    }

    fn answer(&mut self, command: &str) {
        let refused = self.options.refuse;
        let answer = match refused.filter(|refused| command.starts_with(refused)) {
            Some(_) => Answer::Error(NOT_ALLOWED),
            None => self.carry_out(command),
        };
        match answer {
            Answer::Ok => self.say("OK"),
            Answer::Error(number) if self.errors > 0 => self.say(&format!("+CME ERROR: {number}")),
            Answer::Error(_) => self.say("ERROR"),
            Answer::Nothing => {}
        }
    }

    fn carry_out(&mut self, command: &str) -> Answer {
        let (name, parameters) = command.split_once('=').unwrap_or((command, ""));
        let parameters: Vec<&str> = parameters
            .split(',')
            .map(|it| it.trim_matches('"'))
            .collect();
        let number = |at: usize| parameters.get(at).and_then(|it| it.parse::<usize>().ok());
        let text = |at: usize| parameters.get(at).copied().unwrap_or_default();
        match name {
            "" => Answer::Ok,
            "E0" | "E1" => {
                self.echo = name == "E1";
                Answer::Ok
            }
            "+CMEE" => set(&mut self.errors, number(0), 2),
            "+CEREG" => set(&mut self.reports, number(0), 2),
            "+CFUN" => self.set_function(number(0)),
            "+QICSGP" => match (number(0), number(1)) {
                (Some(1), Some(1..=3)) => {
                    self.apn = Some(text(2).to_owned());
                    Answer::Ok
                }
                _ => Answer::Error(INVALID),
            },
            "+QIACT" if self.registered && !self.active && number(0) == Some(1) => {
                self.active = true;
                Answer::Ok
            }
            "+QIDEACT" if number(0) == Some(1) => {
                self.active = false;
                self.sockets.close_all();
                Answer::Ok
            }
            "+QIOPEN" => {
                let udp = number(0) == Some(1) && text(2) == "UDP" && text(6) == "0";
                let port = number(4).and_then(|port| u16::try_from(port).ok());
                let (true, Some(connection), Some(port)) = (udp, number(1), port) else {
                    return Answer::Error(INVALID);
                };
                let opened = match self.active {
                    true => self.sockets.open(connection, text(3), port),
                    false => Err(NO_CONTEXT),
                };
                self.say("OK");
                self.chat();
                self.say(&format!(
                    "+QIOPEN: {connection},{}",
                    opened.err().unwrap_or(0)
                ));
                Answer::Nothing
            }
            "+QICLOSE" => match number(0) {
                Some(connection) => {
                    self.sockets.close(connection);
                    Answer::Ok
                }
                None => Answer::Error(INVALID),
            },
            "+QISEND" => match (number(0), number(1)) {
                (Some(connection), Some(len @ 1..=MOST_SENT))
                    if self.sockets.is_open(connection) =>
                {
                    self.chat();
                    self.datagram = Some((connection, len, Vec::new()));
                    self.prompted = false;
                    let noise = self.options.noisy_prompts > 0;
                    self.options.noisy_prompts = self.options.noisy_prompts.saturating_sub(1);
                    let prompt: &[u8] = if noise { b"\r\n~> " } else { b"\r\n> " };
                    self.out.extend_from_slice(prompt);
                    Answer::Nothing
                }
                _ => Answer::Error(NOT_ALLOWED),
            },
            "+QIRD" => match (number(0), number(1)) {
                (Some(connection), Some(most @ 1..=MOST_READ)) => self.read(connection, most),
                _ => Answer::Error(INVALID),
            },
            _ if command == name => self.tell(name),
            _ => Answer::Error(INVALID),
        }
    }

    fn set_function(&mut self, function: Option<usize>) -> Answer {
        match function {
            Some(1) => {
                if self.function != FULL {
                    self.registered_at = Instant::now() + self.options.registration;
                }
                self.function = FULL;
            }
            Some(0 | 4) => {
                self.lose_network(0);
                self.function = FLIGHT;
            }
            _ => return Answer::Error(INVALID),
        }
        Answer::Ok
    }

    fn read(&mut self, connection: usize, most: usize) -> Answer {
        let Some(mut data) = self.sockets.read(connection, most) else {
            return Answer::Error(NOT_ALLOWED);
        };
        self.chat();
        self.out
            .extend_from_slice(format!("\r\n+QIRD: {}\r\n", data.len()).as_bytes());
        if !data.is_empty() && self.options.cut_reads > 0 {
            self.options.cut_reads -= 1;
            data.truncate(data.len() / 2);
            self.out.append(&mut data);
            return Answer::Nothing;
        }
        self.out.append(&mut data);
        self.chat();
        Answer::Ok
    }

    /// The facts.
    fn tell(&mut self, command: &str) -> Answer {
        let fact = match command {
            "+CPIN?" if !self.options.sim => return Answer::Error(NO_SIM),
            "+CPIN?" => "+CPIN: READY".to_owned(),
            "+CEREG?" => {
                let stat = match (self.registered, self.function) {
                    (true, _) => 1,
                    (false, FULL) if self.options.denied => 3,
                    (false, FULL) => 2,
                    _ => 0,
                };
                format!("+CEREG: {},{}", self.reports, self.registration(stat))
            }
            "+QIACT?" if self.active => "+QIACT: 1,1,1,\"10.64.0.2\"".to_owned(),
            "+QIACT?" => return Answer::Ok,
            "+CFUN?" => format!("+CFUN: {}", self.function),
            "+CGSN" => self.options.imei.clone(),
            "+CGMR" => "BG95M3LAR02A04".to_owned(),
            "+QCCID" | "+CIMI" if !self.options.sim => return Answer::Error(NO_SIM),
            "+QCCID" => "+QCCID: 89882390000123456789".to_owned(),
            "+CIMI" => "001010123456789".to_owned(),
            "+CNUM" => match &self.options.msisdn {
                Some(number) => format!("+CNUM: ,\"+{number}\",145"),
                None => return Answer::Ok,
            },
            "+CSQ" => "+CSQ: 20,99".to_owned(),
            "+QCSQ" if self.registered => "+QCSQ: \"eMTC\",-67,-98,130,-13".to_owned(),
            "+QCSQ" => "+QCSQ: \"NOSERVICE\"".to_owned(),
            "+CCLK?" => format!("+CCLK: \"{}\"", date()),
            _ => return Answer::Error(INVALID),
        };
        self.inform(&fact);
        Answer::Ok
    }
}

fn set(value: &mut u8, to: Option<usize>, most: u8) -> Answer {
    match to.and_then(|to| u8::try_from(to).ok()) {
        Some(to) if to <= most => {
            *value = to;
            Answer::Ok
        }
        _ => Answer::Error(INVALID),
    }
}

/// Now, as `+CCLK` has it, in universal time.
fn date() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    loop {
        let len = if leap(year) { 366 } else { 365 };
        if days < len {
            break;
        }
        days -= len;
        year += 1;
    }
    let mut month = 1;
    let february = if leap(year) { 29 } else { 28 };
    for len in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < len {
            break;
        }
        days -= len;
        month += 1;
    }
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!(
        "{:02}/{month:02}/{:02},{hour:02}:{minute:02}:{second:02}+00",
        year % 100,
        days + 1
    )
}

const fn leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

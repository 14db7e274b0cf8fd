//! Who runs the management server: watches the device, and brings it its updates, again and again until it has them.

use carrier_mock::server::{Record, RecordKind, Request};
use lwm2m_carrier::hal::Installed;
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::Code;

use super::plan::{HOUR, MINUTE, Plan, secs};
use super::update::{Update, Way};

/// Content formats of plain text and of opaque bytes.
const TEXT: u16 = 0;
const OPAQUE: u16 = 42;

const PACKAGE: &str = "/5/0/0";
const URI: &str = "/5/0/1";
const EXECUTE: &str = "/5/0/2";
const STATE: &str = "/5/0/3";
const RESULT: &str = "/5/0/5";
/// The resource that the application changes.
pub(super) const MEASURED: &str = "/3/0/9";

/// What every device that registers is asked.
pub(super) const WATCH: &[Request<'static>] = &[
    Request::observe(STATE).accept(TEXT),
    Request::observe(RESULT).accept(TEXT),
    Request::observe(MEASURED).accept(TEXT),
];

/// States of /5/0/3.
const IDLE: u8 = 0;
pub(super) const DOWNLOADED: u8 = 2;
/// Results of /5/0/5.
pub(super) const SUCCESS: u8 = 1;

/// How far the update under way has come, as the operator sees it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// It has not begun; the next attempt is not before that.
    Before(Instant),
    /// The package was pushed, or its URI written; the answer is awaited. What was read before it does not count.
    Asked,
    /// No answer has come: it is under way, or not.
    Unsure,
    /// The device has taken that.
    Fetching,
    /// Update was executed; the answer is awaited or has come.
    Executed,
}

/// What the operator wants done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish<'p> {
    /// The device is sent this.
    Send(Request<'p>),
    /// The servers of firmware have this update, and do as it says; at its first attempt with all its faults.
    Offer(&'p Update, bool),
    /// The package must lie in the slot now.
    Check(&'p Update),
    /// Something is not as it must be.
    Complain(&'static str),
}

/// The operator.
#[derive(Debug)]
pub(super) struct Operator<'p> {
    plan: &'p Plan,
    /// Updates that are behind the device, and when the last of them was.
    done: usize,
    done_at: Option<Instant>,
    stage: Stage,
    /// Attempts at the update under way.
    attempts: u32,
    /// Attempts at all updates.
    begun: u32,
    /// When the device is looked at next.
    next: Instant,
    /// The values that a round of reads has brought, and whether it is under way.
    state: Option<u8>,
    result: Option<u8>,
    reading: Option<Instant>,
    /// The last round of reads of the life: begun, and whole.
    last_begun: bool,
    last_read: Option<(u8, u8)>,
    /// The highest Observe number of each observed resource.
    numbers: [Option<u32>; 3],
    /// When the last attempt was begun.
    asked_at: Instant,
    wishes: Vec<Wish<'p>>,
}

impl<'p> Operator<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let first = plan.updates.first().map_or(Instant::FAR_FUTURE, |u| u.at);
        Self {
            plan,
            done: 0,
            done_at: None,
            stage: Stage::Before(first),
            attempts: 0,
            begun: 0,
            next: first,
            state: None,
            result: None,
            reading: None,
            last_begun: false,
            last_read: None,
            numbers: [None; 3],
            asked_at: Instant::ZERO,
            wishes: Vec::new(),
        }
    }

    /// When it looks at the device again.
    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    /// Updates that the device has, as it has said.
    pub(super) const fn done(&self) -> usize {
        self.done
    }

    /// When the last of them was.
    pub(super) const fn done_at(&self) -> Option<Instant> {
        self.done_at
    }

    /// Attempts at all updates.
    pub(super) const fn begun(&self) -> u32 {
        self.begun
    }

    /// State and result as they were read at the end of the life.
    pub(super) const fn last_read(&self) -> Option<(u8, u8)> {
        self.last_read
    }

    /// The next thing that it wants.
    pub(super) fn take_wish(&mut self) -> Option<Wish<'p>> {
        (!self.wishes.is_empty()).then(|| self.wishes.remove(0))
    }

    fn update(&self) -> Option<&'p Update> {
        self.plan.updates.get(self.done)
    }

    /// Its time has come.
    pub(super) fn look(&mut self, now: Instant, last: bool) {
        if last && !self.last_begun {
            self.last_begun = true;
            self.reading = None;
        }
        if self.update().is_none() && !last {
            self.next = Instant::FAR_FUTURE;
            return;
        }
        if let Stage::Before(at) = self.stage
            && now < at
            && !last
        {
            self.next = at;
            return;
        }
        self.next = now + secs(5 * MINUTE);
        if self.asked_at + secs(HOUR) <= now {
            self.is_unsure();
        }
        self.read(now);
    }

    /// Begins a round of reads, unless one is under way.
    fn read(&mut self, now: Instant) {
        // A server that restarts forgets what it has asked.
        let under_way = |since: Instant| now.since(since) < secs(20 * MINUTE);
        if self.reading.is_some_and(under_way) {
            return;
        }
        self.reading = Some(now);
        self.state = None;
        self.result = None;
        for path in [STATE, RESULT] {
            self.wishes
                .push(Wish::Send(Request::read(path).accept(TEXT)));
        }
    }

    /// The server could not send what was wished.
    pub(super) fn refused(&mut self) {
        self.reading = None;
        self.is_unsure();
    }

    /// The server has written something down.
    pub(super) fn take(&mut self, record: &Record<'p>, ordered: bool) {
        if record.kind() == RecordKind::Registered {
            // What waited for the old registration is gone with it.
            self.reading = None;
            self.is_unsure();
        }
        let Some(request) = record.request() else {
            return;
        };
        let path = request.path();
        if let Some(number) = record.observe() {
            self.observed(path, number, ordered);
        }
        let failed = matches!(record.kind(), RecordKind::Unanswered | RecordKind::Reset);
        match path {
            STATE | RESULT if failed => self.reading = None,
            STATE | RESULT => {
                let text = core::str::from_utf8(record.body()).unwrap_or_default();
                let Ok(value) = text.parse() else {
                    self.reading = None;
                    return;
                };
                // A notification may be older than what was read; it only says that it is time to look.
                if record.kind() != RecordKind::Answered || record.observe().is_some() {
                    if self.update().is_some() && !matches!(self.stage, Stage::Before(_)) {
                        self.read(record.at());
                    }
                    return;
                }
                if path == STATE {
                    self.state = Some(value);
                } else {
                    self.result = Some(value);
                }
                if let (Some(state), Some(result)) = (self.state, self.result) {
                    self.reading = None;
                    self.has_read(record.at(), state, result);
                }
            }
            URI | PACKAGE if failed => self.is_unsure(),
            URI | PACKAGE if self.stage == Stage::Asked => {
                if record.code() == Code::CHANGED {
                    self.stage = Stage::Fetching;
                    self.read(record.at());
                } else {
                    self.again(record.at());
                }
            }
            _ => {}
        }
    }

    fn is_unsure(&mut self) {
        if self.stage == Stage::Asked {
            self.stage = Stage::Unsure;
        }
    }

    /// Observe numbers grow, whatever becomes of the device.
    fn observed(&mut self, path: &str, number: u32, ordered: bool) {
        let index = [STATE, RESULT, MEASURED].iter().position(|p| *p == path);
        let Some(last) = index.and_then(|index| self.numbers.get_mut(index)) else {
            return;
        };
        if ordered && last.is_some_and(|last| number <= last) {
            self.wishes.push(Wish::Complain(
                "the server has seen an Observe number twice",
            ));
        }
        *last = Some(last.unwrap_or(0).max(number));
    }

    /// Both values are there, each as the device had it when it was read.
    fn has_read(&mut self, now: Instant, state: u8, result: u8) {
        if self.last_begun {
            self.last_read = Some((state, result));
        }
        let Some(update) = self.update() else { return };
        match (self.stage, state, result) {
            (Stage::Before(at), IDLE, _) if now >= at => self.begin(now, update),
            (Stage::Unsure, IDLE, _) => self.begin(now, update),
            // Of an attempt that was given up too early.
            (Stage::Before(_), DOWNLOADED, _) => {
                self.wishes.push(Wish::Send(Request::write(URI, TEXT, b"")));
            }
            (Stage::Unsure | Stage::Fetching, DOWNLOADED, _) => {
                self.wishes.push(Wish::Check(update));
                self.wishes.push(Wish::Send(Request::execute(EXECUTE, "")));
                self.stage = Stage::Executed;
            }
            (Stage::Executed, DOWNLOADED, _) => {
                self.wishes.push(Wish::Send(Request::execute(EXECUTE, "")));
            }
            (Stage::Executed, IDLE, SUCCESS) => {
                self.wishes.push(Wish::Check(update));
                self.done += 1;
                self.done_at = Some(now);
                self.attempts = 0;
                let next = self.update().map_or(Instant::FAR_FUTURE, |u| u.at);
                self.stage = Stage::Before(next);
                self.next = next.max(now);
            }
            (Stage::Fetching | Stage::Executed, IDLE, _) => self.again(now),
            _ => {}
        }
    }

    /// The attempt has failed: the next one follows later.
    fn again(&mut self, now: Instant) {
        self.stage = Stage::Before(now + secs(HOUR));
        self.next = now + secs(HOUR);
    }

    fn begin(&mut self, now: Instant, update: &'p Update) {
        self.wishes.push(Wish::Offer(update, self.attempts == 0));
        self.attempts += 1;
        self.begun += 1;
        let request = match update.way {
            Way::Push(block) => Request::write(PACKAGE, OPAQUE, &update.image).block_size(block),
            Way::Pull(uri) => Request::write(URI, TEXT, uri.as_bytes()),
        };
        self.wishes.push(Wish::Send(request));
        self.stage = Stage::Asked;
        self.asked_at = now;
    }

    /// How the installation of an update ends.
    pub(super) const fn installed(update: &Update, first: bool) -> Installed {
        if first {
            update.installed
        } else {
            Installed::Yes
        }
    }
}

//! The state of the way to one server.

use super::output::SessionId;
use crate::message::exchange::{Exchange, Purpose};
use crate::time::Instant;

/// Bytes of a Location: each segment behind its length.
pub(crate) const LOCATION: usize = 40;

/// Whether there is a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Session {
    Closed,
    /// To be asked of the driver.
    Wanted,
    Opening,
    Open,
    /// To be closed by the driver.
    Unwanted,
}

/// Where the connection stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Nothing to do: no account, de-registered, or not started.
    Idle,
    /// Waiting before a (further) attempt.
    Waiting { until: Instant },
    /// An attempt: the session, then the request.
    Attempting,
    /// Registered; an Update is due at this time.
    Registered { update_at: Instant },
    /// The bootstrap server is at work; it has until then for its next request.
    #[cfg(feature = "bootstrap")]
    Bootstrapping { until: Instant },
    /// Bootstrap-Finish is waiting for the application's word.
    #[cfg(feature = "bootstrap")]
    Finishing,
    /// A repeated Bootstrap-Finish is answered until then.
    #[cfg(feature = "bootstrap")]
    Grace { until: Instant },
}

/// One server: its account, session, registration and the message on its way.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Security instance.
    pub(crate) account: u16,
    /// Server instance; none for the bootstrap server.
    pub(crate) server_instance: u16,
    /// Short server id; 0 for the bootstrap server.
    pub(crate) short_id: u16,
    pub(crate) used: bool,
    pub(crate) bootstrap: bool,
    /// The bootstrap is for want of a registration.
    #[cfg(feature = "bootstrap")]
    pub(crate) rescue: bool,
    pub(crate) session: Session,
    pub(crate) stage: Stage,
    pub(crate) exchange: Option<Exchange>,
    /// Behind the observation of the last confirmable notification: the turn is that of the next.
    #[cfg(feature = "observe")]
    pub(crate) turn: u8,
    /// Segments of the registration's Location, each behind its length.
    pub(crate) location: heapless::Vec<u8, LOCATION, u8>,
    /// The next block of an object list that does not fit into one message, and the size of blocks.
    #[cfg(feature = "block")]
    pub(crate) block: u32,
    #[cfg(feature = "block")]
    pub(crate) block_szx: u8,
    /// Lifetime that the server was told, or is being told, in seconds.
    pub(crate) lifetime: u32,
    /// Failed attempts in this sequence.
    pub(crate) attempts: u8,
    /// Failed sequences.
    pub(crate) sequences: u8,
    /// Failures after all sequences, for the back-off list.
    pub(crate) back_off: u8,
    /// A notification was given up, and nothing but Registers has been acknowledged since.
    pub(crate) unheard: bool,
    /// An Update (or De-register) is to be sent as soon as nothing is on its way.
    pub(crate) update: bool,
    pub(crate) deregister: bool,
    /// Lifetime or object list have changed since the server was told.
    pub(crate) lifetime_changed: bool,
    pub(crate) objects_changed: bool,
    /// The Update that is on its way tells them: sent again, it is to be the same message.
    pub(crate) tells_lifetime: bool,
    pub(crate) tells_objects: bool,
    /// They have changed since the Register or Update that is on its way was begun: it may tell the old state or the
    /// new one, so another Update must follow.
    pub(crate) stale: bool,
    /// After the De-register: stay away for this many seconds (Disable), then register again.
    pub(crate) disable: Option<u32>,
}

impl Connection {
    /// All zeros, so that memory that is not in use takes no flash.
    pub(crate) const UNUSED: Self = Self {
        account: 0,
        server_instance: 0,
        short_id: 0,
        used: false,
        bootstrap: false,
        #[cfg(feature = "bootstrap")]
        rescue: false,
        session: Session::Closed,
        stage: Stage::Idle,
        exchange: None,
        #[cfg(feature = "observe")]
        turn: 0,
        location: heapless::Vec::new(),
        #[cfg(feature = "block")]
        block: 0,
        #[cfg(feature = "block")]
        block_szx: 0,
        lifetime: 0,
        attempts: 0,
        sequences: 0,
        back_off: 0,
        unheard: false,
        update: false,
        deregister: false,
        lifetime_changed: false,
        objects_changed: false,
        tells_lifetime: false,
        tells_objects: false,
        stale: false,
        disable: None,
    };

    /// Whether the server holds a registration, as far as is known.
    pub(crate) const fn is_registered(&self) -> bool {
        matches!(self.stage, Stage::Registered { .. })
    }

    /// The same, or a Register is on its way, which may have arrived: only its answer tells what to delete.
    pub(crate) fn may_be_registered(&self) -> bool {
        let registering = |exchange: &Exchange| exchange.purpose == Purpose::Register;
        self.is_registered() || self.exchange.as_ref().is_some_and(registering)
    }

    /// The object list has changed: the server is to be told, also when it is being told just now.
    pub(crate) const fn list_changed(&mut self) {
        self.update |= self.is_registered();
        self.objects_changed = true;
        self.stale = true;
    }

    /// A Register or Update has arrived: what it told is known, what has changed since is due.
    pub(crate) const fn told(&mut self) {
        self.lifetime_changed &= self.stale;
        self.objects_changed &= self.stale;
        self.update |= self.stale;
    }

    /// The server has what it was sent: failures count from the start again.
    pub(crate) const fn reached(&mut self) {
        self.attempts = 0;
        self.sequences = 0;
        self.back_off = 0;
        self.unheard = false;
    }

    /// Whether the loss of the network ends what is under way, so that it has to begin again.
    pub(crate) const fn is_interrupted(&self) -> bool {
        #[cfg(feature = "bootstrap")]
        if matches!(self.stage, Stage::Bootstrapping { .. }) {
            return true;
        }
        matches!(self.stage, Stage::Attempting)
    }

    /// An object list of which some blocks were sent begins anew: a server puts together what comes over one session.
    #[cfg(feature = "block")]
    pub(crate) const fn restart_list(&mut self) {
        self.block = 0;
    }

    /// Ends the session, if there is one.
    pub(crate) fn close(&mut self) {
        self.exchange = None;
        #[cfg(feature = "block")]
        self.restart_list();
        if self.session != Session::Closed {
            self.session = Session::Unwanted;
        }
    }

    /// When something is to be done although nothing comes in; an Update earlier by up to `window` milliseconds.
    #[inline(never)]
    pub(crate) fn deadline(&self, window: u32) -> Instant {
        if self.session == Session::Opening {
            // What is due waits for the session.
            return Instant::FAR_FUTURE;
        }
        let exchange = self
            .exchange
            .as_ref()
            .map_or(Instant::FAR_FUTURE, |exchange| exchange.due);
        let stage = match self.stage {
            Stage::Waiting { until } => until,
            Stage::Registered { update_at } => update_at.brought_forward(window, self.lifetime),
            #[cfg(feature = "bootstrap")]
            Stage::Bootstrapping { until } | Stage::Grace { until } => until,
            _ => Instant::FAR_FUTURE,
        };
        // While an exchange is under way, an Update has to wait for it.
        if self.exchange.is_some() && self.is_registered() {
            exchange
        } else {
            exchange.min(stage)
        }
    }
}

/// The session of the connection in slot `index`.
pub(crate) fn session_of(index: usize) -> SessionId {
    SessionId::new(u8::try_from(index).unwrap_or(u8::MAX))
}

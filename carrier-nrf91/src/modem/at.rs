//! AT commands and notifications.
#![allow(
    unsafe_code,
    reason = "calls of the modem's C library, with memory that outlives each call"
)]

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_int};
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

use critical_section::Mutex;
use futures_core::Stream;
use nrf_modem::{AtNotificationStream, nrfxlib_sys as sys};

use crate::at::{At, AtError, Command, Exchange, Interpreter, Notifications};
use crate::net::Errno;

/// The modem's command interpreter. All copies are one: they take turns.
///
/// A response comes whole up to 512 bytes, which is more than any command of this crate answers; only a list of more than five
/// credentials is longer, and is then taken for [truncated](AtError::Truncated). The modem answers every command, or has
/// crashed, for which nrf-modem panics.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ModemAt;

impl ModemAt {
    /// After `nrf_modem::init`; before it, every command fails.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

/// nrf-modem's `send_at` is not used: it panics at an operator's name that is not UTF-8, and when its future is dropped, the
/// next command is refused until the modem has executed this one.
static EXCHANGE: Mutex<RefCell<Exchange>> = Mutex::new(RefCell::new(Exchange::new()));

/// Called by the library in its interrupt.
///
/// # Safety
/// `response` is null, or points to a string that ends with a zero.
unsafe extern "C" fn on_response(response: *const c_char) {
    if response.is_null() {
        return;
    }
    // SAFETY: the library hands in a string that is valid during the call.
    let response = unsafe { CStr::from_ptr(response) };
    ModemAt.with(|exchange| exchange.answer(response.to_bytes()));
}

impl Interpreter for ModemAt {
    fn begin(&self, command: Command<'_>) -> Result<(), Errno> {
        let (line, quoted) = command.parts();
        let format = if quoted.is_some() {
            c"%.*s\"%.*s\""
        } else {
            c"%.*s"
        };
        let quoted = quoted.unwrap_or_default();
        let len = |text: &str| c_int::try_from(text.len()).map_err(|_| Errno::INVAL);
        let (lens, parts) = ((len(line)?, len(quoted)?), (line.as_ptr(), quoted.as_ptr()));
        // SAFETY: the format wants a length and a pointer for each text, and the library uses that much of it during the call;
        // an argument that it does not want does no harm. The `vsnprintf` of tinyrlibc 0.5 first looks for a zero behind each
        // text, where memory goes on and is only read.
        let returned = unsafe {
            sys::nrf_modem_at_cmd_async(
                Some(on_response),
                format.as_ptr(),
                lens.0,
                parts.0,
                lens.1,
                parts.1,
            )
        };
        match returned {
            0 => Ok(()),
            number => Err(Errno(number.saturating_neg())),
        }
    }

    fn with<R>(&self, access: impl FnOnce(&mut Exchange) -> R) -> R {
        critical_section::with(|section| access(&mut EXCHANGE.borrow_ref_mut(section)))
    }
}

impl At for ModemAt {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        self.exchange(command, response).await
    }
}

/// Bytes of a notification that are kept: [`LteLink`](crate::LteLink) reads so many.
const NOTIFICATION: usize = 128;
/// Notifications that are kept until they are read; further ones are lost, which [`LteLink`](crate::LteLink) makes up for
/// by asking.
const KEPT: usize = 8;

/// What [`ModemNotifications`] reads, made by its `new` after `nrf_modem::init`.
pub type NotificationStream = AtNotificationStream<NOTIFICATION, KEPT>;

/// The modem's notifications.
///
/// They are for one task alone: the stream wakes the one that has read it first.
pub struct ModemNotifications<'s> {
    stream: Pin<&'s mut NotificationStream>,
}

impl<'s> ModemNotifications<'s> {
    /// Listens from now on. The stream is pinned, because the modem's interrupt writes into it:
    /// `ModemNotifications::listen(pin!(NotificationStream::new().await)).await`.
    pub async fn listen(mut stream: Pin<&'s mut NotificationStream>) -> Self {
        stream.as_mut().register().await;
        Self { stream }
    }
}

impl fmt::Debug for ModemNotifications<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModemNotifications").finish_non_exhaustive()
    }
}

impl Notifications for ModemNotifications<'_> {
    async fn next(&mut self, line: &mut [u8]) -> usize {
        // The stream has no end.
        let text = poll_fn(|context| match self.stream.as_mut().poll_next(context) {
            Poll::Ready(Some(text)) => Poll::Ready(text),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        })
        .await;
        for (to, from) in line.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        text.len().min(line.len())
    }
}

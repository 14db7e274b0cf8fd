//! AT commands and notifications.

use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;

use futures_core::Stream;
use nrf_modem::{AtNotificationStream, Error, send_at};

use crate::at::{At, AtError, Notifications};
use crate::firmware::DeltaError;

/// Bytes of the longest response, with its line ends.
const RESPONSE: usize = 512;

/// The modem's command interpreter. All copies are one: they take turns.
///
/// A response comes whole up to 511 bytes, which is more than any command of this crate answers; only a list of more than five
/// credentials is longer, and is then taken for [truncated](AtError::Truncated).
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

impl At for ModemAt {
    async fn send(&mut self, command: &str, response: &mut [u8]) -> Result<usize, AtError> {
        let text = send_at::<RESPONSE>(command)
            .await
            .map_err(|error| match error {
                Error::NrfError(number) => {
                    AtError::Channel(i32::try_from(number).unwrap_or(i32::MIN))
                }
                _ => AtError::Channel(DeltaError::PERM.0),
            })?;
        // What does not fit is cut, and is missed at its end.
        let len = text.len().min(response.len());
        for (to, from) in response.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Ok(len)
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

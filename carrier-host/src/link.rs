//! The link of a host.

use lwm2m_carrier::hal::{DetachReason, Link, LinkError, LinkState};

/// A link that is always there when it is asked for: the host's own network. Failures show when a session is opened.
#[derive(Clone, Copy, Debug)]
pub struct HostLink {
    up: bool,
}

impl HostLink {
    /// Down until it is brought up, as a modem's is.
    #[must_use]
    pub const fn new() -> Self {
        Self { up: false }
    }
}

impl Default for HostLink {
    fn default() -> Self {
        Self::new()
    }
}

impl Link for HostLink {
    async fn up(&mut self) -> Result<(), LinkError> {
        self.up = true;
        Ok(())
    }

    async fn down(&mut self) -> Result<(), LinkError> {
        self.up = false;
        Ok(())
    }

    fn state(&self) -> LinkState {
        if self.up {
            LinkState::Up
        } else {
            LinkState::Down(DetachReason::Requested)
        }
    }

    async fn changed(&mut self) -> LinkState {
        core::future::pending().await
    }
}

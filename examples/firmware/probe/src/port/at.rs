//! What carrier-nrf91 needs of a modem: AT commands, notifications, and the interface for delta updates.
#![cfg(feature = "nrf91")]

use core::future::poll_fn;
use core::task::Poll;

use carrier_nrf91::{
    at::{At, AtError, Command, Notifications},
    firmware::{DeltaError, DeltaInterface, UUID},
};

use super::{News, Operation, Port};

/// The channel of AT commands.
#[derive(Debug)]
pub struct AtLine<'p>(pub &'p Port);

impl At for AtLine<'_> {
    async fn send(&mut self, command: Command<'_>, response: &mut [u8]) -> Result<usize, AtError> {
        let (line, quoted) = command.parts();
        let quote: &[u8] = if quoted.is_some() { b"\"" } else { &[] };
        let quoted = quoted.unwrap_or_default().as_bytes();
        let parts = [line.as_bytes(), quote, quoted, quote];
        self.0
            .call(Operation::Command, &parts, response)
            .map_err(|status| AtError::Channel(i32::from(status)))
    }
}

/// Lines that come without being asked for.
#[derive(Debug)]
pub struct Urcs<'p>(pub &'p Port);

impl Notifications for Urcs<'_> {
    async fn next(&mut self, line: &mut [u8]) -> usize {
        poll_fn(|_| {
            if !self.0.take(News::Notification) {
                return Poll::Pending;
            }
            match self.0.call(Operation::Notification, &[], line) {
                Ok(len) => Poll::Ready(len),
                Err(_) => Poll::Pending,
            }
        })
        .await
    }
}

/// Delta updates.
#[derive(Debug)]
pub struct Delta<'p>(pub &'p Port);

impl Delta<'_> {
    fn order(&self, what: u8, part: &[u8]) -> Result<(), DeltaError> {
        self.0
            .order(Operation::Delta, &[&[what], part])
            .map_err(|status| DeltaError(i32::from(status)))
    }

    fn number(&self, what: u8) -> Result<u32, DeltaError> {
        let mut answer = [0; 4];
        self.0
            .call(Operation::Delta, &[&[what]], &mut answer)
            .map_err(|status| DeltaError(i32::from(status)))?;
        Ok(u32::from_be_bytes(answer))
    }
}

impl DeltaInterface for Delta<'_> {
    fn uuid(&mut self) -> Result<[u8; UUID], DeltaError> {
        let mut uuid = [0; UUID];
        self.0
            .call(Operation::Delta, &[&[0]], &mut uuid)
            .map_err(|status| DeltaError(i32::from(status)))?;
        Ok(uuid)
    }

    fn offset(&mut self) -> Result<u32, DeltaError> {
        self.number(1)
    }

    fn area(&mut self) -> Result<u32, DeltaError> {
        self.number(2)
    }

    fn write_init(&mut self) -> Result<(), DeltaError> {
        self.order(3, &[])
    }

    fn write(&mut self, part: &[u8]) -> Result<(), DeltaError> {
        self.order(4, part)
    }

    fn write_done(&mut self) -> Result<(), DeltaError> {
        self.order(5, &[])
    }

    fn erase(&mut self) -> Result<(), DeltaError> {
        self.order(6, &[])
    }

    fn update(&mut self) -> Result<(), DeltaError> {
        self.order(7, &[])
    }
}

//! The other end of the engine's probe: each frame is a datagram.

use super::{qemu::Board, server::Chip};

/// Frames of the application.
const APPLICATION: u8 = 255;
/// Frames with a part of a package.
const SLOT: u8 = 254;

/// A probe that carries datagrams.
#[derive(Debug)]
pub(super) struct Engine<'b>(pub(super) &'b mut Board);

impl Chip for Engine<'_> {
    fn receive(&mut self) -> Result<(u8, Vec<u8>), String> {
        loop {
            let (number, frame) = receive(self.0)?;
            if number != SLOT {
                return Ok((number, frame));
            }
        }
    }

    fn send(&mut self, session: u8, datagram: &[u8]) -> Result<(), String> {
        send(self.0, session, &[datagram])
    }

    fn set_battery_level(&mut self, percent: u8) -> Result<(), String> {
        send(self.0, APPLICATION, &[&[percent]])
    }
}

/// The next frame of a probe: a number (1 byte), a length (2 bytes, big-endian), and as many bytes.
pub(super) fn receive(board: &mut Board) -> Result<(u8, Vec<u8>), String> {
    let head = board.read(3)?;
    let (number, len) = match *head.as_slice() {
        [number, high, low] => (number, u16::from_be_bytes([high, low])),
        _ => (0, 0),
    };
    Ok((number, board.read(usize::from(len))?))
}

/// Sends a frame that consists of `parts`.
pub(super) fn send(board: &mut Board, number: u8, parts: &[&[u8]]) -> Result<(), String> {
    let body = parts.concat();
    let len = u16::try_from(body.len()).map_err(|_| "a frame is too long".to_owned())?;
    let mut frame = vec![number];
    frame.extend(len.to_be_bytes());
    frame.extend(body);
    board.write(&frame)
}

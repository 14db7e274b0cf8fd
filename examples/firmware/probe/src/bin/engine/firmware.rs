//! The owner of object 5: pushed packages go to the serial line.

use lwm2m_core::{
    Client,
    model::Path,
    objects::{
        FirmwareRequest, FirmwareState, FirmwareUpdate, UpdateResult, tables::firmware_update,
    },
};
use probe::{board::Line, fill};
use static_cell::StaticCell;

/// A block of the usual size and the TLV header of the first.
const PACKAGE: usize = 1032;

/// Frames that carry a part of a package.
const SLOT: u8 = 254;

/// Object 5, with its buffer.
pub(super) fn object() -> &'static mut FirmwareUpdate<'static> {
    static BUFFER: StaticCell<[u8; PACKAGE]> = StaticCell::new();
    static OBJECT: StaticCell<FirmwareUpdate<'static>> = StaticCell::new();
    let buffer = fill(&BUFFER, || [0; PACKAGE]);
    fill(&OBJECT, || FirmwareUpdate::new(buffer))
}

/// Does what servers have asked for, and announces what has changed.
pub(super) fn serve(firmware: &mut FirmwareUpdate<'_>, client: &mut Client<'_>, line: Line) {
    while let Some(request) = firmware.take_request() {
        match request {
            FirmwareRequest::Part {
                len, last, ticket, ..
            } => {
                if let Some(buffer) = firmware.take_buffer() {
                    line.send(SLOT, &[buffer.get(..len).unwrap_or_default()]);
                    firmware.return_buffer(buffer);
                }
                if last {
                    firmware.set(FirmwareState::Downloaded, UpdateResult::Initial);
                }
                client.answer(ticket, Ok(()));
            }
            // It offers no protocol to download by.
            FirmwareRequest::Download => {
                firmware.set(FirmwareState::Idle, UpdateResult::UnsupportedProtocol);
            }
            FirmwareRequest::Update => firmware.set(FirmwareState::Idle, UpdateResult::Success),
            _ => {}
        }
    }
    while let Some(resource) = firmware.take_changed() {
        client.changed(Path::resource(firmware_update::DEFINITION.id, 0, resource));
    }
}

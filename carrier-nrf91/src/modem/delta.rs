//! Updates of the modem's firmware.
#![allow(
    unsafe_code,
    reason = "calls of the modem's C library, with memory that outlives each call"
)]

use nrf_modem::nrfxlib_sys as sys;

use crate::firmware::{DeltaError, DeltaInterface, UUID};

/// The modem's interface for delta updates. All copies are one.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ModemDelta;

impl ModemDelta {
    /// After `nrf_modem::init`; before it, every call fails.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

fn done(returned: i32) -> Result<(), DeltaError> {
    match returned {
        0 => Ok(()),
        error => Err(DeltaError(error)),
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl DeltaInterface for ModemDelta {
    fn uuid(&mut self) -> Result<[u8; UUID], DeltaError> {
        let mut uuid = sys::nrf_modem_delta_dfu_uuid { data: [0; UUID] };
        // SAFETY: the library writes the 36 bytes of `uuid` and keeps no pointer to it.
        done(unsafe { sys::nrf_modem_delta_dfu_uuid(&raw mut uuid) })?;
        Ok(uuid.data)
    }

    fn offset(&mut self) -> Result<u32, DeltaError> {
        let mut offset = 0;
        // SAFETY: the library writes one number and keeps no pointer to it.
        done(unsafe { sys::nrf_modem_delta_dfu_offset(&raw mut offset) })?;
        Ok(number(offset))
    }

    fn area(&mut self) -> Result<u32, DeltaError> {
        let mut size = 0;
        // SAFETY: the library writes one number and keeps no pointer to it.
        done(unsafe { sys::nrf_modem_delta_dfu_area(&raw mut size) })?;
        Ok(number(size))
    }

    fn write_init(&mut self) -> Result<(), DeltaError> {
        // SAFETY: no memory is shared.
        done(unsafe { sys::nrf_modem_delta_dfu_write_init() })
    }

    fn write(&mut self, part: &[u8]) -> Result<(), DeltaError> {
        // SAFETY: `part` is that long, and is copied before the call returns.
        done(unsafe { sys::nrf_modem_delta_dfu_write(part.as_ptr().cast(), part.len()) })
    }

    fn write_done(&mut self) -> Result<(), DeltaError> {
        // SAFETY: no memory is shared.
        done(unsafe { sys::nrf_modem_delta_dfu_write_done() })
    }

    fn erase(&mut self) -> Result<(), DeltaError> {
        // SAFETY: no memory is shared.
        done(unsafe { sys::nrf_modem_delta_dfu_erase() })
    }

    fn update(&mut self) -> Result<(), DeltaError> {
        // SAFETY: no memory is shared.
        done(unsafe { sys::nrf_modem_delta_dfu_update() })
    }
}

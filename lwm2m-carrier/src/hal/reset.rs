//! Restarting the device.

/// Restarts the device.
pub trait Reset {
    /// Restarts the device, as after power-on.
    ///
    /// Called when a server has asked for it (/3/0/4) and the application has not refused; everything durable has been
    /// stored. Should it return all the same, the driver does nothing more until it is dropped.
    fn reboot(&mut self);
}

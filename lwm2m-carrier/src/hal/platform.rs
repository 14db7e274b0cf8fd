//! All parts of a port in one value.

use core::fmt;

/// The parts of a port, handed to a driver as one value.
///
/// There is nothing to implement: a port fills in the fields. Where the type must be named (a static, the argument of
/// a task), an alias does: `type Board = Hal<Modem, Keys, Sockets, Flash, Timer, Trng, Mcu, Slot>;`
#[allow(
    clippy::exhaustive_structs,
    reason = "made by every port; a new part is a breaking change on purpose"
)]
pub struct Hal<
    Link,
    KeyStore,
    Sessions,
    Storage,
    Clock,
    Random,
    Reset,
    Firmware = super::NoFirmware,
    ModemInfo = super::NoModemInfo,
> {
    /// The network link: a [`Link`](super::Link).
    pub link: Link,
    /// The credentials: a [`KeyStore`](super::KeyStore).
    pub keys: KeyStore,
    /// The transport: a [`Sessions`](super::Sessions).
    pub sessions: Sessions,
    /// Durable records: a [`Storage`](super::Storage).
    pub storage: Storage,
    /// Time: a [`Clock`](super::Clock).
    pub clock: Clock,
    /// Randomness: a [`Random`](super::Random).
    pub random: Random,
    /// Restart: a [`Reset`](super::Reset).
    pub reset: Reset,
    /// The place for firmware: a [`Firmware`](super::Firmware); [`NoFirmware`](super::NoFirmware) without one.
    pub firmware: Firmware,
    /// Facts about the modem: a [`ModemInfo`](super::ModemInfo); [`NoModemInfo`](super::NoModemInfo) without one.
    pub modem: ModemInfo,
}

impl<L, K, S, T, C, N, R, F, M> fmt::Debug for Hal<L, K, S, T, C, N, R, F, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hal").finish_non_exhaustive()
    }
}

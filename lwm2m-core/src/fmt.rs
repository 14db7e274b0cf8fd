//! Log records: `defmt` where it is on, else `log` where it is on, else nothing (and no code).
//!
//! What the client does is `info`, what goes over the network and what is refused to servers `debug`, what is lost in the
//! device `warning`. Never values or payloads: those of a bootstrap are keys. Arguments are without side effects.

macro_rules! record {
    ($level:ident, $($arg:expr),*) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($($arg),*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::$level!($($arg),*);
        #[cfg(not(any(feature = "log", feature = "defmt")))]
        let _ = ($(&$arg),*);
    }};
}

macro_rules! debug { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(debug, $($arg),*) }; }
macro_rules! info { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(info, $($arg),*) }; }
macro_rules! warning { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(warn, $($arg),*) }; }

pub(crate) use {debug, info, record, warning};

//! Log records: `defmt` where it is on, else `log` where it is on, else nothing (and no code).
//!
//! Formatting a record must not cost anything when no logger feature is on, so the macros expand to nothing then,
//! except for naming their arguments.

#![allow(
    unused_macros,
    unused_imports,
    reason = "not every module logs at every level"
)]

macro_rules! record {
    ($level:ident, $($arg:expr),*) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($($arg),*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::$level!($($arg),*);
        #[cfg(not(any(feature = "log", feature = "defmt")))]
        {
            let _ = ($(&$arg),*);
        }
    }};
}

macro_rules! debug { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(debug, $($arg),*) }; }
macro_rules! info { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(info, $($arg),*) }; }
macro_rules! warning { ($($arg:expr),* $(,)?) => { $crate::fmt::record!(warn, $($arg),*) }; }

pub(crate) use {debug, info, record, warning};

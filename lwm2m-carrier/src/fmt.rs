//! Log records: `defmt` where it is on, else `log` where it is on, else nothing (and no code).

macro_rules! info {
    ($($arg:expr),* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::info!($($arg),*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::info!($($arg),*);
        #[cfg(not(any(feature = "log", feature = "defmt")))]
        let _ = ($(&$arg),*);
    }};
}

macro_rules! warning {
    ($($arg:expr),* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::warn!($($arg),*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::warn!($($arg),*);
        #[cfg(not(any(feature = "log", feature = "defmt")))]
        let _ = ($(&$arg),*);
    }};
}

pub(crate) use {info, warning};

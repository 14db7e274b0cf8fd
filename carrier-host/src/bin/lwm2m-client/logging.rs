//! Logs on standard error.

use log::{LevelFilter, Log, Metadata, Record};

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let (level, target) = (record.level(), record.target());
            eprintln!("{level:5} {target}: {}", record.args());
        }
    }

    fn flush(&self) {}
}

/// Begins to log at the level that `LWM2M_LOG` names, or warnings and errors.
pub(crate) fn init() {
    let level = std::env::var("LWM2M_LOG").ok();
    let level = level.and_then(|level| level.parse().ok());
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(level.unwrap_or(LevelFilter::Warn));
    }
}

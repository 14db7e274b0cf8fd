//! What `lwm2m-client` reads and prints.
//!
//! [`Options`] come from the command line, [`Command`]s from the lines on stdin, and a [`Printer`] writes answers and
//! events to stdout, all as plain text or as JSON, one object a line. Nothing in here does more than that.

mod args;
mod command;
mod event;
mod output;
mod uri;
mod value;

pub use args::{ArgsError, Options};
pub use command::{Command, CommandError, HELP};
pub use output::{Printer, Reply};
pub use uri::{ServerUri, UriError};
pub use value::{Input, TypedValue, ValueError};

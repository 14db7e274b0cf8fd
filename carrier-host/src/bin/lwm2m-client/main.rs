//! A LwM2M client with a console on standard input: a device with a temperature sensor, run by `lwm2m-carrier` over
//! the host's network.
//!
//! Answers and events go to standard output, logs (`LWM2M_LOG=error|warn|info|debug|trace`) to standard error.

mod commands;
#[cfg(debug_assertions)]
mod fault;
mod firmware;
mod input;
mod life;
mod logging;
mod objects;
mod reporter;
mod sensor;
mod state;

use std::process::ExitCode;

use carrier_host::console::{ArgsError, Options};
use tokio::runtime;

use input::Input;

/// Exit code for what the user has to change: arguments, the state file, the configuration.
const MISUSE: u8 = 2;

/// Why the program cannot do its work, in one sentence.
type Complaint = String;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(shown @ ArgsError::Shown(_)) => {
            print!("{shown}");
            return ExitCode::from(shown.exit_code());
        }
        Err(error) => return complain(&error.to_string()),
    };
    logging::init();
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run(&options)),
        Err(error) => Err(error.to_string()),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(complaint) => complain(&complaint),
    }
}

fn complain(sentence: &str) -> ExitCode {
    eprintln!("lwm2m-client: {sentence}");
    ExitCode::from(MISUSE)
}

/// Lives until the user wants no more; the exit code.
async fn run(options: &Options) -> Result<u8, Complaint> {
    let mut input = Input::start(options.json)?;
    let state = state::open(options.state.as_deref()).await?;
    loop {
        match Box::pin(life::live(options, &state, &mut input)).await? {
            life::End::Left(code) => return Ok(code),
            life::End::Restart => {}
        }
    }
}

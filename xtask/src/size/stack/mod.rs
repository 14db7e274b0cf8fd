//! How deep the stack gets: a probe runs in an emulator with a painted stack, through a session with servers that are
//! at the other end of its serial line. The image is the one that is measured: painted and read from outside.

mod engine;
mod port;
mod qemu;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
};

use engine::Engine;
use port::Port;
use qemu::Board;
use server::Server;

/// Painted from the top of the stack downwards, in bytes.
const PAINTED: u64 = 64 * 1024;
const PAINT: u8 = 0xa5;

/// What the probe lives through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Session {
    /// Registers, and is discovered, read, written, executed, observed.
    Managed,
    /// The same after a bootstrap, with everything of LwM2M 1.1 that there is, and with a package pushed.
    Bootstrapped,
    /// The same of the carrier, with packages pulled, and one installed.
    Carried,
    /// The same where the device restarts to install one.
    CarriedAndRestarted,
}

/// The deepest that the stack of the image `elf`, which begins at `top`, got, in bytes. `None` without an emulator.
pub(super) fn high_water(elf: &Path, top: u64, session: Session) -> Result<Option<u64>, String> {
    if !qemu::is_installed() {
        return Ok(None);
    }
    let directory = Directory::new()?;
    let paint = directory.0.join("paint");
    let write = fs::write(&paint, vec![PAINT; PAINTED as usize]);
    write.map_err(|error| format!("{}: {error}", paint.display()))?;
    let bottom = top.saturating_sub(PAINTED);
    let mut board = Board::start(elf, &paint, bottom)?;
    live(&mut board, session)?;
    let memory = board.memory(bottom, PAINTED, &directory.0.join("memory"))?;
    let untouched = memory.iter().take_while(|&&byte| byte == PAINT).count();
    if untouched == 0 {
        return Err("the stack is deeper than what was painted".to_owned());
    }
    if untouched == memory.len() {
        return Err("nothing has used the stack".to_owned());
    }
    Ok(Some(PAINTED.saturating_sub(untouched as u64)))
}

fn live(board: &mut Board, session: Session) -> Result<(), String> {
    match session {
        Session::Managed => Server::new(&mut Engine(board)).manage(),
        Session::Bootstrapped => {
            let mut chip = Engine(board);
            let mut server = Server::new(&mut chip);
            server.bootstrap(false)?;
            server.manage()?;
            server.manage_more()?;
            server.push(&PACKAGE)
        }
        Session::Carried | Session::CarriedAndRestarted => {
            let mut port = Port::new(board);
            let mut server = Server::new(&mut port);
            server.bootstrap(true)?;
            server.manage()?;
            server.manage_more()?;
            server.pull("coap://firmware.example/a", &PACKAGE)?;
            server.pull("http://firmware.example/a?b", &PACKAGE)?;
            server.push(&PACKAGE)?;
            server.update()?;
            match session {
                Session::Carried => server.register(),
                _ => port.wait_for_reboot(),
            }
        }
    }
}

/// A package of firmware.
const PACKAGE: [u8; 2_500] = [0x5a; 2_500];

/// A directory for files, for as long as they are needed.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("lwm2m-stack-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

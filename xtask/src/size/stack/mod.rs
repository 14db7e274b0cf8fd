//! How deep the stack gets: a probe runs in an emulator with a painted stack, through a session with servers that are
//! at the other end of its serial line. The image is the one that is measured: painted and read from outside.

mod engine;
mod qemu;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
};

use engine::Engine;
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
    let mut chip = Engine(board);
    let mut server = Server::new(&mut chip);
    match session {
        Session::Managed => server.manage(),
        Session::Bootstrapped => {
            server.bootstrap()?;
            server.manage()?;
            server.manage_more()?;
            server.push(&[0x5a; 2500])
        }
    }
}

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

//! Runs an image in QEMU, on the board that it is made for.

use core::time::Duration;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

pub(super) const QEMU: &str = "qemu-system-arm";

/// An Arm MPS2+ with the AN505 image (Cortex-M33); one nanosecond passes with each instruction.
const BOARD: [&str; 8] = [
    "-M",
    "mps2-an505",
    "-nographic",
    "-icount",
    "shift=0",
    "-semihosting-config",
    "enable=on,target=native",
    "-kernel",
];

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Printed {
    /// All that the image has said.
    pub(crate) text: String,
    /// How it ended.
    pub(crate) end: Result<(), String>,
}

/// Runs an image to its end, which must come within `patience` of real time.
pub(crate) fn run(elf: &Path, patience: Duration) -> Printed {
    finish(board(elf), patience)
}

/// The same; the address of each instruction is written to the file `log`. QEMU 9 calls the first option otherwise.
pub(crate) fn trace(elf: &Path, log: &Path, patience: Duration) -> Printed {
    let mut command = board(elf);
    command.args(["-singlestep", "-d", "exec,nochain", "-D"]);
    command.arg(log);
    finish(command, patience)
}

fn board(elf: &Path) -> Command {
    let mut command = Command::new(QEMU);
    command.args(BOARD).arg(elf);
    // It warns of the network card that nothing is connected to.
    command.stderr(Stdio::null());
    command
}

fn finish(mut command: Command, patience: Duration) -> Printed {
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut process = match started {
        Ok(process) => process,
        Err(error) => {
            let end = Err(format!("{QEMU}: {error}"));
            let text = String::new();
            return Printed { text, end };
        }
    };
    // Somebody has to read meanwhile, or it waits for room in the pipe.
    let reader = process.stdout.take().map(|mut stdout| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stdout.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    let end = wait(&mut process, patience);
    let text = reader.and_then(|reader| reader.join().ok());
    Printed {
        text: text.unwrap_or_default(),
        end,
    }
}

fn wait(process: &mut Child, patience: Duration) -> Result<(), String> {
    let until = Instant::now() + patience;
    loop {
        match process.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it failed: {status}")),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(20)),
            ended => {
                let _ = process.kill();
                let _ = process.wait();
                return Err(match ended {
                    Err(error) => format!("{QEMU}: {error}"),
                    _ => format!("it did not end within {} s", patience.as_secs()),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Printed {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        finish(command, patience)
    }

    #[test]
    fn the_end_of_a_program_is_told() {
        let patience = Duration::from_secs(60);
        let good = shell("echo one; exit 0", patience);
        assert_eq!((good.text.as_str(), good.end), ("one\n", Ok(())));
        let bad = shell("echo two; exit 1", patience);
        assert_eq!(bad.text, "two\n");
        assert!(bad.end.is_err_and(|error| error.contains("it failed")));
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let endless = shell("echo three; exec sleep 60", Duration::from_millis(200));
        assert_eq!(endless.text, "three\n");
        assert!(
            endless
                .end
                .is_err_and(|error| error.contains("did not end"))
        );
    }
}

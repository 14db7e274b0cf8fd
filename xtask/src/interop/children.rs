//! The processes that a run has started. None of them may outlive it.
//!
//! Three things see to that: a [`Running`] kills its process when it is dropped, also by a panic; an interrupt
//! kills all of them; and each ends by itself when its stdin closes, which is all that remains when this process is
//! itself killed.

use core::time::Duration;
use std::{
    io,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Instant,
};

static CHILDREN: Mutex<Vec<Arc<Mutex<Child>>>> = Mutex::new(Vec::new());

/// Exit code after an interrupt, as shells have it for SIGINT.
const INTERRUPTED: i32 = 130;

/// Lets SIGINT, SIGTERM and SIGHUP kill the children before this process ends.
pub(super) fn kill_all_on_interrupt() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        // Kept locked to the end: nothing can be started any more.
        let children = lock(&CHILDREN);
        for child in children.iter() {
            kill(child);
        }
        std::process::exit(INTERRUPTED);
    })
}

/// A started process; dropping it kills it.
#[derive(Debug)]
pub(super) struct Running(Arc<Mutex<Child>>);

/// The piped ends of a process; those that were not piped are `None`.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> io::Result<(Self, Pipes)> {
        let mut children = lock(&CHILDREN);
        let mut child = command.spawn()?;
        let pipes = Pipes {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
        };
        let child = Arc::new(Mutex::new(child));
        children.push(Arc::clone(&child));
        Ok((Self(child), pipes))
    }

    /// Waits for the end of the process; `None` if it goes on for longer than `timeout`.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> io::Result<Option<ExitStatus>> {
        // Polled, because the lock must stay free for an interrupt.
        let started = Instant::now();
        loop {
            if let Some(status) = lock(&self.0).try_wait()? {
                return Ok(Some(status));
            }
            if timeout.is_some_and(|timeout| started.elapsed() > timeout) {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        kill(&self.0);
        lock(&CHILDREN).retain(|child| !Arc::ptr_eq(child, &self.0));
    }
}

fn kill(child: &Mutex<Child>) {
    let mut child = lock(child);
    // Both fail only when it has already ended.
    let _ = child.kill();
    let _ = child.wait();
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

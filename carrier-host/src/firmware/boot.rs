//! The boot loader: what an application asks of it, and what it tells afterwards, lies in a file beside the slot.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lwm2m_carrier::errno;
use lwm2m_carrier::hal::{Applied, FirmwareError, FirmwareErrorKind, Installed};
use lwm2m_carrier::slot::Activate;

/// The path of the slot with this behind it.
pub(super) fn beside(slot: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(slot);
    path.push(".");
    path.push(suffix);
    path.into()
}

/// What passes between the boot loader and the application.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Request {
    /// The package of that many bytes is to be installed.
    Install(u32),
    /// It was.
    Installed,
    /// It could not be.
    Failed,
}

impl Request {
    fn text(self) -> String {
        match self {
            Self::Install(size) => format!("install {size}\n"),
            Self::Installed => "installed\n".to_owned(),
            Self::Failed => "failed\n".to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.trim_end() {
            "installed" => Self::Installed,
            "failed" => Self::Failed,
            text => Self::Install(text.strip_prefix("install ")?.parse().ok()?),
        })
    }
}

/// The boot loader of a slot, for both sides. A copy is the same one.
#[derive(Clone, Debug)]
pub(super) struct BootLoader {
    request: PathBuf,
    installed: PathBuf,
}

impl BootLoader {
    pub(super) fn new(slot: &Path) -> Self {
        Self {
            request: beside(slot, "boot"),
            installed: super::installed(slot),
        }
    }

    /// What was asked for or told last.
    pub(super) fn request(&self) -> io::Result<Option<Request>> {
        match fs::read_to_string(&self.request) {
            Ok(text) => Request::parse(&text)
                .map(Some)
                .ok_or_else(|| io::Error::other(format!("{text:?}"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn note(&self, request: Request) -> io::Result<()> {
        replace(&self.request, request.text().as_bytes())
    }

    /// Nothing is asked for, and nothing told.
    pub(super) fn forget(&self) -> Result<(), FirmwareError> {
        match fs::remove_file(&self.request) {
            Ok(()) => sync_directory(&self.request).map_err(failure),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    /// Makes `package` the installed one: that one whole, or the one before.
    pub(super) fn install(&self, package: &[u8]) -> io::Result<()> {
        replace(&self.installed, package)
    }
}

impl Activate for BootLoader {
    async fn activate(&mut self, size: u32) -> Result<Applied, FirmwareError> {
        self.note(Request::Install(size)).map_err(failure)?;
        Ok(Applied::RebootRequired)
    }

    async fn outcome(&mut self) -> Result<Installed, FirmwareError> {
        Ok(match self.request().map_err(failure)? {
            Some(Request::Installed) => Installed::Yes,
            Some(Request::Failed) => Installed::Failed,
            Some(Request::Install(_)) | None => Installed::NotYet,
        })
    }
}

/// Puts a file with this content in the place of the one at `path`, whole and durable.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path, "new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)
}

/// Makes a change of names in the directory of `path` durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|path| *path != Path::new(""));
    File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn failure(error: io::Error) -> FirmwareError {
    let number = error.raw_os_error().unwrap_or(errno::EIO);
    FirmwareError::new(FirmwareErrorKind::Io, number)
}

//! What servers do with the object.

use crate::model::{
    Arguments, Error, Object, ObjectDefinition, Outcome, Target, Text, Value, ValueWriter,
};

use super::{
    DeliveryMethod, FirmwareRequest, FirmwareState, FirmwareUpdate, LAST_PROTOCOL, Source,
    UpdateResult, table,
};

/// A package that resets the state machine: none, or one NUL byte.
const fn is_reset(package: &[u8]) -> bool {
    matches!(package, [] | [0])
}

impl FirmwareUpdate<'_> {
    /// Whether a URI may be written.
    fn check_uri(&self, uri: &str) -> Result<(), Error> {
        if self.state == FirmwareState::Updating {
            return Err(Error::MethodNotAllowed);
        }
        if uri.is_empty() {
            return Ok(());
        }
        if self.state != FirmwareState::Idle || self.method == DeliveryMethod::Push {
            return Err(Error::MethodNotAllowed);
        }
        self.requests.check_room()
    }

    fn write_uri(&mut self, uri: &str) -> Result<Outcome, Error> {
        self.check_uri(uri)?;
        if uri.is_empty() {
            self.start_over();
            return Ok(Outcome::Done);
        }
        self.uri = Text::try_from(uri)?;
        self.mark(table::PACKAGE_URI);
        self.show(FirmwareState::Downloading, UpdateResult::Initial);
        self.source = Source::Uri;
        self.requests.leave(FirmwareRequest::Download);
        Ok(Outcome::Done)
    }

    /// The reset of the state machine that a server asks for.
    fn start_over(&mut self) {
        self.forget_uri();
        self.end(UpdateResult::Initial);
    }

    /// Whether a part of a package belongs here, as far as the state tells.
    fn check_part(&self, offset: u32) -> Result<(), Error> {
        match (self.state, self.source) {
            _ if self.method == DeliveryMethod::Pull => Err(Error::MethodNotAllowed),
            (FirmwareState::Downloading, Source::Pushed) => Err(Error::Busy),
            (FirmwareState::Idle, _) if offset != 0 => Err(Error::Incomplete),
            (FirmwareState::Downloading, Source::Push { next })
                if offset != 0 && offset != next =>
            {
                Err(Error::Incomplete)
            }
            (FirmwareState::Idle, _) | (FirmwareState::Downloading, Source::Push { .. }) => {
                if self.handed_over || self.buffer.is_none() {
                    return Err(Error::Busy);
                }
                self.requests.check_room()
            }
            _ => Err(Error::MethodNotAllowed),
        }
    }

    /// Where the part ends, in the buffer and in the package.
    fn end_of_part(&self, offset: u32, part: &[u8]) -> Result<(usize, u32), Error> {
        let start = if offset == 0 { 0 } else { self.filled };
        let room = self.buffer.as_ref().map_or(0, |buffer| buffer.len());
        let end = start.saturating_add(part.len());
        let next = u32::try_from(part.len())
            .ok()
            .and_then(|len| offset.checked_add(len))
            .ok_or(Error::TooLarge)?;
        if end > room {
            return Err(Error::TooLarge);
        }
        Ok((end, next))
    }

    fn take_part(&mut self, offset: u32, part: &[u8], last: bool) -> Result<Outcome, Error> {
        self.check_part(offset)?;
        let pushing = self.state == FirmwareState::Downloading;
        let (end, next) = self.end_of_part(offset, part).inspect_err(|_| {
            if pushing {
                self.end(UpdateResult::NoMemory);
            }
        })?;
        let buffer = self.buffer.as_deref_mut().ok_or(Error::Busy)?;
        buffer
            .get_mut(end.saturating_sub(part.len())..)
            .and_then(|rest| rest.get_mut(..part.len()))
            .ok_or(Error::TooLarge)?
            .copy_from_slice(part);
        // Blocks have powers of two; a first one without its TLV header is a little shorter than those that follow.
        let another = part.len().checked_next_power_of_two().unwrap_or(usize::MAX);
        let is_full = end.saturating_add(another) > buffer.len();
        self.filled = end;
        self.forget_uri();
        self.show(FirmwareState::Downloading, UpdateResult::Initial);
        self.source = if last {
            Source::Pushed
        } else {
            Source::Push { next }
        };
        if !last && !is_full {
            return Ok(Outcome::Done);
        }
        let ticket = self.next_ticket();
        self.handed_over = true;
        self.requests.leave(FirmwareRequest::Part {
            offset: next.saturating_sub(u32::try_from(end).unwrap_or(next)),
            len: end,
            last,
            ticket,
        });
        Ok(Outcome::Later(ticket))
    }

    /// Whether a whole package may be written.
    fn check_package(&self, package: &[u8]) -> Result<(), Error> {
        if self.state == FirmwareState::Updating {
            return Err(Error::MethodNotAllowed);
        }
        if is_reset(package) {
            return Ok(());
        }
        self.check_part(0)?;
        self.end_of_part(0, package).map(|_| ())
    }
}

impl Object for FirmwareUpdate<'_> {
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        after.is_none().then_some(0)
    }

    fn read(&self, _instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        match resource {
            table::PACKAGE_URI => out.string(self.uri.as_str()),
            table::STATE => out.integer(i64::from(self.state.number())),
            table::UPDATE_RESULT => out.integer(i64::from(self.result.number())),
            table::PKGNAME => out.string(self.name.as_ref().ok_or(Error::NotFound)?.as_str()),
            table::PKGVERSION => out.string(self.version.as_ref().ok_or(Error::NotFound)?.as_str()),
            table::FIRMWARE_UPDATE_PROTOCOL_SUPPORT if self.protocols != 0 => {
                let supported =
                    (0..=LAST_PROTOCOL).filter(|&protocol| self.protocols & 1 << protocol != 0);
                for (id, protocol) in (0..).zip(supported) {
                    out.instance(id).integer(i64::from(protocol));
                }
            }
            table::FIRMWARE_UPDATE_DELIVERY_METHOD => out.integer(self.method as i64),
            // It is taken, not kept.
            table::PACKAGE => return Err(Error::MethodNotAllowed),
            _ => return Err(Error::NotFound),
        }
        Ok(())
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        match target.resource {
            table::PACKAGE => self.check_package(value.as_bytes().ok_or(Error::BadRequest)?),
            table::PACKAGE_URI => self.check_uri(value.as_str().ok_or(Error::BadRequest)?),
            _ => Err(Error::MethodNotAllowed),
        }
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        match target.resource {
            table::PACKAGE => {
                let package = value.as_bytes().ok_or(Error::BadRequest)?;
                self.write_part(target, 0, package, true)
            }
            table::PACKAGE_URI => self.write_uri(value.as_str().ok_or(Error::BadRequest)?),
            _ => Err(Error::MethodNotAllowed),
        }
    }

    fn write_part(
        &mut self,
        target: Target,
        offset: u32,
        part: &[u8],
        last: bool,
    ) -> Result<Outcome, Error> {
        if target.resource != table::PACKAGE || self.state == FirmwareState::Updating {
            return Err(Error::MethodNotAllowed);
        }
        if offset == 0 && last && is_reset(part) {
            self.start_over();
            return Ok(Outcome::Done);
        }
        self.take_part(offset, part, last)
    }

    fn abandon(&mut self, _target: Target) {
        if matches!(self.source, Source::Push { .. }) {
            self.end(UpdateResult::ConnectionLost);
        }
    }

    /// No URI: the state machine is reset with it.
    fn reset(&mut self, _instance: u16) {
        if self.state != FirmwareState::Updating {
            self.start_over();
        }
    }

    fn execute(
        &mut self,
        _instance: u16,
        resource: u16,
        _arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        if resource != table::UPDATE || self.state != FirmwareState::Downloaded {
            return Err(Error::MethodNotAllowed);
        }
        self.requests.check_room()?;
        self.show(FirmwareState::Updating, UpdateResult::Initial);
        self.requests.leave(FirmwareRequest::Update);
        Ok(Outcome::AfterResponse)
    }
}

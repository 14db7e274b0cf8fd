//! What a bootstrap server may ask for, and when.

use super::super::connection::Stage;
use super::super::input::Handled;
use super::super::management::read::Readable;
use super::super::management::write::{Mode, Rights, Write};
use super::super::management::{Done, object_of_mut, payload_format};
use super::super::output::{Event, Failure};
use super::super::reply::{self, Head, code_of};
use super::super::request::{Origin, Place, Request};
use super::super::{Client, Context};
use super::{consistency, delete, discover};
use crate::message::deduplication::Remembered;
use crate::model::{ContentFormat, Error, Level, Objects, Path, ValueReader};
use crate::wire::coap::{Code, Message};

impl Client<'_> {
    /// Carries out a request of the bootstrap server.
    pub(in crate::client) fn bootstrap_operation(
        &mut self,
        index: usize,
        request: &Request<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Handled {
        let Some(connection) = self.connections.get_mut(index) else {
            return self.answer_code(request.message, Code::INTERNAL_SERVER_ERROR, buffer);
        };
        match connection.stage {
            // The server may be faster than its answer to the Bootstrap-Request.
            Stage::Attempting | Stage::Bootstrapping { .. } => {
                connection.stage = Stage::Bootstrapping {
                    until: cx.now + self.config.transmission.exchange_lifetime(),
                };
            }
            // Outside a bootstrap session nothing of the kind is allowed.
            _ => return self.answer_code(request.message, Code::METHOD_NOT_ALLOWED, buffer),
        }
        if !self.begin_transaction(cx.objects) {
            return self.answer_code(request.message, Code::SERVICE_UNAVAILABLE, buffer);
        }
        let code = request.message.code();
        #[cfg(feature = "block")]
        if request.is_partial() {
            // What a bootstrap server writes has to fit into a message.
            return self.answer_code(request.message, Code::REQUEST_ENTITY_TOO_LARGE, buffer);
        }
        let result = match request.place {
            Place::Bootstrap if code == Code::POST => {
                return self.bootstrap_finish(index, request.message, buffer, cx);
            }
            Place::Bootstrap => Err(Error::MethodNotAllowed),
            Place::Unknown => Err(Error::NotFound),
            Place::Path(path) => match code {
                Code::GET => return self.bootstrap_get(path, request, buffer, cx.objects),
                Code::PUT => bootstrap_write(cx.objects, path, request, buffer),
                Code::DELETE => delete::delete(cx.objects, path),
                _ => Err(Error::MethodNotAllowed),
            },
        };
        match result {
            Ok(done) => self.answer_done(index, done, request, buffer),
            Err(error) => self.answer_code(request.message, code_of(error), buffer),
        }
    }

    /// Bootstrap-Discover and Bootstrap-Read.
    fn bootstrap_get(
        &mut self,
        path: Path,
        request: &Request<'_>,
        buffer: &mut [u8],
        objects: &dyn Objects,
    ) -> Handled {
        let id = self.next_message_id();
        let mut head = Head::answer(request.message, Code::CONTENT, id);
        let max_szx = self.config.block_szx;
        let result = if request.accept == Some(ContentFormat::CoreLink.number()) {
            head.format = Some(ContentFormat::CoreLink);
            discover::check(objects, path).and_then(|()| {
                let mut links = discover::Links { objects, path };
                reply::with_payload(buffer, &mut head, request.block2, max_szx, &mut links)
            })
        } else if !matches!(path.object_id(), Some(1 | 2)) || path.level() > Level::Instance {
            // Only accounts and access rights may be read back (Core 1.1.1, section 6.1.7.4).
            Err(Error::MethodNotAllowed)
        } else {
            let mut found = Readable::find(objects, path, request.accept, self.config.format);
            match &mut found {
                Ok(readable) => readable.answer(buffer, &mut head, request.block2, max_szx),
                Err(error) => Err(*error),
            }
        };
        let handled = match result {
            Ok(len) => Handled {
                len,
                remembered: Remembered::Again,
                answered: None,
            },
            Err(error) => self.answer_code(request.message, code_of(error), buffer),
        };
        Handled {
            remembered: Remembered::Again,
            ..handled
        }
    }

    /// Bootstrap-Finish: checked here, then by the application, whose word the answer waits for.
    fn bootstrap_finish(
        &mut self,
        index: usize,
        request: &Message<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Handled {
        if !consistency::is_consistent(cx.objects, buffer) {
            let handled = self.answer_code(request, Code::NOT_ACCEPTABLE, buffer);
            self.bootstrap_failed(index, Failure::Inconsistent, cx);
            return handled;
        }
        if let Some(connection) = self.connections.get_mut(index) {
            connection.stage = Stage::Finishing;
            // The server has long accepted, should its answer be lost.
            connection.exchange = None;
        }
        self.finish = Some(Origin::of(request));
        self.push(Event::BootstrapFinishing);
        Handled {
            len: 0,
            remembered: Remembered::Pending,
            answered: None,
        }
    }
}

/// Bootstrap-Write: of an object with all its instances, of an instance, or of a resource.
fn bootstrap_write(
    objects: &mut dyn Objects,
    path: Path,
    request: &Request<'_>,
    scratch: &mut [u8],
) -> Result<Done, Error> {
    if path.level() == Level::Root {
        return Err(Error::MethodNotAllowed);
    }
    let write = Write {
        path,
        format: payload_format(request)?,
        payload: request.message.payload(),
        rights: Rights::Bootstrap,
    };
    write.check(objects, scratch)?;
    ensure_instance(objects, path)?;
    if path.level() == Level::Object {
        // Not while it is written: in SenML, resources of an instance need not stand together.
        for_each_instance(objects, &write, ensure_instance)?;
        for_each_instance(objects, &write, reset_instance)?;
    }
    let outcome = write.apply(objects, Mode::Replace, scratch)?;
    Ok(Done {
        outcome,
        ..Done::new(Code::CHANGED, path)
    })
}

/// Calls `then` with the instances that a write of an object names, with each at least once.
fn for_each_instance(
    objects: &mut dyn Objects,
    write: &Write<'_>,
    then: fn(&mut dyn Objects, Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = ValueReader::new(write.format, write.path, write.payload)?;
    let mut last = Path::ROOT;
    while let Some(node) = reader.next()? {
        let instance = node.path.up_to(Level::Instance);
        if instance != last {
            then(objects, instance)?;
            last = instance;
        }
    }
    Ok(())
}

/// Empties an instance that is to be replaced.
fn reset_instance(objects: &mut dyn Objects, path: Path) -> Result<(), Error> {
    object_of_mut(objects, path)?.reset(path.instance_id().unwrap_or(0));
    Ok(())
}

/// Creates the instance that a bootstrap server writes to.
fn ensure_instance(objects: &mut dyn Objects, path: Path) -> Result<(), Error> {
    let object = object_of_mut(objects, path)?;
    match path.instance_id() {
        Some(instance) if !object.has_instance(instance) => object.create(instance),
        _ => Ok(()),
    }
}

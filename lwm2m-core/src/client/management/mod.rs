//! The device management interface (Core 1.1.1, section 6.3): what a server may do with the objects.

#[cfg(feature = "block")]
use core::num::NonZeroU32;

#[cfg(feature = "create")]
mod create;
mod discover;
mod execute;
pub(super) mod read;
pub(super) mod write;

use self::discover::Links;
use self::read::Readable;
use self::write::Rights;
use super::input::Handled;
use super::reply::{self, Head, code_of};
use super::request::{Block, Place, Request};
use super::{Client, Context, accounts};
use crate::message::deduplication::{Created, Remembered};
use crate::model::{
    ContentFormat, Error, Level, Object, Objects, Outcome, Path, ResourceDefinition,
};
use crate::wire::coap::Code;

/// Objects that only the bootstrap interface reaches: Security and OSCORE.
const PROTECTED: [u16; 2] = [accounts::SECURITY, 21];

/// What an operation without a payload in its answer led to.
pub(super) struct Done {
    pub(super) code: Code,
    pub(super) created: Created,
    pub(super) outcome: Outcome,
    pub(super) path: Path,
}

impl Done {
    pub(super) const fn new(code: Code, path: Path) -> Self {
        Self {
            code,
            created: None,
            outcome: Outcome::Done,
            path,
        }
    }
}

impl Client<'_> {
    /// Carries out a request of the server of connection `index` and builds the answer at the front of `buffer`.
    pub(super) fn handle_request(
        &mut self,
        index: usize,
        request: &Request<'_>,
        buffer: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Handled {
        #[cfg(feature = "bootstrap")]
        if self
            .connections
            .get(index)
            .is_some_and(|connection| connection.bootstrap)
        {
            return self.bootstrap_operation(index, request, buffer, cx);
        }
        let path = match request.place {
            Place::Path(path) => path,
            // Bootstrap-Finish of a server that is none.
            #[cfg(feature = "bootstrap")]
            Place::Bootstrap => {
                return self.answer_code(request.message, Code::METHOD_NOT_ALLOWED, buffer);
            }
            Place::Unknown => return self.answer_code(request.message, Code::NOT_FOUND, buffer),
        };
        let code = request.message.code();
        let result = match self.permitted(path) {
            Err(error) => Err(error),
            // Attributes in an Observe are of LwM2M 1.2. To pass over them is to promise more than is kept.
            #[cfg(feature = "observe")]
            Ok(()) if code == Code::GET && request.observe == Some(0) && request.has_query => {
                Err(Error::BadRequest)
            }
            Ok(()) if code == Code::GET => {
                return self.get(index, path, request, buffer, cx);
            }
            #[cfg(feature = "block")]
            Ok(()) if request.is_partial() => self.take_block(index, path, request, cx),
            // An object may take its time; when it does, its answer needs a slot.
            #[cfg(feature = "separate")]
            Ok(()) if code != Code::DELETE && self.is_occupied() => Err(Error::Busy),
            Ok(()) => self.change(index, path, request, buffer, cx),
        };
        match result {
            Ok(done) => self.answer_done(index, done, request, buffer),
            Err(error) => self.answer_refusal(error, request, buffer),
        }
    }

    /// Until object 2 exists, every server may do everything except reach the credentials; while a bootstrap server
    /// is at work, the accounts are its own.
    fn permitted(&self, path: Path) -> Result<(), Error> {
        match path.object_id() {
            Some(object) if PROTECTED.contains(&object) => Err(Error::Unauthorized),
            #[cfg(feature = "bootstrap")]
            Some(object) if self.transaction && object <= 2 => Err(Error::Busy),
            _ => Ok(()),
        }
    }

    fn get(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        buffer: &mut [u8],
        cx: &Context<'_>,
    ) -> Handled {
        #[cfg(not(feature = "observe"))]
        let _ = index;
        let id = self.next_message_id();
        let mut head = Head::answer(request.message, Code::CONTENT, id);
        let objects = &*cx.objects;
        let max_szx = self.config.block_szx;
        let result = if request.accept == Some(ContentFormat::CoreLink.number()) {
            head.format = Some(ContentFormat::CoreLink);
            #[cfg(feature = "attributes")]
            let attributes = self
                .connections
                .get(index)
                .map(|connection| self.attributes_of(connection));
            discover::check(objects, path).and_then(|object| {
                let mut links = Links {
                    path,
                    object,
                    #[cfg(feature = "attributes")]
                    attributes,
                };
                reply::with_payload(buffer, &mut head, request.block2, max_szx, &mut links)
            })
        } else {
            let mut found = Readable::find(objects, path, request.accept, self.config.format);
            match &mut found {
                Ok(readable) => {
                    #[cfg(feature = "observe")]
                    let observed = self.observe_option(index, path, request, cx.now);
                    #[cfg(feature = "observe")]
                    {
                        head.observe = observed.map(|_| self.next_observe_number());
                    }
                    let result = readable.answer(buffer, &mut head, request.block2, max_szx);
                    #[cfg(feature = "observe")]
                    if let Some(slot) = observed {
                        self.observation_answered(slot, result.is_ok(), &readable.value);
                    }
                    result
                }
                Err(error) => Err(*error),
            }
        };
        match result {
            Ok(len) => Handled {
                len,
                remembered: Remembered::Again,
                answered: None,
            },
            Err(error) => {
                let handled = self.answer_code(request.message, code_of(error), buffer);
                Handled {
                    remembered: Remembered::Again,
                    ..handled
                }
            }
        }
    }

    /// Carries out an operation that changes something.
    fn change(
        &mut self,
        index: usize,
        path: Path,
        request: &Request<'_>,
        scratch: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Result<Done, Error> {
        let code = request.message.code();
        let level = path.level();
        // Never a write of nothing.
        if code == Code::PUT && request.has_query && request.message.payload().is_empty() {
            #[cfg(feature = "attributes")]
            return self
                .write_attributes(index, path, request, cx)
                .map(|()| Done::new(Code::CHANGED, path));
            #[cfg(not(feature = "attributes"))]
            return Err(Error::MethodNotAllowed);
        }
        #[cfg(feature = "create")]
        let created = if code == Code::POST && level == Level::Object {
            Some(create::create(cx.objects, path, request, scratch)?)
        } else if code == Code::DELETE && level == Level::Instance {
            let done = create::delete(cx.objects, path)?;
            #[cfg(feature = "block")]
            self.delete_transfer(path);
            Some(done)
        } else {
            None
        };
        #[cfg(not(feature = "create"))]
        let created = None;
        let done = if let Some(done) = created {
            done
        } else if code == Code::POST && level == Level::Resource && is_executable(cx.objects, path)
        {
            execute::execute(cx.objects, path, request)?
        } else if (code == Code::PUT || code == Code::POST) && level >= Level::Instance {
            #[cfg(feature = "block")]
            self.check_transfer(index, path)?;
            locate(cx.objects, path)?;
            let done = write::write(cx.objects, path, request, Rights::Server, scratch)?;
            #[cfg(feature = "block")]
            self.supersede_transfer(path);
            done
        } else {
            return Err(Error::MethodNotAllowed);
        };
        self.changed_by_server(index, &done, cx);
        Ok(done)
    }

    /// Consequences of a server's operation for the client itself.
    fn changed_by_server(&mut self, index: usize, done: &Done, cx: &Context<'_>) {
        let path = done.path;
        #[cfg(feature = "observe")]
        self.changed(path);
        #[cfg(feature = "create")]
        if done.code == Code::CREATED || done.code == Code::DELETED {
            for connection in self.connections.iter_mut() {
                connection.list_changed();
            }
        }
        if path.object_id() != Some(accounts::SERVER) {
            return;
        }
        let instance = path.instance_id().unwrap_or(0);
        match path.resource_id() {
            Some(trigger @ (accounts::server::UPDATE_TRIGGER | accounts::server::DISABLE)) => {
                let Some(connection) = self.connections.iter_mut().find(|connection| {
                    connection.may_be_registered() && connection.server_instance == instance
                }) else {
                    return;
                };
                if trigger == accounts::server::UPDATE_TRIGGER {
                    connection.update = true;
                } else if !connection.deregister {
                    let timeout = accounts::server::DISABLE_TIMEOUT;
                    let secs = accounts::server_number(cx.objects, instance, timeout, 86_400);
                    connection.deregister = true;
                    connection.disable = Some(secs);
                }
            }
            #[cfg(feature = "bootstrap")]
            Some(accounts::server::BOOTSTRAP_TRIGGER) => {
                let _ = self.begin_bootstrap(cx.now, cx.objects, false);
            }
            _ => {
                self.account_written(instance, cx.objects);
                let server = self
                    .connections
                    .get(index)
                    .map_or(0, |connection| connection.short_id);
                self.push(super::Event::AccountChanged { server });
            }
        }
    }

    /// Block1 of the answer. To a first block that is larger than the client wants them, it asks for smaller ones
    /// (RFC 7959, section 2.3).
    #[inline(never)]
    pub(super) fn block1_of(&self, code: Code, request: &Request<'_>) -> Option<Block> {
        #[cfg(feature = "block")]
        if let Some(block) = request.block1
            && code == Code::CONTINUE
            && block.num == 0
        {
            let szx = block.szx.min(self.config.block_szx);
            return Some(Block { szx, ..block });
        }
        let _ = code;
        request.block1
    }

    /// Builds the answer to an operation that was refused; the first block of a value that has to come in one message is
    /// told how large that may be (RFC 7959, section 2.9.3).
    fn answer_refusal(
        &mut self,
        error: Error,
        request: &Request<'_>,
        buffer: &mut [u8],
    ) -> Handled {
        let code = code_of(error);
        #[cfg(feature = "block")]
        if error == Error::TooLarge && request.is_partial() {
            let id = self.next_message_id();
            let mut head = Head::answer(request.message, code, id);
            let room = buffer.len() + request.message.payload().len();
            let room = room.saturating_sub(super::block1::OVERHEAD);
            head.size1 = u32::try_from(room).ok().and_then(NonZeroU32::new);
            return Handled {
                len: head.alone(buffer),
                remembered: Remembered::Code(code, None),
                answered: None,
            };
        }
        self.answer_code(request.message, code, buffer)
    }

    /// Builds the answer to an operation that succeeded, or opens the separate response that will be.
    pub(super) fn answer_done(
        &mut self,
        index: usize,
        done: Done,
        request: &Request<'_>,
        buffer: &mut [u8],
    ) -> Handled {
        let block1 = self.block1_of(done.code, request);
        #[cfg(feature = "separate")]
        if let Outcome::Later(ticket) = done.outcome {
            return self.answer_later(index, ticket, done.code, block1, request.message, buffer);
        }
        #[cfg(not(feature = "separate"))]
        let _ = index;
        let id = self.next_message_id();
        let mut head = Head::answer(request.message, done.code, id);
        head.created = done.created;
        head.block1 = block1;
        let len = head.alone(buffer);
        let answered = (done.outcome == Outcome::AfterResponse).then_some(done.path);
        Handled {
            len,
            remembered: Remembered::Code(done.code, done.created),
            answered,
        }
    }
}

/// The format of a payload: what the server says, else plain text for a single value (Core 1.1.1, section 7.4).
pub(super) fn payload_format(request: &Request<'_>) -> Result<ContentFormat, Error> {
    match request.content_format {
        None => Ok(ContentFormat::Text),
        Some(number) => ContentFormat::from_number(number).ok_or(Error::UnsupportedContentFormat),
    }
}

/// The object that a path lies in.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) fn object_of(objects: &dyn Objects, path: Path) -> Result<&dyn Object, Error> {
    path.object_id()
        .and_then(|id| objects.object(id))
        .ok_or(Error::NotFound)
}

/// The same, to change it.
pub(super) fn object_of_mut(
    objects: &mut dyn Objects,
    path: Path,
) -> Result<&mut dyn Object, Error> {
    path.object_id()
        .and_then(|id| objects.object_mut(id))
        .ok_or(Error::NotFound)
}

/// The definition of the resource that a path names.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) fn definition_of(
    objects: &dyn Objects,
    path: Path,
) -> Result<&'static ResourceDefinition, Error> {
    definition_in(object_of(objects, path)?, path)
}

/// The same, of an object that is known.
pub(super) fn definition_in(
    object: &dyn Object,
    path: Path,
) -> Result<&'static ResourceDefinition, Error> {
    path.resource_id()
        .and_then(|id| object.definition().resource(id))
        .ok_or(Error::NotFound)
}

/// The object of a path, where that and the instance exist.
///
/// # Errors
/// [`Error::NotFound`].
#[inline(never)]
pub(super) fn locate(objects: &dyn Objects, path: Path) -> Result<&dyn Object, Error> {
    let object = object_of(objects, path)?;
    match path.instance_id() {
        Some(instance) if !object.has_instance(instance) => Err(Error::NotFound),
        _ => Ok(object),
    }
}

fn is_executable(objects: &dyn Objects, path: Path) -> bool {
    definition_of(objects, path).is_ok_and(|definition| definition.operations().is_executable())
}

//! What a bootstrap server may ask for, and when.

use super::super::connection::Stage;
use super::super::input::Handled;
use super::super::management::read::Readable;
use super::super::management::write::{Rights, write};
use super::super::output::{Event, Failure};
use super::super::reply::{self, Head, code_of};
use super::super::request::{Origin, Place, Request};
use super::super::{Client, Context};
use super::{consistency, delete, discover};
use crate::message::deduplication::Remembered;
use crate::model::{ContentFormat, Error, Level, Objects, Path};
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
                // Of an object with all its instances, of an instance, or of a resource.
                Code::PUT if path.level() > Level::Root => {
                    write(cx.objects, path, request, Rights::Bootstrap, buffer)
                }
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

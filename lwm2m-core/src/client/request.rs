//! A request of a server: what its options say.

use crate::model::Path;
#[cfg(feature = "block")]
pub(crate) use crate::wire::coap::Block;
use crate::wire::coap::{Code, Message, ParseError, RawOption, option};
#[cfg(feature = "bootstrap")]
use crate::wire::coap::{Kind, Token};

/// Without block-wise transfer there is no block: an `Option` of it takes no room, nor does what handles it.
#[cfg(not(feature = "block"))]
pub(crate) type Block = core::convert::Infallible;

/// Most bytes of Uri-Host, Uri-Path and Uri-Query (RFC 7252, section 5.10); a longer one counts as not recognised.
const LONGEST_STRING: usize = 255;

/// What the Uri-Path names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Place {
    /// Something in the resource model.
    Path(Path),
    /// `/bs`: Bootstrap-Finish.
    #[cfg(feature = "bootstrap")]
    Bootstrap,
    /// Neither.
    Unknown,
}

/// What identifies a message to its sender, for an answer that waits.
#[cfg(feature = "bootstrap")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) kind: Kind,
    pub(crate) message_id: u16,
    pub(crate) token: Token,
}

#[cfg(feature = "bootstrap")]
impl Origin {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        Self {
            kind: message.kind(),
            message_id: message.message_id(),
            token: message.token(),
        }
    }
}

/// A request with its options read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) message: &'a Message<'a>,
    pub(crate) place: Place,
    pub(crate) accept: Option<u16>,
    pub(crate) content_format: Option<u16>,
    /// Register (0) or cancel (1); a larger number, which says nothing in a request, may be missing.
    pub(crate) observe: Option<u8>,
    pub(crate) block1: Option<Block>,
    pub(crate) block2: Option<Block>,
    /// There is a Uri-Query.
    pub(crate) has_query: bool,
    /// Why it is refused: the code to answer with; [`Code::EMPTY`] where it is not.
    refusal: Code,
}

impl<'a> Request<'a> {
    /// One of which nothing is known yet.
    pub(crate) const fn new() -> Self {
        Self {
            message: &Message::EMPTY,
            place: Place::Path(Path::ROOT),
            accept: None,
            content_format: None,
            observe: None,
            block1: None,
            block2: None,
            has_query: false,
            refusal: Code::EMPTY,
        }
    }

    /// Reads a message, which may be a request, with its options.
    ///
    /// # Errors
    /// Those of [`Message::parse`].
    #[inline(never)]
    pub(crate) fn read(&mut self, datagram: &'a [u8]) -> Result<Message<'a>, ParseError> {
        let mut target = Target::new();
        let (mut previous, mut good) = (0, true);
        let message = Message::parse_each(datagram, |item| {
            let number = item.number;
            let recognised = if number == option::URI_PATH {
                target.go(item.value);
                item.value.len() <= LONGEST_STRING
            } else {
                self.take(&item, number == previous)
            };
            good &= recognised || !option::is_critical(number);
            previous = number;
        });
        self.place = target.place();
        if !good && self.refusal.is_empty() {
            self.refusal = Code::BAD_OPTION;
        }
        message
    }

    /// Takes an option beside Uri-Path; false where it is not recognised.
    #[inline(always)]
    fn take(&mut self, item: &RawOption<'_>, repeated: bool) -> bool {
        let value = item.uint().ok();
        match item.number {
            option::URI_QUERY => {
                self.has_query = true;
                return item.value.len() <= LONGEST_STRING;
            }
            option::PROXY_URI | option::PROXY_SCHEME => {
                self.refusal = Code::PROXYING_NOT_SUPPORTED;
            }
            // A second one counts as not recognised (RFC 7252, section 5.4.5).
            _ if repeated => return false,
            option::URI_HOST => return (1..=LONGEST_STRING).contains(&item.value.len()),
            option::URI_PORT => {}
            option::OBSERVE => self.observe = value.and_then(|v| u8::try_from(v).ok()),
            // These have two bytes at most.
            option::CONTENT_FORMAT => self.content_format = value.map(|v| v as u16),
            option::ACCEPT => self.accept = value.map(|v| v as u16),
            #[cfg(feature = "block")]
            option::BLOCK1 => self.block1 = self.block(value),
            #[cfg(feature = "block")]
            option::BLOCK2 => self.block2 = self.block(value),
            _ => return false,
        }
        // Nor is one whose value has a wrong length (section 5.4.3).
        value.is_some()
    }

    /// A block size that is reserved is 4.00 (RFC 7959, section 2.2).
    #[cfg(feature = "block")]
    fn block(&mut self, value: Option<u32>) -> Option<Block> {
        let block = Block::from_uint(value?);
        if block.is_err() {
            self.refusal = Code::BAD_REQUEST;
        }
        block.ok()
    }

    /// Whether the options allow to handle it.
    ///
    /// # Errors
    /// The code to answer with: 4.02 for a critical option that is unknown, malformed or repeated
    /// (RFC 7252, section 5.4), 5.05 for one that asks for a proxy (section 5.7), 4.00 for a block size that is reserved
    /// (RFC 7959, section 2.2).
    pub(crate) fn check(&self) -> Result<(), Code> {
        if self.refusal.is_empty() {
            Ok(())
        } else {
            Err(self.refusal)
        }
    }
}

/// Whether a request asks for the beginning of a payload: for the first block, or for none in particular.
pub(crate) fn is_from_start(wanted: Option<Block>) -> bool {
    #[cfg(feature = "block")]
    return wanted.is_none_or(|block| block.num == 0);
    #[cfg(not(feature = "block"))]
    wanted.is_none()
}

#[cfg(feature = "block")]
impl Request<'_> {
    /// Whether the payload is one block of a larger one.
    pub(crate) fn is_partial(&self) -> bool {
        let payload = matches!(self.message.code(), Code::PUT | Code::POST);
        payload && self.block1.is_some_and(|block| block.more || block.num > 0)
    }
}

/// What the segments of the Uri-Path so far name.
struct Target {
    ids: [u16; 4],
    /// How many of them there are.
    depth: usize,
    /// What it is when it is none of ids.
    other: Option<Place>,
}

impl Target {
    const fn new() -> Self {
        Self {
            ids: [Path::RESERVED_ID; 4],
            depth: 0,
            other: None,
        }
    }

    /// Goes one segment further down.
    fn go(&mut self, segment: &[u8]) {
        let slot = self.ids.get_mut(self.depth);
        // A trailing slash is an empty last segment; an id never is.
        if self.other.is_none()
            && let (Some(slot), Some(id)) = (slot, Path::parse_id(segment))
        {
            *slot = id;
            self.depth += 1;
            return;
        }
        #[cfg(feature = "bootstrap")]
        if self.other.is_none() && self.depth == 0 && segment == b"bs" {
            self.other = Some(Place::Bootstrap);
            return;
        }
        self.other = Some(Place::Unknown);
    }

    fn place(self) -> Place {
        let [object, instance, resource, resource_instance] = self.ids;
        self.other.unwrap_or_else(|| {
            Place::Path(Path::resource_instance(
                object,
                instance,
                resource,
                resource_instance,
            ))
        })
    }
}

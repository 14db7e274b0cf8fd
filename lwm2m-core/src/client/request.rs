//! A request of a server: what its options say.

use crate::model::Path;
#[cfg(feature = "block")]
pub(crate) use crate::wire::coap::Block;
use crate::wire::coap::{Code, Message, option};
#[cfg(feature = "bootstrap")]
use crate::wire::coap::{Kind, Token};

/// Without block-wise transfer there is no block: an `Option` of it takes no room, nor does what handles it.
#[cfg(not(feature = "block"))]
pub(crate) type Block = core::convert::Infallible;

/// Most bytes of Uri-Host, Uri-Path and Uri-Query (RFC 7252, section 5.10); a longer one counts as not recognised.
const LONGEST_STRING: usize = 255;

/// What the Uri-Path names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
}

impl<'a> Request<'a> {
    /// A request of which only the message is known.
    pub(crate) const fn new(message: &'a Message<'a>) -> Self {
        Self {
            message,
            place: Place::Path(Path::ROOT),
            accept: None,
            content_format: None,
            observe: None,
            block1: None,
            block2: None,
            has_query: false,
        }
    }

    /// Reads the options.
    ///
    /// # Errors
    /// The code to answer with: 4.02 for a critical option that is unknown, malformed or repeated
    /// (RFC 7252, section 5.4), 5.05 for one that asks for a proxy (section 5.7).
    pub(crate) fn read(&mut self) -> Result<(), Code> {
        let mut previous = 0;
        let mut bad = false;
        let mut target = Target::new();
        for item in self.message.options() {
            let number = item.number;
            let repeated = number == previous;
            previous = number;
            match number {
                option::URI_PATH => {
                    bad |= item.value.len() > LONGEST_STRING;
                    target.go(item.value);
                    continue;
                }
                option::URI_QUERY => {
                    bad |= item.value.len() > LONGEST_STRING;
                    self.has_query = true;
                    continue;
                }
                option::PROXY_URI | option::PROXY_SCHEME => {
                    return Err(Code::PROXYING_NOT_SUPPORTED);
                }
                _ => {}
            }
            if repeated {
                // A second one counts as an option that is not recognised.
                bad |= option::is_critical(number);
                continue;
            }
            let value = item.uint().ok();
            match number {
                option::URI_HOST => {
                    bad |= item.value.is_empty() || item.value.len() > LONGEST_STRING;
                }
                option::URI_PORT => bad |= value.is_none(),
                option::OBSERVE => self.observe = value.and_then(|v| u8::try_from(v).ok()),
                option::CONTENT_FORMAT => {
                    self.content_format = value.and_then(|v| u16::try_from(v).ok())
                }
                option::ACCEPT => {
                    self.accept = value.and_then(|v| u16::try_from(v).ok());
                    bad |= self.accept.is_none();
                }
                #[cfg(feature = "block")]
                option::BLOCK1 => {
                    bad |= value.is_none();
                    self.block1 = value.map(block).transpose()?;
                }
                #[cfg(feature = "block")]
                option::BLOCK2 => {
                    bad |= value.is_none();
                    self.block2 = value.map(block).transpose()?;
                }
                _ => bad |= option::is_critical(number),
            }
        }
        self.place = target.place();
        if bad { Err(Code::BAD_OPTION) } else { Ok(()) }
    }
}

/// Whether a request asks for the beginning of a payload: for the first block, or for none in particular.
pub(crate) fn is_from_start(wanted: Option<Block>) -> bool {
    #[cfg(feature = "block")]
    return wanted.is_none_or(|block| block.num == 0);
    #[cfg(not(feature = "block"))]
    wanted.is_none()
}

/// A block size that is reserved is 4.00 (RFC 7959, section 2.2).
#[cfg(feature = "block")]
fn block(value: u32) -> Result<Block, Code> {
    Block::from_uint(value).map_err(|_| Code::BAD_REQUEST)
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

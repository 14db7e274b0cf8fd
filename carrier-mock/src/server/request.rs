//! The requests that a server can be told to send.

use lwm2m_core::time::Duration;
use lwm2m_core::wire::coap::{Block, Code};

use super::exchange::block_at;

/// A payload longer than this goes out in blocks of this size: the largest that CoAP has.
const LARGEST_BLOCK: usize = 1024;

/// One request from a server to the device, as a script spells it out.
///
/// ```
/// use carrier_mock::server::Request;
///
/// const SCRIPT: [Request<'static>; 3] = [
///     Request::read("/3/0/0").accept(0),
///     Request::write("/1/0/1", 0, b"300"),
///     Request::observe("/3303/0/5700"),
/// ];
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'s> {
    pub(super) code: Code,
    pub(super) path: &'s str,
    pub(super) query: &'s str,
    pub(super) content_format: Option<u16>,
    pub(super) accept: Option<u16>,
    pub(super) observe: Option<u32>,
    pub(super) payload: &'s [u8],
    pub(super) after: Duration,
    block_size: usize,
}

impl<'s> Request<'s> {
    /// A request with this method and path (`/3/0/0`; segments are not unescaped).
    #[must_use]
    pub const fn new(method: Code, path: &'s str) -> Self {
        Self {
            code: method,
            path,
            query: "",
            content_format: None,
            accept: None,
            observe: None,
            payload: &[],
            after: Duration::ZERO,
            block_size: LARGEST_BLOCK,
        }
    }

    /// Read (Core 1.1.1, section 6.3.1); on the bootstrap interface Bootstrap-Read.
    #[must_use]
    pub const fn read(path: &'s str) -> Self {
        Self::new(Code::GET, path)
    }

    /// Discover, or Bootstrap-Discover (section 6.3.2): a GET that accepts the link format.
    #[must_use]
    pub const fn discover(path: &'s str) -> Self {
        Self::new(Code::GET, path).accept(40)
    }

    /// Write in replace mode (section 6.3.3), or Bootstrap-Write.
    #[must_use]
    pub const fn write(path: &'s str, content_format: u16, payload: &'s [u8]) -> Self {
        Self::new(Code::PUT, path).content(content_format, payload)
    }

    /// Write in partial-update mode (section 6.3.3).
    #[must_use]
    pub const fn write_update(path: &'s str, content_format: u16, payload: &'s [u8]) -> Self {
        Self::new(Code::POST, path).content(content_format, payload)
    }

    /// Write-Attributes (section 6.3.4); `attributes` as in a URI: `pmin=10&pmax=60`.
    #[must_use]
    pub const fn write_attributes(path: &'s str, attributes: &'s str) -> Self {
        Self::new(Code::PUT, path).query(attributes)
    }

    /// Execute (section 6.3.5). Arguments are text; none leaves the payload out.
    #[must_use]
    pub const fn execute(path: &'s str, arguments: &'s str) -> Self {
        let request = Self::new(Code::POST, path);
        if arguments.is_empty() {
            request
        } else {
            request.content(0, arguments.as_bytes())
        }
    }

    /// Create (section 6.3.6).
    #[must_use]
    pub const fn create(path: &'s str, content_format: u16, payload: &'s [u8]) -> Self {
        Self::new(Code::POST, path).content(content_format, payload)
    }

    /// Delete (section 6.3.7), or Bootstrap-Delete.
    #[must_use]
    pub const fn delete(path: &'s str) -> Self {
        Self::new(Code::DELETE, path)
    }

    /// Observe (section 6.4.1).
    #[must_use]
    pub const fn observe(path: &'s str) -> Self {
        Self::new(Code::GET, path).observe_option(0)
    }

    /// Cancel Observation (section 6.4.2), by a GET with Observe = 1 and the token of the observation.
    #[must_use]
    pub const fn cancel_observation(path: &'s str) -> Self {
        Self::new(Code::GET, path).observe_option(1)
    }

    /// Bootstrap-Finish (section 6.1.7).
    #[must_use]
    pub const fn finish() -> Self {
        Self::new(Code::POST, "/bs")
    }

    /// Adds a payload of this content format.
    #[must_use]
    pub const fn content(mut self, content_format: u16, payload: &'s [u8]) -> Self {
        self.content_format = Some(content_format);
        self.payload = payload;
        self
    }

    /// Adds the Accept option.
    #[must_use]
    pub const fn accept(mut self, content_format: u16) -> Self {
        self.accept = Some(content_format);
        self
    }

    /// Adds queries, separated by `&`.
    #[must_use]
    pub const fn query(mut self, query: &'s str) -> Self {
        self.query = query;
        self
    }

    /// Waits this long after the step before has ended.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.after = wait;
        self
    }

    /// Sends a payload longer than this many bytes in blocks (RFC 7959, Block1) of the largest size
    /// that CoAP has below it: 16 to 1,024.
    #[must_use]
    pub const fn block_size(mut self, bytes: usize) -> Self {
        self.block_size = bytes;
        self
    }

    /// The path that the request names.
    #[must_use]
    pub const fn path(&self) -> &'s str {
        self.path
    }

    pub(super) fn is_finish(&self) -> bool {
        self.code == Code::POST && self.path == "/bs"
    }

    /// The first block, if the payload must go out in blocks.
    pub(super) fn first_block(&self) -> Option<Block> {
        let szx = Block::szx_for(self.block_size);
        let block = block_at(self.payload.len(), 0, szx)?;
        block.more.then_some(block)
    }

    const fn observe_option(mut self, value: u32) -> Self {
        self.observe = Some(value);
        self
    }
}

//! CoAP messages: RFC 7252, with the options of RFC 7641 (Observe) and RFC 7959 (block-wise transfer) and the methods
//! of RFC 8132 (FETCH, PATCH, iPATCH).
//!
//! [`Message::parse`] checks a whole datagram once; everything read from a [`Message`] afterwards cannot fail for
//! syntax. [`Builder`] writes header and options, and hands out the writer for a payload that is written in place.
//!
//! ```
//! use lwm2m_core::wire::coap::{Builder, Code, Kind, Message, Token, option};
//! use lwm2m_core::wire::writer::Writer;
//!
//! let mut buf = [0; 64];
//! let mut writer = Writer::new(&mut buf);
//! let mut builder = Builder::new(&mut writer, Kind::Con, Code::POST, 0x7d34, Token::EMPTY);
//! builder.option(option::URI_PATH, b"rd");
//! builder.option_uint(option::CONTENT_FORMAT, 40);
//! builder.string_option_parts(option::URI_QUERY, "lt=", "86400");
//! builder.payload().bytes(b"</3/0>");
//! let len = writer.finish().stored;
//!
//! let message = Message::parse(&buf[..len]).unwrap();
//! assert_eq!(message.code(), Code::POST);
//! assert_eq!(message.option(option::URI_QUERY).unwrap().value, b"lt=86400");
//! assert_eq!(message.payload(), b"</3/0>");
//! ```

mod block;
mod builder;
mod code;
mod message;
pub mod option;
mod token;

pub use block::Block;
pub use builder::{Builder, write_empty};
pub use code::Code;
pub use message::{Kind, Message, ParseError};
pub use option::{Options, RawOption};
pub use token::Token;

/// The only version of the protocol (RFC 7252, section 3).
const VERSION: u8 = 1;

/// The byte between the options and the payload (RFC 7252, section 3).
const PAYLOAD_MARKER: u8 = 0xFF;

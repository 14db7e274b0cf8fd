//! The download over HTTP/1.1 (RFC 9110, RFC 9112): a client of range requests, without I/O.
//!
//! | what | file |
//! | --- | --- |
//! | the request | `request` |
//! | the head of a response, and where its body ends | `head` |
//! | its lines | `line` |
//! | the range that a response brings | `content_range` |
//! | the body: by length, chunked, until the connection ends | `body` |
//! | what a response means | `verdict` |
//! | the package's bytes in it | `content` |
//! | how fast they have to come | `pace` |
//! | the download | `download` |

mod body;
mod content;
mod content_range;
mod download;
mod head;
mod line;
mod pace;
mod request;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use download::Download;

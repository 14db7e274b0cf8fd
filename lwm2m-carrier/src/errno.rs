//! Error numbers as Linux has them, the same on every port.
//!
//! They are passed on to the application beside a typed cause, as charts and logs of such libraries show them; nothing
//! in this crate decides by them.

/// Operation not permitted.
pub const EPERM: i32 = 1;
/// No such record, tag or file.
pub const ENOENT: i32 = 2;
/// Input or output error.
pub const EIO: i32 = 5;
/// Too long.
pub const E2BIG: i32 = 7;
/// Out of memory.
pub const ENOMEM: i32 = 12;
/// Permission denied.
pub const EACCES: i32 = 13;
/// Bad or missing configuration.
pub const EFAULT: i32 = 14;
/// Busy.
pub const EBUSY: i32 = 16;
/// Invalid argument.
pub const EINVAL: i32 = 22;
/// File too large.
pub const EFBIG: i32 = 27;
/// No space left.
pub const ENOSPC: i32 = 28;
/// Too many redirects.
pub const ELOOP: i32 = 40;
/// Bad request.
pub const EBADR: i32 = 53;
/// Message too long.
pub const EMSGSIZE: i32 = 90;
/// Not supported.
pub const EOPNOTSUPP: i32 = 95;
/// The network is down.
pub const ENETDOWN: i32 = 100;
/// The network cannot be reached.
pub const ENETUNREACH: i32 = 101;
/// Connection reset by the peer.
pub const ECONNRESET: i32 = 104;
/// Not connected.
pub const ENOTCONN: i32 = 107;
/// Timed out.
pub const ETIMEDOUT: i32 = 110;
/// Connection refused.
pub const ECONNREFUSED: i32 = 111;
/// The host cannot be reached.
pub const EHOSTUNREACH: i32 = 113;
/// Cancelled.
pub const ECANCELED: i32 = 125;

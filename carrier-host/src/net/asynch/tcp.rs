//! TCP connections on tokio.

use core::net::SocketAddr;

use embedded_io_async::{ErrorType, Read, Write};
use embedded_nal_async::TcpConnect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::AsyncStack;
use crate::net::error::NetError;

/// A TCP connection; dropping it closes it.
#[derive(Debug)]
pub struct AsyncTcp(TcpStream);

impl TcpConnect for AsyncStack {
    type Error = NetError;
    type Connection<'a> = AsyncTcp;

    async fn connect(&self, remote: SocketAddr) -> Result<AsyncTcp, NetError> {
        let stream = TcpStream::connect(remote).await?;
        // A CoAP or HTTP message is written whole: waiting for more to send would only delay it.
        stream.set_nodelay(true)?;
        Ok(AsyncTcp(stream))
    }
}

impl ErrorType for AsyncTcp {
    type Error = NetError;
}

impl Read for AsyncTcp {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, NetError> {
        Ok(self.0.read(buffer).await?)
    }
}

impl Write for AsyncTcp {
    async fn write(&mut self, data: &[u8]) -> Result<usize, NetError> {
        Ok(self.0.write(data).await?)
    }

    async fn flush(&mut self) -> Result<(), NetError> {
        Ok(self.0.flush().await?)
    }
}

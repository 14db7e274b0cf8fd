//! The engine alone over a plain UDP socket of the standard library.
//!
//! `cargo run -p lwm2m-core --example udp -- register 127.0.0.1:5683 my-device`
//! `cargo run -p lwm2m-core --example udp -- bootstrap 127.0.0.1:5783 my-device`
//!
//! Real applications want `lwm2m-carrier`, which adds credentials, storage and link policy.
#![allow(
    clippy::print_stdout,
    missing_docs,
    reason = "an example prints what it does"
)]

use core::error::Error;
use core::hash::BuildHasher;
use core::net::SocketAddr;
use core::time::Duration;
use lwm2m_core::Client;
use lwm2m_core::client::{Config, Event, Output, Resources, SessionEvent, SessionId};
use lwm2m_core::model::{Objects, Path};
use lwm2m_core::objects::{Device, Security, SecurityInstance, Server, ServerInstance};
use lwm2m_core::random::Random;
use lwm2m_core::time::Instant;
use std::collections::HashMap;
use std::hash::RandomState;
use std::net::UdpSocket;

/// Good enough for an example: the hasher of the standard library is seeded by the system.
struct SystemRandom;

impl Random for SystemRandom {
    fn public(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = RandomState::new().hash_one(0) as u8;
        }
    }

    fn private(&mut self, bytes: &mut [u8]) {
        self.public(bytes);
    }
}

/// The objects of the device. Two accounts, and as many again, because a bootstrap works on copies.
#[derive(Objects)]
struct Everything {
    security: Security<4>,
    server: Server<2>,
    device: Device<'static>,
}

/// The sessions of the client: one socket for each server.
struct Sessions(HashMap<SessionId, (UdpSocket, SocketAddr)>);

impl Sessions {
    /// Makes a socket for the server at this URI.
    fn open(&mut self, session: SessionId, uri: &str) -> Result<(), Box<dyn Error>> {
        let address = uri.strip_prefix("coap://").ok_or("not coap")?;
        let peer: SocketAddr = address.trim_end_matches('/').parse()?;
        let socket = UdpSocket::bind(if peer.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        })?;
        socket.set_nonblocking(true)?;
        println!("session {} to {peer}", session.number());
        self.0.insert(session, (socket, peer));
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, address, endpoint] = arguments.as_slice() else {
        return Err("arguments: (register|bootstrap) ADDRESS:PORT ENDPOINT".into());
    };
    let uri = format!("coap://{address}");
    let mut objects = Everything {
        security: Security::new(),
        server: Server::new(),
        device: Device::new("U")
            .manufacturer("Open Mobile Alliance")
            .model_number("udp example"),
    };
    let account = SecurityInstance::no_sec(&uri);
    if mode == "bootstrap" {
        objects.security.add(0, &account.bootstrap(0))?;
    } else {
        objects.security.add(0, &account.short_server_id(1))?;
        objects
            .server
            .add(0, &ServerInstance::new(1).lifetime(300))?;
    }

    let mut resources = Resources::<2, 4, 4, 8>::new();
    let mut random = SystemRandom;
    let mut client = Client::new(&mut resources, Config::new(endpoint), &mut random);
    let mut buffer = [0; 1280];
    let mut sessions = Sessions(HashMap::new());
    let start = std::time::Instant::now();
    let now = || Instant::from_millis(start.elapsed().as_millis() as u64);

    client.start(now(), &mut objects)?;
    loop {
        let until = loop {
            match client.poll_output(now(), &mut buffer, &mut objects, &mut random) {
                Output::Transmit {
                    session, datagram, ..
                } => {
                    if let Some((socket, peer)) = sessions.0.get(&session) {
                        socket.send_to(datagram, peer)?;
                    }
                }
                Output::Open { session, account } => {
                    let account = objects.security.get(account).ok_or("no account")?;
                    sessions.open(session, account.uri)?;
                    // Without security there is no context that could be lost.
                    let event = SessionEvent::Open { resumed: true };
                    client.handle_session(now(), session, event, &mut objects, &mut random);
                }
                Output::Close { session } => drop(sessions.0.remove(&session)),
                Output::Event(event) => {
                    println!("{event:?}");
                    match event {
                        // A product stores objects 0 and 1 first.
                        Event::BootstrapFinishing => {
                            client.finish_bootstrap(
                                now(),
                                true,
                                &mut buffer,
                                &mut objects,
                                &mut random,
                            );
                        }
                        Event::Bootstrapped => client.start(now(), &mut objects)?,
                        Event::Answered { path } if path == Path::resource(3, 0, 4) => {
                            return Ok(());
                        }
                        _ => {}
                    }
                }
                Output::Idle { until } => break until,
                _ => {}
            }
        };
        // What has come, then a short sleep: an example may poll. A datagram that fills the buffer may have been cut.
        for (&session, (socket, peer)) in &sessions.0 {
            if let Ok((len, from)) = socket.recv_from(&mut buffer)
                && from == *peer
                && len < buffer.len()
            {
                client.handle_datagram(now(), session, &mut buffer, len, &mut objects, &mut random);
                break;
            }
        }
        if now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

//! An object of your own in a dozen lines: `cargo run --bin custom_object`.
//!
//! A tank with a level and a pump is derived from a struct, lent to the engine, and managed by a scripted server in
//! the same process: no network, no waiting.
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use carrier_mock::random::Pcg32;
use carrier_mock::server::{ManagementServer, Record, RecordKind, Request};
use core::net::SocketAddr;
use lwm2m_core::Client;
use lwm2m_core::client::{Config, Output, Resources, SessionEvent, SessionId};
use lwm2m_core::model::{Arguments, Error, Object, Objects, Outcome, Text};
use lwm2m_core::objects::{Device, Security, SecurityInstance, Server, ServerInstance};
use lwm2m_core::time::Instant;

/// The derive makes an LwM2M object of it: reads, checked writes, Execute, Discover and observation come for free.
#[derive(Default, Object)]
#[object(id = 26_241, version = "1.0", execute(2 => start_pump))]
struct Tank {
    /// Litres.
    #[resource(id = 0, mandatory, units = "l")]
    level: f64,
    /// What the operator calls it.
    #[resource(id = 1, ops = "RW")]
    name: Text<16>,
    /// Per cent of the pump's power.
    #[resource(id = 3, ops = "RW", type = "integer", range = 0..=100)]
    power: u8,
    /// Not a resource: the application's own.
    pump_runs: u32,
}

/// All objects of the device: this derive makes a set of them, which the engine is lent.
#[derive(Objects)]
struct Everything {
    security: Security<1>,
    server: Server<1>,
    device: Device<'static>,
    tank: Tank,
}

impl Tank {
    fn start_pump(&mut self, arguments: Arguments<'_>) -> Result<Outcome, Error> {
        if !arguments.is_empty() {
            return Err(Error::BadRequest);
        }
        self.pump_runs += 1;
        self.level += 10.0;
        Ok(Outcome::Done)
    }
}

/// What the server asks for after the registration.
const SCRIPT: &[Request<'static>] = &[
    Request::read("/26241/0/0").accept(0),
    Request::write("/26241/0/1", 0, b"rain water"),
    Request::read("/26241/0/1").accept(0),
    Request::write("/26241/0/3", 0, b"101"),
    Request::execute("/26241/0/2", ""),
    Request::read("/26241/0/0").accept(0),
    Request::discover("/26241"),
];

/// Prints what the server has seen.
fn show(record: &Record<'_>) {
    let path = record.request().map_or("", |request| request.path());
    let body = String::from_utf8_lossy(record.body());
    match record.kind() {
        RecordKind::Registered => println!("server: registered, objects {body}"),
        RecordKind::Answered => println!("server: {path} -> {} {body}", record.code()),
        other => println!("server: {other:?}"),
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let mut security = Security::<1>::new();
    security.add(
        0,
        &SecurityInstance::no_sec("coap://192.0.2.1:5683").short_server_id(1),
    )?;
    let mut server = Server::<1>::new();
    server.add(0, &ServerInstance::new(1).lifetime(3_600))?;
    let mut objects = Everything {
        security,
        server,
        device: Device::new("U").manufacturer("Example Ltd"),
        tank: Tank {
            level: 120.5,
            power: 40,
            ..Tank::default()
        },
    };

    let mut resources = Resources::<1, 2, 2, 8>::new();
    let mut random = Pcg32::new(1);
    let mut client = Client::new(&mut resources, Config::new("tank-1"), &mut random);
    let mut peer = ManagementServer::new(2, SCRIPT);
    let address: SocketAddr = "192.0.2.2:40000".parse()?;
    let mut buffer = [0; 1280];
    let mut now = Instant::ZERO;

    client.start(now, &mut objects)?;
    loop {
        // The client speaks until it has nothing more to say, then the server.
        let until = match client.poll_output(now, &mut buffer, &mut objects, &mut random) {
            Output::Transmit { datagram, .. } => {
                peer.handle(now, address, datagram);
                continue;
            }
            Output::Open { session, .. } => {
                let event = SessionEvent::Open { resumed: true };
                client.handle_session(now, session, event, &mut objects, &mut random);
                continue;
            }
            Output::Event(event) => {
                println!("device: {event:?}");
                continue;
            }
            Output::Idle { until } => until,
            _ => continue,
        };
        while let Some(record) = peer.take_record() {
            show(&record);
        }
        if let Some(transmit) = peer.poll(now, &mut buffer) {
            let (session, len) = (SessionId::new(0), transmit.len);
            client.handle_datagram(now, session, &mut buffer, len, &mut objects, &mut random);
        } else if let Some(next) = peer.next_timeout(now).filter(|next| *next < until) {
            now = next;
        } else {
            break;
        }
    }
    let tank = &objects.tank;
    println!(
        "{}: {} l, pump ran {} time(s)",
        tank.name.as_str(),
        tank.level,
        tank.pump_runs
    );
    if tank.pump_runs == 1 && tank.power == 40 {
        Ok(())
    } else {
        Err("the server was not obeyed".into())
    }
}

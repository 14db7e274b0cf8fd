//! An LwM2M client on a Cortex-M33, as a probe: `cargo xtask size` measures it, and it links only if no panic can be
//! reached. Datagrams come from a serial line, so the compiler cannot know them.
//!
//! A frame for session 255 is the application's: its first byte becomes the battery level.

#![no_std]
#![no_main]

#[cfg(feature = "typical")]
mod firmware;

#[cfg(feature = "typical")]
use lwm2m_core::Event;
#[cfg(not(feature = "typical"))]
use lwm2m_core::objects::ServerInstance;
use lwm2m_core::{
    Client, Config, Output, Resources, SessionEvent, SessionId,
    model::{Object, Path},
    objects::{Device, Security, SecurityInstance, Server, tables::device},
};
use probe::{
    board::{self, Line, Noise},
    fill,
};
use static_cell::StaticCell;

/// Frames that change a value of the device.
const APPLICATION: SessionId = SessionId::new(255);

/// The resource that they change.
const BATTERY_LEVEL: Path = Path::resource(device::DEFINITION.id, 0, device::BATTERY_LEVEL);

/// Servers at the same time, the bootstrap server included.
#[cfg(feature = "typical")]
const SERVERS: usize = 2;
#[cfg(not(feature = "typical"))]
const SERVERS: usize = 1;

/// Instances of objects 0 and 1, twice what is in use where a bootstrap session changes copies.
#[cfg(feature = "typical")]
const ACCOUNTS: usize = 2 * SERVERS;
#[cfg(not(feature = "typical"))]
const ACCOUNTS: usize = SERVERS;

/// Object 0, with room for URIs, identities and keys. The smallest client has one account without security, which nobody
/// changes.
#[cfg(feature = "typical")]
type Accounts = Security<ACCOUNTS, 64, 32, 16>;
#[cfg(not(feature = "typical"))]
type Accounts = Security<ACCOUNTS, 32, 0, 0>;

/// Observations, and values with notification attributes. The smallest client is measured with one observation, as its peers
/// are, and knows no attributes.
#[cfg(feature = "typical")]
const OBSERVATIONS: usize = 4;
#[cfg(not(feature = "typical"))]
const OBSERVATIONS: usize = 1;
#[cfg(feature = "typical")]
const ATTRIBUTES: usize = 4;
#[cfg(not(feature = "typical"))]
const ATTRIBUTES: usize = 0;

#[cortex_m_rt::entry]
fn main() -> ! {
    static mut BUFFER: [u8; 1280] = [0; 1280];
    static mut RESOURCES: Resources<SERVERS, OBSERVATIONS, ATTRIBUTES, 4> = Resources::new();
    static mut SECURITY: Accounts = Accounts::new();
    static mut SERVER: Server<ACCOUNTS> = Server::new();
    static DEVICE: StaticCell<Device<'static>> = StaticCell::new();
    static CLIENT: StaticCell<Client<'static>> = StaticCell::new();

    provision(SECURITY, SERVER);
    let device = fill(&DEVICE, || {
        Device::new("U")
            .manufacturer("Example Ltd")
            .model_number("Probe")
            .serial_number("1")
            .firmware_version("1.0")
    });
    #[cfg(feature = "typical")]
    let firmware = firmware::object();
    let line = Line::new();
    let random = &mut Noise;
    let client = fill(&CLIENT, || {
        Client::new(RESOURCES, Config::new("urn:dev:os:0023C7-1"), random)
    });
    let mut started = false;
    loop {
        #[cfg(feature = "typical")]
        firmware::serve(firmware, client, line);
        #[cfg(feature = "typical")]
        let objects: &mut [&mut dyn Object; 4] = &mut [SECURITY, SERVER, device, firmware];
        #[cfg(not(feature = "typical"))]
        let objects: &mut [&mut dyn Object; 3] = &mut [SECURITY, SERVER, device];
        if !started {
            started = client.start(board::now(), objects).is_ok();
        }
        let now = board::now();
        match client.poll_output(now, BUFFER, objects, random) {
            Output::Transmit {
                session, datagram, ..
            } => line.send(session.number(), &[datagram]),
            // The line is always there.
            Output::Open { session, .. } => {
                let open = SessionEvent::Open { resumed: true };
                client.handle_session(now, session, open, objects, random);
            }
            #[cfg(feature = "typical")]
            Output::Event(Event::BootstrapFinishing) => {
                client.finish_bootstrap(now, true, BUFFER, objects, random);
            }
            #[cfg(feature = "typical")]
            Output::Event(Event::Bootstrapped) => started = false,
            Output::Idle { until } => match line.receive(until, BUFFER) {
                Some((APPLICATION, _)) => {
                    let level = BUFFER.first().copied();
                    // A level above 100 is refused.
                    if device.set_battery_level(level).is_ok() {
                        client.changed(BATTERY_LEVEL);
                    }
                }
                Some((session, len)) => {
                    client.handle_datagram(board::now(), session, BUFFER, len, objects, random);
                }
                None => {}
            },
            _ => {}
        }
    }
}

/// The account of the bootstrap server, from which the rest comes.
#[cfg(feature = "typical")]
#[inline(never)]
fn provision(security: &mut Accounts, _: &mut Server<ACCOUNTS>) {
    let account = SecurityInstance::no_sec("coap://bootstrap.example").bootstrap(0);
    // There is room for the first account.
    let _ = security.add(0, &account);
}

/// The account of the one server.
#[cfg(not(feature = "typical"))]
// Inlined, its accounts would lie on the stack for good.
#[inline(never)]
fn provision(security: &mut Accounts, server: &mut Server<ACCOUNTS>) {
    let account = SecurityInstance::no_sec("coap://server.example").short_server_id(1);
    // There is room for the first account.
    let _ = security.add(0, &account);
    let _ = server.add(0, &ServerInstance::new(1));
}

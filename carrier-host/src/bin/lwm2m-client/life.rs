//! One life of the device, from its start to its restart or to the end of the program.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;

use carrier_host::clock::HostClock;
use carrier_host::console::{Command, Options, Reply};
use carrier_host::dtls::DtlsConfig;
use carrier_host::keys::HostKeys;
use carrier_host::link::HostLink;
use carrier_host::net::AsyncStack;
use carrier_host::random::OsRandom;
use carrier_host::sessions::HostSessions;
use embedded_nal_async::{AddrType, Dns, UdpStack};
use lwm2m_carrier::driver::{Handle, Shared};
use lwm2m_carrier::fota::{Fota, Unverified};
use lwm2m_carrier::hal::{CredentialKind, Hal, KeyStore, NoModemInfo};
use lwm2m_carrier::{Carrier, Credentials, Profile};
use lwm2m_core::Resources;
use lwm2m_core::model::ContentFormat;
use tokio::sync::Notify;

use crate::firmware::{Progress, Slot};
use crate::input::{Input, Wish};
use crate::objects::DeviceObjects;
use crate::reporter::{CA_TAG, Reporter, Restart};
use crate::state::State;
use crate::{Complaint, commands};

/// The longest message.
const BUFFER: usize = 1280;

/// Memory between the network and the firmware slot: a page of the slot beside what comes at once.
const FIRMWARE_BUFFER: usize = 8192;

/// How a life ends.
pub(crate) enum End {
    /// The user wants no more; the exit code.
    Left(u8),
    /// The device restarts.
    Restart,
}

/// Lives until the device restarts or the user wants no more.
pub(crate) async fn live(
    options: &Options,
    state: &State,
    input: &mut Input,
) -> Result<End, Complaint> {
    let keys = HostKeys::load(state.clone()).await;
    let keys = keys.map_err(|error| format!("the keys in the state cannot be read: {error}"))?;
    let ca = options.ca.as_deref();
    let ca = ca.map(|path| certificates(path, &keys)).transpose()?;
    let reporter = Reporter::new(options.json, ca);
    let firmware = Slot::open(options, reporter.clone()).await?;
    let progress = firmware.progress();
    let mut random = OsRandom::new().map_err(|error| error.to_string())?;
    let address = local_address(options).await.to_string();
    let mut objects = DeviceObjects::new(&address).map_err(|error| error.to_string())?;

    let profile = profile(options);
    let mut config = profile.config(&options.endpoint);
    config.format = ContentFormat::SenmlCbor;
    let mut resources = Box::new(Resources::<4, 16, 16, 16>::new());
    let carrier = Carrier::new(&mut *resources, &profile, config, &mut random);
    let mut package = vec![0; FIRMWARE_BUFFER];
    let mut verifier = Unverified;
    let mut fota = Box::new(Fota::new(&mut package, &mut verifier));
    let carrier = match options.firmware {
        Some(_) => carrier.with_firmware(&mut fota),
        None => carrier,
    };
    let shared = Box::new(Shared::new(carrier, &mut objects));
    let restart = Rc::new(Notify::new());
    let sessions = HostSessions::new(keys.ring(), DtlsConfig::default());
    #[cfg(debug_assertions)]
    let sessions = crate::fault::Faulty::new(sessions);
    let hal = Hal {
        link: HostLink::new(),
        keys,
        sessions,
        storage: state.clone(),
        clock: HostClock::new(),
        random,
        reset: Restart(Rc::clone(&restart)),
        firmware,
        modem: NoModemInfo,
    };
    let mut buffer = vec![0; BUFFER];
    let mut runner = shared.runner(hal, reporter.clone(), &mut buffer);
    let device = async {
        match Box::pin(runner.init()).await {
            Ok(()) => Box::pin(runner.run()).await,
            Err(error) => error,
        }
    };
    tokio::select! {
        error = device => Err(error.to_string()),
        code = attend(shared.handle(), &progress, &reporter, input) => Ok(End::Left(code)),
        () = restart.notified() => Ok(End::Restart),
    }
}

/// Does what the user wants until that is the end; the exit code.
async fn attend(
    handle: Handle<'_, '_, DeviceObjects>,
    firmware: &Progress,
    reporter: &Reporter,
    input: &mut Input,
) -> u8 {
    loop {
        match input.next().await {
            Wish::Line(Ok(Command::Quit)) => {
                reporter.answer(Ok::<_, &str>(Reply::done()));
                break;
            }
            Wish::Line(Ok(command)) => {
                reporter.answer(commands::carry_out(handle, firmware, &command));
            }
            Wish::Line(Err(error)) => reporter.answer(Err(error)),
            Wish::End => break,
        }
    }
    if handle.link_down().is_ok() {
        // A second signal does not wait for servers that do not answer.
        tokio::select! {
            () = handle.offline() => {}
            () = input.signal() => {}
        }
    }
    u8::from(!reporter.has_left_cleanly())
}

fn profile(options: &Options) -> Profile<'_> {
    let credentials = match &options.psk {
        Some(psk) => Credentials::Psk {
            identity: psk.identity(),
            key: psk.key(),
        },
        None => Credentials::None,
    };
    let profile = Profile::GENERIC
        .named("lwm2m-client")
        .with_credentials(credentials)
        .with_lifetime(options.lifetime)
        .with_queue_mode(options.queue)
        .with_certificates_from_application(options.ca.is_some());
    if options.is_bootstrap_server {
        profile.with_bootstrap_server(&options.server.text)
    } else {
        profile.with_server(&options.server.text)
    }
}

/// The CA certificates in the file, as the key store takes them.
fn certificates(path: &Path, keys: &impl KeyStore) -> Result<Rc<[u8]>, Complaint> {
    let file = std::fs::read(path);
    let certificates = file.map_err(|error| format!("{}: {error}", path.display()))?;
    match keys.check(CA_TAG, CredentialKind::CaChain, &certificates) {
        Ok(()) => Ok(certificates.into()),
        Err(_) => Err(format!(
            "{} has no CA certificates in PEM or DER, or more than 8192 bytes of them",
            path.display()
        )),
    }
}

/// The address of this host on the way to the server, for object 4; loopback while there is no way.
async fn local_address(options: &Options) -> IpAddr {
    let stack = AsyncStack::new();
    let found = stack.get_host_by_name(&options.server.host, AddrType::Either);
    if let Ok(ip) = found.await
        && let Ok((local, _)) =
            UdpStack::connect(&stack, SocketAddr::new(ip, options.server.port)).await
    {
        return local.ip();
    }
    IpAddr::V4(Ipv4Addr::LOCALHOST)
}

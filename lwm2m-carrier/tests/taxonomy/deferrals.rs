//! The reasons of `DEFERRED`, each by its cause; when the cause goes, the device goes on by itself.

use core::cell::Cell;

use carrier_mock::modem::KeyStoreMode;
use carrier_mock::recorder::Entry;
use carrier_mock::server::{Conduct, Credentials, Request};
use carrier_mock::world::{Door, Stop};
use lwm2m_carrier::hal::{LinkError, LinkErrorKind};
use lwm2m_carrier::{Deferred, DeferredReason, Event, errno};
use lwm2m_core::time::Instant;
use lwm2m_core::wire::coap::Code;

use crate::bench::{BOOTSTRAP, Manner, Recording, SERVER, Stage, address, secs, stage};
use crate::device::{Build, boot_with, errors, is_registered};

/// The DEFERRED events with their times.
pub(crate) fn deferred(recording: &Recording) -> Vec<(Instant, Deferred)> {
    let told = recording.entries().into_iter();
    told.filter_map(|(at, entry)| match entry {
        Entry::Event(Event::Deferred(deferred)) => Some((at, deferred)),
        _ => None,
    })
    .collect()
}

/// The device is deferred for `reason` as long as the cause is there, and registers when it is gone.
fn defers(
    reason: DeferredReason,
    cause: impl Fn(&Stage<'_, '_, '_>),
    cure: impl Fn(&Stage<'_, '_, '_>),
) {
    stage(|stage| {
        cause(&stage);
        let cured = Cell::new(false);
        let until = |_: &Event| {
            if !cured.get() && !deferred(stage.recording).is_empty() {
                cure(&stage);
                cured.set(true);
            }
            is_registered(stage.recording)
        };
        let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, until);
        assert_eq!(stop, Ok(Stop::Condition), "{reason:?}");
        let told = deferred(stage.recording);
        let reasons: Vec<_> = told.iter().map(|(_, told)| told.reason).collect();
        assert_eq!(reasons, [reason]);
        // The next attempt comes when it was promised, and not before.
        let (at, told) = told[0];
        let next = |entry: &Entry| match reason {
            DeferredReason::PdnActivate | DeferredReason::NoReason => {
                matches!(entry, Entry::Link(_))
            }
            _ => matches!(entry, Entry::Opened { .. }),
        };
        let entries = stage.recording.entries();
        let mut later = entries.iter().filter(|(then, _)| *then > at);
        let (then, _) = later.find(|(_, entry)| next(entry)).unwrap();
        let wait = then.since(at).as_secs();
        let promised = told.retry_after().as_secs();
        assert!(wait.abs_diff(promised) <= 3, "{reason:?} {wait} {promised}");
        assert!(promised >= 50, "{reason:?} {promised}");
    });
}

fn link(kind: LinkErrorKind) -> impl Fn(&Stage<'_, '_, '_>) {
    move |stage| {
        let error = LinkError::new(kind, errno::ENETDOWN);
        stage.world.link().refuse_up(error, 1);
    }
}

fn door(server: &'static str, door: Door) -> impl Fn(&Stage<'_, '_, '_>) {
    move |stage| stage.world.set_door(address(server), door).unwrap()
}

const REFUSE: Conduct = Conduct::Refuse(Code::BAD_REQUEST);
const BUSY: Conduct = Conduct::Refuse(Code::SERVICE_UNAVAILABLE);

#[test]
fn no_reason() {
    for kind in [
        LinkErrorKind::NoService,
        LinkErrorKind::Rejected,
        LinkErrorKind::Modem,
    ] {
        defers(DeferredReason::NoReason, link(kind), |_| ());
    }
}

#[test]
fn pdn_activate() {
    for kind in [LinkErrorKind::PacketData, LinkErrorKind::Sim] {
        defers(DeferredReason::PdnActivate, link(kind), |_| ());
    }
}

#[test]
fn bootstrap_no_route() {
    defers(
        DeferredReason::BootstrapNoRoute,
        door(BOOTSTRAP, Door::NoRoute),
        door(BOOTSTRAP, Door::Open),
    );
    let name = "bootstrap.example";
    defers(
        DeferredReason::BootstrapNoRoute,
        |stage| stage.world.set_name(name, None).unwrap(),
        |stage| {
            let found = address(BOOTSTRAP).ip();
            stage.world.set_name(name, Some(found)).unwrap();
        },
    );
}

#[test]
fn bootstrap_connect() {
    defers(
        DeferredReason::BootstrapConnect,
        door(BOOTSTRAP, Door::Refuses),
        door(BOOTSTRAP, Door::Open),
    );
    // A key that the server does not know.
    stage(|stage| {
        stage
            .bootstrap
            .borrow_mut()
            .set_credentials(Credentials::default());
        let any = |event: &Event| matches!(event, Event::Deferred(_));
        let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, any);
        assert_eq!(stop, Ok(Stop::Condition));
        let (_, told) = deferred(stage.recording)[0];
        assert_eq!(told.reason, DeferredReason::BootstrapConnect);
    });
}

#[test]
fn bootstrap_sequence() {
    for conduct in [REFUSE, Conduct::Silent] {
        defers(
            DeferredReason::BootstrapSequence,
            |stage| stage.bootstrap.borrow_mut().set_conduct_for(conduct, 1),
            |_| (),
        );
    }
    // A server that ends before it has configured anything, and one that never ends.
    const ENDS: &[Request<'_>] = &[Request::delete("/0"), Request::finish()];
    const GOES_ON: &[Request<'_>] = &[Request::delete("/0")];
    for script in [ENDS, GOES_ON] {
        stage(|stage| {
            stage.bootstrap.borrow_mut().set_script(script);
            let any = |event: &Event| matches!(event, Event::Deferred(_));
            let stop = stage.boot(KeyStoreMode::Online, Manner::Plain, any);
            assert_eq!(stop, Ok(Stop::Condition));
            let (_, told) = deferred(stage.recording)[0];
            assert_eq!(told.reason, DeferredReason::BootstrapSequence);
        });
    }
}

#[test]
fn server_no_route() {
    defers(
        DeferredReason::ServerNoRoute,
        door(SERVER, Door::NoRoute),
        door(SERVER, Door::Open),
    );
}

#[test]
fn server_connect() {
    defers(
        DeferredReason::ServerConnect,
        door(SERVER, Door::Refuses),
        door(SERVER, Door::Open),
    );
}

#[test]
fn server_registration() {
    for conduct in [REFUSE, Conduct::Refuse(Code::FORBIDDEN), Conduct::Silent] {
        defers(
            DeferredReason::ServerRegistration,
            |stage| stage.server.borrow_mut().set_conduct_for(conduct, 1),
            |_| (),
        );
    }
}

#[test]
fn service_unavailable() {
    defers(
        DeferredReason::ServiceUnavailable,
        |stage| stage.bootstrap.borrow_mut().set_conduct_for(BUSY, 1),
        |_| (),
    );
    defers(
        DeferredReason::ServiceUnavailable,
        |stage| stage.server.borrow_mut().set_conduct_for(BUSY, 1),
        |_| (),
    );
}

/// Errors are for what the application may have to look after; a server that fails is none.
#[test]
fn a_server_that_fails_is_no_error() {
    stage(|stage| {
        stage.bootstrap.borrow_mut().set_conduct_for(REFUSE, 2);
        let stop = stage.boot_until_registered(KeyStoreMode::Online);
        assert_eq!(stop, Ok(Stop::Condition));
        assert_eq!(deferred(stage.recording).len(), 2);
        assert_eq!(errors(stage.recording), []);
    });
}

/// No number of failures is the last: after two weeks a server that comes back is found within the longest wait, a day
/// and its tenth.
#[test]
fn attempts_never_end() {
    let back = Instant::ZERO + secs(14 * 86_400);
    for name in [BOOTSTRAP, SERVER] {
        stage(|stage| {
            let set = |door| stage.world.set_door(address(name), door).unwrap();
            set(Door::NoRoute);
            let build = Build::default();
            let stop = boot_with(
                stage.world,
                &build,
                || false,
                async |handle| {
                    stage.world.sleep_until(back).await;
                    set(Door::Open);
                    handle.registered(101).await;
                },
            );
            assert_eq!(stop, Ok(Stop::Condition), "{name}");
            let found = stage.world.now().since(back);
            assert!(found <= secs(95_100), "{name} {found:?}");
            // What was tried in vain was promised each time.
            let told = deferred(stage.recording);
            for pair in told.windows(2) {
                let next = pair[0].0 + pair[0].1.retry_after();
                assert!(pair[1].0 <= next + secs(5), "{name} {pair:?}");
            }
        });
    }
}

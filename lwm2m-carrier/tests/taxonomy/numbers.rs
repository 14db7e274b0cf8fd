//! The numbers by which hosts know events, errors and deferrals, through all releases: tables as the releases have
//! them. A dash there is a 0 here, and `None` in the library.

use lwm2m_carrier::hal::DetachReason;
use lwm2m_carrier::{Cause, Deferred, DeferredReason, Era, Error, ErrorKind, Event};
use lwm2m_core::time::Duration;

const ERAS: [Era; 8] = [
    Era::V1_1,
    Era::V1_2,
    Era::V1_4,
    Era::V1_6,
    Era::V1_8,
    Era::V2_0,
    Era::V2_4,
    Era::V2_7,
];

fn same(name: &str, number: impl Fn(Era) -> Option<u32>, published: [Option<u32>; 8]) {
    for (era, published) in ERAS.into_iter().zip(published) {
        assert_eq!(number(era), published, "{name} {era:?}");
    }
}

fn numbers(published: [u32; 8]) -> [Option<u32>; 8] {
    published.map(|number| Some(number).filter(|&number| number != 0))
}

/// Columns: 1.1, 1.2, 1.4, 1.6, 1.8, 2.0 to 2.3, 2.4 to 2.6, 2.7 to 3.2. A name and those that it had before or got
/// later are one row.
#[test]
fn events() {
    let reason = DetachReason::Requested;
    let deferred = Deferred::new(DeferredReason::NoReason, Duration::ZERO);
    let error = Error::new(ErrorKind::Internal, Cause::Record);
    let confirmed = true;
    for (event, published) in [
        // BSDLIB_INIT; MODEM_INIT in 1.6 and 1.8; INIT in 2.0.
        (Event::Initialized, [1, 1, 1, 1, 1, 1, 0, 0]),
        (Event::CertsInit, [0, 0, 0, 30, 30, 0, 0, 0]),
        (Event::Connecting, [0, 2, 2, 2, 2, 0, 0, 0]),
        (Event::Connected, [0, 3, 3, 3, 3, 0, 0, 0]),
        (Event::Disconnecting, [0, 4, 4, 4, 4, 0, 0, 0]),
        (Event::Disconnected { reason }, [0, 5, 5, 5, 5, 0, 0, 0]),
        (Event::Bootstrapped, [4, 6, 6, 6, 6, 6, 4, 4]),
        (Event::LteReady, [0, 0, 11, 11, 11, 0, 0, 0]),
        // READY until 1.2.
        (Event::Registered { server: 1 }, [5, 7, 7, 7, 7, 7, 5, 5]),
        (
            Event::Deregistered {
                server: 1,
                confirmed,
            },
            [0, 0, 0, 0, 0, 0, 0, 6],
        ),
        (Event::Deferred(deferred), [0, 8, 8, 8, 8, 8, 6, 7]),
        (Event::FotaStart, [6, 9, 9, 9, 9, 9, 7, 8]),
        (Event::FotaSuccess, [0, 0, 0, 0, 0, 0, 8, 9]),
        (Event::Reboot, [10, 10, 10, 10, 10, 10, 9, 10]),
        (Event::Error(error), [0, 20, 20, 20, 20, 20, 20, 20]),
    ] {
        let number = |era| event.number(era);
        same(event.chart_name(), number, numbers(published));
    }
}

/// From 2.4 on `FOTA_FAIL`, which is 4 there, is what `FOTA_PKG`, `FOTA_PROTO`, `FOTA_CONN` and `FOTA_CONN_LOST` had been.
#[test]
fn errors() {
    for (kind, published) in [
        // LTE_LINK_UP_FAIL and LTE_LINK_DOWN_FAIL from 2.0 on.
        (ErrorKind::ConnectFail, [0, 1, 1, 1, 1, 1, 1, 1]),
        (ErrorKind::DisconnectFail, [0, 2, 2, 2, 2, 2, 2, 2]),
        (ErrorKind::Bootstrap, [0, 3, 3, 3, 3, 3, 3, 3]),
        (ErrorKind::FotaPackage, [0, 4, 4, 4, 4, 4, 4, 4]),
        (ErrorKind::FotaProtocol, [0, 5, 5, 5, 5, 5, 4, 4]),
        (ErrorKind::FotaConnection, [0, 6, 6, 6, 6, 6, 4, 4]),
        (ErrorKind::FotaConnectionLost, [0, 7, 7, 7, 7, 7, 4, 4]),
        (ErrorKind::FotaFail, [0, 8, 8, 8, 8, 8, 4, 4]),
        (ErrorKind::Configuration, [0, 0, 0, 10, 9, 9, 5, 5]),
        (ErrorKind::Init, [0, 0, 0, 0, 0, 10, 6, 6]),
        (ErrorKind::Internal, [0, 0, 0, 0, 0, 11, 0, 0]),
    ] {
        let number = |era| kind.number(era);
        same(kind.chart_name(), number, numbers(published));
    }
}

/// The payload of `DEFERRED` came with 1.2.1.
#[test]
fn deferrals() {
    use DeferredReason as Reason;
    for (reason, published) in [
        (Reason::NoReason, 0),
        (Reason::PdnActivate, 1),
        (Reason::BootstrapNoRoute, 2),
        (Reason::BootstrapConnect, 3),
        (Reason::BootstrapSequence, 4),
        (Reason::ServerNoRoute, 5),
        (Reason::ServerConnect, 6),
        (Reason::ServerRegistration, 7),
    ] {
        let mut everywhere = [Some(published); 8];
        everywhere[0] = None;
        same(reason.chart_name(), |era| reason.number(era), everywhere);
    }
    // 9 in 1.7; in 1.6 it was an error, with the same number.
    let unavailable = numbers([0, 0, 0, 9, 8, 8, 8, 8]);
    let reason = Reason::ServiceUnavailable;
    same(reason.chart_name(), |era| reason.number(era), unavailable);
    // It came with 1.9.
    let msisdn = numbers([0, 0, 0, 0, 9, 9, 9, 9]);
    let reason = Reason::SimMsisdn;
    same(reason.chart_name(), |era| reason.number(era), msisdn);
}

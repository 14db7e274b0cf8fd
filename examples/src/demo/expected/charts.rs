//! The sequence charts in the timeline.

use super::{Line, follow};

/// A chart's arrows and boxes, each the beginning of a line.
struct Chart {
    name: &'static str,
    steps: &'static [&'static str],
}

/// In the order in which they begin in the life.
const CHARTS: [Chart; 6] = [
    Chart {
        name: "5, CA certificates, the write fails",
        steps: &[
            "call     init()",
            "event    LWM2M_CARRIER_EVENT_BSDLIB_INIT",
            "event    LWM2M_CARRIER_EVENT_CERTS_INIT",
            "keys     write CA certificates to tag 7: failed",
            "answer   error 12",
            "return   init(): error 12",
        ],
    },
    Chart {
        name: "1, initialization, the certificates in between",
        steps: &[
            "call     init()",
            "event    LWM2M_CARRIER_EVENT_BSDLIB_INIT",
            "event    LWM2M_CARRIER_EVENT_CERTS_INIT",
            "answer   success",
            "event    LWM2M_CARRIER_EVENT_CONNECTING",
            "event    LWM2M_CARRIER_EVENT_CONNECTED",
            "return   init(): success",
            "call     run()",
        ],
    },
    Chart {
        name: "4, CA certificates",
        steps: &[
            "event    LWM2M_CARRIER_EVENT_CERTS_INIT",
            "keys     write CA certificates to tag 7",
            "answer   success, CA certificates under tag 7",
        ],
    },
    Chart {
        name: "2, bootstrap",
        steps: &[
            "event    LWM2M_CARRIER_EVENT_DISCONNECTING",
            "event    LWM2M_CARRIER_EVENT_DISCONNECTED (as requested)",
            "keys     write identity to tag 26",
            "keys     write pre-shared key to tag 26",
            "event    LWM2M_CARRIER_EVENT_CONNECTING",
            "event    LWM2M_CARRIER_EVENT_CONNECTED",
            "event    LWM2M_CARRIER_EVENT_BOOTSTRAPPED",
            "event    LWM2M_CARRIER_EVENT_LTE_READY",
            "event    LWM2M_CARRIER_EVENT_REGISTERED",
        ],
    },
    Chart {
        name: "3, FOTA",
        steps: &[
            "event    LWM2M_CARRIER_EVENT_FOTA_START",
            "message  device -> lwm2m  answer to Execute /5/0/2: ACK 2.04",
            "event    LWM2M_CARRIER_EVENT_DISCONNECTING",
            "event    LWM2M_CARRIER_EVENT_DISCONNECTED (as requested)",
            "event    LWM2M_CARRIER_EVENT_CONNECTING",
            "event    LWM2M_CARRIER_EVENT_CONNECTED",
            "event    LWM2M_CARRIER_EVENT_LTE_READY",
            "event    LWM2M_CARRIER_EVENT_REGISTERED",
        ],
    },
    Chart {
        name: "6, FOTA, the connection is refused",
        steps: &[
            "event    LWM2M_CARRIER_EVENT_FOTA_START",
            "session  2 begins its handshake, the application's CA certificates applied",
            "event    LWM2M_CARRIER_EVENT_ERROR (LWM2M_CARRIER_ERROR_FOTA_CONN 111",
        ],
    },
];

/// Looks for each chart: its steps, in order, and no other event between them. Each begins behind the one before.
///
/// # Errors
/// A sentence that names the chart that is missing.
pub(super) fn check(lines: &[Line]) -> Result<(), String> {
    let mut from = 0;
    for Chart { name, steps } in CHARTS {
        let rest = lines.get(from..).unwrap_or_default();
        let at = (0..rest.len()).find(|at| {
            let start = rest.get(*at..).unwrap_or_default();
            let first = steps.first().copied().unwrap_or_default();
            start
                .first()
                .is_some_and(|line| line.text.starts_with(first))
                && follow(start, steps, false).is_ok()
        });
        match at {
            Some(at) => from += at,
            None => return Err(format!("Chart {name} is not in the timeline.")),
        }
    }
    Ok(())
}

//! Values, gaps, outages, restarts, a quiet day.

pub(super) const VALUES: &[&str] = &[
    "message  device -> lwm2m  Notify /3303/0/5700: NON 2.05",
    "server   /3303/0/5700 has changed = 22",
    "message  device -> lwm2m  Notify /3303/0/5700: NON 2.05",
    "server   /3303/0/5700 has changed = 22.5",
    "message  device -> lwm2m  Update /rd/1: CON POST",
    "message  device <- lwm2m  answer to Update /rd/1: ACK 2.04",
];

pub(super) const COVERAGE: &[&str] = &[
    "link     down, no coverage",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTED (no coverage)",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "event    LWM2M_CARRIER_EVENT_LTE_READY",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/2",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    "server   /3303/0/5700: 2.05 = 22.5",
];

/// An Update is sent five times (RFC 7252, section 4.2), then the device waits.
pub(super) const OUTAGE: &[&str] = &[
    "server   goes down",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "message  device -> lwm2m  Update /rd/2: CON POST",
    "event    LWM2M_CARRIER_EVENT_DEFERRED (LWM2M_CARRIER_DEFERRED_SERVER_REGISTRATION, next attempt in 60 s)",
    "server   the registration has expired",
    "server   is back",
    "message  device -> lwm2m  Register /rd: CON POST",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/3",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    "server   /3303/0/5700: 2.05 = 22.5",
    "server   /3303/0/5700 has changed = 19.5",
];

/// The application refuses once; the next life comes without a bootstrap.
pub(super) const RESTART: &[&str] = &[
    "message  device <- lwm2m  Execute /3/0/4: CON POST",
    "message  device -> lwm2m  answer to Execute /3/0/4: ACK 2.04",
    "event    LWM2M_CARRIER_EVENT_REBOOT",
    "answer   the application refuses",
    "message  device <- lwm2m  Execute /3/0/4: CON POST",
    "message  device -> lwm2m  answer to Execute /3/0/4: ACK 2.04",
    "event    LWM2M_CARRIER_EVENT_REBOOT",
    "answer   the application agrees",
    "device   restarts",
    "device   boots",
    "call     init()",
    "event    LWM2M_CARRIER_EVENT_BSDLIB_INIT",
    "event    LWM2M_CARRIER_EVENT_CERTS_INIT",
    "answer   success, CA certificates under tag 7",
    "event    LWM2M_CARRIER_EVENT_CONNECTING",
    "link     up",
    "event    LWM2M_CARRIER_EVENT_CONNECTED",
    "return   init(): success",
    "call     run()",
    "event    LWM2M_CARRIER_EVENT_LTE_READY",
    "message  device -> lwm2m  Register /rd: CON POST",
    "message  device <- lwm2m  answer to Register /rd: ACK 2.01, location /rd/8",
    "event    LWM2M_CARRIER_EVENT_REGISTERED (server 101)",
    // The last result is still there.
    "server   /5/0/5: 2.05 = 1 (success)",
    "message  device <- lwm2m  Write /1/0/1: CON PUT",
    "message  device -> lwm2m  answer to Write /1/0/1: ACK 2.04",
    "message  device -> lwm2m  Update /rd/8: CON POST",
];

pub(super) const QUIET_DAY: &[&str] = &[
    "server   /3303/0/5700 has changed = 22",
    "server   /3303/0/5700 has changed = 22.5",
    "server   /3303/0/5700 has changed = 23",
    "server   /3303/0/5700 has changed = 22.5",
    "server   /3303/0/5700 has changed = 22",
    "server   /3303/0/5700 has changed = 21.5",
    "message  device -> lwm2m  Update /rd/8: CON POST",
    "message  device <- lwm2m  answer to Update /rd/8: ACK 2.04",
];

pub(super) const END: &[&str] = &[
    "call     link_down()",
    "message  device -> lwm2m  De-register /rd/8: CON DELETE",
    "message  device <- lwm2m  answer to De-register /rd/8: ACK 2.02",
    "event    LWM2M_CARRIER_EVENT_DEREGISTERED (server 101)",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTING",
    "link     down, as requested",
    "event    LWM2M_CARRIER_EVENT_DISCONNECTED (as requested)",
];

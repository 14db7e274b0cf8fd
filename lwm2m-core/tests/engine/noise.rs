//! Whatever the network sends: no panic, no endless output, no deadline in the past (the fixture checks the latter two),
//! and every answer is a CoAP message.

use lwm2m_core::model::Path;
use lwm2m_core::wire::coap::{Code, Message};
use proptest::prelude::*;

use crate::common::{Device, Out, Request, get, hex, put};

/// What a network may do to a device.
#[derive(Clone, Debug)]
enum Step {
    /// Bytes of any kind.
    Bytes(Vec<u8>),
    /// A request that is likely to mean something.
    Request {
        method: u8,
        path: usize,
        format: usize,
        payload: Vec<u8>,
        options: Vec<(u16, Vec<u8>)>,
    },
    /// A request with some bytes changed.
    Bent {
        path: usize,
        at: usize,
        byte: u8,
        cut: usize,
    },
    Change(u16),
    Wait(u64),
}

const PATHS: [&str; 16] = [
    "/",
    "/0",
    "/0/1",
    "/1",
    "/1/0",
    "/1/0/1",
    "/1/0/4",
    "/1/0/8",
    "/1/0/9",
    "/3",
    "/3/0",
    "/3/0/9",
    "/3/0/7/0",
    "/65534/0/1",
    "/bs",
    "/3/0/4",
];

const FORMATS: [Option<u16>; 6] = [None, Some(0), Some(40), Some(42), Some(112), Some(11_542)];

/// Pieces of valid payloads, so that decoders get past the first byte.
const PAYLOADS: [&str; 5] = [
    "c800144f70656e204d6f62696c6520416c6c69616e6365860641000141010588070842000ed842011388",
    "82a3216263002f00613103764c69676874a20061320369333435",
    "080079c800144f70656e",
    "9fbf2163000061ffff",
    "c80010636f61703a2f2f3139322e302e322e39c10100c10203c003c004c005c10a07",
];

fn step() -> impl Strategy<Value = Step> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..80);
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        (0..PAYLOADS.len(), any::<usize>(), any::<u8>()).prop_map(|(which, at, byte)| {
            let mut payload = hex(PAYLOADS[which]);
            let at = at % payload.len();
            payload[at] = byte;
            payload
        }),
        (0..PAYLOADS.len()).prop_map(|which| hex(PAYLOADS[which])),
    ];
    let option = (
        prop_oneof![
            Just(1u16),
            Just(3),
            Just(5),
            Just(6),
            Just(15),
            Just(17),
            Just(23),
            Just(27),
            Just(60),
            0..300u16
        ],
        proptest::collection::vec(any::<u8>(), 0..5),
    );
    let request = (
        1..8u8,
        0..PATHS.len(),
        0..FORMATS.len(),
        payload,
        proptest::collection::vec(option, 0..4),
    );
    prop_oneof![
        bytes.prop_map(Step::Bytes),
        request.prop_map(|(method, path, format, payload, options)| Step::Request {
            method,
            path,
            format,
            payload,
            options
        }),
        (0..PATHS.len(), any::<usize>(), any::<u8>(), any::<usize>()).prop_map(
            |(path, at, byte, cut)| Step::Bent {
                path,
                at,
                byte,
                cut
            }
        ),
        (0..20u16).prop_map(Step::Change),
        (0..400u64).prop_map(Step::Wait),
    ]
}

fn check(out: &[Out]) {
    for output in out {
        if let Out::Transmit(_, datagram, _) = output {
            let message = Message::parse(datagram);
            assert!(message.is_ok(), "{datagram:02x?}");
            assert!(datagram.len() <= 1280);
        }
    }
}

fn disturb(device: &mut Device, step: &Step) {
    match step {
        Step::Bytes(bytes) => check(&device.receive(bytes)),
        Step::Request {
            method,
            path,
            format,
            payload,
            options,
        } => {
            let mut request = Request::new(Code(*method), PATHS[*path]);
            for (number, value) in options {
                request = request.option(*number, value);
            }
            request = match FORMATS[*format] {
                Some(format) => request.with(format, payload),
                None => request.payload(payload),
            };
            let datagram = request.bytes();
            check(&device.receive(&datagram));
            // And once more, as networks do.
            check(&device.receive(&datagram));
        }
        Step::Bent {
            path,
            at,
            byte,
            cut,
        } => {
            let mut datagram = put(PATHS[*path]).with(11_542, &hex(PAYLOADS[0])).bytes();
            let at = at % datagram.len();
            datagram[at] = *byte;
            datagram.truncate(datagram.len() - cut % 4);
            check(&device.receive(&datagram));
        }
        Step::Change(resource) => {
            device.client.changed(Path::resource(3, 0, *resource));
            check(&device.drain());
        }
        Step::Wait(secs) => {
            for (_, output) in device.wait(*secs) {
                check(&[output]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_registered_device_survives_noise(steps in proptest::collection::vec(step(), 1..40)) {
        let mut device = Device::registered();
        check(&device.receive(&get("/3/0/9").uint(6, 0).bytes()));
        for step in &steps {
            disturb(&mut device, step);
        }
    }

    #[test]
    fn a_device_survives_noise_while_it_bootstraps(steps in proptest::collection::vec(step(), 1..40)) {
        let mut device = crate::bootstrap::bootstrapping();
        for step in &steps {
            disturb(&mut device, step);
        }
    }
}

//! Where the device belongs: chosen when the firmware is built.
//!
//! | variable | |
//! | --- | --- |
//! | `LWM2M_SERVER` | URI of the bootstrap server |
//! | `LWM2M_PSK_IDENTITY` | identity of the pre-shared key |
//! | `LWM2M_PSK_KEY` | the key: 32 hexadecimal digits |
//!
//! Without a key in the build, which is how devices should be made, it lies in the modem under tag 25 already.

use lwm2m_carrier::hal::SecurityTag;
use lwm2m_carrier::{Credentials, Profile};

/// The device's profile.
pub(crate) const PROFILE: Profile<'static> = Profile::GENERIC
    .with_bootstrap_server(match option_env!("LWM2M_SERVER") {
        Some(uri) => uri,
        None => "coaps://bootstrap.example.com:5684",
    })
    .with_credentials(CREDENTIALS)
    .with_lifetime(3600)
    .with_queue_mode(true)
    // The modem's TLS takes records of up to 2 KiB.
    .with_firmware_fragment(1024);

const CREDENTIALS: Credentials<'static> = match (
    option_env!("LWM2M_PSK_IDENTITY"),
    option_env!("LWM2M_PSK_KEY"),
) {
    (Some(identity), Some(_)) => Credentials::Psk {
        identity: identity.as_bytes(),
        key: &KEY,
    },
    _ => Credentials::Tag(SecurityTag(25)),
};

const KEY: [u8; 16] = match option_env!("LWM2M_PSK_KEY") {
    Some(text) => from_hex(text.as_bytes()),
    None => [0; 16],
};

/// Fails the build unless these are 32 hexadecimal digits.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "evaluated by the compiler alone"
)]
const fn from_hex(text: &[u8]) -> [u8; 16] {
    assert!(text.len() == 32, "LWM2M_PSK_KEY has 32 hexadecimal digits");
    let mut key = [0; 16];
    let mut at = 0;
    while at < 32 {
        let digit = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => panic!("LWM2M_PSK_KEY has hexadecimal digits only"),
        };
        key[at / 2] = key[at / 2] << 4 | digit;
        at += 1;
    }
    key
}

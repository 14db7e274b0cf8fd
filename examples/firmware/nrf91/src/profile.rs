//! Where the device belongs: chosen when the firmware is built.
//!
//! | variable | |
//! | --- | --- |
//! | `LWM2M_SERVER` | URI of the bootstrap server |
//! | `LWM2M_PSK_IDENTITY` | identity of the pre-shared key |
//! | `LWM2M_PSK_KEY` | the key: 32 hexadecimal digits |
//! | `LWM2M_FIRMWARE_KEY` | public key of the application's images, a compressed point of P-256: 66 hexadecimal digits |
//!
//! Without a pre-shared key in the build, which is how devices should be made, it lies in the modem under tag 25 already.

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

/// By which images of the application are trusted.
pub(crate) const FIRMWARE_KEY: Option<[u8; 33]> = match option_env!("LWM2M_FIRMWARE_KEY") {
    Some(text) => Some(from_hex(text.as_bytes())),
    None => None,
};

/// Fails the build unless these are two hexadecimal digits for each byte.
#[allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "evaluated by the compiler alone"
)]
const fn from_hex<const N: usize>(text: &[u8]) -> [u8; N] {
    assert!(
        text.len() == 2 * N,
        "a key has two hexadecimal digits for each byte"
    );
    let mut key = [0; N];
    let mut at = 0;
    while at < 2 * N {
        let digit = match text[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            _ => panic!("a key has hexadecimal digits only"),
        };
        key[at / 2] = key[at / 2] << 4 | digit;
        at += 1;
    }
    key
}

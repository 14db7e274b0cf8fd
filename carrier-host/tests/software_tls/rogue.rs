//! A TLS 1.3 server that says what it likes (RFC 8446).

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::digest::{Context, SHA256, digest};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::authority::Identity;

pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;

pub(crate) const ENCRYPTED_EXTENSIONS: &[u8] = &[8, 0, 0, 2, 0, 0];

struct Len(usize);

impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label (section 7.1).
fn expand(secret: &Prk, label: &str, context: &[u8], len: usize) -> Vec<u8> {
    let label = format!("tls13 {label}");
    let mut out = vec![0; len];
    let info = [
        &(len as u16).to_be_bytes()[..],
        &[label.len() as u8],
        label.as_bytes(),
        &[context.len() as u8],
        context,
    ];
    let okm = secret.expand(&info, Len(len)).unwrap();
    okm.fill(&mut out).unwrap();
    out
}

/// A handshake message.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32).to_be_bytes();
    [&[kind], &len[1..], body].concat()
}

/// Protects records.
struct Protection {
    key: LessSafeKey,
    iv: Vec<u8>,
    count: u64,
}

impl Protection {
    fn new(secret: &[u8]) -> Self {
        let secret = Prk::new_less_safe(HKDF_SHA256, secret);
        let key = UnboundKey::new(&AES_128_GCM, &expand(&secret, "key", &[], 16)).unwrap();
        Self {
            key: LessSafeKey::new(key),
            iv: expand(&secret, "iv", &[], 12),
            count: 0,
        }
    }
}

pub(crate) struct Rogue {
    tcp: TcpStream,
    transcript: Context,
    /// The handshake secret.
    secret: Prk,
    server: Vec<u8>,
    protection: Protection,
}

impl Rogue {
    /// Answers the ClientHello with a ServerHello.
    pub(crate) fn hello(mut tcp: TcpStream) -> io::Result<Self> {
        let mut header = [0; 5];
        tcp.read_exact(&mut header)?;
        let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        tcp.read_exact(&mut hello)?;
        // Its share of the key: P-256, 65 bytes.
        let share = [0, 0x17, 0, 65, 4];
        let at = hello.windows(5).position(|part| part == share).unwrap() + 4;
        let share = UnparsedPublicKey::new(&ECDH_P256, &hello[at..at + 65]);
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
        let public = own.compute_public_key().unwrap();

        let versions = [0, 43, 0, 2, 3, 4];
        let share_header = [0, 51, 0, 69, 0, 0x17, 0, 65];
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0, 0x13, 0x01, 0, 0, 79],
            &versions,
            &share_header,
            public.as_ref(),
        ];
        let answer = message(2, &body.concat());
        let mut transcript = Context::new(&SHA256);
        transcript.update(&hello);
        transcript.update(&answer);

        let early = Salt::new(HKDF_SHA256, &[0; 32]).extract(&[0; 32]);
        let derived = expand(&early, "derived", digest(&SHA256, b"").as_ref(), 32);
        let secret = agree_ephemeral(own, &share, |shared| {
            Salt::new(HKDF_SHA256, &derived).extract(shared)
        })
        .unwrap();
        let hash = transcript.clone().finish();
        let server = expand(&secret, "s hs traffic", hash.as_ref(), 32);
        let mut rogue = Self {
            tcp,
            transcript,
            secret,
            protection: Protection::new(&server),
            server,
        };
        rogue.plain(HANDSHAKE, &answer)?;
        Ok(rogue)
    }

    /// A record that is not protected.
    pub(crate) fn plain(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let len = (content.len() as u16).to_be_bytes();
        self.tcp
            .write_all(&[&[kind, 3, 3], &len[..], content].concat())
    }

    /// A protected record with this plaintext, the last byte of which that is not zero is the type.
    pub(crate) fn protected(&mut self, plaintext: &[u8]) -> io::Result<()> {
        let protection = &mut self.protection;
        let mut nonce: [u8; 12] = protection.iv.as_slice().try_into().unwrap();
        for (byte, count) in nonce[4..].iter_mut().zip(protection.count.to_be_bytes()) {
            *byte ^= count;
        }
        protection.count += 1;
        let len = (plaintext.len() as u16 + 16).to_be_bytes();
        let header = [APPLICATION_DATA, 3, 3, len[0], len[1]];
        let mut record = plaintext.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        protection
            .key
            .seal_in_place_append_tag(nonce, Aad::from(header), &mut record)
            .unwrap();
        self.plain(APPLICATION_DATA, &record)
    }

    /// A message of the handshake.
    pub(crate) fn handshake(&mut self, message: &[u8]) -> io::Result<()> {
        self.transcript.update(message);
        self.protected(&[message, &[HANDSHAKE]].concat())
    }

    /// The certificates of `identity`.
    pub(crate) fn certificate(&mut self, identity: &Identity) -> io::Result<()> {
        let mut entries = Vec::new();
        for der in &identity.chain {
            entries.extend_from_slice(&(der.len() as u32).to_be_bytes()[1..]);
            entries.extend_from_slice(der);
            entries.extend_from_slice(&[0, 0]);
        }
        let len = (entries.len() as u32).to_be_bytes();
        let body = [&[0], &len[1..], &entries].concat();
        self.handshake(&message(11, &body))
    }

    /// A signature by the key of `identity`, over the handshake up to here.
    pub(crate) fn certificate_verify(&mut self, identity: &Identity) -> io::Result<()> {
        let random = SystemRandom::new();
        let pkcs8 = identity.key.secret_der();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random).unwrap();
        let hash = self.transcript.clone().finish();
        let context = b"TLS 1.3, server CertificateVerify\0";
        let signed = [&[0x20; 64][..], context, hash.as_ref()].concat();
        let signature = key.sign(&random, &signed).unwrap();
        let len = (signature.as_ref().len() as u16).to_be_bytes();
        let body = [&[0x04, 0x03], &len[..], signature.as_ref()].concat();
        self.handshake(&message(15, &body))
    }

    /// Finished; from here the keys of data protect. The device's is read over.
    pub(crate) fn finished(&mut self) -> io::Result<()> {
        let server = Prk::new_less_safe(HKDF_SHA256, &self.server);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &expand(&server, "finished", &[], 32));
        let hash = self.transcript.clone().finish();
        let mac = hmac::sign(&key, hash.as_ref());
        self.handshake(&message(20, mac.as_ref()))?;

        let empty = digest(&SHA256, b"");
        let derived = expand(&self.secret, "derived", empty.as_ref(), 32);
        let master = Salt::new(HKDF_SHA256, &derived).extract(&[0; 32]);
        let hash = self.transcript.clone().finish();
        let traffic = expand(&master, "s ap traffic", hash.as_ref(), 32);
        self.protection = Protection::new(&traffic);
        Ok(())
    }

    /// Waits until the device hangs up, but not for ever.
    pub(crate) fn wait(mut self) -> io::Result<()> {
        self.tcp.set_read_timeout(Some(Duration::from_secs(2)))?;
        // It may be a reset.
        let _ = self.tcp.read_to_end(&mut Vec::new());
        Ok(())
    }
}

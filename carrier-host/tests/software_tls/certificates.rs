//! Whose certificate is accepted (RFC 5280, section 6.1; RFC 9525).

use std::io::{Read, Write};

use lwm2m_carrier::hal::{CaTags, Received, Security, SecurityTag, SessionErrorKind, Sessions};
use lwm2m_core::time::UnixTime;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P384_SHA384,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;

use super::authority::{Authority, Identity};
use super::{FIRST, OPENED, Setup, TAG, failure, open, server, stream};

const HOST: &str = "firmware.example.com";

/// How opening a session ends with a server that shows `identity`, and should be `host`.
async fn outcome(identity: &Identity, host: &str, setup: Setup<'_>) -> Received {
    let (port, server) = server::tls(server::config(identity), |mut tls| {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        tls.write_all(&byte)
    });
    let opened = setup
        .run(async |sessions| {
            let opened = open(sessions, &stream(host, port)).await;
            sessions.close(FIRST).await;
            opened
        })
        .await;
    // Nothing more came.
    assert!(server.join().unwrap().is_err());
    opened
}

async fn accepted(identity: &Identity, host: &str, trusted: &[u8]) {
    let opened = outcome(identity, host, Setup::new(&[(TAG, trusted)])).await;
    assert_eq!(opened, OPENED);
}

/// As chart 6 has it: ECONNREFUSED.
async fn refused(identity: &Identity, host: &str, trusted: &[u8]) {
    let refusal = outcome(identity, host, Setup::new(&[(TAG, trusted)])).await;
    assert_eq!(failure(refusal), (SessionErrorKind::Handshake, 111));
}

#[tokio::test]
async fn the_authority_under_the_tag_vouches_for_names_and_addresses() {
    let authority = Authority::new("Test CA");
    let names = [HOST, "*.example.net", "127.0.0.1"];
    let identity = authority.issue(&names, |_| {});
    for host in [HOST, "FIRMWARE.example.com", "a.example.net", "127.0.0.1"] {
        accepted(&identity, host, &authority.der()).await;
    }
    for host in [
        "example.com",
        "other.example.com",
        "example.net",
        "a.b.example.net",
        "127.0.0.2",
    ] {
        refused(&identity, host, &authority.der()).await;
    }
}

#[tokio::test]
async fn a_common_name_does_not_count() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[], |params| {
        params.distinguished_name.push(DnType::CommonName, HOST);
    });
    refused(&identity, HOST, &authority.der()).await;
}

#[tokio::test]
async fn another_authority_does_not_vouch_even_with_the_same_name() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |_| {});
    refused(&identity, HOST, &Authority::new("Other CA").der()).await;
    refused(&identity, HOST, &Authority::new("Test CA").der()).await;
}

#[tokio::test]
async fn there_may_be_several_under_a_tag_and_several_tags() {
    let (other, authority) = (Authority::new("Other CA"), Authority::new("Test CA"));
    let identity = authority.issue(&[HOST], |_| {});
    let both = [other.der().to_vec(), authority.der().to_vec()].concat();
    accepted(&identity, HOST, &both).await;

    let second = SecurityTag(412);
    let (other, authority) = (other.der(), authority.der());
    let trusted: &[(SecurityTag, &[u8])] = &[(TAG, &other), (second, &authority)];
    let (port, _server) = server::tls(server::config(&identity), |mut tls| tls.read(&mut [0]));
    Setup::new(trusted)
        .run(async |sessions| {
            let tags = CaTags::new(&[TAG, second]).unwrap();
            let request = stream(HOST, port).secured_by(Security::CaTags(tags));
            assert_eq!(open(sessions, &request).await, OPENED);
        })
        .await;
}

#[tokio::test]
async fn a_tag_stands_for_the_certificates_under_it() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |_| {});
    let der = authority.der();
    let (port, _server) = server::tls(server::config(&identity), |mut tls| tls.read(&mut [0]));
    Setup::new(&[(TAG, &der)])
        .run(async |sessions| {
            let request = stream(HOST, port).secured_by(Security::Tag(TAG));
            assert_eq!(open(sessions, &request).await, OPENED);
        })
        .await;
}

#[tokio::test]
async fn intermediates_vouch_if_they_may() {
    let root = Authority::new("Root CA");
    for (is_ca, vouches) in [(true, true), (false, false)] {
        let intermediate = root.below("Intermediate", is_ca);
        let mut identity = intermediate.issue(&[HOST], |_| {});
        identity.chain.push(intermediate.der());
        if vouches {
            accepted(&identity, HOST, &root.der()).await;
        } else {
            refused(&identity, HOST, &root.der()).await;
        }
    }
    // It must be shown.
    let identity = root.below("Intermediate", true).issue(&[HOST], |_| {});
    refused(&identity, HOST, &root.der()).await;
}

#[tokio::test]
async fn five_certificates_are_taken_and_no_more() {
    let root = Authority::new("Root CA");
    let mut authority = root.below("1", true);
    let mut above = vec![authority.der()];
    for depth in 2..=5 {
        let identity = authority.issue(&[HOST], |_| {});
        let chain = [identity.chain, above.clone()].concat();
        let identity = Identity { chain, ..identity };
        accepted(&identity, HOST, &root.der()).await;
        authority = authority.below(&depth.to_string(), true);
        above.insert(0, authority.der());
    }
    let identity = authority.issue(&[HOST], |_| {});
    let chain = [identity.chain, above].concat();
    refused(&Identity { chain, ..identity }, HOST, &root.der()).await;
}

#[tokio::test]
async fn a_certificate_for_another_purpose_is_refused() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    refused(&identity, HOST, &authority.der()).await;
}

#[tokio::test]
async fn a_key_of_another_curve_is_refused() {
    let authority = Authority::new("Test CA");
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let certificate = authority.sign(&params, &key);
    let identity = Identity {
        chain: vec![certificate],
        key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    };
    refused(&identity, HOST, &authority.der()).await;
}

/// 2030-01-01 and 2031-01-01, midnight.
const FROM: i64 = 1_893_456_000;
const TO: i64 = 1_924_992_000;

#[tokio::test]
async fn dates_count() {
    let authority = Authority::new("Test CA");
    let identity = authority.issue(&[HOST], |params| {
        params.not_before = date_time_ymd(2030, 1, 1);
        params.not_after = date_time_ymd(2031, 1, 1);
    });
    let der = authority.der();
    for (date, accepted) in [(FROM - 1, false), (FROM, true), (TO, true), (TO + 1, false)] {
        let trusted: &[(SecurityTag, &[u8])] = &[(TAG, &der)];
        let setup = Setup {
            date: Some(UnixTime::from_secs(date)),
            ..Setup::new(trusted)
        };
        let opened = outcome(&identity, HOST, setup).await;
        if accepted {
            assert_eq!(opened, OPENED, "{date}");
        } else {
            assert_eq!(
                failure(opened),
                (SessionErrorKind::Handshake, 111),
                "{date}"
            );
        }
    }
}

/// The network is not asked for anything.
async fn refused_at_once(setup: Setup<'_>, host: &str, errno: i32) {
    setup
        .run(async |sessions| {
            let error = sessions.open(FIRST, &stream(host, 1)).await.unwrap_err();
            let expected = (SessionErrorKind::Handshake, errno);
            assert_eq!((error.kind, error.errno), expected);
        })
        .await;
}

#[tokio::test]
async fn what_can_be_known_before_is_refused_before() {
    let der = Authority::new("Test CA").der();
    let trusted: &[(SecurityTag, &[u8])] = &[(TAG, &der)];
    for date in [None, Some(UnixTime::from_secs(-1))] {
        let setup = Setup {
            date,
            ..Setup::new(trusted)
        };
        // EPERM.
        refused_at_once(setup, HOST, 1).await;
    }
    // ENOENT.
    refused_at_once(Setup::new(&[]), HOST, 2).await;
    // EINVAL.
    for credential in [&b"-----BEGIN CERTIFICATE-----"[..], &der[..100]] {
        refused_at_once(Setup::new(&[(TAG, credential)]), HOST, 22).await;
    }
    refused_at_once(Setup::new(trusted), "no name", 22).await;
    let long = "a.".repeat(150);
    refused_at_once(Setup::new(trusted), &long, 22).await;
}

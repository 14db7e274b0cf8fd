//! Credentials in PEM (RFC 7468).

use lwm2m_core::wire::base64;

/// Most characters of a line that are looked at; RFC 7468 has lines of 64.
const LINE: usize = 76;

/// Whether `text` is nothing but blocks with one of these labels, whole and decodable, and at least one.
///
/// The modem decodes them once more. A line is base64 by itself: all but the last of a block have full groups.
pub(super) fn is_pem(text: &[u8], labels: &[&str]) -> bool {
    // The label of the block that is open, and how many lines it has.
    let mut open: Option<(&[u8], u32)> = None;
    let mut blocks = 0_u32;
    for line in text.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        match &mut open {
            None if line.is_empty() => {}
            None => {
                let Some(name) = between(line, b"-----BEGIN ") else {
                    return false;
                };
                if !labels.iter().any(|label| label.as_bytes() == name) {
                    return false;
                }
                open = Some((name, 0));
            }
            Some((name, lines)) => {
                if let Some(end) = between(line, b"-----END ") {
                    if end != *name || *lines == 0 {
                        return false;
                    }
                    open = None;
                    blocks = blocks.saturating_add(1);
                } else if decodes(line) {
                    *lines = lines.saturating_add(1);
                } else {
                    return false;
                }
            }
        }
    }
    open.is_none() && blocks > 0
}

/// What stands between `begin` and five dashes.
fn between<'l>(line: &'l [u8], begin: &[u8]) -> Option<&'l [u8]> {
    line.strip_prefix(begin)?.strip_suffix(b"-----")
}

fn decodes(line: &[u8]) -> bool {
    let mut buffer = zeroize::Zeroizing::new([0; LINE]);
    let Some(copy) = buffer.get_mut(..line.len()) else {
        return false;
    };
    copy.copy_from_slice(line);
    base64::decode(copy).is_ok_and(|len| len > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The public key of RFC 7468, section 13, under the labels of this test.
    const BODY: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEn1LlwLN/KBYQRVH6HfIMTzfEqJOVztLe\nkLchp2hi78cCaMY81FBlYs8J9l7krc+M4aBeCGYFjba+hiXttJWPL7ydlE+5UG4U\nNkn3Eos8EiZByi9DVsyfy9eejh+8AXgp\n";

    fn block(label: &str) -> String {
        format!("-----BEGIN {label}-----\n{BODY}-----END {label}-----\n")
    }

    fn is_certificate(text: &str) -> bool {
        is_pem(text.as_bytes(), &["CERTIFICATE"])
    }

    #[test]
    fn chains_are_whole_blocks() {
        let one = block("CERTIFICATE");
        assert!(is_certificate(&one));
        assert!(is_certificate(&format!("{one}\n{one}")));
        assert!(is_certificate(&one.replace('\n', "\r\n")));
    }

    #[test]
    fn everything_else_is_refused() {
        let one = block("CERTIFICATE");
        for text in [
            String::new(),
            BODY.to_owned(),
            block("PUBLIC KEY"),
            format!("{one}{}", block("PUBLIC KEY")),
            format!("{one}trailing"),
            one.replace("-----END", "----END"),
            one.replace("MHYw", "MH\"w"),
            one.replace(BODY, ""),
            one[..one.len() / 2].to_owned(),
            one.replace("-----END CERTIFICATE", "-----END PRIVATE KEY"),
            one.replace("MHYw", "MHY"),
            format!("{one}-----BEGIN CERTIFICATE-----\n"),
        ] {
            assert!(!is_certificate(&text), "{text}");
        }
    }
}

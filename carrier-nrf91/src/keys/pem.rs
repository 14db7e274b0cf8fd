//! Credentials in PEM (RFC 7468).

use pem_rfc7468::Decoder;

/// Whether `text` is nothing but blocks of which each label satisfies `label`, whole and decodable, and at least one.
pub(super) fn is_pem(text: &[u8], label: impl Fn(&str) -> bool) -> bool {
    let mut rest = text.trim_ascii();
    let mut blocks = 0_u32;
    while !rest.is_empty() {
        let Some(end) = end_of_block(rest) else {
            return false;
        };
        let Some((block, after)) = rest.split_at_checked(end) else {
            return false;
        };
        let Ok(mut decoder) = Decoder::new(block) else {
            return false;
        };
        if !label(decoder.type_label()) || !decodes(&mut decoder) {
            return false;
        }
        rest = after.trim_ascii_start();
        blocks = blocks.saturating_add(1);
    }
    blocks > 0
}

/// The end of the first block: behind the dashes that follow its label.
fn end_of_block(text: &[u8]) -> Option<usize> {
    const END: &[u8] = b"-----END ";
    const DASHES: &[u8] = b"-----";
    let label = find(text, END)?.checked_add(END.len())?;
    let dashes = find(text.get(label..)?, DASHES)?;
    label.checked_add(dashes)?.checked_add(DASHES.len())
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn decodes(decoder: &mut Decoder<'_>) -> bool {
    let mut buffer = zeroize::Zeroizing::new([0; 48]);
    if decoder.remaining_len() == 0 {
        return false;
    }
    loop {
        let len = decoder.remaining_len().min(buffer.len());
        let Some(part) = buffer.get_mut(..len) else {
            return false;
        };
        if decoder.decode(part).is_err() {
            return false;
        }
        if decoder.is_finished() {
            return true;
        }
    }
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
        is_pem(text.as_bytes(), |label| label == "CERTIFICATE")
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
        ] {
            assert!(!is_certificate(&text), "{text}");
        }
    }
}

//! Addresses in text.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lwm2m_core::wire::number::parse_u64;

use crate::at::nibble;

/// Reads an IPv4 address in dotted decimal, or an IPv6 address in any form of RFC 4291, section 2.2.
// Ours, because `core`'s parser is longer and can panic, as far as the linker knows.
pub(crate) fn parse(text: &[u8]) -> Option<IpAddr> {
    if let Some(octets) = ipv4(text) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let mut groups = [0; 8];
    let gap = text.windows(2).position(|pair| pair == b"::");
    let (head, tail) = match gap {
        Some(at) => (text.get(..at)?, text.get(at..)?.get(2..)?),
        None => (text, [].as_slice()),
    };
    let count = fill(&mut groups, head, gap.is_none())?;
    match gap {
        None if count < groups.len() => return None,
        None => {}
        Some(_) => {
            let mut last = [0; 8];
            let len = fill(&mut last, tail, true)?;
            // The gap stands for one group at least.
            let from = groups.len().checked_sub(len).filter(|from| count < *from)?;
            let place = groups.get_mut(from..)?;
            place.copy_from_slice(last.get(..len)?);
        }
    }
    Some(Ipv6Addr::from(groups).into())
}

/// Fills the first groups from text between colons; how many. The last one may be an IPv4 address, where it `ends` all.
fn fill(groups: &mut [u16; 8], text: &[u8], ends: bool) -> Option<usize> {
    let mut count = 0_usize;
    if text.is_empty() {
        return Some(0);
    }
    let mut rest = Some(text);
    while let Some(text) = rest {
        let colon = text.iter().position(|byte| *byte == b':');
        let part = text.get(..colon.unwrap_or(text.len()))?;
        rest = colon.and_then(|at| text.get(at.checked_add(1)?..));
        if rest.is_none()
            && ends
            && let Some([a, b, c, d]) = ipv4(part)
        {
            let place = groups.get_mut(count..count.checked_add(2)?)?;
            place.copy_from_slice(&[u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
            return count.checked_add(2);
        }
        *groups.get_mut(count)? = group(part)?;
        count = count.checked_add(1)?;
    }
    Some(count)
}

/// One to four hexadecimal digits.
fn group(text: &[u8]) -> Option<u16> {
    if !matches!(text.len(), 1..=4) {
        return None;
    }
    let mut digits = text.iter().map(|byte| nibble(*byte));
    digits.try_fold(0, |group, digit| Some(group << 4 | u16::from(digit?)))
}

/// Four numbers up to 255, without zeros in front.
fn ipv4(text: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = text.split(|byte| *byte == b'.');
    for octet in &mut octets {
        let part = parts.next()?;
        // Neither a sign nor a zero in front.
        match part.first()? {
            b'0' if part.len() > 1 => return None,
            b'0'..=b'9' => {}
            _ => return None,
        }
        *octet = u8::try_from(parse_u64(part).ok()?).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parser of `core` is the oracle.
    #[test]
    fn addresses_are_read_as_core_reads_them() {
        for text in [
            "0.0.0.0",
            "192.0.2.1",
            "255.255.255.255",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.4 ",
            "1..2.3",
            "",
            ".",
            "1.2.3.+4",
            "a.b.c.d",
            "1234.1.1.1",
            "00.0.0.0",
            "::",
            "::1",
            "1::",
            "2001:db8::8:800:200c:417a",
            "FF01::101",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7::",
            "::2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            "1:2:3:4::5:6:7:8",
            "1::2::3",
            ":::",
            "1:::2",
            ":1",
            "1:",
            ":1:2:3:4:5:6:7",
            "12345::",
            "g::",
            "::g",
            "::ffff:129.144.52.38",
            "::129.144.52.38",
            "1:2:3:4:5:6:129.144.52.38",
            "1:2:3:4:5:6:7:129.144.52.38",
            "129.144.52.38::",
            "::129.144.52.38:1",
            "1.2.3.4:5:6:7:8:9:a",
            "::1.2.3",
            "::1.2.3.256",
            "fe80::1%eth0",
            "[::1]",
            "::1:",
            "1:2:3:4:5:6:7:1.2.3.4",
            "::1:2:3:4:5:1.2.3.4",
            "::1:2:3:4:5:6:1.2.3.4",
            "example.com",
        ] {
            assert_eq!(parse(text.as_bytes()), text.parse().ok(), "{text}");
        }
    }
}

//! Checks of [`ModemInfo`].

use lwm2m_carrier::hal::{ModemInfo, NotAvailable};

use super::breach::{Breach, Found, Rule};

const IMEI: Rule = Rule::new("modem_info::imei", "an IMEI has 15 digits");
const ICCID: Rule = Rule::new("modem_info::iccid", "an ICCID has 18 to 22 digits");
const MSISDN: Rule = Rule::new("modem_info::msisdn", "a telephone number is 1 to 15 digits");
const IMSI: Rule = Rule::new("modem_info::imsi", "an IMSI has 6 to 15 digits");
const RSRQ: Rule = Rule::new("modem_info::rsrq", "the quality is -34 to 2 dB");
const BEARER: Rule = Rule::new("modem_info::bearer", "bearers have numbers up to 50");
const ADDRESSES: Rule = Rule::new(
    "modem_info::addresses",
    "without an address they are not available",
);
const NETWORK: Rule = Rule::new(
    "modem_info::network",
    "country and network codes have three digits, cells 28 bits",
);
const VERSION: Rule = Rule::new(
    "modem_info::firmware_version",
    "a version is 1 to 32 printable characters",
);
const RSRP: Rule = Rule::new("modem_info::rsrp", "the power is -140 to -44 dBm");
const SHORT: Rule = Rule::new(
    "modem_info::short_buffers",
    "a fact that does not fit is not available",
);
/// Bytes that a buffer has at least.
const ROOM: usize = 32;

/// All checks. What the port does not know is no breach.
///
/// # Errors
/// The first breach.
pub async fn all(info: &mut impl ModemInfo) -> Result<(), Breach> {
    formats(info).await?;
    short_buffers(info).await
}

/// What is known has the form that the standards give it.
///
/// # Errors
/// A breach.
pub async fn formats(info: &mut impl ModemInfo) -> Result<(), Breach> {
    let mut buffer = [0; ROOM];
    if let Ok(imei) = info.imei(&mut buffer).await {
        digits(IMEI, imei, 15, 15)?;
    }
    if let Ok(iccid) = info.iccid(&mut buffer).await {
        digits(ICCID, iccid, 18, 22)?;
    }
    if let Ok(msisdn) = info.msisdn(&mut buffer).await {
        // ITU-T E.164, section 6.1.
        digits(MSISDN, msisdn, 1, 15)?;
    }
    if let Ok(version) = info.firmware_version(&mut buffer).await {
        let printable = !version.is_empty() && !version.chars().any(char::is_control);
        VERSION.keep(printable, "nothing, or control characters")?;
    }
    if let Ok(imsi) = info.imsi(&mut buffer).await {
        digits(IMSI, imsi, 6, 15)?;
    }
    within(RSRP, info.rsrp().await, -140, -44)?;
    within(RSRQ, info.rsrq().await, -34, 2)?;
    within(BEARER, info.bearer().await, 0, 50)?;
    within(NETWORK, info.network().await.map(|(mcc, _)| mcc), 0, 999)?;
    within(NETWORK, info.network().await.map(|(_, mnc)| mnc), 0, 999)?;
    within(NETWORK, info.cell_id().await, 0, (1 << 28) - 1)?;
    ADDRESSES.keep(info.addresses().await != Ok([None; 2]), "none at all")
}

fn within<T: Into<i64>>(
    rule: Rule,
    number: Result<T, NotAvailable>,
    least: i64,
    most: i64,
) -> Result<(), Breach> {
    match number.map(Into::into) {
        Ok(number) if !(least..=most).contains(&number) => Err(rule.breach(Found::Number(number))),
        _ => Ok(()),
    }
}

/// A buffer that is too short gets no part of a fact, which might be taken for the whole.
///
/// # Errors
/// A breach.
pub async fn short_buffers(info: &mut impl ModemInfo) -> Result<(), Breach> {
    let mut long = [0; ROOM];
    for len in [0, 8] {
        let mut short = [0; 8];
        let part = short.get_mut(..len).unwrap_or_default();
        SHORT.keep(info.imei(part).await.is_err(), "a part of the IMEI")?;
        let part = short.get_mut(..len).unwrap_or_default();
        SHORT.keep(info.iccid(part).await.is_err(), "a part of the ICCID")?;
        let whole = info.imsi(&mut long).await.map_or(0, str::len);
        let part = short.get_mut(..len).unwrap_or_default();
        let cut = info.imsi(part).await.is_ok_and(|text| text.len() != whole);
        SHORT.keep(!cut, "a part of the IMSI")?;
        let mut room = [0; 100];
        let whole = info.access_point(&mut room).await.map_or(0, str::len);
        let part = short.get_mut(..len).unwrap_or_default();
        let cut = info.access_point(part).await;
        let cut = cut.is_ok_and(|text| text.len() != whole);
        SHORT.keep(!cut, "a part of the access point name")?;
        let whole = info.msisdn(&mut long).await.map_or(0, str::len);
        let part = short.get_mut(..len).unwrap_or_default();
        let fits = info
            .msisdn(part)
            .await
            .is_ok_and(|text| text.len() != whole);
        SHORT.keep(!fits, "a part of the telephone number")?;
        let whole = info.firmware_version(&mut long).await.map_or(0, str::len);
        let part = short.get_mut(..len).unwrap_or_default();
        let cut = info.firmware_version(part).await;
        let cut = cut.is_ok_and(|text| text.len() != whole);
        SHORT.keep(!cut, "a part of the version")?;
    }
    Ok(())
}

fn digits(rule: Rule, text: &str, least: usize, most: usize) -> Result<(), Breach> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    rule.keep(all, "something other than digits")?;
    if (least..=most).contains(&text.len()) {
        return Ok(());
    }
    let len = i64::try_from(text.len()).unwrap_or(i64::MAX);
    Err(rule.breach(Found::Number(len)))
}

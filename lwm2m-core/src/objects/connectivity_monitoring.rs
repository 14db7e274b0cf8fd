//! Connectivity Monitoring, object 4, version 1.2.

use crate::model::{Error, Object, ObjectDefinition, Text, ValueWriter};

use super::{SetError, tables::connectivity_monitoring as table};

/// Room for the text of an IPv6 address with a scope.
type Address = Text<45>;

/// How many bearers can be available, and how many addresses there can be of each kind.
const BEARERS: usize = 4;
const ADDRESSES: usize = 2;

/// How the device is connected. Servers only read it; the application sets what its modem says.
///
/// Mandatory are the bearer, the available bearers, the signal strength and the addresses; what else was not set is
/// absent.
///
/// # Examples
/// ```
/// use lwm2m_core::objects::ConnectivityMonitoring;
///
/// let mut connectivity = ConnectivityMonitoring::new();
/// connectivity.set_bearer(7, &[6, 7])?; // NB-IoT, where LTE-FDD would do too
/// connectivity.set_signal_strength(-101);
/// connectivity.set_addresses(&["192.0.2.1", "2001:db8::1"])?;
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectivityMonitoring {
    addresses: [Option<Address>; ADDRESSES],
    routers: [Option<Address>; ADDRESSES],
    apn: Option<Text<64>>,
    cell: Option<Cell>,
    link_quality: Option<i32>,
    signal_strength: i16,
    signal_snr: Option<i16>,
    link_utilization: Option<u8>,
    bearer: u8,
    available: [Option<u8>; BEARERS],
}

/// The cell that serves the device (resources 8, 9, 10 and 12), as 3GPP TS 23.003 numbers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Cell {
    /// Cell id, up to 28 bits (resource 8).
    pub id: u32,
    /// Mobile network code, 0 to 999 (resource 9).
    pub mnc: u16,
    /// Mobile country code, 0 to 999 (resource 10).
    pub mcc: u16,
    /// Location or tracking area code (resource 12).
    pub area: Option<u32>,
}

impl Cell {
    /// Cell `id` of the network `mcc`, `mnc`.
    #[must_use]
    pub const fn new(id: u32, mcc: u16, mnc: u16) -> Self {
        Self {
            id,
            mnc,
            mcc,
            area: None,
        }
    }

    /// The same, in a location or tracking area.
    #[must_use]
    pub const fn area(mut self, code: u32) -> Self {
        self.area = Some(code);
        self
    }
}

impl ConnectivityMonitoring {
    /// GSM without signal and address, until it is known better.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            addresses: [const { None }; ADDRESSES],
            routers: [const { None }; ADDRESSES],
            apn: None,
            cell: None,
            link_quality: None,
            signal_strength: 0,
            signal_snr: None,
            link_utilization: None,
            bearer: 0,
            available: [None; BEARERS],
        }
    }

    /// Sets the bearer in use and those available, at most 4 (resources 0 and 1): 0 GSM, 5 LTE-TDD, 6 LTE-FDD,
    /// 7 NB-IoT, 21 WLAN, 41 Ethernet, others to 50.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] above 50, [`SetError::Full`].
    pub fn set_bearer(&mut self, bearer: u8, available: &[u8]) -> Result<(), SetError> {
        if available.len() > BEARERS {
            return Err(SetError::Full);
        }
        if bearer > 50 || available.iter().any(|&bearer| bearer > 50) {
            return Err(SetError::OutOfRange);
        }
        self.bearer = bearer;
        self.available = [None; BEARERS];
        for (entry, bearer) in self.available.iter_mut().zip(available) {
            *entry = Some(*bearer);
        }
        Ok(())
    }

    /// Sets the signal strength in dBm (resource 2): RSSI of GSM, RSCP of UMTS, RSRP of LTE, NRSRP of NB-IoT.
    pub const fn set_signal_strength(&mut self, dbm: i16) {
        self.signal_strength = dbm;
    }

    /// Sets the link quality (resource 3): RxQual of GSM, RSRQ of LTE, NRSRQ of NB-IoT, LQI of IEEE 802.15.4.
    pub const fn set_link_quality(&mut self, quality: Option<i32>) {
        self.link_quality = quality;
    }

    /// Sets the addresses of the device, at most 2 (resource 4).
    ///
    /// # Errors
    /// [`SetError::Full`], [`SetError::TooLong`] for more than 45 bytes.
    pub fn set_addresses(&mut self, addresses: &[&str]) -> Result<(), SetError> {
        self.addresses = list(addresses)?;
        Ok(())
    }

    /// Sets the addresses of the next routers, at most 2 (resource 5).
    ///
    /// # Errors
    /// [`SetError::Full`], [`SetError::TooLong`] for more than 45 bytes.
    pub fn set_routers(&mut self, addresses: &[&str]) -> Result<(), SetError> {
        self.routers = list(addresses)?;
        Ok(())
    }

    /// Sets the utilization of the link in per cent (resource 6).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] above 100.
    pub fn set_link_utilization(&mut self, percent: Option<u8>) -> Result<(), SetError> {
        if percent > Some(100) {
            return Err(SetError::OutOfRange);
        }
        self.link_utilization = percent;
        Ok(())
    }

    /// Sets the access point name (resource 7, one instance).
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than 64 bytes.
    pub fn set_apn(&mut self, apn: Option<&str>) -> Result<(), SetError> {
        self.apn = apn
            .map(Text::try_from)
            .transpose()
            .map_err(|_| SetError::TooLong)?;
        Ok(())
    }

    /// Sets the serving cell (resources 8, 9, 10 and 12).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] for a network or country code above 999.
    pub fn set_cell(&mut self, cell: Option<Cell>) -> Result<(), SetError> {
        if cell.is_some_and(|cell| cell.mnc > 999 || cell.mcc > 999) {
            return Err(SetError::OutOfRange);
        }
        self.cell = cell;
        Ok(())
    }

    /// Sets the ratio of signal to interference and noise in dB (resource 11).
    pub const fn set_signal_snr(&mut self, db: Option<i16>) {
        self.signal_snr = db;
    }

    /// The value of a resource that is one integer.
    fn number(&self, resource: u16) -> Option<i64> {
        match resource {
            table::NETWORK_BEARER => Some(i64::from(self.bearer)),
            table::RADIO_SIGNAL_STRENGTH => Some(i64::from(self.signal_strength)),
            table::LINK_QUALITY => self.link_quality.map(i64::from),
            table::LINK_UTILIZATION => self.link_utilization.map(i64::from),
            table::CELL_ID => self.cell.map(|cell| i64::from(cell.id)),
            table::SMNC => self.cell.map(|cell| i64::from(cell.mnc)),
            table::SMCC => self.cell.map(|cell| i64::from(cell.mcc)),
            table::SIGNALSNR => self.signal_snr.map(i64::from),
            table::LAC => self.cell.and_then(|cell| cell.area).map(i64::from),
            _ => None,
        }
    }
}

fn list(addresses: &[&str]) -> Result<[Option<Address>; ADDRESSES], SetError> {
    if addresses.len() > ADDRESSES {
        return Err(SetError::Full);
    }
    let mut list = [const { None }; ADDRESSES];
    for (entry, address) in list.iter_mut().zip(addresses) {
        *entry = Some(Text::try_from(*address).map_err(|_| SetError::TooLong)?);
    }
    Ok(list)
}

fn write_list(list: &[Option<Address>], out: &mut ValueWriter<'_>) {
    for (id, address) in (0..).zip(list.iter().flatten()) {
        out.instance(id).string(address.as_str());
    }
}

impl Default for ConnectivityMonitoring {
    fn default() -> Self {
        Self::new()
    }
}

impl Object for ConnectivityMonitoring {
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        after.is_none().then_some(0)
    }

    fn read(&self, _instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        match resource {
            table::AVAILABLE_NETWORK_BEARER => {
                for (id, &bearer) in (0..).zip(self.available.iter().flatten()) {
                    out.instance(id).integer(i64::from(bearer));
                }
            }
            table::IP_ADDRESSES => write_list(&self.addresses, out),
            table::ROUTER_IP_ADDRESSES if self.routers.iter().any(Option::is_some) => {
                write_list(&self.routers, out);
            }
            table::APN => {
                let apn = self.apn.as_ref().ok_or(Error::NotFound)?;
                out.instance(0).string(apn.as_str());
            }
            _ => out.integer(self.number(resource).ok_or(Error::NotFound)?),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn read<'b>(
        object: &ConnectivityMonitoring,
        resource: u16,
        buf: &'b mut [u8],
    ) -> Option<Value<'b>> {
        let mut out = ValueWriter::capturing(buf);
        object.read(0, resource, &mut out).ok()?;
        out.captured()
    }

    #[test]
    fn only_what_is_mandatory_is_there_before_it_is_set() {
        let object = ConnectivityMonitoring::new();
        for definition in table::DEFINITION.resources {
            let present = object.has_resource(0, definition.id);
            assert_eq!(present, definition.is_mandatory(), "{}", definition.id);
        }
    }

    #[test]
    fn what_the_modem_says_is_read_with_the_type_of_the_registry() {
        let mut object = ConnectivityMonitoring::new();
        object.set_bearer(7, &[6, 7]).unwrap();
        object.set_signal_strength(-101);
        object.set_link_quality(Some(-12));
        object.set_addresses(&["192.0.2.1", "2001:db8::1"]).unwrap();
        object.set_routers(&["192.0.2.254"]).unwrap();
        object.set_link_utilization(Some(5)).unwrap();
        object.set_apn(Some("iot.example")).unwrap();
        let cell = Cell::new(0x0fff_ffff, 262, 1).area(0xabcd);
        object.set_cell(Some(cell)).unwrap();
        object.set_signal_snr(Some(-3));
        let last_values = [
            Value::Integer(7),
            Value::Integer(7),
            Value::Integer(-101),
            Value::Integer(-12),
            Value::String("2001:db8::1"),
            Value::String("192.0.2.254"),
            Value::Integer(5),
            Value::String("iot.example"),
            Value::Integer(268_435_455),
            Value::Integer(1),
            Value::Integer(262),
            Value::Integer(-3),
            Value::Integer(43_981),
        ];
        for (definition, expected) in table::DEFINITION.resources.iter().zip(last_values) {
            let mut buf = [0; 32];
            let value = read(&object, definition.id, &mut buf);
            assert_eq!(value, Some(expected), "{}", definition.id);
            assert_eq!(expected.data_type(), definition.data_type);
        }
        assert_eq!(table::DEFINITION.resources.len(), last_values.len());
    }

    #[test]
    fn what_the_registry_does_not_allow_changes_nothing() {
        let mut object = ConnectivityMonitoring::new();
        assert_eq!(object.set_bearer(51, &[]), Err(SetError::OutOfRange));
        assert_eq!(object.set_bearer(0, &[51]), Err(SetError::OutOfRange));
        assert_eq!(object.set_bearer(1, &[0; 5]), Err(SetError::Full));
        assert_eq!(object.set_addresses(&["", "", ""]), Err(SetError::Full));
        let long = "0123456789012345678901234567890123456789012345";
        assert_eq!(object.set_routers(&[long]), Err(SetError::TooLong));
        let out_of_range = Some(Cell::new(1, 1000, 0));
        assert_eq!(object.set_cell(out_of_range), Err(SetError::OutOfRange));
        assert_eq!(
            object.set_link_utilization(Some(101)),
            Err(SetError::OutOfRange)
        );
        assert_eq!(read(&object, 0, &mut []), Some(Value::Integer(0)));
        for resource in [5, 6, 8, 9, 10] {
            assert!(!object.has_resource(0, resource), "{resource}");
        }
    }
}

//! Object 4 as the modem tells it.

use core::fmt::Write as _;
use core::net::IpAddr;

use heapless::String;
use lwm2m_core::model::{Path, Text};
use lwm2m_core::objects::tables::connectivity_monitoring as table;
use lwm2m_core::objects::{Cell, ConnectivityMonitoring, SetError};

use crate::hal::ModemInfo;

/// Bytes of the longest access point name (3GPP TS 23.003, section 9.1), of which object 4 takes 64.
const ACCESS_POINT: usize = 100;
/// Bytes of the longest text of an address, as [`ConnectivityMonitoring`] takes it.
const ADDRESS: usize = 45;
/// Largest number of a bearer (/4/0/0), largest network and country code.
const BEARERS: u8 = 50;
const CODES: u16 = 999;

/// What a modem says of its connection, for object 4 (Connectivity Monitoring).
///
/// The application asks once the link is up and from time to time, because what it costs is the application's to decide:
///
/// ```
/// use lwm2m_carrier::Connectivity;
/// use lwm2m_carrier::driver::{Busy, Handle};
/// use lwm2m_carrier::hal::ModemInfo;
/// use lwm2m_core::objects::ConnectivityMonitoring;
///
/// struct Things {
///     connectivity: ConnectivityMonitoring,
///     // …
/// }
/// # use lwm2m_core::model::{Object, Objects};
/// # impl Objects for Things {
/// #     fn object(&self, id: u16) -> Option<&dyn Object> {
/// #         (id == 4).then_some(&self.connectivity)
/// #     }
/// #     fn object_mut(&mut self, id: u16) -> Option<&mut dyn Object> {
/// #         (id == 4).then_some(&mut self.connectivity)
/// #     }
/// #     fn next_object(&self, after: Option<u16>) -> Option<u16> {
/// #         (after < Some(4)).then_some(4)
/// #     }
/// # }
///
/// async fn refresh(
///     handle: &Handle<'_, '_, Things>,
///     modem: &mut impl ModemInfo,
///     last: &mut Connectivity,
/// ) -> Result<(), Busy> {
///     let now = Connectivity::of(modem).await;
///     // What the object cannot hold was left out.
///     let _ = handle.with_objects(|things| now.put(&mut things.connectivity))?;
///     for path in now.changes(last) {
///         handle.changed(path)?;
///     }
///     *last = now;
///     Ok(())
/// }
/// ```
///
/// Bearer and signal strength are mandatory there. A device that knows neither offers no object 4:
/// [`is_complete`](Self::is_complete).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Connectivity {
    bearer: Option<u8>,
    signal_strength: Option<i16>,
    link_quality: Option<i16>,
    addresses: [Option<IpAddr>; 2],
    access_point: Option<Text<64>>,
    cell: Option<Cell>,
}

impl Connectivity {
    /// Asks the modem. What it does not know, or what object 4 cannot say, is left out.
    pub async fn of(modem: &mut impl ModemInfo) -> Self {
        let mut name = [0; ACCESS_POINT];
        let access_point = match modem.access_point(&mut name).await {
            Ok(name) => Text::try_from(name).ok(),
            Err(_) => None,
        };
        let network = modem.network().await;
        let network = network
            .ok()
            .filter(|&(mcc, mnc)| mcc <= CODES && mnc <= CODES);
        let cell = match network {
            Some((mcc, mnc)) => modem.cell_id().await.ok().map(|id| Cell::new(id, mcc, mnc)),
            None => None,
        };
        Self {
            bearer: modem
                .bearer()
                .await
                .ok()
                .filter(|&bearer| bearer <= BEARERS),
            signal_strength: modem.rsrp().await.ok(),
            link_quality: modem.rsrq().await.ok(),
            addresses: modem.addresses().await.unwrap_or_default(),
            access_point,
            cell,
        }
    }

    /// Whether the modem has told what object 4 must say.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.bearer.is_some() && self.signal_strength.is_some()
    }

    /// Sets what is known. Bearer and signal strength keep their last values where they are not, everything else is absent
    /// then.
    ///
    /// # Errors
    /// None that a modem could cause: what the object cannot hold was left out.
    pub fn put(&self, object: &mut ConnectivityMonitoring) -> Result<(), SetError> {
        if let Some(bearer) = self.bearer {
            object.set_bearer(bearer, &[bearer])?;
        }
        if let Some(dbm) = self.signal_strength {
            object.set_signal_strength(dbm);
        }
        object.set_link_quality(self.link_quality.map(i32::from));
        let [mut first, mut second] = [const { String::<ADDRESS>::new() }; 2];
        let mut known = self.addresses.iter().flatten();
        let count = known.clone().count();
        for (text, address) in [&mut first, &mut second].into_iter().zip(&mut known) {
            write!(text, "{address}").map_err(|_| SetError::TooLong)?;
        }
        let texts = [first.as_str(), second.as_str()];
        object.set_addresses(texts.get(..count).unwrap_or_default())?;
        object.set_apn(self.access_point.as_ref().map(Text::as_str))?;
        object.set_cell(self.cell)
    }

    /// The resources of which this says something else than `last` did.
    pub fn changes(&self, last: &Self) -> impl Iterator<Item = Path> + use<> {
        let bearer = self.bearer.is_some() && self.bearer != last.bearer;
        let strength =
            self.signal_strength.is_some() && self.signal_strength != last.signal_strength;
        let cell = self.cell != last.cell;
        [
            (table::NETWORK_BEARER, bearer),
            (table::AVAILABLE_NETWORK_BEARER, bearer),
            (table::RADIO_SIGNAL_STRENGTH, strength),
            (table::LINK_QUALITY, self.link_quality != last.link_quality),
            (table::IP_ADDRESSES, self.addresses != last.addresses),
            (table::APN, self.access_point != last.access_point),
            (table::CELL_ID, cell),
            (table::SMNC, cell),
            (table::SMCC, cell),
        ]
        .into_iter()
        .filter_map(|(resource, changed)| {
            changed.then_some(Path::resource(table::DEFINITION.id, 0, resource))
        })
    }
}

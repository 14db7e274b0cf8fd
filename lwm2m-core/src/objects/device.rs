//! Device, object 3, version 1.1.

use core::fmt;

use crate::{
    model::{
        Arguments, Error, Object, ObjectDefinition, Outcome, Target, Text, Value, ValueWriter,
    },
    time::UnixTime,
};

use super::{SetError, tables::device as table};

/// How many resources are text of the application's.
const TEXTS: usize = 8;

/// How many power sources and how many error codes a device can have at a time.
const LISTED: usize = 4;

/// In place of a voltage, current or kind that is not known: no power source reaches it.
const UNKNOWN: i32 = i32::MIN;

/// A way in which the device gets its power (resources 6, 7 and 8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct PowerSource {
    /// 0 DC, 1 internal battery, 2 external battery, 3 fuel cell, 4 Power over Ethernet, 5 USB, 6 AC, 7 solar.
    pub kind: u8,
    /// Voltage in mV.
    pub voltage: Option<i32>,
    /// Current in mA.
    pub current: Option<i32>,
}

impl PowerSource {
    /// A power source of this kind, 0 to 7.
    #[must_use]
    pub const fn new(kind: u8) -> Self {
        Self {
            kind,
            voltage: None,
            current: None,
        }
    }

    /// The same, with its voltage in mV.
    #[must_use]
    pub const fn voltage(mut self, millivolts: i32) -> Self {
        self.voltage = Some(millivolts);
        self
    }

    /// The same, with its current in mA.
    #[must_use]
    pub const fn current(mut self, milliamperes: i32) -> Self {
        self.current = Some(milliamperes);
        self
    }
}

/// The Device object. Of the optional resources only those that were set are there, except Reset Error Code, which
/// always is. ExtDevInfo (22) is not supported.
///
/// Reboot and Factory Reset succeed with [`Outcome::AfterResponse`]: the application does them when the engine tells
/// that the answer has left.
///
/// # Examples
/// ```
/// use lwm2m_core::objects::{Device, PowerSource};
///
/// let mut device = Device::new("U")
///     .manufacturer("Example Ltd")
///     .firmware_version("1.0");
/// device.set_power_sources(&[PowerSource::new(1).voltage(3800)])?;
/// device.set_battery_level(Some(95))?;
/// # Ok::<(), lwm2m_core::objects::SetError>(())
/// ```
#[derive(Clone)]
pub struct Device<'a> {
    texts: [Option<&'a str>; TEXTS],
    /// Kinds, voltages and currents of the power sources: resources 6, 7 and 8.
    power: [[i32; LISTED]; 3],
    memory_free: Option<u32>,
    memory_total: Option<u32>,
    /// What to add to `clock` for the current time.
    time_offset: Option<i64>,
    clock: fn() -> i64,
    utc_offset: Option<Text<9>>,
    timezone: Option<Text<32>>,
    /// By resource instance; 0 where there is none.
    error_codes: [u8; LISTED],
    battery_level: Option<u8>,
    battery_status: Option<u8>,
    factory_reset: bool,
}

impl<'a> Device<'a> {
    /// A device that supports these bindings and modes, such as `U` or `UN` (resource 16).
    #[must_use]
    pub fn new(bindings: &'a str) -> Self {
        let new = Self {
            texts: [None; TEXTS],
            power: [[UNKNOWN; LISTED]; 3],
            memory_free: None,
            memory_total: None,
            time_offset: None,
            clock: || 0,
            utc_offset: None,
            timezone: None,
            error_codes: [0; LISTED],
            battery_level: None,
            battery_status: None,
            factory_reset: false,
        };
        new.text(table::SUPPORTED_BINDING_AND_MODES, bindings)
    }

    /// The same, with a manufacturer (resource 0).
    #[must_use]
    pub fn manufacturer(self, name: &'a str) -> Self {
        self.text(table::MANUFACTURER, name)
    }

    /// The same, with a model (resource 1).
    #[must_use]
    pub fn model_number(self, model: &'a str) -> Self {
        self.text(table::MODEL_NUMBER, model)
    }

    /// The same, with a serial number (resource 2).
    #[must_use]
    pub fn serial_number(self, number: &'a str) -> Self {
        self.text(table::SERIAL_NUMBER, number)
    }

    /// The same, with a firmware version (resource 3).
    #[must_use]
    pub fn firmware_version(self, version: &'a str) -> Self {
        self.text(table::FIRMWARE_VERSION, version)
    }

    /// The same, with a type of device (resource 17).
    #[must_use]
    pub fn device_type(self, name: &'a str) -> Self {
        self.text(table::DEVICE_TYPE, name)
    }

    /// The same, with a hardware version (resource 18).
    #[must_use]
    pub fn hardware_version(self, version: &'a str) -> Self {
        self.text(table::HARDWARE_VERSION, version)
    }

    /// The same, with a software version (resource 19).
    #[must_use]
    pub fn software_version(self, version: &'a str) -> Self {
        self.text(table::SOFTWARE_VERSION, version)
    }

    fn text(mut self, resource: u16, text: &'a str) -> Self {
        if let Some(entry) = index_of(resource).and_then(|index| self.texts.get_mut(index)) {
            *entry = Some(text);
        }
        self
    }

    /// The same, with support for a factory reset (resource 5).
    #[must_use]
    pub const fn with_factory_reset(mut self) -> Self {
        self.factory_reset = true;
        self
    }

    /// The same, with a clock of seconds that runs on: uptime, or Unix time. The current time (resource 13) follows it.
    /// Without a clock the current time stays what it was set to.
    #[must_use]
    pub const fn clock(mut self, seconds: fn() -> i64) -> Self {
        self.clock = seconds;
        self
    }

    /// Sets the current time (resource 13), which a server may do too.
    pub fn set_current_time(&mut self, now: UnixTime) {
        self.time_offset = Some(now.as_secs().wrapping_sub((self.clock)()));
    }

    /// The current time, if it was set.
    #[must_use]
    pub fn current_time(&self) -> Option<UnixTime> {
        let offset = self.time_offset?;
        Some(UnixTime::from_secs((self.clock)().wrapping_add(offset)))
    }

    /// Sets the offset of local time from UTC, such as `+02:00` (resource 14).
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than 9 bytes.
    pub fn set_utc_offset(&mut self, offset: &str) -> Result<(), SetError> {
        self.utc_offset = Some(Text::try_from(offset).map_err(|_| SetError::TooLong)?);
        Ok(())
    }

    /// Sets the time zone, as a name of the IANA database such as `Europe/Berlin` (resource 15).
    ///
    /// # Errors
    /// [`SetError::TooLong`] for more than 32 bytes.
    pub fn set_timezone(&mut self, timezone: &str) -> Result<(), SetError> {
        self.timezone = Some(Text::try_from(timezone).map_err(|_| SetError::TooLong)?);
        Ok(())
    }

    /// Sets the power sources, at most 4 (resources 6, 7 and 8).
    ///
    /// # Errors
    /// [`SetError::Full`] for more than 4, [`SetError::OutOfRange`] for a kind above 7.
    pub fn set_power_sources(&mut self, sources: &[PowerSource]) -> Result<(), SetError> {
        if sources.len() > LISTED {
            return Err(SetError::Full);
        }
        if sources.iter().any(|source| source.kind > 7) {
            return Err(SetError::OutOfRange);
        }
        self.power = [[UNKNOWN; LISTED]; 3];
        for (index, source) in sources.iter().enumerate() {
            self.store_power_source(index, *source);
        }
        Ok(())
    }

    /// Sets voltage and current of the power source of this kind, which is one of those
    /// [set](Self::set_power_sources) before (resources 7 and 8).
    ///
    /// # Errors
    /// [`SetError::Missing`] when the device has none of this kind.
    pub fn set_power_source(&mut self, source: PowerSource) -> Result<(), SetError> {
        let [kinds, _, _] = &self.power;
        let found = kinds
            .iter()
            .position(|&kind| kind == i32::from(source.kind));
        self.store_power_source(found.ok_or(SetError::Missing)?, source);
        Ok(())
    }

    fn store_power_source(&mut self, index: usize, source: PowerSource) {
        let values = [
            i32::from(source.kind),
            source.voltage.unwrap_or(UNKNOWN),
            source.current.unwrap_or(UNKNOWN),
        ];
        for (list, value) in self.power.iter_mut().zip(values) {
            if let Some(entry) = list.get_mut(index) {
                *entry = value;
            }
        }
    }

    /// Sets the level of the internal battery in per cent (resource 9).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] above 100.
    pub fn set_battery_level(&mut self, percent: Option<u8>) -> Result<(), SetError> {
        if percent > Some(100) {
            return Err(SetError::OutOfRange);
        }
        self.battery_level = percent;
        Ok(())
    }

    /// Sets the status of the internal battery: 0 normal, 1 charging, 2 charged, 3 damaged, 4 low, 5 not installed,
    /// 6 unknown (resource 20).
    ///
    /// # Errors
    /// [`SetError::OutOfRange`] above 6.
    pub fn set_battery_status(&mut self, status: Option<u8>) -> Result<(), SetError> {
        if status > Some(6) {
            return Err(SetError::OutOfRange);
        }
        self.battery_status = status;
        Ok(())
    }

    /// Sets the free memory and the whole memory in KB (resources 10 and 21).
    pub const fn set_memory(&mut self, free: Option<u32>, total: Option<u32>) {
        self.memory_free = free;
        self.memory_total = total;
    }

    /// Raises an error, 1 to 32 (resource 11): 1 low battery, 2 external supply off, 3 GPS, 4 weak signal, 5 out of
    /// memory, 6 SMS, 7 IP connectivity, 8 peripheral, from 16 on the device's own. One that is raised already stays.
    ///
    /// # Errors
    /// [`SetError::OutOfRange`], [`SetError::Full`] when there are 4 others.
    pub fn raise_error(&mut self, code: u8) -> Result<(), SetError> {
        if !(1..=32).contains(&code) {
            return Err(SetError::OutOfRange);
        }
        if self.error_codes.contains(&code) {
            return Ok(());
        }
        let free = self.error_codes.iter_mut().find(|entry| **entry == 0);
        *free.ok_or(SetError::Full)? = code;
        Ok(())
    }

    /// Takes an error back.
    pub fn clear_error(&mut self, code: u8) {
        for entry in &mut self.error_codes {
            if *entry == code {
                *entry = 0;
            }
        }
    }

    fn number(&self, resource: u16) -> Option<u32> {
        match resource {
            table::BATTERY_LEVEL => self.battery_level.map(u32::from),
            table::MEMORY_FREE => self.memory_free,
            table::BATTERY_STATUS => self.battery_status.map(u32::from),
            table::MEMORY_TOTAL => self.memory_total,
            _ => None,
        }
    }

    /// Writes the instances of resource 6, 7 or 8, if there are any.
    fn read_power(&self, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        let list = usize::from(resource.wrapping_sub(table::AVAILABLE_POWER_SOURCES));
        let mut result = Err(Error::NotFound);
        for (id, &value) in (0..).zip(self.power.get(list).unwrap_or(&[UNKNOWN; LISTED])) {
            if value != UNKNOWN {
                out.instance(id).integer(i64::from(value));
                result = Ok(());
            }
        }
        result
    }
}

/// Where a text of the application's is kept: what describes the device, then what it supports and is made of.
fn index_of(resource: u16) -> Option<usize> {
    let index = match resource {
        table::MANUFACTURER..=table::FIRMWARE_VERSION => resource - table::MANUFACTURER,
        table::SUPPORTED_BINDING_AND_MODES..=table::SOFTWARE_VERSION => {
            resource - table::SUPPORTED_BINDING_AND_MODES + 4
        }
        _ => return None,
    };
    Some(usize::from(index))
}

impl fmt::Debug for Device<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("texts", &self.texts)
            .field("error_codes", &self.error_codes)
            .finish_non_exhaustive()
    }
}

impl Object for Device<'_> {
    fn definition(&self) -> &'static ObjectDefinition {
        &table::DEFINITION
    }

    fn next_instance(&self, after: Option<u16>) -> Option<u16> {
        after.is_none().then_some(0)
    }

    fn has_resource(&self, instance: u16, resource: u16) -> bool {
        match resource {
            table::FACTORY_RESET => self.factory_reset,
            table::REBOOT | table::RESET_ERROR_CODE => true,
            _ => {
                let mut out = ValueWriter::capturing(&mut []);
                self.read(instance, resource, &mut out).is_ok()
            }
        }
    }

    fn read(&self, _instance: u16, resource: u16, out: &mut ValueWriter<'_>) -> Result<(), Error> {
        match resource {
            table::AVAILABLE_POWER_SOURCES
            | table::POWER_SOURCE_VOLTAGE
            | table::POWER_SOURCE_CURRENT => return self.read_power(resource, out),
            table::ERROR_CODE => {
                let none = self.error_codes == [0; LISTED];
                for (id, &code) in (0..).zip(&self.error_codes) {
                    if code != 0 || none && id == 0 {
                        out.instance(id).integer(i64::from(code));
                    }
                }
                return Ok(());
            }
            table::CURRENT_TIME => {
                out.time(self.current_time().ok_or(Error::NotFound)?.as_secs());
                return Ok(());
            }
            _ => {}
        }
        let text = match resource {
            table::UTC_OFFSET => self.utc_offset.as_ref().map(Text::as_str),
            table::TIMEZONE => self.timezone.as_ref().map(Text::as_str),
            _ => index_of(resource).and_then(|index| self.texts.get(index).copied().flatten()),
        };
        if let Some(text) = text {
            out.string(text);
        } else {
            out.integer(i64::from(self.number(resource).ok_or(Error::NotFound)?));
        }
        Ok(())
    }

    fn check(&self, target: Target, value: &Value<'_>) -> Result<(), Error> {
        let room = match target.resource {
            table::CURRENT_TIME => {
                return value.as_i64().map(|_| ()).ok_or(Error::BadRequest);
            }
            table::UTC_OFFSET => 9,
            table::TIMEZONE => 32,
            _ => return Err(Error::MethodNotAllowed),
        };
        if value.as_str().ok_or(Error::BadRequest)?.len() > room {
            return Err(Error::TooLarge);
        }
        Ok(())
    }

    fn write(&mut self, target: Target, value: &Value<'_>) -> Result<Outcome, Error> {
        self.check(target, value)?;
        if let Some(text) = value.as_str() {
            if target.resource == table::UTC_OFFSET {
                self.utc_offset = Some(Text::try_from(text)?);
            } else {
                self.timezone = Some(Text::try_from(text)?);
            }
        } else if let Some(seconds) = value.as_i64() {
            self.set_current_time(UnixTime::from_secs(seconds));
        }
        Ok(Outcome::Done)
    }

    /// The current time goes on: a clock cannot be put back.
    fn reset(&mut self, _instance: u16) {
        self.utc_offset = None;
        self.timezone = None;
    }

    fn execute(
        &mut self,
        _instance: u16,
        resource: u16,
        _arguments: Arguments<'_>,
    ) -> Result<Outcome, Error> {
        match resource {
            table::REBOOT | table::FACTORY_RESET => Ok(Outcome::AfterResponse),
            table::RESET_ERROR_CODE => {
                self.error_codes = [0; LISTED];
                Ok(Outcome::Done)
            }
            _ => Err(Error::MethodNotAllowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The device of the OMA example (Core 1.1.1, section 7.4.3).
    fn example() -> Device<'static> {
        let mut device = Device::new("U")
            .manufacturer("Open Mobile Alliance")
            .model_number("Lightweight M2M Client")
            .serial_number("345000123")
            .firmware_version("1.0");
        device
            .set_power_sources(&[
                PowerSource::new(1).voltage(3800).current(125),
                PowerSource::new(5).voltage(5000).current(900),
            ])
            .unwrap();
        device.set_battery_level(Some(100)).unwrap();
        device.set_memory(Some(15), None);
        device.set_current_time(UnixTime::from_secs(1_367_491_215));
        device.set_utc_offset("+02:00").unwrap();
        device
    }

    #[test]
    fn a_power_source_is_measured_once_it_is_there() {
        let mut device = example();
        device
            .set_power_source(PowerSource::new(5).voltage(4_900))
            .unwrap();
        let [_, voltages, _] = device.power;
        assert_eq!(voltages, [3_800, 4_900, UNKNOWN, UNKNOWN]);
        let solar = PowerSource::new(7).voltage(1);
        assert_eq!(device.set_power_source(solar), Err(SetError::Missing));
        let [_, _, currents] = device.power;
        assert_eq!(currents, [125, UNKNOWN, UNKNOWN, UNKNOWN]);
    }

    /// The last value of a resource.
    fn read<'b>(device: &Device<'_>, resource: u16, buf: &'b mut [u8]) -> Option<Value<'b>> {
        let mut out = ValueWriter::capturing(buf);
        device.read(0, resource, &mut out).ok()?;
        out.captured()
    }

    #[test]
    fn the_example_of_the_specification_has_its_values_and_no_others() {
        let device = example();
        let last_values = [
            (0, Value::String("Open Mobile Alliance")),
            (1, Value::String("Lightweight M2M Client")),
            (2, Value::String("345000123")),
            (3, Value::String("1.0")),
            (6, Value::Integer(5)),
            (7, Value::Integer(5000)),
            (8, Value::Integer(900)),
            (9, Value::Integer(100)),
            (10, Value::Integer(15)),
            (11, Value::Integer(0)),
            (13, Value::Time(1_367_491_215)),
            (14, Value::String("+02:00")),
            (16, Value::String("U")),
        ];
        let mut values = last_values.iter();
        for definition in table::DEFINITION.resources {
            let present = device.has_resource(0, definition.id);
            if definition.operations().is_executable() {
                assert_eq!(present, definition.id != 5, "{}", definition.id);
            } else if present {
                let mut buf = [0; 32];
                let value = read(&device, definition.id, &mut buf).unwrap();
                assert_eq!(Some(&(definition.id, value)), values.next());
            } else {
                assert_eq!(read(&device, definition.id, &mut []), None);
            }
        }
        assert_eq!(values.next(), None);
    }

    /// The payload that the specification gives for the example.
    #[cfg(feature = "tlv")]
    #[test]
    fn the_example_of_the_specification_has_its_bytes() {
        use crate::{
            model::{ContentFormat, Path},
            wire::writer::Writer,
        };
        const EXPECTED: &[u8] = b"\xc8\x00\x14Open Mobile Alliance\
            \xc8\x01\x16Lightweight M2M Client\
            \xc8\x02\x09345000123\
            \xc3\x031.0\
            \x86\x06\x41\x00\x01\x41\x01\x05\
            \x88\x07\x08\x42\x00\x0e\xd8\x42\x01\x13\x88\
            \x87\x08\x41\x00\x7d\x42\x01\x03\x84\
            \xc1\x09\x64\
            \xc1\x0a\x0f\
            \x83\x0b\x41\x00\x00\
            \xc4\x0d\x51\x82\x42\x8f\
            \xc6\x0e+02:00\
            \xc1\x10U";
        let mut buf = [0; 128];
        let path = Path::instance(3, 0);
        let mut out = ValueWriter::new(Writer::new(&mut buf), ContentFormat::Tlv, path);
        out.begin_instance(path, false);
        let device = example();
        for definition in table::DEFINITION.resources {
            if definition.operations().is_readable() && device.has_resource(0, definition.id) {
                out.begin_resource(definition.id, definition.is_multiple());
                device.read(0, definition.id, &mut out).unwrap();
                out.end_resource();
            }
        }
        out.end_instance();
        let len = out.finish().stored;
        assert_eq!(EXPECTED.len(), 121);
        assert_eq!(&buf[..len], EXPECTED);
    }

    #[test]
    fn errors_keep_their_instance_and_none_is_code_0() {
        let mut device = Device::new("U");
        device.raise_error(7).unwrap();
        device.raise_error(1).unwrap();
        device.raise_error(7).unwrap();
        assert_eq!(device.error_codes, [7, 1, 0, 0]);
        device.clear_error(7);
        assert_eq!(device.error_codes, [0, 1, 0, 0]);
        let mut buf = [];
        assert_eq!(read(&device, 11, &mut buf), Some(Value::Integer(1)));
        assert_eq!(device.raise_error(33), Err(SetError::OutOfRange));
        assert_eq!(device.raise_error(0), Err(SetError::OutOfRange));
        for code in [2, 3, 4] {
            device.raise_error(code).unwrap();
        }
        assert_eq!(device.raise_error(5), Err(SetError::Full));
        let reset = device.execute(0, 12, Arguments::default());
        assert_eq!(reset, Ok(Outcome::Done));
        assert_eq!(read(&device, 11, &mut buf), Some(Value::Integer(0)));
    }

    #[test]
    fn the_current_time_runs_with_the_clock() {
        use core::sync::atomic::{AtomicU32, Ordering};
        static UPTIME: AtomicU32 = AtomicU32::new(100);
        let mut device = Device::new("U").clock(|| i64::from(UPTIME.load(Ordering::Relaxed)));
        assert!(!device.has_resource(0, 13));
        let written = device.write(Target::new(0, 13), &Value::Time(1_000_000));
        assert_eq!(written, Ok(Outcome::Done));
        UPTIME.store(160, Ordering::Relaxed);
        assert_eq!(read(&device, 13, &mut []), Some(Value::Time(1_000_060)));
    }

    #[test]
    fn a_server_writes_time_zone_and_offset_within_their_room() {
        let mut device = Device::new("U");
        let timezone = Target::new(0, 15);
        let long = Value::String("America/Argentina/ComodRivadavia!");
        assert_eq!(device.write(timezone, &long), Err(Error::TooLarge));
        assert!(!device.has_resource(0, 15));
        let short = Value::String("Europe/Berlin");
        device.write(timezone, &short).unwrap();
        assert_eq!(read(&device, 15, &mut [0; 16]), Some(short));
        let number = Value::Integer(2);
        assert_eq!(
            device.write(Target::new(0, 14), &number),
            Err(Error::BadRequest)
        );
        assert_eq!(
            device.write(Target::new(0, 0), &short),
            Err(Error::MethodNotAllowed)
        );
        device.reset(0);
        assert!(!device.has_resource(0, 15));
    }

    #[test]
    fn a_reboot_comes_after_the_answer() {
        let mut device = Device::new("U").with_factory_reset();
        assert!(device.has_resource(0, 5));
        for resource in [4, 5] {
            let outcome = device.execute(0, resource, Arguments::default());
            assert_eq!(outcome, Ok(Outcome::AfterResponse));
        }
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let mut device = Device::new("U");
        assert_eq!(
            device.set_battery_level(Some(101)),
            Err(SetError::OutOfRange)
        );
        assert_eq!(
            device.set_battery_status(Some(7)),
            Err(SetError::OutOfRange)
        );
        assert_eq!(
            device.set_power_sources(&[PowerSource::new(8)]),
            Err(SetError::OutOfRange)
        );
        assert_eq!(
            device.set_power_sources(&[PowerSource::new(0); 5]),
            Err(SetError::Full)
        );
        assert_eq!(device.set_utc_offset("+02:00:00.0"), Err(SetError::TooLong));
        for resource in [6, 7, 8, 9, 14, 20] {
            assert!(!device.has_resource(0, resource), "{resource}");
        }
    }
}

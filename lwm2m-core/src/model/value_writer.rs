//! Where objects write their values: the format decides what becomes of them.

#[cfg(feature = "tlv")]
use core::mem;

use super::{ContentFormat, Path, Value};
#[cfg(feature = "base64")]
use crate::wire::base64;
#[cfg(feature = "senml-cbor")]
use crate::wire::senml_cbor;
#[cfg(feature = "tlv")]
use crate::wire::tlv;
use crate::wire::writer::{Writer, Written};
use crate::wire::{number, text};

/// Receives the values of a read.
///
/// An object calls one of the value methods for a resource with a single instance, or [`instance`](Self::instance) and
/// a value method for each instance of a resource with several. What the values become (TLV, SenML CBOR, text, or a
/// copy for the engine's own use) is not the object's business.
#[derive(Debug)]
pub struct ValueWriter<'b> {
    out: Writer<'b>,
    form: Form,
    /// The last value that was captured, where it is neither string nor opaque.
    short: Option<Value<'static>>,
    /// Whether values are captured, beside what else becomes of them.
    captured: Captured,
    /// Where the next value belongs.
    path: Path,
    /// Only this instance of the resource is wanted, unless it is [`Path::RESERVED_ID`].
    only: u16,
    /// Values since the resource began.
    values: u16,
    /// Where the resource began, to close its container or to take it back.
    start: usize,
    #[cfg(feature = "senml-cbor")]
    pack: Option<senml_cbor::Pack>,
    /// Where the container of the instance began.
    #[cfg(feature = "tlv")]
    instance_start: usize,
    /// The instance has a container.
    #[cfg(feature = "tlv")]
    in_instance: bool,
    #[cfg(feature = "tlv")]
    container: Container,
}

/// What holds the values of a resource in TLV.
#[cfg(feature = "tlv")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Container {
    /// Nothing: there is a single one.
    None,
    /// A container that begins with the first value, as there may be none.
    Pending,
    Open,
}

/// What values become.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Capture,
    Text,
    Opaque,
    #[cfg(feature = "senml-cbor")]
    SenmlCbor,
    #[cfg(feature = "tlv")]
    Tlv,
}

/// The last value that was captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Captured {
    /// None is to be.
    Nothing,
    /// What is in `short`.
    Short,
    /// Text or bytes in the buffer of a capturing writer.
    Text,
    Bytes,
}

impl<'b> ValueWriter<'b> {
    /// A writer that keeps a copy of the last value written, for reading an object without a format. Strings and
    /// opaque values need room in `buf`.
    #[must_use]
    #[inline(never)]
    pub const fn capturing(buf: &'b mut [u8]) -> Self {
        let mut writer = Self::of(Writer::new(buf), Form::Capture, Path::ROOT);
        writer.capture_too();
        writer
    }

    /// The same, for the value of one instance of a resource.
    #[must_use]
    pub const fn capturing_instance(buf: &'b mut [u8], resource_instance: u16) -> Self {
        let mut writer = Self::capturing(buf);
        writer.want_only(resource_instance);
        writer
    }

    /// A writer for a read of `target`. `format` is one of values; CoRE links would be written as text.
    #[cfg_attr(
        not(feature = "senml-cbor"),
        expect(unused_mut, reason = "only a pack needs to be opened")
    )]
    pub(crate) fn new(mut out: Writer<'b>, format: ContentFormat, target: Path) -> Self {
        let form = match format {
            ContentFormat::Text | ContentFormat::CoreLink => Form::Text,
            ContentFormat::Opaque => Form::Opaque,
            #[cfg(feature = "senml-cbor")]
            ContentFormat::SenmlCbor => Form::SenmlCbor,
            #[cfg(feature = "tlv")]
            ContentFormat::Tlv => Form::Tlv,
        };
        #[cfg(feature = "senml-cbor")]
        let pack = (form == Form::SenmlCbor).then(|| senml_cbor::Pack::open(&mut out, target));
        Self {
            #[cfg(feature = "senml-cbor")]
            pack,
            ..Self::of(out, form, target)
        }
    }

    /// A writer of plain text.
    #[cfg(feature = "bootstrap")]
    pub(crate) const fn text(out: Writer<'b>, target: Path) -> Self {
        Self::of(out, Form::Text, target)
    }

    /// Gives the writer back.
    #[cfg(feature = "bootstrap")]
    pub(crate) fn into_writer(self) -> Writer<'b> {
        self.out
    }

    const fn of(out: Writer<'b>, form: Form, path: Path) -> Self {
        Self {
            out,
            form,
            short: None,
            captured: Captured::Nothing,
            path,
            only: Path::RESERVED_ID,
            values: 0,
            start: 0,
            #[cfg(feature = "senml-cbor")]
            pack: None,
            #[cfg(feature = "tlv")]
            instance_start: 0,
            #[cfg(feature = "tlv")]
            in_instance: false,
            #[cfg(feature = "tlv")]
            container: Container::None,
        }
    }

    /// The value that was captured; `None` when there was none or the buffer was too small for it. A core link comes
    /// back as a string.
    #[must_use]
    pub fn captured(self) -> Option<Value<'b>> {
        let whole = !self.out.is_cut();
        match self.captured {
            Captured::Nothing | Captured::Short => self.short,
            Captured::Text if whole => core::str::from_utf8(self.out.into_stored())
                .ok()
                .map(Value::String),
            Captured::Bytes if whole => Some(Value::Opaque(self.out.into_stored())),
            Captured::Text | Captured::Bytes => None,
        }
    }

    /// From now on values are captured, whatever the format: the text or bytes of long ones are not.
    pub(crate) const fn capture_too(&mut self) {
        self.captured = Captured::Short;
    }

    /// The last value that was captured, where it is neither string nor opaque.
    pub(crate) const fn captured_short(&self) -> Option<Value<'static>> {
        self.short
    }

    /// The resource instance that the next value belongs to.
    fn resource_instance(&self) -> Option<u16> {
        self.path.resource_instance_id()
    }

    /// An instance begins; in a read of an object, its resources go into a container.
    pub(crate) fn begin_instance(&mut self, path: Path, contained: bool) {
        self.path = path;
        #[cfg(feature = "tlv")]
        if contained && self.form == Form::Tlv {
            self.instance_start = self.out.len();
            self.in_instance = true;
            let id = path.instance_id().unwrap_or(0);
            // Made again from the same when it is closed, so that it takes no room meanwhile.
            let _ = tlv::open(&mut self.out, tlv::Kind::ObjectInstance, id);
        }
        #[cfg(not(feature = "tlv"))]
        let _ = contained;
    }

    /// The instance ends.
    #[cfg_attr(
        not(feature = "tlv"),
        expect(
            clippy::needless_pass_by_ref_mut,
            reason = "only TLV has containers to close"
        )
    )]
    pub(crate) fn end_instance(&mut self) {
        #[cfg(feature = "tlv")]
        if mem::take(&mut self.in_instance) {
            let id = self.path.instance_id().unwrap_or(0);
            let mark = tlv::Mark::new(self.instance_start, tlv::Kind::ObjectInstance, id);
            tlv::close(&mut self.out, mark);
        }
    }

    /// Of a resource with several instances, only this one is wanted.
    pub(crate) const fn want_only(&mut self, resource_instance: u16) {
        // None is named yet.
        self.path = self.path.with_resource_instance(Path::RESERVED_ID);
        self.only = resource_instance;
    }

    /// A resource of the instance begins; the values of one that may have several go into a container.
    #[inline]
    pub(crate) const fn begin_resource(&mut self, id: u16, multiple: bool) {
        self.path = self.path.with_resource(id);
        self.values = 0;
        self.start = self.out.len();
        #[cfg(feature = "tlv")]
        {
            self.container = if multiple {
                Container::Pending
            } else {
                Container::None
            };
        }
        #[cfg(not(feature = "tlv"))]
        let _ = multiple;
    }

    /// Begins the container of the resource, where it has one that has not begun.
    #[cfg(feature = "tlv")]
    fn open_resource(&mut self) {
        if self.container == Container::Pending {
            self.container = Container::Open;
            let id = self.path.resource_id().unwrap_or(0);
            let _ = tlv::open(&mut self.out, tlv::Kind::MultipleResource, id);
        }
    }

    /// The resource ends; how many values it had.
    #[cfg_attr(
        not(feature = "tlv"),
        expect(
            clippy::needless_pass_by_ref_mut,
            reason = "only TLV has containers to close"
        )
    )]
    #[inline]
    pub(crate) fn end_resource(&mut self) -> u16 {
        #[cfg(feature = "tlv")]
        if self.container != Container::None {
            self.close_resource();
        }
        self.values
    }

    #[cfg(feature = "tlv")]
    #[inline(never)]
    fn close_resource(&mut self) {
        if self.form != Form::Tlv {
            return;
        }
        self.open_resource();
        let id = self.path.resource_id().unwrap_or(0);
        let mark = tlv::Mark::new(self.start, tlv::Kind::MultipleResource, id);
        tlv::close(&mut self.out, mark);
    }

    /// Takes back what was written since the resource began.
    pub(crate) fn abandon_resource(&mut self) {
        if self.values == 0 {
            return;
        }
        #[cfg(feature = "senml-cbor")]
        if let Some(pack) = &mut self.pack {
            pack.forget(usize::from(self.values));
        }
        self.out.truncate(self.start);
    }

    /// Ends the read.
    pub(crate) fn finish(&mut self) -> Written {
        #[cfg(feature = "senml-cbor")]
        if let Some(pack) = self.pack.take() {
            pack.close(&mut self.out);
        }
        self.out.end()
    }

    /// Names the resource instance that the next value belongs to.
    pub const fn instance(&mut self, id: u16) -> &mut Self {
        self.path = self.path.with_resource_instance(id);
        self
    }

    /// Writes a value of any type.
    pub fn value(&mut self, value: &Value<'_>) {
        if self.only != Path::RESERVED_ID && Some(self.only) != self.resource_instance() {
            return;
        }
        self.values = self.values.saturating_add(1);
        if self.captured != Captured::Nothing {
            self.capture(value);
        }
        match self.form {
            Form::Capture => match *value {
                Value::String(text) | Value::CoreLink(text) => {
                    self.keep(Captured::Text, text.as_bytes());
                }
                Value::Opaque(bytes) => self.keep(Captured::Bytes, bytes),
                _ => self.captured = Captured::Short,
            },
            Form::Text => self.write_text(value),
            Form::Opaque => {
                if let Value::Opaque(bytes) = value {
                    self.out.bytes(bytes);
                }
            }
            #[cfg(feature = "senml-cbor")]
            Form::SenmlCbor => self.write_senml_cbor(value),
            #[cfg(feature = "tlv")]
            Form::Tlv => self.write_tlv(value),
        }
    }

    #[cfg(feature = "senml-cbor")]
    fn write_senml_cbor(&mut self, value: &Value<'_>) {
        let out = &mut self.out;
        let Some(pack) = &mut self.pack else { return };
        pack.record(out, &self.path, None, value);
    }

    /// Copies a value that needs no room; of another one nothing is left.
    #[inline(never)]
    const fn capture(&mut self, value: &Value<'_>) {
        // Each assigns by itself: a value that is chosen first is copied twice.
        let short = &mut self.short;
        match *value {
            Value::String(_) | Value::CoreLink(_) | Value::Opaque(_) => *short = None,
            Value::Integer(value) => *short = Some(Value::Integer(value)),
            Value::Unsigned(value) => *short = Some(Value::Unsigned(value)),
            #[cfg(feature = "float")]
            Value::Float(value) => *short = Some(Value::Float(value)),
            Value::Boolean(value) => *short = Some(Value::Boolean(value)),
            Value::Time(value) => *short = Some(Value::Time(value)),
            Value::ObjectLink { object, instance } => {
                *short = Some(Value::ObjectLink { object, instance });
            }
        }
    }

    /// Keeps a value that needs room in the place of the one before.
    fn keep(&mut self, captured: Captured, bytes: &[u8]) {
        self.captured = captured;
        self.out.truncate(0);
        self.out.bytes(bytes);
    }

    fn write_text(&mut self, value: &Value<'_>) {
        let out = &mut self.out;
        match *value {
            Value::String(text) | Value::CoreLink(text) => out.bytes(text.as_bytes()),
            Value::Integer(value) | Value::Time(value) => number::write_i64(out, value),
            Value::Unsigned(value) => number::write_u64(out, value),
            #[cfg(feature = "float")]
            Value::Float(value) => number::write_f64(out, value),
            Value::Boolean(value) => text::write_bool(out, value),
            #[cfg(feature = "base64")]
            Value::Opaque(bytes) => base64::write(out, bytes),
            // Refused before anything is read.
            #[cfg(not(feature = "base64"))]
            Value::Opaque(_) => {}
            Value::ObjectLink { object, instance } => {
                text::write_object_link(out, object, instance)
            }
        }
    }

    #[cfg(feature = "tlv")]
    fn write_tlv(&mut self, value: &Value<'_>) {
        let (kind, id) = match self.resource_instance() {
            Some(id) => {
                self.open_resource();
                (tlv::Kind::ResourceInstance, id)
            }
            None => (tlv::Kind::Resource, self.path.resource_id().unwrap_or(0)),
        };
        let out = &mut self.out;
        match *value {
            Value::String(text) | Value::CoreLink(text) => {
                tlv::write_bytes(out, kind, id, text.as_bytes())
            }
            Value::Opaque(bytes) => tlv::write_bytes(out, kind, id, bytes),
            Value::Integer(value) | Value::Time(value) => tlv::write_i64(out, kind, id, value),
            Value::Unsigned(value) => tlv::write_u64(out, kind, id, value),
            #[cfg(feature = "float")]
            Value::Float(value) => tlv::write_f64(out, kind, id, value),
            Value::Boolean(value) => tlv::write_bool(out, kind, id, value),
            Value::ObjectLink { object, instance } => {
                tlv::write_object_link(out, kind, id, object, instance)
            }
        }
    }

    /// Writes text.
    pub fn string(&mut self, value: &str) {
        self.value(&Value::String(value));
    }

    /// Writes a signed integer.
    pub fn integer(&mut self, value: i64) {
        self.value(&Value::Integer(value));
    }

    /// Writes an unsigned integer.
    pub fn unsigned(&mut self, value: u64) {
        self.value(&Value::Unsigned(value));
    }

    /// Writes a floating point number.
    #[cfg(feature = "float")]
    pub fn float(&mut self, value: f64) {
        self.value(&Value::Float(value));
    }

    /// Writes a truth value.
    pub fn boolean(&mut self, value: bool) {
        self.value(&Value::Boolean(value));
    }

    /// Writes bytes.
    pub fn opaque(&mut self, value: &[u8]) {
        self.value(&Value::Opaque(value));
    }

    /// Writes a time, in seconds since 1970-01-01T00:00:00Z.
    pub fn time(&mut self, value: i64) {
        self.value(&Value::Time(value));
    }

    /// Writes a reference to an object instance.
    pub fn object_link(&mut self, object: u16, instance: u16) {
        self.value(&Value::ObjectLink { object, instance });
    }

    /// Writes CoRE links.
    pub fn core_link(&mut self, value: &str) {
        self.value(&Value::CoreLink(value));
    }
}

//! The LwM2M resource model: paths, values, definitions, and the traits through which the engine reaches the objects.
//!
//! The engine stores no objects. Each call lends it `&mut dyn Objects`, so the application owns its objects and may
//! change them between calls.

mod arguments;
mod definition;
mod error;
mod format;
pub(crate) mod instance;
mod object;
mod objects;
mod path;
mod resource_value;
mod text;
mod value;
mod value_reader;
mod value_writer;

pub use arguments::{Argument, Arguments};
pub use definition::{DataType, ObjectDefinition, Operations, Range, ResourceDefinition, Version};
pub use error::Error;
pub use format::ContentFormat;
pub use instance::Instance;
#[cfg(feature = "derive")]
pub use lwm2m_macros::{Object, Objects};
#[cfg(feature = "separate")]
pub use object::Ticket;
pub use object::{Object, Outcome, Target, Transaction};
pub use objects::Objects;
pub(crate) use path::write_id;
pub use path::{Level, Path};
pub use resource_value::{ObjectLink, ResourceValue, Typed, WritableValue};
pub use text::{Bytes, Text};
pub use value::Value;
pub(crate) use value_reader::{Content, ValueReader};
pub use value_writer::ValueWriter;

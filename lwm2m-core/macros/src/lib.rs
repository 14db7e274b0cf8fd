#![doc = include_str!("../README.md")]

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod attributes;
mod expand;
mod set;

/// Makes a struct an instance of an LwM2M object: implements `lwm2m_core::model::Instance`, and through it `Object`.
///
/// On the struct: `#[object(id = 3303, version = "1.1")]`, and in the same list
///
/// - `multiple`: the registry allows several instances (`objects::Instances` holds them);
/// - `execute(5605 => method)`: executable resources, each a method
///   `fn(&mut self, Arguments<'_>) -> Result<Outcome, Error>`;
/// - `crate = path`: where `lwm2m_core` is found, if it was renamed.
///
/// On each field that is a resource: `#[resource(id = 5700)]`, and in the same list
///
/// - `ops = "R"`, `"W"` or `"RW"`: what servers may do; `"R"` when absent;
/// - `mandatory`: every instance has it (an `Option` field may be absent);
/// - `range = 0..=100`: smallest and largest number, of floats too a whole one of 32 bits, or fewest and most bytes of text
///   and opaque values;
/// - `type = "integer"`: `string`, `integer`, `unsigned`, `float`, `boolean`, `opaque`, `time`, `objlnk` or `corelnk`,
///   where it differs from that of the Rust type (`u8` is unsigned, for instance);
/// - `units = "Cel"`: for the reader of the code.
///
/// Fields without the attribute are state of the application's.
#[proc_macro_derive(Object, attributes(object, resource))]
pub fn object(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::object(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a struct a set of objects, to be lent to the engine: implements `lwm2m_core::model::Objects`.
///
/// Each field is an object, in any order: `T` or `&mut T` where `T: Object`, `&mut dyn Object`, or one of these in an
/// `Option`, which the set has while it is `Some`. Each has another id; of two with the same id, the set has the first.
/// The id is that of the object's definition. Where a field's type depends on a type parameter, the set is one of objects
/// if that type is an object.
///
/// Of a field: `#[objects(skip)]` for what is no object. Of the struct: `#[objects(crate = path)]`, where `lwm2m_core` is
/// found, if it was renamed.
#[proc_macro_derive(Objects, attributes(objects))]
pub fn objects(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    set::objects(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

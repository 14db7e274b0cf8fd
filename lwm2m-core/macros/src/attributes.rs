//! What stands in `#[object(…)]` and `#[resource(…)]`, and what all attributes share.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Attribute, DeriveInput, Error, Expr, ExprRange, Field, Ident, LitInt, LitStr, Path,
    RangeLimits, Result, Token, Type, meta::ParseNestedMeta, parse::ParseStream, spanned::Spanned,
};

/// The largest id that is not reserved.
const LAST_ID: u16 = 65534;

/// `#[object(…)]`.
pub(crate) struct ObjectAttributes {
    pub(crate) id: u16,
    pub(crate) version: (u8, u8),
    pub(crate) multiple: bool,
    pub(crate) executes: Vec<Execute>,
    pub(crate) krate: Path,
}

/// `5605 => method` in `execute(…)`.
pub(crate) struct Execute {
    pub(crate) id: Id,
    pub(crate) method: Ident,
}

/// A resource id, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Id {
    pub(crate) number: u16,
    pub(crate) span: Span,
}

/// A field with `#[resource(…)]`.
pub(crate) struct Resource<'a> {
    pub(crate) id: Id,
    pub(crate) field: &'a Ident,
    pub(crate) ty: &'a Type,
    /// A constant of `Operations`.
    pub(crate) operations: Ident,
    pub(crate) mandatory: bool,
    /// A variant of `DataType`, where it is not that of the Rust type.
    pub(crate) data_type: Option<Ident>,
    /// Smallest and largest number or length.
    pub(crate) range: Option<(Expr, Expr)>,
}

impl Resource<'_> {
    /// Whether servers may write it.
    pub(crate) fn is_writable(&self) -> bool {
        self.operations != "R"
    }
}

impl ObjectAttributes {
    pub(crate) fn parse(input: &DeriveInput) -> Result<Self> {
        let attribute = find(&input.attrs, "object")?.ok_or_else(|| {
            Error::new(
                input.ident.span(),
                "the object has no id: #[object(id = …, version = \"1.0\")]",
            )
        })?;
        let (mut id, mut version, mut multiple) = (None, (1, 0), false);
        let mut executes = Vec::new();
        let mut krate = None;
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("id") {
                id = Some(parse_id(meta.value()?)?);
            } else if meta.path.is_ident("version") {
                version = parse_version(&meta.value()?.parse()?)?;
            } else if meta.path.is_ident("multiple") {
                multiple = true;
            } else if meta.path.is_ident("execute") {
                parse_executes(&meta, &mut executes)?;
            } else if meta.path.is_ident("crate") {
                krate = Some(meta.value()?.call(Path::parse_mod_style)?);
            } else {
                return Err(meta.error("expected id, version, multiple, execute or crate"));
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| Error::new_spanned(attribute, "id = … is missing"))?;
        Ok(Self {
            id: id.number,
            version,
            multiple,
            executes,
            krate: crate_path(krate)?,
        })
    }
}

/// The resource behind a field; `None` for a field without the attribute.
pub(crate) fn resource(field: &Field) -> Result<Option<Resource<'_>>> {
    let Some(attribute) = find(&field.attrs, "resource")? else {
        return Ok(None);
    };
    let name = field
        .ident
        .as_ref()
        .ok_or_else(|| Error::new(field.span(), "the fields must have names"))?;
    let mut id = None;
    let mut operations = Ident::new("R", Span::call_site());
    let mut mandatory = false;
    let (mut data_type, mut range) = (None, None);
    attribute.parse_nested_meta(|meta| {
        if meta.path.is_ident("id") {
            id = Some(parse_id(meta.value()?)?);
        } else if meta.path.is_ident("ops") {
            operations = parse_operations(&meta.value()?.parse()?)?;
        } else if meta.path.is_ident("mandatory") {
            mandatory = true;
        } else if meta.path.is_ident("range") {
            range = Some(parse_range(meta.value()?)?);
        } else if meta.path.is_ident("type") {
            data_type = Some(parse_data_type(&meta.value()?.parse()?)?);
        } else if meta.path.is_ident("units") {
            meta.value()?.parse::<LitStr>()?;
        } else {
            return Err(meta.error("expected id, ops, mandatory, range, type or units"));
        }
        Ok(())
    })?;
    Ok(Some(Resource {
        id: id.ok_or_else(|| Error::new_spanned(attribute, "id = … is missing"))?,
        field: name,
        ty: &field.ty,
        operations,
        mandatory,
        data_type,
        range,
    }))
}

/// Where lwm2m-core is found: where the attribute says, or under its own name.
pub(crate) fn crate_path(given: Option<Path>) -> Result<Path> {
    match given {
        Some(path) => Ok(path),
        None => syn::parse2(quote!(::lwm2m_core)),
    }
}

/// The one attribute with this name.
pub(crate) fn find<'a>(attributes: &'a [Attribute], name: &str) -> Result<Option<&'a Attribute>> {
    let mut found = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident(name));
    let first = found.next();
    match found.next() {
        Some(second) => Err(Error::new_spanned(
            second,
            format!("only one #[{name}(…)] is allowed"),
        )),
        None => Ok(first),
    }
}

fn parse_id(input: ParseStream<'_>) -> Result<Id> {
    let literal: LitInt = input.parse()?;
    let number = literal.base10_parse::<u16>().ok();
    let number = number.filter(|&number| number <= LAST_ID).ok_or_else(|| {
        Error::new(
            literal.span(),
            format!("an id is a number from 0 to {LAST_ID}"),
        )
    })?;
    Ok(Id {
        number,
        span: literal.span(),
    })
}

fn parse_version(literal: &LitStr) -> Result<(u8, u8)> {
    let text = literal.value();
    text.split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| Error::new(literal.span(), "a version looks like \"1.0\""))
}

fn parse_executes(meta: &ParseNestedMeta<'_>, executes: &mut Vec<Execute>) -> Result<()> {
    let content;
    syn::parenthesized!(content in meta.input);
    let list = content.parse_terminated(
        |input| {
            let id = parse_id(input)?;
            input.parse::<Token![=>]>()?;
            Ok(Execute {
                id,
                method: input.parse()?,
            })
        },
        Token![,],
    )?;
    executes.extend(list);
    Ok(())
}

fn parse_operations(literal: &LitStr) -> Result<Ident> {
    match literal.value().as_str() {
        text @ ("R" | "W" | "RW") => Ok(Ident::new(text, literal.span())),
        _ => Err(Error::new(
            literal.span(),
            "expected \"R\", \"W\" or \"RW\"; executable resources go into #[object(execute(id => method))]",
        )),
    }
}

fn parse_data_type(literal: &LitStr) -> Result<Ident> {
    let variant = match literal.value().as_str() {
        "string" => "String",
        "integer" => "Integer",
        "unsigned" => "Unsigned",
        "float" => "Float",
        "boolean" => "Boolean",
        "opaque" => "Opaque",
        "time" => "Time",
        "objlnk" => "ObjectLink",
        "corelnk" => "CoreLink",
        _ => {
            return Err(Error::new(
                literal.span(),
                "expected string, integer, unsigned, float, boolean, opaque, time, objlnk or corelnk",
            ));
        }
    };
    Ok(Ident::new(variant, literal.span()))
}

fn parse_range(input: ParseStream<'_>) -> Result<(Expr, Expr)> {
    let range: ExprRange = input.parse()?;
    let error = Error::new_spanned(&range, "expected smallest..=largest");
    match (range.start, range.limits, range.end) {
        (Some(start), RangeLimits::Closed(_), Some(end)) => Ok((*start, *end)),
        _ => Err(error),
    }
}

/// The tokens of a resource's data type.
pub(crate) fn data_type(resource: &Resource<'_>, krate: &Path) -> TokenStream {
    let ty = resource.ty;
    match &resource.data_type {
        Some(variant) => quote!(#krate::model::DataType::#variant),
        None => quote::quote_spanned!(ty.span()=> <#ty as #krate::model::Typed>::DATA_TYPE),
    }
}

//! `#[derive(Objects)]`: a struct of objects as a set of objects.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::{
    Data, DeriveInput, Error, Field, GenericArgument, GenericParam, Generics, Ident, Member, Path,
    PathArguments, Result, Type, parse_quote_spanned, spanned::Spanned,
};

use crate::attributes::{crate_path, find};

/// A field that is an object.
struct Element<'a> {
    member: Member,
    /// Of the object itself, without `Option` and `&mut`.
    ty: &'a Type,
    /// `Option<T>`: the set may lack it.
    is_optional: bool,
    /// `&mut T`.
    is_borrowed: bool,
}

#[derive(Clone, Copy)]
enum Reference {
    Shared,
    Mutable,
}

/// Implements `Objects` for a struct.
pub(crate) fn objects(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            input.ident.span(),
            "a set of objects is a struct",
        ));
    };
    let krate = krate(input)?;
    let mut elements = Vec::new();
    for (field, member) in data.fields.iter().zip(data.fields.members()) {
        if !is_skipped(field)? {
            elements.push(Element::of(field, member));
        }
    }
    if elements.is_empty() {
        return Err(Error::new(input.ident.span(), "no field is an object"));
    }

    let name = &input.ident;
    let generics = bounded(&input.generics, &elements, &krate);
    let (generics, arguments, bounds) = generics.split_for_impl();
    let found = elements
        .iter()
        .map(|element| element.find(&krate, Reference::Shared));
    let found_mut = elements
        .iter()
        .map(|element| element.find(&krate, Reference::Mutable));
    let followers = elements.iter().map(|element| element.follow(&krate));
    // A firmware has one set of objects: the compiler knows it, and would search it in every place that asks.
    Ok(quote! {
        #[automatically_derived]
        #[allow(unused_qualifications, reason = "what is in scope is not known")]
        impl #generics #krate::model::Objects for #name #arguments #bounds {
            #[inline(never)]
            fn object(&self, id: u16) -> ::core::option::Option<&dyn #krate::model::Object> {
                #(#found)*
                ::core::option::Option::None
            }

            #[inline(never)]
            fn object_mut(
                &mut self,
                id: u16,
            ) -> ::core::option::Option<&mut dyn #krate::model::Object> {
                #(#found_mut)*
                ::core::option::Option::None
            }

            #[inline(never)]
            fn next_object(
                &self,
                after: ::core::option::Option<u16>,
            ) -> ::core::option::Option<u16> {
                // One more than an id may have, so that the largest is a limit as any other.
                let first = match after {
                    ::core::option::Option::Some(after) => ::core::primitive::u32::from(after) + 1,
                    ::core::option::Option::None => 0,
                };
                let mut next = ::core::primitive::u32::MAX;
                #(#followers)*
                ::core::convert::TryFrom::try_from(next).ok()
            }
        }
    })
}

impl<'a> Element<'a> {
    fn of(field: &'a Field, member: Member) -> Self {
        let in_option = in_option(&field.ty);
        let ty = in_option.unwrap_or(&field.ty);
        let borrowed = match ungrouped(ty) {
            Type::Reference(reference) if reference.mutability.is_some() => Some(&*reference.elem),
            _ => None,
        };
        Self {
            member,
            ty: borrowed.unwrap_or(ty),
            is_optional: in_option.is_some(),
            is_borrowed: borrowed.is_some(),
        }
    }

    /// Where mistakes are shown. Names are those of the derive, whatever macro the type comes from.
    fn span(&self) -> Span {
        Span::call_site().located_at(self.ty.span())
    }

    /// Returns a reference to the object, if it is the one with this id.
    fn find(&self, krate: &Path, reference: Reference) -> TokenStream {
        let object = self.object();
        let borrow = self.borrow(reference);
        let find = quote_spanned! {self.span()=>
            if #krate::model::Object::definition(&#object).id == id {
                return ::core::option::Option::Some(#borrow #object);
            }
        };
        self.if_present(reference, find)
    }

    /// Makes it the next one, if none is nearer to `first`.
    fn follow(&self, krate: &Path) -> TokenStream {
        let object = self.object();
        let follow = quote_spanned! {self.span()=>
            let id = ::core::primitive::u32::from(#krate::model::Object::definition(&#object).id);
            if id >= first && id < next {
                next = id;
            }
        };
        self.if_present(Reference::Shared, follow)
    }

    /// The place of the object.
    fn object(&self) -> TokenStream {
        let (member, span) = (&self.member, self.span());
        let place = if self.is_optional {
            quote_spanned!(span=> *object)
        } else {
            quote_spanned!(span=> self.#member)
        };
        if self.is_borrowed {
            quote_spanned!(span=> *#place)
        } else {
            place
        }
    }

    fn borrow(&self, reference: Reference) -> TokenStream {
        match reference {
            Reference::Shared => quote_spanned!(self.span()=> &),
            Reference::Mutable => quote_spanned!(self.span()=> &mut),
        }
    }

    fn if_present(&self, reference: Reference, work: TokenStream) -> TokenStream {
        if !self.is_optional {
            return work;
        }
        let (member, borrow) = (&self.member, self.borrow(reference));
        quote_spanned! {self.span()=>
            if let ::core::option::Option::Some(object) = #borrow self.#member {
                #work
            }
        }
    }
}

/// `crate = path` of the struct.
fn krate(input: &DeriveInput) -> Result<Path> {
    let mut krate = None;
    if let Some(attribute) = find(&input.attrs, "objects")? {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                krate = Some(meta.value()?.call(Path::parse_mod_style)?);
                Ok(())
            } else {
                Err(meta.error("expected crate; what is said of a field stands before the field"))
            }
        })?;
    }
    crate_path(krate)
}

fn is_skipped(field: &Field) -> Result<bool> {
    let Some(attribute) = find(&field.attrs, "objects")? else {
        return Ok(false);
    };
    let mut is_skipped = false;
    attribute.parse_nested_meta(|meta| {
        if meta.path.is_ident("skip") {
            is_skipped = true;
            Ok(())
        } else {
            Err(meta.error("expected skip: the id of an object is that of its definition"))
        }
    })?;
    if is_skipped {
        Ok(true)
    } else {
        Err(Error::new_spanned(attribute, "expected skip"))
    }
}

/// A type without the invisible brackets that it has when it comes from a macro.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        _ => ty,
    }
}

/// What is in an `Option`.
fn in_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungrouped(ty) else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Option")?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// The generics of the struct; what depends on its type parameters has to be an object.
fn bounded(generics: &Generics, elements: &[Element<'_>], krate: &Path) -> Generics {
    let mut generics = generics.clone();
    let parameters: Vec<Ident> = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(parameter.ident.clone()),
            _ => None,
        })
        .collect();
    for ty in elements.iter().map(|element| element.ty) {
        if names_one_of(quote!(#ty), &parameters) {
            let bound = parse_quote_spanned!(ty.span()=> #ty: #krate::model::Object);
            generics.make_where_clause().predicates.push(bound);
        }
    }
    generics
}

fn names_one_of(tokens: TokenStream, parameters: &[Ident]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => parameters.contains(&ident),
        TokenTree::Group(group) => names_one_of(group.stream(), parameters),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn error(input: &DeriveInput) -> String {
        objects(input).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_named() {
        for (input, expected) in [
            (
                parse_quote!(
                    enum A {}
                ),
                "is a struct",
            ),
            (
                parse_quote!(
                    struct A {}
                ),
                "no field is an object",
            ),
            (
                parse_quote!(
                    struct A(#[objects(skip)] Device);
                ),
                "no field is an object",
            ),
            (
                parse_quote!(
                    struct A {
                        #[objects(id = 3)]
                        device: Device,
                    }
                ),
                "that of its definition",
            ),
            (
                parse_quote!(
                    struct A {
                        #[objects()]
                        device: Device,
                    }
                ),
                "expected skip",
            ),
            (
                parse_quote!(
                    struct A {
                        #[objects(skip)]
                        #[objects(skip)]
                        device: Device,
                    }
                ),
                "only one #[objects(…)]",
            ),
            (
                parse_quote!(
                    #[objects(skip)]
                    struct A {
                        device: Device,
                    }
                ),
                "before the field",
            ),
        ] {
            let told = error(&input);
            assert!(told.contains(expected), "{told}");
        }
    }

    #[test]
    fn what_depends_on_a_type_parameter_is_an_object() {
        let input = parse_quote! {
            struct A<'a, T, U: Clone, const N: usize> {
                device: Device<'a>,
                server: Server<N>,
                one: &'a mut T,
                all: Option<Instances<(U,), N>>,
            }
        };
        let text = objects(&input).unwrap_or_default().to_string();
        let bounds = quote! {
            where
                T: ::lwm2m_core::model::Object,
                Instances<(U,), N>: ::lwm2m_core::model::Object
        };
        assert!(text.contains(&bounds.to_string()), "{text}");
    }
}

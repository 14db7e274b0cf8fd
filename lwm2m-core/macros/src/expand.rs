//! The implementation that the derive writes.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Error, Fields, Path, Result, spanned::Spanned};

use crate::attributes::{Execute, Id, ObjectAttributes, Resource, data_type, resource};

/// Implements `Instance` for a struct.
pub(crate) fn object(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "an object is a struct"));
    };
    if let Fields::Unnamed(fields) = &data.fields {
        return Err(Error::new_spanned(fields, "the fields must have names"));
    }
    let object = ObjectAttributes::parse(input)?;
    let mut resources = Vec::new();
    for field in &data.fields {
        resources.extend(resource(field)?);
    }
    check_ids(&resources, &object.executes)?;

    let krate = &object.krate;
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let definition = definition(&object, &resources);
    let fields = resources.iter().map(|resource| {
        let (id, field, ty) = (resource.id.number, resource.field, resource.ty);
        quote_spanned!(ty.span()=> #id => &self.#field)
    });
    let writable = writable_fields(&resources, krate);
    let execute = execute(&object.executes, krate);
    Ok(quote! {
        #[automatically_derived]
        #[allow(unused_qualifications, reason = "what is in scope is not known")]
        impl #generics #krate::model::Instance for #name #arguments #bounds {
            fn definition() -> &'static #krate::model::ObjectDefinition {
                #definition
            }

            fn resource(
                &self,
                id: u16,
            ) -> ::core::option::Option<&dyn #krate::model::ResourceValue> {
                ::core::option::Option::Some(match id {
                    #(#fields,)*
                    _ => return ::core::option::Option::None,
                })
            }

            #writable
            #execute
        }
    })
}

/// Refuses two resources with the same id.
fn check_ids(resources: &[Resource<'_>], executes: &[Execute]) -> Result<()> {
    let ids = resources.iter().map(|resource| resource.id);
    let mut seen = Vec::new();
    for Id { number, span } in ids.chain(executes.iter().map(|execute| execute.id)) {
        if seen.contains(&number) {
            return Err(Error::new(
                span,
                format!("resource {number} is there already"),
            ));
        }
        seen.push(number);
    }
    Ok(())
}

/// The table of the object.
fn definition(object: &ObjectAttributes, resources: &[Resource<'_>]) -> TokenStream {
    let krate = &object.krate;
    let mut entries: Vec<(u16, TokenStream)> = Vec::new();
    for resource in resources {
        let id = resource.id.number;
        let operations = &resource.operations;
        let data_type = data_type(resource, krate);
        let mandatory = resource.mandatory.then(|| quote!(.mandatory()));
        let range = resource
            .range
            .as_ref()
            .map(|(min, max)| quote!(.in_range(const { &#krate::model::Range::of(#data_type, #min, #max) })));
        let new = quote! {
            #krate::model::ResourceDefinition::new(
                #id,
                #krate::model::Operations::#operations,
                #data_type,
            ) #mandatory #range
        };
        entries.push((id, new));
    }
    for execute in &object.executes {
        let id = execute.id.number;
        let new = quote! {
            #krate::model::ResourceDefinition::new(
                #id,
                #krate::model::Operations::E,
                #krate::model::DataType::None,
            )
        };
        entries.push((id, new));
    }
    entries.sort_by_key(|(id, _)| *id);
    let entries = entries.into_iter().map(|(_, entry)| entry);
    let (id, (major, minor)) = (object.id, object.version);
    let multiple = object.multiple.then(|| quote!(.multiple()));
    quote! {
        const {
            &#krate::model::ObjectDefinition::new(
                #id,
                #krate::model::Version::new(#major, #minor),
                const { &[#(#entries),*] },
            ) #multiple
        }
    }
}

/// `resource_mut`, where there is something to write.
fn writable_fields(resources: &[Resource<'_>], krate: &Path) -> Option<TokenStream> {
    let fields: Vec<_> = resources
        .iter()
        .filter(|resource| resource.is_writable())
        .map(|resource| {
            let (id, field, ty) = (resource.id.number, resource.field, resource.ty);
            quote_spanned!(ty.span()=> #id => &mut self.#field)
        })
        .collect();
    (!fields.is_empty()).then(|| {
        quote! {
            fn resource_mut(
                &mut self,
                id: u16,
            ) -> ::core::option::Option<&mut dyn #krate::model::WritableValue> {
                ::core::option::Option::Some(match id {
                    #(#fields,)*
                    _ => return ::core::option::Option::None,
                })
            }
        }
    })
}

/// `execute_resource`, where there is something to execute.
fn execute(executes: &[Execute], krate: &Path) -> Option<TokenStream> {
    let arms: Vec<_> = executes
        .iter()
        .map(|Execute { id, method }| {
            let id = id.number;
            quote_spanned!(method.span()=> #id => self.#method(arguments))
        })
        .collect();
    (!arms.is_empty()).then(|| {
        quote! {
            fn execute_resource(
                &mut self,
                id: u16,
                arguments: #krate::model::Arguments<'_>,
            ) -> ::core::result::Result<#krate::model::Outcome, #krate::model::Error> {
                match id {
                    #(#arms,)*
                    _ => ::core::result::Result::Err(#krate::model::Error::MethodNotAllowed),
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn error(input: &DeriveInput) -> String {
        object(input).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            error(&parse_quote!(
                struct A {}
            ))
            .contains("no id")
        );
        assert!(
            error(&parse_quote!(
                #[object(version = "1.0")]
                struct A {}
            ))
            .contains("missing")
        );
        assert!(
            error(&parse_quote!(
                #[object(id = 65535)]
                struct A {}
            ))
            .contains("0 to 65534")
        );
        assert!(
            error(&parse_quote!(
                #[object(id = 1, version = "1")]
                struct A {}
            ))
            .contains("looks like \"1.0\"")
        );
        assert!(
            error(&parse_quote!(
                #[object(id = 1)]
                enum A {}
            ))
            .contains("struct")
        );
        assert!(
            error(&parse_quote!(
                #[object(id = 1)]
                struct A(u8);
            ))
            .contains("names")
        );
        assert!(
            error(&parse_quote!(
                #[object(id = 1, only)]
                struct A {}
            ))
            .contains("expected id")
        );
    }

    #[test]
    fn mistakes_in_a_resource_are_named() {
        let with = |attribute: syn::Attribute| {
            error(&parse_quote!(#[object(id = 1)] struct A { #attribute a: u8 }))
        };
        assert!(with(parse_quote!(#[resource(ops = "R")])).contains("id = … is missing"));
        assert!(with(parse_quote!(#[resource(id = 1, ops = "E")])).contains("execute(id"));
        assert!(with(parse_quote!(#[resource(id = 1, type = "int")])).contains("integer"));
        assert!(with(parse_quote!(#[resource(id = 1, range = 0..9)])).contains("..="));
        assert!(with(parse_quote!(#[resource(id = 1, unit = "s")])).contains("units"));
    }

    #[test]
    fn an_id_is_given_once() {
        let twice = error(&parse_quote! {
            #[object(id = 1, execute(7 => run))]
            struct A { #[resource(id = 7)] a: u8 }
        });
        assert_eq!(twice, "resource 7 is there already");
    }
}

//! `#[derive(Params)]`: a user's struct as parameters, field by field in the order of declaration.
//!
//! The four required methods of the trait each become one line per field:
//!
//! ```text
//! n_values:     0 + Params::n_values(&self.a) + Params::n_values(&self.b)
//! flatten_into: Params::flatten_into(&self.a, flat); ...
//! read_from:    Params::read_from(&mut self.a, values); ...
//! describe:     leaves.child("a", |leaves| Params::describe(&self.a, leaves)); ...
//! ```

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Index, LitStr, Member, Path, Result, Type};

/// The impl block for `input`, or an error at the place in the user's code that is wrong.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let krate = crate_path(&input.attrs)?;
    let fields = fields(&input.ident, &input.data)?;
    let params = quote!(#krate::Params);

    let access: Vec<&Member> = fields.iter().map(|field| &field.member).collect();
    // A struct that contains itself cannot ask itself: then `true`, which is always right.
    let (own, other): (Vec<&ParamsField>, Vec<&ParamsField>) =
        fields.iter().partition(|field| mentions(field.ty.to_token_stream(), &input.ident));
    let other_types = other.iter().map(|field| field.ty);
    let may_have_fixed = !own.is_empty() || fields.iter().any(|field| field.is_fixed);
    let descriptions = fields.iter().map(|field| field.describe(&params));

    let name = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in input.generics.type_params() {
        // Params where it holds parameters; Clone, which Params requires of the struct, where it only sits in others.
        let ident = &parameter.ident;
        let holds_params = fields.iter().any(|field| mentions(field.ty.to_token_stream(), ident));
        let clause = generics.make_where_clause();
        clause.predicates.push(if holds_params {
            syn::parse_quote!(#ident: #params)
        } else {
            syn::parse_quote!(#ident: ::core::clone::Clone)
        });
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();

    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #params for #name #type_generics #where_clause {
            const MAY_HAVE_FIXED: bool =
                #may_have_fixed #(|| <#other_types as #params>::MAY_HAVE_FIXED)*;

            fn n_values(&self) -> usize {
                0 #(+ #params::n_values(&self.#access))*
            }

            fn flatten_into(&self, _flat: &mut ::std::vec::Vec<f64>) {
                #(#params::flatten_into(&self.#access, _flat);)*
            }

            fn read_from(&mut self, _values: &mut #krate::Values<'_>) {
                #(#params::read_from(&mut self.#access, _values);)*
            }

            fn describe(&self, _leaves: &mut #krate::Leaves<'_>) {
                #(#descriptions)*
            }
        }
    })
}

/// A field that holds parameters.
struct ParamsField<'a> {
    member: Member,
    ty: &'a Type,
    is_fixed: bool,
    /// What it adds to the path of its leaves; nothing if it is the only field of a tuple struct.
    segment: Option<TokenStream>,
}

impl ParamsField<'_> {
    fn describe(&self, params: &TokenStream) -> TokenStream {
        let member = &self.member;
        let mut body = quote!(#params::describe(&self.#member, _leaves));
        if let Some(segment) = &self.segment {
            body = quote!(_leaves.child(#segment, |_leaves| #body));
        }
        if self.is_fixed {
            body = quote!(_leaves.fixed(|_leaves| #body));
        }
        quote!(#body;)
    }
}

/// The fields of a struct that are not skipped.
fn fields<'a>(name: &Ident, data: &'a Data) -> Result<Vec<ParamsField<'a>>> {
    let Data::Struct(data) = data else {
        return Err(Error::new_spanned(
            name,
            "Params can be derived for structs only: a flat vector cannot choose a variant. \
             Put the variants' parameters into a struct, with `Option` where some are absent",
        ));
    };
    let is_newtype = matches!(&data.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    let mut found = Vec::new();
    for (position, field) in data.fields.iter().enumerate() {
        let marks = Marks::read(&field.attrs)?;
        if marks.skip {
            continue;
        }
        let (member, segment) = match &field.ident {
            Some(ident) => {
                let text = ident.unraw().to_string();
                (Member::Named(ident.clone()), Some(quote!(#text)))
            }
            None => {
                let index = Index::from(position);
                let segment = (!is_newtype).then(|| quote!(#position));
                (Member::Unnamed(index), segment)
            }
        };
        found.push(ParamsField { member, ty: &field.ty, is_fixed: marks.fixed, segment });
    }
    Ok(found)
}

/// What the attributes of a field say.
#[derive(Default)]
struct Marks {
    skip: bool,
    fixed: bool,
}

impl Marks {
    fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut marks = Marks::default();
        for attribute in attributes.iter().filter(|a| a.path().is_ident("params")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("skip") {
                    marks.skip = true;
                } else if meta.path.is_ident("fixed") {
                    marks.fixed = true;
                } else {
                    return Err(meta.error("unknown attribute: a field can be `skip` or `fixed`"));
                }
                if meta.input.peek(syn::Token![=]) {
                    return Err(
                        meta.error("takes no value: write `#[params(skip)]` or `#[params(fixed)]`")
                    );
                }
                if marks.skip && marks.fixed {
                    return Err(meta.error(
                        "`skip` and `fixed` exclude each other: a skipped field is no parameter, \
                         a fixed one is a parameter that does not move",
                    ));
                }
                Ok(())
            })?;
        }
        Ok(marks)
    }
}

/// Where the module with the trait is.
fn crate_path(attributes: &[Attribute]) -> Result<Path> {
    let mut path: Path = syn::parse_quote!(::thalweg::params);
    for attribute in attributes.iter().filter(|a| a.path().is_ident("params")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error(
                    "unknown attribute: a struct can have `crate = \"...\"`; `skip` and `fixed` go on fields",
                ));
            }
            path = meta.value()?.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    Ok(path)
}

/// Whether `ident` occurs anywhere in `tokens`.
fn mentions(tokens: TokenStream, ident: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(own) => own == *ident,
        TokenTree::Group(group) => mentions(group.stream(), ident),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(input: DeriveInput) -> String {
        expand(&input).map_or_else(|error| error.to_string(), |_| "no error".into())
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            error(syn::parse_quote!(
                enum Model {
                    A(f64),
                    B,
                }
            ))
            .contains("structs only")
        );
        let unknown = syn::parse_quote!(
            struct Model {
                #[params(skipped)]
                a: f64,
            }
        );
        assert_eq!(error(unknown), "unknown attribute: a field can be `skip` or `fixed`");
        let valued = syn::parse_quote!(
            struct Model {
                #[params(skip = true)]
                a: f64,
            }
        );
        assert_eq!(error(valued), "takes no value: write `#[params(skip)]` or `#[params(fixed)]`");
        let both = syn::parse_quote!(
            struct Model {
                #[params(skip, fixed)]
                a: f64,
            }
        );
        assert!(error(both).starts_with("`skip` and `fixed` exclude each other"));
        let misplaced = syn::parse_quote!(
            #[params(fixed)]
            struct Model {
                a: f64,
            }
        );
        assert!(error(misplaced).ends_with("`skip` and `fixed` go on fields"));
    }

    #[test]
    fn the_path_of_the_trait_can_be_chosen() {
        let default = expand(&syn::parse_quote!(
            struct Model {
                a: f64,
            }
        ))
        .unwrap()
        .to_string();
        assert!(default.contains(":: thalweg :: params :: Params for Model"), "{default}");
        let own = syn::parse_quote!(
            #[params(crate = "crate::inner")]
            struct Model {
                a: f64,
            }
        );
        let own = expand(&own).unwrap().to_string();
        assert!(own.contains("crate :: inner :: Params for Model"), "{own}");
    }
}

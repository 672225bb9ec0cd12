//! `#[derive(Options)]`: an algorithm's struct is the one declaration of its options.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Expr, Field, Fields, Ident, LitStr, Path, Result};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let header = Header::parse(input)?;
    let fields = named_fields(input)?;
    let options = fields.into_iter().map(OptionField::parse).collect::<Result<Vec<_>>>()?;

    let (root, ident, name) = (&header.root, &input.ident, &header.name);
    let struct_name = ident.to_string();
    let doc = doc_text(&input.attrs);
    let features = header.features();
    let specs = options.iter().map(|option| option.spec(root));
    let defaults = options.iter().map(|option| option.default(root));
    let names: Vec<_> = options.iter().map(|option| option.ident.to_string()).collect();
    let idents: Vec<_> = options.iter().map(|option| &option.ident).collect();
    let index = 0..options.len();

    Ok(quote! {
        impl #root::Declared for #ident {
            const SPEC: &'static #root::AlgorithmSpec = &#root::AlgorithmSpec {
                name: #name,
                struct_name: #struct_name,
                doc: #doc,
                features: #features,
                options: &[#(#specs),*],
            };
        }

        impl ::core::default::Default for #ident {
            fn default() -> Self {
                Self { #(#defaults),* }
            }
        }

        impl #root::Configure for #ident {
            fn spec(&self) -> &'static #root::AlgorithmSpec {
                <Self as #root::Declared>::SPEC
            }

            fn option(&self, name: &str) -> ::core::option::Option<#root::OptionValue> {
                match name {
                    #(#names => ::core::option::Option::Some(#root::OptionField::to_value(&self.#idents)),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn set_option(
                &mut self,
                name: &str,
                value: &#root::OptionValue,
            ) -> ::core::result::Result<(), #root::OptionError> {
                let spec = <Self as #root::Declared>::SPEC;
                match name {
                    #(#names => {
                        self.#idents = #root::options::read_field(spec.name, &spec.options[#index], value)?;
                    })*
                    _ => {
                        return ::core::result::Result::Err(#root::OptionError::Unknown {
                            algorithm: spec.name,
                            name: ::std::string::String::from(name),
                        })
                    }
                }
                ::core::result::Result::Ok(())
            }

            fn boxed(&self) -> ::std::boxed::Box<dyn #root::Algorithm> {
                ::std::boxed::Box::new(::core::clone::Clone::clone(self))
            }
        }
    })
}

/// The contents of `#[algorithm(..)]`.
struct Header {
    root: Path,
    name: LitStr,
    kind: Ident,
    flags: Vec<String>,
}

impl Header {
    fn parse(input: &DeriveInput) -> Result<Header> {
        let mut root: Path = syn::parse_quote!(::thalweg::core);
        let (mut name, mut kind, mut flags) = (None, None, Vec::new());
        for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("algorithm")) {
            attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("name") {
                    name = Some(meta.value()?.parse::<LitStr>()?);
                } else if meta.path.is_ident("kind") {
                    kind = Some(meta.value()?.parse::<Ident>()?);
                } else if meta.path.is_ident("crate") {
                    root = meta.value()?.parse::<Path>()?;
                } else if meta.path.is_ident("global") {
                    flags.push("global".to_string());
                } else if meta.path.is_ident("needs") || meta.path.is_ident("supports") {
                    let group = meta.path.require_ident()?.to_string();
                    meta.parse_nested_meta(|flag| {
                        let flag = flag.path.require_ident()?;
                        let known: &[&str] = if group == "needs" {
                            &["gradient", "hessian", "bounds"]
                        } else {
                            &[
                                "bounds",
                                "hessian",
                                "linear_constraints",
                                "nonlinear_constraints",
                                "parallel",
                            ]
                        };
                        if !known.contains(&flag.to_string().as_str()) {
                            return Err(Error::new_spanned(
                                flag,
                                format!("expected one of {known:?}"),
                            ));
                        }
                        flags.push(format!("{group} {flag}"));
                        Ok(())
                    })?;
                } else {
                    return Err(
                        meta.error("expected name, kind, global, needs(..), supports(..) or crate")
                    );
                }
                Ok(())
            })?;
        }
        let missing = |what| {
            Error::new_spanned(&input.ident, format!("#[algorithm({what} = ..)] is missing"))
        };
        Ok(Header {
            root,
            name: name.ok_or_else(|| missing("name"))?,
            kind: kind.ok_or_else(|| missing("kind"))?,
            flags,
        })
    }

    fn features(&self) -> TokenStream {
        let (root, kind) = (&self.root, &self.kind);
        let has = |flag: &str| self.flags.iter().any(|known| known == flag);
        let (global, gradient, hessian) =
            (has("global"), has("needs gradient"), has("needs hessian"));
        let uses_hessian = hessian || has("supports hessian");
        let needs_bounds = has("needs bounds");
        let bounds = needs_bounds || has("supports bounds");
        let infinite = bounds && !needs_bounds;
        let (linear, nonlinear) =
            (has("supports linear_constraints"), has("supports nonlinear_constraints"));
        let parallel = has("supports parallel");
        quote! {
            #root::Features {
                kind: #root::SolverKind::#kind,
                global: #global,
                needs_gradient: #gradient,
                needs_hessian: #hessian,
                uses_hessian: #uses_hessian,
                needs_bounds: #needs_bounds,
                bounds: #bounds,
                infinite_bounds: #infinite,
                linear_constraints: #linear,
                nonlinear_constraints: #nonlinear,
                parallel: #parallel,
            }
        }
    }
}

/// One field with its `#[option(..)]`.
struct OptionField<'a> {
    ident: &'a Ident,
    ty: &'a syn::Type,
    doc: String,
    default: Option<Expr>,
    min: Option<(Expr, bool)>,
    max: Option<(Expr, bool)>,
    overrides: Option<LitStr>,
}

impl<'a> OptionField<'a> {
    fn parse(field: &'a Field) -> Result<Self> {
        let ident = field
            .ident
            .as_ref()
            .ok_or_else(|| Error::new_spanned(field, "options are named fields"))?;
        let mut option = OptionField {
            ident,
            ty: &field.ty,
            doc: doc_text(&field.attrs),
            default: None,
            min: None,
            max: None,
            overrides: None,
        };
        let mut shared = false;
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("option")) {
            attr.parse_nested_meta(|meta| {
                let key = meta.path.require_ident()?.to_string();
                match key.as_str() {
                    "shared" => shared = true,
                    "default" => option.default = Some(meta.value()?.parse()?),
                    "overrides" => option.overrides = Some(meta.value()?.parse()?),
                    "min" | "above" => option.min = Some((meta.value()?.parse()?, key == "above")),
                    "max" | "below" => option.max = Some((meta.value()?.parse()?, key == "below")),
                    _ => {
                        return Err(meta.error(
                            "expected shared, default, overrides, min, above, max or below",
                        ));
                    }
                }
                Ok(())
            })?;
        }
        if option.doc.is_empty() {
            return Err(Error::new_spanned(ident, "an option needs a doc comment"));
        }
        if shared == option.default.is_some() {
            return Err(Error::new_spanned(
                ident,
                "give either #[option(shared)] or #[option(default = ..)]",
            ));
        }
        if shared && option.min.is_none() {
            option.min = Some((syn::parse_quote!(0.0), false));
        }
        Ok(option)
    }

    fn spec(&self, root: &Path) -> TokenStream {
        let (name, doc, ty) = (self.ident.to_string(), &self.doc, self.ty);
        let (min, above) = self.min.as_ref().map_or_else(
            || (quote!(::core::primitive::f64::NEG_INFINITY), false),
            |(min, above)| (quote!((#min) as f64), *above),
        );
        let (max, below) = self.max.as_ref().map_or_else(
            || (quote!(::core::primitive::f64::INFINITY), false),
            |(max, below)| (quote!((#max) as f64), *below),
        );
        let overrides = self.overrides.as_ref().map_or_else(|| quote!(""), |text| quote!(#text));
        quote! {
            #root::OptionSpec {
                name: #name,
                doc: #doc,
                kind: <#ty as #root::OptionField>::KIND,
                range: #root::Range { min: #min, above: #above, max: #max, below: #below },
                overrides: #overrides,
            }
        }
    }

    fn default(&self, root: &Path) -> TokenStream {
        let (ident, ty) = (self.ident, self.ty);
        match &self.default {
            Some(default) => quote!(#ident: #default),
            None => {
                let constant = format_ident!("{}", ident.to_string().to_uppercase());
                quote!(#ident: #root::words::#constant as #ty)
            }
        }
    }
}

/// `#[derive(Choice)]`: the words of an option, from the variants of an enum in snake case.
pub(crate) fn derive_choice(input: &DeriveInput) -> Result<TokenStream> {
    let mut root: Path = syn::parse_quote!(::thalweg::core);
    for attr in input.attrs.iter().filter(|attr| attr.path().is_ident("choice")) {
        attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("expected crate; `word = \"..\"` goes on variants"));
            }
            root = meta.value()?.parse::<Path>()?;
            Ok(())
        })?;
    }
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "a choice is an enum"));
    };
    let (mut variants, mut words) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !variant.fields.is_empty() {
            let message = "a choice is among words: its variants have no fields";
            return Err(Error::new_spanned(variant, message));
        }
        let mut word = snake_case(&variant.ident.to_string());
        for attr in variant.attrs.iter().filter(|attr| attr.path().is_ident("choice")) {
            attr.parse_nested_meta(|meta| {
                if !meta.path.is_ident("word") {
                    return Err(meta.error("expected word"));
                }
                word = meta.value()?.parse::<LitStr>()?.value();
                Ok(())
            })?;
        }
        variants.push(&variant.ident);
        words.push(word);
    }
    let ident = &input.ident;
    Ok(quote! {
        impl #root::Choice for #ident {
            const WORDS: &'static [&'static str] = &[#(#words),*];

            fn from_word(word: &str) -> ::core::option::Option<Self> {
                match word {
                    #(#words => ::core::option::Option::Some(Self::#variants),)*
                    _ => ::core::option::Option::None,
                }
            }

            fn word(self) -> &'static str {
                match self {
                    #(Self::#variants => #words,)*
                }
            }
        }
    })
}

fn named_fields(input: &DeriveInput) -> Result<Vec<&Field>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields.named.iter().collect()),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(fields) => Err(Error::new_spanned(fields, "options are named fields")),
        },
        _ => Err(Error::new_spanned(&input.ident, "options are the fields of a struct")),
    }
}

/// The text of the doc comments, its lines joined.
fn doc_text(attrs: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        if let syn::Meta::NameValue(meta) = &attr.meta
            && let Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &meta.value
        {
            lines.push(text.value().trim().to_string());
        }
    }
    lines.join("\n").trim().to_string()
}

fn snake_case(name: &str) -> String {
    let mut word = String::new();
    for (i, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && i > 0 {
            word.push('_');
        }
        word.extend(letter.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(derived: Result<TokenStream>) -> String {
        derived.map_or_else(|error| error.to_string(), |_| "no error".into())
    }

    #[test]
    fn mistakes_in_options_are_named() {
        let missing = syn::parse_quote!(
            #[algorithm(kind = Scalar)]
            struct Walk;
        );
        assert_eq!(error(derive(&missing)), "#[algorithm(name = ..)] is missing");
        let unknown = syn::parse_quote!(
            #[algorithm(name = "walk", kind = Scalar, supports(bouns))]
            struct Walk;
        );
        assert!(error(derive(&unknown)).starts_with("expected one of [\"bounds\", "));
        let undocumented = syn::parse_quote!(
            #[algorithm(name = "walk", kind = Scalar)]
            struct Walk {
                #[option(default = 1.0)]
                step: f64,
            }
        );
        assert_eq!(error(derive(&undocumented)), "an option needs a doc comment");
        let undecided = syn::parse_quote!(
            #[algorithm(name = "walk", kind = Scalar)]
            struct Walk {
                /// The length of a step.
                step: f64,
            }
        );
        assert_eq!(
            error(derive(&undecided)),
            "give either #[option(shared)] or #[option(default = ..)]"
        );
    }

    #[test]
    fn mistakes_in_choices_are_named() {
        let fields = syn::parse_quote!(
            enum Way {
                Up(f64),
                Down,
            }
        );
        assert_eq!(
            error(derive_choice(&fields)),
            "a choice is among words: its variants have no fields"
        );
        let structure = syn::parse_quote!(
            struct Way;
        );
        assert_eq!(error(derive_choice(&structure)), "a choice is an enum");
        let misplaced = syn::parse_quote!(
            #[choice(word = "up")]
            enum Way {
                Up,
            }
        );
        assert_eq!(
            error(derive_choice(&misplaced)),
            "expected crate; `word = \"..\"` goes on variants"
        );
        let unknown = syn::parse_quote!(
            enum Way {
                #[choice(name = "up")]
                Up,
            }
        );
        assert_eq!(error(derive_choice(&unknown)), "expected word");
    }
}

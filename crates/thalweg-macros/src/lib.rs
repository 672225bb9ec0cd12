//! Derive macros of thalweg: algorithm options, and user structs as parameters.

mod options;
mod params;

use proc_macro::TokenStream;

/// Declare an algorithm: its struct's fields become options.
///
/// On the struct: `#[algorithm(name = "..", kind = Scalar | LeastSquares | Likelihood, global, needs(gradient, hessian, bounds),
/// supports(bounds, linear_constraints, nonlinear_constraints, parallel))]`; `needs(bounds)` means finite bounds. `crate = path` says
/// where the contract is, if not at `::thalweg::core`.
///
/// On each field, beside its doc comment: `#[option(shared)]` for a shared word with its shared default, or
/// `#[option(default = ..)]`; `min`, `above`, `max`, `below` give the range; `overrides = "reason"` says why a shared word has another default.
#[proc_macro_derive(Options, attributes(algorithm, option))]
pub fn derive_options(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    options::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// The words of an option: an enum without fields, its variants in snake case or as `#[choice(word = "..")]` says. On the enum,
/// `#[choice(crate = path)]` says where the contract is, if not at `::thalweg::core`.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    options::derive_choice(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A struct as parameters: its fields become leaves of the flat vector, in the order of declaration.
///
/// On a field: `#[params(skip)]` for one that is no parameter, `#[params(fixed)]` for one that is held at its start value.
/// On the struct: `#[params(crate = "..")]` if the trait is not at `::thalweg::params`.
#[proc_macro_derive(Params, attributes(params))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    params::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

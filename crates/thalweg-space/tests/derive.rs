//! `#[derive(Params)]` as a user meets it.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use proptest::prelude::*;
use thalweg_space::SpaceError;
use thalweg_space::params::Params;

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Shock {
    sd: f64,
    #[params(fixed)]
    corr: [f64; 2],
}

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Model<T, const N: usize> {
    intercept: f64,
    beta: [T; N],
    r#type: (f64, Vec<f64>),
    #[params(skip)]
    label: &'static str,
    offset: Option<f64>,
    by_region: BTreeMap<String, Shock>,
    #[params(fixed)]
    scale: Box<f64>,
}

fn model(offset: Option<f64>) -> Model<f64, 2> {
    Model {
        intercept: 1.0,
        beta: [2.0, 3.0],
        r#type: (4.0, vec![5.0, 6.0]),
        label: "wages",
        offset,
        by_region: BTreeMap::from([
            ("south".to_string(), Shock { sd: 8.0, corr: [0.8, 0.9] }),
            ("north".to_string(), Shock { sd: 7.0, corr: [0.6, 0.7] }),
        ]),
        scale: Box::new(10.0),
    }
}

#[test]
fn nested_fields_flatten_in_order_and_carry_their_path() {
    let start = model(None);
    let flat = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.6, 0.7, 8.0, 0.8, 0.9, 10.0];
    assert_eq!(start.to_flat(), flat);
    assert_eq!(start.n_values(), flat.len());
    let names = [
        "intercept",
        "beta_0",
        "beta_1",
        "type_0",
        "type_1_0",
        "type_1_1",
        "by_region_north_sd",
        "by_region_north_corr_0",
        "by_region_north_corr_1",
        "by_region_south_sd",
        "by_region_south_corr_0",
        "by_region_south_corr_1",
        "scale",
    ];
    assert_eq!(start.leaf_names(), names);
    assert_eq!(format!("{:?}", start.leaf_paths()[7]), r#"["by_region", "north", "corr", 0]"#);
}

#[test]
fn fixed_marks_reach_the_leaves_below() {
    assert_eq!(model(None).fixed_positions(), [7, 8, 10, 11, 12]);
    assert_eq!(model(Some(0.0)).fixed_positions(), [8, 9, 11, 12, 13]);
    assert_eq!(vec![1.0].fixed_positions(), [0usize; 0]);
}

#[test]
fn an_option_has_leaves_only_if_the_template_has_it() {
    let with = model(Some(0.5));
    assert_eq!(with.n_values(), model(None).n_values() + 1);
    assert_eq!(with.leaf_names()[6], "offset");
    let moved = with.with_flat(&with.to_flat().iter().map(|x| x + 1.0).collect::<Vec<_>>());
    assert_eq!(moved.unwrap().offset, Some(1.5));
    assert_eq!(model(None).with_flat(&[0.0; 13]).unwrap().offset, None);
}

#[test]
fn skipped_fields_come_from_the_template() {
    let moved = model(None).with_flat(&[0.0; 13]).unwrap();
    assert_eq!(moved.label, "wages");
    assert_eq!(moved.to_flat(), [0.0; 13]);
}

#[test]
fn lengths_are_checked() {
    let start = model(None);
    let error = start.with_flat(&[0.0; 12]).unwrap_err();
    assert_eq!(error, SpaceError::FlatLength { expected: 13, found: 12 });
    assert_eq!(
        error.to_string(),
        "the parameters have 13 leaves, but the flat vector has 12 numbers. Give one number per leaf."
    );
    let error = start.with_flat(&[0.0; 20]).unwrap_err();
    assert_eq!(error, SpaceError::FlatLength { expected: 13, found: 20 });
    assert_eq!(
        1.0.with_flat(&[]).unwrap_err().to_string(),
        "the parameters have 1 leaf, but the flat vector has 0 numbers. Give one number per leaf."
    );
    assert_eq!(
        vec![0.0; 3].with_flat(&[1.0]).unwrap_err(),
        SpaceError::FlatLength { expected: 3, found: 1 }
    );
}

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Pair(f64, #[params(skip)] usize, Vec<f64>);

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Meters(f64);

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Nothing;

/// `U` is in no parameter, so it need not be one.
#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Wrapper<'a, T: Default, U>
where
    U: PartialEq,
{
    inner: Vec<T>,
    #[params(skip)]
    other: U,
    #[params(skip)]
    text: &'a str,
}

#[derive(Clone, Debug, PartialEq, Params)]
#[params(crate = "thalweg_space::params")]
struct Tree {
    #[params(fixed)]
    weight: f64,
    value: f64,
    children: Vec<Tree>,
}

#[test]
fn tuple_structs_and_empty_structs() {
    let pair = Pair(1.0, 7, vec![2.0]);
    assert_eq!(pair.leaf_names(), ["0", "2_0"]);
    assert_eq!(pair.with_flat(&[3.0, 4.0]).unwrap(), Pair(3.0, 7, vec![4.0]));
    assert_eq!(vec![Meters(1.0), Meters(2.0)].leaf_names(), ["0", "1"]);
    assert_eq!((Nothing, (), PhantomData::<u8>, 1.0).leaf_names(), ["3"]);
}

#[test]
fn generic_and_recursive_structs() {
    let wrapper = Wrapper { inner: vec![Meters2::default(); 2], other: 'x', text: "y" };
    assert_eq!(wrapper.leaf_names(), ["inner_0_0", "inner_0_1", "inner_1_0", "inner_1_1"]);
    assert_eq!(wrapper.with_flat(&[1.0, 2.0, 3.0, 4.0]).unwrap().inner[1], (3.0, 4.0));

    let leaf = Tree { weight: 1.0, value: 2.0, children: vec![] };
    let tree = Tree { weight: 3.0, value: 4.0, children: vec![leaf.clone(), leaf] };
    assert_eq!(tree.to_flat(), [3.0, 4.0, 1.0, 2.0, 1.0, 2.0]);
    assert_eq!(tree.fixed_positions(), [0, 2, 4]);
}

type Meters2 = (f64, f64);

#[test]
fn names_of_every_container() {
    let long = (1.0, [2.0], (3.0,), vec![(4.0, 5.0)], Some(6.0), Box::new(7.0), (), [[8.0; 2]; 2]);
    let names = ["0", "1_0", "2_0", "3_0_0", "3_0_1", "4", "5", "7_0_0", "7_0_1", "7_1_0", "7_1_1"];
    assert_eq!(long.leaf_names(), names);
    assert_eq!(BTreeMap::from([(2, 1.0), (1, 0.0)]).leaf_names(), ["1", "2"]);
    assert_eq!(1.0.leaf_names(), [""]);
    // Two leaves may share a name; their paths differ.
    let twins = BTreeMap::from([
        ("a", BTreeMap::from([("0_0", 1.0)])),
        ("a_0", BTreeMap::from([("0", 2.0)])),
    ]);
    assert_eq!(twins.leaf_names(), ["a_0_0", "a_0_0"]);
    assert_ne!(twins.leaf_paths()[0], twins.leaf_paths()[1]);
}

proptest! {
    #[test]
    fn flat_vectors_round_trip(
        lengths in prop::collection::vec(0usize..4, 0..4),
        offset in prop::option::of(-1.0..1.0),
        shift in -5.0..5.0,
    ) {
        let rows: Vec<Vec<f64>> = lengths.iter().map(|&n| vec![1.0; n]).collect();
        let params = (rows, model(offset), [Pair(0.0, 1, vec![2.0]), Pair(3.0, 4, vec![])]);
        let flat = params.to_flat();
        prop_assert_eq!(flat.len(), params.n_values());
        prop_assert_eq!(flat.len(), params.leaf_paths().len());
        prop_assert_eq!(&params.with_flat(&flat).unwrap(), &params);
        let moved: Vec<f64> = flat.iter().map(|x| x + shift).collect();
        prop_assert_eq!(params.with_flat(&moved).unwrap().to_flat(), moved);
    }
}

//! Parameters made of the types of the standard library.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;

use super::{Leaves, Params, Values};

impl Params for f64 {
    const MAY_HAVE_FIXED: bool = false;

    #[inline]
    fn n_values(&self) -> usize {
        1
    }

    #[inline]
    fn flatten_into(&self, flat: &mut Vec<f64>) {
        flat.push(*self);
    }

    #[inline]
    fn read_from(&mut self, values: &mut Values<'_>) {
        *self = values.next_value();
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        leaves.leaf();
    }

    #[inline]
    fn flatten_slice(items: &[Self], flat: &mut Vec<f64>) {
        flat.extend_from_slice(items);
    }

    #[inline]
    fn read_slice(items: &mut [Self], values: &mut Values<'_>) {
        values.copy_to(items);
    }
}

/// Sequences: a leaf's path goes through the position of the item.
macro_rules! sequence {
    ($(($($generics:tt)*) $type:ty;)*) => {$(
        impl<T: Params, $($generics)*> Params for $type {
            const MAY_HAVE_FIXED: bool = T::MAY_HAVE_FIXED;

            #[inline]
            fn n_values(&self) -> usize {
                self.iter().map(T::n_values).sum()
            }

            #[inline]
            fn flatten_into(&self, flat: &mut Vec<f64>) {
                T::flatten_slice(self, flat);
            }

            #[inline]
            fn read_from(&mut self, values: &mut Values<'_>) {
                T::read_slice(self, values);
            }

            fn describe(&self, leaves: &mut Leaves<'_>) {
                for (position, item) in self.iter().enumerate() {
                    leaves.child(position, |leaves| item.describe(leaves));
                }
            }
        }
    )*};
}

sequence! {
    () Vec<T>;
    (const N: usize) [T; N];
}

/// Transparent: the path does not show the box.
impl<T: Params> Params for Box<T> {
    const MAY_HAVE_FIXED: bool = T::MAY_HAVE_FIXED;

    #[inline]
    fn n_values(&self) -> usize {
        T::n_values(self)
    }

    #[inline]
    fn flatten_into(&self, flat: &mut Vec<f64>) {
        T::flatten_into(self, flat);
    }

    #[inline]
    fn read_from(&mut self, values: &mut Values<'_>) {
        T::read_from(self, values);
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        T::describe(self, leaves);
    }
}

/// Transparent; `None` has no leaves and stays `None`.
impl<T: Params> Params for Option<T> {
    const MAY_HAVE_FIXED: bool = T::MAY_HAVE_FIXED;

    #[inline]
    fn n_values(&self) -> usize {
        self.as_ref().map_or(0, T::n_values)
    }

    #[inline]
    fn flatten_into(&self, flat: &mut Vec<f64>) {
        if let Some(inner) = self {
            inner.flatten_into(flat);
        }
    }

    #[inline]
    fn read_from(&mut self, values: &mut Values<'_>) {
        if let Some(inner) = self {
            inner.read_from(values);
        }
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        if let Some(inner) = self {
            inner.describe(leaves);
        }
    }
}

/// In the order of the keys; a leaf's path goes through the key's text.
impl<K: Ord + Clone + Display, T: Params> Params for BTreeMap<K, T> {
    const MAY_HAVE_FIXED: bool = T::MAY_HAVE_FIXED;

    fn n_values(&self) -> usize {
        self.values().map(T::n_values).sum()
    }

    fn flatten_into(&self, flat: &mut Vec<f64>) {
        for value in self.values() {
            value.flatten_into(flat);
        }
    }

    fn read_from(&mut self, values: &mut Values<'_>) {
        for value in self.values_mut() {
            value.read_from(values);
        }
    }

    fn describe(&self, leaves: &mut Leaves<'_>) {
        for (key, value) in self {
            leaves.child(key.to_string(), |leaves| value.describe(leaves));
        }
    }
}

/// No leaves.
impl<T> Params for PhantomData<T> {
    const MAY_HAVE_FIXED: bool = false;

    fn n_values(&self) -> usize {
        0
    }

    fn flatten_into(&self, _flat: &mut Vec<f64>) {}

    fn read_from(&mut self, _values: &mut Values<'_>) {}

    fn describe(&self, _leaves: &mut Leaves<'_>) {}
}

/// Tuples of up to eight entries, by position; the empty tuple has no leaves.
macro_rules! tuple {
    ($(($($type:ident $position:tt),*))*) => {$(
        impl<$($type: Params),*> Params for ($($type,)*) {
            const MAY_HAVE_FIXED: bool = false $(|| $type::MAY_HAVE_FIXED)*;

            #[inline]
            fn n_values(&self) -> usize {
                0 $(+ self.$position.n_values())*
            }

            #[inline]
            fn flatten_into(&self, _flat: &mut Vec<f64>) {
                $(self.$position.flatten_into(_flat);)*
            }

            #[inline]
            fn read_from(&mut self, _values: &mut Values<'_>) {
                $(self.$position.read_from(_values);)*
            }

            fn describe(&self, _leaves: &mut Leaves<'_>) {
                $(_leaves.child($position, |leaves| self.$position.describe(leaves));)*
            }
        }
    )*};
}

tuple! {
    ()
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

//! The values of a statement's places.

use rusqlite::types::ToSql;

/// Values for `?1`, `?2`, …: [`params!`](rusqlite::params), an array of one type, or [`params_from_iter`].
pub trait Params {
    /// Passes the values on, in order.
    fn bound<R>(self, then: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

impl Params for &[&dyn ToSql] {
    fn bound<R>(self, then: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        then(self)
    }
}

// The only impl for an array of length 0, so that `[]` needs no type.
impl Params for [&(dyn ToSql + Send + Sync); 0] {
    fn bound<R>(self, then: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        then(&[])
    }
}

macro_rules! arrays {
    ($($length:literal)+) => {$(
        impl<T: ToSql> Params for [T; $length] {
            fn bound<R>(self, then: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                then(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )+};
}

arrays!(1 2 3 4 5 6 7 8);

/// Values from an iterator; made by [`params_from_iter`].
#[derive(Clone, Debug)]
pub struct ParamsFromIter<I>(I);

/// The values that an iterator gives, in order.
pub fn params_from_iter<I: IntoIterator<Item: ToSql>>(values: I) -> ParamsFromIter<I> {
    ParamsFromIter(values)
}

impl<I: IntoIterator<Item: ToSql>> Params for ParamsFromIter<I> {
    fn bound<R>(self, then: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        let values: Vec<_> = self.0.into_iter().collect();
        let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
        then(&values)
    }
}

//! Reading lists of resources, page by page: by index, by cursor or by id.

mod index;
mod list;
mod place;

pub(crate) use list::{List, Part};
pub(crate) use place::{Place, Reading};

//! Expressions, and texts that contain them.
//!
//! The language is that of `minijinja` expressions, cut down: no functions, a fixed list of filters and tests, strict about what
//! is missing, bounded in length, depth and steps.

mod compiled;
mod scope;
mod template;
mod words;

pub(crate) use compiled::{Expression, Undone, named};
pub(crate) use scope::{Names, Scope, Vars};
pub(crate) use template::{BodyTemplate, QueryTemplate, Template, escaped, put};

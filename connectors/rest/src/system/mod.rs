//! The description of a system, checked and compiled.

mod accounts;
mod assignments;
mod compiler;
mod entitlements;
mod lists;
mod operations;
mod scopes;

pub(crate) use accounts::{Attribute, Since};
pub(crate) use assignments::{Block, Inner, Lookup, Shape};
pub(crate) use compiler::{Limits, Problem, System, Test, compile};
pub(crate) use entitlements::{Listed, Type};
pub(crate) use lists::{End, List, Paging, Step, StepPlace};
pub(crate) use operations::{Already, Create, Edit, Request, Success, Way};

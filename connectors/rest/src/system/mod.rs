//! The description of a system, checked and compiled.

mod accounts;
mod assignments;
mod compiler;
mod entitlements;
mod grants;
mod jobs;
mod lists;
mod operations;
mod scopes;
mod whole;

pub(crate) use accounts::{Attribute, Since};
pub(crate) use assignments::{Block, Inner, Lookup, Shape};
pub(crate) use entitlements::{Listed, Type};
pub(crate) use jobs::Job;
pub(crate) use lists::{End, List, Paging, Step, StepPlace};
pub(crate) use operations::{Already, Create, Edit, FORM, Find, Request, Success, Way};
pub(crate) use whole::{Limits, Problem, System, Test, compile};

//! SOQL: parsed, its names looked up, evaluated.

mod ast;
mod bind;
mod dates;
mod error;
mod filter;
mod lexer;
mod parser;
mod path;
mod rows;
mod shape;
mod text;

pub(crate) use bind::{Bound, bind};
pub(crate) use error::SoqlError;
pub(crate) use parser::parse;
pub(crate) use rows::{Rows, rows};
pub(crate) use shape::write_attributes;

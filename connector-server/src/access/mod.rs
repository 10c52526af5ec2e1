//! Which programs may use the API.

mod file;
mod tokens;

pub use tokens::{NewToken, Token, Tokens};

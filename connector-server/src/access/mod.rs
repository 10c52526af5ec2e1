//! Which programs may use the API, and what was done.

mod audit;
mod file;
mod tokens;

pub(crate) use audit::{Access, AuditRow, Entry};
pub use tokens::{NewToken, Role, Token, Tokens};

//! One way to speak SQL to two databases: an SQLite file, and a PostgreSQL server.
//!
//! The API is that of rusqlite, as far as the store uses it: `Connection`, `Transaction`, `Statement`, `Row`, `params!`.
//! Most statements are written once, in SQLite's spelling; for PostgreSQL, `translate` replaces what is only spelled
//! differently, such as `?1`. Where the two need different statements, both stand side by side:
//! `Dialect::pick`.
//!
//! Without the feature `drivers`, only [`Address`] and [`Place`] are here.
//!
//! A caller waits for the answer of either database. It may be any thread, also one of an async runtime.

mod address;
#[cfg(feature = "drivers")]
mod connection;
#[cfg(feature = "drivers")]
mod error;
#[cfg(feature = "drivers")]
mod parameters;
mod place;
#[cfg(feature = "drivers")]
mod postgres;
#[cfg(feature = "drivers")]
mod row;
#[cfg(feature = "drivers")]
mod rows;
#[cfg(feature = "drivers")]
mod statement;
#[cfg(feature = "drivers")]
mod transaction;
#[cfg(feature = "drivers")]
mod translate;

pub use address::Address;
#[cfg(feature = "drivers")]
pub use connection::{Connection, Dialect};
#[cfg(feature = "drivers")]
pub use error::{Error, OptionalExtension, Result};
#[cfg(feature = "drivers")]
pub use parameters::{Params, params_from_iter};
pub use place::Place;
#[cfg(feature = "drivers")]
pub use postgres::{Column, Server, driver};
#[cfg(feature = "drivers")]
pub use row::{Row, RowIndex};
#[cfg(feature = "drivers")]
pub use rows::{MappedRows, Rows};
#[cfg(feature = "drivers")]
pub use rusqlite::params;
#[cfg(feature = "drivers")]
pub use rusqlite::types::{FromSql, FromSqlError, Null, ToSql, Type, ValueRef};
#[cfg(feature = "drivers")]
pub use statement::Statement;
#[cfg(feature = "drivers")]
pub use tokio_postgres::Error as PostgresError;
#[cfg(feature = "drivers")]
pub use transaction::Transaction;

/// The types of values, under the names of rusqlite.
#[cfg(feature = "drivers")]
pub mod types {
    pub use rusqlite::types::{FromSql, FromSqlError, Null, ToSql, Type, ValueRef};
}

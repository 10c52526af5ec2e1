//! One way to speak SQL to two databases: an SQLite file, and a PostgreSQL server.
//!
//! The API is that of rusqlite, as far as the store uses it: [`Connection`], [`Transaction`], [`Statement`], [`Row`], [`params!`].
//! Most statements are written once, in SQLite's spelling; for PostgreSQL, `translate` replaces what is only spelled
//! differently, such as `?1`. Where the two need different statements, both stand side by side:
//! [`Dialect::pick`].
//!
//! A caller waits for the answer of either database. It may be any thread, also one of an async runtime.

mod address;
mod connection;
mod error;
mod parameters;
mod place;
mod postgres;
mod row;
mod rows;
mod statement;
mod transaction;
mod translate;

pub use address::Address;
pub use connection::{Connection, Dialect};
pub use error::{Error, OptionalExtension, Result};
pub use parameters::{Params, params_from_iter};
pub use place::Place;
pub use postgres::{Column, Server};
pub use row::{Row, RowIndex};
pub use rows::{MappedRows, Rows};
pub use rusqlite::params;
pub use rusqlite::types::{FromSql, FromSqlError, Null, ToSql, Type, ValueRef};
pub use statement::Statement;
pub use tokio_postgres::Error as PostgresError;
pub use transaction::Transaction;

/// The types of values, under the names of rusqlite.
pub mod types {
    pub use rusqlite::types::{FromSql, FromSqlError, Null, ToSql, Type, ValueRef};
}

//! PostgreSQL servers for tests.
//!
//! [`Cluster`] starts one of its own in a temporary folder. [`Home`] is where a test has its store: in a file or, if
//! `CONNECTOR_TEST_POSTGRES` names a server, in a new database there. The binary of this crate starts a server and runs a command with
//! that variable, so that one server is enough for thousands of tests:
//!
//! ```text
//! connector-sandbox-postgres cargo nextest run -p connector-engine
//! ```

mod cluster;
mod place;

pub use cluster::Cluster;
pub use place::{Home, SERVER, place_of, prepare};

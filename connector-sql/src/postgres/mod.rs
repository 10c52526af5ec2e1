//! PostgreSQL, asked by a thread that waits for the answer.

mod answer;
mod connect;
mod server;
mod value;

pub(crate) use answer::Answer;
pub(crate) use server::Prepared;
pub(crate) use value::value_of;

pub use connect::driver;
pub use server::Server;
pub use value::Column;

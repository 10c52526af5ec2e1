//! How large the store is.

use connector_core::{Error, Result};
use connector_store::{Store, sql};

/// How many bytes the file of the store has, or its database.
pub fn bytes_of_store(store: &Store) -> Result<u64> {
    match store.place().file() {
        Some(file) => match file.metadata() {
            Ok(data) => Ok(data.len()),
            Err(cause) => {
                Err(Error::internal(format!("the size of the store can't be read: {cause}")).with_cause(cause))
            }
        },
        None => sql::one(&store.reader()?, "SELECT pg_database_size(current_database())", [], |row| row.get(0)),
    }
}

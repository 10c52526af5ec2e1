//! Where tests have their stores.

use connector_sql::{Address, Connection};
use connector_store::Place;
use std::env;
use std::path::Path;
use ulid::Ulid;

/// The variable that names a server, as the URL of a database whose user may create others.
pub const SERVER: &str = "CONNECTOR_TEST_POSTGRES";

/// A place for a new store: a file in this folder or, if [`SERVER`] is set, a new database.
pub fn place_in(folder: &Path) -> Place {
    match env::var(SERVER) {
        Ok(server) => Place::Server(new_database(&server)),
        Err(_) => Place::File(folder.join(".connector/store.db")),
    }
}

/// A new, empty database on a server.
///
/// # Panics
///
/// If it can't be created.
pub fn new_database(server: &str) -> Address {
    let name = format!("t_{}", Ulid::new().to_string().to_lowercase());
    let address = Address::parse(server).expect("the server's URL is valid");
    let connection = Connection::connect(&address).expect("the server answers");
    connection.execute_batch(&format!("CREATE DATABASE {name}")).expect("the user may create databases");
    let (start, end) = server.split_once('?').map_or((server, String::new()), |(start, end)| (start, format!("?{end}")));
    let start = start.rsplit_once('/').map_or(start, |(start, _)| start);
    Address::parse(&format!("{start}/{name}{end}")).expect("only the name of the database changed")
}

/// A place as a text that another process understands.
pub fn text_of(place: &Place) -> String {
    place.to_string()
}

/// The place that a text of [`text_of`] names.
///
/// # Panics
///
/// If it names none.
pub fn place_of(text: &str) -> Place {
    if Address::is_one(text) {
        Place::Server(Address::parse(text).expect("the text is an address"))
    } else {
        Place::File(text.into())
    }
}

//! Where tests have their stores.

use connector_sql::{Address, Connection};
use connector_store::{Place, Store};
use std::env;
use std::path::Path;
use ulid::Ulid;

/// The variable that names a server, as the URL of a database that new ones are copies of; [`prepare`] makes it. Its user may create
/// others.
pub const SERVER: &str = "CONNECTOR_TEST_POSTGRES";

/// A place for a new store, as long as this lives: a file in a folder or, if [`SERVER`] is set, a new database.
#[derive(Debug)]
pub struct Home {
    place: Place,
    database: Option<Database>,
}

#[derive(Debug)]
struct Database {
    server: Address,
    name: String,
}

impl Home {
    /// In this folder, or on the server.
    ///
    /// # Panics
    ///
    /// If the server does not make a database.
    pub fn in_folder(folder: &Path) -> Self {
        match env::var(SERVER) {
            Ok(server) => Self::on_server(&server),
            Err(_) => Self { place: Place::File(folder.join(".connector/store.db")), database: None },
        }
    }

    /// A new database on a server, given by the URL of the one to copy.
    ///
    /// # Panics
    ///
    /// If the server does not make it.
    pub fn on_server(model: &str) -> Self {
        let name = format!("t_{}", Ulid::new().to_string().to_lowercase());
        let server = Address::parse(&renamed(model, "postgres")).expect("the server's URL is valid");
        let model_name = model.rsplit('/').next().unwrap_or_default();
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE {model_name}"));
        let place = Place::Server(Address::parse(&renamed(model, &name)).expect("only the name changed"));
        Self { place, database: Some(Database { server, name }) }
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Whether it is on a server.
    pub fn is_on_server(&self) -> bool {
        self.database.is_some()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The server of a failed test is gone, too.
        if let Ok(connection) = Connection::connect(&self.server) {
            let _ = connection.execute_batch(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

/// Makes the database that others are copies of: a store with nothing in it. `server` is the URL of another database there. Returns
/// its URL.
///
/// # Panics
///
/// If the server does not make it.
pub fn prepare(server: &str) -> String {
    run(&Address::parse(server).expect("the server's URL is valid"), "CREATE DATABASE connector_model");
    let model = renamed(server, "connector_model");
    Store::open(Place::Server(Address::parse(&model).expect("only the name changed"))).expect("the tables are made");
    model
}

fn renamed(url: &str, name: &str) -> String {
    let start = url.rsplit_once('/').map_or(url, |(start, _)| start);
    format!("{start}/{name}")
}

fn run(server: &Address, statement: &str) {
    let connection = Connection::connect(server).expect("the server answers");
    connection.execute_batch(statement).expect("the user may create databases");
}

/// The place that a text of a place names.
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

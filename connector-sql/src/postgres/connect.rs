//! Opens a connection. One thread of the process moves the bytes of all of them.

use crate::address::Address;
use crate::error::{Error, Result};
use openssl::ssl::{SslConnector, SslContextBuilder, SslMethod};
use postgres_openssl::MakeTlsConnector;
use secrecy::ExposeSecret;
use std::error::Error as _;
use std::io;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};

/// How long to wait for a server, for each address of its name.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long all of it may take, sign-in included: what only listens never answers.
const LONGEST_SIGN_IN: Duration = Duration::from_secs(30);
/// A connection that says nothing for so long is asked whether it lives, and ends if nobody answers.
const QUIET: Duration = Duration::from_secs(30);

const REACH: &str = "check the host and port of the store, and that the server runs and lets this machine in";
const TRUST: &str = "name the file with the certificate of its authority in `store_ca_file` in connector.yaml, or with `?sslrootcert=` in the URL";
const SIGN_IN: &str = "check the user and database of the store, and the password in `store_password_ref` in connector.yaml or in PGPASSWORD";

/// The threads that move bytes.
pub(super) fn runtime() -> Result<&'static Handle> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME
        .get_or_init(|| Builder::new_multi_thread().worker_threads(1).thread_name("postgres").enable_all().build());
    match runtime {
        Ok(runtime) => Ok(runtime.handle()),
        Err(cause) => Err(Error::Connect(format!("can't start a thread: {cause}"), "run the command again")),
    }
}

pub(super) fn tls(address: &Address) -> Result<MakeTlsConnector> {
    let made = SslConnector::builder(SslMethod::tls()).and_then(|mut builder| {
        if address.tls {
            trust_system(&mut builder);
        }
        if let Some(ca) = &address.ca {
            builder.set_ca_file(ca)?;
        }
        Ok(MakeTlsConnector::new(builder.build()))
    });
    made.map_err(|cause| {
        let file = address.ca.as_deref().map(|ca| ca.display().to_string()).unwrap_or_default();
        let message = format!("the certificates in `{file}` can't be read: {cause}");
        Error::Connect(message, "check that the file exists and has certificates in PEM format")
    })
}

/// Trusts the authorities of the system. An OpenSSL that is built in looks for them where it was built.
fn trust_system(builder: &mut SslContextBuilder) {
    let found = openssl_probe::probe();
    let file = found.cert_file.iter().map(|file| (Some(file.as_path()), None));
    let folders = found.cert_dir.iter().map(|folder| (None, Some(folder.as_path())));
    for (file, folder) in file.chain(folders) {
        // One of several places is enough.
        if let Err(error) = builder.load_verify_locations(file, folder) {
            tracing::debug!(%error, "certificates of the system can't be read");
        }
    }
}

/// How to connect to a server, for a crate that makes its own connections: the address with its password, and whom to trust.
pub fn driver(address: &Address) -> Result<(Config, MakeTlsConnector)> {
    Ok((config(address), tls(address)?))
}

fn config(address: &Address) -> Config {
    let mut config = Config::new();
    config
        .user(&address.user)
        .dbname(&address.database)
        .port(address.port)
        .application_name("connector")
        .connect_timeout(LONGEST_WAIT)
        .keepalives_idle(QUIET)
        .tcp_user_timeout(QUIET)
        .ssl_mode(if address.tls { SslMode::Require } else { SslMode::Disable })
        .host(&address.host);
    if let Some(password) = &address.password {
        config.password(password.expose_secret());
    }
    config
}

/// Connects, and leaves the connection to the thread.
pub(super) fn connect(address: &Address) -> Result<Client> {
    let (runtime, (config, tls)) = (runtime()?, driver(address)?);
    // The caller may be a thread of another runtime, which must not wait inside a runtime.
    let (done, answer) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        let signed_in = timeout(LONGEST_SIGN_IN, config.connect(tls)).await;
        let connected = signed_in.map(|signed_in| {
            signed_in.map(|(client, connection)| {
                tokio::spawn(async move {
                    // Whoever waits for an answer gets the error, too.
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "the connection to the database ended");
                    }
                });
                client
            })
        });
        // The caller waits, so somebody hears this.
        let _ = done.send(connected);
    });
    let connected = answer.recv().map_err(|_| Error::Connect("the connection ended".to_owned(), REACH))?;
    match connected {
        Ok(connected) => connected.map_err(|cause| unconnected(address, &cause)),
        Err(_) => Err(Error::Connect(format!("`{address}` does not answer"), REACH)),
    }
}

/// What is wrong, and what to do. No text of the server has a password in it.
fn unconnected(address: &Address, cause: &tokio_postgres::Error) -> Error {
    if let Some(answer) = cause.as_db_error() {
        return Error::Connect(format!("`{address}` refuses the connection: {}", answer.message()), SIGN_IN);
    }
    let why = cause.source().map_or_else(|| cause.to_string(), ToString::to_string);
    let is_tls = cause.to_string().contains("TLS");
    if cause.to_string().contains("authentication") || cause.to_string().contains("configuration") {
        return Error::Connect(format!("can't sign in to `{address}`: {why}"), SIGN_IN);
    }
    if is_tls && why.contains("does not support TLS") {
        return Error::Connect(format!("`{address}` has no TLS"), "turn on `ssl` in the settings of the server");
    }
    if is_tls {
        // OpenSSL puts the places in its own code first.
        let why = why.rsplit(':').next().unwrap_or(&why).trim();
        return Error::Connect(format!("the certificate of `{address}` is not trusted: {why}"), TRUST);
    }
    Error::Connect(format!("can't connect to `{address}`: {why}"), REACH)
}

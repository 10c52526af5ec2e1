//! Where a PostgreSQL database is.

use secrecy::SecretString;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use url::Url;

/// Where a PostgreSQL database is, and as whom to sign in. The password is no part of its text.
#[derive(Clone, Debug)]
pub struct Address {
    /// A host name or an IP address, or the folder of a Unix socket.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) password: Option<SecretString>,
    /// Certificates to trust beside those of the system.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) tls: bool,
}

/// Connections without TLS stay on this machine.
const PLAIN: &str = "without TLS, Connector connects only to this machine";

impl Address {
    /// Whether a text is meant as the URL of a PostgreSQL database.
    pub fn is_one(text: &str) -> bool {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    }

    /// Reads a URL such as `postgres://user@host:5432/database`. The error is for the user: what is wrong, and what to do.
    ///
    /// `?sslrootcert=` names a file with certificates to trust. The folder of a Unix socket is a host, too, with `%2F` for each `/`.
    pub fn parse(text: &str) -> Result<Self, (String, &'static str)> {
        const FORM: &str = "write `postgres://USER@HOST:PORT/DATABASE`";
        let url = Url::parse(text).map_err(|cause| match cause {
            url::ParseError::EmptyHost => ("the URL of the store names no host".to_owned(), FORM),
            cause => (format!("the store is no valid URL: {cause}"), FORM),
        })?;
        if url.password().is_some() {
            let help = "name where the password is kept in `store_password_ref` in connector.yaml, or set PGPASSWORD";
            return Err(("the URL of the store has a password in it".to_owned(), help));
        }
        let decoded = |part: &str| {
            let pair = format!("v={}", part.replace('+', "%2B").replace('&', "%26"));
            url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let user = decoded(url.username());
        let database = decoded(url.path().trim_start_matches('/'));
        if user.is_empty() {
            return Err(("the URL of the store names no user".to_owned(), FORM));
        }
        if database.is_empty() || database.contains('/') {
            return Err(("the URL of the store names no database".to_owned(), FORM));
        }
        let host = url.host_str().map(|host| decoded(host.trim_matches(['[', ']']))).unwrap_or_default();
        let (mut ca, mut mode) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "sslrootcert" => ca = Some(PathBuf::from(&*value)),
                "sslmode" => mode = Some(value.into_owned()),
                _ => {
                    let message =
                        format!("the URL of the store has the parameter `{name}`, which Connector does not know");
                    return Err((message, "known are `sslmode` and `sslrootcert`"));
                }
            }
        }
        if host.is_empty() {
            return Err(("the URL of the store names no host".to_owned(), FORM));
        }
        let tls = match mode.as_deref() {
            None => !is_local(&host) || (ca.is_some() && !host.starts_with('/')),
            Some("disable") if is_local(&host) => false,
            Some("disable" | "allow" | "prefer") => {
                return Err((
                    PLAIN.to_owned(),
                    "remove `sslmode` from the URL of the store, or write `sslmode=verify-full`",
                ));
            }
            Some("require" | "verify-ca" | "verify-full") => !host.starts_with('/'),
            Some(other) => {
                let message = format!("the URL of the store has `sslmode={other}`, which Connector does not know");
                return Err((message, "remove it, or write `sslmode=verify-full`"));
            }
        };
        let port = url.port().unwrap_or(5432);
        Ok(Self { host, port, user, database, password: None, ca, tls })
    }

    /// Signs in with this password.
    #[must_use]
    pub fn with_password(mut self, password: Option<SecretString>) -> Self {
        self.password = password;
        self
    }

    /// Trusts also the certificates in this file.
    #[must_use]
    pub fn with_ca(mut self, ca: Option<PathBuf>) -> Self {
        self.tls |= ca.is_some() && !self.host.starts_with('/');
        self.ca = ca.or(self.ca);
        self
    }

    /// Whether both are one database and one user.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.user, &self.database) == (&other.host, other.port, &other.user, &other.database)
    }
}

/// Whether what is sent to a host stays on this machine.
fn is_local(host: &str) -> bool {
    host.starts_with('/') || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (user, database) = (encoded(&self.user), encoded(&self.database));
        let port = if self.port == 5432 { String::new() } else { format!(":{}", self.port) };
        match &*self.host {
            folder if folder.starts_with('/') => {
                write!(f, "postgres://{user}@{}{port}/{database}", encoded(folder))
            }
            host if host.contains(':') => write!(f, "postgres://{user}@[{host}]{port}/{database}"),
            host => write!(f, "postgres://{user}@{host}{port}/{database}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_read_and_written_without_a_password() {
        for text in [
            "postgres://connector@db.example.com/identities",
            "postgres://connector@127.0.0.1:6543/identities",
            "postgres://connector@[::1]/identities",
            "postgres://connector@%2Frun%2Fpostgresql:6543/identities",
        ] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()), Ok(text.to_owned()));
        }
        let address = Address::parse("postgresql://connector@localhost/identities").unwrap();
        let address = address.with_password(Some("hunter2".to_owned().into()));
        assert!(!format!("{address} {address:?}").contains("hunter2"));
    }

    #[test]
    fn a_url_is_known_however_its_scheme_is_written() {
        for (text, is_one) in [
            ("postgres://c@h/d", true),
            ("Postgres://c:secret@h/d", true),
            ("POSTGRESQL://c@h/d", true),
            ("postgres.db", false),
            ("sqlite:postgres://x", false),
        ] {
            assert_eq!(Address::is_one(text), is_one, "{text}");
        }
        let socket = Address::parse("postgres://c@%2Frun%2Fpostgresql/d?sslrootcert=ca.pem").unwrap();
        assert!(!socket.tls, "a socket has no TLS");
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        let tls = |text: &str| Address::parse(text).map(|address| address.tls).map_err(|(message, _)| message);
        for local in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(tls(&format!("postgres://c@{local}/d")), Ok(false), "{local}");
            assert_eq!(tls(&format!("postgres://c@{local}/d?sslmode=verify-full")), Ok(true), "{local}");
        }
        for other in ["10.0.0.1", "db.example.com", "localhost.example.com"] {
            assert_eq!(tls(&format!("postgres://c@{other}/d")), Ok(true), "{other}");
            for weak in ["disable", "allow", "prefer"] {
                let error = tls(&format!("postgres://c@{other}/d?sslmode={weak}")).unwrap_err();
                assert!(error.contains("without TLS"), "{error}");
            }
        }
    }

    #[test]
    fn what_is_wrong_in_an_address_is_named() {
        for (text, part) in [
            ("postgres://c:secret@h/d", "has a password"),
            ("postgres://h/d", "no user"),
            ("postgres://c@h", "no database"),
            ("postgres://c@/d", "no host"),
            ("postgres://c@h/d?sslpassword=x", "`sslpassword`"),
            ("postgres://c@h/d?sslmode=maybe", "`sslmode=maybe`"),
            ("postgres://c@h:port/d", "no valid URL"),
        ] {
            let (message, _) = Address::parse(text).unwrap_err();
            assert!(message.contains(part) && !message.contains("secret"), "{text}: {message}");
        }
    }
}

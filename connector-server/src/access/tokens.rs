//! Tokens with which programs use the API.

use super::audit::{Access, Entry};
use super::file::{beside, fault, open};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{Error, Result};
use jiff::Timestamp;
use openssl::sha::sha256;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};
use serde::Serialize;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use strum::{EnumString, IntoStaticStr};
use ulid::Ulid;

/// What every token begins with: scanners of leaked secrets find it by that.
const PREFIX: &str = "cnct_";

/// How often the time of the last use is written.
const USE_IS_WRITTEN: i64 = 60;

/// The tokens of a project.
#[derive(Debug)]
pub struct Tokens {
    connection: Connection,
    store: PathBuf,
    /// Which file it is, by device and number.
    file: Option<(u64, u64)>,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Read everything.
    #[default]
    Viewer,
    /// Also begin and stop jobs, and write plans.
    Operator,
    /// Also approve and apply plans.
    Approver,
}

impl Role {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A token, without the secret part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its id, a ULID.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
}

impl Token {
    /// Whether it still works.
    pub fn works(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// A new token with its secret, which is shown once and kept nowhere.
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What a program sends.
    pub secret: String,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("token", &self.token).finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, name, role, created_at, expires_at, revoked_at, used_at";

impl Tokens {
    /// Opens the tokens of a store; makes the file if there is none.
    ///
    /// Fails with kind `internal` if the file can't be used, and with kind `definition` if a newer version made it.
    pub fn open(store: &Path) -> Result<Self> {
        let connection = open(&beside(store))?;
        Ok(Self { connection, store: store.to_owned(), file: file_at(&beside(store)) })
    }

    /// Whether the file is still the one that was opened.
    pub(crate) fn is_current(&self) -> bool {
        self.file.is_some() && file_at(&beside(&self.store)) == self.file
    }

    /// Opens the tokens of a store, if there are any.
    pub fn open_existing(store: &Path) -> Result<Option<Self>> {
        if beside(store).is_file() { Self::open(store).map(Some) } else { Ok(None) }
    }

    /// Makes a token that works for `lifetime`.
    pub fn create(&self, name: &str, role: Role, lifetime: Duration, now: Timestamp) -> Result<NewToken> {
        let mut bytes = [0; 32];
        openssl::rand::rand_bytes(&mut bytes)
            .map_err(|cause| Error::internal("this machine gives no random numbers").with_cause(cause))?;
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
        let ends = i64::try_from(lifetime.as_secs()).ok().and_then(|seconds| now.as_second().checked_add(seconds));
        let ends = ends.and_then(|second| Timestamp::from_second(second).ok());
        let ends =
            ends.ok_or_else(|| Error::definition("the token would never end").with_help("choose a shorter time"))?;
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let (id, name) = (Ulid::new().to_string(), name.to_owned());
        self.connection
            .execute(
                "INSERT INTO tokens (id, name, role, hash, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, name, role.name(), sha256(secret.as_bytes()), now.as_second(), ends.as_second()],
            )
            .map_err(fault)?;
        Access::beside(&self.store).record(&Entry {
            who: "command line",
            action: "token_new",
            source: "",
            outcome: "done",
            detail: &format!("{name} ({id}, {})", role.name()),
        })?;
        let token = Token { id, name, role, created_at: now, expires_at: ends, revoked_at: None, used_at: None };
        Ok(NewToken { token, secret })
    }

    /// All tokens, the newest first, those included that no longer work.
    pub fn list(&self) -> Result<Vec<Token>> {
        let query = format!("SELECT {COLUMNS} FROM tokens ORDER BY created_at DESC, id DESC");
        let mut statement = self.connection.prepare(&query).map_err(fault)?;
        let tokens = statement.query_map([], token).and_then(Iterator::collect);
        tokens.map_err(fault)
    }

    /// Ends a token at once; returns it. Fails with kind `not_found` if there is none with that id.
    pub fn revoke(&self, id: &str, now: Timestamp) -> Result<Token> {
        let query =
            format!("UPDATE tokens SET revoked_at = coalesce(revoked_at, ?2) WHERE id = upper(?1) RETURNING {COLUMNS}");
        let revoked =
            self.connection.query_row(&query, params![id, now.as_second()], token).optional().map_err(fault)?;
        let missing =
            || Error::not_found(format!("there is no token `{id}`")).with_help("`connector token list` lists them");
        let token = revoked.ok_or_else(missing)?;
        Access::beside(&self.store).record(&Entry {
            who: "command line",
            action: "token_revoke",
            source: "",
            outcome: "done",
            detail: &format!("{} ({})", token.name, token.id),
        })?;
        Ok(token)
    }

    /// The token that a program sent, if it works.
    pub(crate) fn check(&self, secret: &str, now: Timestamp) -> Result<Option<Token>> {
        // Only the hash is looked up, so the time of the search says nothing about a token.
        self.used("hash = ?1", sha256(secret.as_bytes()), now)
    }

    /// The token with which somebody signed in, if it still works.
    pub(crate) fn by_id(&self, id: &str, now: Timestamp) -> Result<Option<Token>> {
        self.used("id = ?1", id, now)
    }

    /// The token for which a condition holds, if it works; its use is written.
    fn used(&self, condition: &str, key: impl ToSql, now: Timestamp) -> Result<Option<Token>> {
        let query = format!("SELECT {COLUMNS} FROM tokens WHERE {condition}");
        let found = self.connection.query_row(&query, [key], token).optional().map_err(fault)?;
        let Some(token) = found.filter(|token| token.works(now)) else { return Ok(None) };
        let minute = now.as_second() - now.as_second().rem_euclid(USE_IS_WRITTEN);
        if token.used_at.is_none_or(|used| used.as_second() < minute) {
            self.connection
                .execute("UPDATE tokens SET used_at = ?2 WHERE id = ?1", params![token.id, minute])
                .map_err(fault)?;
        }
        Ok(Some(token))
    }
}

/// Which file is at a path, by device and number.
fn file_at(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let moment = |column: usize| -> rusqlite::Result<Option<Timestamp>> {
        let second: Option<i64> = row.get(column)?;
        Ok(second.and_then(|second| Timestamp::from_second(second).ok()))
    };
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        // A role that this version does not know may do the least.
        role: row.get_ref(2)?.as_str()?.parse().unwrap_or_default(),
        created_at: moment(3)?.unwrap_or_default(),
        expires_at: moment(4)?.unwrap_or_default(),
        revoked_at: moment(5)?,
        used_at: moment(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_works_until_it_ends_or_is_revoked_and_its_secret_is_in_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("new/store.db");
        assert!(Tokens::open_existing(&store).unwrap().is_none());
        let tokens = Tokens::open(&store).unwrap();
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let NewToken { token, secret } =
            tokens.create("dashboard", Role::Viewer, Duration::from_secs(100), now).unwrap();
        let other = tokens.create("other", Role::Operator, Duration::from_secs(100), now).unwrap();
        assert!(secret.starts_with("cnct_") && secret.len() == 48 && secret != other.secret);
        assert!(!format!("{other:?}").contains(&other.secret));
        assert_eq!(tokens.check(&secret, at(99)).unwrap().unwrap().id, token.id);
        assert_eq!(tokens.check(&secret, at(100)).unwrap(), None);
        for wrong in ["", "cnct_", &secret[1..], &secret.to_lowercase()] {
            assert_eq!(tokens.check(wrong, now).unwrap(), None, "{wrong}");
        }
        assert!(tokens.revoke(&token.id.to_lowercase(), at(1)).unwrap().revoked_at.is_some());
        assert_eq!(tokens.check(&secret, at(1)).unwrap(), None);
        assert!(tokens.check(&other.secret, at(1)).unwrap().is_some());
        assert_eq!(tokens.revoke("nothing", now).unwrap_err().kind(), connector_core::ErrorKind::NotFound);
        assert_eq!(tokens.list().unwrap().len(), 2);
        let file = store.with_extension("access");
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(text.contains("dashboard") && !text.contains(&secret) && !text.contains(&secret[5..]));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

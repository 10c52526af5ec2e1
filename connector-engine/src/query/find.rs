//! Finds accounts and entitlements by what people remember of them. Every query is answered by an index, however many rows there are,
//! but for the entitlements, which are few.

use super::reading::Reading;
use connector_core::{EntitlementRef, Result};
use connector_sql::{Row, params};
use connector_store::{Store, sql};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An account.
    Account {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// A name for people.
        display_name: Option<String>,
    },
    /// An entitlement.
    Entitlement {
        /// Its type and id.
        key: EntitlementRef,
        /// Its name.
        name: String,
    },
}

/// Accounts by the beginning of their name or id, then by their alias.
const ACCOUNTS: [&str; 3] = [
    "SELECT a.account_id, a.name, a.display_name FROM account_names n CROSS JOIN accounts a ON a.id = n.account
     WHERE n.source = ?1 AND n.name >= ?2 AND n.name < ?3 AND a.name = n.name AND a.removed_run IS NULL
     ORDER BY n.name LIMIT ?4",
    "SELECT account_id, name, display_name FROM accounts INDEXED BY accounts_by_id
     WHERE source = ?1 AND account_id >= ?2 AND account_id < ?3 AND +removed_run IS NULL ORDER BY account_id LIMIT ?4",
    "SELECT account_id, name, display_name FROM accounts
     WHERE source = ?1 AND alias >= ?2 AND alias < ?3 AND alias IS NOT NULL AND +removed_run IS NULL ORDER BY alias LIMIT ?4",
];

/// Entitlements whose name or id contains a text, those that begin with it first.
const ENTITLEMENTS: &str = "SELECT type, entitlement_id, name FROM entitlements
     WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL
           AND (instr(lower(name), lower(?2)) > 0 OR entitlement_id = ?2)
     ORDER BY instr(lower(name), lower(?2)), name LIMIT ?3";

/// What a source has under this text: up to `limit` accounts whose name, id or alias begins with it, as typed or in small letters,
/// and up to `limit` entitlements whose name contains it.
///
/// Fails with kind `not_found` if the source was never aggregated.
pub fn find(store: &Store, source: &str, text: &str, limit: usize) -> Result<Vec<Found>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let reading = Reading::of(store, source)?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let small = text.to_lowercase();
    let spellings = if small == text { vec![text] } else { vec![text, small.as_str()] };
    let mut found: Vec<Found> = Vec::new();
    for (query, spelling) in ACCOUNTS.iter().flat_map(|query| spellings.iter().map(move |spelling| (query, spelling))) {
        // Nothing sorts after the last character of Unicode.
        let end = format!("{spelling}\u{10ffff}");
        let account =
            |row: &Row<'_>| Ok(Found::Account { id: row.get(0)?, name: row.get(1)?, display_name: row.get(2)? });
        // Only SQLite needs to be told the order, and lets it be told so.
        let query = reading.connection.dialect().pick((*query).to_owned(), query.replace("CROSS JOIN", "JOIN"));
        let accounts: Vec<Found> =
            sql::all(&reading.connection, &query, params![reading.source, spelling, end, most], account)?;
        for account in accounts {
            if found.len() < limit && !found.contains(&account) {
                found.push(account);
            }
        }
    }
    let entitlement = |row: &Row<'_>| {
        let key = EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok(Found::Entitlement { key, name: row.get(2)? })
    };
    let entitlements: Vec<Found> =
        sql::all(&reading.connection, ENTITLEMENTS, params![reading.source, text, most], entitlement)?;
    found.extend(entitlements);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_search_of_accounts_reads_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let connection = Store::open(folder.path().join("store.db")).unwrap().reader().unwrap();
        for query in ACCOUNTS {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let plan = statement.query_map(params![1, "a", "b", 5], |row| row.get::<_, String>(3)).unwrap();
            let plan: Vec<String> = plan.map(Result::unwrap).collect();
            let is_search =
                |step: &String| step.starts_with("SEARCH") && (step.contains('>') || step.contains("rowid=?"));
            assert!(plan.iter().all(is_search) && plan[0].contains('>'), "{query}: {plan:?}");
        }
    }
}

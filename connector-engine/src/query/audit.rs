//! Everything that a source shows, once, for rules to look at: entitlements, then accounts with what they hold.

use super::accounts::Assignments;
use super::belonging::{Belonging, People};
use super::holding::{Breadth, HeldRow, Holdings};
use super::powers::Powers;
use super::reading::{Reading, account_from_row};
use connector_core::{
    Account, AccountSchema, AttributeMeaning, AuditedAccount, AuditedHolding, Criteria, Entitlement, EntitlementRef,
    EntitlementType, LastLogin, Power, Result,
};
use connector_sql::Row;
use connector_store::{Store, attributes, fault, sql};
use jiff::Timestamp;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// How a source describes what it has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described<'a> {
    pub(crate) accounts: &'a AccountSchema,
    pub(crate) types: &'a [EntitlementType],
}

/// Something that a rule looks at.
pub(crate) enum Subject<'a> {
    Entitlement(&'a Entitlement),
    Account(&'a AuditedAccount<'a>),
}

/// What one entitlement means for whoever holds it.
struct Meaning {
    key: EntitlementRef,
    name: Option<String>,
    gives: Vec<EntitlementRef>,
    powers: Vec<Power>,
}

/// What an audit could not look at.
#[derive(Clone, Debug)]
pub(crate) struct Unseen {
    /// No entitlement says whether it gives power.
    pub(crate) powers: bool,
    /// No account shows when it last signed in, although accounts of this source can.
    pub(crate) logins: bool,
    /// The authority, if it did not show all of its people.
    pub(crate) people: Option<String>,
}

/// Streams the entitlements of a source, then its accounts in the order of their ids. Memory depends on the number of
/// entitlements alone, and each table is read once.
pub(crate) fn audit(
    store: &Store,
    source: &str,
    described: Described<'_>,
    criteria: Criteria,
    mut each: impl FnMut(Subject<'_>) -> Result<()>,
) -> Result<Unseen> {
    let reading = Reading::of(store, source)?;
    let query = "SELECT type, entitlement_id, name, description, attributes FROM entitlements
         WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL ORDER BY type, entitlement_id";
    sql::each(&reading.connection, query, [reading.source], entitlement, |one| each(Subject::Entitlement(&one)))?;

    let holdings = Holdings::of(&reading, Breadth { effective: true, all_states: false })?;
    let powers = Powers::of(&reading.connection, reading.source, described.types, &holdings)?;
    let login = LoginAttribute::of(&reading, described.accounts)?;
    let mut meanings: HashMap<i64, Meaning> = HashMap::new();
    // Both tables in the order of account ids, side by side.
    let accounts = "SELECT account_id, name, display_name, enabled, locked, attributes, kind, owner, alias
         FROM accounts INDEXED BY accounts_by_id WHERE source = ?1 AND removed_run IS NULL ORDER BY account_id";
    let mut statement = reading.connection.prepare(Assignments::QUERY).map_err(fault)?;
    let mut assignments = Assignments::of(&mut statement, reading.source, "").map_err(fault)?;
    let people = People::of(&reading.connection, reading.source)?;
    let mut statement = reading.connection.prepare(Belonging::QUERY).map_err(fault)?;
    let mut belonging = people.as_ref().map(|people| Belonging::of(&mut statement, people)).transpose()?;
    let read = |row: &Row<'_>| {
        let account = account_from_row(row)?;
        let held = assignments.up_to(&account.id)?;
        let person = belonging.as_mut().map(|all| all.up_to(&account.id)).transpose()?.unwrap_or_default();
        Ok((account, held, person))
    };
    sql::each(&reading.connection, accounts, [reading.source], read, |(account, rows, person)| {
        for row in rows.iter().flat_map(|row| [row.entitlement, row.through]).filter(|row| *row > 0) {
            meanings.entry(row).or_insert_with(|| meaning(row, &holdings, &powers));
        }
        let held = held(&rows, &meanings);
        let mut audited = AuditedAccount::new(&account, &held, criteria);
        audited.last_login = login.of_account(&account);
        audited.person = person;
        each(Subject::Account(&audited))
    })?;
    let shows_logins = described.accounts.meaning(AttributeMeaning::LastLogin).is_some();
    let people = people.as_ref().and_then(People::incomplete_authority).map(str::to_owned);
    Ok(Unseen { powers: powers.are_unknown(), logins: shows_logins && login.0.is_none(), people })
}

fn meaning(row: i64, holdings: &Holdings, powers: &Powers) -> Meaning {
    let mut gives: Vec<_> = holdings.below(row).into_iter().map(|row| holdings.key(row)).collect();
    gives.sort();
    Meaning {
        key: holdings.key(row),
        name: holdings.name(row).map(str::to_owned),
        gives,
        powers: powers.given_by(row, holdings),
    }
}

/// The rows of an account; what its own record names, and a list too, comes once.
fn held<'m>(rows: &[HeldRow], meanings: &'m HashMap<i64, Meaning>) -> Vec<AuditedHolding<'m>> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| (row.entitlement, row.through, !row.is_inline()));
    rows.dedup_by_key(|row| (row.entitlement, row.through));
    let mut held: Vec<_> = rows
        .into_iter()
        .filter_map(|row| {
            let meaning = meanings.get(&row.entitlement)?;
            let mut held = AuditedHolding::new(&meaning.key);
            held.name = meaning.name.as_deref();
            held.in_record = row.is_inline();
            held.state = row.values.state;
            held.valid_until = row.values.valid_until;
            held.through = meanings.get(&row.through).map(|through| &through.key);
            held.gives = &meaning.gives;
            held.powers = &meaning.powers;
            Some(held)
        })
        .collect();
    held.sort_by(|one, other| one.entitlement.cmp(other.entitlement));
    held
}

fn entitlement(row: &Row<'_>) -> connector_sql::Result<Entitlement> {
    let key = EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    let mut entitlement = Entitlement::new(key, row.get::<_, String>(2)?);
    entitlement.description = row.get(3)?;
    entitlement.attributes = attributes(row, 4)?;
    Ok(entitlement)
}

/// The attribute with the time of the last sign-in; `None` if the source shows it of no account.
struct LoginAttribute(Option<Shown>);

struct Shown {
    name: String,
    /// Accounts without this attribute can't have it.
    only_with: Option<String>,
}

impl LoginAttribute {
    fn of(reading: &Reading, schema: &AccountSchema) -> Result<Self> {
        let Some(attribute) = schema.meaning(AttributeMeaning::LastLogin) else { return Ok(Self(None)) };
        // Where nobody has ever signed in, the attribute is more likely hidden.
        let query = "SELECT attributes FROM accounts WHERE source = ?1 AND +removed_run IS NULL";
        let mut is_shown = false;
        sql::until(
            &reading.connection,
            query,
            [reading.source],
            |row| attributes(row, 0),
            |of_account| {
                is_shown =
                    of_account.entries().iter().any(|(name, value)| *name == attribute.name && value.get() != "null");
                Ok(if is_shown { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            },
        )?;
        Ok(Self(is_shown.then(|| Shown { name: attribute.name.clone(), only_with: attribute.only_with.clone() })))
    }

    fn of_account(&self, account: &Account) -> LastLogin {
        let Some(Shown { name, only_with }) = &self.0 else { return LastLogin::NotShown };
        let has = |other: &String| account.attributes.get::<serde::de::IgnoredAny>(other).is_some();
        match account.attributes.get::<String>(name) {
            None if !only_with.as_ref().is_none_or(has) => LastLogin::NotShown,
            None => LastLogin::Never,
            // A time that nobody can read says nothing.
            Some(text) => moment(&text).map_or(LastLogin::NotShown, LastLogin::At),
        }
    }
}

/// A time as sources write it: RFC 3339, also without a colon in the offset, or a day.
fn moment(text: &str) -> Option<Timestamp> {
    let of_day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp())
    };
    let exact = text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text));
    exact.ok().or_else(of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_of_sources_are_read() {
        let noon = "2026-11-23T12:00:00Z".parse().ok();
        for text in ["2026-11-23T12:00:00Z", "2026-11-23T12:00:00.000+0000", "2026-11-23T13:00:00+01:00"] {
            assert_eq!(moment(text), noon, "{text}");
        }
        assert_eq!(moment("2026-11-23"), "2026-11-23T00:00:00Z".parse().ok());
        assert_eq!((moment("yesterday"), moment("")), (None, None));
    }
}

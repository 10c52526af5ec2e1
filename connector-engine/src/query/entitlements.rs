//! Entitlements, and who holds one.

use super::accounts::StoredAccount;
use super::holding::{Breadth, HAS_EFFECT, HeldRow, Holding, HoldingState, Holdings, WithoutEffect, is_empty};
use super::reading::Reading;
use connector_core::{Account, Attributes, Entitlement, EntitlementRef, Result};
use connector_sql::{Dialect, Row, ToSql, params};
use connector_store::{Store, attributes, sql};
use jiff::Timestamp;
use serde::Serialize;

/// An entitlement in the store. Serializes to a line of `connector entitlements --output json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredEntitlement {
    /// The entitlement.
    #[serde(flatten)]
    pub entitlement: Entitlement,
    /// How many accounts hold it directly and effectively.
    #[serde(skip)]
    pub holders: u64,
}

/// An account that holds an entitlement, and how.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holder {
    /// The account's id.
    pub id: String,
    /// The account's name; absent if the source did not show the account.
    pub name: Option<String>,
    /// The account's display name, if it has one.
    pub display_name: Option<String>,
    /// Whether the account is enabled.
    pub enabled: Option<bool>,
    /// The state of the assignment.
    #[serde(skip_serializing_if = "HoldingState::is_active")]
    pub state: HoldingState,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// What gave it, according to the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<EntitlementRef>,
    /// The entitlements that lead to it, from the one that the account itself holds; empty for what it holds itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<EntitlementRef>,
    /// Values of the assignment itself.
    #[serde(skip_serializing_if = "is_empty")]
    pub attributes: Attributes,
}

/// How an entitlement and others hold each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Nesting {
    /// The entitlements that hold it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<Holding>,
    /// The entitlements that it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Holding>,
}

fn select() -> String {
    format!(
        "SELECT type, entitlement_id, name, description, attributes, alias,
    (SELECT count(DISTINCT h.account) FROM assignments h
     WHERE h.entitlement = e.id AND h.removed_run IS NULL AND h.holder = 0 AND h.through = 0 AND {HAS_EFFECT})
    FROM entitlements e"
    )
}

const HOLDER: &str = "SELECT h.account, a.name, a.display_name, a.enabled,
    h.entitlement, h.through, h.inline, h.state, h.valid_until, h.attributes";

/// The rows of each holder together, in the order of the index: sorting them would keep all of them in memory.
pub(super) fn holders_of_one() -> String {
    format!(
        "{HOLDER} FROM assignments h INDEXED BY holders
    LEFT JOIN accounts a ON a.source = ?1 AND a.account_id = h.account AND a.removed_run IS NULL
    WHERE h.removed_run IS NULL AND h.holder = 0 AND h.entitlement = ?2 ORDER BY h.account"
    )
}

/// The same for the entitlements with these rows (a JSON list), in the order of the table.
pub(super) fn holders_of_several(dialect: Dialect) -> String {
    let rows =
        dialect.pick("SELECT value FROM json_each(?2)", "SELECT value::BIGINT FROM json_array_elements_text(?2)");
    format!(
        "{HOLDER} FROM assignments h
    LEFT JOIN accounts a ON a.source = ?1 AND a.account_id = h.account AND a.removed_run IS NULL
    WHERE h.source = ?1 AND h.removed_run IS NULL AND h.holder = 0
          AND +h.entitlement IN ({rows}) ORDER BY h.account"
    )
}

/// Streams the entitlements of a source, or those of one type, in the order of type and id. Returns how many.
pub fn entitlements(
    store: &Store,
    source: &str,
    entitlement_type: Option<&str>,
    mut each: impl FnMut(&StoredEntitlement) -> Result<()>,
) -> Result<u64> {
    let reading = Reading::of(store, source)?;
    let query = format!(
        "{} WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL AND (CAST(?2 AS TEXT) IS NULL OR type = ?2)
         ORDER BY type, entitlement_id",
        select()
    );
    let mut count = 0;
    sql::each(&reading.connection, &query, params![reading.source, entitlement_type], stored, |stored| {
        count += 1;
        each(&stored)
    })?;
    Ok(count)
}

/// The entitlement written as `TYPE/ID` or `TYPE/NAME`.
///
/// Fails with kind `not_found`, and with kind `conflict` if several entitlements of the type have that name.
pub fn entitlement(store: &Store, source: &str, written: &str) -> Result<StoredEntitlement> {
    let reading = Reading::of(store, source)?;
    let row = reading.entitlement_row(written)?;
    sql::one(&reading.connection, &format!("{} WHERE id = ?1", select()), [row], stored)
}

/// Streams which accounts hold an entitlement, in the order of their ids. Returns how many assignments are left out.
pub fn holders(
    store: &Store,
    source: &str,
    entitlement: &EntitlementRef,
    breadth: Breadth,
    mut each: impl FnMut(&Holder) -> Result<()>,
) -> Result<WithoutEffect> {
    let reading = Reading::of(store, source)?;
    let known = Holdings::of(&reading, breadth)?;
    let target = reading.entitlement_row(&entitlement.to_string())?;
    // An account that holds one of these holds the entitlement, too. A list of numbers looks the same in Rust and in JSON.
    let rows = format!("{:?}", known.leading_to(target));
    let (query, parameter): (String, &dyn ToSql) = if breadth.effective {
        (holders_of_several(reading.connection.dialect()), &rows)
    } else {
        (holders_of_one(), &target)
    };
    let mut listing = Listing { known, target, breadth, without_effect: WithoutEffect::default() };
    let mut last: Option<(Holder, Vec<HeldRow>)> = None;
    let read = |row: &Row<'_>| Ok((holder(row)?, HeldRow::from_row(row, 4)?));
    sql::each(&reading.connection, &query, params![reading.source, parameter], read, |(holder, row)| {
        match &mut last {
            Some((known, rows)) if known.id == holder.id => rows.push(row),
            _ => {
                if let Some((holder, rows)) = last.replace((holder, vec![row])) {
                    listing.tell(&holder, rows, &mut each)?;
                }
            }
        }
        Ok(())
    })?;
    if let Some((holder, rows)) = last {
        listing.tell(&holder, rows, &mut each)?;
    }
    Ok(listing.without_effect)
}

/// A list of holders that is being built.
struct Listing {
    known: Holdings,
    target: i64,
    breadth: Breadth,
    without_effect: WithoutEffect,
}

impl Listing {
    /// Lists an account once for each way in which it holds the entitlement directly, otherwise for the shortest path.
    fn tell(
        &mut self,
        holder: &Holder,
        rows: Vec<HeldRow>,
        each: &mut impl FnMut(&Holder) -> Result<()>,
    ) -> Result<()> {
        let through = if self.breadth.effective { self.known.through(&rows) } else { Vec::new() };
        let target = self.known.key(self.target);
        let through: Vec<_> = through.into_iter().filter(|holding| holding.entitlement == target).collect();
        let own = self.known.all(rows.into_iter().filter(|row| row.entitlement == self.target).collect());
        let listed = StoredAccount::of(Account::new(holder.id.as_str(), ""), own, through, self.breadth);
        self.without_effect.add(listed.without_effect);
        for Holding { state, valid_until, through, path, attributes, .. } in listed.holdings {
            each(&Holder { state, valid_until, through, path, attributes, ..holder.clone() })?;
        }
        Ok(())
    }
}

/// Which entitlements hold an entitlement, and which ones it holds directly.
pub fn nesting(store: &Store, source: &str, entitlement: &EntitlementRef, breadth: Breadth) -> Result<Nesting> {
    let reading = Reading::of(store, source)?;
    let known = Holdings::of(&reading, Breadth::default())?;
    let row = reading.entitlement_row(&entitlement.to_string())?;
    let side = |other: &str, this: &str| -> Result<Vec<Holding>> {
        let query = format!(
            "SELECT {other}, through, inline, state, valid_until, attributes FROM assignments
             WHERE source = ?1 AND account = '' AND holder > 0 AND {this} = ?2 AND removed_run IS NULL"
        );
        let rows = sql::all(&reading.connection, &query, [reading.source, row], |row| HeldRow::from_row(row, 0))?;
        let mut holdings = known.all(rows);
        holdings.retain(|holding| breadth.all_states || holding.state.is_active());
        Ok(holdings)
    };
    Ok(Nesting { held_by: side("holder", "entitlement")?, holds: side("entitlement", "holder")? })
}

fn holder(row: &Row<'_>) -> connector_sql::Result<Holder> {
    Ok(Holder {
        id: row.get(0)?,
        name: row.get(1)?,
        display_name: row.get(2)?,
        enabled: row.get(3)?,
        state: HoldingState::Active,
        valid_until: None,
        through: None,
        path: Vec::new(),
        attributes: Attributes::empty(),
    })
}

fn stored(row: &Row<'_>) -> connector_sql::Result<StoredEntitlement> {
    let key = EntitlementRef::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    let mut entitlement = Entitlement::new(key, row.get::<_, String>(2)?);
    entitlement.description = row.get(3)?;
    entitlement.attributes = attributes(row, 4)?;
    entitlement.alias = row.get(5)?;
    Ok(StoredEntitlement { entitlement, holders: row.get(6)? })
}

//! Which person each account of a source belongs to, in the order of account ids.

use connector_core::{AuditedPerson, Belongs, PersonState, Result};
use connector_sql::{Connection, Row, Rows, Statement, params};
use connector_store::{fault, sql, word};
use std::cmp::Ordering;

/// What is known of the people of a source.
pub(super) struct People {
    source: i64,
    authority: String,
    /// Whether the authority showed all of its people. Otherwise, an account without a person may have one.
    is_complete: bool,
}

impl People {
    /// `None` if no accounts of the source are correlated.
    pub(super) fn of(connection: &Connection, source: i64) -> Result<Option<Self>> {
        let query = "SELECT s.name, NOT EXISTS (
                 SELECT 1 FROM incomplete i WHERE i.step = 'accounts' AND i.run = (
                     SELECT max(r.number) FROM runs r
                     WHERE r.source = t.authority AND r.status = 'succeeded' AND r.mode <> 'refresh'))
             FROM identity_state t JOIN sources s ON s.id = t.authority
             WHERE t.authority <> ?1 AND EXISTS (SELECT 1 FROM identity_sources WHERE source = ?1)";
        sql::first(connection, query, [source], |row| {
            Ok(Self { source, authority: row.get(0)?, is_complete: row.get(1)? })
        })
    }

    /// The authority, if it did not show all of its people.
    pub(super) fn incomplete_authority(&self) -> Option<&str> {
        (!self.is_complete).then_some(self.authority.as_str())
    }
}

/// The accounts of a source with their people, in the order of account ids.
pub(super) struct Belonging<'s> {
    people: &'s People,
    rows: Rows<'s>,
    next: Option<(String, Belongs)>,
}

impl<'s> Belonging<'s> {
    pub(super) const QUERY: &'static str = "SELECT i.account, i.state, i.rule, l.person, h.name,
             CASE WHEN h.id IS NULL OR h.removed_run IS NOT NULL THEN 'left' WHEN h.enabled = 0 THEN 'disabled' ELSE 'active' END
         FROM identity_accounts i
         LEFT JOIN identity_links l ON l.source = i.source AND l.account = i.account AND l.ended_at IS NULL
         LEFT JOIN accounts h ON h.source = l.authority AND h.account_id = l.person
         WHERE i.source = ?1 ORDER BY i.account";

    pub(super) fn of(statement: &'s mut Statement<'_>, people: &'s People) -> Result<Self> {
        let rows = statement.query(params![people.source]).map_err(fault)?;
        let mut first = Self { people, rows, next: None };
        first.advance().map_err(fault)?;
        Ok(first)
    }

    fn advance(&mut self) -> connector_sql::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, belongs(&row, self.people)?)),
            None => None,
        };
        Ok(())
    }

    /// Which person an account belongs to. Accounts must be requested in order.
    pub(super) fn up_to(&mut self, account: &str) -> connector_sql::Result<Belongs> {
        while let Some((known, _)) = &self.next {
            match known.as_str().cmp(account) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    let found = self.next.take().map(|(_, belongs)| belongs);
                    self.advance()?;
                    return Ok(found.unwrap_or_default());
                }
                Ordering::Less => self.advance()?,
            }
        }
        Ok(Belongs::NotCorrelated)
    }
}

fn belongs(row: &Row<'_>, people: &People) -> connector_sql::Result<Belongs> {
    let state: String = row.get(1)?;
    let person: Option<String> = row.get(3)?;
    Ok(match (state.as_str(), person) {
        (_, Some(id)) => {
            let name: Option<String> = row.get(4)?;
            let state: PersonState = word(row, 5)?;
            Belongs::To(AuditedPerson::new(people.authority.as_str(), name.unwrap_or(id), state))
        }
        ("unmatched", None) if people.is_complete => Belongs::Nobody,
        ("ambiguous", None) if people.is_complete => {
            Belongs::Ambiguous { rule: row.get::<_, Option<String>>(2)?.unwrap_or_default() }
        }
        _ => Belongs::NotCorrelated,
    })
}

//! Writes accounts into the store.

use super::column::stored_kind;
use super::page_ahead::Known;
use super::run_state::RunState;
use super::snapshot::AccountSnapshot;
use super::sql::{self, InsertNew};
use super::step::Step;
use connector_core::{Account, EntitlementRef, Result};
use connector_sql::{Connection, params};
use std::sync::LazyLock;

/// Writes a new account.
static INSERT: LazyLock<InsertNew> = LazyLock::new(|| {
    InsertNew::new(
        "INSERT INTO accounts (source, account_id, name, display_name, enabled, locked, attributes, hash, first_run, added_run,
                               kind, owner, alias)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    )
});

/// What the store has of an account.
struct Stored {
    id: i64,
    same_hash: bool,
    removed_run: Option<i64>,
}

/// What an account's own record names, each once and in order.
fn inline(account: &Account) -> Vec<&EntitlementRef> {
    let mut inline: Vec<&EntitlementRef> = account.entitlements.iter().collect();
    inline.sort_unstable();
    inline.dedup();
    inline
}

impl RunState {
    /// Takes in one account; false when the run has seen it before. The first sight counts.
    pub(crate) fn account(&mut self, connection: &Connection, account: &Account) -> Result<bool> {
        if self.not_shown.is_nothing() || self.not_shown.is_list_only() && self.is_stored_so(connection, account)? {
            return self.take_in(connection, account);
        }
        let account = self.with_last_known(connection, account)?;
        self.take_in(connection, &account)
    }

    fn is_stored_so(&mut self, connection: &Connection, account: &Account) -> Result<bool> {
        let hash = self.hasher.account(account, &inline(account));
        Ok(self.find_account(connection, &account.id, &hash)?.is_some_and(|stored| stored.same_hash))
    }

    pub(super) fn take_in(&mut self, connection: &Connection, account: &Account) -> Result<bool> {
        let inline = inline(account);
        let hash = self.hasher.account(account, &inline);
        if self.new_accounts
            && let Some(id) = self.insert_account(connection, account, &hash)?
        {
            self.arrived(connection, id, account, &inline)?;
            return Ok(true);
        }
        let Some(stored) = self.find_account(connection, &account.id, &hash)? else {
            self.new_accounts = true;
            if let Some(id) = self.insert_account(connection, account, &hash)? {
                self.arrived(connection, id, account, &inline)?;
            }
            return Ok(true);
        };
        if !self.seen.accounts.insert(stored.id) {
            if self.absence.is_none() {
                return self.came_twice(connection, Step::Accounts, &account.id, stored.same_hash);
            }
            if !stored.same_hash {
                self.update_account(connection, account, &hash, &stored)?;
                self.sync_inline(connection, &account.id, &inline)?;
            }
            return Ok(false);
        }
        self.new_accounts = false;
        self.tallies.accounts.seen += 1;
        if stored.same_hash && stored.removed_run.is_none() {
            self.tallies.assignments.seen += inline.len() as u64;
        } else {
            self.update_account(connection, account, &hash, &stored)?;
            self.sync_inline(connection, &account.id, &inline)?;
        }
        Ok(true)
    }

    fn arrived(
        &mut self,
        connection: &Connection,
        id: i64,
        account: &Account,
        inline: &[&EntitlementRef],
    ) -> Result<()> {
        self.seen.accounts.insert(id);
        self.tallies.accounts.seen += 1;
        self.tallies.accounts.added += 1;
        self.name_arrived(connection, &account.name, id)?;
        for entitlement in inline {
            self.hold_inline(connection, &account.id, entitlement)?;
        }
        Ok(())
    }

    /// The row of the new account; `None` when there is one already.
    fn insert_account(&mut self, connection: &Connection, account: &Account, hash: &[u8; 16]) -> Result<Option<i64>> {
        if self.ahead.is_on() {
            return Ok(self.keep_new(account, hash));
        }
        sql::insert_new(
            connection,
            &INSERT,
            params![
                self.source,
                account.id,
                account.name,
                account.display_name,
                account.enabled,
                account.locked,
                account.attributes.as_str(),
                &hash[..],
                self.run,
                stored_kind(account.kind),
                account.owner,
                account.alias,
            ],
        )
    }

    fn find_account(&self, connection: &Connection, id: &str, hash: &[u8; 16]) -> Result<Option<Stored>> {
        if self.ahead.is_on() {
            return Ok(self.ahead.find(id).map(|known| Stored {
                id: known.id,
                same_hash: known.hash == hash,
                removed_run: known.removed_run,
            }));
        }
        sql::first(
            connection,
            "SELECT id, hash, removed_run FROM accounts WHERE source = ?1 AND account_id = ?2",
            params![self.source, id],
            |row| {
                Ok(Stored {
                    id: row.get(0)?,
                    same_hash: row.get_ref(1)?.as_blob().is_ok_and(|stored| stored == hash),
                    removed_run: row.get(2)?,
                })
            },
        )
    }

    fn update_account(
        &mut self,
        connection: &Connection,
        account: &Account,
        hash: &[u8; 16],
        stored: &Stored,
    ) -> Result<()> {
        self.write_new(connection)?;
        self.ahead.note(&account.id, Known { id: stored.id, hash: hash.to_vec(), removed_run: None });
        let before = sql::one(
            connection,
            "SELECT name, display_name, enabled, locked, attributes, kind, owner FROM accounts WHERE id = ?1",
            [stored.id],
            |row| AccountSnapshot::from_row(row, 0),
        )?;
        self.rename(connection, &before.name, &account.name, stored.id)?;
        let changed = !before.is_of(account, &self.quiet.accounts);
        if changed || stored.removed_run.is_some() {
            let before = changed.then(|| before.to_text());
            self.keep_change(connection, Step::Accounts, stored.id, before.as_deref(), stored.removed_run)?;
        }
        match (stored.removed_run, changed) {
            (Some(_), _) => self.tallies.accounts.added += 1,
            (None, true) => self.tallies.accounts.changed += 1,
            (None, false) => {}
        }
        sql::execute(
            connection,
            "UPDATE accounts SET name = ?2, display_name = ?3, enabled = ?4, locked = ?5, attributes = ?6, hash = ?7,
                     kind = ?10, owner = ?11, alias = ?12,
                     changed_run = CASE WHEN ?8 THEN ?9 ELSE changed_run END,
                     added_run = CASE WHEN removed_run IS NULL THEN added_run ELSE ?9 END, removed_run = NULL
                 WHERE id = ?1",
            params![
                stored.id,
                account.name,
                account.display_name,
                account.enabled,
                account.locked,
                account.attributes.as_str(),
                &hash[..],
                changed,
                self.run,
                stored_kind(account.kind),
                account.owner,
                account.alias,
            ],
        )?;
        Ok(())
    }
}

//! What the rules say about the accounts that something changed for: statements over whole tables.

use super::deciding::Deciding;
use super::settled::{Settlement, settle};
use super::stage::place;
use super::tables;
use connector_core::Result;
use connector_sql::params;

impl Deciding<'_> {
    /// Takes over what changed, and finds the accounts that it matters for.
    pub(super) fn take_over(&self) -> Result<()> {
        let authority = self.authority;
        tables::count(self.connection, self.looked_at, &["fresh_accounts", "fresh_values"])?;
        // The values of people before and after. They matter for no other account if all of them are decided about.
        for from in if self.again {
            &[][..]
        } else {
            &[
                "SELECT v.rule, v.value FROM fresh_accounts f CROSS JOIN identity_values v
             WHERE f.source = ?1 AND v.source = f.source AND v.account = f.account",
                "SELECT rule, value FROM fresh_values WHERE source = ?1",
            ]
        } {
            let insert = format!("INSERT INTO touched (rule, value) {from} ON CONFLICT DO NOTHING");
            self.execute(&insert, [authority])?;
        }
        self.execute(
            "DELETE FROM identity_values WHERE EXISTS (SELECT 1 FROM fresh_accounts f
                 WHERE f.source = identity_values.source AND f.account = identity_values.account)",
            [],
        )?;
        self.execute(
            "INSERT INTO identity_values (source, account, rule, value, gone)
             SELECT source, account, rule, value, gone FROM fresh_values ORDER BY source, account, rule, value",
            [],
        )?;
        // Whoever left is still the person of their accounts; of other sources, nothing stays.
        self.execute(
            "DELETE FROM identity_accounts WHERE EXISTS (SELECT 1 FROM fresh_accounts f
                 WHERE f.source = identity_accounts.source AND f.account = identity_accounts.account
                       AND (f.gone = 2 OR (f.gone = 1 AND f.source <> ?1)))",
            [authority],
        )?;
        self.execute(
            "INSERT INTO identity_accounts (source, account, hash, gone, left_out, state)
             SELECT source, account, hash, gone, left_out,
                    CASE WHEN left_out = 1 THEN 'left_out' WHEN source = ?1 THEN 'person' ELSE 'unmatched' END
             FROM fresh_accounts WHERE gone = 0 OR (gone = 1 AND source = ?1) ORDER BY source, account
             ON CONFLICT (source, account) DO UPDATE SET hash = excluded.hash, gone = excluded.gone,
                 left_out = excluded.left_out,
                 state = CASE WHEN excluded.state = 'unmatched' THEN identity_accounts.state ELSE excluded.state END",
            [authority],
        )?;
        self.execute(
            "INSERT INTO dirty (source, account)
             SELECT source, account FROM fresh_accounts WHERE source <> ?1 AND gone = 0",
            [authority],
        )?;
        tables::count(
            self.connection,
            self.looked_at,
            &["touched", "identity_values", "identity_accounts", "identity_links"],
        )?;
        self.execute(
            "INSERT INTO dirty (source, account)
             SELECT v.source, v.account FROM touched t CROSS JOIN identity_values v
             WHERE v.rule = t.rule AND v.value = t.value AND v.source <> ?1
             ON CONFLICT DO NOTHING",
            [authority],
        )?;
        tables::count(self.connection, self.looked_at, &["dirty"])
    }

    /// Decides about the accounts in `dirty`, and settles what that means for the links.
    pub(super) fn settle(&self) -> Result<Settlement> {
        // The first rule that finds somebody decides. Of those whom it finds, whoever is there comes first: somebody who left may
        // have had the same address.
        for rule in 0..self.settings.rules.len() {
            for gone in [0, 1] {
                self.apply(place(rule), gone)?;
            }
        }
        tables::count(self.connection, self.looked_at, &["decided"])?;
        settle(self)
    }

    /// Finds people by one rule for accounts that no rule found any for. The first and the last of them are enough: if they differ,
    /// there are several, however many.
    fn apply(&self, rule: i64, gone: i64) -> Result<()> {
        let person = |order: &str| {
            format!(
                "(SELECT p.account FROM identity_values p
                  WHERE p.rule = v.rule AND p.value = v.value AND p.source = ?2 AND p.gone = ?3
                        AND NOT EXISTS (SELECT 1 FROM identity_refusals r
                                        WHERE r.source = v.source AND r.account = v.account AND r.ended_at IS NULL
                                              AND r.authority = ?2 AND r.person IN ('', p.account))
                  ORDER BY p.account {order} LIMIT 1)"
            )
        };
        let insert = format!(
            "INSERT INTO decided (source, account, rule, first, last)
             SELECT source, account, rule, min(one), max(other) FROM (
                 SELECT v.source, v.account, v.rule, {} AS one, {} AS other
                 FROM dirty d CROSS JOIN identity_values v
                 WHERE v.source = d.source AND v.account = d.account AND v.rule = ?1
                       AND NOT EXISTS (SELECT 1 FROM decided k WHERE k.source = d.source AND k.account = d.account)
             ) found WHERE one IS NOT NULL GROUP BY source, account, rule",
            person("ASC"),
            person("DESC")
        );
        self.execute(&insert, params![rule, self.authority, gone]).map(drop)
    }
}

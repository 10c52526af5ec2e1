//! What decisions mean for the links: which begin, end or stay.

use super::deciding::Deciding;
use super::stage::place;
use connector_core::Result;
use connector_sql::params;
use connector_store::sql;

/// What became of the links.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settlement {
    /// Links before.
    pub(super) before: u64,
    /// Accounts that have a link and had none.
    pub(super) linked: u64,
    /// Accounts that are there and have no link any more, although nobody said so.
    pub(super) lost: u64,
    /// Accounts without a link any more, for whatever reason.
    pub(super) ended: u64,
    /// Accounts that belong to another person.
    pub(super) moved: u64,
}

/// Ends and begins links as the rules decided. What somebody confirmed stays.
pub(super) fn settle(deciding: &Deciding<'_>) -> Result<Settlement> {
    name_rules(deciding)?;
    judge(deciding)?;
    let mut settlement = counted(deciding)?;
    settlement.ended += end_removed(deciding)?;
    let now = deciding.now.to_string();
    deciding.execute(
        "UPDATE identity_links SET ended_at = ?1, why_ended = (
             SELECT CASE WHEN w.state = 'unmatched' THEN 'no_match'
                         WHEN w.state <> 'linked' THEN w.state
                         WHEN identity_links.authority <> ?2 THEN 'authority_changed'
                         WHEN w.person = identity_links.person THEN 'other_rule'
                         ELSE 'other_person' END
             FROM verdicts w WHERE w.source = identity_links.source AND w.account = identity_links.account)
         WHERE ended_at IS NULL AND EXISTS (
             SELECT 1 FROM verdicts w WHERE w.source = identity_links.source AND w.account = identity_links.account
                 AND NOT (w.state = 'linked' AND identity_links.authority = ?2 AND w.person = identity_links.person
                          AND w.rule = identity_links.rule))",
        params![now, deciding.authority],
    )?;
    deciding.execute(
        "INSERT INTO identity_links (source, account, authority, person, rule, began_at)
         SELECT w.source, w.account, CAST(?2 AS BIGINT), w.person, w.rule, CAST(?1 AS TEXT) FROM verdicts w
         WHERE w.state = 'linked' AND NOT EXISTS (
             SELECT 1 FROM identity_links l WHERE l.source = w.source AND l.account = w.account AND l.ended_at IS NULL)
         ORDER BY w.source, w.account",
        params![now, deciding.authority],
    )?;
    deciding.execute(
        "UPDATE identity_accounts SET state = w.state, rule = CASE WHEN w.state = 'ambiguous' THEN w.rule END
         FROM verdicts w WHERE w.source = identity_accounts.source AND w.account = identity_accounts.account",
        [],
    )?;
    // What somebody confirmed is linked, whatever the rules say.
    deciding.execute(
        "UPDATE identity_accounts SET state = 'linked', rule = NULL
         FROM dirty d WHERE d.source = identity_accounts.source AND d.account = identity_accounts.account
             AND NOT EXISTS (SELECT 1 FROM verdicts w WHERE w.source = d.source AND w.account = d.account)",
        [],
    )?;
    Ok(settlement)
}

/// The names of the rules, for statements.
fn name_rules(deciding: &Deciding<'_>) -> Result<()> {
    for (number, rule) in deciding.settings.rules.iter().enumerate() {
        let insert = "INSERT INTO rules (rule, name, confirm) VALUES (?1, ?2, ?3)";
        deciding.execute(insert, params![place(number), rule.name, i64::from(rule.confirm)])?;
    }
    Ok(())
}

/// One verdict for each account that the rules decide about.
fn judge(deciding: &Deciding<'_>) -> Result<()> {
    deciding.execute(
        "INSERT INTO verdicts (source, account, person, rule, state)
         SELECT source, account, CASE WHEN state = 'linked' THEN first END, rule, state FROM (
             SELECT d.source, d.account, k.first, r.name AS rule, CASE
                        WHEN i.left_out = 1 THEN 'left_out'
                        WHEN EXISTS (SELECT 1 FROM identity_refusals n
                                     WHERE n.source = d.source AND n.account = d.account AND n.ended_at IS NULL
                                           AND n.authority = ?1 AND n.person = '') THEN 'refused'
                        WHEN k.first IS NULL THEN 'unmatched'
                        WHEN k.first = k.last AND r.confirm = 0 THEN 'linked'
                        ELSE 'ambiguous' END AS state
             FROM dirty d
             JOIN identity_accounts i ON i.source = d.source AND i.account = d.account
             LEFT JOIN decided k ON k.source = d.source AND k.account = d.account
             LEFT JOIN rules r ON r.rule = k.rule
             WHERE NOT EXISTS (SELECT 1 FROM identity_links l
                               WHERE l.source = d.source AND l.account = d.account AND l.ended_at IS NULL
                                     AND l.rule IS NULL AND l.authority = ?1)
         ) judged",
        [deciding.authority],
    )?;
    super::tables::count(deciding.connection, deciding.looked_at, &["verdicts"])
}

/// What the verdicts are about to change.
fn counted(deciding: &Deciding<'_>) -> Result<Settlement> {
    let before = "SELECT count(*) FROM identity_links WHERE ended_at IS NULL";
    let before = sql::one(deciding.connection, before, [], |row| row.get(0))?;
    let query = "SELECT
             coalesce(sum(CASE WHEN l.id IS NULL AND w.state = 'linked' THEN 1 ELSE 0 END), 0),
             coalesce(sum(CASE WHEN l.id IS NOT NULL AND w.state NOT IN ('linked', 'refused') THEN 1 ELSE 0 END), 0),
             coalesce(sum(CASE WHEN l.id IS NOT NULL AND w.state = 'refused' THEN 1 ELSE 0 END), 0),
             coalesce(sum(CASE WHEN w.state = 'linked' AND (l.person <> w.person OR l.authority <> ?1) THEN 1 ELSE 0 END), 0)
         FROM verdicts w
         LEFT JOIN identity_links l ON l.source = w.source AND l.account = w.account AND l.ended_at IS NULL";
    sql::one(deciding.connection, query, [deciding.authority], |row| {
        let (lost, refused): (u64, u64) = (row.get(1)?, row.get(2)?);
        Ok(Settlement { before, linked: row.get(0)?, lost, ended: lost + refused, moved: row.get(3)? })
    })
}

/// Ends the links of accounts that are gone, unless somebody confirmed them: an account can come again.
fn end_removed(deciding: &Deciding<'_>) -> Result<u64> {
    let gone = if deciding.again {
        "NOT EXISTS (SELECT 1 FROM identity_accounts i WHERE i.source = identity_links.source AND i.account = identity_links.account)"
    } else {
        "EXISTS (SELECT 1 FROM fresh_accounts f WHERE f.source = identity_links.source AND f.account = identity_links.account
                 AND f.gone > 0)"
    };
    let update = format!(
        "UPDATE identity_links SET ended_at = ?1, why_ended = 'account_removed'
         WHERE ended_at IS NULL AND rule IS NOT NULL AND {gone}"
    );
    deciding.execute(&update, [deciding.now.to_string()])
}

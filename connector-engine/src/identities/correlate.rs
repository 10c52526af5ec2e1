//! A correlation, from what changed to the links.

use super::deciding::Deciding;
use super::outcome::{Correlation, RuleTally, Totals};
use super::settled::Settlement;
use super::stage::{Faults, Participant, place, stage, state_of};
use super::tables;
use connector_core::{Error, ErrorKind, Percentage, Result};
use connector_files::shell_word;
use connector_project::identities::{Correlator, IdentitySettings};
use connector_project::source::Project;
use connector_sql::{Connection, params};
use connector_store::{RunReport, Store, sql};
use connector_text::count;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// So many links may end or move at any time: one of five is no reason to stop.
const FEW: u64 = 2;

/// How to correlate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Keep nothing.
    pub preview: bool,
    /// End and move as many links as the rules say, whatever `change_threshold` is.
    pub accept_changes: bool,
}

/// Correlates after a run. `None` if the project has no `identities:`, or if nobody has read the authority yet. Links stay as
/// they are then: another machine may have a newer file.
///
/// Fails like [`correlate`].
pub fn follow(store: &Store, project: &Project) -> Result<Option<Correlation>> {
    let Some(settings) = project.settings()?.identities else { return Ok(None) };
    if authority_of(&store.reader()?, &settings)?.is_none() {
        return Ok(None);
    }
    correlate(store, &settings, &project.sources()?, Wish::default()).map(Some)
}

/// Correlates after a run, and adds what the user should know to its warnings.
///
/// Fails with kind `internal` if no thread can do it; what goes wrong with the correlation itself is a warning.
pub async fn after_run(store: &Store, project: &Project, mut report: RunReport) -> Result<RunReport> {
    let (store, project) = (store.clone(), project.clone());
    let followed = tokio::task::spawn_blocking(move || follow(&store, &project)).await;
    let followed =
        followed.map_err(|cause| Error::internal("the accounts could not be correlated").with_cause(cause))?;
    let warnings = match followed {
        Ok(correlation) => correlation.map(|correlation| correlation.warnings).unwrap_or_default(),
        Err(error) => {
            let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
            vec![format!("{}{help}", error.message())]
        }
    };
    report.warnings.extend(warnings.into_iter().map(|warning| format!("identities: {warning}")));
    Ok(report)
}

/// Whether accounts or rules changed since the last correlation. False if there are no people yet.
///
/// Fails with kind `definition` if the rules have a fault.
pub fn is_outdated(store: &Store, settings: &IdentitySettings, sources: &[String]) -> Result<bool> {
    let reader = store.reader()?;
    let Some(authority) = authority_of(&reader, settings)? else { return Ok(false) };
    let participants = participants(&reader, settings, sources)?;
    Ok(Backlog::of(&reader, authority, &Correlator::checked(settings)?, &participants)?.has_work())
}

/// Links the accounts of these sources to people. Looks only at what changed since the last correlation, unless the rules are
/// other ones. Does all of it or nothing.
///
/// Fails with kind `not_found` if no run of the authority has succeeded yet, and with kind `guard` if more links than
/// `change_threshold` would end or move.
pub fn correlate(store: &Store, settings: &IdentitySettings, sources: &[String], wish: Wish) -> Result<Correlation> {
    let correlator = Correlator::checked(settings)?;
    let reader = store.reader()?;
    let authority = authority_of(&reader, settings)?.ok_or_else(|| never_read(settings))?;
    let participants = participants(&reader, settings, sources)?;
    if !Backlog::of(&reader, authority, &correlator, &participants)?.has_work() {
        return report(&reader, settings, authority, Correlation { kept: true, ..Correlation::default() });
    }
    drop(reader);
    let connection = store.writer()?;
    let transaction = sql::begin(&connection)?;
    if connection.postgres().is_some() {
        // One correlation at a time; a file is written by one at a time anyway.
        sql::batch(&connection, "LOCK TABLE identity_state IN EXCLUSIVE MODE")?;
    }
    let backlog = Backlog::of(&transaction, authority, &correlator, &participants)?;
    let mut correlation = work(&transaction, settings, authority, &correlator, &backlog, wish)?;
    correlation.kept = !wish.preview;
    let correlation = report(&transaction, settings, authority, correlation)?;
    if wish.preview {
        drop(transaction);
    } else {
        sql::commit(transaction)?;
    }
    Ok(correlation)
}

/// What there is to do.
struct Backlog {
    /// Whether the rules or the authority are other ones than at the last correlation.
    again: bool,
    /// The sources that changed, with the text that names their state.
    changed: Vec<(Participant, String)>,
    /// Sources that take part no more.
    former: Vec<i64>,
}

impl Backlog {
    fn of(
        connection: &Connection,
        authority: i64,
        correlator: &Correlator,
        participants: &[Participant],
    ) -> Result<Self> {
        let query = "SELECT authority, rules FROM identity_state WHERE id = 1";
        let last: Option<(i64, String)> = sql::first(connection, query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let again = last.is_none_or(|(known, rules)| known != authority || rules != correlator.fingerprint());
        let query = "SELECT source, seen FROM identity_sources";
        let known: Vec<(i64, String)> = sql::all(connection, query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut changed = Vec::new();
        for one in participants {
            let state = state_of(connection, one.id)?;
            if again || !known.iter().any(|(id, seen)| *id == one.id && *seen == state) {
                changed.push((one.clone(), state));
            }
        }
        let takes_part = |id: i64| participants.iter().any(|one| one.id == id);
        let former = known.iter().map(|(id, _)| *id).filter(|id| !again && !takes_part(*id)).collect();
        Ok(Self { again, changed, former })
    }

    fn has_work(&self) -> bool {
        self.again || !self.changed.is_empty() || !self.former.is_empty()
    }
}

fn work(
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    correlator: &Correlator,
    backlog: &Backlog,
    wish: Wish,
) -> Result<Correlation> {
    tables::make(connection)?;
    let now = Timestamp::now();
    let mut deciding = Deciding { connection, settings, authority, looked_at: 0, again: backlog.again, now };
    if backlog.again {
        for table in ["identity_values", "identity_accounts", "identity_sources"] {
            deciding.execute(&format!("DELETE FROM {table}"), [])?;
        }
    }
    let mut faults = Faults::new();
    for (source, state) in &backlog.changed {
        deciding.looked_at += stage(connection, correlator, source, &mut faults)?;
        let keep = "INSERT INTO identity_sources (source, seen) VALUES (?1, ?2)
             ON CONFLICT (source) DO UPDATE SET seen = excluded.seen";
        deciding.execute(keep, params![source.id, state])?;
    }
    for source in &backlog.former {
        deciding.execute(
            "INSERT INTO fresh_accounts (source, account, hash, gone, left_out)
             SELECT source, account, hash, 2, 1 FROM identity_accounts WHERE source = ?1",
            [*source],
        )?;
        deciding.execute("DELETE FROM identity_sources WHERE source = ?1", [*source])?;
    }
    let settlement = if deciding.looked_at > 0 || !backlog.former.is_empty() || backlog.again {
        deciding.take_over()?;
        deciding.settle()?
    } else {
        Settlement::default()
    };
    let mut warnings = fault_warnings(settings, &faults);
    match guard(settings.change_threshold, settlement) {
        Err(refused) if wish.preview => warnings.push(refused.message().to_owned()),
        Err(refused) if !wish.accept_changes => return Err(refused),
        _ => {}
    }
    let keep = "INSERT INTO identity_state (id, authority, rules, correlated_at) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET authority = excluded.authority, rules = excluded.rules, correlated_at = excluded.correlated_at";
    deciding.execute(keep, params![authority, correlator.fingerprint(), deciding.now.to_string()])?;
    let Settlement { linked, ended, moved, .. } = settlement;
    let looked_at = deciding.looked_at;
    Ok(Correlation { looked_at, linked, ended, moved, warnings, ..Correlation::default() })
}

/// Fails if more links end or move than the threshold allows: a column that was renamed must not make orphans of everybody.
fn guard(threshold: Percentage, Settlement { before, lost, moved, .. }: Settlement) -> Result<()> {
    let gone = lost + moved;
    if gone <= FEW || !threshold.is_exceeded_by(gone, before) {
        return Ok(());
    }
    let (gone, before) = (count(gone), count(before));
    let message = format!(
        "{gone} of {before} links between accounts and people would end or move, more than `identities.change_threshold` of {threshold}: nothing was changed"
    );
    Err(Error::new(ErrorKind::Guard, message).with_help(
        "look at them with `connector identities correlate --preview`. If the rules are right, run `connector identities correlate --accept-changes` once",
    ))
}

fn fault_warnings(settings: &IdentitySettings, faults: &Faults) -> Vec<String> {
    let named = faults.iter().filter_map(|(rule, fault)| Some((settings.rules.get(*rule)?, fault)));
    named
        .map(|(rule, (number, example))| {
            format!("the rule `{}` can't be used on {} accounts, such as {example}", rule.name, count(*number))
        })
        .collect()
}

/// Adds what there is now, and the rules that can't find anybody.
fn report(
    connection: &Connection,
    settings: &IdentitySettings,
    authority: i64,
    mut correlation: Correlation,
) -> Result<Correlation> {
    correlation.authority.clone_from(&settings.authority);
    let totals = &mut correlation.now;
    let query = "SELECT state, count(*) FROM identity_accounts WHERE gone = 0 GROUP BY state";
    let states: Vec<(String, u64)> = sql::all(connection, query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (state, number) in states {
        match state.as_str() {
            "person" => totals.people = number,
            "linked" => totals.linked = number,
            "ambiguous" => totals.ambiguous = number,
            "unmatched" => totals.unmatched = number,
            "refused" => totals.refused = number,
            _ => totals.left_out = number,
        }
    }
    let query = "SELECT rule, count(*) FROM identity_links WHERE ended_at IS NULL GROUP BY rule";
    let links: Vec<(Option<String>, u64)> = sql::all(connection, query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    *totals = Totals { confirmed: links.iter().find(|(rule, _)| rule.is_none()).map_or(0, |one| one.1), ..*totals };
    for (number, rule) in settings.rules.iter().enumerate() {
        let links = links.iter().find(|(name, _)| name.as_ref() == Some(&rule.name)).map_or(0, |one| one.1);
        correlation.rules.push(RuleTally { rule: rule.name.clone(), links });
        if links == 0 && totals.people > 0 {
            let has = "SELECT EXISTS (SELECT 1 FROM identity_values WHERE rule = ?1 AND source = ?2)";
            if !sql::one(connection, has, [place(number), authority], |row| row.get(0))? {
                let message = format!(
                    "the rule `{}` finds nobody: no person has a value for it; check `person:` in connector.yaml",
                    rule.name
                );
                correlation.warnings.push(message);
            }
        }
    }
    Ok(correlation)
}

/// The authority, if a run of it has succeeded: half of the people would make wrong links.
pub(super) fn authority_of(connection: &Connection, settings: &IdentitySettings) -> Result<Option<i64>> {
    let query = "SELECT id FROM sources s WHERE name = ?1
         AND EXISTS (SELECT 1 FROM runs r WHERE r.source = s.id AND r.status = 'succeeded')";
    sql::first(connection, query, [&settings.authority], |row| row.get(0))
}

pub(super) fn never_read(settings: &IdentitySettings) -> Error {
    let message = format!("the authority `{}` was never aggregated, so there are no people yet", settings.authority);
    let help = format!("run `connector aggregate {}` first", shell_word(&settings.authority));
    Error::new(ErrorKind::NotFound, message).with_help(help)
}

fn participants(connection: &Connection, settings: &IdentitySettings, sources: &[String]) -> Result<Vec<Participant>> {
    let mut participants = Vec::new();
    // Another machine may have more files: only `identities.sources` ends the part that a source takes.
    let query = "SELECT s.name FROM identity_sources i JOIN sources s ON s.id = i.source";
    let known: Vec<String> = sql::all(connection, query, [], |row| row.get(0))?;
    let names: BTreeSet<&String> = sources.iter().chain(&known).collect();
    for name in names.into_iter().filter(|name| settings.correlates(name) || **name == settings.authority) {
        let id = sql::first(connection, "SELECT id FROM sources WHERE name = ?1", [name], |row| row.get(0))?;
        let is_authority = *name == settings.authority;
        participants.extend(id.map(|id| Participant { id, name: name.clone(), is_authority }));
    }
    Ok(participants)
}

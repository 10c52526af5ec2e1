//! Reads a few accounts, and what they hold, again now.

use super::commit::{Committer, Started};
use super::options::limits_of;
use super::progress::{Phase, Progress, StepProgress};
use super::run::{Readings, recognize};
use crate::patience::{ask, ask_each};
use connector_core::{
    Absence, Account, Concern, Cursor, Error, ErrorKind, FindAccounts, Holder, Page, Percentage, Result, SourceChange,
};
use connector_project::source::Opened;
use connector_store::{Beginning, Ending, Items, Limits, Mode, PerStep, Quiet, ReadPage, RunReport, Step, Store, sql};
use std::collections::BTreeSet;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// What came of a refresh.
#[derive(Debug)]
pub struct Refreshed {
    /// The run.
    pub report: RunReport,
    /// The accounts, as the caller named them, that the source does not show. Nothing of them was removed.
    pub not_shown: Vec<String>,
}

/// Reads accounts, each named by id, name or alias, and what they hold, and updates the store in a run of its own.
///
/// An account that the source does not show stays as it is, because nothing proves that it no longer exists. `Err` means that no run
/// could begin: kind `guard` when another job holds the source or a run of it is unfinished, `invalid` when a name fits several
/// accounts.
pub async fn refresh(
    store: &Store,
    opened: &Opened,
    accounts: &[String],
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<Refreshed> {
    read_again(store, opened, &Wanted { accounts, deleted: &[], limits: limits_of(opened) }, progress, stop).await
}

/// Reads accounts again that a plan changed just now, given by id. One of `deleted` that the source no longer shows is removed:
/// the plan deleted it. The guard for removals doesn't look at what a plan took away. Fails like [`refresh`].
pub async fn refresh_changed(
    store: &Store,
    opened: &Opened,
    changed: &[String],
    deleted: &[String],
    stop: CancellationToken,
) -> Result<Refreshed> {
    let accounts = [changed, deleted].concat();
    let limits = Limits { threshold: Percentage::new(100.0), ..limits_of(opened) };
    read_again(store, opened, &Wanted { accounts: &accounts, deleted, limits }, |_| (), stop).await
}

/// What to read again.
struct Wanted<'a> {
    accounts: &'a [String],
    /// Those of them that a plan deleted.
    deleted: &'a [String],
    /// How much may be removed.
    limits: Limits,
}

async fn read_again(
    store: &Store,
    opened: &Opened,
    wanted: &Wanted<'_>,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<Refreshed> {
    let accounts = wanted.accounts;
    let name = &opened.registration.name;
    let ability = opened.connector.capabilities().accounts().ok_or_else(|| {
        Error::unsupported(format!("connector `{name}` can't read single accounts"))
            .with_help(format!("read all of them: `connector aggregate {}`", opened.source))
    })?;
    let start = Readings::of(opened.context.meter());
    let beginning = Beginning {
        source: opened.source.clone(),
        connector: name.to_string(),
        definition: opened.definition.clone(),
        mode: Mode::Refresh,
        restart: false,
        takes_over: false,
        steps: vec![Step::Accounts],
        // What is read is complete for each account, and the source may say that one is gone.
        absence: Some(Absence::Told),
        names_entitlements: false,
        quiet: Quiet::of(opened.connector.as_ref()),
    };
    let (mut thread, started) = Committer::start(store, beginning).await?;
    let began = Instant::now();
    let tell = |started: &Started, seen: u64, calls: u64| {
        let mut steps = PerStep::<StepProgress>::default();
        steps[Step::Accounts] = StepProgress { seen, estimate: Some(accounts.len() as u64) };
        let resumed = started.resumed;
        progress(&Progress { phase: Phase::Reading, resumed, steps, api_calls: calls, elapsed: began.elapsed() });
    };
    tell(&started, 0, 0);
    let mut not_shown = Vec::new();
    let work = async {
        recognize(opened, false, &thread).await?;
        let aliases = known_ids(store, opened, accounts)?;
        let ids = resolve(opened, ability, accounts, &aliases, &mut not_shown).await?;
        let mut cursor = Cursor::start();
        let gone: Vec<&String> = wanted.deleted.iter().filter(|id| not_shown.contains(id)).collect();
        // Without an id, no account is read: the last page has those that are gone.
        let mut parts: Vec<&[String]> = ids.chunks(ability.most_accounts().max(1)).collect();
        parts.extend((!gone.is_empty()).then_some(&[][..]));
        for (number, part) in parts.iter().enumerate() {
            let page = if part.is_empty() {
                Page::last(gone.iter().map(|id| SourceChange::Removed(Holder::account((*id).clone()))).collect())
            } else {
                let read = ask(opened, "reading accounts", || ability.read_accounts(part)).await?;
                let page =
                    read.ok_or_else(|| Error::unsupported(format!("connector `{name}` can't read single accounts")))?;
                check(part, &page)?;
                page
            };
            let mut page = ReadPage::new(cursor, page, Items::Changes);
            cursor = Cursor::of(&number)?;
            page.next = if number + 1 < parts.len() { vec![cursor.clone()] } else { Vec::new() };
            thread.commit(Box::new(page), start.usage(opened.context.meter()))?;
            let committed = thread.committed().await?;
            tell(&started, committed.seen.accounts, start.usage(opened.context.meter()).api_calls);
        }
        Ok::<(), Error>(())
    };
    let done: Result<(), Option<Error>> = tokio::select! {
        biased;
        () = stop.cancelled() => Err(None),
        done = work => done.map_err(Some),
    };
    let ending = match done {
        Ok(()) => Ending::Complete { remove: true, limits: wanted.limits },
        Err(None) => Ending::Interrupted,
        Err(Some(error)) if error.kind() == ErrorKind::Guard => Ending::Refused(error),
        Err(Some(error)) => Ending::Failed(error),
    };
    let report = thread.finish(ending, start.usage(opened.context.meter()), stop).await?;
    Ok(Refreshed { report, not_shown })
}

/// For each account, the id that the store has for this id, name or alias; the text itself where it has none.
fn known_ids(store: &Store, opened: &Opened, accounts: &[String]) -> Result<Vec<String>> {
    let connection = store.reader()?;
    let query = "SELECT a.account_id FROM accounts a JOIN sources s ON s.id = a.source
         WHERE s.name = ?1 AND a.removed_run IS NULL AND a.alias = ?2 LIMIT 2";
    let known = accounts.iter().map(|account| {
        let ids: Vec<String> = sql::all(&connection, query, [&opened.source, account], |row| row.get(0))?;
        Ok(if let [id] = &ids[..] { id.clone() } else { account.clone() })
    });
    known.collect()
}

/// The ids of the accounts that the source shows, each once.
async fn resolve(
    opened: &Opened,
    ability: &dyn FindAccounts,
    accounts: &[String],
    wanted: &[String],
    not_shown: &mut Vec<String>,
) -> Result<Vec<String>> {
    let (mut ids, mut known) = (Vec::new(), BTreeSet::new());
    let concern = Concern::default();
    let most = ability.most_accounts().max(1);
    for (named, part) in accounts.chunks(most).zip(wanted.chunks(most)) {
        let look = || ability.find_accounts(part, &concern);
        let found = ask_each(opened, "looking up accounts", part.len(), look).await?;
        for (name, mut found) in named.iter().zip(found) {
            match (found.pop(), found.is_empty()) {
                (None, _) => not_shown.push(name.clone()),
                (Some(account), true) => ids.extend(known.insert(account.id.clone()).then_some(account.id)),
                (Some(last), false) => return Err(ambiguous(name, &[found, vec![last]].concat())),
            }
        }
    }
    Ok(ids)
}

fn ambiguous(name: &str, found: &[Account]) -> Error {
    let candidates: Vec<_> = found.iter().map(|account| format!("`{}` ({})", account.id, account.name)).collect();
    Error::new(ErrorKind::Invalid, format!("several accounts have the name `{name}`"))
        .with_help(format!("use an id: {}", candidates.join(", ")))
}

/// A connector that reads other accounts than those that were asked for would change what nobody asked for.
fn check(asked: &[String], page: &Page<SourceChange>) -> Result<()> {
    let is_asked = |id: &str| asked.iter().any(|one| one == id);
    let odd = page.items().iter().find(|change| match change {
        SourceChange::Account(account) => !is_asked(&account.id),
        SourceChange::AllOf(Holder::Account(id), held) => {
            !is_asked(id) || held.iter().any(|one| one.holder.account_id() != Some(id.as_str()))
        }
        SourceChange::Removed(Holder::Account(id)) => !is_asked(id),
        _ => true,
    });
    if odd.is_some() || !page.next().is_empty() {
        return Err(Error::protocol("the connector read something else than the accounts that were asked for")
            .with_help("report it to the makers of the connector"));
    }
    Ok(())
}

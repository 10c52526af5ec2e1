//! Finding users by id or login name, with servers that support all of SCIM's filters, a few of them, or none.

use super::fields::Fields;
use super::mapping::account;
use crate::error;
use crate::groups;
use crate::protocol::{Listed, Object, quoted};
use crate::source::Source;
use connector_core::{Account, Assignment, Concern, Cursor, ErrorKind, Holder, Page, Result, Retry, SourceChange};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many users one filter names.
const PER_FILTER: usize = 20;

/// How many requests run at the same time.
const AT_ONCE: usize = 4;

/// The ways to find users, from the best one on. A server that fails at one is asked in the next way.
const BY_ONE_FILTER: u8 = 0;
const BY_NAME: u8 = 1;
const BY_READING_ALL: u8 = 2;

/// How users are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    OneFilter,
    ByName,
    ReadingAll,
}

/// How users were found so far.
pub(crate) fn way(source: &Source) -> Way {
    match source.finding.load(Ordering::Relaxed) {
        BY_ONE_FILTER => Way::OneFilter,
        BY_NAME => Way::ByName,
        _ => Way::ReadingAll,
    }
}

/// For each of `wanted`, the accounts with that id or name.
pub(crate) async fn find(source: &Source, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
    let known = source.service.discovery().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    let mut found: Vec<Vec<Account>> = wanted.iter().map(|_| Vec::new()).collect();
    if known.filter {
        for (wanted, found) in wanted.chunks(PER_FILTER).zip(found.chunks_mut(PER_FILTER)) {
            if source.finding.load(Ordering::Relaxed) == BY_ONE_FILTER {
                by_one_filter(source, &fields, wanted, found).await?;
            }
        }
    } else {
        source.finding.fetch_max(BY_READING_ALL, Ordering::Relaxed);
    }
    // What a filter does not find is not gone. A source with a filter has proven that the server obeys filters.
    let is_proven = source.settings.filter.is_some() && source.finding.load(Ordering::Relaxed) == BY_ONE_FILTER;
    if !is_proven {
        singly(source, &fields, wanted, &mut found).await?;
    }
    groups::add_held(source, &mut found, concern).await?;
    Ok(found)
}

/// One request for several users.
async fn by_one_filter(source: &Source, fields: &Fields, wanted: &[String], found: &mut [Vec<Account>]) -> Result<()> {
    let each = wanted.iter().map(|one| format!("id eq {0} or userName eq {0}", quoted(one)));
    let any = each.collect::<Vec<_>>().join(" or ");
    match by_filter(source, fields, &any, wanted).await {
        Ok(Some(accounts)) => {
            for account in accounts {
                for (wanted, found) in wanted.iter().zip(&mut *found) {
                    if is_named(&account, wanted) {
                        found.push(account.clone());
                    }
                }
            }
        }
        Ok(None) => {
            source.finding.fetch_max(BY_READING_ALL, Ordering::Relaxed);
        }
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported) => {
            source.finding.fetch_max(BY_NAME, Ordering::Relaxed);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// The users that a filter gives; `None` if the server ignores filters.
async fn by_filter(source: &Source, fields: &Fields, filter: &str, wanted: &[String]) -> Result<Option<Vec<Account>>> {
    let whole = match &source.settings.filter {
        Some(own) => format!("({own}) and ({filter})"),
        None => filter.to_owned(),
    };
    let endpoint = &source.user_type().await?.endpoint;
    let own = source.user_query();
    let mut query = vec![("filter", whole.as_str()), ("startIndex", "1"), ("count", "100")];
    query.extend(own.iter().map(|(name, value)| (*name, value.as_str())));
    let response = source.service.get(endpoint, &query, "looking up users").await?;
    let listed = Listed::new(response, "looking up users".to_owned());
    let rows = listed.rows()?;
    let accounts =
        rows.resources.iter().map(|(id, user)| account(source, fields, id, user)).collect::<Result<Vec<_>>>()?;
    let is_foreign = |account: &Account| !wanted.iter().any(|one| is_named(account, one));
    if accounts.iter().any(is_foreign) {
        return Ok(None);
    }
    if (accounts.len() as u64) < rows.total {
        return Err(error::not_scim("looking up users", "the response does not contain all users that it counts"));
    }
    Ok(Some(accounts))
}

/// A request for each user that is not found yet: by id, then by name.
async fn singly(source: &Source, fields: &Fields, wanted: &[String], found: &mut [Vec<Account>]) -> Result<()> {
    let left: Vec<usize> = (0..wanted.len()).filter(|place| found[*place].is_empty()).collect();
    // By id only if the list can't leave out users.
    let by_id = stream::iter(left).map(|place| async move {
        let account = by_id(source, fields, &wanted[place]).await?;
        Ok::<_, connector_core::Error>((place, account))
    });
    let by_id: Vec<_> = by_id.buffered(AT_ONCE).try_collect().await?;
    let mut left = Vec::new();
    for (place, account) in by_id {
        match account {
            Some(account) => found[place].push(account),
            None => left.push(place),
        }
    }
    if source.finding.load(Ordering::Relaxed) == BY_NAME {
        for place in &left {
            let filter = format!("userName eq {}", quoted(&wanted[*place]));
            let Some(accounts) = by_filter(source, fields, &filter, &wanted[*place..=*place]).await? else {
                source.finding.fetch_max(BY_READING_ALL, Ordering::Relaxed);
                break;
            };
            found[*place].extend(accounts);
        }
    }
    left.retain(|place| found[*place].is_empty());
    if source.finding.load(Ordering::Relaxed) != BY_READING_ALL || left.is_empty() {
        return Ok(());
    }
    let is_wanted = |account: &Account| left.iter().any(|place| is_named(account, &wanted[*place]));
    let of_row =
        |id: &str, user: &Object<'_>| Ok(Some(account(source, fields, id, user)?).filter(|one| is_wanted(one)));
    for account in source.users().await?.all(&of_row).await?.into_iter().flatten() {
        for place in left.iter().filter(|place| is_named(&account, &wanted[**place])) {
            found[*place].push(account.clone());
        }
    }
    Ok(())
}

/// The user with an id; `None` if there is none, or if the settings' filter excludes it.
async fn by_id(source: &Source, fields: &Fields, id: &str) -> Result<Option<Account>> {
    if source.settings.filter.is_some() {
        let filter = format!("id eq {}", quoted(id));
        return Ok(by_filter(source, fields, &filter, &[id.to_owned()])
            .await?
            .and_then(|found| found.into_iter().next()));
    }
    let endpoint = &source.user_type().await?.endpoint;
    let own = source.user_query();
    let query: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let doing = format!("reading user `{id}`");
    let Some(response) = source.service.resource(endpoint, id, &query, &doing).await? else { return Ok(None) };
    let user = Object::of(&response, &doing)?;
    // Some servers find a user by the login name, too.
    let own_id = user.text("id").ok_or_else(|| error::not_scim(&doing, "the response has no `id`"))?;
    let account = account(source, fields, &own_id, &user)?;
    if !is_named(&account, id) {
        return Err(error::not_scim(&doing, "the response is about another user"));
    }
    Ok(Some(account))
}

/// SCIM compares login names without their letter case.
fn is_named(account: &Account, wanted: &str) -> bool {
    account.id == wanted || account.name.to_lowercase() == wanted.to_lowercase()
}

/// Accounts with everything that they hold. Where groups list their members, this reads all lists of members: no filter for them
/// works at all servers.
pub(crate) async fn read_again(source: &Source, ids: &[String]) -> Result<Page<SourceChange>> {
    let known = source.service.discovery().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    let mut held: BTreeMap<&str, Vec<Assignment>> = BTreeMap::new();
    let mut changes = Vec::new();
    for id in ids {
        if let Some(account) = by_id(source, &fields, id).await?.filter(|account| account.id == *id) {
            held.insert(id, Vec::new());
            changes.push(SourceChange::Account(account));
        }
    }
    let mut left = if held.is_empty() { Vec::new() } else { vec![Cursor::start()] };
    while let Some(cursor) = left.pop() {
        let page = groups::assignments(source, &cursor).await?;
        if let Some(reason) = page.incomplete() {
            return Err(error::odd(reason, "try again in a moment").with_retry(Retry::After(Duration::from_secs(1))));
        }
        let (assignments, next) = page.into_parts();
        left.extend(next);
        for assignment in assignments {
            if let Some(held) = assignment.holder.account_id().and_then(|id| held.get_mut(id)) {
                held.push(assignment);
            }
        }
    }
    changes.extend(held.into_iter().map(|(id, held)| SourceChange::AllOf(Holder::account(id), held)));
    Ok(Page::last(changes))
}

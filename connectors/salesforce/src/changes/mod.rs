//! Reads only what changed.
//!
//! * Users and new assignments are found by their time stamp, `SystemModstamp`, with an overlap. The time is the org's own.
//! * Entitlements, what entitlements hold, and locked users are few: they are always read in full.
//! * A deleted assignment leaves no trace. The org counts the holders of each entitlement; where the store has another number, the
//!   holders are read again. Users can't be deleted, but a login can lose the right to see them: so users are counted, too.
//! * What can't be proven this way ends with an error of kind `expired`. Then the engine does a full run.

mod counts;
mod few;
mod place;

pub(crate) use few::accounts;

use self::place::{List, Place, Watermark, Window, expired};
use crate::api::rest::Rest;
use crate::assignments::effect::END;
use crate::assignments::holdings::HOLDINGS;
use crate::assignments::read::{self as assignments, Groups};
use crate::entitlements;
use crate::error;
use crate::identities::{self, Identities};
use crate::org::Org;
use crate::users::Accounts;
use crate::users::schema::USER;
use connector_core::{Assignment, Cursor, HolderRange, Page, Result, SourceChange};

/// Where a read of changes starts that shows everything that happens from now on.
pub(crate) async fn watermark(rest: &Rest, accounts: &Accounts) -> Result<Cursor> {
    let shape = accounts.shape(rest).await?;
    Place::Since(Watermark { clock: rest.clock(), shape }).cursor()
}

/// One page of changes.
pub(crate) async fn page(org: Org<'_>, identities: &Identities, cursor: &Cursor) -> Result<Page<SourceChange>> {
    let Org { rest, accounts, groups, data } = org;
    match Place::read(cursor)? {
        Place::Since(watermark) => start(rest, accounts, identities, &watermark).await,
        Place::Holders(holders) => counts::holders(rest, &holders).await,
        Place::Parts(holders) => counts::parts(rest, &holders).await,
        Place::App(place) => identities.changes(rest, &place).await,
        Place::Count(holders) => counts::count(rest, &holders).await,
        Place::In { window, list, at } => {
            let at = Cursor::from_text(at);
            let page = match &list {
                List::Counts(entitlement_type) => return counts::of_type(rest, entitlement_type).await,
                List::Locks => return locks(rest, accounts, identities).await,
                List::Programs => {
                    let place =
                        identities::Place::of(&at).ok_or_else(|| expired("this version reads no such programs"))?;
                    identities.changes(rest, &place).await?
                }
                List::Users => accounts.changed(rest, &window.changed()?, &at).await?.map(SourceChange::Account),
                List::Entitlements => entitlements::read::page(rest, data, &at).await?.map(SourceChange::Entitlement),
                List::Assignments(object) => {
                    changed_assignments(rest, groups, object, &window, &at).await?.map(SourceChange::Held)
                }
                List::Nested(object) => nested(rest, groups, object, &at).await?.map(SourceChange::Held),
            };
            page.map_next(|next| Place::In { window, list: list.clone(), at: next.as_str().to_owned() }.cursor())
        }
    }
}

/// Where to read holders again.
pub(crate) fn read_again(range: &HolderRange, counted: u64, stored: u64) -> Result<Vec<Cursor>> {
    counts::read_again(range, counted, stored)
}

/// The first page: all lists, and where the next read of changes starts.
async fn start(
    rest: &Rest,
    accounts: &Accounts,
    identities: &Identities,
    since: &Watermark,
) -> Result<Page<SourceChange>> {
    let shape = accounts.shape(rest).await?;
    if shape != since.shape {
        return Err(expired(
            "the org shows other fields of users than in the last run, or has other profiles for integrations",
        ));
    }
    // The answer that the shape comes from says the time, so it is before everything that is read from now on.
    let clock = rest.clock();
    let window = Window::since(since, clock)?;
    let mut lists = vec![List::Users, List::Locks, List::Entitlements];
    lists.extend(assignments::held_by_users().map(|object| List::Assignments(object.to_owned())));
    lists.extend(assignments::held_by_entitlements().map(|object| List::Nested(object.to_owned())));
    lists.extend(HOLDINGS.iter().map(|holding| List::Counts(holding.entitlement_type.to_owned())));
    let lists = lists.into_iter().map(|list| (list, Cursor::start()));
    let programs = identities.all_cursors()?.into_iter().map(|at| (List::Programs, at));
    let next = lists.chain(programs).map(|(list, at)| Place::In { window, list, at: at.as_str().to_owned() }.cursor());
    let page = Page::fork(Vec::new(), next.collect::<Result<_>>()?);
    let page = page.with_watermark(Place::Since(Watermark { clock, shape }).cursor()?);
    Ok(match accounts.calculated() {
        Some(names) => page.with_warning(format!(
            "Salesforce calculates {names}: a run of changes reads these attributes only of users that changed otherwise"
        )),
        None => page,
    })
}

/// Which users are locked, and how many accounts there are.
async fn locks(rest: &Rest, accounts: &Accounts, identities: &Identities) -> Result<Page<SourceChange>> {
    let count = match rest.count(USER, "Id != null").await {
        Err(refused) if error::is_refused_query(&refused) || error::is_too_slow(&refused) => {
            return Err(expired("the org does not count its users").with_cause(refused));
        }
        counted => counted? + identities.count(rest).await?,
    };
    let locks = accounts.locks(rest).await?;
    let mut changes = vec![SourceChange::AccountCount(count)];
    changes.extend(locks.ids().map(SourceChange::Locked));
    let page = Page::last(changes);
    Ok(match locks.warning() {
        Some(warning) => page.with_warning(warning),
        None => page,
    })
}

/// New and changed assignments of an object.
async fn changed_assignments(
    rest: &Rest,
    groups: &Groups,
    object: &str,
    window: &Window,
    at: &Cursor,
) -> Result<Page<Assignment>> {
    let table = assignments::table(object)?;
    let filter = || {
        let ends = table.fields().contains(&END) && !rest.hidden(table.object()).contains(&END);
        if ends { window.changed_or_ended(END) } else { window.changed() }
    };
    let first = filter()?;
    match table.page(rest, groups, at, Some(&first)).await {
        // The condition names a field that the org hides. The connector knows it now.
        Err(refused) if error::is_refused_field(&refused) && filter()? != first => {
            table.page(rest, groups, at, Some(&filter()?)).await
        }
        page => page,
    }
}

/// All assignments of an object whose holders are entitlements.
async fn nested(rest: &Rest, groups: &Groups, object: &str, at: &Cursor) -> Result<Page<Assignment>> {
    let table = assignments::table(object)?;
    let groups_only = (object == assignments::MEMBERS).then(|| counts::members_that_are("00G", "00H"));
    table.page(rest, groups, at, groups_only.as_deref()).await
}

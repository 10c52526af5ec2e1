//! A few users, and what they hold, as they are now.

use crate::api::ranges::RecordId;
use crate::api::soql;
use crate::assignments::holdings::HOLDINGS;
use crate::assignments::read as assignments;
use crate::identities::Identities;
use crate::org::Org;
use connector_core::{Account, Assignment, Cursor, Error, Holder, Page, Result, SourceChange};
use std::collections::BTreeMap;

/// Reads users, and all that they hold.
pub(crate) async fn accounts(org: Org<'_>, identities: &Identities, ids: &[String]) -> Result<Page<SourceChange>> {
    let Org { rest, accounts: known, groups, .. } = org;
    let known_ids = ids.iter().filter_map(|id| RecordId::read(id));
    let (users, programs): (Vec<_>, Vec<_>) = known_ids.partition(|id| id.has_prefix("005"));
    let programs: Vec<String> = programs.iter().map(|id| id.as_str().to_owned()).collect();
    let programs = identities.find(rest, &programs).await?.concat();
    let ids: Vec<&str> = users.iter().map(RecordId::as_str).collect();
    let found = if users.is_empty() { Page::last(Vec::new()) } else { known.named(rest, &users).await? };
    let mut held: BTreeMap<String, Vec<Assignment>> =
        found.items().iter().map(|account: &Account| (account.id.clone(), Vec::new())).collect();
    let mut skipped = Vec::new();
    // A condition with no user in it is no valid query, and programs hold nothing.
    for object in assignments::held_by_users().filter(|_| !users.is_empty()) {
        let user = HOLDINGS.iter().find(|holding| holding.object == object).map_or("UserId", |holding| holding.user);
        let (table, condition) = (assignments::table(object)?, soql::one_of(user, &ids));
        let mut left = vec![Cursor::start()];
        while let Some(cursor) = left.pop() {
            let page = table.page(rest, groups, &cursor, Some(&condition)).await?;
            if page.only_shown().is_some() {
                return Err(Error::unsupported(format!("the org hides fields of `{object}`"))
                    .with_help("run a full aggregation, which keeps the last known values of hidden fields"));
            }
            skipped.extend_from_slice(page.skipped());
            let (rows, next) = page.into_parts();
            left.extend(next);
            for assignment in rows {
                if let Some(held) = assignment.holder.account_id().and_then(|id| held.get_mut(id)) {
                    held.push(assignment);
                }
            }
        }
    }
    for assignment in identities.of_users(rest, &users).await? {
        if let Some(held) = assignment.holder.account_id().and_then(|id| held.get_mut(id)) {
            held.push(assignment);
        }
    }
    let page = skipped
        .into_iter()
        .fold(found.map(SourceChange::Account), |page, one| page.with_skipped(one.entitlement_type, one.reason));
    let all = held.into_iter().map(|(id, held)| SourceChange::AllOf(Holder::account(id), held));
    let programs = programs.into_iter().flat_map(|program| {
        let holds_nothing = SourceChange::AllOf(Holder::account(&program.id), Vec::new());
        [SourceChange::Account(program), holds_nothing]
    });
    Ok(page.with_more(all).with_more(programs))
}

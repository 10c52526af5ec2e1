//! The steps of the connection test.

use crate::accounts;
use crate::groups::{compare, kinds};
use crate::source::Source;
use connector_core::{Concern, Cursor, Error, ErrorKind, Finding, Result, TestReport};

/// The steps of a connection test after the definition.
pub(crate) static STEPS: &[&str] = &["credential", "discovery", "accounts", "entitlements", "members", "lookup"];

pub(crate) async fn run(source: &Source, report: &mut TestReport) {
    source.service.client.test_access_token(report).await;
    report.step("discovery", discovery(source)).await;
    report.step("accounts", users(source)).await;
    report.step("entitlements", entitlements(source)).await;
    report.step("members", members(source)).await;
    report.step("lookup", lookup(source)).await;
}

/// Shows what the server can do.
async fn discovery(source: &Source) -> Result<Finding> {
    let known = source.service.discovery().await?;
    let all = [("PATCH", known.patch), ("filters", known.filter), ("sorting", known.sort), ("ETags", known.etag)];
    let can = |on: bool| all.iter().filter(|(_, has)| *has == on).map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let types: Vec<_> = known.types.iter().map(|one| one.name.as_str()).collect();
    let most = known.most_rows.map(|most| format!("; at most {most} rows a page")).unwrap_or_default();
    let without = if can(false).is_empty() { String::new() } else { format!("; without {}", can(false)) };
    let detail = format!("resource types {}; with {}{without}{most}", types.join(", "), can(true));
    if known.missing.is_empty() {
        return Ok(Finding::passed(detail));
    }
    Ok(Finding::warning(
        format!("the server has no {}; {detail}, as in the standard", known.missing.join(" and no ")),
        "check `base_url` if the server should have them; otherwise, the standard applies",
    ))
}

/// Reads the first page of users.
async fn users(source: &Source) -> Result<Finding> {
    let page = accounts::page(source, &Cursor::start()).await?;
    let (read, total) = (page.items().len() as u64, page.estimate().unwrap_or_default());
    if total == 0 {
        return Ok(Finding::warning(
            "the server shows no users",
            "check the rights of the credentials, and `filter` in the settings",
        ));
    }
    let asked = source.settings.page_size;
    let cap = if read < asked && read < total {
        format!(", {read} a page although {asked} were asked for")
    } else {
        String::new()
    };
    Ok(Finding::passed(format!("{total} users{cap}")))
}

async fn entitlements(source: &Source) -> Result<Finding> {
    let known = source.service.discovery().await?;
    let mut counts = Vec::new();
    for kind in kinds(&source.settings) {
        if !kind.is_resource {
            counts.push(format!("values of `{}`", kind.given));
            continue;
        }
        let list = source.list(known.resource_type(&kind.given)?, "groups");
        let total = list.part(None, &|_, _| Ok(())).await?.total;
        counts.push(format!("{total} of type {}", kind.given));
    }
    Ok(Finding::passed(counts.join(", ")))
}

/// Compares one group by its id with the same group in the list.
async fn members(source: &Source) -> Result<Finding> {
    if source.users_list_groups() {
        return Ok(Finding::passed("read from the users"));
    }
    let mut details = Vec::new();
    for kind in kinds(&source.settings).into_iter().filter(|kind| kind.is_resource) {
        match compare(source, &kind).await? {
            None => details.push(format!("no {}", kind.given)),
            Some((_, None, 0)) => details.push(format!("the first {} has no members", kind.given)),
            Some((_, None, _)) => {
                return Ok(Finding::warning(
                    "the server leaves members out of lists, so each group costs a request",
                    "if users list their groups, set `memberships: user`",
                ));
            }
            Some((id, Some(listed), by_id)) if listed < by_id => {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    format!(
                        "the list shows {listed} members of {} `{id}`, but the group itself shows {by_id}",
                        kind.name
                    ),
                )
                .with_help("set `memberships: user` if users list their groups, or ask the owner of the server"));
            }
            Some((_, Some(listed), _)) => details.push(format!("a {} with {listed} members", kind.given)),
        }
    }
    Ok(Finding::passed(details.join(", ")))
}

/// Looks up one user by name, as previews of plans do.
async fn lookup(source: &Source) -> Result<Finding> {
    let page = accounts::page(source, &Cursor::start()).await?;
    let Some(first) = page.items().first() else { return Ok(Finding::passed("there is nobody to look up")) };
    let found = accounts::find(source, std::slice::from_ref(&first.name), &Concern::default()).await?;
    if !found.iter().flatten().any(|one| one.id == first.id) {
        return Err(Error::new(ErrorKind::Protocol, "a user of the list is not found by its login name")
            .with_help("ask the owner of the server"));
    }
    Ok(match accounts::way(source) {
        accounts::Way::OneFilter => Finding::passed("users are found by id and login name, 20 in one request"),
        accounts::Way::ByName => Finding::passed("users are found by id and login name, one in each request"),
        accounts::Way::ReadingAll => Finding::warning(
            "the server ignores filters, so a login name is found only by reading all users",
            "name accounts by id in plans if that takes too long",
        ),
    })
}

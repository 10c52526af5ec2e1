//! Changes since a time, by `meta.lastModified`.

use crate::accounts::{Fields, account};
use crate::groups::{Kind, changed, kinds, named};
use crate::lists::Place;
use crate::protocol::Object;
use crate::source::Source;
use connector_core::{Cursor, Error, ErrorKind, Page, Result, SourceChange};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How much of the past each read covers again: what was changed shortly before may become visible late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// A time at which nothing was changed yet.
const NEVER: &str = "2999-01-01T00:00:00Z";

/// A position in a read of changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    /// Since when; `None` if the server shows no time.
    since: Option<Timestamp>,
    /// The type of entitlement; `None` for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    /// The place in its list; `None` at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

impl At {
    fn since(since: Option<Timestamp>) -> Self {
        Self { since, of: None, place: None }
    }

    fn cursor(&self, place: &Place) -> Result<Cursor> {
        let at = Self { place: Some(place.clone()), ..self.clone() };
        place.cursor(&at, &Cursor::of(&Self { place: None, ..self.clone() })?)
    }
}

/// Where a read of changes starts that shows everything from now on.
pub(crate) async fn watermark(source: &Source) -> Result<Cursor> {
    let date = source.service.discovery().await?.date;
    Cursor::of(&At::since(date.and_then(|date| date.checked_sub(OVERLAP).ok())))
}

/// One page of changes.
pub(crate) async fn changes(source: &Source, cursor: &Cursor) -> Result<Page<SourceChange>> {
    let at: At = cursor.position()?.ok_or_else(|| expired("a read of changes has no beginning"))?;
    let since = at.since.ok_or_else(|| expired("the server shows no time"))?;
    // Without fractions: some servers compare dates as texts.
    let filter = format!("meta.lastModified ge \"{}\"", since.strftime("%Y-%m-%dT%H:%M:%SZ"));
    match &at.of {
        None => users(source, &at, &filter).await,
        Some(of) => {
            let kind = named(source, of).filter(|kind| kind.is_resource);
            let kind = kind.ok_or_else(|| expired("the settings name other entitlements now"))?;
            groups(source, &at, &kind, filter).await
        }
    }
}

async fn users(source: &Source, at: &At, filter: &str) -> Result<Page<SourceChange>> {
    if at.place.is_none() {
        prove(source).await?;
    }
    let known = source.service.discovery().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    let mut list = source.users().await?;
    list.filter = Some(match &list.filter {
        Some(own) => format!("({own}) and {filter}"),
        None => filter.to_owned(),
    });
    let part = list.part(at.place.as_ref(), &|id, user| account(source, &fields, id, user)).await?;
    let incomplete = part.fewer("changed users");
    let mut next = part.next.iter().map(|place| at.cursor(place)).collect::<Result<Vec<_>>>()?;
    if at.place.is_none() {
        for kind in kinds(&source.settings).into_iter().filter(|kind| kind.is_resource) {
            next.push(Cursor::of(&At { of: Some(kind.name), ..At::since(at.since) })?);
        }
    }
    let page = Page::fork(part.items.into_iter().map(SourceChange::Account).collect(), next);
    let page = if at.place.is_none() { page.with_watermark(watermark(source).await?) } else { page };
    Ok(with_incomplete(page, incomplete))
}

async fn groups(source: &Source, at: &At, kind: &Kind, filter: String) -> Result<Page<SourceChange>> {
    let of = source.service.discovery().await?.resource_type(&kind.given)?;
    let mut list = source.list(of, "changed groups");
    list.filter = Some(filter);
    let part = list.part(at.place.as_ref(), &|id, group| changed::read(source, kind, id, group)).await?;
    let incomplete = part.fewer("changed groups");
    let next = part.next.iter().map(|place| at.cursor(place)).collect::<Result<_>>()?;
    let changes = changed::changes(source, kind, part.items).await?;
    Ok(with_incomplete(Page::fork(changes, next), incomplete))
}

fn with_incomplete(page: Page<SourceChange>, reason: Option<String>) -> Page<SourceChange> {
    match reason {
        Some(reason) => page.with_incomplete(reason),
        None => page,
    }
}

/// Fails with kind `expired` unless the server finds a user by the date of its last change, and none in the future.
async fn prove(source: &Source) -> Result<()> {
    let of = source.user_type().await?;
    let ask = async |filter: Option<&str>| -> Result<Option<String>> {
        let mut query = vec![("startIndex", "1"), ("count", "1")];
        query.extend(filter.map(|filter| ("filter", filter)));
        let listed = source.service.list(&of.endpoint, &query, "looking for changed users").await?;
        let rows = listed.rows()?.resources;
        let date = |user: &Object<'_>| Some(user.object("meta")?.text("lastModified")?.into_owned());
        Ok(rows.first().map(|(_, user)| date(user).unwrap_or_default()))
    };
    let Some(date) = ask(None).await? else { return Ok(()) };
    if date.is_empty() {
        return Err(expired("users have no `meta.lastModified`"));
    }
    let refused = |error: Error| match error.kind() {
        ErrorKind::Invalid | ErrorKind::Unsupported => expired(error.message()),
        _ => error,
    };
    let later = ask(Some(&format!("meta.lastModified ge \"{NEVER}\""))).await.map_err(refused)?;
    let since = ask(Some(&format!("meta.lastModified ge \"{date}\""))).await.map_err(refused)?;
    if later.is_some() || since.is_none() {
        return Err(expired("the server does not find users by `meta.lastModified`"));
    }
    Ok(())
}

fn expired(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Expired, why).with_help("remove `changes` from the settings if this server can't show them")
}

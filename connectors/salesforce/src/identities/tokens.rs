//! The OAuth tokens with which apps act as users. The fields with the tokens themselves are never read.
//!
//! Salesforce gives at most 2,500 rows of `OauthToken`, however they are paged. So the org counts them first, by user, and the
//! connector reads them in parts that are small enough. What is read is compared with what is counted.

use super::apps::{APP, Apps};
use super::uses::{self, OBJECT, UNNAMED, Use, Uses};
use crate::api::Rest;
use crate::api::groups::{self, Group, MOST_GROUPS};
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::error;
use connector_core::{
    Assignment, AttributesBuilder, Entitlement, EntitlementRef, Error, ErrorKind, Holder, HolderRange, Page, Result,
    SourceChange,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const FIELDS: [&str; 6] = ["Id", "UserId", "AppName", "CreatedDate", "LastUsedDate", "UseCount"];
/// The most rows that the org gives.
const MOST_TOKENS: u64 = 2_500;
/// The most in a part, so that new tokens have room.
const PART: u64 = 2_000;

/// Some of the tokens: those of a range of users, or those of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<RecordId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    up_to: Option<RecordId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// How many there were when they were counted.
    count: u64,
}

impl Part {
    fn conditions(&self) -> Vec<String> {
        let bound = |sign: &str, user: Option<RecordId>| {
            user.map(|user| format!("UserId {sign} {}", soql::quoted(user.as_str())))
        };
        let app = self.app.as_ref().map(|app| match app.as_str() {
            UNNAMED => "AppName = null".to_owned(),
            name => format!("AppName = {}", soql::quoted(name)),
        });
        [bound(">", self.after), bound("<=", self.up_to), app].into_iter().flatten().collect()
    }

    fn has(&self, user: RecordId) -> bool {
        self.after.is_none_or(|after| user > after) && self.up_to.is_none_or(|end| user <= end)
    }
}

/// How the tokens are read.
pub(super) enum Parts {
    /// In these parts.
    Of(Vec<Part>),
    /// Not at all, and why.
    Unseen(&'static str),
}

/// In which parts the tokens are read.
pub(super) async fn parts(rest: &Rest) -> Result<Parts> {
    let all = match rest.count(OBJECT, "Id != null").await {
        Err(refused) if error::is_missing_object(&refused) => {
            return Ok(Parts::Unseen(
                "the service account can't see `OauthToken`: give it \"Manage Users\", or take `tokens` out of `read` in the source's settings",
            ));
        }
        counted => counted?,
    };
    let whole = Part { count: all, ..Part::default() };
    Ok(Parts::Of(if all <= PART { vec![whole] } else { divided(rest, whole).await? }))
}

/// Parts of users with so few tokens that the org gives all of them.
async fn divided(rest: &Rest, whole: Part) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut open = Part::default();
    let mut last: Option<RecordId> = None;
    loop {
        let after = last.map(|last| format!("WHERE UserId > {} ", soql::quoted(last.as_str())));
        let soql = format!(
            "SELECT UserId, COUNT(Id) tokens FROM {OBJECT} {}GROUP BY UserId ORDER BY UserId LIMIT {MOST_GROUPS}",
            after.unwrap_or_default()
        );
        let groups = match rest.query(OBJECT, &soql).await {
            Ok(body) => groups::read(OBJECT, &body, "UserId", "tokens")?,
            // The page then says how many of them the org shows.
            Err(refused) if error::is_refused_query(&refused) => return Ok(vec![whole]),
            Err(error) => return Err(error),
        };
        for group in &groups {
            let user = group.key.as_deref().and_then(RecordId::read);
            let Some(user) = user.filter(|user| last.is_none_or(|last| *user > last)) else {
                return Err(crate::api::record::odd(OBJECT, "has groups without a user, or out of order"));
            };
            if open.count > 0 && open.count + group.count > PART {
                parts.push(Part { up_to: last, ..std::mem::take(&mut open) });
                open.after = last;
            }
            if group.count > PART {
                parts.extend(by_app(rest, last, user).await?);
                open.after = Some(user);
            } else {
                open.count += group.count;
            }
            last = Some(user);
        }
        if groups.len() < MOST_GROUPS {
            // Also users whose tokens are new.
            parts.push(open);
            return Ok(parts);
        }
    }
}

/// The tokens of one user, app by app.
async fn by_app(rest: &Rest, after: Option<RecordId>, user: RecordId) -> Result<Vec<Part>> {
    let of_user = format!("UserId = {}", soql::quoted(user.as_str()));
    let groups = uses::by_app(rest, "COUNT(Id) tokens", Some(&of_user)).await?;
    let part = |group: Group| {
        let app = Some(group.key.unwrap_or_else(|| UNNAMED.to_owned()));
        Part { after, up_to: Some(user), app, count: group.count }
    };
    Ok(groups.into_iter().map(part).collect())
}

/// The assignments of a part, one for each user and app.
pub(super) async fn page(rest: &Rest, apps: &Apps, part: &Part) -> Result<Page<Assignment>> {
    let conditions = part.conditions().join(" AND ");
    let (rows, held) =
        read(rest, apps, Some(conditions.clone()).filter(|text| !text.is_empty()), |user| part.has(user)).await?;
    let page = match apps.unseen() {
        // Without the list of apps, a token's app has another id than with it.
        Some(reason) => Page::last(held).with_incomplete(reason),
        None => Page::last(held),
    };
    if rows >= part.count && rows < MOST_TOKENS {
        return Ok(page);
    }
    // Some may have been revoked since they were counted, and of new ones, the org may have left some out.
    let condition = if conditions.is_empty() { "Id != null" } else { &conditions };
    let now = rest.count(OBJECT, condition).await?;
    if rows >= now {
        return Ok(page);
    }
    let whose = match (&part.app, part.up_to) {
        (Some(app), Some(user)) => format!(" of the user {} for the app {app}", user.as_str()),
        _ => String::new(),
    };
    Ok(page.with_incomplete(format!(
        "Salesforce shows {rows} of {now} OAuth tokens{whose}: it gives at most 2,500 for one question"
    )))
}

/// The assignments of these users.
pub(super) async fn of_users(rest: &Rest, apps: &Apps, users: &[RecordId]) -> Result<Vec<Assignment>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(reason) = apps.unseen() {
        return Err(Error::unsupported(reason).with_help("run a full aggregation, which keeps what is hidden"));
    }
    let filter = soql::one_of("UserId", users.iter().map(RecordId::as_str));
    let (rows, held) = read(rest, apps, Some(filter.clone()), |user| users.contains(&user)).await?;
    let counted = rest.count(OBJECT, &filter).await?;
    if rows < counted {
        let message = format!("Salesforce shows {rows} of {counted} OAuth tokens of these users");
        return Err(Error::unsupported(message).with_help("run a full aggregation, which reads the tokens in parts"));
    }
    Ok(held)
}

/// All users of a range who hold an app, in a read of changes.
pub(super) async fn holders(
    rest: &Rest,
    apps: &Apps,
    app: &str,
    (after, up_to): (Option<RecordId>, Option<RecordId>),
) -> Result<Page<SourceChange>> {
    if let Some(reason) = apps.unseen() {
        return Err(Error::new(ErrorKind::Expired, reason));
    }
    let called = apps.names(app);
    let condition = match (&called[..], app) {
        ([], UNNAMED) => "AppName = null".to_owned(),
        ([], name) => soql::one_of("AppName", [name]),
        (names, _) => soql::one_of("AppName", names),
    };
    let range = Part { after, up_to, ..Part::default() };
    let filter = range.conditions().into_iter().chain([condition]).collect::<Vec<_>>().join(" AND ");
    let (rows, held) = read(rest, apps, Some(filter.clone()), |user| range.has(user)).await?;
    if rows < rest.count(OBJECT, &filter).await? {
        return Err(Error::new(ErrorKind::Expired, format!("Salesforce does not show all OAuth tokens of `{app}`")));
    }
    let text = |id: Option<RecordId>| id.map(|id| id.as_str().to_owned());
    let all = HolderRange::all(EntitlementRef::new(APP, app)).between(text(after), text(up_to));
    let held = held.into_iter().filter(|one| one.entitlement.id == app).collect();
    Ok(Page::last(vec![SourceChange::Holders(all, held)]))
}

/// How many tokens meet a condition, and the assignments that they are.
async fn read(
    rest: &Rest,
    apps: &Apps,
    filter: Option<String>,
    is_asked: impl Fn(RecordId) -> bool,
) -> Result<(u64, Vec<Assignment>)> {
    let select = Select { object: OBJECT, fields: FIELDS.to_vec(), filter: filter.map(Into::into) };
    let rows = keyset::all_shown(rest, &select, |row| {
        let (_, user) = row.id("UserId")?;
        if !is_asked(user) {
            return Err(row.odd("is about a user who was not requested"));
        }
        let text = |field: &str| -> Result<Option<String>> {
            Ok(if row.has(field) { row.text(field)?.map(std::borrow::Cow::into_owned) } else { None })
        };
        let app = text("AppName")?.filter(|name| !name.is_empty()).unwrap_or_else(|| UNNAMED.to_owned());
        let times = if row.has("UseCount") { row.json("UseCount")?.parse().unwrap_or(0) } else { 0 };
        Ok(Some((user, app, text("CreatedDate")?, text("LastUsedDate")?, times)))
    });
    let rows = rows.await?;
    let count = rows.len() as u64;
    let mut held: BTreeMap<(RecordId, String), (Use, u64)> = BTreeMap::new();
    for (user, app, created, used, uses) in rows {
        let (known, sum) = held.entry((user, app)).or_default();
        *known = std::mem::take(known).and(&Use { tokens: 1, users: 0, first: created, last: used });
        *sum += uses;
    }
    let assignments = held.into_iter().map(|((user, app), (used, uses))| {
        let mut attributes = AttributesBuilder::default();
        used.add_to(&mut attributes)?;
        attributes.push("UseCount", &uses)?;
        let mut assignment = Assignment::new(Holder::account(user.as_str()), apps.named(&app));
        assignment.attributes = attributes.build();
        Ok(assignment)
    });
    Ok((count, assignments.collect::<Result<_>>()?))
}

/// How many users hold each app, so that a run of changes notices an app that has lost its last token.
pub(super) fn counts(apps: &Apps, uses: &Uses) -> SourceChange {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (name, used) in uses {
        // An app that tokens call by several names can count too many users. Then a full run reads everything.
        *counts.entry(apps.named(name).id).or_default() += used.users;
    }
    SourceChange::HolderCounts(APP.to_owned(), counts.into_iter().collect())
}

/// The page of a part in a read of changes: users of the part who are not listed have no token of the app any more.
pub(super) fn as_changes(page: Page<Assignment>, part: &Part, apps: &[Entitlement]) -> Result<Page<SourceChange>> {
    if part.app.is_some() {
        return Err(Error::new(ErrorKind::Expired, "a user has more than 2,000 OAuth tokens"));
    }
    // What was not seen may still be there.
    if page.incomplete().is_some() {
        return Ok(page.map(SourceChange::Held));
    }
    let text = |id: Option<RecordId>| id.map(|id| id.as_str().to_owned());
    let mut of_apps: BTreeMap<_, Vec<Assignment>> = apps.iter().map(|app| (app.key.clone(), Vec::new())).collect();
    for assignment in page.into_parts().0 {
        of_apps.entry(assignment.entitlement.clone()).or_default().push(assignment);
    }
    let changes = of_apps.into_iter().map(|(app, held)| {
        SourceChange::Holders(HolderRange::all(app).between(text(part.after), text(part.up_to)), held)
    });
    Ok(Page::last(changes.collect()))
}

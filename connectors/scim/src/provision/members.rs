//! Adding members to groups and removing them, several in one request.

use super::body::patch;
use super::others::Others;
use super::users::accepted;
use super::{MOST_TRIES, puts};
use crate::groups::{Kind, Members, members_of, named};
use crate::protocol::{quoted, resource};
use crate::settings::MemberRemoval;
use crate::source::Source;
use connector_core::{EntitlementRef, Error, ErrorKind, Happened, Outcome, Result, Retry};
use connector_http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// What to do if the server doesn't understand how members are removed.
const OTHER_FORM: &str = "set another `member_removal` under `write:`: `filter`, `value` or `replace`";

/// One member to add or remove.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The place of the operation.
    pub(super) place: usize,
    pub(super) account: String,
    pub(super) group: EntitlementRef,
    pub(super) add: bool,
}

/// The outcome of each operation.
type Outcomes = Vec<(usize, Result<Outcome>)>;

/// Adds and removes members, group by group.
pub(super) async fn change(source: &Source, members: Vec<Member>) -> Outcomes {
    let mut groups: BTreeMap<EntitlementRef, Vec<Member>> = BTreeMap::new();
    for member in members {
        groups.entry(member.group.clone()).or_default().push(member);
    }
    let mut outcomes = Vec::new();
    for (group, members) in groups {
        match of_group(source, &group, &members).await {
            Ok(of_group) => outcomes.extend(of_group),
            Err(error) => outcomes.extend(members.iter().map(|member| (member.place, Err(error.clone())))),
        }
    }
    outcomes
}

async fn of_group(source: &Source, group: &EntitlementRef, members: &[Member]) -> Result<Outcomes> {
    let kind = named(source, &group.entitlement_type).ok_or_else(|| super::unknown_type(group))?;
    let known = source.service.discovery().await?;
    let whole = puts(source.settings.write.groups, known.patch);
    let replaces = whole || source.settings.write.member_removal == MemberRemoval::Replace;
    // Two changes of this process that replace the same members would undo each other if the server has no versions.
    let _alone = if replaces { Some(source.replacing.lock().await) } else { None };
    let read = members_of(source, &kind, &group.id, whole).await?;
    let mut current = read.ok_or_else(|| {
        Error::not_found(format!("the server has no {} `{}`", kind.name, group.id))
            .with_help("check whether somebody deleted it")
    })?;
    let wanted = members.iter().map(|member| member.account.as_str()).collect();
    let held = current.ids.among(source, &wanted)?.there;
    let mut outcomes = Vec::new();
    let (mut adds, mut removals) = (Vec::new(), Vec::new());
    for member in members {
        match (member.add, held.contains(&member.account)) {
            (true, true) => outcomes.push((member.place, Ok(Outcome::unchanged("already holds it")))),
            (false, false) => outcomes.push((member.place, Ok(Outcome::unchanged("does not hold it")))),
            (true, false) => adds.push(member),
            (false, true) => removals.push(member),
        }
    }
    let to = Target { source, kind, group, etag: known.etag };
    if adds.is_empty() && removals.is_empty() {
        return Ok(outcomes);
    }
    if whole {
        let result = to.replace(current, &adds, &removals).await;
        let all = adds.iter().chain(&removals);
        outcomes.extend(all.map(|member| (member.place, result.clone().map(|()| Outcome::applied(&member.account)))));
        return Ok(outcomes);
    }
    for adds in adds.chunks(source.settings.write.members_per_patch) {
        outcomes.extend(to.each(adds, |ids| vec![add(ids)]).await);
    }
    // Whom the server refused is no member: those that stay are named without them.
    let added: HashSet<usize> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(place, _)| *place).collect();
    adds.retain(|member| added.contains(&member.place));
    if !removals.is_empty() {
        outcomes.extend(to.remove(&mut current, &adds, &removals).await);
    }
    Ok(outcomes)
}

fn add(ids: &[&str]) -> Value {
    json!({"op": "add", "path": "members", "value": values(ids)})
}

fn values(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| json!({"value": id})).collect()
}

/// The group to change.
struct Target<'a> {
    source: &'a Source,
    kind: Kind,
    group: &'a EntitlementRef,
    etag: bool,
}

impl Target<'_> {
    fn doing(&self) -> String {
        format!("changing the members of {} `{}`", self.kind.name, self.group.id)
    }

    async fn send(&self, method: Method, body: &Value, version: Option<&str>) -> Result<()> {
        let of = self.source.service.discovery().await?.resource_type(&self.kind.given)?;
        let path = resource(&of.endpoint, &self.group.id).unwrap_or_default();
        let response = self.source.service.write(method, &path, Some(body), version.filter(|_| self.etag)).await?;
        accepted(&response, &self.doing(), "").map(drop)
    }

    /// Sends one request for several members. If the server refuses it, each member gets a request, so that one that the server
    /// doesn't accept leaves the others alone.
    async fn each(&self, members: &[&Member], operations: impl Fn(&[&str]) -> Vec<Value>) -> Outcomes {
        let ids: Vec<&str> = members.iter().map(|member| member.account.as_str()).collect();
        let all = self.send(Method::PATCH, &patch(&operations(&ids)), None).await;
        let is_refused = |error: &Error| {
            error.happened() == Happened::No && matches!(error.kind(), ErrorKind::Invalid | ErrorKind::NotFound)
        };
        if members.len() == 1 || !all.as_ref().is_err_and(is_refused) {
            let outcome = |member: &&Member| (member.place, all.clone().map(|()| Outcome::applied(&member.account)));
            return members.iter().map(outcome).collect();
        }
        let mut outcomes = Vec::new();
        for member in members {
            let one = self.send(Method::PATCH, &patch(&operations(&[&member.account])), None).await;
            outcomes.push((member.place, one.map(|()| Outcome::applied(&member.account))));
        }
        outcomes
    }

    /// Removes members in the form that the settings name, and reads the group again: some servers remove all members if they
    /// don't understand the form, and others none.
    async fn remove(&self, before: &mut Members, added: &[&Member], removals: &[&Member]) -> Outcomes {
        match Others::of(self.source, before, &accounts(added), &accounts(removals)) {
            Ok(others) => self.remove_all(before, &others, added, removals).await,
            Err(error) => removals.iter().map(|member| (member.place, Err(error.clone()))).collect(),
        }
    }

    async fn remove_all(
        &self,
        before: &mut Members,
        others: &Others,
        added: &[&Member],
        removals: &[&Member],
    ) -> Outcomes {
        let write = &self.source.settings.write;
        let most =
            if write.member_removal == MemberRemoval::Replace { removals.len() } else { write.members_per_patch };
        let (mut outcomes, mut failed) = (Vec::new(), None::<Error>);
        for removals in removals.chunks(most) {
            if let Some(error) = &failed {
                outcomes.extend(removals.iter().map(|member| (member.place, Err(error.clone()))));
                continue;
            }
            let mut of_request = match write.member_removal {
                MemberRemoval::Replace => {
                    // The version is that before members were added.
                    let version = before.version.as_deref().filter(|_| added.is_empty()).map(str::to_owned);
                    let result = match others.all(self.source, before) {
                        Ok(all) => {
                            let all: Vec<&str> = all.iter().map(String::as_str).collect();
                            self.send(Method::PATCH, &patch(&[all_but(&all)]), version.as_deref()).await
                        }
                        Err(error) => Err(error),
                    };
                    let outcome = |one: &&Member| (one.place, result.clone().map(|()| Outcome::applied(&one.account)));
                    removals.iter().map(outcome).collect()
                }
                form => self.each(removals, |ids| removal(form, ids)).await,
            };
            // A look after each request keeps the damage of a wrong form small.
            if of_request.iter().any(|(_, outcome)| outcome.is_ok()) {
                match self.look(before, others, removals).await {
                    Ok(left) => {
                        let left: HashSet<usize> = left.iter().map(|member| member.place).collect();
                        let accepted =
                            |(place, outcome): &&mut (usize, Result<Outcome>)| outcome.is_ok() && left.contains(place);
                        for (_, outcome) in of_request.iter_mut().filter(accepted) {
                            *outcome = Err(self.kept());
                        }
                    }
                    Err(error) => {
                        for (_, outcome) in of_request.iter_mut().filter(|(_, outcome)| outcome.is_ok()) {
                            *outcome = Err(error.clone());
                        }
                        failed = Some(error);
                    }
                }
            }
            outcomes.extend(of_request);
        }
        for (_, outcome) in &mut outcomes {
            if let Err(error) = outcome
                && error.kind() == ErrorKind::Invalid
            {
                *error = error.clone().with_help(OTHER_FORM);
            }
        }
        outcomes
    }

    /// Which of the members to remove are still there. Fails if the group lost all its other members, which are put back, or none
    /// of those to remove.
    async fn look<'m>(
        &self,
        before: &mut Members,
        others: &Others,
        removals: &[&'m Member],
    ) -> Result<Vec<&'m Member>> {
        let now = members_of(self.source, &self.kind, &self.group.id, false).await;
        let Some(mut now) = now.map_err(|error| error.with_happened(Happened::Unknown))? else { return Ok(Vec::new()) };
        let wanted = others.some.iter().map(String::as_str).chain(removals.iter().map(|one| one.account.as_str()));
        let among = now.ids.among(self.source, &wanted.collect())?;
        if others.are_lost(&among) {
            self.put_back(before, others).await?;
            return Err(Error::protocol(format!(
                "{}: the server removed all {} members instead of {}; the others are members again",
                self.doing(),
                others.count + removals.len(),
                removals.len()
            ))
            .with_help(OTHER_FORM)
            .with_happened(Happened::Yes));
        }
        let left: Vec<_> = removals.iter().copied().filter(|member| among.there.contains(&member.account)).collect();
        if left.len() == removals.len() {
            return Err(Error::protocol(format!("{}: the server accepted it, but removed nobody", self.doing()))
                .with_help(OTHER_FORM));
        }
        Ok(left)
    }

    /// Adds all other members again.
    async fn put_back(&self, before: &mut Members, others: &Others) -> Result<()> {
        let most = self.source.settings.write.members_per_patch;
        let mut walk = others.walk(self.source, before)?;
        loop {
            let lost = walk.some(most)?;
            if lost.is_empty() {
                return Ok(());
            }
            let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
            // Sent again, the whole operation would find a group without members and call it done.
            self.send(Method::PATCH, &patch(&[add(&lost)]), None).await.map_err(|error| {
                let what = "the server removed all members, and they can't be put back";
                Error::new(error.kind(), format!("{}: {what}: {}", self.doing(), error.message()))
                    .with_help(format!(
                        "add the {} other members by hand, from the last run; then {OTHER_FORM}",
                        others.count
                    ))
                    .with_happened(Happened::Yes)
                    .with_retry(Retry::No)
                    .with_cause(error)
            })?;
        }
    }

    /// The error for a member that the server did not remove together with others.
    fn kept(&self) -> Error {
        Error::protocol(format!("{}: the server accepted it, but this one is still a member", self.doing()))
            .with_help("set `members_per_patch: 1` under `write:`, or another `member_removal`")
    }

    /// Replaces the whole group. Begins again if somebody else changes it in between.
    async fn replace(&self, mut current: Members, adds: &[&Member], removals: &[&Member]) -> Result<()> {
        for tries in 1.. {
            let mut group = current.group.as_object().cloned().unwrap_or_default();
            group.retain(|name, _| !name.eq_ignore_ascii_case("meta"));
            let name = group.keys().find(|name| name.eq_ignore_ascii_case("members")).cloned();
            let name = name.unwrap_or_else(|| "members".to_owned());
            let mut members = group.get(&name).and_then(Value::as_array).cloned().unwrap_or_default();
            let id = |member: &Value| member["value"].as_str().unwrap_or_default().to_owned();
            let gone: HashSet<&str> = removals.iter().map(|one| one.account.as_str()).collect();
            members.retain(|member| !gone.contains(id(member).as_str()));
            let there: HashSet<String> = members.iter().map(id).collect();
            for one in adds.iter().filter(|one| !there.contains(&one.account)) {
                members.push(json!({"value": one.account}));
            }
            group.insert(name, members.into());
            match self.send(Method::PUT, &group.into(), current.version.as_deref()).await {
                Err(error)
                    if tries < MOST_TRIES && error.context().any(|(key, value)| key == "status" && value == "412") =>
                {
                    tokio::time::sleep(Duration::from_millis(50 * tries as u64)).await;
                    let again = members_of(self.source, &self.kind, &self.group.id, true).await?;
                    current =
                        again.ok_or_else(|| Error::not_found(format!("{}: it no longer exists", self.doing())))?;
                }
                result => return result,
            }
        }
        Ok(())
    }
}

fn accounts<'a>(members: &[&'a Member]) -> Vec<&'a str> {
    members.iter().map(|member| member.account.as_str()).collect()
}

/// The operation that leaves only these members.
fn all_but(others: &[&str]) -> Value {
    match others {
        // Many servers refuse an empty list as the new value.
        [] => json!({"op": "remove", "path": "members"}),
        left => json!({"op": "replace", "path": "members", "value": values(left)}),
    }
}

/// The operations that remove members.
fn removal(form: MemberRemoval, ids: &[&str]) -> Vec<Value> {
    match form {
        MemberRemoval::Value => vec![json!({"op": "remove", "path": "members", "value": values(ids)})],
        MemberRemoval::Filter | MemberRemoval::Replace => {
            let path = |id: &str| format!("members[value eq {}]", quoted(id));
            ids.iter().map(|id| json!({"op": "remove", "path": path(id)})).collect()
        }
    }
}

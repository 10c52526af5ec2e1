//! Tests the trials of provisioning: each broken connector is caught by the matching trial.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Assignment, AttributeSchema, AttributesBuilder, Capabilities, Change, Concern, Connector,
    Cursor, End, Entitlement, EntitlementRef, EntitlementType, Error, ErrorKind, FindAccounts, Finding, Holder,
    Operation, OperationKind, Outcome, Page, PrepareOperations, Prepared, Proposed, ReadEntitlements, Result, Retry,
    TestReport, Writable,
};
use connector_testkit::{Fixture, Report, Subject};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Preparing a create forgets what the account shall hold.
    LosesEntitlements,
    /// Preparing says that nothing has to change.
    PreparesNothing,
    /// Says that it is done, and does nothing.
    DoesNothing,
    /// A create of a name that exists returns the account of that name as a new one.
    ReturnsTheSameAccount,
    /// Changes an account that is not there.
    ChangesNobody,
    DeletesTwice,
    /// Reads who holds what, and writes the whole list a moment later.
    LosesAWriter,
    /// A name is found by a part of it.
    FindsByAPart,
    /// Values lose their blanks and quotes.
    TidiesValues,
    /// What an account held stays when it is deleted.
    LeavesAssignments,
    /// The end of a grant is dropped.
    DropsEnds,
    /// Who holds it already keeps the end.
    KeepsTheOldEnd,
    /// A lookup shows what is held, but not until when.
    FindsNoEnds,
    /// Refuses every second operation for a moment.
    RefusesForAMoment,
    /// An update sends a whole person without what it does not name.
    EmptiesOthers,
    /// An update sets another attribute to what a new account has.
    ResetsOthers,
    /// An update takes what the account holds.
    TakesTeams,
    /// An update enables or disables the account.
    Disables,
}

#[derive(Clone, Debug, Default)]
struct Person {
    name: String,
    title: Value,
    department: Value,
    teams: Vec<EntitlementRef>,
    off: bool,
    ends: BTreeMap<EntitlementRef, End>,
}

#[derive(Debug)]
struct Directory {
    fault: Fault,
    people: Arc<Mutex<BTreeMap<String, Person>>>,
    /// What the accounts that are gone held.
    left: Arc<Mutex<Vec<(String, EntitlementRef)>>>,
    calls: Arc<AtomicU64>,
}

fn account(id: &str, person: &Person) -> Account {
    let mut attributes = AttributesBuilder::default();
    attributes.push("Title", &person.title).unwrap();
    attributes.push("Department", &person.department).unwrap();
    let mut account = Account::new(id, &person.name);
    account.attributes = attributes.build();
    account.entitlements.clone_from(&person.teams);
    account.enabled = !person.off;
    account
}

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, report: &mut TestReport) {
        report.step("api", async { Ok(Finding::passed("there")) }).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        cursor.position::<()>()?;
        Ok(Page::last(self.people.lock().unwrap().iter().map(|(id, person)| account(id, person)).collect()))
    }

    fn schema(&self) -> AccountSchema {
        let title = AttributeSchema::text("Title").described("The job title").writable(Writable::Always);
        let department = AttributeSchema::text("Department").described("Where they work").writable(Writable::Always);
        AccountSchema::new(vec![title, department]).with_operations(vec![
            OperationKind::Create,
            OperationKind::Update,
            OperationKind::Grant,
            OperationKind::Delete,
        ])
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        let id = operation.account.clone();
        if let (Fault::LosesAWriter, Change::Grant { entitlement, .. }) = (self.fault, &operation.change) {
            let mut all = self.people.lock().unwrap().clone();
            all.get_mut(&id).ok_or_else(|| Error::not_found("no such account"))?.teams.push(entitlement.clone());
            tokio::task::yield_now().await;
            *self.people.lock().unwrap() = all;
            return Ok(Outcome::applied(id));
        }
        if self.fault == Fault::RefusesForAMoment && self.calls.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            return Err(Error::new(ErrorKind::RateLimited, "too many").with_retry(Retry::After(Duration::ZERO)));
        }
        let mut people = self.people.lock().unwrap();
        match &operation.change {
            Change::Create { name, attributes, .. } => {
                if let Some((id, _)) = people.iter().find(|(_, person)| person.name == *name) {
                    if self.fault == Fault::ReturnsTheSameAccount {
                        return Ok(Outcome::applied(id.clone()));
                    }
                    return Err(Error::new(ErrorKind::AlreadyExists, format!("`{name}` exists")));
                }
                let id = format!("p{name}");
                let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
                let (title, department) = (of("Title"), of("Department"));
                people.insert(id.clone(), Person { name: name.clone(), title, department, ..Person::default() });
                Ok(Outcome::applied(id))
            }
            _ if self.fault == Fault::DoesNothing => Ok(Outcome::applied(id)),
            Change::Delete => match people.remove(&id) {
                Some(person) => {
                    if self.fault == Fault::LeavesAssignments {
                        let held = person.teams.into_iter().map(|team| (id.clone(), team));
                        self.left.lock().unwrap().extend(held);
                    }
                    Ok(Outcome::applied(id))
                }
                None if self.fault == Fault::DeletesTwice => Ok(Outcome::applied(id)),
                None => Err(Error::not_found("no such account")),
            },
            _ if self.fault == Fault::ChangesNobody && !people.contains_key(&id) => Ok(Outcome::applied(id)),
            Change::Update { set, .. } => {
                let person = people.get_mut(&id).ok_or_else(|| Error::not_found("no such account"))?;
                if person.title == set["Title"] {
                    return Ok(Outcome::unchanged("already has these values"));
                }
                match self.fault {
                    Fault::EmptiesOthers => person.department = Value::Null,
                    Fault::ResetsOthers => person.department = json!("New"),
                    Fault::TakesTeams => person.teams.clear(),
                    Fault::Disables => person.off = true,
                    _ => {}
                }
                person.title = match set["Title"].as_str() {
                    Some(title) if self.fault == Fault::TidiesValues => json!(title.trim_matches(['"', '\'', ' '])),
                    _ => set["Title"].clone(),
                };
                Ok(Outcome::applied(id))
            }
            Change::Grant { entitlement, until, .. } => {
                let person = people.get_mut(&id).ok_or_else(|| Error::not_found("no such account"))?;
                let end = if self.fault == Fault::DropsEnds { End::Never } else { End::from(*until) };
                if person.teams.contains(entitlement) {
                    let is_kept = self.fault == Fault::KeepsTheOldEnd || until.is_none();
                    if is_kept || person.ends.get(entitlement) == Some(&end) {
                        return Ok(Outcome::unchanged("already holds it"));
                    }
                } else {
                    person.teams.push(entitlement.clone());
                }
                person.ends.insert(entitlement.clone(), end);
                Ok(Outcome::applied(id))
            }
            other => Err(Error::unsupported(format!("no {}", other.kind().name()))),
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let all = Capabilities::none().with_entitlements(self).with_preparation(self);
        // What is looked up first is not changed.
        if self.fault == Fault::ChangesNobody { all } else { all.with_accounts(self) }
    }
}

#[async_trait]
impl ReadEntitlements for Directory {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        vec![EntitlementType::new("team", "Team").described("Works with the others in it")]
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        cursor.position::<()>()?;
        Ok(Page::last(vec![Entitlement::new(EntitlementRef::new("team", "t1"), "Team")]))
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        cursor.position::<()>()?;
        let left = self.left.lock().unwrap();
        Ok(Page::last(left.iter().map(|(id, team)| Assignment::new(Holder::account(id), team.clone())).collect()))
    }
}

#[async_trait]
impl FindAccounts for Directory {
    fn most_accounts(&self) -> usize {
        5
    }

    async fn find_accounts(&self, wanted: &[String], _: &Concern) -> Result<Vec<Vec<Account>>> {
        let people = self.people.lock().unwrap();
        let found = wanted.iter().map(|wanted| {
            let part = self.fault == Fault::FindsByAPart;
            let is_part = |name: &str| part && name.contains(wanted.trim_matches(['%', '*', '\'']));
            let named =
                people.iter().filter(|(id, person)| *id == wanted || person.name == *wanted || is_part(&person.name));
            let with_ends = |(id, person): (&String, &Person)| {
                let mut account = account(id, person);
                if self.fault != Fault::FindsNoEnds {
                    account.ends.clone_from(&person.ends);
                }
                account
            };
            named.map(with_ends).collect()
        });
        Ok(found.collect())
    }
}

#[async_trait]
impl PrepareOperations for Directory {
    async fn prepare_operations(&self, proposed: &[Proposed]) -> Result<Vec<Result<Prepared>>> {
        let prepare = |one: &Proposed| match &one.operation.change {
            Change::Create { name, attributes, entitlements, .. } => {
                let create = Operation::new("", Change::create(name, attributes.clone(), Vec::new(), None));
                let grants = entitlements.iter().map(|one| Operation::new("", Change::grant(one.clone(), None)));
                let grants = grants.filter(|_| self.fault != Fault::LosesEntitlements);
                Prepared::steps(std::iter::once(create).chain(grants).collect(), Vec::new())
            }
            _ if self.fault == Fault::PreparesNothing => Prepared::unchanged("nothing to do"),
            _ => Prepared::step(one.operation.clone()),
        };
        Ok(proposed.iter().map(|one| Ok(prepare(one))).collect())
    }
}

async fn check(fault: Fault) -> Report {
    let first = Person { name: "first".to_owned(), title: json!("Boss"), ..Person::default() };
    let people = Arc::new(Mutex::new(BTreeMap::from([("p0".to_owned(), first)])));
    let text = |name: &str, value: &str| (name.to_owned(), json!(value));
    let fixture = Fixture {
        name: |word| format!("{word}@acme.example"),
        attributes: Map::from_iter([text("Title", "Clerk"), text("Department", "Sales")]),
        update: Map::from_iter([text("Title", "Analyst")]),
        entitlement: EntitlementRef::new("team", "t1"),
        unknown_id: None,
    };
    let left = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::default();
    let open = || {
        let directory = Directory { fault, people: people.clone(), left: left.clone(), calls: Arc::clone(&calls) };
        Ok(Box::new(directory) as Box<dyn Connector>)
    };
    connector_testkit::check_subject(&Subject::new(open).with_fixture(fixture)).await
}

#[tokio::test]
async fn a_correct_connector_passes_the_trials_of_provisioning() {
    for fault in [Fault::None, Fault::RefusesForAMoment] {
        let report = check(fault).await;
        assert!(report.failed().is_empty(), "{fault:?}: {report}");
        assert!(
            report.to_string().contains("passed          update_changes_nothing_that_it_does_not_name"),
            "{report}"
        );
    }
}

#[tokio::test]
async fn an_update_that_changes_something_else_is_caught_by_one_trial_alone_which_says_what() {
    for (fault, text) in [
        (Fault::EmptiesOthers, "an update of `Title` emptied `Department`, which was \"Sales\""),
        (Fault::ResetsOthers, "an update of `Title` changed `Department` from \"Sales\" to \"New\""),
        (Fault::TakesTeams, "an update of `Title` took `team/t1` from the account"),
        (Fault::Disables, "an update of `Title` enabled, disabled, locked or unlocked the account"),
    ] {
        let report = check(fault).await;
        assert_eq!(report.failed(), ["update_changes_nothing_that_it_does_not_name"], "{fault:?}:\n{report}");
        assert!(report.to_string().contains(text), "{fault:?}:\n{report}");
    }
}

#[tokio::test]
async fn each_fault_of_provisioning_is_caught_by_the_matching_trial() {
    for (fault, trial) in [
        (Fault::LosesEntitlements, "a_prepared_create_keeps_its_entitlements"),
        (Fault::PreparesNothing, "update_sets_values_and_is_unchanged_when_repeated"),
        (Fault::DoesNothing, "grant_is_read_back_and_unchanged_when_repeated"),
        (Fault::ReturnsTheSameAccount, "a_second_create_of_one_name_never_returns_the_same_account_as_new"),
        (Fault::ChangesNobody, "an_operation_on_an_account_that_is_not_there_is_not_found"),
        (Fault::DeletesTwice, "a_second_delete_says_that_the_account_is_gone"),
        (Fault::LosesAWriter, "several_writers_at_once_lose_nobody"),
        (Fault::FindsByAPart, "an_awkward_text_finds_no_other_account"),
        (Fault::TidiesValues, "an_awkward_value_is_kept_as_it_is_or_refused"),
        (Fault::KeepsTheOldEnd, "a_grant_with_an_end_replaces_the_end_that_was_there"),
        (Fault::FindsNoEnds, "a_grant_with_an_end_replaces_the_end_that_was_there"),
        (Fault::LeavesAssignments, "what_the_trials_create_is_gone_afterwards"),
        (Fault::DropsEnds, "a_grant_with_an_end_replaces_the_end_that_was_there"),
    ] {
        let report = check(fault).await;
        assert!(report.failed().contains(&trial), "{fault:?} was not caught by {trial}:\n{report}");
    }
}

//! Proves the trial that compares changes with whole reads: a correct connector passes every trial, and each broken one is caught by
//! this trial alone.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Absence, Account, AccountSchema, Assignment, AttributeSchema, AttributesBuilder, Capabilities, Change, Connector,
    Cursor, Entitlement, EntitlementRef, EntitlementType, Error, Finding, Holder, Operation, OperationKind, Outcome,
    Page, ReadChanges, ReadEntitlements, Result, SourceChange, TestReport, Writable,
};
use connector_testkit::{Fixture, Report, Subject, check_subject};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const TRIAL: &str = "changes_are_the_difference_of_two_whole_reads";

const REMOVAL: &str = "changes_say_which_account_others_removed";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Disabling leaves no trace.
    ForgetsDisable,
    /// What is set is not among the changes.
    OldTitle,
    /// A revoke leaves no trace.
    ForgetsRevoke,
    /// A grant without the revoke before it is right, but nothing is ever taken away.
    OnlyAdds,
    /// A delete leaves no trace, although the changes tell what is gone.
    ForgetsDelete,
    /// An account that others remove leaves no trace.
    ForgetsRemovals,
}

#[derive(Clone, Debug, Default)]
struct Person {
    title: String,
    off: bool,
    teams: Vec<String>,
}

#[derive(Debug, Default)]
struct World {
    people: BTreeMap<String, Person>,
    /// The ids of accounts, as they changed.
    log: Vec<String>,
}

#[derive(Debug)]
struct Directory {
    fault: Fault,
    world: Arc<Mutex<World>>,
}

fn account(id: &str, person: &Person, hides_title: bool) -> Account {
    let mut attributes = AttributesBuilder::default();
    attributes.push("title", if hides_title { "" } else { &person.title }).unwrap();
    let mut account = Account::new(id, id);
    account.attributes = attributes.build();
    account.enabled = !person.off;
    account
}

fn held(id: &str, person: &Person) -> Vec<Assignment> {
    let of = |team: &String| Assignment::new(Holder::account(id), EntitlementRef::new("team", team.clone()));
    person.teams.iter().map(of).collect()
}

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, report: &mut TestReport) {
        report.step("api", async { Ok(Finding::passed("there")) }).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        cursor.position::<()>()?;
        let world = self.world.lock().unwrap();
        Ok(Page::last(world.people.iter().map(|(id, person)| account(id, person, false)).collect()))
    }

    fn schema(&self) -> AccountSchema {
        let title = AttributeSchema::text("title").described("The job title").writable(Writable::Always);
        AccountSchema::new(vec![title]).with_operations(vec![
            OperationKind::Create,
            OperationKind::Update,
            OperationKind::Disable,
            OperationKind::Enable,
            OperationKind::Grant,
            OperationKind::Revoke,
            OperationKind::Delete,
        ])
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        if !self.schema().operations.contains(&operation.kind()) {
            return Err(Error::unsupported(format!("no {}", operation.kind().name())));
        }
        if matches!(operation.change, Change::Grant { until: Some(_), .. }) {
            return Err(Error::unsupported("a membership has no end"));
        }
        let mut world = self.world.lock().unwrap();
        let mut id = operation.account.clone();
        let gone = || Error::not_found("no such account");
        let is_silent = match &operation.change {
            Change::Create { name, attributes, .. } => {
                if world.people.contains_key(name) {
                    return Err(Error::new(connector_core::ErrorKind::AlreadyExists, "the name is taken"));
                }
                let title = attributes.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
                id.clone_from(name);
                world.people.insert(name.clone(), Person { title, ..Person::default() });
                false
            }
            Change::Delete => {
                world.people.remove(&id).ok_or_else(gone)?;
                self.fault == Fault::ForgetsDelete
            }
            change => {
                let person = world.people.get_mut(&id).ok_or_else(gone)?;
                let before = format!("{person:?}");
                match change {
                    Change::Update { set, .. } => {
                        set["title"].as_str().unwrap_or_default().clone_into(&mut person.title);
                    }
                    Change::Disable => person.off = true,
                    Change::Enable => person.off = false,
                    Change::Grant { until: Some(_), .. } => return Err(Error::unsupported("a team has no ends")),
                    Change::Grant { entitlement, .. } if !person.teams.contains(&entitlement.id) => {
                        person.teams.push(entitlement.id.clone());
                    }
                    Change::Revoke { entitlement, .. } => person.teams.retain(|team| *team != entitlement.id),
                    _ => {}
                }
                if format!("{person:?}") == before {
                    return Ok(Outcome::unchanged("already so"));
                }
                match change {
                    Change::Disable => self.fault == Fault::ForgetsDisable,
                    Change::Revoke { .. } => self.fault == Fault::ForgetsRevoke,
                    _ => false,
                }
            }
        };
        if !is_silent {
            world.log.push(id.clone());
        }
        Ok(Outcome::applied(id))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none().with_entitlements(self).with_changes(self)
    }
}

#[async_trait]
impl ReadEntitlements for Directory {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        vec![EntitlementType::new("team", "Team")]
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        cursor.position::<()>()?;
        Ok(Page::last(vec![Entitlement::new(EntitlementRef::new("team", "red"), "Red")]))
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        cursor.position::<()>()?;
        let world = self.world.lock().unwrap();
        Ok(Page::last(world.people.iter().flat_map(|(id, person)| held(id, person)).collect()))
    }
}

#[async_trait]
impl ReadChanges for Directory {
    fn absence(&self) -> Absence {
        Absence::Told
    }

    async fn watermark(&self) -> Result<Cursor> {
        Cursor::of(&self.world.lock().unwrap().log.len())
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        let since = cursor.position::<usize>()?.ok_or_else(|| Error::protocol("a watermark is needed"))?;
        let world = self.world.lock().unwrap();
        let mut changes = Vec::new();
        for id in world.log.iter().skip(since) {
            let Some(person) = world.people.get(id) else {
                changes.push(SourceChange::removed_account(id.clone()));
                continue;
            };
            changes.push(SourceChange::Account(account(id, person, self.fault == Fault::OldTitle)));
            let holds = held(id, person);
            match self.fault {
                Fault::OnlyAdds => changes.extend(holds.into_iter().map(SourceChange::Held)),
                _ => changes.push(SourceChange::AllOf(Holder::account(id), holds)),
            }
        }
        Ok(Page::last(changes).with_watermark(Cursor::of(&world.log.len())?))
    }
}

async fn check(fault: Fault) -> Report {
    let mut world = World::default();
    for id in ["jane", "joe"] {
        world.people.insert(id.to_owned(), Person { title: "Boss".into(), off: false, teams: vec!["red".to_owned()] });
    }
    let world = Arc::new(Mutex::new(world));
    let others = world.clone();
    let subject = Subject::new(move || Ok(Box::new(Directory { fault, world: world.clone() })));
    let subject = subject.with_removal(move |id| {
        let mut world = others.lock().unwrap();
        let removed = world.people.remove(&id).map(drop).ok_or("it is not there");
        if fault != Fault::ForgetsRemovals {
            world.log.push(id);
        }
        std::future::ready(removed)
    });
    let object = |value: Value| value.as_object().unwrap().clone();
    let fixture = Fixture {
        name: |word| format!("kit-{word}"),
        attributes: Map::new(),
        update: object(json!({"title": "Chief"})),
        entitlement: EntitlementRef::new("team", "red"),
        unknown_id: None,
    };
    check_subject(&subject.with_fixture(fixture)).await
}

#[tokio::test]
async fn a_correct_connector_passes() {
    let report = check(Fault::None).await;
    for trial in [TRIAL, REMOVAL] {
        assert!(report.passed() && report.to_string().contains(&format!("passed          {trial}")), "{report}");
    }
}

#[tokio::test]
async fn changes_without_what_others_removed_are_caught_by_one_trial_alone() {
    let report = check(Fault::ForgetsRemovals).await;
    assert_eq!(report.failed(), [REMOVAL], "{report}");
    assert!(report.to_string().contains("no longer exists, but the changes do not say so"), "{report}");
}

#[tokio::test]
async fn each_fault_is_caught_by_this_trial_alone() {
    use Fault::{ForgetsDelete, ForgetsDisable, ForgetsRevoke, OldTitle, OnlyAdds};
    for fault in [ForgetsDisable, OldTitle, ForgetsRevoke, OnlyAdds, ForgetsDelete] {
        let report = check(fault).await;
        assert_eq!(report.failed(), [TRIAL], "{fault:?}:\n{report}");
    }
}

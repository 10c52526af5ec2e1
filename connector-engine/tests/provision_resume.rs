//! Promise: whatever is lost and whenever a job is stopped, each operation is carried out exactly once in the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{Change, Error, ErrorKind, Retry};
use connector_engine::provision::{Earlier, Provisioning};
use connector_engine::query::{self, OperationQuery};
use connector_project::plan::PlanOperation;
use proptest::prelude::*;
use provision_fake::{
    Directory, Fate, Person, Place, create, delete, disable, enable, grant, lock, outcomes, revoke, unlock, update,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How the accounts of a plan are named; the first three are there, and two of them have an id as second name.
const NAMES: [&str; 7] = ["bob", "A0001", "eve", "A0002", "joe", "new1", "new2"];

fn operation() -> impl Strategy<Value = PlanOperation> {
    (0..NAMES.len(), 0..12_u8, 0..3_u8).prop_map(|(name, what, value)| {
        let name = NAMES[name];
        match what {
            0 if name.starts_with('A') => update(name, json!({"Refused": 1})),
            0 => create(name, json!({"Title": value}), &["group/1"]),
            1 if name.starts_with("new") => create(name, json!({}), &[]),
            1 | 2 => update(name, json!({"Title": value})),
            3 => update(name, json!({"Phone": if value == 0 { json!(null) } else { json!("1") }, "Title": value})),
            4 | 5 => grant(name, &format!("group/{value}")),
            6 => revoke(name, &format!("group/{value}")),
            7 => disable(name),
            8 => enable(name),
            9 => lock(name),
            10 => unlock(name),
            _ => delete(name),
        }
    })
}

/// What a plan comes to, done by hand: accounts by name, and how often something was changed on each.
fn by_hand(directory: &Directory, plan: &[PlanOperation]) -> (BTreeMap<String, Person>, Vec<(String, String)>) {
    let ids: BTreeMap<_, _> =
        directory.server().accounts.iter().map(|(id, person)| (id.clone(), person.name.clone())).collect();
    let mut people = directory.server().by_name();
    let mut changes = Vec::new();
    for one in plan {
        let name = ids.get(one.target()).map_or(one.target(), String::as_str).to_owned();
        let mut note = |what: &str| changes.push((name.clone(), what.to_owned()));
        if let Change::Create { attributes, entitlements, .. } = &one.change {
            if !people.contains_key(&name) {
                note("create");
                let held = entitlements.iter().cloned().collect();
                for _ in entitlements {
                    note("grant");
                }
                let attributes = attributes.clone();
                people.insert(name.clone(), Person { name: name.clone(), attributes, held, ..Person::default() });
            }
            continue;
        }
        // An id goes with its account; a new one of the same name has another id.
        let is_gone = ids.contains_key(&one.account) && changes.iter().any(|(n, what)| *n == name && what == "delete");
        let Some(person) = people.get_mut(&name).filter(|_| !is_gone) else { continue };
        let before = person.clone();
        match &one.change {
            Change::Update { set, .. } if set.contains_key("Refused") => {}
            Change::Update { set, .. } => {
                person.attributes.extend(set.clone());
                person.attributes.retain(|_, value| !value.is_null());
            }
            Change::Grant { entitlement, .. } => drop(person.held.insert(entitlement.clone())),
            Change::Revoke { entitlement, .. } => drop(person.held.remove(entitlement)),
            Change::Disable | Change::Enable => person.disabled = one.change == Change::Disable,
            Change::Lock | Change::Unlock => person.locked = one.change == Change::Lock,
            _ => {}
        }
        if *person != before || one.change == Change::Delete {
            changes.push((name.clone(), one.kind().name().to_owned()));
        }
        if one.change == Change::Delete {
            people.remove(&name);
        }
    }
    (people, changes)
}

/// What goes wrong with the n-th request, the n-th try of an operation, the n-th read.
#[derive(Clone, Debug)]
struct Faults {
    whole: Vec<u8>,
    single: Vec<u8>,
    reading: Vec<bool>,
}

fn fate(number: u8) -> Fate {
    let refused = |kind: ErrorKind| Error::new(kind, "not now");
    match number {
        1 => Fate::LostBefore,
        2 => Fate::LostAfter,
        3 => Fate::Refused(refused(ErrorKind::Conflict).with_retry(Retry::After(Duration::from_millis(50)))),
        _ => Fate::Done,
    }
}

impl Faults {
    fn go_wrong(&self, directory: &mut Directory) {
        let (whole, single, reading) = (self.whole.clone(), self.single.clone(), self.reading.clone());
        directory.whole = Arc::new(move |number| match whole.get(number).copied().unwrap_or_default() {
            4 => Fate::Refused(Error::new(ErrorKind::Unavailable, "down")),
            5 => Fate::LostLate(Duration::from_secs(2)),
            other => fate(other),
        });
        directory.single = Arc::new(move |operation, sent| {
            let place = if operation.account.is_empty() { "new" } else { &operation.account };
            let place = place.bytes().map(usize::from).sum::<usize>();
            // No more than two in a row, so that tries do not run out.
            if sent >= 2 { Fate::Done } else { fate(single.get((place + sent) % 16).copied().unwrap_or_default()) }
        });
        directory.reading = Arc::new(move |read| {
            let fails = reading.get(read).copied().unwrap_or_default();
            fails.then(|| Error::new(ErrorKind::Unavailable, "down"))
        });
    }
}

fn faults() -> impl Strategy<Value = Faults> {
    let whole = prop_oneof![6 => Just(0_u8), 1 => 1..6_u8];
    let single = prop_oneof![4 => Just(0_u8), 1 => 1..4_u8];
    let reading = prop_oneof![9 => Just(false), 1 => Just(true)];
    (
        proptest::collection::vec(whole, 0..24),
        proptest::collection::vec(single, 16),
        proptest::collection::vec(reading, 0..24),
    )
        .prop_map(|(whole, single, reading)| Faults { whole, single, reading })
}

/// Drops a future after it was polled so many times, as a kill would end it.
async fn killed_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Whether the plan was begun and ended.
fn has_ended(place: &Place) -> bool {
    let mut count = 0;
    let every = OperationQuery::default();
    query::operations(&place.store, "directory", &every, |_| {
        count += 1;
        Ok(())
    })
    .unwrap();
    count > 0
}

/// One job from beginning to end; true when nothing is left to be done.
async fn job(place: &Place, directory: &Directory, plan: &[PlanOperation], stop: &CancellationToken) -> bool {
    let mut provisioning = match Provisioning::interrupted(&place.store, directory.opened()).unwrap() {
        Some(provisioning) => provisioning,
        // Killed when all was done.
        None if has_ended(place) => return true,
        None => place.begin(directory, plan),
    };
    if provisioning.earlier() == Earlier::Interrupted && provisioning.settle(|_| {}).await.is_err() {
        return false;
    }
    if provisioning.preview(|_| {}, stop).await.is_err() {
        return false;
    }
    let applied = provisioning.apply(|_| {}, stop).await.unwrap();
    provisioning.leave().await.unwrap();
    let tally = place.tally(&provisioning.id());
    applied.error.is_none() && tally.planned == 0 && tally.pending == 0
}

async fn ends_as_by_hand(plan: Vec<PlanOperation>, faults: Faults, kills: Vec<(bool, usize)>) {
    let mut directory = Directory::of(&["bob", "eve", "joe"]);
    (directory.most, directory.delay) = (3, Duration::from_millis(20));
    faults.go_wrong(&mut directory);
    let (people, mut expected) = by_hand(&directory, &plan);
    let place = Place::new();
    let mut is_done = false;
    for (is_kill, after) in kills {
        if is_done {
            break;
        }
        let stop = CancellationToken::new();
        if is_kill {
            is_done = killed_after(after, job(&place, &directory, &plan, &stop)).await.unwrap_or(false);
        } else {
            let later = stop.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(after as u64 * 3)).await;
                later.cancel();
            });
            is_done = job(&place, &directory, &plan, &stop).await;
        }
    }
    for _ in 0..60 {
        if is_done {
            break;
        }
        is_done = job(&place, &directory, &plan, &CancellationToken::new()).await;
    }
    assert!(is_done, "it never ends");
    let server = directory.server();
    assert_eq!(server.by_name(), people);
    let mut changes: Vec<_> = server
        .changes
        .iter()
        .map(|(name, what)| (name.clone(), what.split(' ').next().unwrap_or_default().to_owned()))
        .collect();
    changes.sort();
    expected.sort();
    assert_eq!(changes, expected, "each once");
    assert!(server.idle.is_empty(), "nothing is sent that is done: {:?}", server.idle);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_comes_to_the_same_whatever_goes_wrong(
        plan in proptest::collection::vec(operation(), 1..24),
        faults in faults(),
        kills in proptest::collection::vec((any::<bool>(), 1..120_usize), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(ends_as_by_hand(plan, faults, kills));
    }
}

#[tokio::test]
async fn a_plan_that_has_ended_begins_anew() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [disable("bob")];
    place.carry_out(&directory, &plan).await;
    directory.server().person("bob").disabled = false;
    let again = place.begin(&directory, &plan);
    assert_eq!(again.earlier(), Earlier::Nothing);
    let (_, reports) = place.finish(again).await;
    assert_eq!(outcomes(&reports), [connector_engine::provision::Standing::Applied]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_create_of_a_name_that_the_plan_deleted_before_is_found_by_its_name() {
    let mut directory = Directory::of(&["bob"]);
    // The third request is the second create.
    directory.whole = Arc::new(|number| if number == 2 { Fate::LostAfter } else { Fate::Done });
    let plan = [create("new", json!({}), &[]), delete("new"), create("new", json!({}), &[]), lock("new")];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [connector_engine::provision::Standing::Applied; 4]);
    assert!(directory.server().person("new").locked);
}

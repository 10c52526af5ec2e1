//! Promise: whatever happens in whatever order, the links are those that one look at all accounts gives, and what somebody
//! confirmed or refused stays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, failing};
use connector_core::{AccountKind, Error, ErrorKind, Percentage};
use connector_engine::identities::{NamedAccount, Wish, confirm, correlate, refuse, release};
use connector_project::identities::IdentitySettings;
use proptest::prelude::*;
use rusqlite::types::Value;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const SOURCES: [&str; 3] = ["hr", "crm", "vpn"];
const NUMBERS: [&str; 5] = ["null", "\"\"", "0", "1", "\"2\""];
const MAILS: [&str; 7] = ["null", "\"  \"", "\"a@x\"", "\" A@X\"", "\"É@x\"", "\"é@X \"", "[\"b@x\", \"a@x\"]"];

#[derive(Clone, Debug)]
enum Step {
    Set { source: usize, id: usize, number: usize, mail: usize, service: bool },
    Remove { source: usize, id: usize },
    Confirm { source: usize, id: usize, person: usize },
    Refuse { source: usize, id: usize, person: Option<usize> },
    Release { source: usize, id: usize },
    Fail { source: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (of_any, of_other, id) = (0..3_usize, 1..3_usize, 0..4_usize);
    let set = (of_any.clone(), id.clone(), 0..NUMBERS.len(), 0..MAILS.len(), proptest::bool::weighted(0.1))
        .prop_map(|(source, id, number, mail, service)| Step::Set { source, id, number, mail, service });
    let step = prop_oneof![
        10 => set,
        3 => (of_any.clone(), id.clone()).prop_map(|(source, id)| Step::Remove { source, id }),
        2 => (of_other.clone(), id.clone(), 0..4_usize).prop_map(|(source, id, person)| Step::Confirm { source, id, person }),
        2 => (of_other.clone(), id.clone(), proptest::option::of(0..4_usize))
            .prop_map(|(source, id, person)| Step::Refuse { source, id, person }),
        1 => (of_other, id).prop_map(|(source, id)| Step::Release { source, id }),
        1 => of_any.prop_map(|source| Step::Fail { source }),
    ];
    proptest::collection::vec(step, 1..16)
}

fn settings(condition: &str) -> IdentitySettings {
    let mail = json!({"from": "Mail", "then": []});
    serde_json::from_value(json!({
        "authority": "hr",
        "leave_out": {"kinds": ["service"], "where": condition},
        "rules": [
            {"name": "number", "account": {"from": "Number", "then": ["text"]}, "person": {"from": "id"}, "sources": ["crm"]},
            {"name": "mail", "account": {"from": "Lower"}, "person": {"from": "Lower"}},
            {"name": "exact", "account": mail, "person": mail, "confirm": true},
        ],
    }))
    .unwrap()
}

/// An account as the test knows it.
#[derive(Clone, Debug)]
struct Known {
    number: usize,
    mail: usize,
    service: bool,
    gone: bool,
}

impl Known {
    fn mails(&self) -> BTreeSet<String> {
        match serde_json::from_str(MAILS[self.mail]).unwrap() {
            serde_json::Value::String(text) if !text.trim().is_empty() => BTreeSet::from([text]),
            serde_json::Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            _ => BTreeSet::new(),
        }
    }

    fn lower(&self) -> BTreeSet<String> {
        self.mails().iter().map(|mail| mail.trim().to_lowercase()).collect()
    }

    /// The values of each rule, for an account or a person.
    fn values(&self, source: &str, id: &str) -> Vec<BTreeSet<String>> {
        let number = match (source, serde_json::from_str(NUMBERS[self.number]).unwrap()) {
            ("hr", _) => BTreeSet::from([id.to_owned()]),
            ("crm", serde_json::Value::Number(number)) => BTreeSet::from([number.to_string()]),
            ("crm", serde_json::Value::String(text)) if !text.is_empty() => BTreeSet::from([text]),
            _ => BTreeSet::new(),
        };
        vec![number, self.lower(), self.mails()]
    }

    fn attributes(&self) -> String {
        let lower: Vec<_> = self.lower().into_iter().collect();
        format!(r#"{{"Number":{},"Mail":{},"Lower":{}}}"#, NUMBERS[self.number], MAILS[self.mail], json!(lower))
    }
}

/// What the test knows.
#[derive(Default)]
struct Model {
    sources: [BTreeMap<String, Known>; 3],
    confirmed: BTreeMap<(usize, String), String>,
    refused: BTreeSet<(usize, String, Option<String>)>,
}

/// The state, the person and the rule of each account.
type Links = BTreeMap<(String, String), (String, Option<String>, Option<String>)>;

impl Model {
    fn world(&self, source: usize) -> World {
        let mut world = World::default();
        // A source that shows nothing at all removes nothing.
        world.add_account("always", "{}", &[]);
        for (id, known) in self.sources[source].iter().filter(|(_, known)| !known.gone) {
            world.add_account(id, &known.attributes(), &[]);
            if known.service {
                world.accounts.get_mut(id).unwrap().kind = AccountKind::Service;
            }
        }
        world
    }

    /// One look at everything.
    fn links(&self) -> Links {
        let mut links = Links::new();
        for (source, name) in SOURCES.iter().enumerate().skip(1) {
            let name = (*name).to_owned();
            links.insert((name.clone(), "always".to_owned()), ("unmatched".to_owned(), None, None));
            for (id, known) in self.sources[source].iter().filter(|(_, known)| !known.gone) {
                links.insert((name.clone(), id.clone()), self.link(source, id, known));
            }
        }
        links
    }

    fn link(&self, source: usize, id: &str, known: &Known) -> (String, Option<String>, Option<String>) {
        let state = |state: &str| (state.to_owned(), None, None);
        if let Some(person) = self.confirmed.get(&(source, id.to_owned())) {
            return ("linked".to_owned(), Some(person.clone()), None);
        }
        if known.service {
            return state("left_out");
        }
        if self.refused.contains(&(source, id.to_owned(), None)) {
            return state("refused");
        }
        let values = known.values(SOURCES[source], id);
        for (rule, name) in ["number", "mail", "exact"].into_iter().enumerate() {
            for gone in [false, true] {
                let fits = |(person, one): &(&String, &Known)| {
                    one.gone == gone
                        && !one.service
                        && !one.values("hr", person)[rule].is_disjoint(&values[rule])
                        && !self.refused.contains(&(source, id.to_owned(), Some((*person).clone())))
                };
                let found: Vec<_> = self.sources[0].iter().filter(fits).map(|(person, _)| person.clone()).collect();
                match &found[..] {
                    [] => {}
                    [one] if name != "exact" => {
                        return ("linked".to_owned(), Some(one.clone()), Some(name.to_owned()));
                    }
                    _ => return ("ambiguous".to_owned(), None, Some(name.to_owned())),
                }
            }
        }
        state("unmatched")
    }
}

fn stored(place: &Place) -> Links {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let rows = place.query(
        "SELECT s.name, i.account, i.state, l.person, coalesce(l.rule, i.rule) FROM identity_accounts i JOIN sources s ON s.id = i.source
         LEFT JOIN identity_links l ON l.source = i.source AND l.account = i.account AND l.ended_at IS NULL
         WHERE s.name <> 'hr'",
    );
    let rows = rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>());
    rows.map(|row| {
        let [source, account, state, person, rule] = row.try_into().unwrap();
        ((source.unwrap(), account.unwrap()), (state.unwrap(), person, rule))
    })
    .collect()
}

async fn aggregate(place: &Place, model: &Model, source: usize, fails: bool) {
    let mut fake = Fake::new(&model.world(source));
    fake.entitlements = false;
    if fails {
        fake = fake.with_script(|_, cursor, _| {
            (!cursor.is_start()).then(|| failing(Error::new(ErrorKind::Permission, "no")).unwrap())
        });
    }
    let job = Job { source: SOURCES[source], delete_threshold: Percentage::new(100.0), ..fake.job() };
    let restarts = Job { restart: true, ..job };
    place.run(&restarts).await;
}

fn ids(id: usize) -> String {
    id.to_string()
}

async fn take(place: &Place, model: &mut Model, step: &Step) {
    let rules = settings("id = \"x\"");
    match step.clone() {
        Step::Set { source, id, number, mail, service } => {
            model.sources[source].insert(ids(id), Known { number, mail, service, gone: false });
            aggregate(place, model, source, false).await;
        }
        Step::Remove { source, id } => {
            if let Some(known) = model.sources[source].get_mut(&ids(id)) {
                known.gone = true;
            }
            aggregate(place, model, source, false).await;
        }
        Step::Fail { source } => aggregate(place, model, source, true).await,
        Step::Confirm { source, id, person } => {
            let is_there = model.sources[source].get(&ids(id)).is_some_and(|known| !known.gone)
                && model.sources[0].contains_key(&ids(person));
            let account = NamedAccount { source: SOURCES[source], account: &ids(id) };
            let done = confirm(&place.store, &rules, account, &ids(person), "ann", Some("asked her"));
            assert_eq!(done.is_ok(), is_there, "{done:?}");
            if is_there {
                model.confirmed.insert((source, ids(id)), ids(person));
                model.refused.remove(&(source, ids(id), None));
                model.refused.remove(&(source, ids(id), Some(ids(person))));
            }
        }
        Step::Refuse { source, id, person } => {
            let is_there = model.sources[source].get(&ids(id)).is_some_and(|known| !known.gone)
                && person.is_none_or(|person| model.sources[0].contains_key(&ids(person)));
            let (named, person) = (ids(id), person.map(ids));
            let account = NamedAccount { source: SOURCES[source], account: &named };
            let done = refuse(&place.store, &rules, account, person.as_deref(), "ann", None);
            assert_eq!(done.is_ok(), is_there, "{done:?}");
            if is_there {
                let known = model.confirmed.get(&(source, ids(id)));
                if person.is_none() || known == person.as_ref() {
                    model.confirmed.remove(&(source, ids(id)));
                }
                model.refused.insert((source, ids(id), person));
            }
        }
        Step::Release { source, id } => {
            let account = NamedAccount { source: SOURCES[source], account: &ids(id) };
            if release(&place.store, &rules, account, "ann").is_ok() {
                model.confirmed.remove(&(source, ids(id)));
                model.refused.retain(|(of, account, _)| (*of, account) != (source, &ids(id)));
            }
        }
    }
}

async fn play(steps: Vec<Step>) {
    let place = Place::new();
    let mut model = Model::default();
    let names = SOURCES.map(str::to_owned);
    let rules = settings("id = \"x\"");
    for source in 0..3 {
        aggregate(&place, &model, source, false).await;
    }
    correlate(&place.store, &rules, &names, Wish::default()).unwrap();
    for step in &steps {
        take(&place, &mut model, step).await;
        correlate(&place.store, &rules, &names, Wish { accept_changes: true, preview: false }).unwrap();
        assert_eq!(stored(&place), model.links(), "after {step:?} of {steps:?}");
    }
    let open = "SELECT source, account, authority, person, rule, author, began_at FROM identity_links WHERE ended_at IS NULL ORDER BY 1, 2";
    let (before, links) = (place.query(open), place.number("SELECT count(*) FROM identity_links"));
    // Another condition that matches nobody: everything is made again, and nothing changes.
    let again = correlate(&place.store, &settings("id = \"y\""), &names, Wish::default()).unwrap();
    assert!(!again.has_changed() && again.kept, "{again:?}");
    assert_eq!(place.query(open), before);
    assert_eq!(place.number("SELECT count(*) FROM identity_links"), links, "no link begins or ends: {steps:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if std::env::var_os("CONNECTOR_TEST_POSTGRES").is_some() { 4 } else { 16 }, ..ProptestConfig::default() })]
    #[test]
    fn links_are_those_that_one_look_at_everything_gives(steps in steps()) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(play(steps));
    }
}

//! Runs of changes: after any mix of them and full runs, the store has what the org has, row by row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_cli as _;
use connector_core::ErrorKind;
use connector_e2e::{Binary, Project};
use connector_engine::aggregate::{Mode, Options as RunOptions, RunReport, RunStatus, Wanted, run_as_due};
use connector_engine::store::Store;
use connector_project::source::{Opened, Project as ProjectFolder};
use connector_sandbox_salesforce::{Fault, Options, Org};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// The random changes stop after this time.
const TIME: Duration = Duration::from_secs(20);

/// A project whose runs remove as much as the test takes away.
async fn project(options: Options) -> Project {
    let project = Project::start(BINARY, options).await;
    project.write_source("aggregation: {delete_threshold: 100%}\nsettings: {custom_fields: all}\n");
    project
}

/// The source as a new command opens it.
fn open(project: &Project) -> Opened {
    let folder = ProjectFolder::at(project.folder());
    let source = folder.load("salesforce").unwrap_or_else(|problems| panic!("{problems:?}"));
    source.open(&folder).unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn run(project: &Project, store: &Path, wanted: Wanted) -> RunReport {
    let (store, opened) = (Store::open(store).unwrap(), open(project));
    loop {
        let run = run_as_due(&store, &opened, wanted, RunOptions::default(), |_| {}, CancellationToken::new()).await;
        match run {
            // A job that was dropped still commits what it read.
            Err(error) if error.kind() == ErrorKind::Guard => tokio::time::sleep(Duration::from_millis(5)).await,
            run => return run.unwrap(),
        }
    }
}

/// Everything that a store has, apart from numbers of rows and runs.
fn rows(store: &Path) -> Vec<String> {
    let connection = Connection::open(store).unwrap();
    let read = |query: &str| -> Vec<String> {
        let mut statement = connection.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    [
        "SELECT 'account ' || json_array(account_id, name, display_name, enabled, locked, json(attributes), hex(hash), kind, owner, alias)
         FROM accounts WHERE removed_run IS NULL ORDER BY account_id",
        "SELECT 'entitlement ' || json_array(type, entitlement_id, name, description, json(attributes), alias)
         FROM entitlements WHERE removed_run IS NULL AND first_run IS NOT NULL ORDER BY type, entitlement_id",
        "SELECT 'assignment ' || json_array(h.account, e.type, e.entitlement_id, o.type, o.entitlement_id, t.entitlement_id, h.inline,
             h.state, h.valid_until, h.attributes)
         FROM assignments h JOIN entitlements e ON e.id = h.entitlement LEFT JOIN entitlements o ON o.id = h.holder
         LEFT JOIN entitlements t ON t.id = h.through WHERE h.removed_run IS NULL
         ORDER BY h.account, e.type, e.entitlement_id, o.entitlement_id, h.inline",
    ]
    .iter()
    .flat_map(|query| read(query))
    .collect()
}

/// Fails with the first rows that only one of the stores has.
#[track_caller]
fn assert_same(project: &Project, store: &Path, fresh: &Path, what: &str) {
    let wrong = "SELECT count(*) FROM holder_counts c WHERE c.count <> (SELECT count(*) FROM assignments h
         WHERE h.entitlement = c.entitlement AND h.holder = 0 AND h.inline = 0 AND h.removed_run IS NULL)";
    let wrong: u64 = Connection::open(store).unwrap().query_row(wrong, [], |row| row.get(0)).unwrap();
    assert_eq!(wrong, 0, "{what}: numbers of holders that were kept are wrong");
    let (stored, expected) = (rows(store), rows(fresh));
    if stored != expected {
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            let those: std::collections::HashSet<_> = those.iter().collect();
            these.iter().filter(|row| !those.contains(row)).take(4).cloned().collect()
        };
        let (more, missing) = (only(&stored, &expected), only(&expected, &stored));
        panic!("{what}: the store also has {more:#?} and lacks {missing:#?} in {}", project.folder().display());
    }
}

/// The ids of the rows of an object that there are.
fn ids(org: &Org, object: &str) -> Vec<String> {
    let end = org.counts().get(object).copied().unwrap_or(0) + 400;
    (0..end)
        .filter_map(|row| org.id_of(object, row).ok())
        .filter(|id| org.field(id, "Id").is_ok_and(|id| id != Value::Null))
        .collect()
}

/// The tables of assignments: object, user, what it gives, and the object of that.
const TABLES: [(&str, &str, &str, &str); 5] = [
    ("PermissionSetAssignment", "AssigneeId", "PermissionSetId", "PermissionSet"),
    ("GroupMember", "UserOrGroupId", "GroupId", "Group"),
    ("PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId", "PermissionSetLicense"),
    ("UserPackageLicense", "UserId", "PackageLicenseId", "PackageLicense"),
    ("UserTerritory2Association", "UserId", "Territory2Id", "Territory2"),
];

/// The org, and what was added to it.
struct World<'a> {
    org: &'a Org,
    random: ChaCha8Rng,
    users: Vec<String>,
    made: u32,
}

impl World<'_> {
    fn one(&mut self, list: &[String]) -> String {
        list.choose(&mut self.random).unwrap().clone()
    }

    fn user(&mut self) -> String {
        let users = std::mem::take(&mut self.users);
        let user = self.one(&users);
        self.users = users;
        user
    }

    fn name(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}{}", self.made)
    }

    /// Changes something, as people do, some time after the last change.
    fn change(&mut self) {
        let org = self.org;
        org.let_time_pass(Duration::from_secs(self.random.random_range(0..3_600)));
        match self.random.random_range(0..26) {
            0 => {
                let name = self.name("joiner");
                let profile = self.one(&ids(org, "Profile"));
                let fields: [(&str, Value); 5] = [
                    ("Username", json!(format!("{name}@acme.example"))),
                    ("LastName", json!(name)),
                    ("ProfileId", json!(profile)),
                    ("UserType", json!("Standard")),
                    ("IsActive", json!(true)),
                ];
                self.users.push(org.add_user(&fields).unwrap());
            }
            1..=3 => {
                let values = [
                    ("Department", "Moved"),
                    ("Title", "Chief"),
                    ("Cost_Center__c", "CC-1"),
                    ("LastName", "Married"),
                    ("Email", "other@acme.example"),
                ];
                let (field, value) = *values.choose(&mut self.random).unwrap();
                org.set(&self.user(), field, value).unwrap();
            }
            4 => org.set(&self.user(), "IsActive", self.random.random_bool(0.5)).unwrap(),
            5 | 6 => org.freeze(&self.user(), self.random.random_bool(0.5)).unwrap(),
            7 => org.lock_password(&self.user(), self.random.random_bool(0.5)).unwrap(),
            8 => {
                let role = self.one(&ids(org, "UserRole"));
                org.set(&self.user(), "UserRoleId", role).unwrap();
            }
            9 => {
                let profile = self.one(&ids(org, "Profile"));
                org.set(&self.user(), "ProfileId", profile).unwrap();
            }
            10..=13 => self.assign(),
            14..=17 => self.unassign(),
            18 => self.end(),
            19 => self.change_entitlement(),
            20 => self.nest(),
            21 | 22 => self.let_in(),
            23 => {
                let tokens = ids(self.org, "OauthToken");
                if !tokens.is_empty() {
                    self.org.remove(&self.one(&tokens)).unwrap();
                }
            }
            24 => self.change_app(),
            _ => self.delete_entitlement(),
        }
    }

    fn assign(&mut self) {
        let (object, holder, held, of) = *TABLES.choose(&mut self.random).unwrap();
        let user = self.user();
        let given = self.one(&ids(self.org, of));
        let is_held = self.org.holdings(&user).unwrap().iter().any(|(_, id)| *id == given);
        let is_no_set = object == "PermissionSetAssignment"
            && self.org.field(&given, "Type").is_ok_and(|kind| kind == "Profile" || kind == "Group");
        if is_held || is_no_set {
            return;
        }
        let mut fields = vec![(holder, json!(user)), (held, json!(given))];
        if object.contains("Territory") || object == "PermissionSetAssignment" {
            fields.push(("IsActive", json!(true)));
        }
        self.org.insert(object, &fields).unwrap();
    }

    /// An app gets a token, or uses one.
    fn let_in(&mut self) {
        let tokens = ids(self.org, "OauthToken");
        if !tokens.is_empty() && self.random.random_bool(0.3) {
            return self.org.set(&self.one(&tokens), "LastUsedDate", "2026-11-29T00:00:00.000+0000").unwrap();
        }
        let app = *["Mail", "Data Loader", "Payroll bridge", "Nobody's app"].choose(&mut self.random).unwrap();
        let fields = [("UserId", json!(self.user())), ("AppName", json!(app)), ("UseCount", json!(1))];
        self.org.insert("OauthToken", &fields).unwrap();
    }

    /// An app comes, gets another name, or goes.
    fn change_app(&mut self) {
        let apps = ids(self.org, "ConnectedApplication");
        let name = self.name("App");
        match self.random.random_range(0..3) {
            0 => drop(self.org.insert("ConnectedApplication", &[("Name", json!(name))]).unwrap()),
            1 => self.org.set(&self.one(&apps), "StartUrl", name).unwrap(),
            _ if apps.len() > 1 => self.org.remove(&self.one(&apps)).unwrap(),
            _ => {}
        }
    }

    fn unassign(&mut self) {
        let (object, ..) = *TABLES.choose(&mut self.random).unwrap();
        let rows = ids(self.org, object);
        if rows.is_empty() {
            return;
        }
        for _ in 0..self.random.random_range(1..4) {
            let row = self.one(&rows);
            let set = self.org.field(&row, "PermissionSetId").unwrap_or_default();
            let is_own =
                set.as_str().is_some_and(|set| self.org.field(set, "IsOwnedByProfile").is_ok_and(|own| own == true));
            if !is_own {
                // It may be one that was just removed.
                let _ = self.org.remove(&row);
            }
        }
    }

    /// An assignment gets an end, which may be in the past, or a member of a set becomes inactive.
    fn end(&mut self) {
        let row = self.one(&ids(self.org, "PermissionSetAssignment"));
        let end = *["2021-01-31T00:00:00.000+0000", "2031-01-31T00:00:00.000+0000"].choose(&mut self.random).unwrap();
        self.org.set(&row, "ExpirationDate", end).unwrap();
    }

    fn change_entitlement(&mut self) {
        let name = self.name("Renamed");
        match self.random.random_range(0..5) {
            0 => self.org.set(&self.one(&ids(self.org, "PermissionSet")), "Description", name).unwrap(),
            1 => self.org.set(&self.one(&ids(self.org, "Group")), "Name", name).unwrap(),
            2 => {
                let (role, above) = (self.one(&ids(self.org, "UserRole")), self.one(&ids(self.org, "UserRole")));
                self.org.set(&role, "ParentRoleId", above).unwrap();
            }
            3 => {
                let fields = [("Name", json!(name)), ("Label", json!(name)), ("Type", json!("Regular"))];
                self.org.insert("PermissionSet", &fields).unwrap();
            }
            _ => {
                let fields = [("Name", json!(name)), ("DeveloperName", json!(name)), ("Type", json!("Queue"))];
                self.org.insert("Group", &fields).unwrap();
            }
        }
    }

    /// A group gets another member that is a group, or a bundle another set; or loses one.
    fn nest(&mut self) {
        if self.random.random_bool(0.4) {
            let components = ids(self.org, "PermissionSetGroupComponent");
            if !components.is_empty() {
                self.org.remove(&self.one(&components)).unwrap();
            }
        } else if self.random.random_bool(0.5) {
            let (group, set) =
                (self.one(&ids(self.org, "PermissionSetGroup")), self.one(&ids(self.org, "PermissionSet")));
            let fields = [("PermissionSetGroupId", json!(group)), ("PermissionSetId", json!(set))];
            self.org.insert("PermissionSetGroupComponent", &fields).unwrap();
        } else {
            let (outer, inner) = (self.one(&ids(self.org, "Group")), self.one(&ids(self.org, "Group")));
            self.org.insert("GroupMember", &[("GroupId", json!(outer)), ("UserOrGroupId", json!(inner))]).unwrap();
        }
    }

    /// A public group, a queue or a territory goes, with its members.
    fn delete_entitlement(&mut self) {
        let (table, held, of) =
            *[("GroupMember", "GroupId", "Group"), ("UserTerritory2Association", "Territory2Id", "Territory2")]
                .choose(&mut self.random)
                .unwrap();
        let all = ids(self.org, of);
        // Something must be left to be given to people.
        if all.len() < 4 {
            return;
        }
        let gone = self.one(&all);
        if self.org.field(&gone, "Type").is_ok_and(|kind| kind != "Regular" && kind != "Queue") {
            return;
        }
        for row in ids(self.org, table) {
            if [held, "UserOrGroupId"].iter().any(|field| self.org.field(&row, field).is_ok_and(|id| id == json!(gone)))
            {
                self.org.remove(&row).unwrap();
            }
        }
        self.org.remove(&gone).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_mix_of_runs_the_store_has_what_the_org_has() {
    let seed =
        std::env::var("CONNECTOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("CONNECTOR_TEST_SEED={seed}");
    let project = project(Options { users: 90, max_page: 60, territories: true, ..Options::default() }).await;
    let read = "read: [users, apps, tokens, agents, named_credentials]";
    project
        .write_source(&format!("aggregation: {{delete_threshold: 100%}}\nsettings: {{custom_fields: all, {read}}}\n"));
    let org = project.sandbox.org();
    let users = (4..90).map(|number| org.user_id(number)).collect();
    let mut world = World { org, random: ChaCha8Rng::seed_from_u64(seed), users, made: 0 };
    let store = project.path("mixed.db");
    assert_eq!(run(&project, &store, Wanted::Full).await.mode, Mode::Full);
    let (begun, mut rounds, mut deltas) = (Instant::now(), 0_u32, 0_u32);
    while begun.elapsed() < TIME {
        rounds += 1;
        for _ in 0..world.random.random_range(0..12) {
            world.change();
        }
        let wanted = match world.random.random_range(0..10) {
            0 if rounds > 1 => Wanted::Full,
            1..=6 => Wanted::Delta,
            _ => Wanted::Due,
        };
        // A job that is dropped at any moment, as a kill does it; the next one goes on.
        for _ in 0..world.random.random_range(0..3) {
            let moment = Duration::from_millis(world.random.random_range(0..120));
            let _ = tokio::time::timeout(moment, run(&project, &store, wanted)).await;
            if world.random.random_bool(0.5) {
                world.change();
            }
        }
        // Changes from before a job that was dropped may be in no page of it: the run after that has them.
        let resumed = run(&project, &store, wanted).await;
        let report = if resumed.resumed { run(&project, &store, wanted).await } else { resumed };
        assert_eq!(report.status, RunStatus::Succeeded, "{:?}", report.error);
        deltas += u32::from(report.mode == Mode::Delta);
        let fresh = project.path(&format!("fresh{rounds}.db"));
        assert_eq!(run(&project, &fresh, Wanted::Full).await.status, RunStatus::Succeeded);
        let what =
            format!("after round {rounds}, a run of {wanted:?} that was {:?} ({:?})", report.mode, report.warnings);
        assert_same(&project, &store, &fresh, &what);
    }
    println!("{rounds} rounds, {deltas} of them with changes only");
    assert!(deltas > 0, "none of {rounds} runs read only changes");
}

/// The calls of a run of changes that found nothing to read again.
const FEW_CALLS: u64 = 43;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_costs_the_same_few_calls_in_any_org() {
    let mut calls = Vec::new();
    for users in [100, 10_000] {
        let project = project(Options { users, ..Options::default() }).await;
        let (org, store) = (project.sandbox.org(), project.path("store.db"));
        run(&project, &store, Wanted::Full).await;
        org.let_time_pass(Duration::from_hours(1));
        org.set(&org.user_id(50), "Title", "Chief").unwrap();
        let changed = run(&project, &store, Wanted::Delta).await;
        assert_eq!((changed.status, changed.mode), (RunStatus::Succeeded, Mode::Delta), "{changed:?}");
        assert_eq!((changed.counts.accounts.seen, changed.counts.accounts.changed), (1, 1), "{changed:?}");
        let row = (0..).map_while(|row| org.id_of("PermissionSetAssignment", row).ok());
        let mut rows = row.filter(|row| org.field(row, "PermissionSetGroupId").is_ok_and(|group| group.is_string()));
        org.remove(&rows.next().unwrap()).unwrap();
        let removed = run(&project, &store, Wanted::Delta).await;
        assert_eq!((removed.mode, removed.counts.assignments.removed), (Mode::Delta, 1), "{removed:?}");
        calls.push((changed.api_calls, removed.api_calls));
    }
    println!("{calls:?}");
    assert_eq!(calls[0], calls[1], "the calls grow with the org");
    let (changed, removed) = calls[0];
    // Who holds what was taken away is read again.
    assert!(changed <= FEW_CALLS && removed <= changed + 2, "{calls:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_can_not_prove_is_read_in_full_and_the_reason_is_said() {
    let project = project(Options { users: 60, ..Options::default() }).await;
    let store = project.path("store.db");
    let first = run(&project, &store, Wanted::Delta).await;
    assert_full(&first, "no full run of this source has succeeded yet");
    let org = project.sandbox.org();
    // A login that loses sight of a user.
    org.remove(&org.user_id(40)).unwrap();
    assert_full(&run(&project, &store, Wanted::Due).await, "the source shows 59 accounts, but the store has 60");
    project.sandbox.set_faults(vec!["clock-skew:-7200".parse::<Fault>().unwrap()]);
    assert_full(&run(&project, &store, Wanted::Due).await, "the clock of the org is behind");
    project.sandbox.set_faults(Vec::new());
    org.set(&org.id_of("Profile", 1).unwrap(), "Name", "Robot Integration").unwrap();
    assert_full(&run(&project, &store, Wanted::Due).await, "other profiles for integrations");
    project.write_source("settings: {custom_fields: none}\n");
    assert_full(&run(&project, &store, Wanted::Due).await, "the source file changed");
    let report = run(&project, &store, Wanted::Due).await;
    assert_eq!((report.status, report.mode), (RunStatus::Succeeded, Mode::Delta), "{report:?}");
    project.write_source("settings: {custom_fields: none}\naggregation: {full_every: 1ms}\n");
    assert_eq!(run(&project, &store, Wanted::Due).await.mode, Mode::Full);
}

#[track_caller]
fn assert_full(report: &RunReport, why: &str) {
    assert_eq!((report.status, report.mode), (RunStatus::Succeeded, Mode::Full), "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains(why)), "no `{why}` in {:?}", report.warnings);
}

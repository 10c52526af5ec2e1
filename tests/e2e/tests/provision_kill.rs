//! Promise: whatever happens in the middle of a plan, going on with it ends in exactly the plan's state, with nothing done
//! twice and nothing left open.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended, Project, Running};
use connector_sandbox_salesforce::{Fault, Moment, Options, Org, WriteAction};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const LATENCY: Duration = Duration::from_millis(10);
/// Accounts that are there, each of which the plan changes four times; and accounts that it makes.
const THERE: u64 = 100;
const MADE: u64 = 100;
/// The rows that the plan writes.
const WRITES: usize = 700;
const APPLY: [&str; 7] = ["provision", "salesforce", "plan.ndjson", "--yes", "--resume", "--output", "json"];

/// An org with a plan of 500 operations, and what it shall come to.
struct Stage {
    project: Project,
    org: Org,
    /// The ids of the accounts that are there.
    there: Vec<String>,
}

impl Stage {
    async fn set(faults: Vec<Fault>) -> Self {
        let options = Options { users: 20, latency: LATENCY, faults, ..Options::default() };
        let project = Project::start(BINARY, options).await;
        let org = project.sandbox.org().clone();
        let team = org.id_of("Group", 0).unwrap();
        let mut plan = Vec::new();
        for number in 0..MADE {
            let entitlements = ["permission_set/Sales_Ops", "group/Service_Team_1"];
            plan.push(json!({"create": {"name": format!("new{number}@acme.example"),
                "attributes": {"LastName": "New", "Profile": "Standard User"}, "entitlements": entitlements}}));
        }
        let mut there = Vec::new();
        for number in 0..THERE {
            let account = format!("old{number}@acme.example");
            let id = project.add_user(&account);
            org.insert("GroupMember", &[("GroupId", json!(team)), ("UserOrGroupId", json!(id))]).unwrap();
            there.push(id);
            plan.push(json!({"update": {"account": account, "set": {"Department": "Finance", "Title": "Clerk"}}}));
            plan.push(json!({"grant": {"account": account, "entitlement": "permission_set/Sales_Ops"}}));
            plan.push(json!({"revoke": {"account": account, "entitlement": "group/Sales_Team_0"}}));
            let last = if number % 2 == 0 { "disable" } else { "lock" };
            plan.push(json!({last: {"account": account}}));
        }
        let lines: Vec<_> = plan.iter().map(|operation| format!("{operation}\n")).collect();
        assert_eq!(lines.len(), 500);
        fs::write(project.path("plan.ndjson"), lines.concat()).unwrap();
        Self { project, org, there }
    }

    fn apply(&self) -> Ended {
        self.project.run(&APPLY)
    }

    /// Starts the plan and kills it at that moment: while it waits for an answer, or a pause after the answers came. Says
    /// whether it was still at work.
    async fn kill(&self, moment: Moment, pause: Option<Duration>) -> bool {
        let sandbox = &self.project.sandbox;
        let (mut running, is_held) = Running::held(self.project.command(&APPLY), sandbox, moment).await;
        if let Some(pause) = pause {
            sandbox.release();
            tokio::time::sleep(pause).await;
        }
        let at_work = is_held && !running.has_ended();
        running.kill();
        sandbox.release();
        at_work
    }

    /// Whether the org is as the plan says, and everything was done once.
    fn check(&self, ended: &Ended, seed: u64) {
        let lines = ended.json_lines();
        assert_eq!(lines.len(), 501, "seed {seed}");
        assert_eq!(
            lines[500]["summary"],
            json!({"applied": 500, "unchanged": 0, "failed": 0, "pending": 0}),
            "seed {seed}"
        );
        for number in 0..MADE {
            let id = self.org.user_named(&format!("new{number}@acme.example")).unwrap();
            assert_eq!(lines[usize::try_from(number).unwrap()]["account"], json!(id), "seed {seed}");
            assert_eq!(self.held(&id), ["GroupMember", "PermissionSetAssignment"], "seed {seed}, {id}");
            assert_eq!(self.org.field(&id, "IsActive").unwrap(), json!(true));
        }
        for (number, id) in self.there.iter().enumerate() {
            let disabled = number % 2 == 0;
            let frozen = self.org.field(&self.org.login_of(id).unwrap(), "IsFrozen").unwrap();
            let state = ["Department", "Title", "IsActive"].map(|field| self.org.field(id, field).unwrap());
            assert_eq!(state, [json!("Finance"), json!("Clerk"), json!(!disabled)], "seed {seed}, {id}");
            assert_eq!(frozen, json!(!disabled), "seed {seed}, {id}");
            assert_eq!(self.held(id), ["PermissionSetAssignment"], "seed {seed}, {id}");
        }
        self.check_writes(seed);
    }

    fn held(&self, id: &str) -> Vec<&'static str> {
        let mut held: Vec<_> = self.org.holdings(id).unwrap().into_iter().map(|(object, _)| object).collect();
        held.sort_unstable();
        held
    }

    /// Nothing was written twice, not even to say what was so already.
    fn check_writes(&self, seed: u64) {
        let writes = self.org.writes();
        let mut times: BTreeMap<String, u32> = BTreeMap::new();
        for write in &writes {
            assert!(write.changed, "seed {seed}: {write:?} says what was so already");
            *times
                .entry(format!("{:?} {} {} {:?}", write.action, write.object, write.id, write.fields))
                .or_default() += 1;
        }
        let twice: BTreeSet<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "seed {seed}: {twice:?}");
        let count = |action, object| writes.iter().filter(|one| one.action == action && one.object == object).count();
        assert_eq!(count(WriteAction::Create, "User"), 100, "seed {seed}");
        assert_eq!(count(WriteAction::Create, "PermissionSetAssignment"), 200, "seed {seed}");
        assert_eq!(count(WriteAction::Create, "GroupMember"), 100, "seed {seed}");
        assert_eq!(count(WriteAction::Delete, "GroupMember"), 100, "seed {seed}");
        assert_eq!(count(WriteAction::Update, "User"), 150, "seed {seed}");
        assert_eq!(count(WriteAction::Update, "UserLogin"), 50, "seed {seed}");
        assert_eq!(writes.len(), WRITES, "seed {seed}");
    }

    /// Nothing is left that has not ended.
    fn check_journal(&self, seed: u64) {
        let pending = ["operations", "salesforce", "--outcome", "pending", "--output", "json"];
        assert_eq!(self.project.run(&pending).expect_code(0).stdout, "", "seed {seed}");
        let nothing = self.project.run(&["provision", "salesforce", "--resume"]).expect_code(0);
        assert!(nothing.stderr.contains("interrupted"), "seed {seed}: {nothing:?}");
    }
}

/// How many requests an undisturbed plan takes.
async fn length() -> u64 {
    let stage = Stage::set(Vec::new()).await;
    let ended = stage.apply().expect_code(0);
    stage.check(&ended, 0);
    stage.project.sandbox.requests().total
}

/// Kills the plan over and over, then lets it end. Says how often it was killed while at work, and in how many of these
/// cases some of the plan had been done.
async fn chain(seed: u64, kills: u32, length: u64) -> (u32, u32) {
    let stage = Stage::set(Vec::new()).await;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut killed, mut in_the_middle) = (0, 0);
    for _ in 0..kills {
        let pause = random.random_bool(0.3).then(|| random.random_range(Duration::ZERO..LATENCY * 3));
        // Some while the plan is previewed and settled, most while it is carried out. What is left of the plan takes fewer
        // requests than all of it, and a moment behind its end would be no kill.
        let written = stage.org.writes().len();
        let left = u64::try_from(WRITES.saturating_sub(written)).unwrap();
        let requests = (length * left / u64::try_from(WRITES).unwrap() / 2).max(2);
        let moment = match random.random_range(0..4) {
            0 => Moment::Requests(stage.project.sandbox.requests().total + random.random_range(1..requests)),
            _ => Moment::Writes(written + random.random_range(1..100)),
        };
        let at_work = stage.kill(moment, pause).await;
        let written = stage.org.writes().len();
        killed += u32::from(at_work);
        in_the_middle += u32::from(at_work && written > 0 && written < WRITES);
    }
    // A thread that waits for a process must not keep what the org has to do in its queue.
    let ended = tokio::task::block_in_place(|| stage.apply()).expect_code(0);
    if ended.json_lines()[500]["summary"]["applied"] == json!(500) {
        stage.check(&ended, seed);
    } else {
        // It had ended before the last kill: then all is so already.
        assert_eq!(ended.json_lines()[500]["summary"]["unchanged"], json!(500), "seed {seed}: {}", ended.stdout);
        stage.check_writes(seed);
    }
    tokio::task::block_in_place(|| stage.check_journal(seed));
    (killed, in_the_middle)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn killed_at_random_moments_a_plan_ends_as_if_undisturbed() {
    let length = length().await;
    // Side by side, because each waits a little for what may still be at work in the org.
    let (mut killed, mut in_the_middle) = (0, 0);
    for seeds in [1..=5, 6..=10] {
        let chains: Vec<_> = seeds.map(|seed| tokio::spawn(chain(seed, 5, length))).collect();
        for chain in chains {
            let (some, of_them) = chain.await.unwrap();
            killed += some;
            in_the_middle += of_them;
        }
    }
    assert!(killed >= 35, "only {killed} of 50 kills came before the end");
    assert!(in_the_middle >= 20, "only {in_the_middle} kills came in the middle: the test shows nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_after_the_change_was_made_are_settled_and_nothing_is_done_twice() {
    for fault in ["lost-answer:3", "cut:4", "lost-answer-once:2"] {
        let stage = Stage::set(vec![fault.parse().unwrap()]).await;
        let ended = stage.apply().expect_code(0);
        stage.check(&ended, 0);
        stage.check_journal(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_else_holds_are_tried_again_and_refused_ones_are_told() {
    let stage = Stage::set(vec!["lock-row:40".parse().unwrap()]).await;
    let ended = stage.apply().expect_code(0);
    stage.check(&ended, 0);

    let stage = Stage::set(vec!["refuse-row:50".parse().unwrap()]).await;
    let lines = stage.apply().expect_code(1).json_lines();
    let failed: Vec<&Value> = lines.iter().filter(|line| line["outcome"] == "failed").collect();
    assert!(failed.len() > 5, "{}", lines[500]);
    assert!(failed.iter().all(|line| line["error"]["help"].is_string()), "{failed:#?}");
    let summary = &lines[500]["summary"];
    assert_eq!(summary["applied"].as_u64().unwrap() + failed.len() as u64, 500, "{summary}");
}

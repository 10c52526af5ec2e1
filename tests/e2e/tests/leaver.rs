//! Promise: one operation takes everything from a leaver, step by step, and whatever happens in the middle, going on with it ends
//! with nothing left open and nothing done twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended, Project, Running};
use connector_sandbox_salesforce::{Blocker, Moment, Options, Org, Rights, WriteAction};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));
const LATENCY: Duration = Duration::from_millis(10);
const APPLY: [&str; 7] = ["provision", "salesforce", "plan.yaml", "--yes", "--resume", "--output", "json"];
const EVERYTHING: &str =
    "settings:\n  deprovision: [lock, disable, sessions, tokens, queues, groups, permission_sets, licenses, role]\n";

/// An org with leavers who have everything that there is to lose.
struct Stage {
    project: Project,
    org: Org,
    leavers: Vec<String>,
}

impl Stage {
    async fn set(count: usize) -> Self {
        let project = Project::start(BINARY, Options { users: 20, latency: LATENCY, ..Options::default() }).await;
        let org = project.sandbox.org().clone();
        let leavers: Vec<_> = (0..count).map(|number| arm(&project, &format!("leaver{number}@acme.example"))).collect();
        let plan: Vec<_> =
            (0..count).map(|number| format!("  - deprovision: {{account: leaver{number}@acme.example}}\n")).collect();
        fs::write(project.path("plan.yaml"), format!("operations:\n{}", plan.concat())).unwrap();
        Self { project, org, leavers }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.project.run(arguments)
    }

    /// How many rows of an object name the user.
    fn rows(&self, object: &str, field: &str, user: &str) -> usize {
        rows(&self.org, object).filter(|id| self.org.field(id, field).is_ok_and(|value| value == user)).count()
    }

    fn has_access(&self, user: &str) -> [usize; 3] {
        [
            self.rows("AuthSession", "UsersId", user),
            self.rows("OauthToken", "UserId", user),
            self.org.holdings(user).unwrap().len(),
        ]
    }

    fn is_barred(&self, user: &str) -> [Value; 2] {
        let login = self.org.login_of(user).unwrap();
        [self.org.field(&login, "IsFrozen").unwrap(), self.org.field(user, "IsActive").unwrap()]
    }
}

/// The ids of all rows of an object, those that are gone left out.
fn rows<'o>(org: &'o Org, object: &'o str) -> impl Iterator<Item = String> + 'o {
    let ids = (0..400).filter_map(move |number| org.id_of(object, number).ok());
    ids.filter(|id| org.field(id, "Id").is_ok())
}

/// A user with two sessions, one of which began the other, a token, a queue, a group, two sets and a license.
fn arm(project: &Project, name: &str) -> String {
    let org = project.sandbox.org();
    let user = project.add_user(name);
    let session = |parent: Value| {
        let fields = [
            ("UsersId", json!(user)),
            ("NumSecondsValid", json!(7200)),
            ("SessionType", json!("UI")),
            ("ParentId", parent),
        ];
        org.insert("AuthSession", &fields).unwrap()
    };
    let parent = session(Value::Null);
    session(json!(parent));
    org.insert("OauthToken", &[("UserId", json!(user)), ("AppName", json!("Mail")), ("UseCount", json!(3))]).unwrap();
    for kind in ["Regular", "Queue"] {
        let mut groups = rows(org, "Group");
        let group = groups.find(|id| org.field(id, "Type").unwrap() == kind).unwrap();
        org.insert("GroupMember", &[("GroupId", json!(group)), ("UserOrGroupId", json!(user))]).unwrap();
    }
    let set = |name: &str| rows(org, "PermissionSet").find(|id| org.field(id, "Name").unwrap() == name).unwrap();
    for name in ["Sales_Ops", "Data_Manage"] {
        org.assign_permission_set(&user, &set(name)).unwrap();
    }
    let license = org.id_of("PermissionSetLicense", 0).unwrap();
    org.insert(
        "PermissionSetLicenseAssign",
        &[("AssigneeId", json!(user)), ("PermissionSetLicenseId", json!(license))],
    )
    .unwrap();
    org.set(&user, "UserRoleId", org.id_of("UserRole", 5).unwrap()).unwrap();
    user
}

/// Two active users: one whom the user manages, and one for whom it approves. The second one is managed by it, too.
fn refer(project: &Project, user: &str) -> [String; 2] {
    let org = project.sandbox.org();
    let name = org.field(user, "Username").unwrap();
    let [one, other] = ["one", "other"].map(|which| project.add_user(&format!("{which}.{}", name.as_str().unwrap())));
    org.set(&one, "ManagerId", user).unwrap();
    org.set(&other, "ManagerId", user).unwrap();
    org.set(&other, "DelegatedApproverId", user).unwrap();
    [one, other]
}

fn kinds(operation: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    operation["steps"].as_array().unwrap().iter().map(|step| (text(&step["kind"]), text(&step["outcome"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_loses_what_the_settings_say_in_one_operation_and_keeps_the_rest() {
    let stage = Stage::set(1).await;
    let user = &stage.leavers[0];
    stage.org.set(&stage.org.user_id(9), "ManagerId", user.as_str()).unwrap();
    let preview = stage.run(&["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"]).expect_code(0);
    let planned = &preview.json_lines()[0];
    let usual = ["lock", "disable", "end_sessions", "revoke_tokens", "revoke", "revoke"];
    let of = |outcome: &str| usual.map(|kind| (kind.to_owned(), outcome.to_owned())).to_vec();
    assert_eq!(kinds(planned), of("planned"));
    assert_eq!(
        planned["detail"],
        "not done: it stays the manager of 1 active user: name `transfer_to`, or update their `ManagerId`"
    );
    assert_eq!(stage.org.writes(), [], "a preview changes nothing");

    let applied = &stage.run(&APPLY).expect_code(0).json_lines()[0];
    assert_eq!(kinds(applied), of("applied"));
    assert_eq!(stage.is_barred(user), [json!(true), json!(false)]);
    // Two permission sets and a license stay.
    assert_eq!(stage.has_access(user), [0, 0, 3]);

    // A second time, nothing is left to do; with other settings, the rest goes.
    let again = &stage.run(&APPLY).expect_code(0).json_lines()[0];
    assert_eq!((&again["outcome"], &again["detail"]), (&json!("unchanged"), &json!("has left already")));
    stage.project.write_source(EVERYTHING);
    let rest = &stage.run(&APPLY).expect_code(0).json_lines()[0];
    let left = ["revoke", "revoke", "revoke", "update"].map(|kind| (kind.to_owned(), "applied".to_owned()));
    assert_eq!(kinds(rest), left.to_vec());
    assert_eq!((stage.has_access(user), stage.org.field(user, "UserRoleId").unwrap()), ([0, 0, 0], Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_blocks_one_step_blocks_no_other_and_is_named() {
    let stage = Stage::set(2).await;
    stage.org.block_deactivation(&stage.leavers[0], Some(Blocker::DefaultWorkflowUser)).unwrap();
    let lines = stage.run(&APPLY).expect_code(1).json_lines();
    let [blocked, free] = &lines[..2] else { panic!("two operations") };
    assert_eq!(blocked["outcome"], "failed");
    let failed: Vec<_> = kinds(blocked).into_iter().filter(|(_, outcome)| outcome != "applied").collect();
    assert_eq!(failed, [("disable".to_owned(), "failed".to_owned())]);
    assert!(blocked["error"]["message"].as_str().unwrap().contains("Default Workflow User"), "{blocked}");
    assert_eq!(stage.is_barred(&stage.leavers[0]), [json!(true), json!(true)], "frozen at least");
    assert_eq!(stage.has_access(&stage.leavers[0])[..2], [0, 0]);
    assert_eq!(free["outcome"], "applied");
    let shown = stage.run(&["provision", "salesforce", "plan.yaml", "--yes"]).expect_code(1).stdout;
    assert!(shown.contains("Default Workflow User"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_account_can_not_do_is_said_in_the_preview_and_the_rest_is_done() {
    let stage = Stage::set(1).await;
    stage.org.set_available("AuthSession", false).unwrap();
    let lines = stage
        .run(&["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"])
        .expect_code(0)
        .json_lines();
    let note = lines[0]["detail"].as_str().unwrap();
    assert!(note.contains("no session is ended") && note.contains("AuthSession"), "{note}");
    assert!(kinds(&lines[0]).iter().all(|(kind, _)| kind != "end_sessions"));
    stage.run(&APPLY).expect_code(0);
    assert_eq!(stage.is_barred(&stage.leavers[0]), [json!(true), json!(false)]);

    let stage = Stage::set(1).await;
    stage.org.set_rights(Rights { manage_users: false, ..Rights::default() });
    let lines = stage
        .run(&["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"])
        .expect_code(1)
        .json_lines();
    let [kind, error] = ["kind", "message"].map(|member| lines[0]["error"][member].as_str().unwrap_or_default());
    assert!(kind == "permission" && error.contains("Manage Users"), "nothing can be done: {}", lines[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_tokens_can_be_ended_alone_and_the_service_account_never_bars_itself() {
    let stage = Stage::set(1).await;
    let user = &stage.leavers[0];
    let plan = "operations:\n  - end_sessions: {account: leaver0@acme.example}\n  - revoke_tokens: {account: leaver0@acme.example}\n";
    fs::write(stage.project.path("plan.yaml"), plan).unwrap();
    for outcome in ["applied", "unchanged"] {
        let lines = stage.run(&APPLY).expect_code(0).json_lines();
        assert!(lines[..2].iter().all(|line| line["outcome"] == outcome), "{outcome}: {lines:?}");
    }
    assert_eq!(stage.has_access(user)[..2], [0, 0]);
    assert_eq!(stage.is_barred(user), [json!(false), json!(true)]);
    for verb in ["deprovision", "end_sessions", "revoke_tokens"] {
        let plan = format!("operations:\n  - {verb}: {{account: integration@acme.example}}\n");
        fs::write(stage.project.path("own.yaml"), plan).unwrap();
        let ended = stage.run(&["provision", "salesforce", "own.yaml", "--yes", "--output", "json"]).expect_code(1);
        let message = ended.json_lines()[0]["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("service account"), "{verb}: {message}");
    }
    fs::write(stage.project.path("plan.yaml"), "operations:\n  - offboard: {account: leaver0@acme.example}\n").unwrap();
    let wrong = stage.run(&["validate", "plan.yaml"]).expect_code(2);
    assert!(wrong.stderr.contains("did you mean `deprovision`?"), "{}", wrong.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sessions_than_a_request_can_end_are_ended_in_several() {
    let stage = Stage::set(1).await;
    let user = &stage.leavers[0];
    for _ in 0..230 {
        let fields = [("UsersId", json!(user)), ("NumSecondsValid", json!(7200)), ("SessionType", json!("UI"))];
        stage.org.insert("AuthSession", &fields).unwrap();
    }
    fs::write(stage.project.path("plan.yaml"), "operations:\n  - end_sessions: {account: leaver0@acme.example}\n")
        .unwrap();
    let lines = stage.run(&APPLY).expect_code(0).json_lines();
    assert_eq!(lines[0]["outcome"], "applied", "{lines:?}");
    assert_eq!(stage.rows("AuthSession", "UsersId", user), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_refer_to_a_leaver_for_is_handed_over_in_steps_of_its_own() {
    let stage = Stage::set(1).await;
    let (user, boss) = (&stage.leavers[0], stage.project.add_user("boss@acme.example"));
    let [one, other] = refer(&stage.project, user);
    // Nobody manages itself: the one who takes over keeps its manager.
    stage.org.set(&boss, "ManagerId", user.as_str()).unwrap();
    let plan = "operations:\n  - deprovision: {account: leaver0@acme.example, transfer_to: boss@acme.example}\n";
    fs::write(stage.project.path("plan.yaml"), plan).unwrap();
    let preview = stage.run(&["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"]).expect_code(0);
    let planned = &preview.json_lines()[0];
    let steps = ["lock", "transfer", "transfer", "disable", "end_sessions", "revoke_tokens", "revoke", "revoke"];
    assert_eq!(kinds(planned), steps.map(|kind| (kind.to_owned(), "planned".to_owned())).to_vec());
    assert_eq!(planned["steps"][1]["changes"], json!([{"attribute": "reports", "from": user, "to": boss}]));
    assert_eq!(planned["steps"][2]["changes"], json!([{"attribute": "approvals", "from": user, "to": boss}]));
    let detail = planned["detail"].as_str().unwrap();
    assert!(detail.contains("not handed over: its records") && detail.contains("default workflow user"), "{detail}");
    let shown = stage.run(&["provision", "salesforce", "plan.yaml", "--preview"]).expect_code(0).stdout;
    assert!(shown.contains("reports") && shown.contains("REST API does not"), "{shown}");
    assert_eq!(stage.org.writes(), [], "a preview changes nothing");

    let applied = &stage.run(&APPLY).expect_code(0).json_lines()[0];
    assert_eq!(kinds(applied), steps.map(|kind| (kind.to_owned(), "applied".to_owned())).to_vec());
    let field = |id: &str, name: &str| stage.org.field(id, name).unwrap();
    assert_eq!((field(&one, "ManagerId"), field(&other, "ManagerId")), (json!(boss), json!(boss)));
    assert_eq!((field(&other, "DelegatedApproverId"), field(&one, "DelegatedApproverId")), (json!(boss), Value::Null));
    assert_eq!(field(&boss, "ManagerId"), json!(user));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_somebody_who_can_take_over_nothing_is_done_and_handing_over_works_alone() {
    let stage = Stage::set(2).await;
    let user = &stage.leavers[0];
    let [one, _] = refer(&stage.project, user);
    let inactive = stage.project.add_user("inactive@acme.example");
    stage.org.deactivate(&inactive).unwrap();
    for (heir, why) in [
        ("nobody@acme.example", "the org has no such user"),
        ("inactive@acme.example", "it is inactive"),
        ("leaver0@acme.example", "that is the user itself"),
        ("leaver1@acme.example", "it leaves with this plan"),
    ] {
        let plan = format!(
            "operations:\n  - deprovision: {{account: leaver0@acme.example, transfer_to: {heir}}}\n  - deprovision: {{account: leaver1@acme.example}}\n"
        );
        fs::write(stage.project.path("plan.yaml"), plan).unwrap();
        let preview = ["provision", "salesforce", "plan.yaml", "--preview", "--output", "json"];
        let lines = stage.run(&preview).expect_code(1).json_lines();
        let message = lines[0]["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{heir}: {}", lines[0]);
        assert_eq!(lines[1]["outcome"], "planned", "the other one can still leave");
    }
    stage.project.add_user("boss@acme.example");
    let plan = "operations:\n  - transfer: {account: leaver0@acme.example, to: boss@acme.example, what: reports}\n";
    fs::write(stage.project.path("plan.yaml"), plan).unwrap();
    for outcome in ["applied", "unchanged"] {
        let lines = stage.run(&APPLY).expect_code(0).json_lines();
        assert_eq!(lines[0]["outcome"], outcome, "{}", lines[0]);
    }
    assert_ne!(stage.org.field(&one, "ManagerId").unwrap(), json!(user));
    assert_eq!(stage.is_barred(user), [json!(false), json!(true)]);
    fs::write(stage.project.path("plan.yaml"), plan.replace("reports", "cases")).unwrap();
    let lines = stage.run(&APPLY).expect_code(1).json_lines();
    assert!(lines[0]["error"]["help"].as_str().unwrap().contains("`reports` or `approvals`"), "{}", lines[0]);
}

const LEAVERS: usize = 10;
/// For each: lock, disable, a session whose child ends with it, a token, queue, group, two sets, a license, the role, two managers and
/// an approver.
const WRITES: usize = LEAVERS * 13;

/// Kills the plan over and over, then lets it end. Says how often it was killed while at work.
async fn chain(seed: u64, kills: u32) -> u32 {
    let stage = Stage::set(LEAVERS).await;
    stage.project.write_source(&format!("{EVERYTHING}provisioning: {{max_disable: 100%, max_revoke: 100%}}\n"));
    let boss = stage.project.add_user("boss@acme.example");
    let referring: Vec<_> = stage.leavers.iter().map(|user| refer(&stage.project, user)).collect();
    let plan: Vec<_> = (0..LEAVERS)
        .map(|number| {
            format!("  - deprovision: {{account: leaver{number}@acme.example, transfer_to: boss@acme.example}}\n")
        })
        .collect();
    fs::write(stage.project.path("plan.yaml"), format!("operations:\n{}", plan.concat())).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut killed = 0;
    for _ in 0..kills {
        let (written, sandbox) = (stage.org.writes().len(), &stage.project.sandbox);
        let moment = match random.random_range(0..3) {
            0 => Moment::Requests(sandbox.requests().total + random.random_range(1..12)),
            _ => Moment::Writes(written + random.random_range(1..WRITES / 4)),
        };
        let (mut running, is_held) = Running::held(stage.project.command(&APPLY), sandbox, moment).await;
        if random.random_bool(0.3) {
            sandbox.release();
            tokio::time::sleep(random.random_range(Duration::ZERO..LATENCY * 3)).await;
        }
        killed += u32::from(is_held && !running.has_ended());
        running.kill();
        sandbox.release();
    }
    let ended = tokio::task::block_in_place(|| stage.run(&APPLY)).expect_code(0);
    let lines = ended.json_lines();
    assert!(lines[..LEAVERS].iter().all(|line| line["outcome"] != "failed"), "seed {seed}: {}", ended.stdout);
    for user in &stage.leavers {
        assert_eq!(stage.is_barred(user), [json!(true), json!(false)], "seed {seed}");
        assert_eq!(stage.has_access(user), [0, 0, 0], "seed {seed}: nothing stays");
        assert_eq!(stage.org.field(user, "UserRoleId").unwrap(), Value::Null, "seed {seed}");
    }
    for (id, field) in referring
        .iter()
        .flat_map(|[one, other]| [(one, "ManagerId"), (other, "ManagerId"), (other, "DelegatedApproverId")])
    {
        assert_eq!(stage.org.field(id, field).unwrap(), json!(boss), "seed {seed}: {field} is handed over");
    }
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for write in stage.org.writes() {
        assert!(write.changed && write.action != WriteAction::Create, "seed {seed}: {write:?}");
        *times.entry(format!("{:?} {} {:?}", write.action, write.id, write.fields)).or_default() += 1;
    }
    assert!(times.values().all(|count| *count == 1), "seed {seed}: {times:?}");
    let pending = ["operations", "salesforce", "--outcome", "pending", "--output", "json"];
    assert_eq!(tokio::task::block_in_place(|| stage.run(&pending)).expect_code(0).stdout, "", "seed {seed}");
    killed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn killed_at_50_random_moments_the_leavers_are_really_gone_and_nothing_is_done_twice() {
    let mut killed = 0;
    for seeds in [1..=5, 6..=10] {
        let chains: Vec<_> = seeds.map(|seed| tokio::spawn(chain(seed, 5))).collect();
        for chain in chains {
            killed += chain.await.unwrap();
        }
    }
    assert!(killed >= 30, "only {killed} of 50 kills came before the end");
}

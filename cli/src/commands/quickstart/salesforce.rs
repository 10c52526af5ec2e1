//! The tour with a simulated Salesforce org.

use super::super::sandbox::{prepare, source_values, start};
use super::tour::Tour;
use crate::exit::{Stop, file_error};
use crate::invocation::runtime;
use crate::output::{ACCENT, count, paint};
use connector_core::Result;
use connector_files::shell_word;
use connector_project::source::Project;
use connector_sandbox_salesforce::{Options, Sandbox};
use std::fs;
use std::path::Path;

const USERS: u64 = 1_000;
const NAME: &str = "salesforce";
const PLAN: &str = "plans/first.yaml";

/// Shows a simulated org, in the project `folder`, which is the current folder.
pub(super) fn run(tour: &Tour<'_>, folder: &str) -> Result<(), Stop> {
    tour.title("Create a key, and a simulated org whose app trusts its certificate")?;
    tour.step(&["cert", "new", NAME])?;
    let wired = prepare(Project::at("."), NAME)?;
    // The org runs on its own threads until the tour ends.
    let runtime = runtime()?;
    let sandbox = runtime.block_on(start(Options { users: USERS, ..Options::default() }, &wired))?;
    tour.say(&format!(
        "The simulated org runs at {} and has {} users. Its app has the certificate above.",
        sandbox.audience(),
        count(USERS)
    ))?;

    tour.title("Create a source: one YAML file")?;
    tour.source_new(NAME, NAME, &source_values(NAME, &sandbox))?;
    tour.say("Without its comments, which explain every setting, the file is:")?;
    tour.show_settings("sources/salesforce.yaml")?;
    tour.step(&["validate"])?;

    tour.title("Test the connection")?;
    tour.step(&["test", NAME])?;

    tour.title("Read the org into the store")?;
    tour.step(&["aggregate", NAME])?;
    tour.step(&["accounts", NAME, "--limit", "5"])?;
    tour.step(&["entitlements", NAME, "--type", "queue"])?;

    tour.title("Change the org with a plan")?;
    write_plan(&sandbox)?;
    tour.show_file(PLAN)?;
    tour.step(&["provision", NAME, PLAN, "--yes"])?;

    tour.title("Read the org again")?;
    tour.say(
        "The next run finds the changes of the plan. Meanwhile an administrator deactivates a user; the run finds that, too.",
    )?;
    tour.line("")?;
    change_something(&sandbox)?;
    tour.step(&["aggregate", NAME])?;
    tour.step(&["diff", NAME])?;
    drop(sandbox);
    end(tour, folder)
}

fn change_something(sandbox: &Sandbox) -> Result<()> {
    let id = sandbox.org().user_id(7);
    sandbox.org().deactivate(&id)
}

/// A plan for somebody who joins, and for two users of the simulated org: one moves, one leaves.
fn write_plan(sandbox: &Sandbox) -> Result<()> {
    let org = sandbox.org();
    let username = |number| org.field(&org.user_id(number), "Username").map(|name| name.as_str().map(str::to_owned));
    let text = format!(
        "\
operations:
  # Somebody joins.
  - create:
      name: jane.roe@acme.example
      attributes: {{FirstName: Jane, LastName: Roe, Department: Sales, Profile: Standard User}}
      entitlements: [permission_set/Sales_Ops, group/Sales_Team_0]
  # Somebody moves to another department.
  - update: {{account: {mover}, set: {{Department: Treasury, Title: Treasurer}}}}
  - grant: {{account: {mover}, entitlement: permission_set/Finance_Ops}}
  # Somebody leaves.
  - lock: {{account: {leaver}}}
  - disable: {{account: {leaver}}}
",
        mover = username(9)?.unwrap_or_default(),
        leaver = username(11)?.unwrap_or_default(),
    );
    let written = fs::create_dir_all("plans").and_then(|()| fs::write(PLAN, text));
    written.map_err(|cause| file_error("can't write", Path::new(PLAN), cause))
}

fn end(tour: &Tour<'_>, folder: &str) -> Result<(), Stop> {
    tour.title("Your turn")?;
    tour.say("The simulated org stops with this tour. To start it again, run this in one terminal:")?;
    let again = format!("connector sandbox salesforce --users {USERS} --write-project {}", shell_word(folder));
    tour.line(&format!("  {}", paint(ACCENT, again)))?;
    tour.say("and these in another:")?;
    let commands = [format!("connector test {NAME}"), format!("connector accounts {NAME} --where 'not enabled'")];
    tour.your_turn(folder, &commands)?;
    tour.say("For a real org you need a key (`connector cert new prod`), an app in Salesforce Setup with its certificate, and a source file (`connector source new salesforce prod`). `connector test prod` shows what is missing.")
}

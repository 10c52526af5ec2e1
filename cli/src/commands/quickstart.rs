//! `connector quickstart [DIR]`: a tour with a simulated org that shows each command as it runs it.

use super::sandbox::{prepare, source_values, start};
use crate::arguments::{Arguments, QuickstartArguments};
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::{Invocation, runtime};
use crate::output::{ACCENT, DIM, STRONG, count, paint, wrap};
use clap::Parser;
use connector_core::{Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_project::source::Project;
use connector_sandbox_salesforce::{Options, Sandbox};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

const USERS: u64 = 1_000;
const NAME: &str = "salesforce";
const PLAN: &str = "plans/first.yaml";

pub(crate) fn run(
    invocation: &Invocation,
    arguments: &QuickstartArguments,
    command_line: fn() -> clap::Command,
) -> Result<Exit, Stop> {
    let folder = &arguments.dir;
    refuse_used_folder(folder)?;
    let shown = folder.display().to_string();
    let tour = Tour { invocation, command_line };
    tour.say("You need no Salesforce org for this tour: a simulated one runs on your machine.")?;

    tour.title("Create a project")?;
    tour.step(&["init", &shown])?;
    tour.command(&format!("cd {}", shell_word(&shown)))?;
    env::set_current_dir(folder).map_err(|cause| file_error("can't enter", folder, cause))?;

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
    tour.write_source(&sandbox)?;
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
    tour.end(&shown)?;
    Ok(Exit::Success)
}

fn refuse_used_folder(folder: &Path) -> Result<()> {
    let is_used = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => false,
        Err(cause) => return Err(file_error("can't use", folder, cause)),
    };
    if !is_used {
        return Ok(());
    }
    let shown = folder.display();
    Err(Error::new(ErrorKind::Definition, format!("the folder `{shown}` is not empty"))
        .with_help("name another folder: `connector quickstart DIR`"))
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

/// The path of this program, if the shell would not find `connector`.
fn binary_off_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).any(|folder| folder.join("connector").is_file());
    if found { None } else { env::current_exe().ok() }
}

struct Tour<'a> {
    invocation: &'a Invocation,
    command_line: fn() -> clap::Command,
}

impl Tour<'_> {
    fn line(&self, line: &str) -> Result<(), Stop> {
        let printer = &self.invocation.printer;
        // With JSON, stdout holds only the documents of the commands.
        if printer.is_json() {
            printer.note(line);
            return Ok(());
        }
        printer.result_line(line)
    }

    fn say(&self, text: &str) -> Result<(), Stop> {
        for line in wrap(text, self.invocation.printer.prose_width()) {
            self.line(&line)?;
        }
        Ok(())
    }

    fn title(&self, title: &str) -> Result<(), Stop> {
        self.line(&format!("\n{}\n", paint(STRONG, format!("── {title}"))))
    }

    fn command(&self, command: &str) -> Result<(), Stop> {
        self.line(&format!("{} {}", paint(DIM, "$"), paint(ACCENT, command)))
    }

    /// Runs a command as if the user typed it, and ends the tour if it fails.
    fn step(&self, arguments: &[&str]) -> Result<(), Stop> {
        let words: Vec<_> = arguments.iter().map(|word| shell_word(word)).collect();
        self.command(&format!("connector {}", words.join(" ")))?;
        self.run(arguments)?;
        self.line("")
    }

    fn run(&self, arguments: &[&str]) -> Result<(), Stop> {
        let typed = ["connector"].iter().chain(arguments);
        let parsed = Arguments::try_parse_from(typed)
            .map_err(|fault| Error::new(ErrorKind::Internal, format!("a command of the tour is invalid: {fault}")))?;
        let exit = super::run(&self.invocation.within_tour(), parsed.command, self.command_line)?;
        self.invocation.printer.flush()?;
        if self.invocation.interrupted().is_some() {
            return Err(Error::new(ErrorKind::Cancelled, "the tour was canceled")
                .with_help("its files are still in the folder; to start again, name another folder")
                .into());
        }
        match exit {
            Exit::Success => Ok(()),
            exit => Err(Error::new(
                ErrorKind::Internal,
                format!("`connector {}` ended with exit code {}", arguments.join(" "), exit.code()),
            )
            .into()),
        }
    }

    /// `source new`, shown with one value per line.
    fn write_source(&self, sandbox: &Sandbox) -> Result<(), Stop> {
        let mut arguments = vec!["source".to_owned(), "new".to_owned(), "salesforce".to_owned(), NAME.to_owned()];
        let mut shown = format!("connector source new salesforce {NAME}");
        for (key, value) in source_values(NAME, sandbox) {
            _ = write!(shown, " \\\n    --set {key}={}", shell_word(&value));
            arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        self.command(&shown)?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        self.run(&arguments)?;
        self.line("")
    }

    /// The lines of a file that are not comments.
    fn show_settings(&self, file: &str) -> Result<(), Stop> {
        let text = fs::read_to_string(file).map_err(|cause| file_error("can't read", Path::new(file), cause))?;
        self.command(&format!("grep -vE '^ *(#|$)' {file}"))?;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
            self.line(line)?;
        }
        self.line("")
    }

    fn show_file(&self, file: &str) -> Result<(), Stop> {
        let text = fs::read_to_string(file).map_err(|cause| file_error("can't read", Path::new(file), cause))?;
        self.command(&format!("cat {file}"))?;
        self.line(&text)
    }

    fn end(&self, folder: &str) -> Result<(), Stop> {
        self.title("Your turn")?;
        self.say("The simulated org stops with this tour. To start it again, run this in one terminal:")?;
        self.line(&format!(
            "  {}",
            paint(
                ACCENT,
                format!("connector sandbox salesforce --users {USERS} --write-project {}", shell_word(folder))
            )
        ))?;
        self.say("and these in another:")?;
        self.line(&format!("  {}", paint(ACCENT, format!("cd {}", shell_word(folder)))))?;
        self.line(&format!("  {}", paint(ACCENT, format!("connector test {NAME}"))))?;
        self.line(&format!("  {}", paint(ACCENT, format!("connector accounts {NAME} --where 'not enabled'"))))?;
        self.line("")?;
        if let Some(binary) = binary_off_path() {
            self.say(&format!("`connector` is not on your PATH. Its path is {}.", binary.display()))?;
            self.line("")?;
        }
        self.say("For a real org you need a key (`connector cert new prod`), an app in Salesforce Setup with its certificate, and a source file (`connector source new salesforce prod`). `connector test prod` shows what is missing.")
    }
}

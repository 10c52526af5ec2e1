//! The deploys of the org: one at a time, in the order of the requests.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::apps::Apps;
use super::component::Kind;
use super::definition::Definition;
use super::history::{AppChange, Deploy, DeployStatus};
use super::package::Parcel;
use super::problem::Problem;
use crate::app::{App, AppKind};
use crate::id::Id;

/// A deploy that a client asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) parcel: Parcel,
    /// The user: id, username, name.
    pub(crate) by: (String, String, String),
    pub(crate) check_only: bool,
    pub(crate) ignore_warnings: bool,
    /// The options as they were sent; the response repeats them.
    pub(crate) options: Json,
}

/// The faults of deploys that are in effect.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) fails: bool,
    /// For how many polls a deploy is in progress.
    pub(crate) stuck: u64,
    /// New certificates are never accepted.
    pub(crate) never_accepted: bool,
}

/// A deploy that the org accepted.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) asked: Asked,
    pub(crate) deploy: Deploy,
    pub(crate) created: i64,
    pub(crate) started: Option<i64>,
    pub(crate) completed: Option<i64>,
    /// Components that were rejected or that caused a warning.
    pub(crate) problems: Vec<Problem>,
    /// For how many polls it was in progress.
    polls: u64,
}

/// All deploys since the start, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Deploys {
    jobs: Vec<Job>,
}

impl Deploys {
    /// Takes a deploy.
    pub(crate) fn add(&mut self, asked: Asked, now: i64) -> &Job {
        let deploy = Deploy {
            id: Id::new("0Af", 40_000_000 + self.jobs.len() as u64).to_string(),
            by: asked.by.1.clone(),
            check_only: asked.check_only,
            status: DeployStatus::Pending,
            changes: Vec::new(),
            problems: Vec::new(),
        };
        let job = Job { asked, deploy, created: now, started: None, completed: None, problems: Vec::new(), polls: 0 };
        self.jobs.push_mut(job)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Job> {
        let id = Id::parse(id)?;
        self.jobs.iter().find(|job| job.deploy.id == id.as_str())
    }

    pub(crate) fn history(&self) -> Vec<Deploy> {
        self.jobs.iter().map(|job| job.deploy.clone()).collect()
    }

    /// Cancels a deploy; false if it has already ended.
    pub(crate) fn cancel(&mut self, id: &str) -> bool {
        let job = self.jobs.iter_mut().find(|job| job.deploy.id == id && !job.deploy.status.is_done());
        job.map(|job| job.deploy.status = DeployStatus::Canceling).is_some()
    }

    /// Advances the current deploy by one step.
    pub(crate) fn step(&mut self, apps: &mut Apps, trouble: Trouble, is_poll: bool, now: i64) {
        let Some(job) = self.jobs.iter_mut().find(|job| !job.deploy.status.is_done()) else { return };
        match job.deploy.status {
            DeployStatus::Pending => {
                job.deploy.status = DeployStatus::InProgress;
                job.started = Some(now);
                job.polls = u64::from(is_poll);
            }
            DeployStatus::InProgress if job.polls < trouble.stuck => job.polls += u64::from(is_poll),
            DeployStatus::Canceling => {
                job.deploy.status = DeployStatus::Canceled;
                job.completed = Some(now);
            }
            _ => {
                job.finish(apps, trouble);
                job.completed = Some(now);
            }
        }
    }
}

impl Job {
    /// Deploys everything, or nothing if one component is rejected.
    fn finish(&mut self, apps: &mut Apps, trouble: Trouble) {
        self.problems = self.asked.parcel.problems.clone();
        if trouble.fails {
            self.problems.push(self.unexpected());
        }
        let mut drafts = BTreeMap::<String, App>::new();
        let mut changes = Vec::new();
        for definition in &self.asked.parcel.components {
            match owner(definition, apps) {
                Ok(app) => {
                    let app = drafts.entry(app.name.clone()).or_insert_with(|| app.clone());
                    let mut change = definition.apply(app);
                    rotate(definition, app, &mut change, &mut self.problems);
                    changes.push(change);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        self.deploy.problems = self.problems.iter().map(|problem| problem.text.clone()).collect();
        if self.failures().next().is_some() {
            self.deploy.status = DeployStatus::Failed;
            return;
        }
        self.deploy.status = DeployStatus::Succeeded;
        if !self.asked.check_only {
            self.deploy.changes = changes;
            for app in drafts.into_values() {
                apps.redefine(app, trouble.never_accepted);
            }
        }
    }

    /// The problems that make the deploy fail.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| !problem.is_warning || !self.asked.ignore_warnings)
    }

    /// The org's message for an internal error.
    fn unexpected(&self) -> Problem {
        let text =
            "UNKNOWN_EXCEPTION: An unexpected error occurred. Please include this ErrorId if you contact support";
        match self.asked.parcel.components.first() {
            Some(definition) => Problem::of(definition.kind, &definition.full_name, text),
            None => Problem::of_package(text),
        }
    }
}

/// The app that a component changes. A deploy does not create or rename apps here.
fn owner<'a>(definition: &Definition, apps: &'a Apps) -> Result<&'a App, Problem> {
    let Definition { kind, full_name, .. } = definition;
    let problem = |text: String| Problem::of(*kind, full_name, text);
    let unknown = |name: &str| problem(format!("INVALID_CROSS_REFERENCE_KEY: no app named {name} found"));
    let app = if *kind == Kind::GlobalOauthSettings {
        let name = definition.one("externalClientApplication").unwrap_or("");
        let app = apps.named(name).filter(|app| app.kind == AppKind::ExternalClientApp).ok_or_else(|| unknown(name))?;
        if kind.full_name(app) != *full_name {
            let text = format!("DUPLICATE_VALUE: {name} has global OAuth settings already: {}", kind.full_name(app));
            return Err(problem(text));
        }
        app
    } else {
        apps.of_component(*kind, full_name).ok_or_else(|| unknown(full_name))?
    };
    if definition.one("consumerKey").is_some_and(|key| key != app.consumer_key) {
        let text = "FIELD_INTEGRITY_EXCEPTION: consumerKey can't be changed after the app was created";
        return Err(problem(text.to_owned()));
    }
    Ok(app)
}

/// Generates a new key or secret if the component asks for one. The old ones end at once.
fn rotate(definition: &Definition, app: &mut App, change: &mut AppChange, problems: &mut Vec<Problem>) {
    for (order, what) in [("shouldRotateConsumerKey", "consumerKey"), ("shouldRotateConsumerSecret", "consumerSecret")]
    {
        if !definition.asks(order) {
            continue;
        }
        let text = format!("The {what} of {} is regenerated; clients that use the old one stop working", app.name);
        problems.push(Problem::of(definition.kind, &definition.full_name, text).warning());
        if what == "consumerKey" {
            app.consumer_key = format!("3MVG9{}", made_up());
        } else {
            app.client_secret = Some(SecretString::from(made_up()));
        }
        change.changed.push(what);
    }
}

fn made_up() -> String {
    let mut random = [0; 60];
    // The system's generator does not fail; were it to, the key would only be easier to guess on loopback.
    openssl::rand::rand_bytes(&mut random).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(random).replace(['-', '_'], "0")
}

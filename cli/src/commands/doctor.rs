//! `connector doctor`.

use super::cert::unfinished_rotation;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{BAD, GOOD, STRONG, WARN, bytes, moment, paint, plural, render_step};
use connector_core::{Error, StepStatus, TestStep, registry};
use connector_engine::query::{self, Run};
use connector_engine::store::{RunStatus, Store};
use connector_files::Role;
use connector_http::ProxyVariables;
use connector_keys::CertificateStatus;
use connector_project::certificate;
use connector_project::source::{Project, Source};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::path::Path;

/// A list in one line is unreadable if it has more names.
const MOST_NAMES: usize = 5;

/// How far the clock may be behind the last run before it is wrong: machines that share a store differ a little.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

#[derive(Serialize)]
struct Report {
    ok: bool,
    steps: Vec<TestStep>,
}

/// Checks everything that can be checked without the network. Each check runs, whatever an earlier one found.
pub(crate) fn run(invocation: &Invocation) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let names = project.sources();
    let loaded: Vec<(String, Option<Source>)> =
        names.iter().flatten().map(|name| (name.clone(), project.load(name).ok())).collect();
    let store = invocation.existing_store(&project);
    let last_run = store.as_ref().ok().and_then(Option::as_ref).and_then(|store| newest(store).ok().flatten());
    let steps = vec![
        program(&project),
        project_folder(&project),
        settings(&project),
        sources(names.as_ref().err(), &loaded),
        secrets(&project.folder().join("secrets")),
        store_file(invocation, &project, store.as_ref()),
        runs(last_run.as_ref()),
        certificates(invocation, &project, &loaded),
        proxies(&ProxyVariables::of_environment()),
        clock(Timestamp::now(), last_run.as_ref()),
    ];
    let ok = steps.iter().all(|step| step.status != StepStatus::Failed);
    if printer.is_json() {
        printer.json(&Report { ok, steps })?;
    } else {
        printer.result_line(format!("{}\n", paint(STRONG, "Checking this machine and project")))?;
        for step in &steps {
            printer.result_line(render_step(step, printer.prose_width()))?;
        }
        printer.result_line(format!("\n{}", conclusion(&steps)))?;
    }
    Ok(if ok { Exit::Success } else { Exit::Failure })
}

fn conclusion(steps: &[TestStep]) -> String {
    let count = |status| steps.iter().filter(|step| step.status == status).count() as u64;
    match (count(StepStatus::Failed), count(StepStatus::Warning)) {
        (0, 0) => paint(GOOD, "No problems found"),
        (0, warnings) => paint(WARN, plural(warnings, "warning")),
        (failed, warnings) => {
            let (failed, warnings) = (plural(failed, "problem"), plural(warnings, "warning"));
            format!("{}, {warnings}", paint(BAD, failed))
        }
    }
}

fn passed(name: &'static str, detail: impl Into<String>) -> TestStep {
    step(name, StepStatus::Passed, detail, None)
}

fn warning(name: &'static str, detail: impl Into<String>, help: impl Into<String>) -> TestStep {
    step(name, StepStatus::Warning, detail, Some(help.into()))
}

fn failed(name: &'static str, detail: impl Into<String>, help: Option<String>) -> TestStep {
    step(name, StepStatus::Failed, detail, help)
}

fn step(name: &'static str, status: StepStatus, detail: impl Into<String>, help: Option<String>) -> TestStep {
    let mut step = TestStep::new(name, status);
    step.detail = Some(detail.into());
    step.help = help;
    step
}

fn program(project: &Project) -> TestStep {
    let connectors: Vec<_> = project.catalog().connectors().iter().map(|one| &*one.registration.name).collect();
    let schemes: Vec<_> = registry::secret_resolvers().iter().map(|one| one.scheme).collect();
    let list = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    passed(
        "program",
        format!(
            "connector {}, {}; connectors: {}; secrets from: {}",
            env!("CARGO_PKG_VERSION"),
            openssl::version::version(),
            list(connectors),
            list(schemes)
        ),
    )
}

fn project_folder(project: &Project) -> TestStep {
    let folder = project.folder();
    if folder.join("sources").is_dir() || folder.join("connector.yaml").is_file() {
        return passed("project", folder.display().to_string());
    }
    let detail = format!("`{}` is not a project: it has no `connector.yaml` and no `sources/`", folder.display());
    warning("project", detail, "run `connector init`, or name the project folder with `-C DIR`")
}

fn settings(project: &Project) -> TestStep {
    match project.settings() {
        Ok(_) => passed("settings", "connector.yaml is valid, or the defaults apply"),
        Err(problems) => failed(
            "settings",
            format!("connector.yaml has {}", plural(problems.0.len() as u64, "problem")),
            Some("run `connector validate` to see each one with its line".into()),
        ),
    }
}

fn sources(unreadable: Option<&Error>, loaded: &[(String, Option<Source>)]) -> TestStep {
    if let Some(error) = unreadable {
        return failed("sources", error.message(), error.help().map(str::to_owned));
    }
    let invalid: Vec<_> = loaded.iter().filter(|(_, source)| source.is_none()).map(|(name, _)| name.as_str()).collect();
    if loaded.is_empty() {
        let help = "run `connector source new CONNECTOR NAME` to create one";
        return warning("sources", "this project has no sources yet", help);
    }
    let total = plural(loaded.len() as u64, "source");
    if invalid.is_empty() {
        return passed("sources", format!("{total}, all valid"));
    }
    let help = "run `connector validate` to see each problem with its line";
    failed("sources", format!("{} of {total} are not valid: {}", invalid.len(), some(&invalid)), Some(help.into()))
}

/// The first names of a list, and how many more it has.
fn some(names: &[&str]) -> String {
    match names.len().checked_sub(MOST_NAMES) {
        Some(more) if more > 0 => format!("{} and {more} more", names[..MOST_NAMES].join(", ")),
        _ => names.join(", "),
    }
}

/// The files are checked as every command checks them when it reads a key.
fn secrets(folder: &Path) -> TestStep {
    if !folder.is_dir() {
        return passed("secrets", "this project has no `secrets/` folder");
    }
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // Certificates are public.
    let is_public = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') || name.ends_with(".crt") || name.ends_with(".csr")
    };
    let files = files.filter(|path| !is_public(path));
    let refused: Vec<_> =
        files.filter_map(|path| connector_files::check(&path, Role::Secret, u64::MAX).err()).collect();
    match refused.as_slice() {
        [] => passed("secrets", "only you can read the keys and passwords in `secrets/`"),
        [first, others @ ..] => {
            let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
            warning("secrets", format!("{}{more}", first.message), first.help.clone().unwrap_or_default())
        }
    }
}

fn store_file(invocation: &Invocation, project: &Project, store: Result<&Option<Store>, &Error>) -> TestStep {
    let place = match invocation.store_place(project) {
        Ok(place) => place,
        Err(error) => return failed("store", error.message(), error.help().map(str::to_owned)),
    };
    match store {
        Err(error) => failed("store", error.message(), error.help().map(str::to_owned)),
        Ok(None) => passed("store", format!("`{place}` does not exist yet; the first aggregation creates it")),
        Ok(Some(store)) => match query::bytes_of_store(store) {
            Ok(size) => passed("store", format!("{place}, {}", bytes(size))),
            Err(error) => failed("store", error.message(), error.help().map(str::to_owned)),
        },
    }
}

fn newest(store: &Store) -> connector_core::Result<Option<Run>> {
    Ok(query::runs(store, None, Some(1))?.pop())
}

fn runs(last: Option<&Run>) -> TestStep {
    let Some(Run { report, started_at, .. }) = last else { return passed("runs", "no source was aggregated yet") };
    let detail = format!("the last run, of `{}`, {} ({})", report.source, report.status.name(), moment(*started_at));
    match report.status {
        RunStatus::Succeeded | RunStatus::Running => passed("runs", detail),
        RunStatus::Interrupted => {
            warning("runs", detail, format!("run `connector aggregate {}` to continue it", report.source))
        }
        _ => warning("runs", detail, format!("run `connector run show {}` to see why", report.run)),
    }
}

fn certificates(invocation: &Invocation, project: &Project, loaded: &[(String, Option<Source>)]) -> TestStep {
    let now = Timestamp::now();
    let mut watched = 0_u64;
    let mut attention = Vec::new();
    for (name, source) in loaded {
        let Some(source) = source else { continue };
        let seen = certificate::glance(project, source, now);
        watched += u64::from(seen.is_some());
        let verdict = seen.map(|seen| seen.verdict).filter(|verdict| verdict.status != CertificateStatus::Ok);
        if verdict.is_some() || unfinished_rotation(invocation, project, name).is_some() {
            attention.push(name.as_str());
        }
    }
    if attention.is_empty() {
        return passed("certificates", format!("{} in files, none needs attention", plural(watched, "certificate")));
    }
    warning("certificates", format!("needs attention: {}", some(&attention)), "run `connector cert check` for details")
}

fn proxies(variables: &ProxyVariables) -> TestStep {
    if !variables.invalid.is_empty() {
        return failed(
            "proxy",
            format!("the environment variable {} does not hold the URL of a proxy", some(&variables.invalid)),
            Some("set it to a URL such as http://proxy.acme.example:3128, or remove it".into()),
        );
    }
    match &*variables.valid {
        [] => passed("proxy", "no proxy in the environment"),
        names => {
            passed("proxy", format!("requests use the proxy in {}, unless the source has `http.proxy`", some(names)))
        }
    }
}

fn clock(now: Timestamp, last: Option<&Run>) -> TestStep {
    if let Some(run) = last
        && run.started_at.duration_since(now) > CLOCK_TOLERANCE
    {
        let detail = format!("this clock shows {now:.0}, but the last run started at {:.0}", run.started_at);
        return failed("clock", detail, Some("set the clock: sign-ins with a wrong time are refused".into()));
    }
    passed("clock", format!("{now:.0}; `connector test NAME` compares it with the clock of a source"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_variable_that_is_not_a_url_is_named_without_its_value() {
        let with = |value: &'static str| {
            proxies(&ProxyVariables::of(|name| (name == "HTTPS_PROXY").then(|| value.to_owned())))
        };
        for wrong in ["garbage", "http://", "://x", "user:hunter2@"] {
            let step = with(wrong);
            assert_eq!(step.status, StepStatus::Failed, "{wrong}");
            assert!(step.detail.unwrap().contains("HTTPS_PROXY"));
            assert!(!format!("{:?}", step.help).contains("hunter2"));
        }
        for right in
            ["http://proxy.acme.example:3128", "proxy.acme.example:3128", "http://127.0.0.1:1", "proxy:3128", ""]
        {
            assert_eq!(with(right).status, StepStatus::Passed, "{right}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(some(&["a", "b"]), "a, b");
        assert_eq!(some(&["a", "b", "c", "d", "e"]), "a, b, c, d, e");
        assert_eq!(some(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c, d, e and 2 more");
    }
}

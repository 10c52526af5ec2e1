//! Reads `connector.yaml`.

use super::super::definition::ProjectSettings;
use super::super::schema;
use super::source::add_fault;
use super::{mapping, refs, settings_file};
use crate::document::{Fault, Findings, Problems, ref_fault};
use crate::identities::{Correlator, IdentitySettings};
use connector_sql::{Address, Place};
use std::path::Path;

/// What to say about the name of a source that the project does not have.
type MissingSource<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads `connector.yaml`. Without that file, everything has its default.
pub(in super::super) fn project_settings(
    path: &Path,
    missing: &MissingSource<'_>,
) -> Result<ProjectSettings, Problems> {
    settings_file::settings(path, |findings| checked_settings(findings, missing))
}

fn checked_settings(findings: &mut Findings<'_>, missing: &MissingSource<'_>) -> Option<ProjectSettings> {
    let (mut value, known_faults) = settings_file::whole(findings, &mapping::THE_SETTINGS, &schema::project_schema())?;
    refs::check_proxy(findings, &value["http"]);
    refs::check_schedule(findings, &value["aggregation"]);
    refs::check_time_zone(findings, &value["time_zone"]);
    refs::check_refs(findings, &value["http"], "/http", &known_faults);
    if let Some(Err((title, help))) = value["store"].as_str().map(store_place) {
        let detail = "expected a path or the URL of a PostgreSQL database".to_owned();
        // A password in it is shown to nobody.
        let secret = title.contains("password");
        findings.at_value(
            "/store",
            Fault { rule: "unsupported_store", title, detail, help: Some(help.to_owned()), secret },
        );
    }
    if let Some(text) = value["store_password_ref"].as_str()
        && let Some(fault) = ref_fault("store_password_ref", text)
    {
        findings.at_value("/store_password_ref", fault);
    }
    let problems = findings.any();
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    let settings: ProjectSettings = (!problems).then_some(value).and_then(|value| findings.typed(&value, ""))?;
    if let Some(identities) = &settings.identities {
        check_identities(findings, identities, missing);
    }
    (!findings.any()).then_some(settings)
}

/// Adds what the schema can't say: rules that can't be read, and sources that the project does not have.
fn check_identities(findings: &mut Findings<'_>, identities: &IdentitySettings, missing: &MissingSource<'_>) {
    for fault in Correlator::of(identities).err().into_iter().flatten() {
        add_fault(findings, "/identities", fault);
    }
    for (place, name) in identities.named_sources() {
        if let Some(help) = missing(name) {
            let title = format!("the source `{name}` does not exist");
            let fault = Fault { rule: "unknown_source", title, help: Some(help), ..Fault::default() };
            findings.at_value(&format!("/identities{place}"), fault);
        } else if place != "/authority" && name == identities.authority {
            let title = format!("the accounts of the authority `{name}` are the people");
            let fault =
                Fault::new("invalid_settings", title, "", "name only sources whose accounts look for their people");
            findings.at_value(&format!("/identities{place}"), fault);
        }
    }
}

/// What to write as a store.
const FORMS: &str = "write a path, or `postgres://USER@HOST/DATABASE`";

/// Where a store is, with what is wrong about it and what to do.
pub(in super::super) fn store_place(location: &str) -> Result<Place, (String, &'static str)> {
    if Address::is_one(location) {
        return Address::parse(location).map(Place::Server);
    }
    // Each command opens the store, so it would begin empty each time.
    let in_memory = || Err(("the store must be a file: a store in memory ends with each command".to_owned(), FORMS));
    match location.split_once(':') {
        Some(("sqlite", path)) => match path.strip_prefix("//").unwrap_or(path) {
            "" => Err(("the path of the store is missing".to_owned(), FORMS)),
            ":memory:" => in_memory(),
            path => Ok(Place::File(path.into())),
        },
        Some(("", "memory:")) => in_memory(),
        // A ref, not a store: SQLite would take it as a URL.
        Some(("file", _)) => Err(("a store is written without `file:`".to_owned(), FORMS)),
        Some((scheme, rest)) if rest.starts_with("//") => {
            Err((format!("this version does not support `{scheme}` stores"), FORMS))
        }
        _ => Ok(Place::File(location.into())),
    }
}

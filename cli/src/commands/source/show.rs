//! `connector source show NAME`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{STRONG, day, days_until, fields, moment, paint};
use connector_engine::query;
use connector_project::certificate;
use connector_project::source::Source;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn run(invocation: &Invocation, name: &str) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let source = project.load(name)?;
    let last_run = match invocation.existing_store(&project)? {
        Some(store) => query::last_run(&store, &source.name)?,
        None => None,
    };
    let watched = certificate::glance(&project, &source, Timestamp::now());
    let warning = watched.as_ref().and_then(certificate::Watched::warning);
    let certificate = watched.and_then(|watched| watched.certificate);
    if printer.is_json() {
        let certificate = certificate.map(|certificate| {
            json!({
                "subject": certificate.subject(),
                "not_after": certificate.not_after(),
                "days_left": days_until(certificate.not_after(), Timestamp::now()),
                "sha256": certificate.sha256(),
            })
        });
        printer.json(&json!({
            "name": source.name,
            "path": source.path,
            "connector": source.connector.name,
            "description": source.description,
            "auth": source.auth.as_ref().map(auth_as_json),
            "http": http_as_json(&source),
            "settings": source.settings,
            "aggregation": aggregation_as_json(&source),
            "provisioning": source.provisioning,
            "limits": source.limits,
            "last_run": last_run,
            "certificate": certificate,
        }))?;
        return Ok(Exit::Success);
    }
    printer.result(fields(
        &[
            ("name", source.name.clone()),
            ("connector", format!("{} ({})", source.connector.name, source.connector.title)),
            ("description", source.description.clone().unwrap_or_default()),
            ("file", source.path.display().to_string()),
            (
                "last run",
                last_run.map_or("never".to_owned(), |run| {
                    format!("{} {} ({})", run.report.status.name(), moment(run.started_at), run.report.run)
                }),
            ),
            (
                "certificate",
                certificate
                    .map(|certificate| {
                        let days = days_until(certificate.not_after(), Timestamp::now());
                        format!(
                            "{}, valid until {} ({days} days left)",
                            certificate.subject(),
                            day(certificate.not_after())
                        )
                    })
                    .unwrap_or_default(),
            ),
        ],
        printer.prose_width(),
    ))?;
    for (title, block) in [
        ("auth", source.auth.as_ref().map(auth_as_json).unwrap_or_default()),
        ("http", http_as_json(&source)),
        ("settings", source.settings.clone()),
        ("aggregation", aggregation_as_json(&source)),
        ("provisioning", json!(source.provisioning)),
        ("limits", json!(source.limits)),
    ] {
        show_block(invocation, title, &block)?;
    }
    if let Some(warning) = warning {
        printer.warning(&warning);
    }
    Ok(Exit::Success)
}

fn show_block(invocation: &Invocation, title: &str, block: &Value) -> Result<(), Stop> {
    let Some(members) = block.as_object() else { return Ok(()) };
    let pairs: Vec<_> = members
        .iter()
        .map(|(name, value)| {
            let text = match value {
                Value::Null => String::new(),
                Value::Array(values) if values.is_empty() => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.as_str(), text)
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let printer = &invocation.printer;
    printer.result(format!("\n{}\n", paint(STRONG, title)))?;
    printer.result(fields(&pairs, printer.prose_width()))
}

/// A checked `auth:` block holds only refs and public values.
fn auth_as_json(auth: &connector_project::source::AuthBlock) -> Value {
    let mut block = json!({"grant_type": auth.strategy.grant_type});
    if let (Some(all), Some(settings)) = (block.as_object_mut(), auth.settings.as_object()) {
        all.extend(settings.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    block
}

fn http_as_json(source: &Source) -> Value {
    let http = &source.http;
    json!({
        "ca_file": http.ca_file,
        "proxy": http.proxy.as_ref().map(proxy_without_login),
        "client_certificate_ref": http.client_certificate_ref,
        "client_key_ref": http.client_key_ref,
        "client_key_password_ref": http.client_key_password_ref,
        "timeout": http.timeout,
        "requests_per_second": http.requests_per_second,
        "allow_insecure_loopback": http.allow_insecure_loopback,
    })
}

fn proxy_without_login(proxy: &url::Url) -> String {
    let mut shown = proxy.clone();
    if shown.password().is_some() {
        // Fails only for URLs that can't have a login.
        let _ = shown.set_password(Some("hidden"));
    }
    shown.to_string()
}

fn aggregation_as_json(source: &Source) -> Value {
    let aggregation = &source.aggregation;
    json!({
        "schedule": aggregation.schedule,
        "full_every": aggregation.full_every,
        "concurrency": aggregation.concurrency,
        "delete_threshold": aggregation.delete_threshold,
        "delete_window": aggregation.delete_window,
    })
}

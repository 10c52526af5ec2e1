//! Checks what a file refers to: secret refs, URLs and files.

use super::super::schedule;
use crate::document::{Fault, Findings, is_secret_name, joined, ref_fault};
use connector_core::{SecretRef, Sensitivity, is_loopback, registry};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::Path;
use url::Url;

/// Adds the problems of each `…_ref` in a block, judged by its text alone.
pub(super) fn check_refs(findings: &mut Findings<'_>, block: &Value, pointer: &str, known_faults: &BTreeSet<String>) {
    each_ref(block, pointer, &mut |pointer, key, text| {
        if !known_faults.contains(pointer)
            && let Some(fault) = ref_fault(key, text)
        {
            findings.at_value(pointer, fault);
        }
    });
}

fn each_ref(block: &Value, pointer: &str, visit: &mut impl FnMut(&str, &str, &str)) {
    match block {
        Value::Object(members) => {
            for (key, value) in members {
                let pointer = joined(pointer, key);
                match value {
                    Value::String(text) if key.ends_with("_ref") => visit(&pointer, key, text),
                    _ => each_ref(value, &pointer, visit),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_ref(item, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// Adds the problems of the URLs in a block: the values that its schema calls URIs, and the keys named `…_url`.
pub(super) fn check_urls(
    findings: &mut Findings<'_>,
    block: &Map<String, Value>,
    schema: &Value,
    pointer: &str,
    insecure_loopback: bool,
) {
    for (key, value) in block {
        let is_url = key.ends_with("_url") || schema["properties"][key]["format"] == "uri";
        if let (true, Some(text)) = (is_url && !is_secret_name(key), value.as_str())
            && let Some(fault) = url_fault(key, text, insecure_loopback)
        {
            findings.at_value(&joined(pointer, key), fault);
        }
    }
}

fn url_fault(key: &str, text: &str, insecure_loopback: bool) -> Option<Fault> {
    let fault = |title: String, detail: &str, help: &str| {
        Some(Fault { rule: "bad_url", title, detail: detail.into(), help: Some(help.into()), secret: false })
    };
    let Ok(url) = Url::parse(text) else {
        let help =
            format!("write the complete URL, for example `{key}: https://login.example.com/services/oauth2/token`");
        return fault(format!("`{key}` is not a URL"), "expected `https://HOST/PATH`", &help);
    };
    match url.scheme() {
        "https" => None,
        "http" if !is_loopback(&url) => fault(
            format!("`{key}` uses plain http"),
            "expected `https://`",
            "write `https://`, because Connector sends credentials there",
        ),
        "http" if insecure_loopback => None,
        "http" => fault(
            format!("`{key}` uses plain http"),
            "allowed only on loopback, and only with `allow_insecure_loopback`",
            "write `https://`, or add `allow_insecure_loopback: true` under `http:` for a simulated system",
        ),
        _ => fault(format!("`{key}` is not an https URL"), "expected `https://HOST/PATH`", "begin it with `https://`"),
    }
}

/// Adds the problems of the proxy. Plain http is normal for a proxy.
pub(super) fn check_proxy(findings: &mut Findings<'_>, http: &Value) {
    let Some(text) = http["proxy"].as_str() else { return };
    let usable = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !usable {
        findings.at_value(
            "/http/proxy",
            Fault {
                rule: "bad_url",
                title: "`proxy` is not a URL".into(),
                detail: "expected `http://HOST:PORT`".into(),
                help: Some("include the scheme, for example `proxy: http://proxy.acme.example:3128`".into()),
                secret: false,
            },
        );
    }
}

/// Adds what is wrong with the schedule. One that is not five fields has its own report.
pub(super) fn check_schedule(findings: &mut Findings<'_>, aggregation: &Value) {
    let Some(text) = aggregation["schedule"].as_str().filter(|text| text.split_whitespace().count() == 5) else {
        return;
    };
    if let Some((span, title)) = schedule::fault(text) {
        let help = "write minute, hour, day of the month, month and weekday, for example `0 */4 * * *`";
        let fault = Fault::new("bad_schedule", format!("`schedule` is not a valid cron schedule: {title}"), "", help);
        findings.at_part("/aggregation/schedule", &span, fault);
    }
}

/// Adds a name that is no time zone.
pub(super) fn check_time_zone(findings: &mut Findings<'_>, name: &Value) {
    if name.as_str().is_some_and(|name| TimeZone::get(name).is_err()) {
        let help = "write a name of the IANA database, for example `Europe/Rome`, or `UTC`";
        let fault = Fault::new("bad_time_zone", "`time_zone` is not a time zone", "no time zone has this name", help);
        findings.at_value("/time_zone", fault);
    }
}

/// Adds a client certificate without its key, or the reverse. Each can stand in the source or in `connector.yaml`.
pub(super) fn check_client_certificate(findings: &mut Findings<'_>, http: &Value, defaults: &Map<String, Value>) {
    let [certificate, key, password] = ["client_certificate_ref", "client_key_ref", "client_key_password_ref"];
    let is_set = |key: &str| http.get(key).or_else(|| defaults.get(key)).is_some_and(|value| !value.is_null());
    for (has, needs) in [(certificate, key), (key, certificate), (password, key)] {
        if is_set(has) && !is_set(needs) {
            let title = format!("`{has}` needs `{needs}`");
            let help = format!("add `{needs}: …` under `http:`, or remove `{has}`");
            findings
                .at_key(&format!("/http/{has}"), Fault::new("incomplete_pair", title, "set without the other", &help));
        }
    }
}

/// Adds each file that the source names and that does not exist, or that other users can read.
pub(super) fn check_files(findings: &mut Findings<'_>, source: &Value, project: &Path) {
    let mut files = Vec::new();
    each_ref(source, "", &mut |pointer, key, text| {
        if let Ok(reference) = text.parse::<SecretRef>()
            && reference.scheme() == "file"
            // An invalid ref has its own report.
            && registry::secret_resolver("file").is_ok_and(|file| (file.resolver)().check(&reference).is_ok())
        {
            // Certificates are public. Everything else that a ref references is secret.
            let public = key.contains("certificate") || key.contains("public");
            let sensitivity = if public { Sensitivity::Public } else { Sensitivity::Secret };
            files.push((pointer.to_owned(), project.join(reference.rest()), sensitivity));
        }
    });
    if let Some(file) = source["http"]["ca_file"].as_str() {
        files.push(("/http/ca_file".to_owned(), project.join(file), Sensitivity::Public));
    }
    for (pointer, path, sensitivity) in files {
        if let Err(error) = connector_secrets::check_file(&path, sensitivity) {
            findings.at_value(
                &pointer,
                Fault {
                    rule: "file_not_usable",
                    title: error.message().to_owned(),
                    detail: "referenced here".into(),
                    help: error.help().map(str::to_owned),
                    secret: false,
                },
            );
        }
    }
}

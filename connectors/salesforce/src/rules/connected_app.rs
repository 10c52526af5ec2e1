//! Sources that sign in with a connected app.

use crate::platform::CONNECTED_APPS;
use connector_core::{AuditedSource, Check, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("salesforce_connected_app", "Sources that sign in with a connected app", Severity::Low, Check::Source(check))
        .because("since Spring '26, orgs make no new connected apps: one that is deleted can't be made again without Salesforce Support")
        .cured_by("make an External Client App, name it in `settings.app`, and use its consumer key and My Domain audience in `auth:`")
        .only_for("salesforce")
}

fn check(audited: &AuditedSource<'_>, hits: &mut Vec<Hit>) {
    let settings = audited.settings;
    let apps = settings["apps"].as_array().into_iter().flatten().chain([&settings["app"]]);
    for app in apps.filter(|app| app["kind"] == "connected_app") {
        let name = app["name"].as_str().unwrap_or_default();
        hits.push(Hit::new(format!(
            "it signs in with the connected app {name}; since {CONNECTED_APPS}, no new ones can be made"
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Criteria;
    use serde_json::json;

    #[test]
    fn connected_apps_are_found_and_external_client_apps_are_not() {
        let mut hits = Vec::new();
        for settings in [
            json!({}),
            json!({"app": {"kind": "external_client_app", "name": "New"}}),
            json!({"app": {"kind": "connected_app", "name": "Old"}}),
            json!({"apps": [{"kind": "connected_app", "name": "A"}, {"kind": "external_client_app", "name": "B"}]}),
        ] {
            let now = "2026-12-01T00:00:00Z".parse().unwrap();
            check(&AuditedSource::new("salesforce", &settings, Criteria::at(now)), &mut hits);
        }
        assert!(hits.len() == 2 && hits[0].detail.contains("Old") && hits[1].detail.contains(" A;"), "{hits:?}");
    }
}

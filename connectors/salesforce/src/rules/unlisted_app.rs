//! Apps that the org does not list.

use connector_core::{Check, Entitlement, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new("salesforce_unlisted_app", "Apps that only OAuth tokens name", Severity::Info, Check::Entitlement(check))
        .because("nobody installed them in the org, so no policy of the org says who may use them; Salesforce's own apps are among them")
        .cured_by("install or block the app in Setup › Connected Apps OAuth Usage")
        .only_for("salesforce")
}

fn check(entitlement: &Entitlement, hits: &mut Vec<Hit>) {
    let is_listed = entitlement.attributes.get::<String>("SobjectType").is_some();
    if entitlement.key.entitlement_type == "app" && !is_listed {
        hits.push(Hit::new("users hold tokens of it, and the org does not list it"));
    }
}

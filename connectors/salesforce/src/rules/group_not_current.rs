//! Permission set groups that Salesforce has not recalculated.

use connector_core::{Check, Entitlement, Hit, Rule, Severity, register_rule};

register_rule! {
    Rule::new(
        "salesforce_group_not_current",
        "Permission set groups that are not recalculated",
        Severity::Medium,
        Check::Entitlement(check),
    )
    .because("its members have the permissions of an earlier state, which nobody sees in Setup")
    .cured_by("open the group in Setup and choose Recalculate")
    .only_for("salesforce")
}

fn check(entitlement: &Entitlement, hits: &mut Vec<Hit>) {
    if entitlement.key.entitlement_type != "permission_set_group" {
        return;
    }
    if let Some(status) = entitlement.attributes.get::<String>("Status").filter(|status| status != "Updated") {
        hits.push(Hit::new(format!("its status is {status}")));
    }
}

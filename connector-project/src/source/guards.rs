//! The guards of a source that are off or loosened.

use super::caps::{Cap, Capped, ProvisioningSettings};
use super::definition::AggregationSettings;
use connector_core::TimeSpan;

/// The guards that a source turns off or loosens, in words.
pub fn loosened_guards(aggregation: &AggregationSettings, provisioning: &ProvisioningSettings) -> Vec<String> {
    let usual = AggregationSettings::default();
    let mut loosened = Vec::new();
    let threshold = aggregation.delete_threshold;
    if threshold.percent() >= 100.0 {
        loosened.push("the guard is off: `aggregation.delete_threshold` lets a run remove everything".to_owned());
    } else if threshold > usual.delete_threshold {
        let usual = usual.delete_threshold;
        loosened
            .push(format!("the guard is loosened: `aggregation.delete_threshold` is {threshold}; usual is {usual}"));
    }
    if aggregation.delete_window < usual.delete_window {
        let (window, usual): (TimeSpan, _) = (aggregation.delete_window, usual.delete_window);
        loosened.push(format!("the guard is loosened: `aggregation.delete_window` is {window}; usual is {usual}"));
    }
    for capped in Capped::ALL {
        let Some(Cap::Share(share)) = provisioning.cap(capped) else { continue };
        let (key, usual) = (capped.key(), capped.usual());
        if share.percent() >= 100.0 {
            loosened.push(format!("the guard is off: `provisioning.{key}` has no limit"));
        } else if share > usual {
            loosened.push(format!("the guard is loosened: `provisioning.{key}` is {share}; usual is {usual}"));
        }
    }
    loosened
}

//! Reads `findings.yaml`.

use super::super::findings_file::FindingsSettings;
use super::super::schema;
use super::{mapping, settings_file};
use crate::document::{Fault, Findings, Problems};
use std::path::Path;

/// Reads `findings.yaml`. Without that file, everything has its default.
pub(in super::super) fn findings_settings(path: &Path) -> Result<FindingsSettings, Problems> {
    settings_file::settings(path, checked)
}

fn checked(findings: &mut Findings<'_>) -> Option<FindingsSettings> {
    let (value, _) = settings_file::whole(findings, &mapping::THE_FINDINGS, &schema::findings_schema())?;
    // The schema can't say that a day is in the calendar.
    for (place, one) in value["accept"].as_array().into_iter().flatten().enumerate() {
        let Some(until) = one["until"].as_str().filter(|until| until.len() == "2027-01-31".len()) else { continue };
        if until.parse::<jiff::civil::Date>().is_err() {
            let title = format!("`{until}` is not a day");
            let fault = Fault::new("invalid_value", title, "not in the calendar", "write it as YYYY-MM-DD");
            findings.at_value(&format!("/accept/{place}/until"), fault);
        }
    }
    (!findings.any()).then_some(value).and_then(|value| findings.typed(&value, ""))
}

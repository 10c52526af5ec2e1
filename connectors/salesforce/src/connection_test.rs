//! The steps of the connection test that need the org.

use crate::api::record::{self, Asked};
use crate::api::rest::{API_USAGE, Rest};
use crate::api::rights;
use crate::api::rights::{CHANGES, NEEDS, Need};
use crate::api::shortfall;
use crate::error;
use crate::platform;
use crate::users::Accounts;
use connector_core::{Allowance, Clock, Error, ErrorKind, Finding, Result, TestReport};

/// The steps of a connection test after the definition, with those of the sign-in by a key and its certificate.
pub(crate) static STEPS: &[&str] =
    &["private_key", "certificate", "assertion", "access_token", "api", "permissions", "platform"];

/// Adds the steps `access_token`, `api`, `permissions` and `platform`.
pub(crate) async fn run(rest: &Rest, accounts: &Accounts, clock: &Clock, report: &mut TestReport) {
    rest.client.test_access_token(report).await;
    report.step("api", api(rest)).await;
    report.step("permissions", permissions(rest, accounts)).await;
    report.step("platform", platform::step::run(rest, clock)).await;
}

/// Shows which org answers, its API version, and how much of the API allowance is used.
async fn api(rest: &Rest) -> Result<Finding> {
    let version = rest.version().await?;
    let columns = vec!["Id", "Name", "OrganizationType", "IsSandbox"];
    let asking = format!("SELECT {} FROM Organization LIMIT 1", columns.join(", "));
    let body = match rest.query("Organization", &asking).await {
        Ok(body) => body,
        Err(refused) if error::is_missing_object(&refused) || error::is_refused_field(&refused) => {
            return Ok(Finding::warning(
                format!("API v{version}, but the org does not show its name and edition"),
                "to see which org it is, give the service account read access to `Organization`",
            ));
        }
        Err(error) => return Err(error),
    };
    let asked = Asked { object: "Organization", columns, span: None, limit: 1 };
    let answer = record::read(&body, &asked, |row| {
        let edition = row.text("OrganizationType")?.unwrap_or_default().into_owned();
        let place = if row.flag("IsSandbox")? { "sandbox" } else { "production" };
        Ok(Some(format!("{} ({edition}, {place})", row.some_text("Name")?)))
    })?;
    let Some(org) = answer.items.into_iter().next() else {
        return Err(record::odd("Organization", "does not name an org"));
    };
    let usage = rest.meter.allowances().get(API_USAGE).map(calls).unwrap_or_default();
    let detail = format!("{org}, API v{version}{usage}");
    Ok(match rest.usage_warning() {
        Some(warning) => Finding::warning(detail, warning),
        None => Finding::passed(detail),
    })
}

fn calls(usage: &Allowance) -> String {
    format!(", {} of {} calls used today", grouped(usage.used), grouped(usage.max))
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Shows which permissions are missing, and what does not work without each.
async fn permissions(rest: &Rest, accounts: &Accounts) -> Result<Finding> {
    let mut missing = Vec::new();
    // An object that only some orgs have says nothing about permissions when it is absent.
    for need in NEEDS.iter().filter(|need| !matches!(need.feature, Some("managed packages" | "Sales Territories"))) {
        if !is_visible(rest, need).await? {
            missing.push(need);
        }
    }
    let mut breaks: Vec<_> = rights_of(&missing)
        .into_iter()
        .map(|(right, breaks)| format!("without \"{right}\" {}", breaks.join(", ")))
        .collect();
    let help = format!(
        "give the service account {}, in its profile or a permission set",
        rights_of(&missing).iter().map(|(right, _)| format!("\"{right}\"")).collect::<Vec<_>>().join(" and ")
    );
    if missing.iter().any(|need| need.essential) {
        return Err(Error::new(ErrorKind::Permission, format!("permissions are missing: {}", breaks.join("; ")))
            .with_help(help));
    }
    let hidden = accounts.fields(rest).await?.warning();
    let unseen = shortfall::reason(rest, "User", None).await?;
    let help = match (missing.is_empty(), &unseen) {
        (true, None) => "if you need these fields, make them visible to the service account".to_owned(),
        (true, Some(_)) => "give the service account \"View All Users\", in its profile or a permission set".to_owned(),
        (false, _) => help,
    };
    breaks.extend(hidden);
    breaks.extend(unseen);
    // Many sources are read-only on purpose, so missing write permissions are no reason to warn.
    let barred = barred(rest).await?;
    let detail = match (breaks.is_empty(), barred.is_empty()) {
        (true, true) => "all read and write permissions are in place".to_owned(),
        (false, true) => format!("{}; all write permissions are in place", breaks.join("; ")),
        (true, false) => format!("all read permissions are in place; for changes: {}", barred.join("; ")),
        (false, false) => format!("{}; for changes: {}", breaks.join("; "), barred.join("; ")),
    };
    Ok(if breaks.is_empty() { Finding::passed(detail) } else { Finding::warning(detail, help) })
}

/// What the service account can't change, by missing permission.
async fn barred(rest: &Rest) -> Result<Vec<String>> {
    let mut lacking: Vec<(&str, Vec<&str>)> = Vec::new();
    for change in &CHANGES {
        let described = match rest.describe(change.object).await {
            Ok(description) => Some(description),
            // An object that only some orgs have says nothing about permissions when it is absent.
            Err(refused) if error::is_missing_object(&refused) && change.feature => continue,
            Err(refused) if error::is_missing_object(&refused) => None,
            Err(error) => return Err(error),
        };
        if !change.is_allowed(described.as_deref()) {
            match lacking.iter_mut().find(|(right, _)| *right == change.right) {
                Some((_, breaks)) => breaks.push(change.breaks),
                None => lacking.push((change.right, vec![change.breaks])),
            }
        }
    }
    Ok(lacking.into_iter().map(|(right, breaks)| format!("without \"{right}\" {}", breaks.join(", "))).collect())
}

/// The missing permissions in order, each with everything that does not work without it.
fn rights_of(missing: &[&'static Need]) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut rights: Vec<(&str, Vec<&str>)> = Vec::new();
    for need in missing {
        match rights.iter_mut().find(|(right, _)| *right == need.right) {
            Some((_, breaks)) => breaks.push(need.breaks),
            None => rights.push((need.right, vec![need.breaks])),
        }
    }
    rights
}

async fn is_visible(rest: &Rest, need: &'static Need) -> Result<bool> {
    let object = need.object;
    let asked = Asked { object, columns: vec!["Id"], span: None, limit: 1 };
    match rest.query(object, &format!("SELECT Id FROM {object} LIMIT 1")).await {
        Ok(body) => {
            let rows = record::read(&body, &asked, |_| Ok(Some(())))?.rows;
            // The service account itself is a user with a profile and the permission set that the profile owns.
            let never_empty = matches!(object, "User" | "Profile" | "PermissionSet" | "PermissionSetAssignment");
            Ok(rows > 0 || !never_empty)
        }
        Err(refused) if object == "User" && error::is_missing_object(&refused) => Err(rights::missing(object, refused)),
        Err(refused) if error::is_missing_object(&refused) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_right_is_named_once_with_all_that_it_breaks() {
        let missing: Vec<_> = NEEDS.iter().filter(|need| need.object.starts_with("PermissionSet")).collect();
        let rights = rights_of(&missing);
        assert_eq!(rights.len(), 1);
        assert_eq!(rights[0].1.len(), missing.len());
    }
}

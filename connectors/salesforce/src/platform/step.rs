//! The step of the connection test that says how long all this lasts, and what the app asks of its tokens.

use super::{SOAP_LOGIN, Support, support};
use crate::api::Rest;
use crate::api::record::{self, Asked};
use crate::error;
use connector_core::jiff::civil::Date;
use connector_core::jiff::tz::TimeZone;
use connector_core::{Clock, Finding, Result};
use std::collections::BTreeSet;

/// How many of the newest sign-ins are looked at.
const MOST_LOGINS: usize = 2_000;
/// The end of a way to sign in is a reason to warn within this many days.
const SOON: i32 = 183;
/// What to do about a version that ends.
const NEWER: &str = "write a newer `api_version`, or omit it for the newest";

/// Says when the API version can end, whether tokens are bound by `DPoP`, and who signs in by SOAP.
pub(crate) async fn run(rest: &Rest, clock: &Clock) -> Result<Finding> {
    let today = clock.now().to_zoned(TimeZone::UTC).date();
    let soap = soap_logins(rest).await?;
    let (of_version, mut help) = version(rest.version().await?, today);
    let mut details = vec![of_version];
    if let Some(warning) = rest.warned() {
        details.push(format!("the org warns: {warning}"));
        help = help.or_else(|| Some(NEWER.to_owned()));
    }
    let token = rest.client.token().await?;
    let is_bound = token.member("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
    details.push(
        if is_bound { "its tokens are bound to the key by DPoP" } else { "the app does not require DPoP" }.to_owned(),
    );
    if let Some((users, logins)) = soap {
        let who = if users == 1 { "1 user".to_owned() } else { format!("{users} users") };
        details.push(format!(
            "{who} signed in with the SOAP call login(), which ends with {SOAP_LOGIN} (of the newest {logins} sign-ins)"
        ));
        let is_soon = today.until(SOAP_LOGIN.date).map_or(0, |left| left.get_days()) <= SOON;
        help = help.or_else(|| {
            is_soon.then(|| {
                "find their programs in Setup › Login History (API Type), and let them sign in with OAuth and an External \
                 Client App"
                    .to_owned()
            })
        });
    }
    let detail = details.join("; ");
    Ok(match help {
        Some(help) => Finding::warning(detail, help),
        None => Finding::passed(detail),
    })
}

/// How long a version lasts, and what to do if that is not long.
fn version(version: &str, today: Date) -> (String, Option<String>) {
    match support(version, today) {
        Some(Support::Kept(until)) => (format!("API v{version} is kept until {until} at least"), None),
        Some(Support::Unprotected(since)) => {
            (format!("Salesforce can retire API v{version} since {since}"), Some(NEWER.to_owned()))
        }
        Some(Support::Ending { retired, .. } | Support::Retired(retired)) => {
            (format!("Salesforce retires API v{version} with {retired}"), Some(NEWER.to_owned()))
        }
        None => (format!("nothing is known about the end of API v{version}"), None),
    }
}

/// How many users signed in with the SOAP call `login()`, and among how many sign-ins; `None` for no users, and if the org does not
/// show sign-ins.
async fn soap_logins(rest: &Rest) -> Result<Option<(usize, usize)>> {
    let columns = vec!["Id", "UserId", "ApiType"];
    let asking = format!("SELECT {} FROM LoginHistory ORDER BY LoginTime DESC LIMIT {MOST_LOGINS}", columns.join(", "));
    let body = match rest.query("LoginHistory", &asking).await {
        Ok(body) => body,
        Err(refused)
            if error::is_missing_object(&refused)
                || error::is_refused_query(&refused)
                || error::is_too_slow(&refused) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let asked = Asked { object: "LoginHistory", columns, span: None, limit: MOST_LOGINS };
    let answer = record::read(&body, &asked, |row| {
        let is_soap = row.text("ApiType")?.is_some_and(|kind| kind.starts_with("SOAP"));
        Ok(if is_soap { row.some_id("UserId")?.map(|(_, id)| id) } else { None })
    })?;
    let users: BTreeSet<_> = answer.items.into_iter().collect();
    Ok(Some((users.len(), answer.rows)).filter(|(users, _)| *users > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::jiff::civil::date;

    #[test]
    fn a_version_says_its_date_and_one_that_can_end_what_to_do() {
        let today = date(2026, 12, 1);
        let of = |number: &str| version(number, today);
        assert_eq!(of("67.0"), ("API v67.0 is kept until 2029-06-01 at least".to_owned(), None));
        let (detail, help) = of("55.0");
        assert!(detail.ends_with("since 2025-06-01") && help.is_some(), "{detail}");
        let (detail, help) = of("38.0");
        assert!(detail.ends_with("with Summer '28 (2028-06-01)") && help.is_some(), "{detail}");
    }
}

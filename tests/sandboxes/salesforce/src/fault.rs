//! The faults that the org simulates on request.

use std::fmt;
use std::str::FromStr;

use connector_core::{Error, ErrorKind};

/// One fault; the crate's guide has a table of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `token-html`
    TokenHtml,
    /// `foreign-instance-url:URL`
    ForeignInstanceUrl(String),
    /// `clock-skew:S`
    ClockSkew(i64),
    /// `html-200`
    Html,
    /// `503:N`
    Unavailable(u64),
    /// `session-expiry:N`
    SessionExpiry(u64),
    /// `session-expiry-once:N`
    SessionExpiryOnce(u64),
    /// `request-limit:N`: after N requests
    RequestLimit(u64),
    /// `concurrent-limit:N`
    ConcurrentLimit(u64),
    /// `empty-200:N`
    Empty(u64),
    /// `query-timeout:ROWS`
    QueryTimeout(u64),
    /// `moved:N`: after N requests
    Moved(u64),
    /// `moved-session:N`: after N requests
    MovedSession(u64),
    /// `slow:MS`
    Slow(u64),
    /// `reset:N`
    Reset(u64),
    /// `cut:N`
    Cut(u64),
    /// `truncate-page:N`
    TruncatePage(u64),
    /// `repeat-page`
    RepeatPage,
    /// `wrong-type-page`
    WrongTypePage,
    /// `missing-id`
    MissingId,
    /// `drop-rows`
    DropRows,
    /// `cursor-expiry`
    CursorExpiry,
    /// `bulk-off`
    BulkOff,
    /// `bulk-refuses:OBJECT`
    BulkRefuses(String),
    /// `job-fails[:N]`: the first N jobs, or all
    JobFails(u64),
    /// `job-aborted:N`: the first N jobs
    JobAborted(u64),
    /// `job-slow:N`
    JobSlow(u64),
    /// `results-expired:N`
    ResultsExpired(u64),
    /// `locator-missing`
    LocatorMissing,
    /// `lock-row:N`
    LockRow(u64),
    /// `refuse-row:N`
    RefuseRow(u64),
    /// `heavy-trigger:N`
    HeavyTrigger(u64),
    /// `lost-answer:N`
    LostAnswer(u64),
    /// `lost-answer-once:N`
    LostAnswerOnce(u64),
    /// `deploy-fails`
    DeployFails,
    /// `deploy-stuck:N`
    DeployStuck(u64),
    /// `deploy-lost-answer`
    DeployLostAnswer,
    /// `certificate-never-accepted`
    CertificateNeverAccepted,
}

/// The syntax of each fault, for messages.
const FORMS: &str = "`token-html`, `foreign-instance-url:URL`, `clock-skew:S`, `html-200`, `503:N`, `session-expiry:N`, \
    `session-expiry-once:N`, `request-limit[:N]`, `concurrent-limit:N`, `empty-200:N`, `query-timeout:ROWS`, \
    `moved:N`, `moved-session:N`, `slow:MS`, `reset[:N]`, `cut:N`, `truncate-page:N`, `repeat-page`, `wrong-type-page`, `missing-id`, `drop-rows`, `cursor-expiry`, `bulk-off`, \
    `bulk-refuses:OBJECT`, `job-fails[:N]`, `job-aborted:N`, `job-slow:N`, `results-expired:N`, `locator-missing`, `lock-row:N`, \
    `refuse-row:N`, `heavy-trigger:N`, `lost-answer:N`, `lost-answer-once:N`, `deploy-fails`, `deploy-stuck:N`, `deploy-lost-answer`, \
    `certificate-never-accepted`";

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let unknown = || {
            Error::new(ErrorKind::Definition, format!("`{text}` is not a fault of the Salesforce sandbox"))
                .with_help(format!("Write one of {FORMS}"))
        };
        let nth = |otherwise: Option<u64>| match argument {
            Some(number) => number.parse().ok().filter(|n| *n > 0).ok_or_else(unknown),
            None => otherwise.ok_or_else(unknown),
        };
        let plain = |fault: Self| if argument.is_none() { Ok(fault) } else { Err(unknown()) };
        match name {
            "token-html" => plain(Self::TokenHtml),
            "foreign-instance-url" => argument.map(|url| Self::ForeignInstanceUrl(url.to_owned())).ok_or_else(unknown),
            "clock-skew" => argument.and_then(|s| s.parse().ok()).map(Self::ClockSkew).ok_or_else(unknown),
            "html-200" => plain(Self::Html),
            "503" => nth(None).map(Self::Unavailable),
            "session-expiry" => nth(None).map(Self::SessionExpiry),
            "session-expiry-once" => nth(None).map(Self::SessionExpiryOnce),
            "request-limit" => match argument {
                None => Ok(Self::RequestLimit(0)),
                Some(_) => nth(None).map(Self::RequestLimit),
            },
            "concurrent-limit" => nth(None).map(Self::ConcurrentLimit),
            "empty-200" => nth(None).map(Self::Empty),
            "query-timeout" => nth(None).map(Self::QueryTimeout),
            "moved" => nth(None).map(Self::Moved),
            "moved-session" => nth(None).map(Self::MovedSession),
            "slow" => nth(None).map(Self::Slow),
            "reset" => nth(Some(1)).map(Self::Reset),
            "cut" => nth(None).map(Self::Cut),
            "truncate-page" => nth(None).map(Self::TruncatePage),
            "repeat-page" => plain(Self::RepeatPage),
            "wrong-type-page" => plain(Self::WrongTypePage),
            "missing-id" => plain(Self::MissingId),
            "drop-rows" => plain(Self::DropRows),
            "cursor-expiry" => plain(Self::CursorExpiry),
            "bulk-off" => plain(Self::BulkOff),
            "bulk-refuses" => argument.map(|object| Self::BulkRefuses(object.to_owned())).ok_or_else(unknown),
            "job-fails" => nth(Some(u64::MAX)).map(Self::JobFails),
            "job-aborted" => nth(None).map(Self::JobAborted),
            "job-slow" => nth(None).map(Self::JobSlow),
            "results-expired" => nth(None).map(Self::ResultsExpired),
            "locator-missing" => plain(Self::LocatorMissing),
            "lock-row" => nth(None).map(Self::LockRow),
            "refuse-row" => nth(None).map(Self::RefuseRow),
            "heavy-trigger" => nth(None).map(Self::HeavyTrigger),
            "lost-answer" => nth(None).map(Self::LostAnswer),
            "lost-answer-once" => nth(None).map(Self::LostAnswerOnce),
            "deploy-fails" => plain(Self::DeployFails),
            "deploy-stuck" => nth(None).map(Self::DeployStuck),
            "deploy-lost-answer" => plain(Self::DeployLostAnswer),
            "certificate-never-accepted" => plain(Self::CertificateNeverAccepted),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TokenHtml => f.write_str("token-html"),
            Self::ForeignInstanceUrl(url) => write!(f, "foreign-instance-url:{url}"),
            Self::ClockSkew(seconds) => write!(f, "clock-skew:{seconds}"),
            Self::Html => f.write_str("html-200"),
            Self::Unavailable(n) => write!(f, "503:{n}"),
            Self::SessionExpiry(n) => write!(f, "session-expiry:{n}"),
            Self::SessionExpiryOnce(n) => write!(f, "session-expiry-once:{n}"),
            Self::RequestLimit(0) => f.write_str("request-limit"),
            Self::RequestLimit(n) => write!(f, "request-limit:{n}"),
            Self::ConcurrentLimit(n) => write!(f, "concurrent-limit:{n}"),
            Self::Empty(n) => write!(f, "empty-200:{n}"),
            Self::QueryTimeout(rows) => write!(f, "query-timeout:{rows}"),
            Self::Moved(n) => write!(f, "moved:{n}"),
            Self::MovedSession(n) => write!(f, "moved-session:{n}"),
            Self::Slow(ms) => write!(f, "slow:{ms}"),
            Self::Reset(n) => write!(f, "reset:{n}"),
            Self::Cut(n) => write!(f, "cut:{n}"),
            Self::TruncatePage(n) => write!(f, "truncate-page:{n}"),
            Self::RepeatPage => f.write_str("repeat-page"),
            Self::WrongTypePage => f.write_str("wrong-type-page"),
            Self::MissingId => f.write_str("missing-id"),
            Self::DropRows => f.write_str("drop-rows"),
            Self::CursorExpiry => f.write_str("cursor-expiry"),
            Self::BulkOff => f.write_str("bulk-off"),
            Self::BulkRefuses(object) => write!(f, "bulk-refuses:{object}"),
            Self::JobFails(u64::MAX) => f.write_str("job-fails"),
            Self::JobFails(n) => write!(f, "job-fails:{n}"),
            Self::JobAborted(n) => write!(f, "job-aborted:{n}"),
            Self::JobSlow(n) => write!(f, "job-slow:{n}"),
            Self::ResultsExpired(n) => write!(f, "results-expired:{n}"),
            Self::LocatorMissing => f.write_str("locator-missing"),
            Self::LockRow(n) => write!(f, "lock-row:{n}"),
            Self::RefuseRow(n) => write!(f, "refuse-row:{n}"),
            Self::HeavyTrigger(n) => write!(f, "heavy-trigger:{n}"),
            Self::LostAnswer(n) => write!(f, "lost-answer:{n}"),
            Self::LostAnswerOnce(n) => write!(f, "lost-answer-once:{n}"),
            Self::DeployFails => f.write_str("deploy-fails"),
            Self::DeployStuck(n) => write!(f, "deploy-stuck:{n}"),
            Self::DeployLostAnswer => f.write_str("deploy-lost-answer"),
            Self::CertificateNeverAccepted => f.write_str("certificate-never-accepted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_reads_what_it_writes() {
        for text in [
            "token-html",
            "foreign-instance-url:https://evil.example",
            "clock-skew:-600",
            "html-200",
            "503:3",
            "session-expiry:4",
            "session-expiry-once:4",
            "request-limit",
            "request-limit:9",
            "concurrent-limit:2",
            "empty-200:6",
            "query-timeout:500",
            "moved:12",
            "moved-session:12",
            "slow:10",
            "reset:1",
            "cut:2",
            "truncate-page:1",
            "repeat-page",
            "wrong-type-page",
            "missing-id",
            "drop-rows",
            "cursor-expiry",
            "bulk-off",
            "bulk-refuses:GroupMember",
            "job-fails",
            "job-fails:2",
            "job-aborted:1",
            "job-slow:3",
            "results-expired:2",
            "locator-missing",
            "lock-row:7",
            "refuse-row:5",
            "heavy-trigger:50",
            "lost-answer:3",
            "lost-answer-once:2",
            "deploy-fails",
            "deploy-stuck:4",
            "deploy-lost-answer",
            "certificate-never-accepted",
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn an_unknown_fault_names_the_known_ones() {
        for text in ["", "nothing", "503", "503:0", "503:x", "repeat-page:1", "clock-skew", "lock-row", "lost-answer:0"]
        {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.help().unwrap().contains("repeat-page"), "{text}");
        }
    }
}

//! Which findings somebody wants to see.

use super::finding::Finding;
use connector_core::{Error, Result, Rule, Severity, nearest, registry};

/// Which findings somebody wants to see.
///
/// Those of other rules and about other accounts are not looked for, and not counted. Those that are less severe or accepted are
/// counted, and left out of lists.
///
/// ```
/// use connector_core::Severity;
/// use connector_engine::findings::Wanted;
///
/// let urgent = Wanted { least: Severity::High, ..Wanted::default() };
/// assert!(!urgent.accepted && urgent.account.is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Only those of these rules; of all rules if it is empty.
    pub rules: &'a [String],
    /// Only those about the account with this id or name.
    pub account: Option<&'a str>,
    /// Not those below this severity.
    pub least: Severity,
    /// Also those that are accepted.
    pub accepted: bool,
}

impl Default for Wanted<'_> {
    /// All that nobody accepted.
    fn default() -> Self {
        Self { rules: &[], account: None, least: Severity::Info, accepted: false }
    }
}

/// What is done with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is listed.
    Listed,
    /// It is left out, because somebody accepted it.
    Accepted,
    /// It is left out, because it is less severe.
    Below,
}

impl Wanted<'_> {
    pub(super) fn has_rule(&self, rule: &Rule) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|name| name == rule.name)
    }

    pub(super) fn is_about(&self, finding: &Finding) -> bool {
        self.account.is_none_or(|account| finding.is_about(account))
    }

    /// What is done with a finding.
    pub fn look(&self, finding: &Finding) -> Shown {
        if finding.accepted.is_some() && !self.accepted {
            Shown::Accepted
        } else if finding.severity < self.least {
            Shown::Below
        } else {
            Shown::Listed
        }
    }
}

/// Fails with kind `definition` if there is no rule with one of these names.
pub fn check_rules(names: &[String]) -> Result<()> {
    let known: Vec<_> = registry::rules().iter().map(|rule| rule.name).collect();
    for name in names {
        if !known.contains(&name.as_str()) {
            let meant = nearest(name, known.iter().copied());
            let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            return Err(Error::definition(format!("there is no rule `{name}`"))
                .with_help(format!("{meant}`connector findings --rules` lists the rules")));
        }
    }
    Ok(())
}

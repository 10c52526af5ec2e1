//! Rules that find what an auditor asks about.

use crate::account::Account;
use crate::assignment::AssignmentState;
use crate::entitlement::{Entitlement, EntitlementRef};
use crate::severity::Severity;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// A rule over what the store knows of a source. It sees one thing at a time and never asks the source.
///
/// Register it with [`register_rule!`](crate::register_rule), so that `connector findings` uses it:
///
/// ```
/// use connector_core::{AuditedAccount, Check, Hit, Rule, Severity, register_rule};
///
/// fn no_mail(audited: &AuditedAccount<'_>, hits: &mut Vec<Hit>) {
///     if audited.account.enabled && audited.account.attributes.get::<String>("mail").is_none() {
///         hits.push(Hit::new("it has no mail address"));
///     }
/// }
///
/// register_rule! {
///     Rule::new("directory_no_mail", "Accounts without a mail address", Severity::Low, Check::Account(no_mail))
///         .because("nobody can be asked about the account")
///         .cured_by("enter an address in the directory")
///         .only_for("directory")
/// }
///
/// assert!(connector_core::registry::rules().iter().any(|rule| rule.name == "directory_no_mail"));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// Its name in `findings.yaml` and in machine output, in snake case. A rule of a connector begins with the connector's name.
    pub name: &'static str,
    /// What its findings are, such as "Unused accounts".
    pub title: &'static str,
    /// How bad its findings are, unless one says otherwise.
    pub severity: Severity,
    /// Why that is bad, in one sentence without a capital and a period.
    pub reason: &'static str,
    /// What to do, in one sentence without a capital and a period.
    pub cure: &'static str,
    /// The name of the connector whose sources it is for; `None` for every source.
    pub connector: Option<&'static str>,
    /// What it looks at.
    pub check: Check,
}

impl Rule {
    /// A rule for every source.
    pub const fn new(name: &'static str, title: &'static str, severity: Severity, check: Check) -> Self {
        Self { name, title, severity, reason: "", cure: "", connector: None, check }
    }

    /// Says why its findings are bad.
    #[must_use]
    pub const fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    /// Says what to do about its findings.
    #[must_use]
    pub const fn cured_by(mut self, cure: &'static str) -> Self {
        self.cure = cure;
        self
    }

    /// Uses it only for sources of this connector.
    #[must_use]
    pub const fn only_for(mut self, connector: &'static str) -> Self {
        self.connector = Some(connector);
        self
    }
}

/// What a rule looks at, and how. The function adds a [`Hit`] for everything that it finds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Check {
    /// The source as a whole.
    Source(fn(&AuditedSource<'_>, &mut Vec<Hit>)),
    /// Each entitlement that the source shows.
    Entitlement(fn(&Entitlement, &mut Vec<Hit>)),
    /// Each account that the source has, with what it holds.
    Account(fn(&AuditedAccount<'_>, &mut Vec<Hit>)),
}

/// One thing that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hit {
    /// What was found, in a few words that follow the name of the account, entitlement or source.
    pub detail: String,
    /// How bad it is, if not as bad as the rule says.
    pub severity: Option<Severity>,
    /// The entitlement that it is about, where an account was looked at.
    pub entitlement: Option<EntitlementRef>,
    /// What proves it.
    pub evidence: Vec<Power>,
}

impl Hit {
    /// A hit as bad as its rule says.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), severity: None, entitlement: None, evidence: Vec::new() }
    }

    /// Says how bad it is.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Says which entitlement it is about.
    #[must_use]
    pub fn about(mut self, entitlement: EntitlementRef) -> Self {
        self.entitlement = Some(entitlement);
        self
    }

    /// Adds what proves it.
    #[must_use]
    pub fn proved_by(mut self, evidence: Vec<Power>) -> Self {
        self.evidence = evidence;
        self
    }
}

/// What all rules measure with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Criteria {
    /// The time of the audit.
    pub now: Timestamp,
    /// An account without a sign-in for this long is unused.
    pub unused_after: Duration,
    /// An assignment that ends within this time ends soon.
    pub ending_within: Duration,
}

impl Criteria {
    /// The usual time after which an account without a sign-in is unused: 90 days.
    pub const USUAL_UNUSED_AFTER: Duration = Duration::from_hours(90 * 24);
    /// The usual time within which an assignment ends soon: 14 days.
    pub const USUAL_ENDING_WITHIN: Duration = Duration::from_hours(14 * 24);

    /// The usual ones at this time.
    pub fn at(now: Timestamp) -> Self {
        Self { now, unused_after: Self::USUAL_UNUSED_AFTER, ending_within: Self::USUAL_ENDING_WITHIN }
    }
}

/// A source as a rule sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditedSource<'a> {
    /// Its name.
    pub name: &'a str,
    /// What rules measure with.
    pub criteria: Criteria,
    /// The `settings:` of its file.
    pub settings: &'a Value,
    /// The guards that its file turns off or loosens, in words.
    pub loosened_guards: &'a [String],
    /// What is wrong with its certificate, and what to do; `None` if nothing is, or it has none.
    pub certificate: Option<(Severity, &'a str)>,
    /// When the last run that succeeded began; `None` if none did.
    pub last_read: Option<Timestamp>,
}

impl<'a> AuditedSource<'a> {
    /// A source of this name with these settings, of which nothing else is known.
    pub fn new(name: &'a str, settings: &'a Value, criteria: Criteria) -> Self {
        Self { name, criteria, settings, loosened_guards: &[], certificate: None, last_read: None }
    }
}

/// An account as a rule sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditedAccount<'a> {
    /// The account. Its `entitlements` are empty: see `holdings`.
    pub account: &'a Account,
    /// What it holds itself, in any state.
    pub holdings: &'a [AuditedHolding<'a>],
    /// When it last signed in.
    pub last_login: LastLogin,
    /// Which person it belongs to.
    pub person: Belongs,
    /// What rules measure with.
    pub criteria: Criteria,
}

impl<'a> AuditedAccount<'a> {
    /// An account that holds this, of which no sign-in is known.
    pub fn new(account: &'a Account, holdings: &'a [AuditedHolding<'a>], criteria: Criteria) -> Self {
        Self { account, holdings, last_login: LastLogin::NotShown, person: Belongs::NotCorrelated, criteria }
    }

    /// What it holds with effect now.
    pub fn effective(&self) -> impl Iterator<Item = &AuditedHolding<'a>> {
        self.holdings.iter().filter(|held| held.has_effect(self.criteria.now))
    }
}

/// Which person an account belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Belongs {
    /// Nothing says: the project correlates no accounts of this source, or the account is one that belongs to nobody.
    #[default]
    NotCorrelated,
    /// To this person.
    To(AuditedPerson),
    /// No rule finds a person for it.
    Nobody,
    /// A rule finds several people, or one that somebody has to confirm.
    Ambiguous {
        /// The name of the rule.
        rule: String,
    },
}

/// The person of an account, as a rule sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditedPerson {
    /// The name of their account at the authority.
    pub name: String,
    /// The source whose accounts are the people.
    pub authority: String,
    /// Whether they are there.
    pub state: PersonState,
}

impl AuditedPerson {
    /// A person of this source in this state.
    pub fn new(authority: impl Into<String>, name: impl Into<String>, state: PersonState) -> Self {
        Self { name: name.into(), authority: authority.into(), state }
    }
}

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PersonState {
    /// Their account at the authority is there and enabled.
    Active,
    /// It is there and disabled.
    Disabled,
    /// It is not there any more.
    Left,
}

impl PersonState {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// When an account last signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLogin {
    /// The source does not show it.
    NotShown,
    /// Never, as far as the source knows.
    Never,
    /// At this time.
    At(Timestamp),
}

/// What an account holds itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditedHolding<'a> {
    /// What it holds.
    pub entitlement: &'a EntitlementRef,
    /// The name for people, where the source shows it.
    pub name: Option<&'a str>,
    /// Whether the account's own record names it, such as its profile.
    pub in_record: bool,
    /// Its state.
    pub state: AssignmentState,
    /// When it ends.
    pub valid_until: Option<Timestamp>,
    /// What gave it, according to the source.
    pub through: Option<&'a EntitlementRef>,
    /// Everything that it holds in turn, in order.
    pub gives: &'a [EntitlementRef],
    /// The power that it gives.
    pub powers: &'a [Power],
}

impl<'a> AuditedHolding<'a> {
    /// An assignment of this entitlement without an end, which gives nothing else.
    pub fn new(entitlement: &'a EntitlementRef) -> Self {
        let state = AssignmentState::Active;
        Self {
            entitlement,
            name: None,
            in_record: false,
            state,
            valid_until: None,
            through: None,
            gives: &[],
            powers: &[],
        }
    }

    /// Whether its end has passed.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }

    /// Whether it has effect.
    pub fn has_effect(&self, now: Timestamp) -> bool {
        self.state == AssignmentState::Active && !self.has_ended(now)
    }

    /// What people call it: its type and name.
    pub fn title(&self) -> String {
        format!("{} {}", self.entitlement.entitlement_type, self.name.unwrap_or(&self.entitlement.id))
    }
}

/// A power that an entitlement gives, and by which path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Power {
    /// The attribute that gives it.
    pub attribute: String,
    /// What it allows, in the words of the source.
    pub title: String,
    /// How much power that is.
    pub severity: Severity,
    /// From the entitlement that is held to the one with the attribute.
    pub path: Vec<EntitlementRef>,
    /// The same path in words: types and names.
    pub way: String,
}

impl Power {
    /// A power of this attribute, by this path. In words, the path has the ids until somebody says the names.
    pub fn new(
        attribute: impl Into<String>,
        title: impl Into<String>,
        severity: Severity,
        path: Vec<EntitlementRef>,
    ) -> Self {
        let way = path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > ");
        Self { attribute: attribute.into(), title: title.into(), severity, path, way }
    }

    /// Says the path in words.
    #[must_use]
    pub fn by_way_of(mut self, way: impl Into<String>) -> Self {
        self.way = way.into();
        self
    }
}

inventory::collect!(Rule);

/// The rules in this binary, by name.
pub fn rules() -> Vec<&'static Rule> {
    let mut all: Vec<_> = inventory::iter::<Rule>().collect();
    all.sort_by_key(|rule| rule.name);
    all
}

/// Registers a [`Rule`] with the binary it is linked into.
#[macro_export]
macro_rules! register_rule {
    ($rule:expr $(,)?) => {
        $crate::inventory::submit! { $rule }
    };
}

//! Makes the values that the rules compare.

use super::settings::{CorrelationRule, IdentitySettings};
use crate::derive::{Rule, values_of};
use connector_core::{Account, AccountKind, Error, ErrorKind, Result, SettingsFault};
use connector_filter::Filter;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

/// A longer value is compared by its beginning and its hash: databases index no text of any length.
const LONGEST_VALUE: usize = 256;

/// The checked rules of a project.
#[derive(Debug)]
pub struct Correlator {
    rules: Vec<Sides>,
    left_out: Vec<AccountKind>,
    condition: Option<Filter>,
    fingerprint: String,
}

#[derive(Debug)]
struct Sides {
    account: Rule,
    person: Rule,
    sources: Option<Vec<String>>,
}

/// What the rules compare of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The account belongs to no person.
    LeftOut,
    /// The values by rule. A rule without a value finds nobody.
    Values(Values),
}

/// The values of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The place of the rule, from 0, with a value. A list gives several.
    pub values: Vec<(usize, String)>,
    /// The rules that can't be used on this account, with the reason.
    pub faults: Vec<(usize, String)>,
}

impl Correlator {
    /// Checks the rules. The pointers of faults begin in the `identities:` block.
    pub fn of(settings: &IdentitySettings) -> Result<Self, Vec<SettingsFault>> {
        let (mut rules, mut faults) = (Vec::new(), Vec::new());
        for (place, written) in settings.rules.iter().enumerate() {
            let twin = settings.rules[..place].iter().any(|other| other.name == written.name);
            if twin {
                let message = format!("two rules have the name `{}`", written.name);
                let fault = SettingsFault::new(format!("/rules/{place}/name"), message);
                faults.push(fault.with_help("the history of a link names its rule: give each one a name of its own"));
            }
            let sides = sides(place, written);
            faults.extend(sides.1);
            rules.extend(sides.0);
        }
        let condition = settings.leave_out.condition.as_deref().map(|text| Filter::parse(text, &[]));
        let condition = condition.transpose().unwrap_or_else(|error| {
            let fault = SettingsFault::new("/leave_out/where", error.message());
            faults.push(fault.with_help(error.help().unwrap_or("write it like `name like \"svc-%\"`")));
            None
        });
        if !faults.is_empty() {
            return Err(faults);
        }
        let left_out = settings.leave_out.kinds.iter().map(|kind| kind.kind()).collect();
        // What decides about values: the threshold does not.
        let decides = (&settings.authority, &settings.sources, &settings.rules, &settings.leave_out);
        let fingerprint = format!("{:032x}", xxh3_128(format!("{decides:?}").as_bytes()));
        Ok(Self { rules, left_out, condition, fingerprint })
    }

    /// The same. Fails with kind `definition` if `connector.yaml` was not checked and has a fault.
    pub fn checked(settings: &IdentitySettings) -> Result<Self> {
        Self::of(settings).map_err(|faults| {
            let fault = faults.into_iter().next();
            let (message, help) = fault.map_or_else(Default::default, |fault| (fault.message, fault.help));
            Error::new(ErrorKind::Definition, message).with_help(help.unwrap_or_default())
        })
    }

    /// Names everything that decides about values: another one means that all of them are made again.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What the rules compare of an account of the authority.
    ///
    /// Fails with kind `internal` if its attributes are no JSON.
    pub fn of_person(&self, account: &Account) -> Result<Compared> {
        self.compared(account, |sides| Some(&sides.person))
    }

    /// What the rules compare of an account of another source.
    ///
    /// Fails with kind `internal` if its attributes are no JSON.
    pub fn of_account(&self, source: &str, account: &Account) -> Result<Compared> {
        let uses = |sides: &Sides| sides.sources.as_ref().is_none_or(|named| named.iter().any(|one| one == source));
        self.compared(account, |sides| uses(sides).then_some(&sides.account))
    }

    fn compared<'a>(&'a self, account: &Account, side: impl Fn(&'a Sides) -> Option<&'a Rule>) -> Result<Compared> {
        let is_left_out = self.left_out.contains(&account.kind)
            || self.condition.as_ref().is_some_and(|condition| condition.matches(account, &[]));
        if is_left_out {
            return Ok(Compared::LeftOut);
        }
        let attributes = values_of(account)?;
        let mut values = Values::default();
        for (place, rule) in self.rules.iter().enumerate().filter_map(|(place, one)| Some((place, side(one)?))) {
            match rule.value(&attributes) {
                Ok(value) => values.values.extend(texts(&value).into_iter().map(|text| (place, text))),
                Err(why) => values.faults.push((place, why)),
            }
        }
        Ok(Compared::Values(values))
    }
}

fn sides(place: usize, written: &CorrelationRule) -> (Option<Sides>, Vec<SettingsFault>) {
    let mut faults = Vec::new();
    let mut side = |name: &str, derivation| match Rule::of(name, derivation) {
        Ok(rule) => Some(rule),
        Err(mut fault) => {
            fault.pointer = format!("/rules/{place}{}", fault.pointer);
            faults.push(fault);
            None
        }
    };
    let (account, person) = (side("account", &written.account), side("person", &written.person));
    let sides =
        account.zip(person).map(|(account, person)| Sides { account, person, sources: written.sources.clone() });
    (sides, faults)
}

/// The texts of a value, each once: blanks alone are no value.
fn texts(value: &Value) -> Vec<String> {
    let all = match value {
        Value::Array(items) => items.iter().filter_map(text).collect(),
        one => Vec::from_iter(text(one)),
    };
    let mut once: Vec<String> = all;
    once.sort_unstable();
    once.dedup();
    once
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    if text.chars().count() <= LONGEST_VALUE {
        return Some(text);
    }
    let beginning: String = text.chars().take(LONGEST_VALUE).collect();
    Some(format!("{beginning}…{:032x}", xxh3_128(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Attributes;
    use serde_json::json;

    fn settings(rules: &Value) -> IdentitySettings {
        serde_json::from_value(json!({"authority": "hr", "rules": rules})).unwrap()
    }

    fn account(attributes: &Value) -> Account {
        let mut account = Account::new("7", "jane@acme.example");
        account.attributes = Attributes::from_json(attributes).unwrap();
        account
    }

    fn values(account: &Account) -> Vec<(usize, String)> {
        let rules = json!([
            {"name": "number", "account": {"from": "Number"}, "person": {"from": "id"}, "sources": ["crm"]},
            {"name": "mail", "account": {"from": "Mail", "then": ["trim", "lower"]}, "person": {"from": "mail"}},
            {"name": "aliases", "account": {"from": "Aliases"}, "person": {"from": "mail"}},
        ]);
        match Correlator::of(&settings(&rules)).unwrap().of_account("crm", account).unwrap() {
            Compared::Values(values) => values.values,
            Compared::LeftOut => vec![],
        }
    }

    #[test]
    fn a_value_is_a_text_and_each_text_of_a_list_counts() {
        let found = values(&account(
            &json!({"Number": 42, "Mail": " ÄNNE@Acme.example ", "Aliases": ["b", "a", "b", 7, null]}),
        ));
        let expected = [(0, "42"), (1, "änne@acme.example"), (2, "7"), (2, "a"), (2, "b")];
        assert_eq!(found, expected.map(|(rule, value)| (rule, value.to_owned())));
    }

    #[test]
    fn nothing_and_blanks_are_no_value_and_equal_long_values_stay_equal() {
        assert_eq!(values(&account(&json!({"Number": "  ", "Mail": "", "Aliases": [" ", {}, []]}))), []);
        let (long, other) = ("x".repeat(900), format!("{}y", "x".repeat(899)));
        let of = |text: &str| values(&account(&json!({"Number": text}))).remove(0).1;
        assert_eq!(of(&long), of(&long));
        assert_ne!(of(&long), of(&other));
        assert!(of(&long).len() < 400);
    }

    #[test]
    fn a_rule_that_can_not_be_used_on_an_account_says_why_and_hinders_no_other() {
        let rules = json!([
            {"name": "mail", "account": {"from": "Mail", "then": ["lower"]}, "person": {"from": "mail"}},
            {"name": "name", "account": {"from": "name"}, "person": {"from": "name"}},
        ]);
        let correlator = Correlator::of(&settings(&rules)).unwrap();
        let Compared::Values(found) = correlator.of_account("crm", &account(&json!({"Mail": 42}))).unwrap() else {
            panic!("it is a person's")
        };
        assert_eq!(found.values, [(1, "jane@acme.example".to_owned())]);
        assert!(found.faults[0].1.contains("`lower` needs a text"), "{found:?}");
    }

    #[test]
    fn programs_and_what_a_condition_matches_are_left_out() {
        let written = json!({"authority": "hr", "leave_out": {"where": "name like \"svc-%\""},
            "rules": [{"name": "n", "account": {"from": "name"}, "person": {"from": "name"}}]});
        let correlator = Correlator::of(&serde_json::from_value(written).unwrap()).unwrap();
        let mut robot = account(&json!({}));
        assert_ne!(correlator.of_account("crm", &robot).unwrap(), Compared::LeftOut);
        robot.kind = AccountKind::Agent;
        assert_eq!(correlator.of_account("crm", &robot).unwrap(), Compared::LeftOut);
        assert_eq!(correlator.of_person(&Account::new("1", "SVC-backup")).unwrap(), Compared::LeftOut);
    }

    #[test]
    fn every_fault_has_its_place() {
        let written = json!({"authority": "hr", "leave_out": {"where": "name like"}, "rules": [
            {"name": "a", "account": {"from": "A", "constant": 1}, "person": {"expr": "B |"}},
            {"name": "a", "account": {"from": "A"}, "person": {"from": "B"}},
        ]});
        let faults = Correlator::of(&serde_json::from_value(written).unwrap()).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/rules/0/account", "/rules/0/person/expr", "/rules/1/name", "/leave_out/where"]);
        assert!(faults.iter().all(|fault| fault.help.is_some()), "{faults:?}");
    }
}

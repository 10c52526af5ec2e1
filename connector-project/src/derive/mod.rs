//! Attributes that a source's file derives from those that the connector reads.
//!
//! The file names, for each attribute, where its value comes from and what is done with it. [`Derivations`] checks that once, and
//! the connector is wrapped so that every account comes with its derived attributes, whoever reads it.

mod deriving;
mod expression;
mod rule;
mod transform;

pub(crate) use deriving::Deriving;
pub use rule::Derivation;
pub(crate) use rule::Rule;
pub use transform::Transform;

use connector_core::{Account, AccountSchema, Attributes, AttributesBuilder, Error, ErrorKind, Result, SettingsFault};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The derived attributes of a source, checked.
#[derive(Debug, Default)]
pub struct Derivations(BTreeMap<String, Rule>);

impl Derivations {
    /// Checks what a file says. The pointers of faults begin in the `attributes:` block.
    pub(crate) fn of(written: &BTreeMap<String, Derivation>) -> Result<Self, Vec<SettingsFault>> {
        let (mut rules, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, derivation) in written {
            match Rule::of(name, derivation) {
                Ok(rule) => drop(rules.insert(name.clone(), rule)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Self(rules)) } else { Err(faults) }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the attributes that are derived.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Fails with kind `definition` if a rule uses an attribute that accounts of this schema don't have.
    pub(crate) fn fit(&self, schema: &AccountSchema) -> Result<()> {
        let known: Vec<&str> = schema.attributes.iter().map(|one| one.name.as_str()).chain(MEMBERS).collect();
        for (name, rule) in self.0.iter().filter(|_| !schema.open) {
            if let Some(missing) = rule.uses().iter().find(|used| !known.contains(&used.as_str())) {
                let guess = connector_core::nearest(missing, known.iter().copied());
                let guess = guess.map(|guess| format!("did you mean `{guess}`? ")).unwrap_or_default();
                let message = format!("`{name}` uses `{missing}`, but accounts of this source have no such attribute");
                return Err(Error::new(ErrorKind::Definition, message)
                    .with_help(format!("{guess}`connector connectors show` lists the attributes")));
            }
        }
        Ok(())
    }

    /// What each rule gives for an account; null where it has no value.
    ///
    /// Fails with kind `definition` if a rule can't be used on a value, and names both.
    pub fn values(&self, account: &Account) -> Result<BTreeMap<&str, Value>> {
        let values = values_of(account)?;
        let derived = self.0.iter().map(|(name, rule)| {
            let value = rule.value(&values).map_err(|why| {
                let message = format!("the attribute `{name}` of `{}` can't be derived: {why}", account.name);
                Error::new(ErrorKind::Definition, message)
                    .with_help(format!(
                        "change `attributes.{name}` in the source's file; `connector preview-attributes` tries it"
                    ))
                    .with_context("account", &account.id)
            })?;
            Ok((name.as_str(), value))
        });
        derived.collect()
    }

    /// Sets the derived attributes of an account, but for those that need something the source does not show.
    fn set(&self, account: &mut Account, hidden: &BTreeSet<String>) -> Result<()> {
        let derived = self.values(account)?;
        let mut attributes = AttributesBuilder::with_capacity(account.attributes.as_str().len() + 64);
        for (name, value) in account.attributes.entries() {
            if !derived.contains_key(&*name) {
                attributes.push_raw(&name, value);
            }
        }
        for (name, value) in derived.iter().filter(|(name, _)| !hidden.contains(**name)) {
            attributes.push(name, value)?;
        }
        account.attributes = attributes.build();
        Ok(())
    }

    /// The attributes that can't be derived where the source does not show something that `is_hidden`.
    fn hidden(&self, is_hidden: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let needs = |rule: &Rule| rule.uses().iter().any(|used| is_hidden(used));
        self.0.iter().filter(|(_, rule)| needs(rule)).map(|(name, _)| name.clone()).collect()
    }
}

/// What every account has beside its attributes.
const MEMBERS: [&str; 6] = ["id", "name", "display_name", "enabled", "locked", "owner"];

/// The values that rules can use: the account's attributes, and its other members where no attribute has that name.
pub(crate) fn values_of(account: &Account) -> Result<Map<String, Value>> {
    let mut values: Map<String, Value> = serde_json::from_str(Attributes::as_str(&account.attributes))
        .map_err(|cause| Error::internal(format!("attributes that are no JSON: {cause}")))?;
    let members = [
        Value::from(account.id.as_str()),
        Value::from(account.name.as_str()),
        Value::from(account.display_name.clone()),
        Value::from(account.enabled),
        Value::from(account.locked),
        Value::from(account.owner.clone()),
    ];
    for (name, value) in MEMBERS.into_iter().zip(members) {
        values.entry(name).or_insert(value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn derivations(written: Value) -> Result<Derivations, Vec<SettingsFault>> {
        Derivations::of(&serde_json::from_value(written).unwrap())
    }

    fn derived(written: &Value, attributes: &Value) -> Result<Value> {
        let mut account = Account::new("7", "jane@acme.example");
        account.attributes = Attributes::from_json(attributes).unwrap();
        derivations(json!({"x": written})).unwrap().values(&account).map(|mut values| values.remove("x").unwrap())
    }

    #[test]
    fn a_value_comes_from_one_place_and_goes_through_each_transform() {
        let jane = || json!({"First": " Jane ", "Last": "Roe", "Mail": "Jane.Roe@ACME.example", "Cost": 42, "Born": "1990-05-17"});
        for (written, expected) in [
            (json!({"from": "Last"}), json!("Roe")),
            (json!({"from": "Cost"}), json!(42)),
            (json!({"from": "Nickname"}), Value::Null),
            (json!({"from": "name", "then": ["upper"]}), json!("JANE@ACME.EXAMPLE")),
            (json!({"first_of": ["Nickname", "Last", "First"]}), json!("Roe")),
            (json!({"join": ["First", "Nickname", "Last"], "separator": "-"}), json!(" Jane -Roe")),
            (json!({"constant": "employee"}), json!("employee")),
            (json!({"from": "First", "then": ["trim", "lower"]}), json!("jane")),
            (json!({"from": "Mail", "then": [{"split": {"on": "@", "take": 1}}, "lower"]}), json!("acme.example")),
            (
                json!({"from": "Mail", "then": [{"replace": {"find": ".", "with": "_"}}]}),
                json!("Jane_Roe@ACME_example"),
            ),
            (json!({"from": "Last", "then": [{"substring": {"start": 0, "length": 2}}]}), json!("Ro")),
            (json!({"from": "Last", "then": [{"lookup": {"table": {"Roe": "R&D"}}}]}), json!("R&D")),
            (json!({"from": "First", "then": [{"lookup": {"table": {}, "otherwise": "none"}}]}), json!("none")),
            (json!({"from": "Born", "then": [{"date": {"to": "%d.%m.%Y"}}]}), json!("17.05.1990")),
            (json!({"from": "Nickname", "then": ["upper", {"default": "–"}]}), json!("–")),
            (json!({"expr": "First | trim ~ ' ' ~ Last"}), json!("Jane Roe")),
            (json!({"expr": "Nickname | upper"}), Value::Null),
            (json!({"expr": "Nickname | default(Last)"}), json!("Roe")),
            (json!({"expr": "Cost > 40 and enabled"}), json!(true)),
        ] {
            assert_eq!(derived(&written, &jane()).unwrap(), expected, "{written}");
        }
    }

    #[test]
    fn what_can_not_be_done_names_the_account_and_the_attribute() {
        for written in [
            json!({"from": "Cost", "then": ["lower"]}),
            json!({"from": "Last", "then": [{"date": {"to": "%Y"}}]}),
            json!({"expr": "Last + 1"}),
        ] {
            let error = derived(&written, &json!({"Cost": 42, "Last": "Roe"})).unwrap_err();
            assert!(
                error.message().contains("`x` of `jane@acme.example`") && error.help().is_some(),
                "{written}: {error}"
            );
        }
    }

    #[test]
    fn a_rule_without_one_place_or_that_no_one_can_read_is_refused_with_its_place() {
        for (written, pointer) in [
            (json!({}), "/x"),
            (json!({"from": "A", "constant": 1}), "/x"),
            (json!({"from": "A", "separator": " "}), "/x/separator"),
            (json!({"expr": "A |"}), "/x/expr"),
            (json!({"expr": "A | shout"}), "/x/expr"),
            (json!({"from": "A", "then": [{"date": {"to": "%!"}}]}), "/x/then/0"),
        ] {
            let faults = derivations(json!({"x": written})).unwrap_err();
            assert_eq!(faults[0].pointer, pointer, "{written}: {faults:?}");
            assert!(faults[0].help.is_some(), "{written}");
        }
    }

    #[test]
    fn a_rule_that_uses_an_unknown_attribute_is_refused_with_the_nearest_one() {
        let schema = AccountSchema::new(vec![connector_core::AttributeSchema::text("Email")]);
        for written in [json!({"from": "Emial"}), json!({"expr": "Emial | lower"})] {
            let error = derivations(json!({"x": written})).unwrap().fit(&schema).unwrap_err();
            assert!(error.message().contains("`Emial`") && error.help().unwrap().contains("`Email`"), "{error:?}");
        }
        assert!(derivations(json!({"x": {"from": "Email"}, "y": {"from": "name"}})).unwrap().fit(&schema).is_ok());
    }
}

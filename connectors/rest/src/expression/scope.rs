//! The names that expressions can use, and their values.

use serde_json::Value;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The names that an expression can use at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// The names.
    pub(crate) names: &'static [(&'static str, Names)],
    /// The members of `settings`, in a connector file.
    pub(crate) settings: Option<&'a [String]>,
}

/// The members of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    /// Whatever the system returns.
    Any,
    /// A plain value.
    Value,
    /// These.
    Only(&'static [&'static str]),
}

impl Scope<'_> {
    /// What is wrong with a name such as `item.mail`, and what to write instead.
    pub(super) fn fault(&self, path: &str) -> Option<(String, String)> {
        let (root, rest) = path.split_once('.').map_or((path, None), |(root, rest)| (root, Some(rest)));
        let member = rest.map(|rest| rest.split('.').next().unwrap_or(rest));
        if let ("settings", Some(known)) = (root, self.settings) {
            return match member {
                Some(member) if known.iter().any(|name| name == member) => None,
                _ => Some((format!("unknown setting `{path}`"), format!("`settings` has {}", known.join(", ")))),
            };
        }
        let Some((_, names)) = self.names.iter().find(|(name, _)| *name == root) else {
            let mut known: Vec<_> = self.names.iter().map(|(name, _)| *name).collect();
            known.extend(self.settings.map(|_| "settings"));
            let help = match connector_core::nearest(root, known.iter().copied()) {
                Some(guess) => format!("did you mean `{guess}`?"),
                None if known.is_empty() => {
                    "there are no names at this place; for a brace itself, write it twice: `{{`".to_owned()
                }
                None => format!("the names at this place are {}; a text is written in quotes", known.join(", ")),
            };
            return Some((format!("unknown name `{root}`"), help));
        };
        match (names, member) {
            (Names::Any, _) | (_, None) => None,
            (Names::Value, Some(member)) => {
                Some((format!("`{root}` has no `{member}`"), format!("write `{root}` alone")))
            }
            (Names::Only(known), Some(member)) if known.contains(&member) => None,
            (Names::Only(known), Some(member)) => {
                Some((format!("`{root}` has no `{member}`"), format!("it has {}", known.join(", "))))
            }
        }
    }
}

/// The values of names.
#[derive(Default)]
pub(crate) struct Vars<'a>(Vec<Var<'a>>);

struct Var<'a> {
    name: &'static str,
    json: Cow<'a, Value>,
    /// The value in the form of the evaluator, made when an expression needs it.
    prepared: OnceCell<minijinja::Value>,
}

impl<'a> Vars<'a> {
    /// Adds a value.
    pub(crate) fn with(mut self, name: &'static str, value: &'a Value) -> Self {
        self.0.push(Var { name, json: Cow::Borrowed(value), prepared: OnceCell::new() });
        self
    }

    /// Adds a value that nothing else holds.
    pub(crate) fn with_own(mut self, name: &'static str, value: Value) -> Self {
        self.0.push(Var { name, json: Cow::Owned(value), prepared: OnceCell::new() });
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|one| one.name == name).map(|one| &*one.json)
    }

    pub(super) fn context(&self, used: &[String]) -> minijinja::Value {
        let used = self.0.iter().filter(|one| used.iter().any(|name| name == one.name));
        let pairs = used.map(|one| {
            let value = one.prepared.get_or_init(|| minijinja::Value::from(minijinja::value::Serde(&*one.json)));
            (one.name, value.clone())
        });
        minijinja::Value::from(pairs.collect::<BTreeMap<_, _>>())
    }
}

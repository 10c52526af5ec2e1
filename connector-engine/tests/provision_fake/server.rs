//! The directory's own side: what it holds, and every change that it carried out.

use super::plans::reference;
use connector_core::{Change, Concern, Entitlement, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    pub name: String,
    pub attributes: Map<String, Value>,
    pub disabled: bool,
    pub locked: bool,
    pub held: BTreeSet<EntitlementRef>,
    /// When what is held ends, where it has an end.
    pub ends: BTreeMap<EntitlementRef, Timestamp>,
    pub password: Option<String>,
    pub password_changed: u64,
}

/// What the directory holds.
#[derive(Debug, Default)]
pub struct Server {
    pub accounts: BTreeMap<String, Person>,
    pub entitlements: Vec<Entitlement>,
    /// How many may hold a license; one that is not here has no limit.
    pub seats: BTreeMap<EntitlementRef, u64>,
    /// What one must hold to be granted another: the second one needs the first.
    pub needs: Vec<(EntitlementRef, EntitlementRef)>,
    /// Every change that was carried out: the account's name, and what.
    pub changes: Vec<(String, String)>,
    /// Requests that changed nothing because it was so already.
    pub idle: Vec<(String, String)>,
    /// How many operations each request had that may change something.
    pub calls: Vec<usize>,
    pub under_way: usize,
    pub most_under_way: usize,
    /// How often accounts were asked for.
    pub reads: usize,
    /// What each of these reads asked for.
    pub concerns: Vec<Concern>,
    /// How often each operation was sent.
    pub sent: BTreeMap<String, usize>,
    /// Says that an account that is there already is unchanged, instead of refusing to make it.
    pub polite: bool,
    made: usize,
}

impl Server {
    pub fn add(&mut self, name: &str) -> String {
        self.made += 1;
        let id = format!("A{:04}", self.made);
        self.accounts.insert(id.clone(), Person { name: name.to_owned(), ..Person::default() });
        id
    }

    pub fn person(&mut self, name: &str) -> &mut Person {
        self.accounts.values_mut().find(|person| person.name == name).unwrap()
    }

    /// The accounts by name, without what only the directory knows.
    pub fn by_name(&self) -> BTreeMap<String, Person> {
        let person = |person: &Person| Person { password_changed: 0, ..person.clone() };
        self.accounts.values().map(|one| (one.name.clone(), person(one))).collect()
    }

    /// How many seats of a license are free.
    pub fn free(&self, license: &EntitlementRef) -> Option<u64> {
        let seats = self.seats.get(license)?;
        let used = self.accounts.values().filter(|person| person.held.contains(license)).count() as u64;
        Some(seats.saturating_sub(used))
    }

    /// Carries out an operation, like a source that nobody has looked at before.
    pub fn carry_out(&mut self, operation: &Operation) -> Result<Outcome> {
        let is_there = |name: &String| self.accounts.values().any(|person| person.name == *name);
        let (id, changed) = match &operation.change {
            Change::Create { name, .. } if self.polite && is_there(name) => (name.clone(), false),
            Change::Create { name, attributes, entitlements, .. } => {
                assert!(entitlements.is_empty(), "each is a grant of its own by then");
                (self.make(name, attributes)?, true)
            }
            _ => {
                let id = operation.account.clone();
                self.allowed(&id, operation)?;
                let changed = self.change(&id, operation);
                (id, changed)
            }
        };
        let name = self.accounts.get(&id).map_or_else(|| id.clone(), |person| person.name.clone());
        let what = (name, described(operation));
        if matches!(operation.change, Change::Delete) {
            self.accounts.remove(&id);
        }
        if changed {
            self.changes.push(what);
            Ok(Outcome::Applied { account: id })
        } else {
            self.idle.push(what);
            Ok(Outcome::unchanged("already has these values"))
        }
    }

    fn make(&mut self, name: &str, attributes: &Map<String, Value>) -> Result<String> {
        if attributes.contains_key("Refused") {
            return Err(Error::new(ErrorKind::Invalid, "the directory refuses the value of Refused"));
        }
        if self.accounts.values().any(|person| person.name == name) {
            return Err(Error::new(ErrorKind::AlreadyExists, format!("`{name}` is taken")));
        }
        let id = self.add(name);
        self.accounts.get_mut(&id).unwrap().attributes = present(attributes);
        Ok(id)
    }

    fn allowed(&self, id: &str, operation: &Operation) -> Result<()> {
        let Some(person) = self.accounts.get(id) else {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no account `{id}`")));
        };
        match &operation.change {
            Change::Update { set, .. } if set.contains_key("Refused") => {
                Err(Error::new(ErrorKind::Invalid, "the directory refuses the value of Refused"))
            }
            Change::Grant { entitlement, .. } => {
                let needed = self.needs.iter().find(|(of, needed)| of == entitlement && !person.held.contains(needed));
                if let Some((_, needed)) = needed {
                    return Err(Error::new(ErrorKind::Invalid, format!("needs {needed}")));
                }
                if self.free(entitlement) == Some(0) && !person.held.contains(entitlement) {
                    return Err(Error::new(ErrorKind::Quota, "no seat is free"));
                }
                Ok(())
            }
            Change::Revoke { entitlement, .. } => {
                match self.needs.iter().find(|(of, needed)| needed == entitlement && person.held.contains(of)) {
                    Some((of, _)) => Err(Error::new(ErrorKind::Invalid, format!("{of} needs it"))),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn change(&mut self, id: &str, operation: &Operation) -> bool {
        // Later than any password that was there at first, whichever change comes first.
        let clock = self.changes.len() as u64 + 2;
        let Some(person) = self.accounts.get_mut(id) else { return false };
        let before = person.clone();
        match &operation.change {
            Change::Update { set, .. } => {
                for (name, value) in set {
                    person.attributes.insert(name.clone(), value.clone());
                }
                person.attributes = present(&person.attributes);
            }
            Change::Grant { entitlement, until, .. } => {
                person.held.insert(entitlement.clone());
                person.ends.extend(until.map(|until| (entitlement.clone(), until)));
            }
            Change::Revoke { entitlement, .. } => {
                person.held.remove(entitlement);
                person.ends.remove(entitlement);
            }
            Change::Disable => person.disabled = true,
            Change::Enable => person.disabled = false,
            Change::Lock => person.locked = true,
            Change::Unlock => person.locked = false,
            Change::SetPassword { password, .. } => {
                person.password = Some(password.as_ref().map_or("reset", |text| text.expose_secret()).to_owned());
                person.password_changed = clock;
            }
            Change::Delete => return true,
            _ => return false,
        }
        *person != before
    }
}

/// An operation without its account.
pub fn described<P>(operation: &Operation<P>) -> String {
    let kind = operation.kind().name();
    match &operation.change {
        Change::Create { attributes, .. } => format!("{kind} {}", Value::from(present(attributes))),
        Change::Update { set, .. } => format!("{kind} {}", Value::from(set.clone())),
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => format!("{kind} {entitlement}"),
        _ => kind.to_owned(),
    }
}

fn present(attributes: &Map<String, Value>) -> Map<String, Value> {
    attributes.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect()
}

pub fn entitlement(written: &str, name: &str) -> Entitlement {
    let key = reference(written);
    Entitlement::new(key, name)
}

//! Who made a difference, as the source's own audit trail tells it.

use super::difference::{Change, Difference};
use super::reading::Reading;
use connector_core::{EntitlementRef, Result, TrailEvent, TrailSubject};
use connector_sql::params;
use connector_store::{Store, sql};
use std::collections::HashMap;

/// Shorter ids are too common in texts to mean anything.
const SHORTEST_ID: usize = 6;

/// The events that tell of a difference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blame {
    /// The events, oldest first; none if the trail has none.
    pub who: Vec<TrailEvent>,
    /// The values of an account that changed and that no event tells of.
    pub unexplained: Vec<String>,
}

/// An audit trail, ready to be asked.
pub struct Who {
    reading: Reading,
    events: Vec<TrailEvent>,
    /// The words of each event, in lowercase, with one blank around each.
    texts: Vec<String>,
    /// The events with a word.
    words: HashMap<String, Vec<usize>>,
    /// The events with an id, as the lists of the source have it.
    ids: HashMap<String, Vec<usize>>,
}

impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Who").field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl Who {
    /// The trail of a source.
    pub fn of(store: &Store, source: &str, events: Vec<TrailEvent>) -> Result<Self> {
        let reading = Reading::of(store, source)?;
        let texts: Vec<String> = events.iter().map(|event| in_words(&event.detail)).collect();
        let mut words: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, text) in texts.iter().enumerate() {
            for word in text.split_whitespace() {
                let places = words.entry(word.to_owned()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        let mut ids: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, event) in events.iter().enumerate() {
            event.ids.iter().for_each(|id| ids.entry(id.clone()).or_default().push(place));
        }
        Ok(Self { reading, events, texts, words, ids })
    }

    /// The events that tell of a difference: they name what differs, and are about that kind of thing.
    pub fn made(&self, difference: &Difference) -> Result<Blame> {
        Ok(match difference {
            Difference::Account { change, id, name, changes } => {
                let of_account = self.about(&self.names_of_account(id, Some(name))?);
                let subject = if *change == Change::Added { TrailSubject::NewAccount } else { TrailSubject::Account };
                let events = self.of_subject(&of_account, subject);
                let changed: Vec<&str> = changes.iter().map(|one| one.attribute.as_str()).collect();
                if *change == Change::Changed { self.explained(&events, &changed) } else { self.blame(&events) }
            }
            Difference::Assignment { account, account_name, entitlement, entitlement_name, .. } => {
                let mut both = self.about(&self.names_of_account(account, account_name.as_deref())?);
                let held = self.about(&names_of(entitlement, entitlement_name.as_deref()));
                both.retain(|place| held.binary_search(place).is_ok());
                self.blame(&self.of_subject(&both, TrailSubject::Assignment))
            }
            Difference::Entitlement { entitlement, name, .. } => {
                let named = self.about(&names_of(entitlement, Some(name)));
                self.blame(&self.of_subject(&named, TrailSubject::Entitlement))
            }
            Difference::Nesting { entitlement, entitlement_name, .. } => {
                let named = self.about(&names_of(entitlement, entitlement_name.as_deref()));
                self.blame(&self.of_subject(&named, TrailSubject::Entitlement))
            }
        })
    }

    /// The events that name an account, whatever they are about, oldest first.
    pub fn about_account(&self, id: &str, name: &str) -> Result<Vec<TrailEvent>> {
        Ok(self.blame(&self.about(&self.names_of_account(id, Some(name))?)).who)
    }

    fn names_of_account(&self, id: &str, name: Option<&str>) -> Result<Vec<String>> {
        let query = "SELECT display_name FROM accounts WHERE source = ?1 AND account_id = ?2";
        let found = sql::first(&self.reading.connection, query, params![self.reading.source, id], |row| row.get(0))?;
        let shown: Option<String> = found.flatten();
        let id = (id.len() >= SHORTEST_ID).then(|| id.to_owned());
        Ok(id.into_iter().chain(name.map(str::to_owned)).chain(shown).collect())
    }

    /// The places of the events whose text has one of these names, in order.
    fn about(&self, names: &[String]) -> Vec<usize> {
        let mut places: Vec<usize> = names.iter().flat_map(|name| self.naming(name)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn naming(&self, name: &str) -> Vec<usize> {
        let wanted = in_words(name);
        let words = wanted.split_whitespace();
        let rarest = words.map(|word| self.words.get(word)).min_by_key(|places| places.map_or(0, Vec::len));
        let mut places = rarest.flatten().cloned().unwrap_or_default();
        places.retain(|place| self.texts[*place].contains(&wanted));
        places.extend(self.ids.get(name).into_iter().flatten().copied());
        places
    }

    fn of_subject(&self, places: &[usize], subject: TrailSubject) -> Vec<usize> {
        let fits = |place: &usize| [subject, TrailSubject::Unknown].contains(&self.events[*place].subject);
        places.iter().copied().filter(fits).collect()
    }

    fn blame(&self, places: &[usize]) -> Blame {
        let who = places.iter().map(|place| self.events[*place].clone()).collect();
        Blame { who, unexplained: Vec::new() }
    }

    /// The events that tell of some of these values, and the values that none tells of.
    fn explained(&self, places: &[usize], changed: &[&str]) -> Blame {
        let explains = |place: &usize, name: &str| {
            let event = &self.events[*place];
            event.explains.is_empty() || event.explains.iter().any(|one| one.eq_ignore_ascii_case(name))
        };
        let some = |place: &usize| changed.iter().any(|name| explains(place, name));
        let places: Vec<usize> = places.iter().copied().filter(some).collect();
        let unexplained = changed.iter().filter(|name| !places.iter().any(|place| explains(place, name)));
        Blame { unexplained: unexplained.map(|name| (*name).to_owned()).collect(), ..self.blame(&places) }
    }
}

fn names_of(entitlement: &EntitlementRef, name: Option<&str>) -> Vec<String> {
    let id = (entitlement.id.len() >= SHORTEST_ID).then(|| entitlement.id.clone());
    id.into_iter().chain(name.map(str::to_owned)).collect()
}

/// The words of a text, in lowercase, with one blank around each.
fn in_words(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_whole_words_only() {
        let text = in_words("Permission set Data: Manage: assigned to user Jane Roe (UserID: [005ak0000000001])");
        for name in ["Data: Manage", "jane roe", "005ak0000000001"] {
            assert!(text.contains(&in_words(name)), "{name}");
        }
        for name in ["Data: Man", "Jane Ro", "mission set", "005ak000000000"] {
            assert!(!text.contains(&in_words(name)), "{name}");
        }
    }
}

//! The power that each entitlement gives, by itself or through those that it holds.

use super::holding::Holdings;
use connector_core::{EntitlementType, Power, Result, Severity};
use connector_sql::Connection;
use connector_store::{attributes, sql};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// An attribute that gives power.
struct Giver {
    attribute: String,
    title: String,
    severity: Severity,
}

/// What each entitlement says of the attributes that give power, by row; and the attributes, the most powerful first.
pub(super) struct Powers {
    givers: Vec<Giver>,
    /// For each giver, what the entitlements say that say anything.
    said: Vec<HashMap<i64, bool>>,
    /// For each giver, the entitlements that give it or lead to one that does.
    leading: Vec<HashSet<i64>>,
}

impl Powers {
    /// Reads them once, for all entitlements of a source.
    pub(super) fn of(
        connection: &Connection,
        source: i64,
        types: &[EntitlementType],
        holdings: &Holdings,
    ) -> Result<Self> {
        let mut givers: BTreeMap<&str, Giver> = BTreeMap::new();
        // Whether a type gives the attribute: a type that takes it away has an attribute of the same name.
        let mut of_type: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (entitlement_type, attribute) in types.iter().flat_map(|one| one.attributes.iter().map(move |of| (one, of)))
        {
            let Some(severity) = attribute.power else { continue };
            let title =
                if attribute.description.is_empty() { attribute.name.clone() } else { attribute.description.clone() };
            of_type.entry(&entitlement_type.name).or_default().insert(&attribute.name);
            givers.entry(&attribute.name).or_insert(Giver { attribute: attribute.name.clone(), title, severity });
        }
        let mut givers: Vec<_> = givers.into_values().collect();
        givers.sort_by(|one, other| other.severity.cmp(&one.severity).then_with(|| one.title.cmp(&other.title)));
        let mut said = vec![HashMap::new(); givers.len()];
        let query = "SELECT id, type, attributes FROM entitlements
             WHERE source = ?1 AND first_run IS NOT NULL AND removed_run IS NULL";
        let read = |row: &connector_sql::Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, attributes(row, 2)?));
        sql::each(connection, query, [source], read, |(row, entitlement_type, values): (i64, _, _)| {
            let Some(names) = of_type.get(entitlement_type.as_str()) else { return Ok(()) };
            for (name, value) in values.entries() {
                let place = givers.iter().position(|giver| giver.attribute == name && names.contains(&*name));
                if let (Some(place), Ok(says)) = (place, serde_json::from_str(value.get())) {
                    said[place].insert(row, says);
                }
            }
            Ok(())
        })?;
        let leading = said.iter().map(|said| leading_to(said, holdings)).collect();
        Ok(Self { givers, said, leading })
    }

    /// Whether entitlements could give power, and none says whether it does.
    pub(super) fn are_unknown(&self) -> bool {
        !self.givers.is_empty() && self.said.iter().all(HashMap::is_empty)
    }

    /// What whoever holds this entitlement can do, each power with the shortest path that nothing on it takes away.
    pub(super) fn given_by(&self, row: i64, holdings: &Holdings) -> Vec<Power> {
        let mut powers = Vec::new();
        for ((giver, said), leading) in self.givers.iter().zip(&self.said).zip(&self.leading) {
            if leading.contains(&row)
                && let Some(path) = path(row, said, leading, holdings)
            {
                let way: Vec<_> = path.iter().map(|row| in_words(*row, holdings)).collect();
                let path = path.into_iter().map(|row| holdings.key(row)).collect();
                let power = Power::new(&giver.attribute, &giver.title, giver.severity, path);
                powers.push(power.by_way_of(way.join(" > ")));
            }
        }
        powers
    }
}

/// Type and name of an entitlement.
fn in_words(row: i64, holdings: &Holdings) -> String {
    let key = holdings.key(row);
    format!("{} {}", key.entitlement_type, holdings.name(row).unwrap_or(&key.id))
}

/// The entitlements that say yes, and all that hold one of them in any number of steps.
fn leading_to(said: &HashMap<i64, bool>, holdings: &Holdings) -> HashSet<i64> {
    let mut leading = HashSet::new();
    for row in said.iter().filter(|(_, says)| **says).map(|(row, _)| *row) {
        if !leading.contains(&row) {
            leading.extend(holdings.leading_to(row));
        }
    }
    leading
}

/// The shortest path to an entitlement that says yes and holds no further one that explains it. Whoever says no takes away what
/// comes below.
fn path(from: i64, said: &HashMap<i64, bool>, leading: &HashSet<i64>, holdings: &Holdings) -> Option<Vec<i64>> {
    let says = |row: i64| said.get(&row).copied();
    let mut next = VecDeque::from([vec![from]]);
    let mut seen = HashSet::from([from]);
    let mut shortest: Option<Vec<i64>> = None;
    while let Some(path) = next.pop_front() {
        let row = path[path.len() - 1];
        if says(row) == Some(false) {
            continue;
        }
        if says(row) == Some(true) {
            // What a group says of itself is explained by the member that gives it.
            let explained = holdings.held_by(row).iter().any(|held| says(*held) == Some(true) && !seen.contains(held));
            if !explained {
                return Some(path);
            }
            shortest.get_or_insert_with(|| path.clone());
        }
        for held in holdings.held_by(row).iter().copied().filter(|held| leading.contains(held)) {
            if seen.insert(held) {
                next.push_back([path.as_slice(), &[held]].concat());
            }
        }
    }
    shortest
}

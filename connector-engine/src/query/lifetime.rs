//! When a row lived, and what it was then.

/// The runs in the life of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    /// Saw it for the first time.
    pub(super) first: i64,
    /// Began its present life.
    pub(super) added: i64,
    /// Changed its values last.
    pub(super) changed: Option<i64>,
    /// Found it gone.
    pub(super) removed: Option<i64>,
}

/// What an earlier run changed in a row.
#[derive(Clone, Debug)]
pub(super) struct PastChange {
    pub(super) run: i64,
    /// Its values until then, when they changed.
    pub(super) before: Option<String>,
    /// The run that had found it gone, when it came again.
    pub(super) removed: Option<i64>,
}

impl Lifetime {
    /// Whether the row lived at the end of a run.
    pub(super) fn is_alive(&self, past: &[PastChange], run: i64) -> bool {
        let mut began = self.first;
        for change in past {
            if let Some(removed) = change.removed {
                if began <= run && run < removed {
                    return true;
                }
                began = change.run;
            }
        }
        began <= run && self.removed.is_none_or(|removed| run < removed)
    }

    /// The runs that found the row come or gone.
    pub(super) fn turns(&self, past: &[PastChange]) -> Vec<i64> {
        let again = past.iter().filter_map(|change| change.removed.map(|removed| [removed, change.run]));
        std::iter::once(self.first).chain(again.flatten()).chain(self.removed).collect()
    }

    /// The text of the row's values at the end of a run; `None` when they are still the same.
    pub(super) fn values_at(past: &[PastChange], run: i64) -> Option<&str> {
        past.iter().filter(|change| change.run > run).find_map(|change| change.before.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_lives_from_each_coming_to_each_going() {
        let life = Lifetime { first: 2, added: 5, changed: Some(5), removed: Some(7) };
        let past = [PastChange { run: 5, before: Some("old".into()), removed: Some(4) }];
        let alive: Vec<_> = (1..=8).filter(|run| life.is_alive(&past, *run)).collect();
        assert_eq!(alive, [2, 3, 5, 6]);
        assert_eq!(life.turns(&past), [2, 4, 5, 7]);
        assert_eq!(Lifetime::values_at(&past, 3), Some("old"));
        assert_eq!(Lifetime::values_at(&past, 5), None);
    }
}

//! The sources that a clock watches, as their files are now.

use super::event::{Event, NextMoment};
use super::times::Times;
use connector_core::{Error, Result};
use connector_project::source::Project;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A source with a schedule.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) times: Times,
}

/// What tells a changed file from the one that was read.
type Stamp = Option<(SystemTime, u64)>;

/// A file as it was read.
#[derive(Debug)]
struct Read {
    stamps: [Stamp; 2],
    watched: Option<Watched>,
}

/// The sources that a clock watches.
#[derive(Debug)]
pub(super) struct Roster<'a> {
    project: &'a Project,
    /// The sources that the user named; all of them if there are none.
    named: &'a [String],
    files: BTreeMap<String, Read>,
    /// What was said last of the list of sources itself.
    said: Option<String>,
}

impl<'a> Roster<'a> {
    /// The sources with a schedule. Fails with kind `definition` if one of those that the user named has none, or if there is
    /// nothing to watch.
    pub(super) fn new(project: &'a Project, named: &'a [String]) -> Result<Self> {
        for name in named {
            if project.load(name)?.aggregation.schedule.is_none() {
                return Err(Error::definition(format!("the source `{name}` has no schedule"))
                    .with_help("add `aggregation: {schedule: \"0 */4 * * *\"}` to its file, or to `connector.yaml` for all sources"));
            }
        }
        let roster = Self::of_some(project, named);
        let sources = roster.names()?;
        let has_schedule = |name: &String| project.load(name).is_ok_and(|source| source.aggregation.schedule.is_some());
        if !sources.iter().any(has_schedule) {
            return Err(Error::definition("no source of this project has a schedule").with_help(
                "add `aggregation: {schedule: \"0 */4 * * *\"}` to a source, or to `connector.yaml` for all sources",
            ));
        }
        Ok(roster)
    }

    /// Those of these sources that have a schedule, which may be none yet.
    pub(super) fn of_some(project: &'a Project, named: &'a [String]) -> Self {
        Self { project, named, files: BTreeMap::new(), said: None }
    }

    fn names(&self) -> Result<Vec<String>> {
        if self.named.is_empty() { self.project.sources() } else { Ok(self.named.to_vec()) }
    }

    /// Reads the files that changed. Returns what is wrong in them, once.
    pub(super) fn reload(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let names = match self.names() {
            Ok(names) => names,
            Err(error) => {
                // What is running and watched stays.
                if self.said.replace(error.to_string()).as_deref() != Some(&error.to_string()) {
                    events.push(Event::Unreadable { error });
                }
                return events;
            }
        };
        self.said = None;
        self.files.retain(|name, _| names.contains(name));
        for name in names {
            let stamps = self.stamps(&name);
            if self.files.get(&name).is_some_and(|read| read.stamps == stamps) {
                continue;
            }
            let watched = self.read(&name).unwrap_or_else(|error| {
                events.push(Event::Invalid { source: name.clone(), error });
                None
            });
            self.files.insert(name, Read { stamps, watched });
        }
        events
    }

    fn read(&self, name: &str) -> Result<Option<Watched>> {
        let source = self.project.load(name)?;
        let zone = self.project.settings()?.zone();
        let times = source.aggregation.schedule.map(|schedule| Times::parse(&schedule, zone)).transpose()?;
        Ok(times.map(|times| Watched { name: name.to_owned(), times }))
    }

    fn stamps(&self, name: &str) -> [Stamp; 2] {
        let stamp = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        };
        let source = self.project.source_file(name).ok().and_then(|path| stamp(&path));
        [source, stamp(&self.project.folder().join("connector.yaml"))]
    }

    /// The sources to watch now.
    pub(super) fn watched(&self) -> impl Iterator<Item = &Watched> {
        self.files.values().filter_map(|read| read.watched.as_ref())
    }

    /// When each source is due next.
    pub(super) fn next_moments(&self, now: Timestamp) -> Vec<NextMoment> {
        self.watched().map(|source| NextMoment { source: source.name.clone(), next: source.times.next(now) }).collect()
    }

    /// How long no source is due.
    pub(super) fn sleep(&self, now: Timestamp) -> Duration {
        let next = self.watched().filter_map(|source| source.times.next(now)).min();
        next.and_then(|next| Duration::try_from(next.duration_since(now)).ok()).unwrap_or(Duration::MAX)
    }
}

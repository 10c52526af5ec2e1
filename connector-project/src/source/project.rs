//! A project folder: its path and its files.

use super::catalog::Catalog;
use super::definition::{ProjectSettings, Source};
use super::files::{near, yaml_files};
use super::findings_file::FindingsSettings;
use super::read;
use crate::document::Problems;
use connector_core::{Error, ErrorKind, Problem, Result};
use connector_sql::Place;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The name of the file with the settings of the whole project.
const SETTINGS_FILE: &str = "connector.yaml";

/// The name of the file that says which findings are accepted.
const FINDINGS_FILE: &str = "findings.yaml";

/// The folder with the connectors of the project.
const CONNECTORS: &str = "connectors";

/// A project folder: `connector.yaml`, `sources/`, `connectors/`, `plans/`, `secrets/` and the store.
#[derive(Clone, Debug)]
pub struct Project {
    folder: PathBuf,
    /// Where the paths that a user types begin.
    start: PathBuf,
    catalog: Arc<OnceLock<Catalog>>,
}

impl Project {
    /// The project that contains `start`: the nearest folder, from `start` upward, with `connector.yaml` or `sources/`. If
    /// there is no such folder, `start` itself.
    ///
    /// Fails with kind `definition` if another user owns or can change that folder: whoever does would decide which programs
    /// run. [`Project::at`] takes a folder that the user named.
    pub fn find(start: &Path) -> Result<Self> {
        let absolute = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
        let folder = if is_project(start) {
            start
        } else if let Some(parent) = absolute.ancestors().skip(1).find(|folder| is_project(folder)) {
            parent
        } else {
            return Ok(Self::at(start));
        };
        let parts = [folder.join(SETTINGS_FILE), folder.join("sources"), folder.join(CONNECTORS)];
        connector_files::check_project(folder, &parts).map_err(|why| why.into_error(ErrorKind::Definition))?;
        Ok(Self { start: start.to_owned(), ..Self::at(folder) })
    }

    /// The project in `folder`. The folder does not have to exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { start: folder.clone(), folder, catalog: Arc::default() }
    }

    /// The file that a user means with a path: relative to the folder that the user named, otherwise to the current one. A
    /// path that leads to a file only from the current folder means that file.
    pub fn typed(&self, path: &Path) -> PathBuf {
        let from_start = self.start.join(path);
        if path.is_relative() && from_start.symlink_metadata().is_ok() { near(&from_start) } else { path.to_owned() }
    }

    /// The same project with this catalog instead of its own.
    #[must_use]
    pub fn with_catalog(self, catalog: Catalog) -> Self {
        Self { catalog: Arc::new(OnceLock::from(catalog)), ..self }
    }

    /// The connectors of this program and those in `connectors/`. The folder is read once, at the first call.
    pub fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| self.read_catalog())
    }

    /// The catalog as the files are now.
    pub(super) fn read_catalog(&self) -> Catalog {
        read::catalog(&self.folder.join(CONNECTORS))
    }

    /// The project folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The checked settings of the whole project; the defaults if the project has no `connector.yaml`.
    pub fn settings(&self) -> Result<ProjectSettings, Problems> {
        read::project_settings(&self.settings_file(), &|name| self.missing_source(name))
    }

    /// The checked settings of findings; the defaults if the project has no `findings.yaml`.
    pub fn findings(&self) -> Result<FindingsSettings, Problems> {
        read::findings_settings(&self.findings_file())
    }

    /// Where the store is, without the password of a server.
    pub fn store_place(&self) -> Result<Place> {
        let settings = self.settings()?;
        let place = self.store_at(settings.store.as_deref().unwrap_or(".connector/store.db"))?;
        Ok(match place {
            Place::Server(address) => {
                Place::Server(address.with_ca(settings.store_ca_file.map(|ca| self.folder.join(ca))))
            }
            file @ Place::File(_) => file,
        })
    }

    /// Where a store is, given as a path, a `sqlite:` URL or the URL of a PostgreSQL database. Fails with kind `definition` if the
    /// text is none of them.
    pub fn store_at(&self, location: &str) -> Result<Place> {
        let place = read::store_place(location)
            .map_err(|(message, help)| Error::new(ErrorKind::Definition, message).with_help(help))?;
        Ok(match place {
            Place::File(path) => Place::File(self.folder.join(path)),
            server @ Place::Server(_) => server,
        })
    }

    /// The names of the sources, sorted. Fails with kind `definition` if the folder can't be read or if two files have the
    /// same name.
    pub fn sources(&self) -> Result<Vec<String>> {
        let files = self.source_files()?;
        let mut names: Vec<String> = Vec::with_capacity(files.len());
        for (name, path) in &files {
            if names.last() == Some(name) {
                let message = format!("two files in `sources/` have the same name `{name}`");
                return Err(Error::new(ErrorKind::Definition, message)
                    .with_help(format!("rename or remove `{}`", path.display())));
            }
            names.push(name.clone());
        }
        Ok(names)
    }

    /// The checked source with that name or in that YAML file.
    ///
    /// It does not check the files that refs name. [`Project::check`] does.
    pub fn load(&self, name_or_path: &str) -> Result<Source, Problems> {
        let path = self.source_file(name_or_path)?;
        self.refuse_second_file(&path)?;
        let settings = self.settings()?;
        read::source(&path, &read::Given { defaults: &settings, catalog: self.catalog() })
    }

    /// Refuses a file from elsewhere with the name of a source of the project: the store keeps one history for each name.
    fn refuse_second_file(&self, path: &Path) -> Result<(), Problems> {
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { return Ok(()) };
        let same = |other: &Path| matches!((path.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b);
        let own = self.files_named(name);
        match own.first() {
            Some(other) if path.is_file() && !own.iter().any(|file| same(file)) => {
                Err(read::second_source(path.to_owned(), name, &near(other)))
            }
            _ => Ok(()),
        }
    }

    /// All problems of the source with that name or in that file, and of `connector.yaml`, that can be found offline. This
    /// includes files that refs name, and settings that contradict each other. For a connector file, `connector.yaml` or
    /// `findings.yaml`, its own problems.
    pub fn check(&self, name_or_path: &str) -> Vec<Problem> {
        let (settings, mut problems) = match self.settings() {
            Ok(settings) => (settings, Vec::new()),
            Err(found) => (ProjectSettings::default(), found.0),
        };
        if self.is_settings_file(Path::new(name_or_path)) {
            return problems;
        }
        if self.is_findings_file(Path::new(name_or_path)) {
            problems.extend(self.findings().err().map(|found| found.0).unwrap_or_default());
            return problems;
        }
        if self.is_connector_file(Path::new(name_or_path)) {
            problems.extend(self.catalog().problems_of(Path::new(name_or_path)));
            return problems;
        }
        let given = read::Given { defaults: &settings, catalog: self.catalog() };
        match self.source_file(name_or_path) {
            Ok(path) => {
                let found = read::check_source(&path, &given, &self.folder);
                if found.iter().any(|one| one.rule == read::UNUSABLE_CONNECTOR) {
                    problems.extend(self.catalog().problems());
                }
                problems.extend(found);
            }
            Err(found) => problems.extend(found.0),
        }
        problems
    }

    /// The file of a source. The source does not have to be valid.
    pub fn source_file(&self, name_or_path: &str) -> Result<PathBuf, Problems> {
        let as_path = Path::new(name_or_path);
        let is_yaml = as_path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml || as_path.components().count() > 1 {
            return Ok(self.typed(as_path));
        }
        match &self.files_named(name_or_path)[..] {
            [] => {
                let missing = near(&self.folder.join(format!("sources/{name_or_path}.yaml")));
                Err(read::unknown_source(missing, name_or_path, &self.source_files().unwrap_or_default()))
            }
            [path] => Ok(near(path)),
            [path, other, ..] => Err(read::ambiguous_source(near(path), name_or_path, &near(other))),
        }
    }

    /// What to say about the name of a source that the project does not have.
    fn missing_source(&self, name: &str) -> Option<String> {
        if !self.files_named(name).is_empty() {
            return None;
        }
        let known = self.source_files().unwrap_or_default();
        let known: Vec<_> = known.iter().map(|(name, _)| name.as_str()).collect();
        Some(match connector_core::nearest(name, known.iter().copied()) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => "write the name of a file in `sources/`, without `.yaml`".to_owned(),
        })
    }

    /// The files of the source with that name. Probes the two possible ones: listing the folder for each of its sources would
    /// take quadratic time.
    fn files_named(&self, name: &str) -> Vec<PathBuf> {
        let folder = self.folder.join("sources");
        let files = ["yaml", "yml"].map(|extension| folder.join(format!("{name}.{extension}")));
        files.into_iter().filter(|path| path.symlink_metadata().is_ok()).collect()
    }

    /// Whether the path names the existing file with the settings of the project.
    fn is_settings_file(&self, path: &Path) -> bool {
        path.is_file() && path.canonicalize().ok() == self.settings_file().canonicalize().ok()
    }

    /// Whether the path names the existing file that says which findings are accepted.
    pub fn is_findings_file(&self, path: &Path) -> bool {
        path.is_file() && path.canonicalize().ok() == self.findings_file().canonicalize().ok()
    }

    /// The path of the file that says which findings are accepted, whether it exists or not.
    pub fn findings_file(&self) -> PathBuf {
        near(&self.folder.join(FINDINGS_FILE))
    }

    /// Whether the path names an existing file in `connectors/`.
    fn is_connector_file(&self, path: &Path) -> bool {
        let folder = path.parent().and_then(|parent| parent.canonicalize().ok());
        path.is_file() && folder.is_some() && folder == self.folder.join(CONNECTORS).canonicalize().ok()
    }

    pub(super) fn settings_file(&self) -> PathBuf {
        near(&self.folder.join(SETTINGS_FILE))
    }

    /// The YAML files in `sources/` with their names, sorted by name.
    pub(super) fn source_files(&self) -> Result<Vec<(String, PathBuf)>> {
        yaml_files(&self.folder.join("sources"))
    }
}

fn is_project(folder: &Path) -> bool {
    folder.join(SETTINGS_FILE).is_file() || folder.join("sources").is_dir()
}

//! Retrieves: components of the org as a zip, fetched once.

use std::collections::BTreeMap;

use roxmltree::Node;
use serde_json::{Value as Json, json};

use super::apps::Apps;
use super::component::Kind;
use super::definition::document;
use super::package::{manifest, members, zipped};
use crate::app::App;
use crate::id::Id;

/// All retrieves since the start.
#[derive(Debug, Default)]
pub(crate) struct Retrieves {
    jobs: Vec<Retrieve>,
}

/// A retrieve. The requested components are collected at once.
#[derive(Debug)]
pub(crate) struct Retrieve {
    pub(crate) components: Vec<(Kind, App)>,
    /// What could not be found.
    pub(crate) missing: Vec<String>,
    /// The zip, until it is fetched.
    pub(crate) zip: Option<Vec<u8>>,
    /// How many times its status was polled.
    pub(crate) polls: u64,
}

impl Retrieves {
    /// Collects what a `RetrieveRequest` asks for, and returns the id of the retrieve.
    pub(crate) fn start(&mut self, apps: &Apps, request: Node<'_, '_>) -> String {
        let child = |node: Node<'_, '_>, name: &str| {
            node.children()
                .find(|child| child.tag_name().name() == name)
                .and_then(|node| node.text())
                .map(str::to_owned)
        };
        let version = child(request, "apiVersion").unwrap_or_default();
        let number = version.strip_suffix(".0").unwrap_or(&version).parse().unwrap_or(0);
        let mut retrieve = Retrieve { components: Vec::new(), missing: Vec::new(), zip: None, polls: 0 };
        for package in request.children().filter(|node| node.tag_name().name() == "unpackaged") {
            for types in package.children().filter(|node| node.tag_name().name() == "types") {
                let (name, members) = members(types);
                match Kind::named(&name, number) {
                    Some(kind) => retrieve.gather(apps, kind, &members),
                    None => retrieve.missing.push(format!("Entity type: '{name}' is unknown")),
                }
            }
        }
        let folder = if child(request, "singlePackage").as_deref() == Some("true") { "" } else { "unpackaged/" };
        retrieve.pack(folder, &format!("{number}.0"));
        self.jobs.push(retrieve);
        Self::id(self.jobs.len() - 1)
    }

    fn id(place: usize) -> String {
        Id::new("09S", 40_000_000 + place as u64).to_string()
    }

    /// The retrieve with this id; counts one more poll.
    pub(crate) fn poll(&mut self, id: &str) -> Option<&mut Retrieve> {
        let id = Id::parse(id)?;
        let place = (0..self.jobs.len()).find(|place| Self::id(*place) == id.as_str())?;
        let retrieve = &mut self.jobs[place];
        retrieve.polls += 1;
        Some(retrieve)
    }
}

impl Retrieve {
    fn gather(&mut self, apps: &Apps, kind: Kind, members: &[String]) {
        for member in members {
            let found: Vec<&App> = if member == "*" {
                apps.all().filter(|app| kind.describes(app.kind)).collect()
            } else {
                apps.of_component(kind, member).into_iter().collect()
            };
            if found.is_empty() && member != "*" {
                self.missing.push(format!("Entity of type '{}' named '{member}' cannot be found", kind.name()));
            }
            self.components.extend(found.into_iter().map(|app| (kind, app.clone())));
        }
    }

    fn pack(&mut self, folder: &str, version: &str) {
        let mut types = BTreeMap::<&'static str, Vec<String>>::new();
        let mut files = Vec::new();
        for (kind, app) in &self.components {
            let full_name = kind.full_name(app);
            files.push((format!("{folder}{}", kind.file(&full_name)), document(*kind, app)));
            types.entry(kind.name()).or_default().push(full_name);
        }
        files.push((format!("{folder}package.xml"), manifest(&types, version)));
        self.zip = Some(zipped(&files));
    }

    /// What the retrieve did not find, as messages of its result.
    pub(crate) fn messages(&self) -> Vec<Json> {
        let message = |problem: &String| json!({"fileName": "unpackaged/package.xml", "problem": problem});
        self.missing.iter().map(message).collect()
    }
}

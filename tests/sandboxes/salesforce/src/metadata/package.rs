//! The zip of a deploy or a retrieve: package.xml and the components that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

use roxmltree::{Document, Node};
use serde_json::{Map, Value as Json, json};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::NAMESPACE;
use super::component::Kind;
use super::definition::{Definition, root};
use super::problem::Problem;
use crate::options::Rights;

/// The most files, the most bytes zipped and the most bytes unzipped.
const MOST_FILES: usize = 10_000;
const LARGEST_ZIP: usize = 39 * 1024 * 1024;
const LARGEST_CONTENT: u64 = 600 * 1024 * 1024;
const MANIFEST: &str = "package.xml";

type Files = BTreeMap<String, Vec<u8>>;

/// The content of a deploy: components that can be read, and what is wrong with the rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parcel {
    pub(crate) components: Vec<Definition>,
    pub(crate) problems: Vec<Problem>,
}

/// What `package.xml` says.
struct Manifest {
    /// Types and the members of each.
    types: Vec<(String, Vec<String>)>,
    version: u32,
}

impl Parcel {
    /// Opens the zip of a deploy: one package at its root, or one in each of its folders.
    pub(crate) fn open(zip: &[u8], single: bool, rights: &Rights, newest: u32) -> Self {
        let mut parcel = Self::default();
        match unzip(zip) {
            Ok(files) if single => parcel.take(files, rights, newest),
            Ok(files) => {
                let mut packages: Vec<Files> = folders(files).into_values().collect();
                if packages.is_empty() {
                    packages.push(Files::new());
                }
                for files in packages {
                    parcel.take(files, rights, newest);
                }
            }
            Err(text) => parcel.problems.push(Problem::of_package(text)),
        }
        parcel
    }

    /// Takes one package.
    fn take(&mut self, mut files: Files, rights: &Rights, newest: u32) {
        let manifest = files.remove(MANIFEST).ok_or_else(|| Problem::of_package("No package.xml found"));
        let manifest = match manifest.and_then(|text| Manifest::read(&text, newest)) {
            Ok(manifest) => manifest,
            Err(problem) => return self.problems.push(problem),
        };
        for (name, members) in &manifest.types {
            let Some(kind) = Kind::named(name, manifest.version) else {
                let text = format!("Unknown type name '{name}' specified in package.xml");
                self.problems.push(Problem::of_package(text));
                continue;
            };
            for member in wanted(kind, members, &files) {
                match component(kind, &member, &mut files, rights) {
                    Ok(component) => self.components.push(component),
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
        self.problems.extend(files.into_keys().map(|file_name| Problem {
            full_name: file_name.clone(),
            file_name,
            text: "Not in package.xml".to_owned(),
            ..Problem::default()
        }));
    }
}

impl Manifest {
    fn read(text: &[u8], newest: u32) -> Result<Self, Problem> {
        let text = str::from_utf8(text).map_err(|_| Problem::of_package("Invalid encoding: UTF-8 is expected"))?;
        let tree = Document::parse(text).map_err(|error| {
            let place = error.pos();
            Problem::of_package(format!("Error parsing file: {error}")).at((place.row, place.col))
        })?;
        let root = tree.root_element();
        if !root.has_tag_name((NAMESPACE, "Package")) {
            return Err(Problem::of_package("Invalid root element: Package is expected"));
        }
        let version =
            child(root, "version").ok_or_else(|| Problem::of_package("Required field is missing: version"))?;
        let number = version.strip_suffix(".0").and_then(|number| number.parse().ok());
        let version = number
            .filter(|number| *number <= newest)
            .ok_or_else(|| Problem::of_package(format!("Invalid version specified: {version}")))?;
        let types = root.children().filter(|node| node.has_tag_name((NAMESPACE, "types"))).map(members).collect();
        Ok(Self { types, version })
    }
}

/// The name and the members of a `types` element.
pub(super) fn members(types: Node<'_, '_>) -> (String, Vec<String>) {
    let members = types.children().filter(|node| node.tag_name().name() == "members");
    let text = |node: Node<'_, '_>| node.text().unwrap_or("").trim().to_owned();
    (child(types, "name").unwrap_or("").to_owned(), members.map(text).collect())
}

/// The text of a child.
fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|child| child.tag_name().name() == name)?.text().map(str::trim)
}

/// The members, with the wildcard expanded.
fn wanted(kind: Kind, members: &[String], files: &Files) -> BTreeSet<String> {
    let mut wanted: BTreeSet<String> = members.iter().filter(|member| *member != "*").cloned().collect();
    if members.iter().any(|member| member == "*") {
        let (before, after) =
            kind.file("*").split_once('*').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap_or_default();
        let names = files.keys().filter_map(|file| file.strip_prefix(&before)?.strip_suffix(&after));
        wanted.extend(names.map(str::to_owned));
    }
    wanted
}

fn component(kind: Kind, member: &str, files: &mut Files, rights: &Rights) -> Result<Definition, Problem> {
    let document = files.remove(&kind.file(member)).ok_or_else(|| {
        let kind = kind.name();
        Problem::of_package(format!(
            "An object '{member}' of type {kind} was named in package.xml, but was not found in zipped directory"
        ))
    })?;
    if !kind.allowed(rights) {
        let text = "INSUFFICIENT_ACCESS_OR_READONLY: insufficient access rights on object id";
        return Err(Problem::of(kind, member, text));
    }
    Definition::read(kind, member, &document)
}

/// The packages in the folders of a zip; files outside of them belong to no package.
fn folders(files: Files) -> BTreeMap<String, Files> {
    let mut folders = BTreeMap::<String, Files>::new();
    for (path, content) in files {
        if let Some((folder, rest)) = path.split_once('/') {
            folders.entry(folder.to_owned()).or_default().insert(rest.to_owned(), content);
        }
    }
    folders
}

fn unzip(zip: &[u8]) -> Result<Files, String> {
    if zip.len() > LARGEST_ZIP {
        return Err("LIMIT_EXCEEDED: Maximum size of request reached. Maximum size of request is 39 MB".to_owned());
    }
    let broken = |error: ZipError| format!("The file is not a zip file: {error}");
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(broken)?;
    if archive.len() > MOST_FILES {
        return Err(format!("LIMIT_EXCEEDED: The zip file has more than {MOST_FILES} files"));
    }
    let mut files = Files::new();
    let mut left = LARGEST_CONTENT;
    for place in 0..archive.len() {
        let file = archive.by_index(place).map_err(broken)?;
        if file.is_dir() {
            continue;
        }
        let name = file.name().map_err(broken)?.into_owned();
        let mut content = Vec::new();
        let length = file.take(left + 1).read_to_end(&mut content).map_err(|error| broken(error.into()))? as u64;
        left = left.checked_sub(length).ok_or("LIMIT_EXCEEDED: The zip file holds more than 600 MB")?;
        files.insert(name, content);
    }
    Ok(files)
}

/// The zip of a retrieve.
pub(super) fn zipped(files: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let written = zip.start_file(name, SimpleFileOptions::default()).map_err(std::io::Error::from);
        written.and_then(|()| zip.write_all(content.as_bytes())).expect("writing to memory can't fail");
    }
    zip.finish().expect("writing to memory can't fail").into_inner()
}

/// A `package.xml` of these members.
pub(super) fn manifest(types: &BTreeMap<&'static str, Vec<String>>, version: &str) -> String {
    let types = types.iter().map(|(name, members)| json!({"members": members, "name": name}));
    let mut package = Map::new();
    package.insert("types".to_owned(), types.collect());
    package.insert("version".to_owned(), Json::from(version));
    root("Package", package)
}

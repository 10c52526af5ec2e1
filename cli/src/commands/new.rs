//! `connector new connector NAME`.

use crate::arguments::{NewCommand, NewConnectorArguments};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{DIM, GOOD, paint};
use connector_core::registry;
use connector_core::{Error, ErrorKind, Result};
use connector_files::shell_word;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The files of the crate. Cargo leaves nested packages out of a package, so the manifest has another name here.
const TEMPLATE: [(&str, &str); 11] = [
    ("Cargo.toml", include_str!("../../template/manifest.toml")),
    ("README.md", include_str!("../../template/README.md")),
    (".gitignore", include_str!("../../template/gitignore")),
    ("connector.yaml", include_str!("../../template/project.yaml")),
    ("sources/{{name}}.yaml", include_str!("../../template/source.yaml")),
    ("src/lib.rs", include_str!("../../template/src/lib.rs")),
    ("src/main.rs", include_str!("../../template/src/main.rs")),
    ("src/settings.rs", include_str!("../../template/src/settings.rs")),
    ("src/connector.rs", include_str!("../../template/src/connector.rs")),
    ("src/people.rs", include_str!("../../template/src/people.rs")),
    ("tests/conformance.rs", include_str!("../../template/tests/conformance.rs")),
];

/// The part of a version that Cargo compares before 1.0.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

/// What the crate depends on, directly and through others. Cargo warns of crates that it is told about and doesn't need.
const CRATES: [&str; 17] = [
    "connector-cli",
    "connector-core",
    "connector-engine",
    "connector-files",
    "connector-filter",
    "connector-http",
    "connector-keys",
    "connector-mcp",
    "connector-project",
    "connector-queue",
    "connector-secrets",
    "connector-server",
    "connector-sql",
    "connector-store",
    "connector-tables",
    "connector-testkit",
    "connector-text",
];

/// How far below the folder of a clone its crates are.
const DEEPEST_CRATE: u8 = 3;

pub(super) fn run(invocation: &Invocation, command: &NewCommand) -> Result<Exit, Stop> {
    let NewCommand::Connector(arguments) = command;
    let printer = &invocation.printer;
    let folder = arguments.dir.clone().unwrap_or_else(|| PathBuf::from(crate_name(&arguments.name)));
    // As every typed path, it begins in the folder that `-C` names.
    let folder = invocation.named_folder().map_or(folder.clone(), |named| named.join(&folder));
    new_connector(arguments, &folder)?;
    let files: Vec<_> = TEMPLATE.iter().map(|(path, _)| filled(path, &arguments.name)).collect();
    if printer.is_json() {
        printer.json(&json!({"connector": arguments.name, "folder": folder, "created": files}))?;
        return Ok(Exit::Success);
    }
    printer.result(format!("{} created the crate {}\n", paint(GOOD, "✓"), folder.display()))?;
    for file in &files {
        printer.result(format!("    {}\n", paint(DIM, file)))?;
    }
    let enter = format!("cd {}", shell_word(&folder.display().to_string()));
    let aggregate = format!("cargo run --features binary -- aggregate {}", arguments.name);
    printer.next(&[
        (&enter, ""),
        ("cargo test --no-default-features", "run the trials of the kit"),
        (&aggregate, "read the example system"),
        ("$EDITOR src/connector.rs", "read your system instead of the example"),
    ]);
    Ok(Exit::Success)
}

/// Creates the crate in a new folder, or nothing.
fn new_connector(arguments: &NewConnectorArguments, folder: &Path) -> Result<()> {
    let name = &arguments.name;
    check_name(name)?;
    let patches = arguments.crates.as_deref().map(crates_in).transpose()?;
    fs::create_dir(folder).map_err(|cause| not_created(folder, &cause))?;
    let written = TEMPLATE.iter().try_for_each(|(path, text)| {
        let mut text = filled(text, name);
        if *path == "Cargo.toml" {
            if is_in_a_workspace(folder) {
                text.push_str("\n# A workspace of its own, although a folder above has one.\n[workspace]\n");
            }
            text.push_str(patches.as_deref().unwrap_or_default());
        }
        let path = folder.join(filled(path, name));
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    });
    written.map_err(|cause| {
        // Half a crate would be in the way of the next try.
        let _ = fs::remove_dir_all(folder);
        not_created(folder, &cause)
    })
}

fn not_created(folder: &Path, cause: &io::Error) -> Error {
    if cause.kind() == io::ErrorKind::AlreadyExists {
        return Error::new(ErrorKind::AlreadyExists, format!("`{}` already exists", folder.display()))
            .with_help("choose another folder with `--dir`");
    }
    Error::new(ErrorKind::Definition, format!("can't create `{}`: {cause}", folder.display()))
        .with_help("check the path, and the owner and permissions of the folder")
}

/// A name in source files is also a part of the names of the crate and of two types.
fn check_name(name: &str) -> Result<()> {
    let is_snake_case = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
        && !name.contains("__")
        && !name.ends_with('_')
        && name.len() <= 40;
    if !is_snake_case {
        return Err(Error::new(ErrorKind::Definition, format!("`{name}` is not a valid name of a connector"))
            .with_help("use at most 40 lower case letters, digits and single `_`; begin with a letter: `acme_hr`"));
    }
    if registry::connectors().iter().any(|known| known.name == name) {
        return Err(Error::new(ErrorKind::AlreadyExists, format!("this program already has a connector `{name}`"))
            .with_help("choose another name: a program can't have two connectors of one name"));
    }
    Ok(())
}

fn crate_name(name: &str) -> String {
    format!("connector-{}", name.replace('_', "-"))
}

/// A text of the template with the names of this connector.
fn filled(text: &str, name: &str) -> String {
    let words: Vec<_> = name.split('_').map(capitalized).collect();
    text.replace("{{name}}", name)
        .replace("{{crate}}", &crate_name(name))
        .replace("{{ident}}", &format!("connector_{name}"))
        .replace("{{type}}", &words.concat())
        .replace("{{title}}", &words.join(" "))
        .replace("{{version}}", VERSION)
        .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"))
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Cargo refuses a package below a workspace that doesn't name it.
fn is_in_a_workspace(folder: &Path) -> bool {
    let manifests = folder.ancestors().skip(1).map(|above| above.join("Cargo.toml"));
    manifests.filter_map(|manifest| fs::read_to_string(manifest).ok()).any(|text| text.contains("[workspace]"))
}

/// The part of a manifest that takes the crates of Connector from a folder: a clone of its repository, or packages side by side.
fn crates_in(folder: &Path) -> Result<String> {
    let refused = |message: String| {
        Error::new(ErrorKind::Definition, message).with_help("name a clone of the repository of Connector")
    };
    let mut found = BTreeMap::new();
    folder
        .canonicalize()
        .and_then(|folder| find_crates(&folder, DEEPEST_CRATE, &mut found))
        .map_err(|cause| refused(format!("can't read `{}`: {cause}", folder.display())))?;
    if let Some(missing) = CRATES.iter().find(|needed| !found.contains_key(**needed)) {
        return Err(refused(format!("`{}` doesn't have the crate `{missing}` of Connector", folder.display())));
    }
    let mut text = "\n# These crates come from a folder instead of crates.io.\n[patch.crates-io]\n".to_owned();
    for (name, path) in found {
        let _ = writeln!(text, "{name} = {{ path = {:?} }}", path.display().to_string());
    }
    Ok(text)
}

fn find_crates(folder: &Path, depth: u8, found: &mut BTreeMap<&'static str, PathBuf>) -> io::Result<()> {
    if let Some(name) = fs::read_to_string(folder.join("Cargo.toml")).ok().and_then(|text| needed_name(&text)) {
        found.insert(name, folder.to_owned());
    }
    if depth == 0 {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_searched = entry.file_name().to_str().is_some_and(|name| !name.starts_with('.') && name != "target");
        if is_searched && entry.file_type()?.is_dir() {
            find_crates(&entry.path(), depth - 1, found)?;
        }
    }
    Ok(())
}

/// The name in a manifest, if it is that of a crate that every new connector needs.
fn needed_name(manifest: &str) -> Option<&'static str> {
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))?;
    CRATES.into_iter().find(|needed| *needed == name)
}

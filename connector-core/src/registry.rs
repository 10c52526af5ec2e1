//! The connectors, formats of connector files, auth strategies and secret resolvers in this binary.
//!
//! The linker silently leaves out a crate that nothing names with `use … as _`, so keep the list of linked crates
//! in one short file of the binary.

use crate::auth::AuthStrategy;
use crate::connector::Connector;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::settings_fault::SettingsFault;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

pub use crate::connector_format::{ConnectorFormat, connector_formats};
#[doc(hidden)]
pub use crate::registration::TypedSettings;
pub use crate::registration::{AnySettings, ConnectorRegistration};
pub use crate::rule::rules;
pub use crate::secret_resolvers::{
    SchemeLeftOut, SecretResolverRegistration, scheme_left_out, secret_resolver, secret_resolvers,
};

/// The settings of a connector: configuration, schema, documentation and constructor in one struct.
pub trait Settings: DeserializeOwned + JsonSchema {
    /// Checks what the schema can't say: a filter that must parse, two settings that exclude each other. Offline.
    ///
    /// `connector validate` shows every fault at its line and column, all of them at once.
    fn check(&self, _context: &Context) -> Vec<SettingsFault> {
        Vec::new()
    }

    /// What works today and should be changed soon, such as a version that the system retires. Offline.
    ///
    /// `connector validate` and `connector test` show each as a warning. Nothing is refused.
    fn advise(&self, _context: &Context) -> Vec<SettingsFault> {
        Vec::new()
    }

    /// Opens the connector. Offline: it reads no secret and sends nothing.
    fn open(self, context: &Context) -> Result<Box<dyn Connector>>;
}

/// The settings of an auth strategy: the `auth:` block without `grant_type`.
pub trait AuthSettings: DeserializeOwned + JsonSchema {
    /// Makes the strategy. Offline: it reads no secret and sends nothing.
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>>;
}

/// An auth strategy that is linked in. Made by [`register_auth_strategy!`](crate::register_auth_strategy).
#[derive(Debug)]
pub struct AuthRegistration {
    /// The grant type as source files write it, in snake case.
    pub grant_type: &'static str,
    /// Other spellings that are accepted, such as the URN.
    pub aliases: &'static [&'static str],
    /// The name for people.
    pub title: &'static str,
    /// How it proves who it is, in a sentence.
    pub description: &'static str,
    /// An `auth:` block that is valid as it stands.
    pub example: &'static str,
    /// Writes the JSON Schema of the `auth:` block without `grant_type`.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Opens it from a validated `auth:` block without `grant_type`.
    pub open: fn(Value, &Context) -> Result<Arc<dyn AuthStrategy>>,
}

inventory::collect!(ConnectorRegistration);
inventory::collect!(AuthRegistration);

/// The linked connectors by name. A project can add connectors of its own, so commands ask its catalog instead.
pub fn connectors() -> Vec<&'static ConnectorRegistration> {
    let mut all: Vec<_> = inventory::iter::<ConnectorRegistration>().collect();
    all.sort_by_key(|registration| &registration.name);
    all
}

/// The linked auth strategies by grant type.
pub fn auth_strategies() -> Vec<&'static AuthRegistration> {
    let mut all: Vec<_> = inventory::iter::<AuthRegistration>().collect();
    all.sort_by_key(|registration| registration.grant_type);
    all
}

/// The connector of that name; otherwise an error of kind `definition` that lists the known ones.
pub fn connector(name: &str) -> Result<&'static ConnectorRegistration> {
    let all = connectors();
    all.iter()
        .copied()
        .find(|registration| registration.name == name)
        .ok_or_else(|| unknown("connector", name, all.iter().map(|registration| &*registration.name)))
}

/// The auth strategy of that grant type or alias; otherwise an error of kind `definition` that lists the known ones.
pub fn auth_strategy(grant_type: &str) -> Result<&'static AuthRegistration> {
    let all = auth_strategies();
    all.iter()
        .copied()
        .find(|registration| registration.grant_type == grant_type || registration.aliases.contains(&grant_type))
        .ok_or_else(|| unknown("grant type", grant_type, all.iter().map(|registration| registration.grant_type)))
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<_> = known.collect();
    let help = if known.is_empty() {
        format!("this program has no {what}")
    } else {
        format!("known names: {}", known.join(", "))
    };
    Error::new(ErrorKind::Definition, format!("unknown {what} `{name}`")).with_help(help)
}

/// Reads settings from a validated value. Used by the registration macros.
///
/// The error never repeats a value: settings may sit next to secrets.
#[doc(hidden)]
pub fn read_settings<T: DeserializeOwned>(settings: Value) -> Result<T> {
    serde_json::from_value(settings).map_err(|cause| {
        Error::new(ErrorKind::Definition, format!("invalid settings: {}", without_value(&cause.to_string())))
            .with_help("run `connector validate` to see the line in the file")
    })
}

/// serde prints the value it found before the expected one.
fn without_value(message: &str) -> &str {
    let has_value = ["invalid ", "unknown variant "].iter().any(|start| message.starts_with(start));
    match message.rfind("expected ") {
        Some(at) if has_value => &message[at..],
        _ => message,
    }
}

/// Registers a connector with the binary it is linked into.
///
/// A connector whose provider needs words of its own in generic commands adds `provider:`, a [`Provider`](crate::Provider). One
/// that can draft its settings from an OpenAPI description then adds `openapi:`, a function that makes a
/// [`SourceDraft`](crate::SourceDraft). One whose example runs on any machine adds `sample:`, a [`Sample`](crate::Sample).
///
/// ```
/// # use connector_core::*;
/// # #[derive(Debug)] struct Directory;
/// # #[async_trait::async_trait] impl Connector for Directory {
/// #   async fn test_connection(&self, _: &mut TestReport) {}
/// #   async fn aggregate_accounts(&self, _: &Cursor) -> Result<Page<Account>> { Ok(Page::last(vec![])) }
/// #   fn schema(&self) -> AccountSchema { AccountSchema::default() }
/// # }
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct DirectorySettings {
///     /// The file to read.
///     path: String,
/// }
///
/// impl Settings for DirectorySettings {
///     fn open(self, _: &Context) -> Result<Box<dyn Connector>> {
///         Ok(Box::new(Directory))
///     }
/// }
///
/// register_connector! {
///     name: "directory",
///     title: "Directory file",
///     description: "Reads accounts from a file",
///     grant_types: [],
///     settings: DirectorySettings,
///     example: "connector: directory\nsettings:\n  path: people.json\n",
/// }
///
/// assert!(registry::connector("directory").is_ok());
/// ```
#[macro_export]
macro_rules! register_connector {
    (
        name: $name:literal,
        title: $title:literal,
        description: $description:literal,
        grant_types: [$($grant_type:literal),* $(,)?],
        settings: $settings:ty,
        example: $example:expr
        $(, provider: $provider:expr)?
        $(, openapi: $draft:expr)?
        $(, sample: $sample:expr)? $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::registry::ConnectorRegistration::linked(
                $name,
                [$title, $description, $example],
                &[$($grant_type),*],
                {
                    let given: &[$crate::Provider] = &[$($provider,)? $crate::Provider::new()];
                    given[0]
                },
                $crate::registry::TypedSettings::<$settings>::ANY,
            )
            .with_openapi({
                let given: &[Option<fn(&$crate::serde_json::Value) -> $crate::Result<$crate::SourceDraft>>] =
                    &[$(Some($draft),)? None];
                given[0]
            })
            .with_sample({
                let given: &[Option<$crate::Sample>] = &[$(Some($sample),)? None];
                given[0]
            })
        }
    };
}

/// Registers a format of connector files with the binary it is linked into.
///
/// A project that has `connectors/acme.yaml` with `format: roster` then has the connector `acme`.
///
/// ```
/// # use connector_core::*;
/// # use std::sync::Arc;
/// # #[derive(Debug)] struct People;
/// # impl AnySettings for People {
/// #   fn schema(&self, _: &mut schemars::SchemaGenerator) -> schemars::Schema { schemars::json_schema!({"type": "object"}) }
/// #   fn check(&self, _: serde_json::Value, _: &Context) -> Result<Vec<SettingsFault>> { Ok(Vec::new()) }
/// #   fn open(&self, _: serde_json::Value, _: &Context) -> Result<Box<dyn Connector>> { Err(Error::internal("not opened here")) }
/// # }
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Roster {
///     /// The name for people.
///     title: String,
/// }
///
/// impl ConnectorFile for Roster {
///     fn load(self, name: &str) -> Result<ConnectorRegistration> {
///         let example = format!("connector: {name}\n");
///         Ok(ConnectorRegistration::new(name.to_owned(), self.title, "People in a file", example, Arc::new(People)))
///     }
/// }
///
/// register_connector_format! {
///     name: "roster",
///     title: "Roster",
///     description: "Lists accounts in the file itself",
///     file: Roster,
/// }
///
/// assert_eq!(registry::connector_formats()[0].name, "roster");
/// ```
#[macro_export]
macro_rules! register_connector_format {
    (
        name: $name:literal,
        title: $title:literal,
        description: $description:literal,
        file: $file:ty $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::registry::ConnectorFormat {
                name: $name,
                title: $title,
                description: $description,
                schema: |generator| generator.root_schema_for::<$file>(),
                check: |file| {
                    let file: $file = $crate::registry::read_settings(file)?;
                    Ok($crate::ConnectorFile::check(&file))
                },
                load: |file, name| {
                    let file: $file = $crate::registry::read_settings(file)?;
                    $crate::ConnectorFile::load(file, name)
                },
            }
        }
    };
}

/// Registers an auth strategy with the binary it is linked into.
#[macro_export]
macro_rules! register_auth_strategy {
    (
        grant_type: $grant_type:literal,
        aliases: [$($alias:literal),* $(,)?],
        title: $title:literal,
        description: $description:literal,
        settings: $settings:ty,
        example: $example:expr $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::registry::AuthRegistration {
                grant_type: $grant_type,
                aliases: &[$($alias),*],
                title: $title,
                description: $description,
                example: $example,
                schema: |generator| generator.root_schema_for::<$settings>(),
                open: |settings, context| {
                    let settings: $settings = $crate::registry::read_settings(settings)?;
                    $crate::registry::AuthSettings::open(settings, context)
                },
            }
        }
    };
}

/// Registers a secret resolver, a unit value, with the binary it is linked into.
#[macro_export]
macro_rules! register_secret_resolver {
    (
        scheme: $scheme:literal,
        form: $form:literal,
        description: $description:literal,
        resolver: $resolver:path $(,)?
    ) => {
        $crate::inventory::submit! {
            $crate::registry::SecretResolverRegistration {
                scheme: $scheme,
                form: $form,
                description: $description,
                resolver: || &$resolver,
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Known {
        #[serde(rename = "port")]
        _port: u16,
        #[serde(rename = "kind", default)]
        _kind: Option<Kind>,
    }

    #[derive(Debug, serde::Deserialize)]
    enum Kind {
        One,
    }

    #[test]
    fn settings_that_cannot_be_read_are_not_repeated() {
        let told = |value| read_settings::<Known>(value).unwrap_err().to_string();
        assert_eq!(told(json!({"port": "hunter2"})), "invalid settings: expected u16");
        assert_eq!(told(json!({"port": 1, "kind": "hunter2"})), "invalid settings: expected `One`");
        assert!(told(json!({"port": 1, "prot": "hunter2"})).contains("unknown field `prot`"));
        assert!(matches!(read_settings(json!({"port": 1, "kind": "One"})), Ok(Known { _kind: Some(Kind::One), .. })));
    }
}

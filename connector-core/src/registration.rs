//! What a connector registers: the linked one in its crate, or the one that a project's file defines.

use crate::connector::Connector;
use crate::context::Context;
use crate::error::Result;
use crate::provider::Provider;
use crate::registry::{Settings, read_settings};
use crate::sample::Sample;
use crate::settings_fault::SettingsFault;
use crate::source_draft::SourceDraft;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// A connector that sources can use.
///
/// [`register_connector!`](crate::register_connector) makes one for a linked connector. The format of a connector file
/// makes one at run time, see [`ConnectorFile`](crate::ConnectorFile).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectorRegistration {
    /// The name in source files, in snake case.
    pub name: Cow<'static, str>,
    /// The name for people.
    pub title: Cow<'static, str>,
    /// What it connects to, in one sentence.
    pub description: Cow<'static, str>,
    /// The grant types it accepts; empty when a source has no `auth:` block.
    pub grant_types: Cow<'static, [&'static str]>,
    /// A complete, valid source file with comments.
    pub example: Cow<'static, str>,
    /// What generic commands show about the provider.
    pub provider: Provider,
    /// Drafts settings from an OpenAPI description, if the connector can. Offline. The description comes from anybody: its
    /// texts go into comments and quotes only, and its size and its nesting must not matter.
    pub openapi: Option<fn(&Value) -> Result<SourceDraft>>,
    /// What makes `example` run on any machine, if something does.
    pub sample: Option<Sample>,
    settings: Shared,
}

#[derive(Clone, Debug)]
enum Shared {
    Linked(&'static dyn AnySettings),
    Loaded(Arc<dyn AnySettings>),
}

/// The settings of some connector, whatever their type: described, checked and opened as JSON.
///
/// [`Settings`] is the typed form that a linked connector implements. Only a format of connector files implements this
/// trait, because the settings of its connectors have no type of their own.
pub trait AnySettings: Debug + Send + Sync {
    /// Writes the JSON Schema of `settings:`.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;

    /// Checks settings that fit the schema, see [`Settings::check`].
    fn check(&self, settings: Value, context: &Context) -> Result<Vec<SettingsFault>>;

    /// What in checked settings should be changed soon, see [`Settings::advise`].
    fn advise(&self, _settings: Value, _context: &Context) -> Result<Vec<SettingsFault>> {
        Ok(Vec::new())
    }

    /// Opens the connector from checked settings, see [`Settings::open`].
    fn open(&self, settings: Value, context: &Context) -> Result<Box<dyn Connector>>;
}

impl ConnectorRegistration {
    /// A connector made at run time that accepts no grant type. `example` is a complete, valid source file.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        title: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
        example: impl Into<Cow<'static, str>>,
        settings: Arc<dyn AnySettings>,
    ) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            description: description.into(),
            grant_types: Cow::Borrowed(&[]),
            example: example.into(),
            provider: Provider::new(),
            openapi: None,
            sample: None,
            settings: Shared::Loaded(settings),
        }
    }

    /// A linked connector. Used by [`register_connector!`](crate::register_connector).
    #[doc(hidden)]
    pub const fn linked(
        name: &'static str,
        [title, description, example]: [&'static str; 3],
        grant_types: &'static [&'static str],
        provider: Provider,
        settings: &'static dyn AnySettings,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            title: Cow::Borrowed(title),
            description: Cow::Borrowed(description),
            grant_types: Cow::Borrowed(grant_types),
            example: Cow::Borrowed(example),
            provider,
            openapi: None,
            sample: None,
            settings: Shared::Linked(settings),
        }
    }

    /// Drafts settings from OpenAPI descriptions. Used by [`register_connector!`](crate::register_connector).
    #[doc(hidden)]
    #[must_use]
    pub const fn with_openapi(mut self, draft: Option<fn(&Value) -> Result<SourceDraft>>) -> Self {
        self.openapi = draft;
        self
    }

    /// Makes the example run on any machine. Used by [`register_connector!`](crate::register_connector).
    #[doc(hidden)]
    #[must_use]
    pub const fn with_sample(mut self, sample: Option<Sample>) -> Self {
        self.sample = sample;
        self
    }

    /// Accepts these grant types; each is the name of a linked auth strategy.
    #[must_use]
    pub fn with_grant_types(mut self, grant_types: Vec<&'static str>) -> Self {
        self.grant_types = grant_types.into();
        self
    }

    /// Sets what generic commands show about the provider.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// Writes the JSON Schema of `settings:`.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        self.settings().schema(generator)
    }

    /// Checks `settings:` that fit the schema, see [`Settings::check`].
    pub fn check(&self, settings: Value, context: &Context) -> Result<Vec<SettingsFault>> {
        self.settings().check(settings, context)
    }

    /// What in checked `settings:` should be changed soon, see [`Settings::advise`].
    pub fn advise(&self, settings: Value, context: &Context) -> Result<Vec<SettingsFault>> {
        self.settings().advise(settings, context)
    }

    /// Opens the connector from validated `settings:`.
    pub fn open(&self, settings: Value, context: &Context) -> Result<Box<dyn Connector>> {
        self.settings().open(settings, context)
    }

    fn settings(&self) -> &dyn AnySettings {
        match &self.settings {
            Shared::Linked(settings) => *settings,
            Shared::Loaded(settings) => &**settings,
        }
    }
}

/// The settings of a linked connector, without their type.
#[doc(hidden)]
pub struct TypedSettings<S>(PhantomData<fn() -> S>);

impl<S: Settings + 'static> TypedSettings<S> {
    pub const ANY: &'static dyn AnySettings = &Self(PhantomData);
}

impl<S> Debug for TypedSettings<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<S>())
    }
}

impl<S: Settings + 'static> AnySettings for TypedSettings<S> {
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.root_schema_for::<S>()
    }

    fn check(&self, settings: Value, context: &Context) -> Result<Vec<SettingsFault>> {
        Ok(read_settings::<S>(settings)?.check(context))
    }

    fn advise(&self, settings: Value, context: &Context) -> Result<Vec<SettingsFault>> {
        Ok(read_settings::<S>(settings)?.advise(context))
    }

    fn open(&self, settings: Value, context: &Context) -> Result<Box<dyn Connector>> {
        read_settings::<S>(settings)?.open(context)
    }
}

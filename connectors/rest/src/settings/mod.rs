//! What describes a system, under `settings:` of a source or in a connector file.

mod accounts;
mod assignments;
mod entitlements;
mod errors;
mod file;
mod operations;
mod pages;
mod system;

pub(crate) use accounts::{
    AccountsSettings, AttributeForm, AttributeSettings, FindSettings, Meaning, MissingValue, OneSettings,
    SinceSettings, TimeFormat, ValueType, WritableWhen,
};
pub(crate) use assignments::{AssignmentSettings, LookupSettings};
pub(crate) use entitlements::EntitlementSettings;
pub(crate) use errors::{ErrorSettings, Kind, Where};
pub(crate) use file::{Parameter, ParameterKind, RestFile};
pub(crate) use operations::{
    AddSettings, AlreadySettings, CreateSettings, FoundSettings, Happening, JobSettings, OperationSettings,
    OperationsSettings, ReadSettings, SuccessSettings,
};
pub(crate) use pages::{EndForm, EndWord, ListSettings, PageForm, PageSettings, Place};
pub use system::Settings;

//! What is wrong with one component of a deploy.

use super::component::Kind;

/// What is wrong with one component of a deploy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    /// The metadata type; empty for package.xml.
    pub(crate) component_type: &'static str,
    pub(crate) full_name: String,
    pub(crate) file_name: String,
    pub(crate) text: String,
    /// Line and column, where they are known.
    pub(crate) place: Option<(u32, u32)>,
    /// A warning stops only a deploy that doesn't ignore them.
    pub(crate) is_warning: bool,
}

impl Problem {
    /// Something wrong with the package itself.
    pub(crate) fn of_package(text: impl Into<String>) -> Self {
        let name = || "package.xml".to_owned();
        Self { full_name: name(), file_name: name(), text: text.into(), ..Self::default() }
    }

    /// Something wrong with a component.
    pub(crate) fn of(kind: Kind, full_name: &str, text: impl Into<String>) -> Self {
        Self {
            component_type: kind.name(),
            full_name: full_name.to_owned(),
            file_name: kind.file(full_name),
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn warning(self) -> Self {
        Self { is_warning: true, ..self }
    }

    pub(crate) fn at(self, place: (u32, u32)) -> Self {
        Self { place: Some(place), ..self }
    }
}

//! What stands around every page.

use crate::access::Role;
use crate::assets;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use connector_core::Error;

/// What stands around a page.
pub(crate) struct Shell {
    pub(crate) title: String,
    /// The project; `None` for people who are not signed in.
    pub(crate) project: Option<String>,
    /// Who looks at it.
    pub(crate) visitor: Option<Visitor>,
    /// What stands in the search field.
    pub(crate) typed: String,
    /// The entry of the menu that the page belongs to.
    pub(crate) section: &'static str,
    /// Whether the page is read again when a run goes on.
    pub(crate) live: bool,
    pub(crate) style: String,
    pub(crate) htmx: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

impl Shell {
    fn new(title: &str, project: Option<String>) -> Self {
        Self {
            title: title.to_owned(),
            project,
            visitor: None,
            typed: String::new(),
            section: "",
            live: false,
            style: assets::address("console.css"),
            htmx: assets::address("htmx.min.js"),
            script: assets::address("console.js"),
            icon: assets::address("icon.svg"),
        }
    }

    /// For people who are not signed in: nothing about the project.
    pub(crate) fn outside(title: &str) -> Self {
        Self::new(title, None)
    }

    /// For people who are signed in, where it is not known who they are.
    pub(crate) fn inside(state: &State, title: &str) -> Self {
        Self::new(title, Some(state.project_name()))
    }

    /// Whether whoever looks may begin jobs.
    pub(crate) fn operates(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.role() >= Role::Operator)
    }

    /// Whether whoever looks is this person.
    pub(crate) fn is(&self, person: &str) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.person().trim().eq_ignore_ascii_case(person.trim()))
    }

    /// Whether whoever looks may approve plans.
    pub(crate) fn approves(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.role() >= Role::Approver)
    }

    /// With this entry of the menu as the current one.
    pub(crate) fn in_section(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    /// Read again when a run goes on.
    pub(crate) fn live(self) -> Self {
        Self { live: true, ..self }
    }
}

/// What a page knows of the request: the project, and who looks at it.
pub(crate) struct Frame {
    project: String,
    visitor: Visitor,
}

impl FromRequestParts<State> for Frame {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Failure> {
        let unknown = || Failure::unknown_visitor(Error::auth("you are not signed in"));
        let visitor = parts.extensions.get::<Visitor>().cloned().ok_or_else(unknown)?;
        Ok(Self { project: state.project_name(), visitor })
    }
}

impl Frame {
    /// What stands around a page with this title.
    pub(crate) fn shell(self, title: &str) -> Shell {
        Shell { visitor: Some(self.visitor), ..Shell::new(title, Some(self.project)) }
    }
}

/// Writes a page.
pub(crate) fn render(page: &impl Template, status: StatusCode) -> Response {
    match page.render() {
        Ok(text) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(cause) => {
            let error = Error::internal("the page could not be written").with_cause(cause);
            tracing::error!(%error, "a page failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

//! Who asks.

use crate::access::{Role, Token};
use connector_core::{Error, ErrorKind, Result};
use connector_engine::provision::this_user;

/// Who asks, and what they may do.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    name: String,
    person: String,
    role: Role,
}

impl Visitor {
    /// Somebody who signed in with the link: the user who runs the server, who may do everything.
    pub(crate) fn owner() -> Self {
        Self { name: "console".to_owned(), person: this_user(), role: Role::Approver }
    }

    /// The schedules of the sources.
    pub(crate) fn schedule() -> Self {
        Self { name: "schedule".to_owned(), person: "schedule".to_owned(), role: Role::Operator }
    }

    /// Whoever has a token.
    pub(crate) fn with(token: &Token) -> Self {
        let name = format!("token {} ({})", token.name, token.id);
        Self { name, person: token.name.clone(), role: token.role }
    }

    /// The name in the audit log.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Who it is to people: the name of the token. Tokens with the same name belong to the same person.
    pub(crate) fn person(&self) -> &str {
        &self.person
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Fails with kind `permission` for whoever may do less than this role.
    pub(crate) fn must_be(&self, role: Role) -> Result<()> {
        if self.role >= role {
            return Ok(());
        }
        let message = format!("this needs the role `{}`, and you have `{}`", role.name(), self.role.name());
        let help = format!("create a token with `connector token new NAME --role {}`", role.name());
        Err(Error::new(ErrorKind::Permission, message).with_help(help))
    }
}

//! Who asks.

use connector_core::{Error, ErrorKind, Result};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Visitor {
    /// Somebody who signed in with the link: the user who runs the server.
    Console,
    /// A program with a token.
    Token {
        /// The name and the id of the token.
        name: String,
        /// Whether it may do more than read.
        operates: bool,
    },
}

impl Visitor {
    /// The name in the audit log.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Console => "console",
            Self::Token { name, .. } => name,
        }
    }

    /// Fails with kind `permission` for a token that may only read.
    pub(crate) fn must_operate(&self) -> Result<()> {
        match self {
            Self::Console | Self::Token { operates: true, .. } => Ok(()),
            Self::Token { .. } => Err(Error::new(ErrorKind::Permission, "this token may only read")
                .with_help("create one with `connector token new NAME --role operator`")),
        }
    }
}

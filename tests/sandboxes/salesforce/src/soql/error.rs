//! The org's errors for invalid statements.

/// An error of a statement: the org's code and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoqlError {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// What follows the name in messages about unknown columns, objects and relationships.
const SEE_DESCRIBE: &str = "Please reference your WSDL or the describe call for the appropriate names.";

impl SoqlError {
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { code: "MALFORMED_QUERY", message: message.into() }
    }

    /// A token that the grammar does not allow here.
    pub(crate) fn unexpected(token: &str) -> Self {
        Self::malformed(format!("unexpected token: '{token}'"))
    }

    /// An error at a byte position of the statement, shown with a caret.
    pub(crate) fn at(code: &'static str, statement: &str, position: usize, message: &str) -> Self {
        Self { code, message: format!("{}{message}", place(statement, position)) }
    }

    pub(crate) fn no_column(statement: &str, position: usize, name: &str, entity: &str) -> Self {
        let message = format!(
            "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to \
             append the '__c' after the custom field name. {SEE_DESCRIBE}"
        );
        Self::at("INVALID_FIELD", statement, position, &message)
    }

    pub(crate) fn no_object(statement: &str, position: usize, name: &str) -> Self {
        let message = format!(
            "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append \
             the '__c' after the entity name. {SEE_DESCRIBE}"
        );
        Self::at("INVALID_TYPE", statement, position, &message)
    }

    pub(crate) fn no_relationship(statement: &str, position: usize, name: &str) -> Self {
        let message = format!(
            "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom \
             relationship, be sure to append the '__r' after the custom relationship name. {SEE_DESCRIBE}"
        );
        Self::at("INVALID_FIELD", statement, position, &message)
    }

    pub(crate) fn no_children(statement: &str, position: usize, name: &str) -> Self {
        let message = format!(
            "Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a \
             custom relationship, be sure to append the '__r' after the custom relationship name. {SEE_DESCRIBE}"
        );
        Self::at("INVALID_TYPE", statement, position, &message)
    }
}

/// The line of the statement, a caret under the position, and the position.
fn place(statement: &str, position: usize) -> String {
    /// How much of a long row is shown on either side of the caret.
    const AROUND: usize = 60;
    let before = &statement[..statement.floor_char_boundary(position)];
    let row = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = statement[line_start..].lines().next().unwrap_or("");
    let column = before[line_start..].chars().count();
    let from = column.saturating_sub(AROUND);
    let shown: String = line.chars().skip(from).take(2 * AROUND).collect();
    format!("\n{shown}\n{:>caret$}\nERROR at Row:{row}:Column:{}\n", "^", column + 1, caret = column - from + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_column() {
        let error = SoqlError::no_column("SELECT Id, Foo FROM User", 11, "Foo", "User");
        assert!(
            error.message.starts_with(
                "\nSELECT Id, Foo FROM User\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'User'."
            ),
            "{}",
            error.message
        );
        let error = SoqlError::no_object("SELECT Id\nFROM Föö", 15, "Föö");
        assert!(error.message.starts_with("\nFROM Föö\n     ^\nERROR at Row:2:Column:6\n"), "{}", error.message);
    }
}

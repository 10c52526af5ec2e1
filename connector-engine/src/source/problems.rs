//! Everything that is wrong in a file, at once.

use connector_core::{Error, ErrorKind, Problem};
use std::fmt;

/// Everything that is wrong in the files that were read, sorted by place. Never empty when it comes as an error.
///
/// Its text is one line a problem: `file:line:col: title`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}: {}", problem.place, problem.title)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::new(ErrorKind::Definition, problems.to_string())
            .with_help("run `connector validate` to see each place in the file")
            .with_cause(problems)
    }
}

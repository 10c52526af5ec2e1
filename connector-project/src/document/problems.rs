//! All problems of the files that were read.

use connector_core::{Error, ErrorKind, Problem};
use std::fmt;

/// All problems of the files that were read, sorted by position. An error always holds at least one.
///
/// Its text has one line per problem: `file:line:col: title`.
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
        // A single problem has its own help. Several problems need their positions.
        let help = match &problems.0[..] {
            [Problem { help: Some(help), .. }] => help.clone(),
            _ => "run `connector validate` to see each problem in its file".to_owned(),
        };
        Self::new(ErrorKind::Definition, problems.to_string()).with_help(help).with_cause(problems)
    }
}

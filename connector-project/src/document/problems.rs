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
        // One fault has its own cure; of several, each has its place to be looked at.
        let help = match &problems.0[..] {
            [Problem { help: Some(help), .. }] => help.clone(),
            _ => "run `connector validate` to see each place in the file".to_owned(),
        };
        Self::new(ErrorKind::Definition, problems.to_string()).with_help(help).with_cause(problems)
    }
}

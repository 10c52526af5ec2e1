//! A plan that somebody sends.

use crate::state::Reach;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{Error, Problem, Result};
use connector_project::plan::PlanFile;
use openssl::sha::sha256;

/// The longest plan that the server takes; longer ones go through the command line.
pub(crate) const LONGEST: usize = 8 * 1024 * 1024;

/// The longest name of a plan.
const LONGEST_NAME: usize = 120;

/// A plan that somebody sent, after a look at it.
pub(crate) enum Written {
    /// It is valid.
    Plan {
        file: PlanFile,
        /// Its name, for people.
        name: String,
        /// A hash of its text.
        hash: String,
    },
    /// Everything that is wrong with it.
    Wrong(Vec<Problem>),
}

/// Takes the text of a plan. Its name may have an ending that says which format it has.
pub(crate) fn take(reach: &Reach, text: &[u8], name: &str) -> Result<Written> {
    if text.len() > LONGEST {
        return Err(Error::invalid("the plan is longer than 8 MiB").with_help("apply it with `connector provision`"));
    }
    // A name is for people; a path in it would look like a file of this machine.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let name: String = name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let name = if name.is_empty() { "without a name".to_owned() } else { name };
    let settings = reach.project.settings()?;
    let file = PlanFile::received(text, &name, "the plan")?;
    if let Err(wrong) = file.read(&settings, &mut |_| {}) {
        return Ok(Written::Wrong(wrong.problems.0));
    }
    Ok(Written::Plan { file, name, hash: URL_SAFE_NO_PAD.encode(sha256(text)) })
}

//! What makes the example of a connector run on any machine.

/// The files with which a connector's own example works on any machine, without another system and without secrets.
///
/// `connector quickstart` offers each connector that has one: it creates a source from the example, writes the files, and reads
/// them; then it writes the later files, and reads again.
///
/// ```
/// use connector_core::Sample;
///
/// const SAMPLE: Sample = Sample::new(&[("people.csv", "id,name\n1,jane\n")])
///     .with_later(&[("people.csv", "id,name\n1,jane\n2,max\n")]);
/// assert_eq!(SAMPLE.later.len(), 1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Sample {
    /// The files, each with its path below the project and its text. None if the example needs no file.
    pub files: &'static [(&'static str, &'static str)],
    /// What they hold some time later.
    pub later: &'static [(&'static str, &'static str)],
}

impl Sample {
    /// A sample with these files, each a path below the project and a text.
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, later: &[] }
    }

    /// Adds what some files hold later.
    #[must_use]
    pub const fn with_later(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.later = files;
        self
    }
}

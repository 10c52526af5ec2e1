//! The answers of a recording in their order.

use super::RecordedAnswer;
use crate::error::{Error, Result};
use crate::redactor::Redactor;
use std::collections::VecDeque;

/// The answers of a recording. For a request that was recorded several times, they come in that order, and the last one stays.
///
/// ```
/// use connector_core::{RecordedAnswer, Recording};
///
/// let ask = |path: &str| RecordedAnswer::new("GET", "", path, 0);
/// let mut recording = Recording::default();
/// recording.add(RecordedAnswer::new("GET", "https://acme.example", "/people", 200));
/// assert_eq!(recording.answer(ask("/people")).unwrap().status, 200);
/// assert!(recording.answer(ask("/teams")).is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recording {
    answers: VecDeque<Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    answer: RecordedAnswer,
    times: usize,
}

impl Recording {
    /// Reads the files of a recording, each with its name, and puts them in order. Fails with kind `definition` if one is no answer,
    /// or if there is none.
    pub fn read(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_unstable();
        let mut recording = Self::default();
        for (name, bytes) in files {
            let answer = serde_json::from_slice(&bytes);
            recording
                .add(answer.map_err(|cause| Error::definition(format!("`{name}` is no recorded answer: {cause}")))?);
        }
        if recording.answers.is_empty() {
            return Err(Error::definition("it has no answers"));
        }
        Ok(recording)
    }

    /// Adds an answer behind the others.
    pub fn add(&mut self, answer: RecordedAnswer) {
        self.answers.push_back(Kept { answer, times: 0 });
    }

    /// The answer to a request: its status, headers and body are not looked at. `None` if there is none.
    pub fn answer(&mut self, request: RecordedAnswer) -> Option<RecordedAnswer> {
        let asked = request.without_secrets(&Redactor::default());
        let fits = |kept: &&mut Kept| kept.answer.answers(&asked);
        let found = match self.answers.iter().position(|kept| kept.times == 0 && kept.answer.answers(&asked)) {
            Some(at) => self.answers.get_mut(at),
            None => self.answers.iter_mut().rfind(fits),
        }?;
        found.times += 1;
        Some(found.answer.clone())
    }

    /// The requests whose answers nobody has asked for.
    pub fn unasked(&self) -> Vec<String> {
        let unasked = self.answers.iter().filter(|kept| kept.times == 0);
        unasked.map(|kept| format!("{} {}", kept.answer.method, kept.answer.target)).collect()
    }

    /// The URLs of the sources that answered.
    pub fn origins(&self) -> Vec<&str> {
        let mut origins: Vec<_> = self.answers.iter().map(|kept| kept.answer.origin.as_str()).collect();
        origins.retain(|origin| !origin.is_empty());
        origins.sort_unstable_by_key(|origin| std::cmp::Reverse(*origin));
        origins.dedup();
        origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(target: &str, sent: &str, status: u16) -> RecordedAnswer {
        RecordedAnswer::new("POST", "https://acme.example", target, status).with_sent(sent.as_bytes())
    }

    #[test]
    fn answers_to_one_request_come_in_their_order_and_the_last_one_stays() {
        let mut recording = Recording::default();
        recording.add(one("/jobs", "", 202));
        recording.add(one("/jobs", "", 200));
        let statuses: Vec<_> = (0..3).map(|_| recording.answer(one("/jobs", "", 0)).unwrap().status).collect();
        assert_eq!(statuses, [202, 200, 200]);
        assert!(recording.unasked().is_empty());
    }

    #[test]
    fn requests_with_other_bodies_have_other_answers() {
        let mut recording = Recording::default();
        recording.add(one("/search", r#"{"page": 1, "secret": "(removed)"}"#, 200));
        recording.add(one("/search", r#"{"page": 2, "secret": "(removed)"}"#, 201));
        let asked = |page: u8| one("/search", &format!(r#"{{"secret": "hunter22", "page": {page}}}"#), 0);
        assert_eq!(recording.answer(asked(2)).unwrap().status, 201);
        assert_eq!(recording.unasked(), ["POST /search"]);
        assert_eq!(recording.answer(asked(1)).unwrap().status, 200);
        assert!(recording.answer(asked(3)).is_none());
    }
}

//! Which certificates an app accepts, now and while a new one propagates.

use std::collections::VecDeque;
use std::time::Instant;

use crate::options::WhilePropagating;

/// The certificates of one app: those in effect and those that propagate.
#[derive(Debug)]
pub(crate) struct Certificates {
    in_force: Option<String>,
    coming: VecDeque<Coming>,
    /// Those that were accepted at any time.
    proven: Vec<String>,
}

#[derive(Debug)]
struct Coming {
    /// `None` turns the flow off.
    pem: Option<String>,
    from: Instant,
    /// It replaces the old one, but is not accepted.
    broken: bool,
}

impl Certificates {
    pub(crate) fn new(pem: Option<&String>) -> Self {
        Self { in_force: pem.cloned(), coming: VecDeque::new(), proven: pem.cloned().into_iter().collect() }
    }

    /// Adds a certificate behind those that already propagate. A `broken` one is never accepted,
    /// unless the app accepted it before.
    pub(crate) fn replace(&mut self, pem: Option<&String>, from: Instant, broken: bool) {
        let broken = broken && pem.is_some_and(|pem| !self.proven.contains(pem));
        self.coming.push_back(Coming { pem: pem.cloned(), from, broken });
    }

    /// Puts everything that propagates into effect now.
    pub(crate) fn arrive(&mut self, now: Instant) {
        for coming in &mut self.coming {
            coming.from = now;
        }
    }

    /// The certificates that are accepted at this moment.
    pub(crate) fn accepted(&mut self, now: Instant, meanwhile: WhilePropagating) -> Vec<String> {
        while let Some(coming) = self.coming.pop_front_if(|coming| coming.from <= now) {
            self.in_force = coming.pem.filter(|_| !coming.broken);
            self.proven.extend(self.in_force.clone());
        }
        let new = self.coming.iter().filter(|coming| !coming.broken).filter_map(|coming| coming.pem.as_ref());
        match meanwhile {
            WhilePropagating::Neither if !self.coming.is_empty() => Vec::new(),
            WhilePropagating::Both => self.in_force.iter().chain(new).cloned().collect(),
            WhilePropagating::Old | WhilePropagating::Neither => self.in_force.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn pem(name: &str) -> String {
        name.to_owned()
    }

    /// One certificate, replaced at minute 1 and put back at minute 3, each taking ten minutes.
    fn rolled_back() -> (Certificates, Instant) {
        let start = Instant::now();
        let mut certificates = Certificates::new(Some(&pem("old")));
        certificates.replace(Some(&pem("new")), start + MINUTE * 11, false);
        certificates.replace(Some(&pem("old")), start + MINUTE * 13, false);
        (certificates, start)
    }

    #[test]
    fn certificates_take_effect_one_after_another() {
        let (mut certificates, start) = rolled_back();
        let mut at = |minute: u32, meanwhile| certificates.accepted(start + MINUTE * minute, meanwhile);
        assert_eq!(at(5, WhilePropagating::Old), ["old"]);
        assert_eq!(at(5, WhilePropagating::Both), ["old", "new", "old"]);
        assert!(at(5, WhilePropagating::Neither).is_empty());
        assert_eq!(at(12, WhilePropagating::Old), ["new"]);
        assert!(at(12, WhilePropagating::Neither).is_empty());
        assert_eq!(at(13, WhilePropagating::Neither), ["old"]);
    }

    #[test]
    fn a_broken_certificate_is_never_accepted_and_a_proven_one_is_never_broken() {
        let start = Instant::now();
        let mut certificates = Certificates::new(Some(&pem("old")));
        certificates.replace(Some(&pem("new")), start + MINUTE, true);
        assert_eq!(certificates.accepted(start, WhilePropagating::Both), ["old"]);
        assert!(certificates.accepted(start + MINUTE, WhilePropagating::Both).is_empty());
        certificates.replace(Some(&pem("old")), start + MINUTE * 2, true);
        certificates.arrive(start + MINUTE);
        assert_eq!(certificates.accepted(start + MINUTE, WhilePropagating::Old), ["old"]);
    }
}

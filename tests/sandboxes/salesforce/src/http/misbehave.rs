//! Which fault is due now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::answer::Answer;
use crate::Fault;
use crate::metadata::Trouble;

/// The faults in effect, and the counters that decide when one occurs.
#[derive(Debug, Default)]
pub(crate) struct Misbehavior {
    faults: Mutex<Vec<Fault>>,
    /// Requests of the data resources so far.
    requests: AtomicU64,
    /// Query answers so far.
    pages: AtomicU64,
    /// Write requests that reached their resource so far.
    writes: AtomicU64,
    /// Rows that were to be written so far.
    rows: AtomicU64,
    /// Deploys accepted so far.
    deploys: AtomicU64,
    /// Query jobs made so far.
    jobs: AtomicU64,
    /// Requests for results of query jobs so far.
    results: AtomicU64,
}

/// The fault of one row of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    Locked,
    Refused,
}

/// How a query job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobEnd {
    Complete,
    Failed,
    Aborted,
}

/// What to do with one query response.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "several faults may be due at once")]
pub(crate) struct PageFaults {
    pub(crate) cut: bool,
    pub(crate) truncate: bool,
    pub(crate) repeat: bool,
    pub(crate) wrong_type: bool,
    pub(crate) missing_id: bool,
    pub(crate) drop_rows: bool,
}

impl Misbehavior {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self { faults: Mutex::new(faults), ..Self::default() }
    }

    /// Replaces the faults and resets the counters.
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
        let (jobs, results) = (&self.jobs, &self.results);
        for count in [&self.requests, &self.pages, &self.writes, &self.rows, &self.deploys, jobs, results] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// The first result of `choose` for a fault in effect.
    pub(crate) fn find<T>(&self, choose: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).iter().find_map(choose)
    }

    fn has(&self, wanted: &Fault) -> bool {
        self.find(|fault| (fault == wanted).then_some(())).is_some()
    }

    /// Counts a request of the data resources and returns its number, from 1.
    pub(crate) fn count(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether request number `request` gets no response.
    pub(crate) fn resets(&self, request: u64) -> bool {
        self.find(|fault| match fault {
            Fault::Reset(every) => request.is_multiple_of(*every).then_some(()),
            _ => None,
        })
        .is_some()
    }

    /// The response of a fault to request number `request`, in place of the real one.
    pub(crate) fn answer(&self, request: u64) -> Option<Answer> {
        self.find(|fault| match fault {
            Fault::Html => Some(Answer::html(200, "Data Not Available")),
            Fault::Unavailable(every) if request.is_multiple_of(*every) => {
                Some(Answer::error(503, "SERVER_UNAVAILABLE", "Server too busy"))
            }
            Fault::RequestLimit(after) if request > *after => {
                Some(Answer::error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
            }
            Fault::ConcurrentLimit(every) if request.is_multiple_of(*every) => Some(Answer::error(
                403,
                "REQUEST_LIMIT_EXCEEDED",
                "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            )),
            Fault::Empty(every) if request.is_multiple_of(*every) => Some(Answer::page(Vec::new())),
            _ => None,
        })
    }

    /// What the org's first host answers since the org moved: 301, or 401. `None` before, and without such a fault.
    pub(crate) fn moved(&self) -> Option<u16> {
        let requests = self.requests.load(Ordering::Relaxed);
        self.find(|fault| match fault {
            Fault::Moved(after) if requests > *after => Some(301),
            Fault::MovedSession(after) if requests > *after => Some(401),
            _ => None,
        })
    }

    /// Whether a query with this limit takes the org too long.
    pub(crate) fn times_out(&self, limit: Option<u64>) -> bool {
        let most = self.find(|fault| if let Fault::QueryTimeout(rows) = fault { Some(*rows) } else { None });
        most.is_some_and(|most| limit.is_some_and(|limit| limit > most))
    }

    /// The fault of the next query response.
    pub(crate) fn page(&self) -> PageFaults {
        let page = self.pages.fetch_add(1, Ordering::Relaxed) + 1;
        let mut due = PageFaults::default();
        for fault in self.faults.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match fault {
                Fault::Cut(every) => due.cut = page.is_multiple_of(*every),
                Fault::TruncatePage(number) => due.truncate = page == *number,
                Fault::RepeatPage => due.repeat = true,
                Fault::WrongTypePage => due.wrong_type = true,
                Fault::MissingId => due.missing_id = true,
                Fault::DropRows => due.drop_rows = true,
                _ => {}
            }
        }
        due
    }

    /// How the next query job ends, and after how many polls.
    pub(crate) fn job(&self) -> (JobEnd, u64) {
        let job = self.jobs.fetch_add(1, Ordering::Relaxed) + 1;
        let end = self.find(|fault| match fault {
            Fault::JobFails(first) if job <= *first => Some(JobEnd::Failed),
            Fault::JobAborted(first) if job <= *first => Some(JobEnd::Aborted),
            _ => None,
        });
        let polls = self.find(|fault| if let Fault::JobSlow(polls) = fault { Some(*polls) } else { None });
        (end.unwrap_or(JobEnd::Complete), polls.unwrap_or(0))
    }

    /// Counts a request for results of a query job and returns whether the job is gone from then on.
    pub(crate) fn loses_results(&self) -> bool {
        let request = self.results.fetch_add(1, Ordering::Relaxed) + 1;
        self.has(&Fault::ResultsExpired(request))
    }

    pub(crate) fn hides_locator(&self) -> bool {
        self.has(&Fault::LocatorMissing)
    }

    /// Whether the org has no query jobs at all.
    pub(crate) fn has_no_bulk(&self) -> bool {
        self.has(&Fault::BulkOff)
    }

    /// Whether query jobs can't read the object.
    pub(crate) fn keeps_from_bulk(&self, object: &str) -> bool {
        self.find(|fault| matches!(fault, Fault::BulkRefuses(name) if name == object).then_some(())).is_some()
    }

    /// The fault for the next row of a write.
    pub(crate) fn row(&self) -> Option<RowFault> {
        let row = self.rows.fetch_add(1, Ordering::Relaxed) + 1;
        self.find(|fault| match fault {
            Fault::LockRow(every) if row.is_multiple_of(*every) => Some(RowFault::Locked),
            Fault::RefuseRow(every) if row.is_multiple_of(*every) => Some(RowFault::Refused),
            _ => None,
        })
    }

    /// Whether a trigger of the org fails on this many rows in one request.
    pub(crate) fn is_too_much(&self, rows: usize) -> bool {
        let bears = self.find(|fault| if let Fault::HeavyTrigger(rows) = fault { Some(*rows) } else { None });
        bears.is_some_and(|bears| rows as u64 > bears)
    }

    /// Loses or cuts the response to a completed write, if a fault says so.
    pub(crate) fn spoil(&self, answer: &mut Answer) {
        let write = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        for fault in self.faults.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match fault {
                Fault::LostAnswer(every) => answer.lost |= write.is_multiple_of(*every),
                Fault::LostAnswerOnce(number) => answer.lost |= write == *number,
                // A response without a body can't be cut.
                Fault::Cut(every) if write.is_multiple_of(*every) => {
                    answer.cut = !answer.body.is_empty();
                    answer.lost |= answer.body.is_empty();
                }
                _ => {}
            }
        }
    }

    /// The faults of deploys.
    pub(crate) fn deploys(&self) -> Trouble {
        let stuck = self.find(|fault| if let Fault::DeployStuck(polls) = fault { Some(*polls) } else { None });
        Trouble {
            fails: self.has(&Fault::DeployFails),
            stuck: stuck.unwrap_or(0),
            never_accepted: self.has(&Fault::CertificateNeverAccepted),
        }
    }

    /// Counts an accepted deploy and returns whether its response gets lost.
    pub(crate) fn loses_deploy(&self) -> bool {
        self.deploys.fetch_add(1, Ordering::Relaxed) == 0 && self.has(&Fault::DeployLostAnswer)
    }

    pub(crate) fn kills_cursors(&self) -> bool {
        self.has(&Fault::CursorExpiry)
    }

    pub(crate) fn breaks_token(&self) -> bool {
        self.has(&Fault::TokenHtml)
    }

    /// How many seconds the org's clock is ahead.
    pub(crate) fn skew(&self) -> i64 {
        self.find(|fault| if let Fault::ClockSkew(seconds) = fault { Some(*seconds) } else { None }).unwrap_or(0)
    }

    /// The delay of each response, in milliseconds.
    pub(crate) fn delay(&self) -> u64 {
        self.find(|fault| if let Fault::Slow(ms) = fault { Some(*ms) } else { None }).unwrap_or(0)
    }
}

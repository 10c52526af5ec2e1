//! The metrics, with their names and labels.

use connector_engine::query::{PastRun, Run, Size};
use connector_queue::Figures;
use jiff::Timestamp;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::atomic::AtomicU64;

/// Upper ends of durations, in seconds: a delta takes some of them, a first run of millions an hour.
const DURATIONS: [f64; 10] = [0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0];

/// The names and values of labels.
type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge>;
type Moments = Family<Labels, Gauge<f64, AtomicU64>>;

/// Every metric, empty at first.
#[derive(Debug)]
pub(super) struct Families {
    runs: Counters,
    durations: Family<Labels, Histogram, fn() -> Histogram>,
    accounts: Counters,
    api_calls: Counters,
    retries: Counters,
    bytes: Counters,
    current_accounts: Gauges,
    locked_accounts: Gauges,
    current_entitlements: Gauges,
    valid: Gauges,
    last_run: Moments,
    last_run_status: Gauges,
    last_success: Moments,
    next_run: Moments,
    certificate: Moments,
    limit_used: Gauges,
    limit_max: Gauges,
}

impl Default for Families {
    fn default() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(DURATIONS);
        Self {
            durations: Family::new_with_constructor(durations),
            runs: Family::default(),
            accounts: Family::default(),
            api_calls: Family::default(),
            retries: Family::default(),
            bytes: Family::default(),
            current_accounts: Family::default(),
            locked_accounts: Family::default(),
            current_entitlements: Family::default(),
            valid: Family::default(),
            last_run: Family::default(),
            last_run_status: Family::default(),
            last_success: Family::default(),
            next_run: Family::default(),
            certificate: Family::default(),
            limit_used: Family::default(),
            limit_max: Family::default(),
        }
    }
}

fn of(source: &str) -> Labels {
    vec![("source", source.to_owned())]
}

fn seconds(moment: Timestamp) -> f64 {
    moment.as_duration().as_secs_f64()
}

impl Families {
    /// Counts a run that is over.
    pub(super) fn count(&self, run: &PastRun) {
        let source = of(&run.source);
        let mut how = source.clone();
        how.push(("mode", run.mode.name().to_owned()));
        self.durations.get_or_create(&how).observe(run.took.as_secs_f64());
        how.push(("status", run.status.name().to_owned()));
        self.runs.get_or_create(&how).inc();
        for (state, rows) in [("added", run.added), ("changed", run.changed), ("removed", run.removed)] {
            let mut labels = source.clone();
            labels.push(("state", state.to_owned()));
            self.accounts.get_or_create(&labels).inc_by(rows);
        }
        self.api_calls.get_or_create(&source).inc_by(run.api_calls);
        self.retries.get_or_create(&source).inc_by(run.retries);
        self.bytes.get_or_create(&source).inc_by(run.bytes_received);
    }

    /// Whether the file of a source is valid.
    pub(super) fn valid(&self, source: &str, is_valid: bool) {
        self.valid.get_or_create(&of(source)).set(i64::from(is_valid));
    }

    /// When the certificate of a source expires.
    pub(super) fn certificate(&self, source: &str, expiry: Timestamp) {
        self.certificate.get_or_create(&of(source)).set(seconds(expiry));
    }

    /// When the schedule of a source comes next.
    pub(super) fn next_run(&self, source: &str, moment: Timestamp) {
        self.next_run.get_or_create(&of(source)).set(seconds(moment));
    }

    /// The newest run of a source, and the allowances that the source reported in it.
    pub(super) fn last_run(&self, source: &str, run: &Run) {
        self.last_run.get_or_create(&of(source)).set(seconds(run.started_at));
        let mut labels = of(source);
        labels.push(("status", run.report.status.name().to_owned()));
        self.last_run_status.get_or_create(&labels).set(1);
        for (name, allowance) in &run.report.limits {
            let mut labels = of(source);
            labels.push(("limit", name.clone()));
            self.limit_used.get_or_create(&labels).set(count(allowance.used));
            self.limit_max.get_or_create(&labels).set(count(allowance.max));
        }
    }

    /// When the newest run that succeeded started.
    pub(super) fn last_success(&self, source: &str, moment: Timestamp) {
        self.last_success.get_or_create(&of(source)).set(seconds(moment));
    }

    /// How much a source has now.
    pub(super) fn size(&self, source: &str, size: Size) {
        self.current_accounts.get_or_create(&of(source)).set(count(size.accounts));
        self.locked_accounts.get_or_create(&of(source)).set(count(size.locked));
        self.current_entitlements.get_or_create(&of(source)).set(count(size.entitlements));
    }

    /// All of them as OpenMetrics text, and the queue if there is one.
    pub(super) fn text(&self, queue: Option<&Figures>) -> Result<String, fmt::Error> {
        let mut registry = Registry::with_prefix("connector");
        self.register_counts(&mut registry);
        self.register_standing(&mut registry);
        if let Some(figures) = queue {
            register_queue(&mut registry, figures);
        }
        let mut written = String::new();
        text::encode(&mut written, &registry)?;
        Ok(written)
    }

    /// What grows with each run.
    fn register_counts(&self, registry: &mut Registry) {
        registry.register("runs", "Runs that are over, by mode and status", self.runs.clone());
        registry.register_with_unit(
            "run_duration",
            "How long jobs worked on each run that is over",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "accounts",
            "Accounts that runs found to be new, changed or gone; their number now is connector_source_accounts",
            self.accounts.clone(),
        );
        registry.register("api_calls", "Requests sent to the source, repeated ones included", self.api_calls.clone());
        registry.register("retries", "Requests that were repeated", self.retries.clone());
        registry.register_with_unit("received", "What the source sent", Unit::Bytes, self.bytes.clone());
    }

    /// How the sources stand now.
    fn register_standing(&self, registry: &mut Registry) {
        registry.register("source_accounts", "Accounts of the source in the store now", self.current_accounts.clone());
        registry.register("source_locked_accounts", "Those of them that are locked", self.locked_accounts.clone());
        registry.register(
            "source_entitlements",
            "Entitlements of the source in the store now",
            self.current_entitlements.clone(),
        );
        registry.register("source_valid", "Whether the file of the source is valid", self.valid.clone());
        let moments = [
            ("last_run_timestamp", "When the newest run started", &self.last_run),
            ("last_success_timestamp", "When the newest run that succeeded started", &self.last_success),
            ("next_run_timestamp", "When the schedule of the source comes next", &self.next_run),
            ("certificate_expiry_timestamp", "When the certificate of the source expires", &self.certificate),
        ];
        for (name, help, family) in moments {
            registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        }
        registry.register("last_run_status", "1 for the status of the newest run", self.last_run_status.clone());
        registry.register("source_limit_used", "What the source said is used of a limit", self.limit_used.clone());
        registry.register("source_limit_max", "What the source said is the most of a limit", self.limit_max.clone());
    }
}

/// How full the queue is.
fn register_queue(registry: &mut Registry, figures: &Figures) {
    let (jobs, oldest, retries) = (Gauges::default(), Moments::default(), Counters::default());
    let (workers, slots) = (<Gauge>::default(), <Gauge>::default());
    let states = [
        ("waiting", figures.waiting),
        ("running", figures.running),
        ("recovering", figures.recovering),
        ("failed", figures.failed),
    ];
    for (state, number) in states {
        jobs.get_or_create(&vec![("state", state.to_owned())]).set(count(number));
    }
    if let Some(moment) = figures.oldest_waiting {
        oldest.get_or_create(&Vec::new()).set(seconds(moment));
    }
    for ((source, reason), number) in &figures.retries {
        let mut labels = of(source);
        labels.push(("reason", reason.clone()));
        retries.get_or_create(&labels).inc_by(*number);
    }
    workers.set(count(figures.workers));
    slots.set(count(figures.slots));
    registry.register("queue_jobs", "Jobs in the queue, by state", jobs);
    let help = "When the oldest job was asked that waits; absent if none waits";
    registry.register_with_unit("queue_oldest_waiting_timestamp", help, Unit::Seconds, oldest);
    let help = "Jobs that were taken again, because somebody asked or because their worker was gone";
    registry.register("job_retries", help, retries);
    registry.register("workers", "Workers that live", workers);
    registry.register("worker_slots", "The most jobs that they do at the same time", slots);
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

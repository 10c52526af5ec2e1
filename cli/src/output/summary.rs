//! The result of an aggregation.

use super::style::{BAD, DIM, GOOD, STRONG, WARN, paint};
use super::table::{Column, Table, text_cell};
use super::text::wrap;
use connector_engine::store::{Counts, Mode, RunReport, RunStatus};
use connector_text::{bytes, count, duration, plural};
use std::fmt::Write as _;
use std::time::Duration;

/// A terminal narrower than this gets sentences instead of a table.
const TABLE_WIDTH: usize = 60;

/// The headline, the counts and the cost of a run.
pub(crate) fn render_summary(report: &RunReport, width: Option<usize>) -> String {
    let mut text = headline(report);
    text.push_str("\n\n");
    let kinds = report.counts.named();
    if kinds.iter().all(|(_, counts)| counts.seen + counts.removed == 0) && report.status != RunStatus::Succeeded {
        // An empty table is useless.
        text.pop();
    } else if width.is_some_and(|width| width < TABLE_WIDTH) {
        for (kind, counts) in kinds {
            for (index, line) in wrap(&sentence(counts), width.unwrap_or(40).saturating_sub(4)).iter().enumerate() {
                if index == 0 {
                    _ = writeln!(text, "  {}", paint(STRONG, kind));
                }
                _ = writeln!(text, "    {line}");
            }
        }
    } else {
        text.push_str(&indent(&table(&kinds).render(width.map(|width| width - 2))));
    }
    text.push('\n');
    for line in wrap(&cost(report), width.unwrap_or(100).saturating_sub(2)) {
        _ = writeln!(text, "  {}", paint(DIM, line));
    }
    text
}

fn headline(report: &RunReport) -> String {
    let took = duration(Duration::from_millis(report.duration_ms));
    let (mark, what) = match report.status {
        RunStatus::Succeeded if report.mode == Mode::Refresh => (paint(GOOD, "✓"), "refreshed"),
        RunStatus::Succeeded => (paint(GOOD, "✓"), "aggregated"),
        RunStatus::Interrupted => (paint(WARN, "!"), "stopped"),
        RunStatus::Refused => (paint(BAD, "✗"), "refused"),
        RunStatus::Failed => (paint(BAD, "✗"), "failed"),
        RunStatus::Running => (paint(DIM, "…"), "running"),
    };
    let resumed = if report.resumed { ", resumed" } else { "" };
    format!(
        "{mark} {} {what} {}",
        paint(STRONG, &report.source),
        paint(DIM, format!("in {took} ({}{resumed})", report.mode.name()))
    )
}

fn table(kinds: &[(&str, &Counts)]) -> Table {
    let mut table = Table::new([
        Column::new(""),
        Column::number("seen"),
        Column::number("added"),
        Column::number("changed"),
        Column::number("removed"),
        Column::number("unchanged").rank(1),
    ]);
    for (kind, counts) in kinds {
        let shown = |number: u64| text_cell(if number == 0 { "–".to_owned() } else { count(number) });
        let lively = |number: u64| if number > 0 { shown(number).good() } else { shown(number) };
        table.row([
            text_cell(*kind),
            text_cell(count(counts.seen)),
            lively(counts.added),
            if counts.changed > 0 { shown(counts.changed).warn() } else { shown(0) },
            if counts.removed > 0 { shown(counts.removed).bad() } else { shown(0) },
            shown(counts.unchanged),
        ]);
    }
    table
}

fn sentence(counts: &Counts) -> String {
    let parts = [
        ("added", counts.added),
        ("changed", counts.changed),
        ("removed", counts.removed),
        ("unchanged", counts.unchanged),
    ];
    let mut text = format!("{} seen", count(counts.seen));
    for (what, number) in parts.into_iter().filter(|(_, number)| *number > 0) {
        _ = write!(text, ", {} {what}", count(number));
    }
    text
}

fn cost(report: &RunReport) -> String {
    let mut parts = vec![plural(report.api_calls, "API call")];
    if report.retries > 0 {
        parts.push(format!("{} retried", count(report.retries)));
    }
    parts.push(format!("{} received", bytes(report.bytes_received)));
    let mut text = parts.join(", ");
    for (name, allowance) in &report.limits {
        _ = write!(text, "; {name} {} of {}", count(allowance.used), count(allowance.max));
    }
    _ = write!(text, "; run {}", report.run);
    text
}

fn indent(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_core::Allowance;
    use connector_engine::store::PerStep;

    #[test]
    fn a_summary_reads_well_at_every_width() {
        let report = RunReport {
            run: "01JDQ7Z1K3W8S9V4B2N6M5XC7D".to_owned(),
            source: "salesforce".to_owned(),
            mode: Mode::Full,
            status: RunStatus::Succeeded,
            resumed: true,
            counts: PerStep {
                accounts: Counts { seen: 100_000, added: 12, changed: 345, unchanged: 99_643, removed: 7 },
                entitlements: Counts { seen: 412, unchanged: 412, ..Counts::default() },
                assignments: Counts { seen: 300_000, added: 36, unchanged: 299_964, removed: 21, ..Counts::default() },
            },
            api_calls: 208,
            retries: 2,
            bytes_received: 120_000_000,
            duration_ms: 5_234,
            warnings: Vec::new(),
            error: None,
            limits: [("api-usage".to_owned(), Allowance::new(1_208, 100_000))].into(),
        };
        for width in [100, 60, 40] {
            let text = anstream::adapter::strip_str(&render_summary(&report, Some(width))).to_string();
            insta::assert_snapshot!(format!("summary_at_{width}"), text);
        }
    }
}

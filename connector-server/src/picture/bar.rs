//! What stayed and what changed, as parts of a bar.

use super::ratio;
use crate::pages::Delta;
use askama::Template;
use connector_text::count;

/// A bar with the rows that went, changed, stayed and came.
#[derive(Template)]
#[template(path = "picture/bar.html")]
pub(crate) struct Bar {
    parts: Vec<Part>,
    label: String,
}

struct Part {
    class: &'static str,
    x: String,
    width: String,
    title: String,
}

/// What is not nothing is seen: the least part of the bar, in percent.
const LEAST: f64 = 0.8;

impl Bar {
    /// `stayed` is how many rows are as they were.
    pub(crate) fn of(what: &str, stayed: u64, delta: Delta) -> Self {
        let Delta { added, changed, removed } = delta;
        let whole = stayed + added + changed + removed;
        let all = [
            ("del", removed, "removed"),
            ("chg", changed, "changed"),
            ("same", stayed, "unchanged"),
            ("add", added, "added"),
        ];
        let widths =
            all.map(|(_, number, _)| if number == 0 { 0.0 } else { (ratio(number, whole) * 100.0).max(LEAST) });
        let sum: f64 = widths.iter().sum();
        let (mut parts, mut x) = (Vec::new(), 0.0);
        for ((class, number, word), width) in all.into_iter().zip(widths).filter(|(_, width)| *width > 0.0) {
            let width = width / sum * 100.0;
            parts.push(Part {
                class,
                x: format!("{x:.2}%"),
                width: format!("{width:.2}%"),
                title: format!("{} {word}", count(number)),
            });
            x += width;
        }
        let said: Vec<_> = parts.iter().map(|part| part.title.as_str()).collect();
        let said = if said.is_empty() { "none".to_owned() } else { said.join(", ") };
        Self { label: format!("{what}: {said}"), parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_change_in_a_million_rows_is_seen_and_the_bar_is_full() {
        let bar = Bar::of("accounts", 1_000_000, Delta { added: 1, changed: 0, removed: 0 });
        assert_eq!(bar.parts.len(), 2);
        let sum: f64 = bar.parts.iter().map(|part| part.width.trim_end_matches('%').parse::<f64>().unwrap()).sum();
        assert!((sum - 100.0).abs() < 0.1, "{sum}");
        assert!(bar.label.contains("1 added"), "{}", bar.label);
        assert_eq!(Bar::of("accounts", 0, Delta::default()).label, "accounts: none");
    }
}

//! A line without axes, as high as a line of text.

use super::{points, polyline};
use askama::Template;
use connector_text::{count, plural};

/// A line of a few values.
#[derive(Template)]
#[template(path = "picture/spark.html")]
pub(crate) struct Spark {
    line: String,
    end: (String, String),
    label: String,
}

impl Spark {
    /// `None` for a single value, which is no line.
    pub(crate) fn of(values: &[u64], what: &str) -> Option<Self> {
        let ([first, .., last], points) = (values, points(values, 96.0, 24.0, 3.0)) else { return None };
        let (x, y) = points.last().copied()?;
        let label = format!(
            "{what} over the last {}: {} to {}",
            plural(values.len() as u64, "run"),
            count(*first),
            count(*last)
        );
        Some(Self { line: polyline(&points), end: (format!("{x:.1}"), format!("{y:.1}")), label })
    }
}

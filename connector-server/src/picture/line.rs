//! How a number grew from run to run.

use super::{points, polyline};
use askama::Template;
use connector_text::{count, plural};

/// A line with an area below it and a point for each run.
#[derive(Template)]
#[template(path = "picture/line.html")]
pub(crate) struct Line {
    path: String,
    area: String,
    points: Vec<Point>,
    least: String,
    most: String,
    label: String,
}

struct Point {
    x: String,
    y: String,
    title: String,
}

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 96.0;

impl Line {
    /// A line through these values, each with what it is. `None` for a single one.
    pub(crate) fn of(values: &[(u64, String)], what: &str) -> Option<Self> {
        let numbers: Vec<u64> = values.iter().map(|(value, _)| *value).collect();
        let [first, .., last] = numbers[..] else { return None };
        let places = points(&numbers, WIDTH, HEIGHT, 8.0);
        let line = polyline(&places);
        let titles = values.iter().map(|(value, title)| format!("{title}: {}", count(*value)));
        let points = places.iter().zip(titles);
        let points = points.map(|((x, y), title)| Point { x: format!("{x:.1}"), y: format!("{y:.1}"), title });
        Some(Self {
            area: format!("0,{HEIGHT} {line} {WIDTH},{HEIGHT}"),
            path: line,
            points: points.collect(),
            least: numbers.iter().min().copied().map(count).unwrap_or_default(),
            most: numbers.iter().max().copied().map(count).unwrap_or_default(),
            label: format!(
                "{what} over {}: from {} to {}",
                plural(values.len() as u64, "run"),
                count(first),
                count(last)
            ),
        })
    }
}

//! Pictures, drawn on the server: no script, and a sentence for those who do not see them.

mod bar;
mod line;
mod span;
mod spark;
mod validity;

pub(crate) use bar::Bar;
pub(crate) use line::Line;
pub(crate) use span::Span;
pub(crate) use spark::Spark;
pub(crate) use validity::Validity;

/// The points of a line through these values, in a box of this size. The smallest value stands at the bottom.
fn points(values: &[u64], width: f64, height: f64, inset: f64) -> Vec<(f64, f64)> {
    let (least, most) = (values.iter().min().copied().unwrap_or(0), values.iter().max().copied().unwrap_or(0));
    let steps = values.len().saturating_sub(1).max(1);
    let across = |index: usize| ratio(index as u64, steps as u64) * width;
    let up = |value: u64| {
        // A line that never changes runs through the middle.
        let part = if most == least { 0.5 } else { ratio(value - least, most - least) };
        height - inset - part * (height - 2.0 * inset)
    };
    values.iter().enumerate().map(|(index, value)| (across(index), up(*value))).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a picture has a few hundred positions")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The attribute `points` of a line.
fn polyline(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_its_box_for_any_numbers() {
        for values in [&[][..], &[7], &[0, 0], &[u64::MAX, 0, u64::MAX / 2], &[1, 2, 3]] {
            let points = points(values, 100.0, 20.0, 2.0);
            assert_eq!(points.len(), values.len());
            assert!(points.iter().all(|(x, y)| (0.0..=100.0).contains(x) && (2.0..=18.0).contains(y)), "{points:?}");
        }
        assert_eq!(polyline(&points(&[1, 2], 10.0, 10.0, 0.0)), "0.0,10.0 10.0,0.0");
    }
}

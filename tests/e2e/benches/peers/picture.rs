//! The growth of the time with the number of users, as an SVG: both axes are logarithmic, so linear growth is a straight line.

use super::Round;
use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 250.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLORS: [&str; 10] =
    ["#0b5fff", "#7aa7ff", "#00875a", "#66c2a5", "#999999", "#cccccc", "#d1495b", "#edae49", "#8d5a97", "#c49bbb"];

/// The picture of these figures.
pub(crate) fn drawn(rounds: &[Round]) -> String {
    let users = |round: &Round| (round.users as f64).log10();
    let (first, last) =
        (rounds.iter().map(users).fold(f64::MAX, f64::min), rounds.iter().map(users).fold(0.0, f64::max));
    let seconds =
        rounds.iter().flat_map(|round| round.lines.iter().map(|(_, figures)| figures.time.as_secs_f64().log10()));
    let (low, high) = seconds.fold((f64::MAX, f64::MIN), |(low, high), next| (low.min(next), high.max(next)));
    let (low, high) = (low.floor(), high.ceil());
    let x = |value: f64| LEFT + (value - first) / (last - first).max(0.001) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - (value - low) / (high - low).max(0.001) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">Seconds to read an org, by its number of users</text>\n"
    );
    let mut decade = low;
    while decade <= high {
        let (at, label) = (y(decade), 10_f64.powf(decade));
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#eeeeee\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label} s</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            at + 4.0
        );
        decade += 1.0;
    }
    for round in rounds {
        let at = x(users(round));
        let _ =
            writeln!(svg, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", HEIGHT - 24.0, round.users);
    }
    let names = rounds.first().map(|round| round.lines.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (place, (name, color)) in names.unwrap_or_default().into_iter().zip(COLORS).enumerate() {
        let mut points = String::new();
        for round in rounds {
            if let Some((_, figures)) = round.lines.iter().find(|(known, _)| known == name) {
                let _ = write!(points, "{:.1},{:.1} ", x(users(round)), y(figures.time.as_secs_f64().log10()));
            }
        }
        let at = TOP + 8.0 + place as f64 * 20.0;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>\
             <rect x=\"{}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{color}\"/><text x=\"{}\" y=\"{}\" font-size=\"10\">{name}</text>",
            points.trim_end(),
            WIDTH - RIGHT + 16.0,
            at - 9.0,
            WIDTH - RIGHT + 32.0,
            at
        );
    }
    svg.push_str("</svg>\n");
    svg
}

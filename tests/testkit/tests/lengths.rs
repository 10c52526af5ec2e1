//! Promise: what an author writes is short. The lines count that are neither blank nor comments.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::Path;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn code<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    lines.filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count()
}

#[test]
fn the_connector_of_the_book_for_a_web_api_has_fewer_than_150_lines() {
    let book = text("docs/web-api.md");
    let block = book.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let is_shown = |line: &&str| *line != "#" && !line.starts_with("# ");
    let connector = block.lines().take_while(|line| !line.starts_with("#[tokio::main]")).filter(is_shown);
    let lines = code(connector);
    assert!((100..150).contains(&lines), "{lines} lines");
}

#[test]
fn the_example_of_a_new_connector_has_fewer_than_80_lines() {
    let lines = code(text("cli/template/src/connector.rs").lines());
    assert!((40..80).contains(&lines), "{lines} lines");
}

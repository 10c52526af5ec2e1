//! Promise: `connector quickstart` shows a connector whose example works on any machine, and asks nobody who is not there.
#![cfg(feature = "delimited")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said};

#[test]
fn the_tour_of_a_connector_with_a_sample_reads_it_twice() {
    let folder = tempfile::tempdir().unwrap();
    let tour = run(folder.path(), &["quickstart", "tour", "--connector", "delimited"]);
    let shown = said(&tour);
    assert!(tour.status.success(), "{shown}");
    for text in [
        "connector source new delimited delimited",
        "All checks passed",
        "connector diff delimited",
        "+ account kim (00127)",
        "- max no longer holds role finance",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(folder.path().join("tour/hr/people.csv").is_file());
}

#[test]
fn a_tour_that_does_not_exist_is_refused_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["nope", "", "rest"] {
        let tour = run(folder.path(), &["quickstart", "tour", "--connector", name]);
        assert_eq!(tour.status.code(), Some(2), "{}", said(&tour));
        assert!(said(&tour).contains("delimited"), "{}", said(&tour));
        assert!(!folder.path().join("tour").exists());
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn without_a_terminal_the_first_tour_is_shown_and_nobody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let tour = run(folder.path(), &["quickstart", "tour"]);
    let shown = said(&tour);
    assert!(tour.status.success(), "{shown}");
    assert!(shown.contains("a simulated one runs on your machine") && !shown.contains("Which connector"), "{shown}");
}

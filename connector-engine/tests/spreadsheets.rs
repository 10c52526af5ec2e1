//! A CSV export is safe to open in a spreadsheet.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod aggregate_fake;

use aggregate_fake::{Place, World};
use connector_engine::query::{self, Format, TableFormat, What};

async fn exported(attributes: &str, format: Format) -> String {
    let place = Place::new();
    let mut world = World::of(0);
    world.add_account("a", attributes, &[]);
    place.aggregate(&world).await;
    let mut csv = Vec::new();
    query::export(&place.store, "directory", What::Accounts, format, &mut csv).unwrap();
    String::from_utf8(csv).unwrap()
}

#[tokio::test]
async fn text_that_a_spreadsheet_takes_for_a_formula_gets_a_quote_in_front() {
    for (value, cell) in [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|x", "'+cmd|x"),
        ("-2+cmd|x", "'-2+cmd|x"),
        ("＝1+1", "'＝1+1"),
        // Where the separator is a semicolon, a cell begins behind it.
        ("a;=1+1", "a;'=1+1"),
    ] {
        let attributes = serde_json::json!({"Department": value}).to_string();
        let csv = exported(&attributes, Format::Table(TableFormat::Csv)).await;
        assert!(csv.contains(&format!(",{cell}\n")), "{value}: {csv}");
        let plain = exported(&attributes, Format::Table(TableFormat::PlainCsv)).await;
        assert!(plain.contains(&format!(",{value}\n")), "{value}: {plain}");
    }
    let names = exported(r#"{"=1+1":"x"}"#, Format::Table(TableFormat::Csv)).await;
    assert!(names.lines().next().unwrap().ends_with(",'=1+1"), "{names}");
}

#[tokio::test]
async fn phone_numbers_and_negative_numbers_stay_as_they_are() {
    for value in ["+49 (30) 123-456".replace('-', " "), "-5".to_owned(), "+4930123".to_owned(), "a=b".to_owned()] {
        let csv = exported(&serde_json::json!({"Phone": value}).to_string(), Format::Table(TableFormat::Csv)).await;
        assert!(csv.contains(&format!(",{value}\n")), "{csv}");
    }
}

//! Pages: durable positions, files that are replaced, and the order of rows.

use crate::project::{Project, accounts, ids};
use connector_core::{Account, Clock, Cursor, ErrorKind, Retry};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

fn rows(range: std::ops::Range<usize>) -> String {
    let mut text = String::from("id,name,role\r\n");
    for number in range {
        let _ = write!(text, "{number:06},\"some, {number}\",r{}\r\n", number % 5);
    }
    text
}

fn people(file: &str) -> Value {
    json!({"accounts": {"file": file, "id": "id", "entitlements": {"role": {"column": "role"}}}})
}

/// Reads each page with a connector of its own, as if every process were killed after one page.
async fn killed_after_every_page(project: &Project, settings: &Value) -> Vec<Account> {
    let (mut items, mut left) = (Vec::new(), vec![Cursor::start()]);
    while let Some(cursor) = left.pop() {
        let kept = Cursor::from_text(cursor.as_str());
        let page = project.open(settings).aggregate_accounts(&kept).await.unwrap();
        let (page, next) = page.into_parts();
        items.extend(page);
        left.extend(next);
    }
    items.sort_by(|left, right| left.id.cmp(&right.id));
    items
}

fn packed(name: &str, text: &str) -> Vec<u8> {
    match name.rsplit_once('.') {
        Some((_, "gz")) => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
            gzip.finish().unwrap()
        }
        Some((_, "zst")) => zstd::encode_all(text.as_bytes(), 1).unwrap(),
        _ => text.as_bytes().to_vec(),
    }
}

#[tokio::test]
async fn a_kill_after_every_page_loses_and_repeats_nothing() {
    for (name, more) in [
        ("people.csv", json!({})),
        ("people.csv.gz", json!({})),
        ("people.csv.zst", json!({"merge": "adjacent"})),
        ("people.csv", json!({"merge": "anywhere"})),
    ] {
        let project = Project::new(&[(name, &packed(name, &rows(0..9000)))]);
        let mut settings = people(name);
        settings["accounts"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let read = killed_after_every_page(&project, &settings).await;
        let expected: Vec<_> = (0..9000).map(|number| format!("{number:06}")).collect();
        assert_eq!(ids(&read), expected, "{settings}");
    }
}

#[tokio::test]
async fn the_same_file_in_another_encoding_gives_the_same_accounts() {
    let text = rows(0..5000).replace("some", "jürgen");
    let plain = Project::of_people(&text).accounts(&people("people.csv")).await.unwrap();
    let wide: Vec<u8> = "\u{feff}".chars().chain(text.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    let wide_be: Vec<u8> = "\u{feff}".chars().chain(text.chars()).flat_map(|c| (c as u16).to_be_bytes()).collect();
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let marked = ["\u{feff}", &text].concat().into_bytes();
    for (encoding, bytes) in
        [("utf-16", &wide), ("utf-16", &wide_be), ("utf-16le", &wide), ("latin1", &latin), ("utf-8", &marked)]
    {
        let mut settings = people("people.csv");
        settings["format"] = json!({"encoding": encoding});
        let project = Project::of_people(bytes);
        assert_eq!(project.accounts(&settings).await.unwrap(), plain, "{encoding}");
        assert_eq!(killed_after_every_page(&project, &settings).await, plain, "{encoding}");
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_or_changed_between_two_pages_expires_the_position() {
    for merge in ["none", "adjacent", "anywhere"] {
        let project = Project::of_people(rows(0..9000));
        let mut settings = people("people.csv");
        settings["accounts"]["merge"] = json!(merge);
        let connector = project.open(&settings);
        let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap().next()[0].clone();
        let second = connector.aggregate_accounts(&first).await.unwrap().next()[0].clone();
        project.write("people.csv", rows(0..8999).as_bytes());
        for connector in [connector, project.open(&settings)] {
            let error = connector.aggregate_accounts(&second).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Expired, "{merge}: {error}");
        }
        // Also a file of the same size.
        let connector = project.open(&settings);
        let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap().next()[0].clone();
        project.write("people.csv", rows(0..8999).replace("some", "more").as_bytes());
        assert_eq!(connector.aggregate_accounts(&first).await.unwrap_err().kind(), ErrorKind::Expired);
    }
}

#[tokio::test]
async fn a_position_leads_to_no_file_that_the_settings_do_not_name() {
    let project = Project::new(&[("people.csv", b"id\n1\n"), ("other.csv", b"id\n2\n")]);
    let other = project.open(&json!({"accounts": {"file": "other.csv", "id": "id"}}));
    let position = other.aggregate_accounts(&Cursor::start()).await.unwrap().next()[0].clone();
    let connector = project.open(&json!({"accounts": {"file": "people.csv", "id": "id"}}));
    assert_eq!(connector.aggregate_accounts(&position).await.unwrap_err().kind(), ErrorKind::Expired);
}

#[tokio::test]
async fn a_pattern_reads_all_of_its_files_and_no_hidden_one() {
    let project = Project::new(&[
        ("hr/people-1.csv", b"id,name\n1,a\n"),
        ("hr/people-2.csv", b"name,id\nb,2\n"),
        ("hr/.people-3.csv", b"cut"),
        ("hr/people-4.txt", b"cut"),
    ]);
    std::fs::create_dir(project.path("hr/people-5.csv")).unwrap();
    let settings = json!({"accounts": {"file": "hr/people-*.csv", "id": "id", "name": "name"}});
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(read.iter().map(|one| (&*one.id, &*one.name)).collect::<Vec<_>>(), [("1", "a"), ("2", "b")]);
    project.write("hr/people-6.csv", b"id,name\n1,a\n");
    let error = project.error(&settings).await;
    assert_eq!(error.message(), "`hr/people-6.csv`, line 2: the same id as in `hr/people-1.csv`, line 2");
}

#[tokio::test]
async fn rows_of_an_account_in_several_files_are_one_account() {
    let project = Project::new(&[
        ("a.csv", b"id,role,phone\n2,x,7\n1,a,1\n3,z,\n"),
        ("b.csv", b"id,role,phone\n1,b,2;1\n2,y,\n"),
    ]);
    let mut settings = people("*.csv");
    settings["accounts"]["merge"] = json!("anywhere");
    settings["accounts"]["attributes"] = json!({"lists": {"phone": ";"}});
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(ids(&read), ["1", "2", "3"]);
    assert_eq!(read[0].attributes.get::<Vec<String>>("phone").unwrap(), ["1", "2"]);
    let held = |at: usize| read[at].entitlements.iter().map(|one| one.id.as_str()).collect::<Vec<_>>();
    assert_eq!((held(0), held(1), held(2)), (vec!["a", "b"], vec!["x", "y"], vec!["z"]));
}

#[tokio::test]
async fn a_file_that_was_changed_a_moment_ago_is_read_when_it_is_quiet() {
    let project = Project::of_people("id\n1\n");
    let settings = json!({"complete": {"quiet_for": "2m"}, "accounts": {"file": "people.csv", "id": "id"}});
    let error = project.error(&settings).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(matches!(error.retry(), Retry::After(wait) if wait > Duration::from_mins(1)), "{error:?}");
    let later = Clock::from_fn(|| jiff::Timestamp::now() + Duration::from_secs(121));
    assert_eq!(accounts(project.open_at(&settings, later).as_ref()).await.unwrap().len(), 1);
    let earlier = Clock::from_fn(|| jiff::Timestamp::now() - Duration::from_secs(500));
    assert!(
        accounts(project.open_at(&settings, earlier).as_ref()).await.is_err(),
        "a file from the future is not quiet"
    );
}

#[tokio::test]
async fn an_unchanged_file_has_no_changes_and_another_one_needs_a_full_run() {
    let project = Project::new(&[("people.csv", b"id\n1\n2\n")]);
    let settings = json!({"accounts": {"file": "people.csv", "id": "id"}});
    let connector = project.open(&settings);
    let changes = connector.capabilities().changes().unwrap();
    let watermark = changes.watermark().await.unwrap();
    // A copy with the same content is no change.
    project.write("people.csv", b"id\n1\n2\n");
    let page = changes.changes(&watermark).await.unwrap();
    assert!(page.items().is_empty() && page.next().is_empty());
    assert_eq!(page.watermark(), Some(&watermark));
    project.write("people.csv", b"id\n1\n3\n");
    assert_eq!(changes.changes(&watermark).await.unwrap_err().kind(), ErrorKind::Expired);
    std::fs::remove_file(project.path("people.csv")).unwrap();
    assert_eq!(changes.changes(&watermark).await.unwrap_err().kind(), ErrorKind::NotFound);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The hash of an account must not depend on where its row is.
    #[test]
    fn the_same_rows_in_another_order_are_the_same_accounts(order in Just((0..60_usize).collect::<Vec<_>>()).prop_shuffle()) {
        let row = |number: &usize| format!("{number},n{number},r{}\n", number % 7);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sorted: String = (0..60).map(|number| row(&number)).collect();
        let shuffled: String = order.iter().map(row).collect();
        let read = |rows: String| {
            let project = Project::of_people(["id,name,role\n", &rows].concat());
            let mut read = runtime.block_on(project.accounts(&people("people.csv"))).unwrap();
            read.sort_by(|left, right| left.id.cmp(&right.id));
            read
        };
        prop_assert_eq!(read(sorted), read(shuffled));
    }

    /// Whatever the values are, they come back.
    #[test]
    fn any_values_come_back_in_any_format(
        values in prop::collection::vec("[^\\x00]{0,12}", 1..30),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|', 1]),
        crlf in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["id", "value"]).unwrap();
        for (number, value) in values.iter().enumerate() {
            writer.write_record([&number.to_string(), value]).unwrap();
        }
        let project = Project::of_people(writer.into_inner().unwrap());
        let delimiter = String::from_utf8(vec![delimiter]).unwrap();
        let settings = json!({"format": {"delimiter": delimiter}, "accounts": {"file": "people.csv", "id": "id"}});
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(project.accounts(&settings)).unwrap();
        let expected: Vec<_> = values.iter().map(|value| Some(value.clone()).filter(|value| !value.is_empty())).collect();
        prop_assert_eq!(read.iter().map(|one| one.attributes.get::<String>("value")).collect::<Vec<_>>(), expected);
    }
}

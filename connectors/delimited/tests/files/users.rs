//! The stumbling blocks of users of other products, each a case.

use crate::project::{Project, accounts, ids};
use connector_core::{Change, Cursor, ErrorKind, Operation, Outcome};
use serde_json::{Value, json};
use std::fmt::Write;

fn people() -> Value {
    json!({"accounts": {"file": "people.csv", "id": "id"}})
}

#[tokio::test]
async fn case_1_a_large_file_is_tested_and_paged_without_holding_it() {
    let mut text = String::from("id,name\n");
    for number in 0..30_000 {
        let _ = writeln!(text, "{number},somebody called {number}");
    }
    let project = Project::of_people(text);
    let connector = project.open(&people());
    let (start, next) = connector.aggregate_accounts(&Cursor::start()).await.unwrap().into_parts();
    assert!(start.is_empty() && next.len() == 1, "the first page holds no row");
    let page = connector.aggregate_accounts(&next[0]).await.unwrap();
    assert!(page.items().len() <= 2000 && page.next().len() == 1, "{}", page.items().len());
    assert_eq!(accounts(connector.as_ref()).await.unwrap().len(), 30_000);
}

#[tokio::test]
async fn case_2_the_encoding_in_the_settings_is_the_one_that_is_used() {
    let project = Project::of_people(b"id,name\n1,J\xfcrgen \x80\n");
    let mut settings = people();
    settings["format"] = json!({"encoding": "windows-1252"});
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(read[0].attributes.get::<String>("name").unwrap(), "Jürgen €");
    settings["format"] = json!({"encoding": "iso-8859-15"});
    project.write("people.csv", b"id,name\n1,\xa4\n");
    assert_eq!(project.accounts(&settings).await.unwrap()[0].attributes.get::<String>("name").unwrap(), "€");
}

#[tokio::test]
async fn case_3_every_value_is_text_unless_the_settings_type_it() {
    let project = Project::of_people("id,cost,when,yes,n\n00123,007,2027-01-31,true,1e5\n");
    let read = project.accounts(&people()).await.unwrap();
    assert_eq!(read[0].id, "00123");
    assert_eq!(
        read[0].attributes.as_str(),
        r#"{"id":"00123","cost":"007","when":"2027-01-31","yes":"true","n":"1e5"}"#
    );
    let mut settings = people();
    settings["accounts"]["attributes"] = json!({"types": {"cost": {"type": "integer"}, "yes": {"type": "boolean"}}});
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(read[0].attributes.as_str(), r#"{"id":"00123","cost":7,"when":"2027-01-31","yes":true,"n":"1e5"}"#);
}

#[tokio::test]
async fn case_4_a_header_of_any_length_is_read() {
    let names: Vec<String> = (0..2000).map(|number| format!("a_column_with_a_long_name_{number}")).collect();
    let values = vec!["x"; 2000].join(",");
    let project = Project::of_people(format!("id,{}\n1,{values}\n", names.join(",")));
    let read = project.accounts(&people()).await.unwrap();
    assert_eq!(read[0].attributes.entries().len(), 2001);
}

#[tokio::test]
async fn case_5_a_file_with_another_delimiter_is_named_as_such_and_a_sparse_first_row_hides_no_column() {
    let project = Project::of_people("id;name;phone\n1;;\n2;jane;7\n");
    let error = project.error(&people()).await;
    assert_eq!(error.kind(), ErrorKind::Definition);
    assert!(error.help().unwrap().contains("set `delimiter`"), "{error:?}");
    let mut settings = people();
    settings["format"] = json!({"delimiter": ";"});
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(read[1].attributes.get::<String>("phone").unwrap(), "7");
}

#[tokio::test]
async fn case_6_a_header_alone_or_a_cut_file_is_never_a_list_without_accounts() {
    for text in ["id,name\n", "id,name", "", "id,name\n1,jane\n2,jo", "id,name\n1,jane\n2\n", "\n\n"] {
        let project = Project::of_people(text);
        assert_eq!(project.error(&people()).await.kind(), ErrorKind::Protocol, "{text:?}");
    }
    let mut settings = people();
    settings["complete"] = json!({"trailer": "#EOF"});
    let project = Project::of_people("id,name\n1,jane\n");
    assert!(project.error(&settings).await.message().contains("`trailer`"));
    project.write("people.csv", b"id,name\n1,jane\n#EOF");
    assert_eq!(ids(&project.accounts(&settings).await.unwrap()), ["1"]);
    settings["complete"]["at_least"] = json!(2);
    assert!(project.error(&settings).await.message().contains("has 1 row, but `at_least` is 2"));
}

#[tokio::test]
async fn case_7_rows_that_are_merged_need_no_order_that_nobody_checks() {
    let project = Project::of_people("id,role\n1,a\n2,b\n1,c\n");
    let mut settings = people();
    settings["accounts"]["entitlements"] = json!({"role": {"column": "role"}});
    settings["accounts"]["merge"] = json!("adjacent");
    let error = project.error(&settings).await;
    assert_eq!(error.message(), "`people.csv`, line 4: the same id as in `people.csv`, line 2");
    assert!(error.help().unwrap().contains("merge: anywhere"));
    settings["accounts"]["merge"] = json!("anywhere");
    let read = project.accounts(&settings).await.unwrap();
    assert_eq!(ids(&read), ["1", "2"]);
    let held: Vec<_> = read[0].entitlements.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["role/a", "role/c"]);
}

#[tokio::test]
async fn case_8_a_row_that_begins_with_a_hash_is_a_row_and_a_delimiter_may_have_several_characters() {
    let project = Project::of_people("id,name\n#1,jane\n2,jo\n");
    assert_eq!(ids(&project.accounts(&people()).await.unwrap()), ["#1", "2"]);
    let mut settings = people();
    settings["format"] = json!({"delimiter": "||"});
    settings["accounts"]["name"] = json!("name");
    let project = Project::of_people("id||name\n#1||jane|\n2||\"jo||\"\n");
    let read = project.accounts(&settings).await.unwrap();
    let names: Vec<_> = read.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((ids(&read), names), (vec!["#1", "2"], vec!["jane|", "jo||"]));
    let reserved = Project::of_people("id||name\n1||ja\u{1f}ne\n");
    let error = reserved.error(&settings).await;
    assert!(error.message().starts_with("`people.csv`, line 2: a control character"), "{error}");
}

#[tokio::test]
async fn case_9_the_encoding_never_depends_on_the_machine() {
    // Without a setting it is UTF-8, and anything else is an error with its place.
    let project = Project::of_people(b"id,name\n1,jane\n2,J\xfcrgen\n");
    let error = project.error(&people()).await;
    assert_eq!(error.message(), "`people.csv`, line 3, column 2 (`name`): bytes that are not in the file's encoding");
    project.write("people.csv", "id,name\n1,Jürgen\n".as_bytes());
    assert_eq!(project.accounts(&people()).await.unwrap()[0].attributes.get::<String>("name").unwrap(), "Jürgen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn case_10_plans_that_write_at_the_same_time_lose_nothing() {
    let project = Project::of_people("id,name\n0,first\n");
    let mut settings = people();
    settings["writable"] = json!(true);
    let mut writers = Vec::new();
    for number in 1..=12 {
        // Each is a process of its own: it shares nothing with the others but the file.
        let connector = project.open(&settings);
        writers.push(tokio::spawn(async move {
            let create = Change::create(format!("new-{number}"), serde_json::Map::new(), vec![], None);
            connector.provision(&Operation::new("", create)).await
        }));
    }
    for writer in writers {
        assert!(matches!(writer.await.unwrap().unwrap(), Outcome::Applied { .. }));
    }
    assert_eq!(project.accounts(&settings).await.unwrap().len(), 13);
}

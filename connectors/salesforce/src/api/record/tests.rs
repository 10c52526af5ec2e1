//! Tests of reading answers.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn asked() -> Asked<'static> {
    let span = Span { after: RecordId::read("005000000000001"), end: RecordId::read("005000000000009") };
    Asked { object: "User", columns: vec!["Id", "Name", "IsActive", "Profile"], span: Some(span), limit: 3 }
}

fn record(last: char) -> Value {
    json!({"attributes": {"type": "User", "url": "/services/data/v67.0/sobjects/User/x"},
        "Id": format!("00500000000000{last}AAA"), "Name": format!("user {last}"), "IsActive": true,
        "Profile": {"attributes": {"type": "Profile"}, "Name": "Standard"}})
}

fn page(records: &[Value]) -> Value {
    json!({"totalSize": records.len(), "done": true, "records": records})
}

type Line = (String, Option<String>, bool, Option<String>);

fn run(body: &[u8]) -> Result<RowsRead<Line>> {
    read(body, &asked(), |row| {
        let name = row.text("Name")?.map(Cow::into_owned);
        Ok(Some((row.id("Id")?.0.into_owned(), name, row.flag("IsActive")?, row.parent_text("Profile", "Name")?)))
    })
}

fn refused(body: &Value) -> String {
    let error = run(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(!format!("{error:?}").contains("user "), "{error:?}");
    error.message().to_owned()
}

#[test]
fn a_good_page_is_read_whole_and_in_order() {
    let mut second = record('3');
    second["Name"] = Value::Null;
    second["Profile"] = Value::Null;
    let answer = run(page(&[record('2'), second]).to_string().as_bytes()).unwrap();
    assert_eq!(answer.items[0].1.as_deref(), Some("user 2"));
    assert_eq!(answer.items[0].3.as_deref(), Some("Standard"));
    assert_eq!(answer.items[1].1, None);
    assert_eq!((answer.rows, answer.done, answer.last), (2, true, RecordId::read("005000000000003")));
}

#[test]
fn the_order_of_members_does_not_matter() {
    let text = r#"{"records":[{"IsActive":false,"Profile":null,"Name":"J\u00e4ne","Id":"005000000000002AAA","Extra":[1],
        "attributes":{"url":"x","type":"User"}}],"done":true,"totalSize":1}"#;
    let answer = run(text.as_bytes()).unwrap();
    assert_eq!(answer.items, [("005000000000002AAA".to_owned(), Some("Jäne".to_owned()), false, None)]);
}

#[test]
fn a_page_that_contradicts_itself_is_refused() {
    let with = |total: u64, done: bool, next: bool, count: usize| {
        let records: Vec<_> = ['2', '3', '4', '5'][..count].iter().map(|last| record(*last)).collect();
        let mut page = json!({"totalSize": total, "done": done, "records": records});
        if next {
            page["nextRecordsUrl"] = json!("/services/data/v67.0/query/01g-2000");
        }
        page
    };
    assert!(refused(&with(3, true, false, 2)).contains("complete with 3 records, but has 2"));
    assert!(refused(&with(1, true, false, 2)).contains("complete with 1 records, but has 2"));
    assert!(refused(&with(2, true, true, 2)).contains("more follows"));
    assert!(refused(&with(3, false, false, 2)).contains("no link"));
    assert!(refused(&with(2, false, true, 2)).contains("more follows"));
    assert!(refused(&with(3, false, true, 0)).contains("0 of 3"));
    assert!(refused(&with(4, true, false, 4)).contains("at most 3"));
    assert!(refused(&with(9, true, false, 2)).contains("complete with 9 records, but has 2"));
    assert!(run(with(3, false, true, 2).to_string().as_bytes()).is_ok_and(|answer| !answer.done));
}

#[test]
fn a_total_that_counts_beyond_the_limit_is_no_contradiction() {
    let three: Vec<_> = ['2', '3', '4'].map(record).into();
    for (done, next) in [(true, Value::Null), (false, json!("/services/data/v67.0/query/01g-3"))] {
        let page = json!({"totalSize": 9, "done": done, "records": three, "nextRecordsUrl": next});
        let answer = run(page.to_string().as_bytes()).unwrap();
        assert_eq!((answer.rows, answer.done), (3, done));
    }
}

#[test]
fn a_short_id_is_read_as_the_whole_one() {
    let mut short = record('2');
    short["Id"] = json!("00500000000000B");
    let asked = Asked { span: None, ..asked() };
    let answer = read(page(&[short]).to_string().as_bytes(), &asked, |row| Ok(Some(row.id("Id")?.0.into_owned())));
    assert_eq!(answer.unwrap().items, ["00500000000000BAAQ"]);
}

#[test]
fn an_odd_record_is_refused_with_its_number() {
    let spoiled = |spoil: &dyn Fn(&mut Value)| {
        let mut second = record('3');
        spoil(&mut second);
        refused(&page(&[record('2'), second]))
    };
    let without = |name: &'static str| move |record: &mut Value| drop(record.as_object_mut().unwrap().remove(name));
    assert!(spoiled(&without("Id")).contains("record 2") && spoiled(&without("Id")).contains("has no `Id`"));
    assert!(spoiled(&without("Name")).contains("has no `Name`"));
    assert!(spoiled(&without("attributes")).contains("does not say its object"));
    assert!(spoiled(&|record| record["attributes"]["type"] = json!("Group")).contains("another object"));
    assert!(spoiled(&|record| record["IsActive"] = json!("yes")).contains("neither true nor false"));
    assert!(spoiled(&|record| record["IsActive"] = Value::Null).contains("neither true nor false"));
    assert!(spoiled(&|record| record["Name"] = json!(7)).contains("not text"));
    assert!(spoiled(&|record| record["Id"] = json!("005")).contains("no record id"));
    assert!(spoiled(&|record| record["Id"] = Value::Null).contains("empty `Id`"));
    assert!(spoiled(&|record| record["Id"] = json!("005000000000002AAA")).contains("again"));
    assert!(spoiled(&|record| record["Id"] = json!("005000000000001AAA")).contains("outside"));
    assert!(spoiled(&|record| record["Id"] = json!("00500000000000ZAAA")).contains("outside"));
    assert!(spoiled(&|record| record["Profile"] = json!([])).contains("`Profile`"));
    assert!(spoiled(&|record| record["Profile"] = json!({})).contains("`Profile`"));
}

#[test]
fn what_is_no_answer_is_refused_in_words() {
    let message = |text: &str| run(text.as_bytes()).unwrap_err().message().to_owned();
    assert!(message("").contains("is empty"));
    assert!(message("<html>down</html>").contains("web page"));
    assert!(message("[]").contains("not the JSON"));
    assert!(message(r#"{"totalSize":0,"done":true}"#).contains("not the JSON"));
    assert!(message(r#"{"totalSize":0,"done":true,"records":[],"records":[]}"#).contains("not the JSON"));
    assert!(message(r#"{"totalSize":0,"done":true,"records":[]}x"#).contains("not the JSON"));
    assert!(run(b"\xff").unwrap_err().message().contains("not text"));
}

proptest! {
    #[test]
    fn a_page_cut_anywhere_is_refused(at in 0_usize..600) {
        let whole = page(&[record('2'), record('3')]).to_string();
        prop_assert!(run(&whole.as_bytes()[..at.min(whole.len() - 1)]).is_err());
    }

    #[test]
    fn odd_bytes_never_panic_and_never_lose_a_record(at in 0_usize..600, byte in any::<u8>()) {
        let mut body = page(&[record('2'), record('3')]).to_string().into_bytes();
        let at = at % body.len();
        body[at] = byte;
        if let Ok(answer) = run(&body) {
            prop_assert_eq!(answer.items.len(), 2);
        }
    }
}

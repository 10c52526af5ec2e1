use super::*;
use crate::api::bulk::columns;
use crate::api::soql::Select;
use serde_json::json;

const OBJECT: &str = "User";

fn select() -> Select<'static> {
    Select { object: OBJECT, fields: vec!["Id", "Title", "IsActive"], filter: None }
}

fn opened(body: &str, promised: Option<u64>) -> Result<Sheet> {
    let described = json!({"name": OBJECT, "fields": [{"name": "IsActive", "type": "boolean"}]});
    let columns = columns::of(&select(), &serde_json::from_value(described).unwrap());
    let mut sheet = Sheet::new(promised);
    // Parts may end anywhere.
    for part in body.as_bytes().chunks(7) {
        sheet.push(OBJECT, part)?;
        sheet.read_header(OBJECT, &columns)?;
    }
    sheet.end(OBJECT)?;
    sheet.read_header(OBJECT, &columns)?;
    Ok(sheet)
}

type Read = (String, Option<String>, bool);

fn chunk(sheet: &mut Sheet, after: Option<RecordId>, most: usize) -> Result<Chunk<Read>> {
    let described = json!({"name": OBJECT, "fields": [{"name": "IsActive", "type": "boolean"}]});
    let select = select();
    let columns = columns::of(&select, &serde_json::from_value(described).unwrap());
    sheet.read(OBJECT, (&columns, &select.columns()), after, most, |row| {
        let title = row.text("Title")?.map(std::borrow::Cow::into_owned);
        Ok(Some((row.id("Id")?.0.into_owned(), title, row.flag("IsActive")?)))
    })
}

fn id(number: u32) -> String {
    RecordId::read(&format!("00500000000000{number}")).unwrap().as_str().to_owned()
}

fn body(rows: &[(u32, &str)]) -> String {
    let row = |(number, title): &(u32, &str)| format!("\"{}\",\"{title}\",\"true\"\n", id(*number));
    format!("\"Id\",\"Title\",\"IsActive\"\n{}", rows.iter().map(row).collect::<String>())
}

#[test]
fn records_are_read_a_few_at_a_time_with_quotes_and_line_breaks() {
    let body = body(&[(1, "Head of \"\"R&D\"\",\nRome"), (2, ""), (3, "CEO")]);
    let mut sheet = opened(&body, Some(3)).unwrap();
    let first = chunk(&mut sheet, None, 2).unwrap();
    assert_eq!(first.items, [(id(1), Some("Head of \"R&D\",\nRome".to_owned()), true), (id(2), None, true)]);
    assert!(!first.is_end);
    let second = chunk(&mut sheet, first.last, 2).unwrap();
    assert_eq!((second.items.len(), second.is_end), (1, true));

    let mut resumed = opened(&body, Some(3)).unwrap();
    assert!(resumed.skip(OBJECT, 2, first.last).unwrap());
    assert_eq!(chunk(&mut resumed, first.last, 9).unwrap().items, second.items);
    for until in [1, 4] {
        let changed = opened(&body, Some(3)).unwrap().skip(OBJECT, until, first.last).unwrap_err();
        assert_eq!(changed.kind(), ErrorKind::Expired);
    }
}

#[test]
fn columns_are_found_by_name_and_a_missing_one_belongs_to_another_job() {
    let body = format!("\"IsActive\",\"More\",\"Id\",\"Title\"\r\n\"false\",\"x\",\"{}\",\"CEO\"\r\n", id(1));
    let read = chunk(&mut opened(&body, None).unwrap(), None, 9).unwrap();
    assert_eq!((read.items, read.is_end), (vec![(id(1), Some("CEO".to_owned()), false)], true));
    assert_eq!(opened("\"Id\",\"IsActive\"\n", None).unwrap_err().kind(), ErrorKind::Expired);
}

#[test]
fn a_page_that_lies_is_an_error_and_never_a_shorter_list() {
    let whole = body(&[(1, "a"), (2, "b"), (3, "c")]);
    for length in 0..whole.len() {
        let read = opened(&whole[..length], Some(3)).and_then(|mut sheet| chunk(&mut sheet, None, 9));
        let is_whole = length == whole.len() - 1;
        assert_eq!(read.is_ok(), is_whole, "{length}: {:?}", &whole[..length]);
    }
    for (body, promised) in [
        (body(&[(1, "a"), (1, "a")]), 2),
        (body(&[(2, "a"), (1, "b")]), 2),
        (body(&[(1, "a")]), 2),
        (body(&[(1, "a"), (2, "b")]), 1),
        (body(&[(1, "a\",\"more")]), 1),
        (body(&[(1, "a")]).replace("true", "yes"), 1),
        (body(&[(1, "a")]).replace("00500", "!!"), 1),
        ("<html></html>\n".to_owned(), 1),
    ] {
        let read = opened(&body, Some(promised)).and_then(|mut sheet| chunk(&mut sheet, None, 9));
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Protocol, "{body}");
    }
}

#[test]
fn a_result_without_records_is_a_header_or_nothing() {
    for body in ["", "\"Id\",\"Title\",\"IsActive\"\n", "\"Id\",\"Title\",\"IsActive\""] {
        let read = chunk(&mut opened(body, Some(0)).unwrap(), None, 9).unwrap();
        assert_eq!((read.rows, read.is_end), (0, true), "{body}");
    }
    assert!(opened("", Some(1)).is_err());
}

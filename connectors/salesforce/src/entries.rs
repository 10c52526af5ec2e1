//! The parsers of answers, for fuzzers.

use crate::api::bulk::columns;
use crate::api::bulk::sheet::Sheet;
use crate::api::keyset::FIRST;
use crate::api::record::{Asked, read};
use crate::api::soql::{self, Select};
use crate::certificate::xml::{Element, parse};
use crate::error;
use connector_core::{Attributes, AttributesBuilder};
use connector_http::Response;
use connector_http::header::HeaderMap;

/// Text as a literal of a query.
pub fn quoted(text: &str) -> String {
    soql::quoted(text)
}

/// Parses the response to a query.
pub fn page(body: &[u8]) {
    let columns = vec!["Id", "Name", "IsActive", "Profile"];
    let asked = Asked { object: "User", columns, span: Some(FIRST), limit: soql::MAX_ROWS_PER_PAGE };
    drop(read(body, &asked, |row| {
        let id = row.id("Id")?.0.into_owned();
        Ok(Some((id, row.text("Name")?.map(std::borrow::Cow::into_owned), row.parent_text("Profile", "Name")?)))
    }));
}

/// Parses a page of the results of a query job.
pub fn results(body: &[u8]) {
    let described = r#"{"name": "User", "fields": [{"name": "IsActive", "type": "boolean"},
        {"name": "Cost__c", "type": "double"}, {"name": "CreatedDate", "type": "datetime"}]}"#;
    let Ok(description) = serde_json::from_str(described) else { return };
    let fields = vec!["Id", "Name", "IsActive", "Cost__c", "CreatedDate", "Profile.Name"];
    let select = Select { object: "User", fields, filter: None };
    let columns = columns::of(&select, &description);
    let mut sheet = Sheet::new(None);
    if sheet.push("User", body).and_then(|()| sheet.end("User")).is_err()
        || sheet.read_header("User", &columns).is_err()
    {
        return;
    }
    let names = select.columns();
    drop(sheet.read("User", (&columns, &names), None, soql::MAX_ROWS_PER_PAGE, |row| {
        let mut attributes = AttributesBuilder::default();
        row.cells().try_for_each(|(name, value)| value.add_to(&mut attributes, name))?;
        Attributes::parse(attributes.build().as_str()).map(Some)
    }));
}

/// Parses the response to a failed request.
pub fn refusal(body: &[u8]) {
    let response = Response { status: 400, headers: HeaderMap::new(), body: body.to_vec().into() };
    let error = error::of_answer(&response, "reading `User`");
    assert!(error.help().is_some_and(|help| !help.is_empty()), "{error}");
}

/// Parses the response of the Metadata API.
pub fn xml(text: &str) {
    if let Some(tree) = parse(text) {
        drop(Element::within(tree.root_element(), &|_| true));
    }
}

//! Writes SOQL.

use super::ranges::{RecordId, Span};
use std::borrow::Cow;

/// The most rows in a page, which is the most that Salesforce returns at once.
pub(crate) const MAX_ROWS_PER_PAGE: usize = 2_000;

/// What to read from an object.
#[derive(Clone, Debug)]
pub(crate) struct Select<'a> {
    /// The object's API name.
    pub(crate) object: &'static str,
    /// The fields, `Id` first.
    pub(crate) fields: Vec<&'a str>,
    /// A condition on the rows, without `WHERE`.
    pub(crate) filter: Option<Cow<'static, str>>,
}

impl Select<'_> {
    /// The query of the largest page of a span: the rows after one id, in id order.
    pub(crate) fn page(&self, span: &Span) -> String {
        self.page_of(span, MAX_ROWS_PER_PAGE)
    }

    /// The query of a page of a span, with so many rows at most.
    pub(crate) fn page_of(&self, span: &Span, rows: usize) -> String {
        let mut conditions = Vec::new();
        if let Some(after) = span.after {
            conditions.push(format!("Id > {}", quoted(after.as_str())));
        }
        if let Some(end) = span.end {
            conditions.push(format!("Id <= {}", quoted(end.as_str())));
        }
        conditions.extend(self.filter.as_deref().map(str::to_owned));
        format!("SELECT {} FROM {}{} ORDER BY Id LIMIT {rows}", self.fields.join(", "), self.object, whole(&conditions))
    }

    /// The query of a job: all rows after an id, in id order.
    pub(crate) fn job(&self, after: Option<RecordId>) -> String {
        let page = self.page(&Span { after, end: None });
        page.strip_suffix(&format!(" LIMIT {MAX_ROWS_PER_PAGE}")).unwrap_or(&page).to_owned()
    }

    /// The same without some of its fields.
    pub(crate) fn without(&self, hidden: &[&str]) -> Self {
        let fields = self.fields.iter().copied().filter(|field| !hidden.contains(field)).collect();
        Self { object: self.object, fields, filter: self.filter.clone() }
    }

    /// The query for the last id.
    pub(crate) fn last_id(&self) -> String {
        let conditions: Vec<_> = self.filter.as_deref().map(str::to_owned).into_iter().collect();
        format!("SELECT Id FROM {}{} ORDER BY Id DESC LIMIT 1", self.object, whole(&conditions))
    }

    /// The names in each record of the response. The fields of a parent are nested under the parent's name.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let names = self.fields.iter().map(|field| field.split_once('.').map_or(*field, |(parent, _)| parent));
        let mut columns: Vec<_> = names.collect();
        columns.dedup();
        columns
    }
}

fn whole(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

/// The condition that a field has one of these texts.
pub(crate) fn one_of<T: AsRef<str>>(field: &str, texts: impl IntoIterator<Item = T>) -> String {
    let literals: Vec<_> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("{field} IN ({})", literals.join(","))
}

/// Splits a list into the largest portions that `fits` accepts. A single item is a portion even if `fits` refuses it.
pub(crate) fn portions<'a, T>(list: &'a [T], most: usize, fits: &dyn Fn(&[T]) -> bool) -> Vec<&'a [T]> {
    let mut portions = Vec::new();
    let mut left: Vec<&[T]> = list.chunks(most.max(1)).rev().collect();
    while let Some(portion) = left.pop() {
        if portion.len() <= 1 || fits(portion) {
            portions.push(portion);
        } else {
            let (first, second) = portion.split_at(portion.len() / 2);
            left.extend([second, first]);
        }
    }
    portions
}

/// Both halves of a portion; nothing of a single item, which has none.
pub(crate) fn halves<T>(portion: &[T]) -> impl Iterator<Item = &[T]> {
    let (first, second) = portion.split_at(portion.len() / 2);
    [second, first].into_iter().filter(|half| !half.is_empty() && half.len() < portion.len())
}

/// Text as a literal. Nothing in the text can end the literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '"' => literal.push_str("\\\""),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            '\u{8}' => literal.push_str("\\b"),
            '\u{c}' => literal.push_str("\\f"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SELECT: fn() -> Select<'static> = || Select {
        object: "GroupMember",
        fields: vec!["Id", "GroupId", "Group.Type"],
        filter: Some("GroupId != null".into()),
    };

    #[test]
    fn a_page_begins_after_the_last_id_and_stays_in_its_span() {
        let span = Span { after: RecordId::read("011000000000001"), end: RecordId::read("011000000000009") };
        assert_eq!(
            SELECT().page(&span),
            "SELECT Id, GroupId, Group.Type FROM GroupMember WHERE Id > '011000000000001AAA' AND \
             Id <= '011000000000009AAA' AND GroupId != null ORDER BY Id LIMIT 2000"
        );
        assert_eq!(SELECT().columns(), ["Id", "GroupId", "Group"]);
    }

    #[test]
    fn the_fields_of_a_parent_come_in_one_column() {
        let fields = vec!["Id", "Parent.ProfileId", "Parent.PermissionSetGroupId", "SetupEntityId"];
        let select = Select { object: "SetupEntityAccess", fields, filter: None };
        assert_eq!(select.columns(), ["Id", "Parent", "SetupEntityId"]);
    }

    #[test]
    fn a_read_without_condition_has_no_where() {
        let select = Select { object: "Profile", fields: vec!["Id"], filter: None };
        assert_eq!(select.page(&Span::default()), "SELECT Id FROM Profile ORDER BY Id LIMIT 2000");
        assert_eq!(select.last_id(), "SELECT Id FROM Profile ORDER BY Id DESC LIMIT 1");
    }

    /// Reads a literal as the server does; `None` when it ends early or not at all.
    fn unquoted(literal: &str) -> Option<String> {
        let mut characters = literal.strip_prefix('\'')?.chars();
        let mut text = String::new();
        loop {
            match characters.next()? {
                '\'' => return characters.next().is_none().then_some(text),
                '\\' => text.push(match characters.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                }),
                other => text.push(other),
            }
        }
    }

    #[test]
    fn a_list_is_cut_only_where_it_must_be() {
        let list: Vec<usize> = (0..10).collect();
        let whole = portions(&list, 200, &|_| true);
        assert_eq!(whole, [&list[..]]);
        let short = portions(&list, 8, &|portion| portion.len() <= 3);
        assert!(short.iter().all(|portion| portion.len() <= 3));
        assert_eq!(short.concat(), list);
        assert_eq!(portions(&list[..1], 200, &|_| false), [&list[..1]]);
    }

    proptest! {
        #[test]
        fn any_text_comes_back_from_its_literal(text in any::<String>()) {
            prop_assert_eq!(unquoted(&quoted(&text)), Some(text));
        }

        #[test]
        fn quotes_and_backslashes_come_back_from_their_literal(text in "['\"\\\\\\n\\t%_]{0,12}") {
            prop_assert_eq!(unquoted(&quoted(&text)), Some(text));
        }
    }
}

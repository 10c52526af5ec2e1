//! Lists and their pages.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// A list of the API, as several settings have it.
#[derive(Clone, Debug)]
pub(crate) struct ListSettings<'a> {
    pub(crate) get: Option<&'a str>,
    pub(crate) post: Option<&'a str>,
    pub(crate) body: Option<&'a Value>,
    pub(crate) query: &'a BTreeMap<String, Value>,
    pub(crate) items: Option<&'a str>,
    pub(crate) page: Option<&'a PageForm>,
    pub(crate) keep: Option<&'a str>,
    pub(crate) max_items: Option<NonZeroU64>,
}

/// How a list continues, and what proves its end. `none` if one response is all of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum PageForm {
    /// One response is the whole list.
    None(NoPages),
    /// Several pages.
    Pages(Box<PageSettings>),
}

/// One response is the whole list.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoPages {
    None,
}

/// How a list continues: exactly one of `cursor`, `offset`, `page` and `next_link`; and what proves its end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageSettings {
    /// Each page names the next one.
    pub(crate) cursor: Option<CursorSettings>,
    /// The next page starts behind the items that came so far.
    pub(crate) offset: Option<OffsetSettings>,
    /// Pages have numbers.
    pub(crate) page: Option<PageNumberSettings>,
    /// Each page has the URL of the next one.
    pub(crate) next_link: Option<LinkSettings>,
    /// What proves that a page is the last one.
    pub(crate) end: EndForm,
    /// Where a page says how many items the whole list has. A list that ends with fewer is not complete, and removes nothing.
    pub(crate) total: Option<Place>,
}

/// A page names the next one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CursorSettings {
    /// Where a page has it.
    pub(crate) from: Place,
    /// The query parameter that sends it.
    #[serde(rename = "as")]
    pub(crate) parameter: String,
    /// Whether it is valid only for a short time, or only in one session. Then a read that was interrupted begins this list again.
    #[serde(default)]
    pub(crate) expires: bool,
}

/// Counts items. The next offset is the number of items that came, whatever page size was asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OffsetSettings {
    /// The query parameter that sends it.
    #[serde(rename = "as")]
    pub(crate) parameter: String,
    /// The offset of the first item. Default: 0.
    #[serde(default)]
    pub(crate) first: u64,
}

/// Counts pages.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageNumberSettings {
    /// The query parameter that sends it.
    #[serde(rename = "as")]
    pub(crate) parameter: String,
    /// The number of the first page. Default: 1.
    #[serde(default = "one")]
    pub(crate) first: u64,
}

fn one() -> u64 {
    1
}

/// Where the URL of the next page is: one of `header` and `body`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkSettings {
    /// The header with links (RFC 8288), mostly `Link`. The one with `rel="next"` counts.
    pub(crate) header: Option<String>,
    /// The JSON pointer in the body.
    pub(crate) body: Option<String>,
    /// Whether it is valid only for a short time. Then a read that was interrupted begins this list again.
    #[serde(default)]
    pub(crate) expires: bool,
}

/// A place in a response: a JSON pointer into the body, or a header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Place {
    /// A JSON pointer into the body, such as `/meta/next`.
    Pointer(String),
    /// A header.
    Header(HeaderPlace),
}

/// A header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderPlace {
    /// The name of the header.
    pub(crate) header: String,
}

/// What proves that a page is the last one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum EndForm {
    /// What the page lacks.
    Word(EndWord),
    /// What the page says.
    Said(EndSettings),
}

/// What the last page lacks. `no_cursor`: it names no next page, so the cursor or link is null or empty, or absent after earlier pages
/// had it. `left_out`: the same, and the API leaves it out if one page is the whole list. `empty_page`: it has no items.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EndWord {
    NoCursor,
    LeftOut,
    EmptyPage,
}

/// What the last page says: exactly one of these.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndSettings {
    /// Where it says whether more follows: true or false.
    pub(crate) flag: Option<Place>,
    /// Where it says whether it is the last one: true or false.
    pub(crate) last: Option<Place>,
    /// Where it says how many items the whole list has.
    pub(crate) total: Option<Place>,
    /// The page size. A page with fewer items ends the list. Nothing proves that it is the last one, so such a run removes
    /// nothing.
    pub(crate) short_page: Option<NonZeroU64>,
}

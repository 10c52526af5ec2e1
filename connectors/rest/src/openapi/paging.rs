//! How a list continues, as far as its description shows.

use super::document::{Document, Kind, Shape};
use super::lists::List;
use super::text::quoted;
use super::words::bare;
use crate::expression::escaped;
use serde_json::Value;

/// The page size that a draft asks for where the description allows it.
const PAGE_SIZE: u64 = 100;

const SIZES: &[&str] = &["limit", "perpage", "pagesize", "maxresults", "count", "size", "top", "max", "itemsperpage"];
const CURSORS: &[&str] = &[
    "cursor",
    "pagetoken",
    "nexttoken",
    "nextpagetoken",
    "continuationtoken",
    "startingafter",
    "after",
    "pageafter",
    "pagecursor",
    "marker",
];
const NEXT_CURSORS: &[&str] =
    &["nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "aftercursor", "cursor", "after", "next"];
const OFFSETS: &[&str] = &["offset", "skip", "start", "startat", "startindex", "pageoffset"];
const PAGES: &[&str] = &["page", "pagenumber", "pageindex", "pagenum"];
const NEXT_LINKS: &[&str] = &["next", "nextlink", "odatanextlink", "nextpage", "nexturl", "nextpageurl", "nexthref"];
const MORE: &[&str] = &["hasmore", "more", "hasnext", "hasnextpage", "hasmoreitems", "moreavailable"];
const LAST: &[&str] = &["last", "islast", "islastpage"];
const TOTALS: &[&str] =
    &["total", "totalcount", "totalresults", "count", "totalitems", "totalelements", "totalrecords"];

/// The settings of a list beside its path: what it sends, and how it continues.
#[derive(Debug)]
pub(super) struct Paging {
    /// Query parameters, as YAML values.
    pub(super) query: Vec<(String, String)>,
    /// The value of `page:` as YAML; `Err` has what to decide.
    pub(super) page: Result<String, String>,
    /// Query parameters that the API needs and nothing has a value for.
    pub(super) unfilled: Vec<String>,
}

/// What proves the end, where nothing in the description does.
const ENDS: &str = "choose `end: empty_page`, `end: {total: /total}`, `end: {flag: /has_more}`, `end: {last: /is_last}`, or `end: {short_page: SIZE}`, which proves nothing";

/// The end of a place that has a URL.
const HREF: &str = "/href";

/// Whether a description says that a cursor comes with the header `Link`: "obtained from the `Link` response header".
fn is_of_link(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("link") && (text.contains("header") || text.contains("link relation"))
}

/// Reads how a list continues from its parameters, its body and its headers.
pub(super) fn paging(document: &Document<'_>, list: &List<'_>) -> Paging {
    let sent =
        |names: &[&str]| names.iter().find_map(|wanted| list.parameters.iter().find(|one| bare(one.name) == *wanted));
    let cursor = sent(CURSORS);
    let offset = sent(OFFSETS);
    let number = sent(PAGES);
    let size = sent(SIZES);
    let mut query = Vec::new();
    if let Some(size) = size.filter(|size| matches!(size.shape.kind, Kind::Integer | Kind::Number | Kind::Unknown)) {
        let most = size.shape.maximum.filter(|most| *most > 0).unwrap_or(PAGE_SIZE);
        query.push((size.name.to_owned(), most.min(PAGE_SIZE).to_string()));
    }
    let step = [cursor, offset, number, size].into_iter().flatten().map(|one| one.name).collect::<Vec<_>>();
    let needed = list.parameters.iter().filter(|one| one.is_required && !step.contains(&one.name));
    let (mut unfilled, mut filled) = (Vec::new(), Vec::new());
    for one in needed {
        match (one.shape.default, one.shape.values.as_slice()) {
            (Some(Value::String(text)), _) => filled.push((one.name.to_owned(), quoted(text))),
            (Some(value @ (Value::Number(_) | Value::Bool(_))), _) => {
                filled.push((one.name.to_owned(), value.to_string()));
            }
            (_, [only]) => filled.push((one.name.to_owned(), quoted(only))),
            _ => unfilled.push(one.name.to_owned()),
        }
    }
    query.extend(filled);
    let places = Places::of(document, &list.body);
    let page = page(list, &places, cursor, offset, number);
    Paging { query, page, unfilled }
}

fn page(
    list: &List<'_>,
    places: &Places,
    cursor: Option<&super::lists::Parameter<'_>>,
    offset: Option<&super::lists::Parameter<'_>>,
    number: Option<&super::lists::Parameter<'_>>,
) -> Result<String, String> {
    let flag = places.truth(MORE).map(|at| format!("{{flag: {}}}", quoted(&at)));
    let is_last = places.truth(LAST).map(|at| format!("{{last: {}}}", quoted(&at)));
    let header = list.headers.iter().find(|name| TOTALS.contains(&bare(name.trim_start_matches("X-")).as_str()));
    let total = places.number(TOTALS).map(|at| quoted(&at));
    let total = total.or_else(|| header.map(|name| format!("{{header: {}}}", quoted(name))));
    let said = flag.or(is_last);
    if list.headers.iter().any(|name| name.eq_ignore_ascii_case("link"))
        || cursor.is_some_and(|one| is_of_link(one.text))
    {
        return Ok("{next_link: {header: Link}, end: no_cursor}".to_owned());
    }
    let end = || said.clone().unwrap_or_else(|| "no_cursor".to_owned());
    // A whole URL is no cursor.
    if let Some(at) = places.text(NEXT_CURSORS).filter(|at| at.ends_with(HREF)) {
        return Ok(format!("{{next_link: {{body: {}}}, end: {}}}", quoted(&at), end()));
    }
    let cursor = cursor.map(|one| one.name);
    if let Some(parameter) = cursor
        && let Some(at) = places.text(NEXT_CURSORS)
    {
        return Ok(format!("{{cursor: {{from: {}, as: {}}}, end: {}}}", quoted(&at), quoted(parameter), end()));
    }
    if let Some(at) = places.text(NEXT_LINKS) {
        return Ok(format!("{{next_link: {{body: {}}}, end: {}}}", quoted(&at), end()));
    }
    let counted = said.clone().or_else(|| total.map(|at| format!("{{total: {at}}}")));
    let step = if let Some(offset) = offset {
        let first = if bare(offset.name) == "startindex" { 1 } else { offset.shape.minimum.unwrap_or(0) };
        let first = if first == 0 { String::new() } else { format!(", first: {first}") };
        format!("{{offset: {{as: {}{first}}}", quoted(offset.name))
    } else if let Some(number) = number {
        let given = number.shape.default.and_then(Value::as_u64).or(number.shape.minimum);
        let first = given.filter(|first| *first != 1).map(|first| format!(", first: {first}")).unwrap_or_default();
        format!("{{page: {{as: {}{first}}}", quoted(number.name))
    } else if let Some(parameter) = cursor {
        return Err(format!(
            "the parameter `{parameter}` takes a cursor, but the response does not show where the next one is; write `{{cursor: {{from: /PLACE, as: {parameter}}}, end: no_cursor}}`"
        ));
    } else {
        return Err("nothing shows how the list continues; write `none` if one response is the whole list".to_owned());
    };
    match counted {
        Some(end) => Ok(format!("{step}, end: {end}}}")),
        None => Err(format!("nothing proves the end of the list; write `{step}, end: …}}`, and {ENDS}")),
    }
}

/// The members of a body beside its list, two levels deep: pointer, bare name and kind.
struct Places(Vec<(String, String, Kind)>);

impl Places {
    fn of<'a>(document: &Document<'a>, body: &Shape<'a>) -> Self {
        let mut all = Vec::new();
        let mut open: Vec<(String, Shape<'a>, usize)> = vec![(String::new(), body.clone(), 0)];
        while let Some((prefix, shape, depth)) = open.pop() {
            for (name, schema) in &shape.properties {
                let inner = document.shape(schema);
                let pointer = format!("{prefix}/{}", escaped(name));
                if pointer.bytes().any(|byte| byte.is_ascii_control()) || pointer.len() > 200 {
                    continue;
                }
                all.push((pointer.clone(), bare(name), inner.kind));
                if inner.kind != Kind::Object || depth == 2 {
                    continue;
                }
                // `{"next": {"href": …}}`
                if inner.property("href").is_some() {
                    all.push((format!("{pointer}{HREF}"), bare(name), Kind::Text));
                } else if all.len() < 500 {
                    open.push((pointer, inner, depth + 1));
                }
            }
        }
        // What stands higher counts more.
        all.sort_by_key(|(pointer, _, _)| pointer.matches('/').count());
        Self(all)
    }

    fn find(&self, names: &[&str], kinds: &[Kind]) -> Option<String> {
        let is = |wanted: &str| self.0.iter().find(|(_, name, kind)| name == wanted && kinds.contains(kind));
        names.iter().find_map(|wanted| is(wanted)).map(|(pointer, _, _)| pointer.clone())
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        self.find(names, &[Kind::Text])
    }

    fn truth(&self, names: &[&str]) -> Option<String> {
        self.find(names, &[Kind::Boolean])
    }

    fn number(&self, names: &[&str]) -> Option<String> {
        self.find(names, &[Kind::Integer, Kind::Number])
    }
}

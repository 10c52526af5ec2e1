//! Lists and their pages, compiled.

use super::compiler::Compiler;
use crate::expression::{BodyTemplate, Expression, Names, QueryTemplate, Template};
use crate::settings::{EndForm, EndWord, ListSettings, PageForm, PageSettings, Place, TimeFormat};
use serde_json::Value;

/// A list of the API.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) path: Template,
    pub(crate) query: QueryTemplate,
    /// Of a list that is asked for by POST.
    pub(crate) body: Option<BodyTemplate>,
    /// The JSON pointer of the items.
    pub(crate) items: String,
    /// `None` if one response is the whole list.
    pub(crate) paging: Option<Paging>,
    pub(crate) keep: Option<Expression>,
    pub(crate) max_items: Option<u64>,
    /// How times are written, if a list with too many items is read in parts.
    pub(crate) split: Option<TimeFormat>,
}

/// How a list continues, and what proves its end.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) step: Step,
    pub(crate) end: End,
    pub(crate) total: Option<Place>,
    /// Whether a position is valid only for a short time.
    pub(crate) expires: bool,
}

/// How a list continues.
#[derive(Debug)]
pub(crate) enum Step {
    /// The page names the next one.
    Cursor { from: Place, parameter: String },
    /// The next page starts behind the items that came.
    Offset { first: u64, parameter: String },
    /// Pages have numbers.
    Number { first: u64, parameter: String },
    /// The page has the URL of the next one.
    Link(StepPlace),
}

/// Where a URL is.
#[derive(Debug)]
pub(crate) enum StepPlace {
    /// In a header with links.
    Header(String),
    /// At a JSON pointer.
    Body(String),
}

/// What proves that a page is the last one.
#[derive(Debug)]
pub(crate) enum End {
    NoCursor,
    /// No cursor, and the API leaves its place out.
    LeftOut,
    EmptyPage,
    Flag(Place),
    Last(Place),
    Total(Place),
    ShortPage(u64),
}

impl List {
    /// The expressions of its requests.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let body = self.body.iter().flat_map(BodyTemplate::expressions);
        self.path.expressions().chain(self.query.expressions()).chain(body)
    }

    /// Whether each page says how many items the whole list has.
    pub(crate) fn has_total(&self) -> bool {
        let of_paging = |paging: &Paging| paging.total.is_some() || matches!(paging.end, End::Total(_));
        self.paging.as_ref().is_some_and(of_paging)
    }

    /// Whether a position must count the items that came before.
    pub(crate) fn counts(&self) -> bool {
        self.max_items.is_some() || self.has_total()
    }
}

type Known = &'static [(&'static str, Names)];

pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    list: &ListSettings<'_>,
    place: &str,
    names: Known,
    of_items: Known,
) -> List {
    let query = compiler.query(list.query, names, &format!("{place}/query"));
    let (path, body) = request(compiler, list, place, names);
    let paging = match list.page {
        None => {
            let help = "add `page: none` if one response is the whole list; otherwise, say how it continues and ends";
            compiler.add(place, "`page` is missing: nothing proves the end of the list", help);
            None
        }
        Some(PageForm::None(_)) => None,
        Some(PageForm::Pages(page)) => pages(compiler, page, &format!("{place}/page")),
    };
    if let Some(parameter) = paging.as_ref().and_then(Paging::parameter)
        && body.is_none()
        && query.has(parameter)
    {
        let pointer = format!("{place}/query/{}", crate::expression::escaped(parameter));
        compiler.add(pointer, "`page` sends this parameter, too", "remove it here");
    }
    if body.is_some() && matches!(&paging, Some(Paging { step: Step::Link(_), .. })) {
        let help = "use a `cursor`, an `offset` or `page` numbers";
        compiler.add(format!("{place}/page"), "a list that is asked for by POST has no links to follow", help);
    }
    List {
        path,
        query,
        body,
        items: list.items.map(|items| compiler.pointer(items, &format!("{place}/items"))).unwrap_or_default(),
        paging,
        keep: compiler.optional(list.keep, of_items, &format!("{place}/keep")),
        max_items: list.max_items.map(std::num::NonZeroU64::get),
        split: None,
    }
}

/// What asks for the list: its path, and the body of a POST.
pub(super) fn request(
    compiler: &mut Compiler<'_>,
    list: &ListSettings<'_>,
    place: &str,
    names: Known,
) -> (Template, Option<BodyTemplate>) {
    match (list.get, list.post) {
        (Some(get), None) => {
            if list.body.is_some() {
                compiler.add(
                    format!("{place}/body"),
                    "a GET has no body",
                    "write `post` instead of `get`, or use `query`",
                );
            }
            (compiler.path(get, names, &format!("{place}/get")), None)
        }
        (None, Some(post)) => {
            let empty = Value::Object(serde_json::Map::new());
            let body = compiler.body(list.body.unwrap_or(&empty), names, &format!("{place}/body"));
            (compiler.path(post, names, &format!("{place}/post")), Some(body))
        }
        _ => {
            let help = "write the path of the list under `get`, or under `post` if the API wants a POST";
            compiler.add(place, "exactly one of `get` and `post` is needed", help);
            (Template::broken(), None)
        }
    }
}

impl Paging {
    pub(crate) fn parameter(&self) -> Option<&str> {
        match &self.step {
            Step::Cursor { parameter, .. } | Step::Offset { parameter, .. } | Step::Number { parameter, .. } => {
                Some(parameter)
            }
            Step::Link(_) => None,
        }
    }
}

fn pages(compiler: &mut Compiler<'_>, page: &PageSettings, place: &str) -> Option<Paging> {
    let mut steps = Vec::new();
    let mut expires = false;
    if let Some(cursor) = &page.cursor {
        expires = cursor.expires;
        check_place(compiler, &cursor.from, &format!("{place}/cursor/from"));
        steps.push(Step::Cursor { from: cursor.from.clone(), parameter: cursor.parameter.clone() });
    }
    if let Some(offset) = &page.offset {
        steps.push(Step::Offset { first: offset.first, parameter: offset.parameter.clone() });
    }
    if let Some(number) = &page.page {
        steps.push(Step::Number { first: number.first, parameter: number.parameter.clone() });
    }
    if let Some(link) = &page.next_link {
        expires = link.expires;
        match (&link.header, &link.body) {
            (Some(header), None) => steps.push(Step::Link(StepPlace::Header(header.clone()))),
            (None, Some(body)) => {
                let body = compiler.pointer(body, &format!("{place}/next_link/body"));
                steps.push(Step::Link(StepPlace::Body(body)));
            }
            _ => {
                let help = "write `header: Link`, or `body:` with the JSON pointer of the URL";
                compiler.add(format!("{place}/next_link"), "exactly one of `header` and `body` is needed", help);
                return None;
            }
        }
    }
    if let Some(total) = &page.total {
        check_place(compiler, total, &format!("{place}/total"));
    }
    let end = end(compiler, page, place)?;
    if steps.len() != 1 {
        let help = "write how the list continues: with a `cursor`, an `offset`, `page` numbers or a `next_link`";
        compiler.add(place, "exactly one of `cursor`, `offset`, `page` and `next_link` is needed", help);
        return None;
    }
    let step = steps.pop()?;
    let has_next = matches!(step, Step::Cursor { .. } | Step::Link(_));
    if matches!(end, End::NoCursor | End::LeftOut) && !has_next {
        let help = "write `empty_page`, or `{total: …}`, `{flag: …}` or `{last: …}` with the place in the response";
        compiler.add(format!("{place}/end"), "these pages have no cursor", help);
    }
    Some(Paging { step, end, total: page.total.clone(), expires })
}

fn end(compiler: &mut Compiler<'_>, page: &PageSettings, place: &str) -> Option<End> {
    let said = match &page.end {
        EndForm::Word(EndWord::NoCursor) => return Some(End::NoCursor),
        EndForm::Word(EndWord::LeftOut) => return Some(End::LeftOut),
        EndForm::Word(EndWord::EmptyPage) => return Some(End::EmptyPage),
        EndForm::Said(said) => said,
    };
    let mut ends = Vec::new();
    for (name, at, made) in [
        ("flag", &said.flag, End::Flag as fn(Place) -> End),
        ("last", &said.last, End::Last),
        ("total", &said.total, End::Total),
    ] {
        if let Some(at) = at {
            check_place(compiler, at, &format!("{place}/end/{name}"));
            ends.push(made(at.clone()));
        }
    }
    ends.extend(said.short_page.map(|size| End::ShortPage(size.get())));
    if ends.len() != 1 {
        let help = "write what a page says about the end: `{flag: /has_more}`, `{last: /is_last}` or `{total: /total}`";
        compiler.add(format!("{place}/end"), "exactly one of `flag`, `last`, `total` and `short_page` is needed", help);
        return None;
    }
    ends.pop()
}

fn check_place(compiler: &mut Compiler<'_>, at: &Place, pointer: &str) {
    if let Place::Pointer(text) = at {
        compiler.pointer(text, pointer);
    }
}

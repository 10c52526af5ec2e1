//! A parsed statement, before its names are resolved.

/// A SELECT statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Select {
    pub(crate) items: Vec<Item>,
    pub(crate) from: Name,
    pub(crate) alias: Option<String>,
    pub(crate) filter: Option<Condition>,
    pub(crate) groups: Vec<Name>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: Option<u64>,
}

/// A name or dotted path and its position.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) position: usize,
}

/// One entry of the SELECT list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    Field(Name),
    /// `COUNT()`
    Count,
    /// `COUNT(Id)`, and the name of its column.
    CountOf {
        field: Name,
        alias: Option<String>,
    },
    /// `COUNT_DISTINCT(UserId)`, and the name of its column.
    Distinct {
        field: Name,
        alias: Option<String>,
    },
    /// `MIN(CreatedDate)` or `MAX(CreatedDate)`, and the name of its column.
    Extreme {
        largest: bool,
        field: Name,
        alias: Option<String>,
    },
    /// `FIELDS(…)`
    Fields(FieldGroup),
    /// A subquery over a child relationship.
    Children(Box<Select>),
}

/// The argument of `FIELDS(…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldGroup {
    All,
    Standard,
    Custom,
}

/// A condition of the WHERE part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare { field: Name, operator: Operator, literal: Literal },
    In { field: Name, negated: bool, list: Vec<Literal> },
    SemiJoin { field: Name, negated: bool, select: Box<Select> },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
}

/// A literal of the WHERE part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    /// With its escapes.
    Text(String),
    Number(f64),
    /// Milliseconds since 1970.
    DateTime(i64),
    /// Days since 1970.
    Date(i32),
    /// A span of time such as `TODAY`: first millisecond and the first after it.
    Span(i64, i64),
}

/// One entry of the ORDER BY part.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) field: Name,
    pub(crate) descending: bool,
    pub(crate) nulls_last: bool,
}

//! SOQL: parsed, resolved, evaluated.

mod ast;
mod bind;
mod columns;
mod dates;
mod error;
mod filter;
mod group;
mod lexer;
mod parser;
mod path;
mod rows;
mod shape;
mod text;

pub(crate) use bind::{Bound, bind};
pub(crate) use columns::{Cells, Columns};
pub(crate) use error::SoqlError;
pub(crate) use group::records as grouped_records;
pub(crate) use parser::parse;
pub(crate) use rows::{Rows, rows};
pub(crate) use shape::write_attributes;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{bind, grouped_records, parse, rows};
    use crate::Options;
    use crate::org::state::State;

    /// 2026-11-23T12:00:00Z in milliseconds.
    const NOW: i64 = 1_795_435_200_000;

    /// Parts of statements, valid and misplaced.
    const PIECES: [&str; 54] = [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ORDER",
        "BY",
        "GROUP",
        "COUNT(Id)",
        "ASC",
        "DESC",
        "NULLS",
        "FIRST",
        "LAST",
        "LIMIT",
        "OFFSET",
        "COUNT()",
        "FIELDS(",
        "ALL",
        "CUSTOM",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        ":",
        "null",
        "true",
        "TODAY",
        "LAST_N_DAYS:3",
        "'a%'",
        "'\\'",
        "'\\u00e9'",
        "3",
        "-1.5",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "Id",
        "Name",
        "User",
        "Profile.Name",
        "u.Id",
        "IsActive",
        "PermissionSetAssignments",
        "Group",
        "é",
        "'005ak0000000001AAA'",
    ];

    /// Parses and runs a statement as far as possible; the result does not matter.
    fn read(state: &State, statement: &str) -> Option<u64> {
        let select = parse(statement, NOW).ok()?;
        let bound = bind(state, statement, &select).ok()?;
        if let Some(grouped) = &bound.grouped {
            return grouped_records(state, statement, &bound, grouped).ok().map(|(_, groups)| groups as u64);
        }
        let rows = rows(state, &bound);
        let mut out = Vec::new();
        for row in rows.part(0, 3) {
            bound.shape.write(state, (bound.object, row), "v67.0", &mut out);
        }
        Some(rows.len())
    }

    fn state() -> State {
        State::new(&Options { users: 20, ..Options::default() })
    }

    proptest! {
        #[test]
        fn any_text_is_answered_or_refused(statement in "\\PC{0,80}") {
            read(&state(), &statement);
        }

        #[test]
        fn pieces_in_any_order_are_answered_or_refused(
            pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..16),
            begins in any::<bool>(),
        ) {
            let start = if begins { "SELECT Id FROM User WHERE " } else { "" };
            read(&state(), &format!("{start}{}", pieces.join(" ")));
        }

        #[test]
        fn a_limit_and_an_offset_never_answer_more_than_there_is(limit in 0_u64..40, offset in 0_u64..40) {
            for order in ["", "ORDER BY Id", "ORDER BY Id DESC", "ORDER BY Department"] {
                let statement = format!("SELECT Id FROM User {order} LIMIT {limit} OFFSET {offset}");
                let expected = 20_u64.saturating_sub(offset).min(limit);
                prop_assert_eq!(read(&state(), &statement), Some(expected), "{}", statement);
            }
        }

        #[test]
        fn a_pair_of_bounds_answers_what_lies_between(low in 0_u64..25, high in 0_u64..25) {
            let state = state();
            let id = |index| state.world.id(crate::org::object::Object::User, index);
            let statement = format!("SELECT Id FROM User WHERE Id > '{}' AND Id <= '{}'", id(low), id(high));
            let expected = (0..20_u64).filter(|index| *index > low && *index <= high).count() as u64;
            prop_assert_eq!(read(&state, &statement), Some(expected), "{}", statement);
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_followed() {
        for opening in ["(", "NOT ", "NOT ("] {
            let statement = format!("SELECT Id FROM User WHERE {}", opening.repeat(20_000));
            assert_eq!(parse(&statement, NOW).unwrap_err().code, "MALFORMED_QUERY");
        }
        let long = format!("SELECT Id FROM User WHERE Name = '{}'", "x".repeat(100_000));
        assert!(parse(&long, NOW).unwrap_err().message.contains("100000"));
    }
}

//! Changes accounts and what they hold.

use crate::layout::Layout;
use connector_core::{Error, Finding, Operation, Outcome, Result};

pub(crate) fn carry_out(_: &Layout, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let refused =
        |one: &Operation| Err(Error::unsupported(format!("this source does not support `{}`", one.kind().name())));
    Ok(operations.iter().map(refused).collect())
}

pub(crate) fn test(_: &Layout) -> Result<Finding> {
    Ok(Finding::passed("no plan may change the files"))
}

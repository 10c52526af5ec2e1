//! A whole read takes no more requests than the subject allows.

use super::{Kept, Need, Trial, Tried};
use crate::reading;
use crate::subject::Subject;

pub(super) const TRIALS: &[Trial] = &[Trial {
    name: "a_whole_read_takes_no_more_requests_than_allowed",
    need: Need::ProxyAndBudget,
    run: |subject| Box::pin(whole_read(subject)),
}];

async fn whole_read(subject: &Subject<'_>) -> Tried {
    let (Some(proxy), Some(most)) = (subject.proxy(), subject.most_requests()) else {
        return Ok(Kept::NotUsed("a proxy and a number of requests"));
    };
    let connector = subject.open()?;
    proxy.calm();
    let mut items = 0;
    for list in reading::lists(connector.as_ref()) {
        items += reading::whole(&list).await?.items.len();
    }
    let requests = proxy.requests();
    if requests > most {
        return Err(format!("a whole read of {items} items took {requests} requests, and {most} are allowed"));
    }
    Ok(Kept::Promise)
}

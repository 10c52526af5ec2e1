//! How much of what the source allows Connector may use.

use connector_core::{Error, ErrorKind, Meter, Percentage, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// How much of what the source allows Connector may use.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// The share of the source's daily calls to keep for others, for example `10%`. A job stops before it uses this share, keeps
    /// what it has, and continues at the next call. A job warns when it has used 80% of the rest. Works where the source reports how many calls are used.
    pub reserve: Option<Percentage>,
    /// The most requests to send in a second. Overrides `http.requests_per_second`.
    pub requests_per_second: Option<NonZeroU32>,
}

/// The share of the calls that jobs may use from which on they warn.
const NEAR: f64 = 0.8;

#[allow(clippy::cast_precision_loss, reason = "counts of calls stay far below 2^52")]
impl LimitSettings {
    /// A warning if a job has used most of the calls that the reserve leaves.
    pub fn warning(&self, meter: &Meter) -> Option<String> {
        let reserve = self.reserve?;
        meter.allowances().into_iter().find_map(|(name, allowance)| {
            let end = Self::end(allowance.max, reserve);
            let is_near = allowance.used as f64 >= end * NEAR;
            is_near.then(|| {
                let (used, max) = (allowance.used, allowance.max);
                format!("{name} is {used} of {max}: jobs stop at {end:.0}, because `limits.reserve` keeps {reserve}")
            })
        })
    }

    /// Fails with kind `guard` if `further` more calls would use a part of the reserve.
    pub fn check(&self, meter: &Meter, further: usize) -> Result<()> {
        let Some(reserve) = self.reserve else { return Ok(()) };
        for (name, allowance) in meter.allowances() {
            let (used, max) = (allowance.used, allowance.max);
            // A source can report any number.
            if used.saturating_add(further as u64) as f64 > Self::end(max, reserve) {
                let message = format!("{name} is {used} of {max}, and `limits.reserve` keeps {reserve} for others");
                return Err(Error::new(ErrorKind::Guard, message)
                    .with_help("run the command again when fewer calls are used, or set a smaller `limits.reserve`"));
            }
        }
        Ok(())
    }

    /// How many calls of the allowance jobs may use.
    fn end(max: u64, reserve: Percentage) -> f64 {
        max as f64 * (1.0 - reserve.percent() / 100.0)
    }
}

//! How many pages are read at once.

use std::time::Instant;

/// A job begins with so many reads at once.
const FIRST: usize = 4;
/// A rate counts as higher only beyond this share: smaller differences are chance.
const NOISE_PERCENT: u128 = 10;
/// After more was of no use, so many rounds pass before it is tried again.
const CALM_ROUNDS: u32 = 8;

/// How many pages are read at once: more while the source then sends more in the same time, fewer if it refuses reads.
#[derive(Debug)]
pub(super) struct Concurrency {
    most: usize,
    now: usize,
    /// Pages that were read in this round. A round ends when each place had its turn twice.
    pages: usize,
    began: Instant,
    /// What the meter showed when the round began.
    bytes: u64,
    retries: u64,
    /// Bytes in a second of the round before.
    rate: u128,
    /// How many were read at once before this round tried more.
    before: Option<usize>,
    calm: u32,
}

impl Concurrency {
    /// At most `most` at once.
    pub(super) fn new(most: usize, now: Instant, bytes: u64, retries: u64) -> Self {
        let most = most.max(1);
        Self { most, now: FIRST.min(most), pages: 0, began: now, bytes, retries, rate: 0, before: None, calm: 0 }
    }

    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// Counts a page. `bytes` and `retries` are those since the job began.
    pub(super) fn page_read(&mut self, now: Instant, bytes: u64, retries: u64) {
        self.pages += 1;
        if retries > self.retries {
            // Each refused read repeats by itself; fewer at once keep the next ones from being refused.
            self.now = (self.now / 2).max(1);
            self.calm = CALM_ROUNDS;
            self.begin_round(now, bytes, retries);
            self.before = None;
            return;
        }
        if self.pages < self.now * 2 {
            return;
        }
        let took = now.saturating_duration_since(self.began).as_micros().max(1);
        let rate = u128::from(bytes.saturating_sub(self.bytes)) * 1_000_000 / took;
        match self.before.take() {
            _ if self.calm > 0 => self.calm -= 1,
            // More at once brought no more.
            Some(before) if rate * 100 < self.rate * (100 + NOISE_PERCENT) => {
                self.now = before;
                self.calm = CALM_ROUNDS;
            }
            _ if self.now < self.most => {
                self.before = Some(self.now);
                self.now = (self.now + (self.now / 2).max(1)).min(self.most);
            }
            _ => {}
        }
        self.rate = rate;
        self.begin_round(now, bytes, retries);
    }

    fn begin_round(&mut self, now: Instant, bytes: u64, retries: u64) {
        (self.pages, self.began, self.bytes, self.retries) = (0, now, bytes, retries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// How many are read at once most of the time, where a source answers up to `places` reads at once, each after 100 ms, and
    /// refuses reads beyond `refuses` at once.
    fn after(pages: usize, most: usize, places: usize, refuses: usize) -> usize {
        let began = Instant::now();
        let mut concurrency = Concurrency::new(most, began, 0, 0);
        let (mut now, mut bytes, mut retries) = (began, 0, 0);
        let mut last = vec![concurrency.now()];
        for _ in 0..pages {
            let at_once = concurrency.now();
            now += Duration::from_millis(100) / u32::try_from(at_once.min(places)).unwrap_or(1);
            bytes += 1_000;
            retries += u64::from(at_once > refuses);
            concurrency.page_read(now, bytes, retries);
            last.push(concurrency.now());
        }
        // In half of the time since the middle, it was no more.
        let mut last = last.split_off(last.len() / 2);
        last.sort_unstable();
        last[last.len() / 2]
    }

    #[test]
    fn reads_grow_to_the_limit_while_the_source_answers_faster() {
        assert_eq!(after(0, 16, 100, 100), FIRST);
        assert_eq!(after(200, 16, 100, 100), 16);
        assert_eq!(after(200, 2, 100, 100), 2);
    }

    #[test]
    fn reads_stop_growing_where_the_source_is_no_faster() {
        let at_once = after(2_000, 64, 10, 100);
        assert!((10..=16).contains(&at_once), "{at_once}");
    }

    #[test]
    fn refused_reads_halve_what_is_read_at_once() {
        assert!(after(300, 16, 100, 6) <= 6);
        assert_eq!(after(300, 16, 100, 0), 1);
    }
}

//! A retry budget: how many retries there may be, over all calls that share it.
//!
//! Two forms. gRPC's throttling of retries (proposal A6): tokens begin at `max`; each failure takes one, each success gives
//! `ratio`, and a retry is let through while there are more than half of `max`. And the leaky bucket of Finagle's
//! `RetryBudget`: each request (or each success, as in the retry tokens of AWS clients) gives `ratio` of a token, and a retry
//! takes a whole one; without Finagle's expiry of tokens after ten seconds and its floor of retries a second.
//!
//! Tokens are counted in whole millionths of a thousandth, so that ten tenths are one.

use crate::model::{BudgetOf, RetryBudget};

/// Parts of a token.
const TOKEN: u64 = 1_000_000_000;

fn parts(tokens: f64) -> u64 {
    (tokens * TOKEN as f64 + 0.5) as u64
}

/// What is left for retries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    tokens: u64,
    max: u64,
    ratio: u64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Throttle,
    Fills(BudgetOf),
}

impl Budget {
    /// A full budget.
    pub(super) fn new(rules: RetryBudget) -> Budget {
        let (max, ratio, form) = match rules {
            RetryBudget::Tokens { max, ratio } => (max, ratio, Form::Throttle),
            RetryBudget::Ratio { ratio, of, burst } => (burst, ratio, Form::Fills(of)),
        };
        Budget { tokens: parts(max), max: parts(max), ratio: parts(ratio), form }
    }

    /// A first attempt is made.
    #[inline]
    pub(super) fn request(&mut self) {
        if self.form == Form::Fills(BudgetOf::Requests) {
            self.fill();
        }
    }

    /// An attempt succeeded.
    #[inline]
    pub(super) fn success(&mut self) {
        if self.form != Form::Fills(BudgetOf::Requests) {
            self.fill();
        }
    }

    /// An attempt failed; to be told before a retry is asked for.
    #[inline]
    pub(super) fn failure(&mut self) {
        if self.form == Form::Throttle {
            self.tokens = self.tokens.saturating_sub(TOKEN);
        }
    }

    /// Whether there may be a retry now; if so it is paid for.
    #[inline]
    pub(super) fn allow(&mut self) -> bool {
        if self.form == Form::Throttle {
            return 2 * u128::from(self.tokens) > u128::from(self.max);
        }
        let left = self.tokens.checked_sub(TOKEN);
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    fn fill(&mut self) {
        self.tokens = self.tokens.saturating_add(self.ratio).min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of gRPC's proposal A6: 10 tokens and a ratio of 0.1.
    #[test]
    fn grpc_lets_retries_through_while_more_than_half_is_left() {
        let mut budget = Budget::new(RetryBudget::Tokens { max: 10.0, ratio: 0.1 });
        let fail = |budget: &mut Budget| {
            budget.failure();
            budget.allow()
        };
        // 9, 8, 7, 6 tokens; at 5, half of all, no more.
        assert_eq!((0..6).map(|_| fail(&mut budget)).collect::<Vec<_>>(), [true, true, true, true, false, false]);
        // From 4 tokens up to 5 is not enough, 5.1 is; asking takes nothing.
        (0..10).for_each(|_| budget.success());
        assert!(!budget.allow());
        budget.success();
        assert!(budget.allow() && budget.allow());
        // Never below zero and never above the most.
        (0..100).for_each(|_| budget.failure());
        (0..51).for_each(|_| budget.success());
        assert!(budget.allow());
        (0..10_000).for_each(|_| budget.success());
        assert_eq!((0..5).map(|_| fail(&mut budget)).collect::<Vec<_>>(), [true, true, true, true, false]);
    }

    #[test]
    fn a_ratio_gives_one_retry_for_so_many_requests_or_successes() {
        for of in [BudgetOf::Requests, BudgetOf::Successes] {
            let mut budget = Budget::new(RetryBudget::Ratio { ratio: 0.1, of, burst: 3.0 });
            assert_eq!((0..5).filter(|_| budget.allow()).count(), 3, "{of:?}");
            let mut retries = 0;
            for call in 1..=1000 {
                budget.failure();
                match of {
                    BudgetOf::Requests => budget.request(),
                    BudgetOf::Successes => budget.success(),
                }
                // Exactly at every tenth: ten tenths are a whole token.
                let allowed = budget.allow();
                assert_eq!(allowed, call % 10 == 0, "{of:?} {call}");
                retries += u32::from(allowed);
            }
            assert_eq!(retries, 100);
            // What does not fill this form.
            (0..1000).for_each(|_| match of {
                BudgetOf::Requests => budget.success(),
                BudgetOf::Successes => budget.request(),
            });
            assert!(!budget.allow());
        }
    }
}

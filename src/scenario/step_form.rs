//! What a document may say about the steps of a handler, and about a call and what surrounds it.

use super::broker_form::ConfirmForm;
use super::decode::{Decode, Field, Keys, one_key, shapes, table, word, words};
use super::diagnostic::{At, Problem};
use super::distribution_form::{Distribution, GeometricCounts, UniformCounts, WeightedCount};
use super::headed::{Any, Ordered, ShortOr, head, headed};
use super::quantity::{Positive, Share, Weight, Whole};
use super::schema::{self, Definitions};
use super::tree::{Node, Value};
use crate::units::{Bytes, Rate, Span};

/// Steps that are repeated at most so often: a loop of one handler is not a load test.
pub(super) const MOST_ROUNDS: u64 = 1_000_000;

headed! {
    /// One step of what a producer, a consumer or a service does.
    Step "a step" {
        "work" => Work(WorkStep),
        "wait" => Wait(WaitStep),
        "call" => Call(Box<Ordered<CallStep>>),
        "publish" => Publish(PublishStep),
        "parallel" => Parallel(ParallelStep),
        "choose" => Choose(ChooseStep),
        "repeat" => Repeat(RepeatStep),
        "fail" => Fail(FailStep),
        "reply" => Reply(ReplyStep),
        "cache" => Cache(CacheStep),
        "lock" => Lock(LockStep),
        "two_phase_commit" => TwoPhaseCommit(TwoPhaseCommitStep),
    }
}

table! {
    /// Hold the worker for a time; with a host it is processor time there.
    WorkStep "work step" {
        /// How long.
        "work" required work: Box<Distribution>,
    }
}

table! {
    /// Hold the worker for a time without using a processor.
    WaitStep "wait step" {
        /// How long.
        "wait" required wait: Box<Distribution>,
    }
}

table! {
    /// Publish a message, and go on at once unless told otherwise.
    PublishStep "publish step" {
        /// The queue or exchange.
        "publish" required publish: String,
        /// The routing key; that of the message that causes it unless told otherwise.
        "key" optional key: String,
        /// Its priority; that of the message that causes it unless told otherwise.
        "priority" optional priority: Whole<0, 255>,
        /// Its bytes; as many as the message that causes it has unless told otherwise.
        "size" optional size: Bytes,
        /// "sync": go on when the broker has confirmed it, and fail when it has not.
        "confirm" optional confirm: ConfirmForm,
        /// Whether to wait until a consumer has worked on it and its answer is back (request and reply over queues).
        "reply" optional reply: bool,
    }
}

table! {
    /// Do several lists of steps at the same time.
    ParallelStep "parallel step" {
        /// A list of steps for each branch.
        "parallel" required parallel: Vec<At<Vec<At<Step>>>>,
        /// How many branches must succeed before the next step: "all" (unless told otherwise), "any", or a number.
        "join" optional join: Join,
    }
}

/// `"all"`, `"any"` or a number of branches.
#[derive(Debug, Clone, Copy)]
pub(super) enum Join {
    All,
    Any,
    Number(u64),
}

impl Decode for Join {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Whole(_) => <Whole<0, { u64::MAX }>>::decode(node, log).map(|whole| Join::Number(whole.0)),
            _ => match word(node, "a way to join", &["all", "any"], log)? {
                "all" => Some(Join::All),
                _ => Some(Join::Any),
            },
        }
    }

    fn schema(_: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "anyOf": [{ "enum": ["all", "any"] }, { "type": "integer", "minimum": 1 }] })
    }
}

table! {
    /// Go one of several ways, at random.
    ChooseStep "choose step" {
        /// The ways.
        "choose" required choose: Vec<At<WayForm>>,
    }
}

table! {
    /// One of several ways.
    WayForm "way" {
        /// How often it is gone, in relation to the others.
        "weight" required weight: Weight,
        /// What is done on it; nothing without it.
        "steps" optional steps: Any<Step>,
    }
}

table! {
    /// Do the same steps several times.
    RepeatStep "repeat step" {
        /// How often: a number, or a distribution from which it is drawn for each message.
        "repeat" required repeat: Rounds,
        /// What is repeated.
        "steps" required steps: Vec<At<Step>>,
    }
}

shapes! {
    /// How often something is repeated.
    Rounds "a number of rounds" bare Constant(Whole<1, MOST_ROUNDS>) {
        /// Every number from min to max, each as likely.
        "uniform" => Uniform(UniformCounts),
        /// 1, 2, 3 ... with a mean: each next one less likely by the same factor.
        "geometric" => Geometric(GeometricCounts),
        /// One of several numbers.
        "discrete" => Discrete(Vec<At<WeightedCount>>),
    }
}

table! {
    /// Fail here: a consumer loses the message, a service answers with an error, a producer's request has failed.
    FailStep "fail step" {
        /// How often, as a share of those who come here.
        "fail" required fail: Share,
    }
}

table! {
    /// A service answers its caller here, and does the rest afterwards.
    ReplyStep "reply step" {
        /// Always true: the answer is sent here.
        "reply" required reply: bool,
    }
}

table! {
    /// Look into a cache, and get the value where it is not there.
    CacheStep "cache step" {
        /// The cache.
        "cache" required cache: String,
        /// What is done on a miss; then the value is stored.
        "miss" required miss: Vec<At<Step>>,
    }
}

table! {
    /// Do steps while holding a lock, or one of its permits.
    LockStep "lock step" {
        /// The lock.
        "lock" required lock: String,
        /// What is done under it.
        "steps" required steps: Vec<At<Step>>,
    }
}

table! {
    /// Prepare on all participants at the same time, decide, and commit on all of them, or abort.
    TwoPhaseCommitStep "two_phase_commit step" {
        /// The services that take part; each is asked to prepare, and votes yes unless its handler fails.
        "two_phase_commit" required participants: Vec<At<String>>,
        /// The time in which the coordinator writes the decision to its log; no time unless told otherwise.
        "decide" optional decide: Box<Distribution>,
        /// The work of a participant to commit or to abort; none unless told otherwise.
        "commit" optional commit: Box<Distribution>,
        /// A lock for each participant, held from before it prepares until it has committed or aborted.
        "locks" optional locks: Vec<At<String>>,
    }
}

table! {
    /// Ask a service and wait for its answer. The order of timeout, deadline, retry, breaker, bulkhead, rate_limit and hedge
    /// is the order of their nesting, outermost first.
    CallStep "call step" {
        /// The service.
        "call" required call: String,
        /// The time that what stands behind this key may take, and then counts as failed: before `retry` all attempts
        /// together, behind it each attempt.
        "timeout" optional timeout: ShortOr<Span, TimeLimit>,
        /// A timeout that the service and those it calls are told of, so that they stop in time.
        "deadline" optional deadline: ShortOr<Span, TimeLimit>,
        /// Try again what fails: the number of attempts, the first included, or a table.
        "retry" optional retry: ShortOr<Whole<1, 1_000>, RetryForm>,
        /// Do not try what is known to fail (a circuit breaker).
        "breaker" optional breaker: BreakerForm,
        /// So many at a time: a number, or a table.
        "bulkhead" optional bulkhead: ShortOr<Whole<1, { u32::MAX as u64 }>, BulkheadForm>,
        /// So many a second (a token bucket): a rate, or a table.
        "rate_limit" optional rate_limit: ShortOr<Rate, RateLimitForm>,
        /// Send another copy of what takes long; the first answer counts: the time to wait before, or a table.
        "hedge" optional hedge: ShortOr<Span, HedgeForm>,
        /// For `timeout` and `deadline` of this call: call back what was sent when the time is over, so that nobody works on it.
        "cancel" optional cancel: bool,
        /// For `timeout` and `deadline` of this call: tell the service and those it calls when the time is over.
        "propagate" optional propagate: bool,
        /// One-way delay of the request, and of the answer; that of the service unless told otherwise.
        "network" optional network: Box<Distribution>,
        /// The time to set up a connection, before each attempt is sent.
        "connect" optional connect: Box<Distribution>,
        /// What is done instead when all fails; the steps behind the call then go on.
        "fallback" optional fallback: Any<Step>,
    }
}

table! {
    /// A limit of the time that something may take.
    TimeLimit "time limit" {
        /// How long.
        "after" required after: Span,
        /// Call back what was sent when the time is over, so that nobody works on it; otherwise it is done in vain.
        "cancel" optional cancel: bool,
        /// Tell the service and those it calls when the time is over, so that their calls end then too.
        "propagate" optional propagate: bool,
    }
}

table! {
    /// Trying again what failed.
    RetryForm "retry" {
        /// Attempts in all, the first included; 3 unless told otherwise.
        "max_attempts" optional max_attempts: Whole<1, 1_000>,
        /// The pause before an attempt: always the same, or growing; "500ms" unless told otherwise.
        "backoff" optional backoff: ShortOr<Span, Backoff>,
        /// How pauses are made random; "none" unless told otherwise.
        "jitter" optional jitter: JitterForm,
        /// Which failures are worth a retry; "any" unless told otherwise.
        "on" optional on: RetryOnForm,
        /// A bound on retries over all calls that come through this step.
        "budget" optional budget: BudgetForm,
    }
}

table! {
    /// Pauses that grow.
    Backoff "backoff" {
        /// The first pause; "500ms" unless told otherwise.
        "base" optional base: Span,
        /// Each next pause is longer by this factor; 1.5 unless told otherwise.
        "factor" optional factor: Positive,
        /// No pause is longer; no limit unless told otherwise.
        "cap" optional cap: Span,
    }
}

shapes! {
    /// How a pause of x is made random.
    JitterForm "a jitter" bare Word(JitterWord) {
        /// Uniform between (1 - share) x and (1 + share) x.
        "spread" => Spread(Share),
    }
}

words! {
    /// How a pause of x is made random.
    JitterWord "a jitter" {
        /// x.
        "none" => None,
        /// uniform between 0 and x.
        "full" => Full,
        /// x/2, and uniform between 0 and x/2 on top.
        "equal" => Equal,
        /// uniform between the base and three times the last pause, up to the cap.
        "decorrelated" => Decorrelated,
    }
}

words! {
    /// Which failures are worth a retry.
    RetryOnForm "a kind of failure" {
        /// all.
        "any" => Any,
        /// a timeout inside.
        "timeout" => Timeout,
        /// all but a timeout.
        "error" => Error,
    }
}

shapes! {
    /// A bound on retries.
    BudgetForm "a retry budget" {
        /// As in gRPC: a failure takes a token, a success gives a part of one, and a retry needs more than half of all.
        "tokens" => Tokens(TokenBudget),
        /// Each request or success gives a part of a token, and a retry takes one.
        "ratio" => Ratio(RatioBudget),
    }
}

table! {
    /// Tokens that failures take and successes give.
    TokenBudget "token budget" {
        /// The most tokens, and how many there are at the start; 10 unless told otherwise.
        "max" optional max: Positive,
        /// What a success gives; 0.1 unless told otherwise.
        "ratio" optional ratio: Positive,
    }
}

table! {
    /// Retries as a share of what is asked.
    RatioBudget "ratio budget" {
        /// Retries for each request or success; "20%" unless told otherwise.
        "share" optional share: Share,
        /// What gives tokens; "requests" unless told otherwise.
        "of" optional of: BudgetOfForm,
        /// The most tokens, and how many there are at the start; 10 unless told otherwise.
        "burst" optional burst: Positive,
    }
}

words! {
    /// What fills a retry budget.
    BudgetOfForm "what fills a budget" {
        /// first attempts.
        "requests" => Requests,
        /// attempts that succeeded.
        "successes" => Successes,
    }
}

table! {
    /// A circuit breaker: after too many failures nothing is tried for a while, and then a few calls decide.
    BreakerForm "breaker" {
        /// What it looks at: the last so many calls, or those of the last so long; 100 calls unless told otherwise.
        "window" optional window: WindowForm,
        /// It does not open before it has seen so many; 100 unless told otherwise, and no more than the window has.
        "min_calls" optional min_calls: Whole<1, 1_000_000>,
        /// It opens when this share failed; "50%" unless told otherwise.
        "failures" optional failures: Share,
        /// It opens when too many were slow too.
        "slow" optional slow: SlowCalls,
        /// How long it stays open; "60s" unless told otherwise.
        "open" optional open: Span,
        /// Then so many calls are let through, and decide; 10 unless told otherwise.
        "probes" optional probes: Whole<1, 1_000_000>,
    }
}

/// The last so many calls, or those of the last so long.
#[derive(Debug, Clone, Copy)]
pub(super) enum WindowForm {
    Calls(u32),
    Time(Span),
}

impl Decode for WindowForm {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match node.value {
            Value::Text(_) => Span::decode(node, log).map(WindowForm::Time),
            _ => <Whole<1, 1_000_000>>::decode(node, log).map(|whole| WindowForm::Calls(whole.0 as u32)),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        let choices = [<Whole<1, 1_000_000>>::schema(definitions), Span::schema(definitions)];
        serde_json::json!({ "anyOf": choices })
    }
}

table! {
    /// Calls that count as slow.
    SlowCalls "slow" {
        /// Those that took longer than this.
        "after" required after: Span,
        /// The share of slow calls at which it opens; "100%" unless told otherwise.
        "share" optional share: Share,
    }
}

table! {
    /// A limit on how many are inside at a time.
    BulkheadForm "bulkhead" {
        /// So many at a time; 25 unless told otherwise.
        "max" optional max: Whole<1, { u32::MAX as u64 }>,
        /// So many may wait for a place; none unless told otherwise, and no limit where `wait` is given.
        "queue" optional queue: Whole<0, { u32::MAX as u64 }>,
        /// How long one waits; no limit unless told otherwise.
        "wait" optional wait: Patience,
    }
}

table! {
    /// A token bucket.
    RateLimitForm "rate_limit" {
        /// Tokens a second.
        "rate" required rate: Rate,
        /// The most tokens, and how many there are at the start; 1 unless told otherwise.
        "burst" optional burst: Positive,
        /// How long one waits for a token, and fails at once where it would take longer; "5s" unless told otherwise.
        "wait" optional wait: Patience,
    }
}

/// A time, or `"unlimited"`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(pub Option<Span>);

impl Decode for Patience {
    fn decode(node: &Node, log: &mut Vec<Problem>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "unlimited" => Some(Patience(None)),
            _ => Span::decode(node, log).map(|span| Patience(Some(span))),
        }
    }

    fn schema(definitions: &mut Definitions) -> serde_json::Value {
        serde_json::json!({ "anyOf": [{ "enum": ["unlimited"] }, Span::schema(definitions)] })
    }
}

table! {
    /// Further copies of what takes long.
    HedgeForm "hedge" {
        /// A further copy after each such time without an answer.
        "after" required after: Span,
        /// Copies in all, the first included; 2 unless told otherwise.
        "max" optional max: Whole<2, 100>,
        /// Whether the others are called back when one has answered; true unless told otherwise.
        "cancel" optional cancel: bool,
    }
}

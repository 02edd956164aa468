//! The verdict in words: the goals and how they fared, whether everything kept up, and the few numbers that one asks for first.

use super::glance::glance;
use super::shell::words;
use crate::experiment::stability::Verdict as Kept;
use crate::report::result::{GoalResult, RunResult, Verdict};
use crate::report::{stability, table};
use maud::{Markup, html};

/// The sentence that stands above everything, and how it looks.
fn sentence(goals: &[GoalResult], keeps_up: bool) -> (&'static str, String) {
    let count = |verdict| goals.iter().filter(|goal| goal.verdict == verdict).count();
    let (all, met, missed, open) = (goals.len(), count(Verdict::Met), count(Verdict::Missed), count(Verdict::Inconclusive));
    let goals = |number: usize| if number == 1 { "goal" } else { "goals" };
    let is = |number: usize| if number == 1 { "is" } else { "are" };
    match (all, missed, open) {
        (0, _, _) if keeps_up => ("plain", "The system keeps up; no goals are set.".to_owned()),
        (0, _, _) => ("bad", "The system does not keep up; no goals are set.".to_owned()),
        (1, 0, 0) => ("good", "The goal is met.".to_owned()),
        (_, 0, 0) => ("good", format!("All {all} goals are met.")),
        (_, 0, _) if met == 0 => ("open", format!("Whether the {} {} met cannot be told from this run.", goals(all), is(all))),
        (_, 0, _) => ("open", format!("{met} of {all} goals {} met; the rest cannot be told from this run.", is(met))),
        (1, _, _) => ("bad", "The goal is missed.".to_owned()),
        (_, _, _) => ("bad", format!("{missed} of {all} goals {} missed.", is(missed))),
    }
}

/// The section.
pub(in crate::report) fn verdict(result: &RunResult) -> Markup {
    let unstable = stability::unstable(result);
    let keeps_up = unstable.iter().all(|seen| seen.verdict == Kept::Undecided);
    let (look, sentence) = sentence(&result.goals, keeps_up);
    html! {
        p.sentence.(look) { (sentence) }
        @if !result.goals.is_empty() {
            (goals(result))
        }
        @if !unstable.is_empty() {
            ul.goals {
                @for seen in unstable {
                    @let (sign, _) = stability::mark(seen.verdict);
                    li.(if seen.verdict == Kept::Undecided { "open" } else { "bad" }) {
                        span.sign aria-hidden="true" { (sign) }
                        div { strong { (seen.pool) } " is " (stability::word(seen.verdict)) ": " (words(&stability::said(seen))) }
                    }
                }
            }
        }
        (glance(result))
    }
}

/// One goal: verdict, what was wanted, what was found.
fn one(goal: &GoalResult, result: &RunResult) -> Markup {
    self::goal(&goal.name, &goal.expression, goal.verdict, &table::found(goal, result))
}

/// A line of a list of goals: its name, as it was written, how it fared, and what was found.
pub(in crate::report) fn goal(name: &str, expression: &str, verdict: Verdict, found: &str) -> Markup {
    let (sign, word, _) = table::verdict(verdict);
    let look = match verdict {
        Verdict::Met => "good",
        Verdict::Missed => "bad",
        Verdict::Inconclusive => "open",
    };
    html! {
        li.(look) {
            span.sign aria-hidden="true" { (sign) }
            div {
                strong { (name) } " – " (word) ": found " span.found { (found) } ", wanted " code { (expression) }
            }
        }
    }
}

/// The goals of a result as a list.
pub(in crate::report) fn goals(result: &RunResult) -> Markup {
    html! { ul.goals { @for goal in &result.goals { (one(goal, result)) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_how_all_goals_fared() {
        let goal = |verdict| GoalResult { name: "g".into(), expression: "m".into(), metric: "m".into(), verdict };
        let said = |verdicts: &[Verdict]| {
            let goals: Vec<GoalResult> = verdicts.iter().map(|&verdict| goal(verdict)).collect();
            sentence(&goals, true)
        };
        use Verdict::{Inconclusive, Met, Missed};
        assert_eq!(said(&[]).1, "The system keeps up; no goals are set.");
        assert_eq!(said(&[Met, Met]), ("good", "All 2 goals are met.".to_owned()));
        assert_eq!(said(&[Met, Missed, Inconclusive]), ("bad", "1 of 3 goals is missed.".to_owned()));
        assert_eq!(said(&[Met, Inconclusive]).1, "1 of 2 goals is met; the rest cannot be told from this run.");
        assert_eq!(said(&[Inconclusive]).1, "Whether the goal is met cannot be told from this run.");
        assert_eq!(said(&[Missed]).1, "The goal is missed.");
    }
}

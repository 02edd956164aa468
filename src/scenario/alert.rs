//! Alerts: statements about a quantity over time that call somebody when they have held for long enough.
//!
//! ```text
//! alert  = gauge operator value [ "for" time ]
//! gauge  = table "." name "." kind                 as in `model::gauges`: what the series follow
//! ```
//! Operators and values are those of goals ([`super::goal`]).

use super::decode::Named;
use super::diagnostic::{At, Place, Problem};
use super::document::Run;
use super::goal::{inside, list, three};
use super::names;
use super::resolve::Resolver;
use super::run::MOST_BINS;
use crate::model::{Alert, Gauge, Model, gauges, metrics};
use crate::units::Span;

impl Resolver<'_> {
    /// The alerts of the document, checked against what the series of the model follow.
    pub(super) fn alerts(&mut self, alerts: &[Named<String>], run: Option<&Run>, model: &Model) -> Vec<Alert> {
        let followed = if alerts.is_empty() { Vec::new() } else { gauges(model) };
        let mut resolved = Vec::with_capacity(alerts.len());
        for alert in alerts {
            let Some(expression) = &alert.entity else { continue };
            let (statement, length) = self.split(expression, run, model);
            let Some(parts) = self.parts_of(&statement) else { continue };
            let Some(gauge) = followed.iter().find(|gauge| gauge.name == parts.metric) else {
                if !self.unreadable.contains(&three(parts.metric).0) {
                    self.log.push(not_followed(parts.metric, parts.metric_place, &followed, model));
                }
                continue;
            };
            let (Some(value), Some(length)) = (self.value(&parts, gauge.quantity), length) else { continue };
            resolved.push(Alert {
                name: alert.name.value.clone(),
                expression: expression.value.clone(),
                metric: parts.metric.to_owned(),
                comparison: parts.comparison,
                value,
                length,
            });
        }
        resolved
    }

    /// The statement, and for how long it must hold; `None` where that is no time, or one that no bin fits into.
    fn split(&mut self, expression: &At<String>, run: Option<&Run>, model: &Model) -> (At<String>, Option<Span>) {
        let text = expression.value.as_str();
        let Some(at) = text.rfind(" for ") else { return (expression.clone(), Some(Span::ZERO)) };
        let statement = At { value: text[..at].to_owned(), place: inside(expression, 0..at) };
        let written = text[at + " for ".len()..].trim();
        let place = inside(expression, text.len() - text[at + " for ".len()..].trim_start().len()..text.trim_end().len());
        let Ok(length) = written.parse::<Span>() else {
            let problem = Problem::error(place, format!("`{written}` is not a time for which it must hold"));
            self.log.push(problem.help("write a time such as `30s`"));
            return (statement, None);
        };
        let bin = run.and_then(|run| run.bin.given());
        if let Some(bin) = bin.filter(|bin| length > Span::ZERO && length < bin.value) {
            let problem = Problem::error(place, format!("{length} is shorter than a bin of the series, which is {}", bin.value));
            let problem = problem.related(bin.place, "because of this");
            self.log.push(
                problem.help("make the bin shorter, or leave it out: it is then a quarter of the shortest time of an alert"),
            );
            return (statement, None);
        }
        if let (None, Some(duration)) = (bin, model.plan.duration)
            && length > Span::ZERO
            && duration.0 / length.0 > MOST_BINS / 4
        {
            let message = format!("a run of {duration} cannot be looked at every {}", Span(length.0 / 4));
            let least = Span(duration.0 / (MOST_BINS / 4) + 1);
            self.log.push(Problem::error(place, message).help(format!("make it at least {least}, or the run shorter")));
            return (statement, None);
        }
        (statement, Some(length))
    }
}

/// What is wrong with a name that no series has.
fn not_followed(metric: &str, place: Place, followed: &[Gauge], model: &Model) -> Problem {
    let names: Vec<&str> = followed.iter().map(|gauge| gauge.name.as_str()).collect();
    let (table, name, _) = three(metric);
    let measured = metrics(model);
    let found = measured.iter().find(|known| known.name == metric || known.full_names().iter().any(|full| full == metric));
    let Some(found) = found else {
        return Problem::error(place, format!("nothing is measured as `{metric}`")).help(names::advice(
            metric,
            names,
            "no series follows anything",
        ));
    };
    let problem = Problem::error(place, format!("`{metric}` is not followed over time"));
    if names.contains(&found.name.as_str()) {
        return problem.help(format!("write `{}`: an alert looks at its mean in each bin", found.name));
    }
    let kinds: Vec<&str> =
        names.iter().map(|name| three(name)).filter(|(t, n, _)| (*t, *n) == (table, name)).map(|(_, _, kind)| kind).collect();
    problem.help(match kinds[..] {
        [] => format!("nothing of `{table}.{name}` is: `goals` judge it over the whole run"),
        _ => format!("of `{table}.{name}` are {}", list(&kinds)),
    })
}

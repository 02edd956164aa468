//! A block as aligned lines of text.

use super::block::{Block, Group};
use super::style::{Role, Style, shortened, width};

/// The longest name that a table shows in full.
const LONGEST_NAME: usize = 32;
/// Spaces between two columns, and before a group.
const GAP: usize = 2;

/// The lines of a block, none longer than the style's width if that is possible: groups that do not fit go below.
pub(super) fn lines(block: &Block, style: Style) -> Vec<String> {
    let names: Vec<String> = block.names.iter().map(|name| style.signs(&shortened(name, LONGEST_NAME))).collect();
    let name_width = names.iter().map(|name| width(name)).chain([block.title.len()]).max().unwrap_or(0);
    let groups: Vec<Placed> = block.groups.iter().map(|group| place(group, style)).collect();
    let mut lines = Vec::new();
    let mut rest = groups.as_slice();
    while !rest.is_empty() {
        let mut taken = 0;
        let mut used = name_width;
        while taken < rest.len() && (taken == 0 || used + GAP + rest[taken].width <= style.width) {
            used += GAP + rest[taken].width;
            taken += 1;
        }
        let (now, later) = rest.split_at(taken);
        print(&mut lines, block.title, &names, name_width, now, style);
        rest = later;
    }
    lines
}

/// A group whose every cell has its final width.
struct Placed {
    width: usize,
    title: String,
    heads: String,
    rows: Vec<String>,
}

/// Aligns the cells of a group: values to the right of their part, margins too.
fn place(group: &Group, style: Style) -> Placed {
    let mut columns: Vec<Vec<String>> = Vec::new();
    for column in &group.columns {
        let values: Vec<String> = column.cells.iter().map(|cell| style.signs(&cell.value)).collect();
        let margins: Vec<String> = column.cells.iter().map(|cell| cell.margin.clone().unwrap_or_default()).collect();
        let value_width = values.iter().map(|value| width(value)).max().unwrap_or(0);
        let margin_width = margins.iter().map(|margin| width(margin)).max().unwrap_or(0);
        let sign = style.signs(" ± ");
        let mut cells: Vec<String> = values
            .iter()
            .zip(&margins)
            .map(|(value, margin)| match (margin_width, margin.is_empty()) {
                (0, _) => format!("{value:>value_width$}"),
                (_, true) => format!("{value:>value_width$}{:1$}", "", width(&sign) + margin_width),
                (_, false) => format!("{value:>value_width$}{sign}{margin:>margin_width$}"),
            })
            .collect();
        cells.insert(0, column.head.to_owned());
        let widest = cells.iter().map(|cell| width(cell)).max().unwrap_or(0);
        columns.push(cells.iter().map(|cell| format!("{cell:>widest$}")).collect());
    }
    let rows = columns.first().map_or(0, Vec::len);
    let mut lines: Vec<String> = (0..rows)
        .map(|row| columns.iter().map(|column| column[row].as_str()).collect::<Vec<_>>().join(&" ".repeat(GAP)))
        .collect();
    let title = style.signs(format!("{} {}", group.title, group.unit.label).trim_end());
    let whole = lines.iter().map(|line| width(line)).chain([width(&title)]).max().unwrap_or(0);
    lines.iter_mut().for_each(|line| *line = format!("{line:>whole$}"));
    let title = match group.columns.len() {
        1 => format!("{title:>whole$}"),
        _ if whole > width(&title) + 2 => {
            format!("{title} {}", style.signs("─").repeat(whole - width(&title) - 1))
        }
        _ => format!("{title:<whole$}"),
    };
    let heads = if lines.is_empty() { String::new() } else { lines.remove(0) };
    Placed { width: whole, title, heads, rows: lines }
}

/// Headings and rows of the groups that stand side by side.
fn print(lines: &mut Vec<String>, title: &str, names: &[String], name_width: usize, groups: &[Placed], style: Style) {
    let gap = " ".repeat(GAP);
    let join = |cells: Vec<&str>| cells.join(&gap);
    let titles = join(groups.iter().map(|group| group.title.as_str()).collect());
    let heads = join(groups.iter().map(|group| group.heads.as_str()).collect());
    let title = style.paint(Role::Heading, &format!("{title:<name_width$}"));
    lines.push(format!("{title}{gap}{}", style.paint(Role::Faint, titles.trim_end())));
    if !heads.trim().is_empty() {
        lines.push(format!("{:name_width$}{gap}{}", "", style.paint(Role::Faint, heads.trim_end())));
    }
    for (row, name) in names.iter().enumerate() {
        let cells = join(groups.iter().map(|group| group.rows[row].as_str()).collect());
        lines.push(format!("{name:<name_width$}{gap}{}", cells.trim_end()));
    }
}

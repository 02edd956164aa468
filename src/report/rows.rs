//! Plain rows of cells under a head, as aligned text and as Markdown.

use super::style::{Role, Style, width};
use std::fmt::Write;

/// Cells under their heads; numbers stand on the right.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rows {
    /// One for each column, and whether it holds numbers.
    pub head: Vec<(String, bool)>,
    /// As many cells in each.
    pub rows: Vec<Vec<String>>,
}

impl Rows {
    /// Lines of text.
    pub fn lines(&self, style: Style) -> Vec<String> {
        let signs = |row: &[String]| row.iter().map(|cell| style.signs(cell)).collect::<Vec<String>>();
        let head = signs(&self.head.iter().map(|(title, _)| title.clone()).collect::<Vec<_>>());
        let rows: Vec<Vec<String>> = self.aligned().iter().map(|row| signs(row)).collect();
        let widest =
            |at: usize| rows.iter().chain([&head]).filter_map(|row| row.get(at)).map(|cell| width(cell)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(widest).collect();
        let line = |row: &[String]| {
            let cells = row.iter().zip(&self.head).zip(&widths).map(|((cell, (_, number)), &wide)| match number {
                true => format!("{cell:>wide$}"),
                false => format!("{cell:<wide$}"),
            });
            cells.collect::<Vec<String>>().join("  ").trim_end().to_owned()
        };
        let mut lines = vec![style.paint(Role::Heading, &line(&head))];
        lines.extend(rows.iter().map(|row| line(row)));
        lines
    }

    /// The cells, with values and margins of a column of numbers below each other.
    fn aligned(&self) -> Vec<Vec<String>> {
        const SIGN: &str = " ± ";
        let margin = |row: &Vec<String>, at: usize| {
            row.get(at).and_then(|cell| cell.split_once(SIGN)).map_or(0, |(_, margin)| width(margin))
        };
        let widest: Vec<usize> =
            (0..self.head.len()).map(|at| self.rows.iter().map(|row| margin(row, at)).max().unwrap_or(0)).collect();
        let cell = |(at, cell): (usize, &String)| match (cell.split_once(SIGN), widest[at]) {
            (_, 0) => cell.clone(),
            (Some((value, margin)), wide) => format!("{value}{SIGN}{margin:>wide$}"),
            (None, _) if !self.head[at].1 => cell.clone(),
            (None, wide) => format!("{cell}{:1$}", "", width(SIGN) + wide),
        };
        self.rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect()
    }

    /// A table of Markdown; `cell` makes a text safe in one.
    pub fn markdown(&self, cell: fn(&str) -> String) -> String {
        let mut out = String::new();
        let row = |out: &mut String, cells: &mut dyn Iterator<Item = String>| {
            let _ = writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "));
        };
        row(&mut out, &mut self.head.iter().map(|(title, _)| cell(title)));
        row(&mut out, &mut self.head.iter().map(|(_, number)| if *number { "--:" } else { "---" }.to_owned()));
        for cells in &self.rows {
            row(&mut out, &mut cells.iter().map(|text| cell(text)));
        }
        out
    }
}

//! Where the nodes of a graph stand: in columns from left to right, or in rows from top to bottom, as messages go.
//!
//! Columns follow Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981): a cycle is
//! cut where a search comes back to it; a node stands behind the last that leads to it; an edge over several columns has a place in
//! each; the order within a column is the mean of the neighbours', swept to and fro, and the best that was seen is kept. Heights
//! are means of the neighbours', as near as order and distance allow (least squares, by pooling adjacent violators).
//! Connected parts are laid out by themselves and stand below and beside each other.

use super::drawing::Point;

/// Sizes in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sizes {
    /// Of a node.
    pub node: (f64, f64),
    /// The room for arrows between two columns, or two rows.
    pub gap: f64,
    /// Between two nodes of a column, or of a row.
    pub apart: f64,
    /// What there is.
    pub width: f64,
    /// More columns than these go on below.
    pub columns: usize,
}

/// A graph with places.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// The left upper corner of each node.
    pub nodes: Vec<Point>,
    /// The middles of the places that each edge goes through between its two nodes, from left to right.
    pub via: Vec<Vec<Point>>,
    /// Of an edge between columns that stand below each other: where it turns, from its beginning to its end.
    pub turns: Vec<Vec<Point>>,
    /// What it needs.
    pub height: f64,
}

/// How many columns the longest way has.
pub(super) fn depth(nodes: usize, edges: &[(usize, usize)]) -> usize {
    layers(nodes, edges).into_iter().max().map_or(0, |last| last + 1)
}

/// In columns.
pub(super) fn columns(nodes: usize, edges: &[(usize, usize)], sizes: Sizes) -> Layout {
    let layers = layers(nodes, edges);
    let mut layout = empty(nodes, edges.len());
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0f64);
    for part in parts(nodes, edges) {
        if columns_of(&part, &layers) > sizes.columns {
            let top = if layout.height > 0.0 { layout.height + 2.0 * sizes.apart } else { 0.0 };
            layout.height = bands(&part, edges, &layers, sizes, top, &mut layout);
            (x, y, row) = (0.0, layout.height + 2.0 * sizes.apart, 0.0);
            continue;
        }
        let block = Block::of(&part, edges, &layers, sizes);
        if x > 0.0 && x + block.width > sizes.width {
            (x, y, row) = (0.0, y + row + 2.0 * sizes.apart, 0.0);
        }
        block.put((x, y), &mut layout);
        (x, row) = (x + block.width + sizes.gap, row.max(block.height));
        layout.height = y + row;
    }
    layout
}

/// In rows, of as many nodes as there is room for.
pub(super) fn rows(nodes: usize, edges: &[(usize, usize)], sizes: Sizes) -> Layout {
    let layers = layers(nodes, edges);
    let mut layout = empty(nodes, edges.len());
    let most = ((sizes.width + sizes.apart) / (sizes.node.0 + sizes.apart)).max(1.0) as usize;
    let mut y = 0.0;
    for part in parts(nodes, edges) {
        let block = Block::of(&part, edges, &layers, sizes);
        for column in &block.columns {
            let own: Vec<usize> = column.iter().filter_map(|place| place.node()).collect();
            for row in own.chunks(most) {
                let width = row.len() as f64 * (sizes.node.0 + sizes.apart) - sizes.apart;
                for (at, &node) in row.iter().enumerate() {
                    let x = (sizes.width - width) / 2.0 + at as f64 * (sizes.node.0 + sizes.apart);
                    layout.nodes[node] = (x, y);
                }
                y += sizes.node.1 + if own.len() > most { sizes.apart } else { 0.0 };
            }
            y += sizes.gap;
        }
        layout.height = y - sizes.gap;
    }
    layout
}

fn empty(nodes: usize, edges: usize) -> Layout {
    Layout { nodes: vec![(0.0, 0.0); nodes], via: vec![Vec::new(); edges], turns: vec![Vec::new(); edges], height: 0.0 }
}

fn columns_of(part: &[usize], layers: &[usize]) -> usize {
    let of = || part.iter().map(|&node| layers[node]);
    of().max().unwrap_or(0) - of().min().unwrap_or(0) + 1
}

/// Room beside the columns for edges that come from the end of a line of them to the beginning of the next.
const MARGIN: f64 = 32.0;
/// The distance of two edges that run side by side.
const BESIDE: f64 = 5.0;

/// A part with too many columns: as a text, it goes on in the next line. Gives the height at which it ends.
fn bands(part: &[usize], edges: &[(usize, usize)], layers: &[usize], sizes: Sizes, top: f64, layout: &mut Layout) -> f64 {
    let first = part.iter().map(|&node| layers[node]).min().unwrap_or(0);
    let band = |node: usize| (layers[node] - first) / sizes.columns;
    let last = part.iter().map(|&node| band(node)).max().unwrap_or(0);
    let (mut y, mut bottoms) = (top, Vec::new());
    for here in 0..=last {
        let own: Vec<usize> = part.iter().copied().filter(|&node| band(node) == here).collect();
        // An edge to another line counts for none.
        let inside: Vec<(usize, usize)> = edges
            .iter()
            .map(|&(from, to)| if band_of(part, &band, from) == band_of(part, &band, to) { (from, to) } else { (to, to) })
            .collect();
        let block = Block::of(&own, &inside, layers, sizes);
        block.put((MARGIN, y), layout);
        y += block.height;
        bottoms.push(y);
        y += 2.0 * sizes.apart + 14.0;
    }
    let (width, height) = sizes.node;
    let leaves = |edge: &(usize, &(usize, usize))| part.contains(&edge.1.0) && band(edge.1.0) != band(edge.1.1);
    for (beside, (at, &(from, to))) in edges.iter().enumerate().filter(leaves).enumerate() {
        let ((x, y), (to_x, to_y)) = (layout.nodes[from], layout.nodes[to]);
        let shift = BESIDE * (beside % 4) as f64;
        let (right, left) = (x + width + 10.0 + shift, to_x - 14.0 - shift);
        let between = bottoms[band(from)] + sizes.apart + shift;
        let (begin, end) = (y + height / 2.0, to_y + height / 2.0);
        layout.turns[at] = vec![(right, begin), (right, between), (left, between), (left, end)];
    }
    bottoms.last().copied().unwrap_or(top)
}

fn band_of(part: &[usize], band: &impl Fn(usize) -> usize, node: usize) -> Option<usize> {
    part.contains(&node).then(|| band(node))
}

/// The connected parts, each with its nodes in order.
fn parts(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut part: Vec<usize> = (0..nodes).collect();
    loop {
        let mut changed = false;
        for &(from, to) in edges {
            let least = part[from].min(part[to]);
            changed |= part[from] != least || part[to] != least;
            (part[from], part[to]) = (least, least);
        }
        if !changed {
            break;
        }
    }
    let of = |first: usize| (0..nodes).filter(|&node| part[node] == first).collect();
    (0..nodes).filter(|&node| part[node] == node).map(of).collect()
}

/// The column of every node.
fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    // Edges that a search finds to lead back do not count.
    let mut forward: Vec<(usize, usize)> = Vec::new();
    let mut state = vec![0u8; nodes];
    let has_source: Vec<bool> = (0..nodes).map(|node| edges.iter().any(|edge| edge.1 == node)).collect();
    let mut roots: Vec<usize> = (0..nodes).filter(|&node| !has_source[node]).collect();
    roots.extend((0..nodes).filter(|&node| has_source[node]));
    for root in roots {
        let mut stack = vec![(root, 0)];
        while let Some(&mut (node, ref mut next)) = stack.last_mut() {
            if *next == 0 && state[node] == 2 {
                stack.pop();
                continue;
            }
            state[node] = 1;
            let leaving = edges.iter().filter(|edge| edge.0 == node).nth(*next);
            *next += 1;
            match leaving {
                None => {
                    state[node] = 2;
                    stack.pop();
                }
                Some(&(_, to)) if state[to] != 1 && to != node => {
                    forward.push((node, to));
                    if state[to] == 0 {
                        stack.push((to, 0));
                    }
                }
                Some(_) => {}
            }
        }
    }
    let mut layers = vec![0; nodes];
    // Without cycles a way has at most as many edges as there are nodes.
    for _ in 0..nodes {
        let mut changed = false;
        for &(from, to) in &forward {
            if layers[to] <= layers[from] {
                layers[to] = layers[from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // What nothing leads to stands just before what it leads to.
    for node in (0..nodes).filter(|&node| !has_source[node]) {
        let next = forward.iter().filter(|edge| edge.0 == node).map(|edge| layers[edge.1]).min();
        layers[node] = next.map_or(0, |next: usize| next.saturating_sub(1));
    }
    layers
}

/// A place in a column: of a node, or of an edge that goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Node(usize),
    Edge(usize),
}

impl Place {
    fn node(self) -> Option<usize> {
        if let Place::Node(node) = self { Some(node) } else { None }
    }
}

/// A connected part in columns.
struct Block {
    columns: Vec<Vec<Place>>,
    /// Middles of the places of each column.
    heights: Vec<Vec<f64>>,
    width: f64,
    height: f64,
    sizes: Sizes,
}

/// Pairs of neighbours in two columns, by their positions there.
type Pairs = Vec<(usize, usize)>;

impl Block {
    fn of(part: &[usize], edges: &[(usize, usize)], layers: &[usize], sizes: Sizes) -> Block {
        let first = part.iter().map(|&node| layers[node]).min().unwrap_or(0);
        let last = part.iter().map(|&node| layers[node]).max().unwrap_or(0);
        let mut columns: Vec<Vec<Place>> = vec![Vec::new(); last - first + 1];
        part.iter().for_each(|&node| columns[layers[node] - first].push(Place::Node(node)));
        // The way of each edge, from the column further left to the one further right.
        let mut ways: Vec<Vec<Place>> = Vec::new();
        for (at, &(from, to)) in edges.iter().enumerate().filter(|(_, edge)| part.contains(&edge.0)) {
            let (left, right) = if layers[from] <= layers[to] { (from, to) } else { (to, from) };
            let mut way = vec![Place::Node(left)];
            for column in columns.iter_mut().take(layers[right] - first).skip(layers[left] - first + 1) {
                column.push(Place::Edge(at));
                way.push(Place::Edge(at));
            }
            if layers[left] < layers[right] {
                way.push(Place::Node(right));
                ways.push(way);
            }
        }
        order(&mut columns, &ways, layers, first);
        let heights = heights(&columns, &links(&columns, &ways, layers, first), sizes);
        let bottoms = columns
            .iter()
            .zip(&heights)
            .flat_map(|(column, heights)| column.iter().zip(heights).map(|(place, height)| height + extent(*place, sizes) / 2.0));
        let height = bottoms.fold(0.0, f64::max);
        let width = columns.len() as f64 * (sizes.node.0 + sizes.gap) - sizes.gap;
        Block { columns, heights, width, height, sizes }
    }

    fn put(&self, (left, top): Point, layout: &mut Layout) {
        let (width, height) = self.sizes.node;
        for (at, (column, heights)) in self.columns.iter().zip(&self.heights).enumerate() {
            let x = left + at as f64 * (width + self.sizes.gap);
            for (place, y) in column.iter().zip(heights) {
                match *place {
                    Place::Node(node) => layout.nodes[node] = (x, top + y - height / 2.0),
                    Place::Edge(edge) => layout.via[edge].push((x + width / 2.0, top + y)),
                }
            }
        }
    }
}

/// The height that a place takes in its column.
fn extent(place: Place, sizes: Sizes) -> f64 {
    if place.node().is_some() { sizes.node.1 } else { 10.0 }
}

/// The neighbours in each two columns that stand side by side.
fn links(columns: &[Vec<Place>], ways: &[Vec<Place>], layers: &[usize], first: usize) -> Vec<Pairs> {
    let mut links: Vec<Pairs> = vec![Vec::new(); columns.len().saturating_sub(1)];
    for way in ways {
        let Some(begin) = way.first().and_then(|place| place.node()) else { continue };
        for (step, pair) in way.windows(2).enumerate() {
            let column = layers[begin] - first + step;
            let at = |column: usize, place: Place| columns[column].iter().position(|&other| other == place);
            links[column].extend(at(column, pair[0]).zip(at(column + 1, pair[1])));
        }
    }
    links
}

/// Sweeps that improve the order; more of them hardly ever do.
const SWEEPS: usize = 12;

/// Puts the places of every column into an order with few crossings.
fn order(columns: &mut Vec<Vec<Place>>, ways: &[Vec<Place>], layers: &[usize], first: usize) {
    let crossings = |columns: &[Vec<Place>]| -> usize {
        let of = |pairs: &Pairs| -> usize {
            let mut pairs = pairs.clone();
            pairs.sort_unstable();
            let crossed =
                |at: usize| pairs[at + 1..].iter().filter(|later| later.1 < pairs[at].1 && later.0 > pairs[at].0).count();
            (0..pairs.len()).map(crossed).sum()
        };
        links(columns, ways, layers, first).iter().map(of).sum()
    };
    let mut best = (crossings(columns), columns.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let rightwards = sweep % 2 == 0;
        let middle: Vec<usize> = if rightwards { (1..columns.len()).collect() } else { (0..columns.len() - 1).rev().collect() };
        for column in middle {
            let links = links(columns, ways, layers, first);
            let mean = |at: usize| -> f64 {
                let beside: Vec<usize> = match rightwards {
                    true => links[column - 1].iter().filter(|pair| pair.1 == at).map(|pair| pair.0).collect(),
                    false => links[column].iter().filter(|pair| pair.0 == at).map(|pair| pair.1).collect(),
                };
                if beside.is_empty() { at as f64 } else { beside.iter().sum::<usize>() as f64 / beside.len() as f64 }
            };
            let mut places: Vec<(f64, Place)> =
                columns[column].iter().enumerate().map(|(at, &place)| (mean(at), place)).collect();
            places.sort_by(|a, b| a.0.total_cmp(&b.0));
            columns[column] = places.into_iter().map(|(_, place)| place).collect();
        }
        let now = crossings(columns);
        if now < best.0 {
            best = (now, columns.clone());
        }
    }
    *columns = best.1;
}

/// The middle of every place: near its neighbours, in order, and apart.
fn heights(columns: &[Vec<Place>], links: &[Pairs], sizes: Sizes) -> Vec<Vec<f64>> {
    // The distance from each place to the one before it.
    let steps: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let half = |place: &Place| extent(*place, sizes) / 2.0;
            let between = |pair: &[Place]| half(&pair[0]) + sizes.apart + half(&pair[1]);
            column.first().map(half).into_iter().chain(column.windows(2).map(between)).collect()
        })
        .collect();
    let mut heights: Vec<Vec<f64>> = steps.iter().map(|steps| apart(&vec![0.0; steps.len()], steps)).collect();
    // To and fro, each time by the neighbours on the side that it comes from. The last time is leftwards, so that who spreads
    // something stands in the middle of where it goes.
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        let order: Vec<usize> = if rightwards { (0..columns.len()).collect() } else { (0..columns.len()).rev().collect() };
        for column in order {
            let wanted: Vec<f64> = (0..columns[column].len())
                .map(|at| {
                    let beside: Vec<f64> = match (rightwards, column.checked_sub(1)) {
                        (true, Some(left)) => {
                            links[left].iter().filter(|pair| pair.1 == at).map(|pair| heights[left][pair.0]).collect()
                        }
                        (true, None) => Vec::new(),
                        (false, _) => {
                            let right = links.get(column).into_iter().flatten().filter(|pair| pair.0 == at);
                            right.map(|pair| heights[column + 1][pair.1]).collect()
                        }
                    };
                    if beside.is_empty() { heights[column][at] } else { beside.iter().sum::<f64>() / beside.len() as f64 }
                })
                .collect();
            heights[column] = apart(&wanted, &steps[column]);
        }
    }
    // The topmost stands at the top.
    let top = columns
        .iter()
        .zip(&heights)
        .flat_map(|(column, heights)| column.iter().zip(heights).map(|(place, height)| height - extent(*place, sizes) / 2.0));
    let top = top.fold(f64::INFINITY, f64::min);
    heights.iter_mut().flatten().for_each(|height| *height -= top);
    heights
}

/// The numbers nearest to those that are wanted of which each is at least a step above the last: isotonic regression.
fn apart(wanted: &[f64], steps: &[f64]) -> Vec<f64> {
    let offsets: Vec<f64> = steps
        .iter()
        .scan(0.0, |sum, step| {
            Some({
                *sum += step;
                *sum
            })
        })
        .collect();
    // Means of pooled neighbours, and their number.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut pool = (wanted - offset, 1);
        while let Some(&(mean, count)) = pools.last().filter(|last| last.0 > pool.0) {
            let all = count + pool.1;
            pool = ((mean * count as f64 + pool.0 * pool.1 as f64) / all as f64, all);
            pools.pop();
        }
        pools.push(pool);
    }
    let levels = pools.into_iter().flat_map(|(mean, count)| std::iter::repeat_n(mean, count));
    levels.zip(&offsets).map(|(level, offset)| level + offset).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZES: Sizes = Sizes { node: (100.0, 40.0), gap: 60.0, apart: 20.0, width: 1000.0, columns: 4 };

    #[test]
    fn a_way_goes_from_left_to_right() {
        // 0 -> 1 -> 2 -> 3, and 4 that leads to 3 stands just before it; 3 leads back to 1.
        let edges = [(0, 1), (1, 2), (2, 3), (4, 3), (3, 1)];
        let layout = columns(5, &edges, SIZES);
        let xs: Vec<f64> = layout.nodes.iter().map(|node| node.0).collect();
        assert_eq!(xs, [0.0, 160.0, 320.0, 480.0, 320.0]);
        assert_eq!((depth(5, &edges), depth(0, &[]), depth(1, &[(0, 0)])), (4, 0, 1));
        assert_eq!(layout.via[4].len(), 1, "the way back goes past the middle");
    }

    #[test]
    fn a_long_way_goes_on_below() {
        let chain: Vec<(usize, usize)> = (0..9).map(|at| (at, at + 1)).collect();
        let layout = columns(10, &chain, SIZES);
        assert_eq!(layout.nodes[4].0, layout.nodes[0].0);
        assert!(layout.nodes[4].1 > layout.nodes[3].1 + 40.0 && layout.nodes[8].1 > layout.nodes[4].1 + 40.0);
        assert_eq!(layout.turns[3].len(), 4);
        // It runs between the two lines.
        let between = layout.turns[3][1].1;
        assert!(between > layout.nodes[3].1 + 40.0 && between < layout.nodes[4].1, "{layout:?}");
        assert!(layout.turns[2].is_empty() && layout.height < 400.0);
    }

    #[test]
    fn crossings_are_undone() {
        // Two ways that would cross in the order of their names.
        let layout = columns(4, &[(0, 3), (1, 2)], SIZES);
        assert_eq!(layout.nodes[0].1, layout.nodes[3].1);
        let layout = columns(5, &[(0, 3), (1, 2), (4, 0), (4, 1)], SIZES);
        let y = |node: usize| layout.nodes[node].1;
        assert_eq!(y(0) < y(1), y(3) < y(2), "{layout:?}");
    }

    #[test]
    fn what_is_pulled_together_stays_apart() {
        assert_eq!(apart(&[5.0, 5.0], &[0.0, 10.0]), [0.0, 10.0]);
        assert_eq!(apart(&[0.0, 50.0], &[0.0, 10.0]), [0.0, 50.0]);
    }

    proptest! {
        #[test]
        fn no_two_nodes_lie_on_each_other(edges in prop::collection::vec((0usize..12, 0usize..12), 0..30)) {
            for layout in [columns(12, &edges, SIZES), rows(12, &edges, SIZES)] {
                for (at, one) in layout.nodes.iter().enumerate() {
                    prop_assert!(one.0 >= 0.0 && one.1 >= -1e-6 && one.1 + 40.0 <= layout.height + 1e-6, "{layout:?}");
                    for other in &layout.nodes[..at] {
                        let clear = (one.0 - other.0).abs() >= 100.0 - 1e-6 || (one.1 - other.1).abs() >= 40.0 - 1e-6;
                        prop_assert!(clear, "{one:?} {other:?}");
                    }
                }
            }
        }
    }
}

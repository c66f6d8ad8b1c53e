//! Where everything in a drawing goes: rows from top to bottom, as few crossings as a few rounds of
//! ordering find, and lines as straight as the room allows.
//!
//! A line over several rows has a place of its own in each row between, which all lines from the
//! same source share.

use std::collections::BTreeMap;

/// Rounds of ordering, and of straightening.
const ROUNDS: usize = 8;

/// Something to be placed.
#[derive(Debug, Clone, Copy)]
pub(in crate::workflow::show) struct Item {
    /// Its width.
    pub(in crate::workflow::show) width: f64,
    /// Where lines end, from its left edge.
    pub(in crate::workflow::show) port: f64,
}

/// How things may be placed.
#[derive(Debug, Clone, Copy)]
pub(in crate::workflow::show) struct Rules {
    /// Room between two in a row.
    pub(in crate::workflow::show) gap: f64,
    /// Width from which a row is split, if it can be.
    pub(in crate::workflow::show) widest: f64,
    /// A line that passes a row.
    pub(in crate::workflow::show) passing: Item,
}

/// A place in a row.
#[derive(Debug, Clone)]
pub(in crate::workflow::show) struct Cell {
    /// Which item, if it is one and not a line passing by.
    pub(in crate::workflow::show) item: Option<usize>,
    /// Its left edge.
    pub(in crate::workflow::show) left: f64,
    /// Its size.
    size: Item,
}

impl Cell {
    /// Where its lines end.
    pub(in crate::workflow::show) fn port(&self) -> f64 {
        self.left + self.size.port
    }
}

/// Rows, and the lines between each and the next.
#[derive(Debug, Default)]
pub(in crate::workflow::show) struct Layout {
    /// Rows from top to bottom.
    pub(in crate::workflow::show) rows: Vec<Vec<Cell>>,
    /// Lines from a place in a row to a place in the next one.
    pub(in crate::workflow::show) links: Vec<Vec<(usize, usize)>>,
    /// Width of it all.
    pub(in crate::workflow::show) width: f64,
}

/// Places items, with lines from the first of each pair to the second.
pub(in crate::workflow::show) fn layout(
    items: &[Item],
    edges: &[(usize, usize)],
    rules: Rules,
) -> Layout {
    let rows = split(longest_paths(items.len(), edges), items, rules);
    let mut layout = build(&rows, items, edges, rules);
    layout.order();
    layout.straighten(rules.gap);
    layout.squeeze(rules);
    layout
}

/// The row of each item: one below the lowest it needs.
fn longest_paths(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut rows = vec![0; count];
    // Each round settles at least one row; what goes in circles is left as it is then.
    for _ in 0..count {
        let mut settled = true;
        for (from, to) in edges {
            if rows[*to] <= rows[*from] && from != to {
                rows[*to] = (rows[*from] + 1).min(count);
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    rows
}

/// Items by row; a row that is too wide becomes several.
fn split(of: Vec<usize>, items: &[Item], rules: Rules) -> Vec<Vec<usize>> {
    let mut by_row: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (item, row) in of.into_iter().enumerate() {
        by_row.entry(row).or_default().push(item);
    }
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (_, all) in by_row {
        let wide = |these: &[usize]| {
            these.iter().map(|item| items[*item].width + rules.gap).sum::<f64>() - rules.gap
        };
        let parts = (wide(&all) / rules.widest).ceil().max(1.0) as usize;
        let each = all.len().div_ceil(parts);
        let mut row: Vec<usize> = Vec::new();
        for item in all {
            row.push(item);
            if row.len() > 1 && (row.len() > each || wide(&row) > rules.widest) {
                row.pop();
                rows.push(std::mem::replace(&mut row, vec![item]));
            }
        }
        rows.push(row);
    }
    rows
}

fn build(rows: &[Vec<usize>], items: &[Item], edges: &[(usize, usize)], rules: Rules) -> Layout {
    let cell = |item: Option<usize>| Cell {
        item,
        left: 0.0,
        size: item.map_or(rules.passing, |item| items[item]),
    };
    let mut layout = Layout {
        rows: rows.iter().map(|row| row.iter().map(|item| cell(Some(*item))).collect()).collect(),
        links: vec![vec![]; rows.len().saturating_sub(1)],
        width: 0.0,
    };
    let mut place = vec![(0, 0); items.len()];
    for (number, row) in rows.iter().enumerate() {
        for (slot, item) in row.iter().enumerate() {
            place[*item] = (number, slot);
        }
    }
    let mut passing: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (from, to) in edges {
        let ((first, slot), (last, target)) = (place[*from], place[*to]);
        let mut slot = slot;
        for row in first..last {
            let next = if row + 1 == last {
                target
            } else {
                *passing.entry((*from, row + 1)).or_insert_with(|| {
                    layout.rows[row + 1].push(cell(None));
                    layout.rows[row + 1].len() - 1
                })
            };
            if !layout.links[row].contains(&(slot, next)) {
                layout.links[row].push((slot, next));
            }
            slot = next;
        }
    }
    layout
}

impl Layout {
    /// Orders each row by where the lines of its places come from, then by where they go.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.rows.clone(), self.links.clone());
        for round in 0..ROUNDS {
            if best.0 == 0 {
                break;
            }
            let down = round % 2 == 0;
            let all: Vec<usize> = (0..self.rows.len()).collect();
            let walk: Box<dyn Iterator<Item = &usize>> = if down {
                Box::new(all.iter().skip(1))
            } else {
                Box::new(all.iter().rev().skip(1))
            };
            for row in walk {
                self.order_row(*row, down);
            }
            let found = self.crossings();
            if found < best.0 {
                best = (found, self.rows.clone(), self.links.clone());
            }
        }
        (self.rows, self.links) = (best.1, best.2);
    }

    fn order_row(&mut self, row: usize, down: bool) {
        let of = |slot: usize| {
            let at = self.neighbours(row, slot, down);
            let sum: usize = at.iter().sum();
            if at.is_empty() { slot as f64 } else { sum as f64 / at.len() as f64 }
        };
        let mut order: Vec<(f64, usize)> = (0..self.rows[row].len()).map(|s| (of(s), s)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut new_slot = vec![0; order.len()];
        for (new, (_, old)) in order.iter().enumerate() {
            new_slot[*old] = new;
        }
        self.rows[row] = order.iter().map(|(_, old)| self.rows[row][*old].clone()).collect();
        if row > 0 {
            self.links[row - 1].iter_mut().for_each(|link| link.1 = new_slot[link.1]);
        }
        if let Some(links) = self.links.get_mut(row) {
            links.iter_mut().for_each(|link| link.0 = new_slot[link.0]);
        }
    }

    /// Slots in the row above (or below) that have a line to a slot.
    fn neighbours(&self, row: usize, slot: usize, above: bool) -> Vec<usize> {
        if above {
            let links = row.checked_sub(1).map(|row| &self.links[row][..]).unwrap_or_default();
            links.iter().filter(|link| link.1 == slot).map(|link| link.0).collect()
        } else {
            let links = self.links.get(row).map(|links| &links[..]).unwrap_or_default();
            links.iter().filter(|link| link.0 == slot).map(|link| link.1).collect()
        }
    }

    /// How often lines cross.
    pub(in crate::workflow::show) fn crossings(&self) -> usize {
        let crossed = |links: &Vec<(usize, usize)>| {
            // A drawing with so many lines is not read line by line.
            if links.len() > 1000 {
                return usize::MAX >> 16;
            }
            let pairs = links.iter().enumerate().flat_map(|(n, a)| {
                links[n + 1..]
                    .iter()
                    .filter(move |b| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1))
            });
            pairs.count()
        };
        self.links.iter().map(crossed).sum()
    }

    /// Moves places towards their neighbours as far as the others in their row let them.
    fn straighten(&mut self, gap: f64) {
        for row in &mut self.rows {
            let nowhere = vec![0.0; row.len()];
            spread(row, &nowhere, gap);
        }
        for round in 0..ROUNDS {
            let down = round % 2 == 0;
            for step in 0..self.rows.len() {
                let row = if down { step } else { self.rows.len() - 1 - step };
                let wanted = self.wanted(row, down);
                spread(&mut self.rows[row], &wanted, gap);
            }
        }
        self.measure();
    }

    /// Rows that were drawn aside by long lines come back as far as they must.
    fn squeeze(&mut self, rules: Rules) {
        let natural = |row: &Vec<Cell>| {
            row.iter().map(|cell| cell.size.width + rules.gap).sum::<f64>() - rules.gap
        };
        let room = self.rows.iter().map(natural).fold(rules.widest, f64::max);
        if self.width <= room {
            return;
        }
        let (from, to) = ((self.width - room) / 2.0, (self.width + room) / 2.0);
        for row in &mut self.rows {
            let mut least = from;
            for cell in row.iter_mut() {
                cell.left = cell.left.max(least);
                least = cell.left + cell.size.width + rules.gap;
            }
            let mut most = to;
            for cell in row.iter_mut().rev() {
                cell.left = cell.left.min(most - cell.size.width);
                most = cell.left - rules.gap;
            }
        }
        self.measure();
    }

    fn measure(&mut self) {
        let cells = || self.rows.iter().flatten();
        let left = cells().map(|cell| cell.left).fold(f64::INFINITY, f64::min);
        let right = cells().map(|cell| cell.left + cell.size.width).fold(0.0, f64::max);
        self.width = if left.is_finite() { right - left } else { 0.0 };
        self.rows.iter_mut().flatten().for_each(|cell| cell.left -= left);
    }

    fn wanted(&self, row: usize, down: bool) -> Vec<f64> {
        let of = |(slot, cell): (usize, &Cell)| {
            let near = self.neighbours(row, slot, down);
            let other = if down { row.wrapping_sub(1) } else { row + 1 };
            let ports = near.iter().map(|slot| self.rows[other][*slot].port());
            let sum: f64 = ports.sum();
            let port = if near.is_empty() { cell.port() } else { sum / near.len() as f64 };
            port - cell.size.port
        };
        self.rows[row].iter().enumerate().map(of).collect()
    }
}

/// Places a row as near as possible to where its cells want to be: neighbours that would overlap
/// become one block, which stands where its cells want to be on average.
fn spread(row: &mut [Cell], wanted: &[f64], gap: f64) {
    // Blocks: first cell, wish for its left edge (summed), cells.
    let mut blocks: Vec<(usize, f64, usize)> = Vec::new();
    let mut offset = vec![0.0; row.len()];
    for slot in 1..row.len() {
        offset[slot] = offset[slot - 1] + row[slot - 1].size.width + gap;
    }
    for slot in 0..row.len() {
        blocks.push((slot, wanted[slot] - offset[slot], 1));
        while let [.., before, last] = &blocks[..] {
            if before.1 / before.2 as f64 <= last.1 / last.2 as f64 {
                break;
            }
            let joined = (before.0, before.1 + last.1, before.2 + last.2);
            blocks.truncate(blocks.len() - 2);
            blocks.push(joined);
        }
    }
    for (first, sum, cells) in blocks {
        for slot in first..first + cells {
            row[slot].left = sum / cells as f64 + offset[slot];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { gap: 2.0, widest: 40.0, passing: Item { width: 1.0, port: 0.0 } };

    fn item() -> Item {
        Item { width: 8.0, port: 4.0 }
    }

    #[test]
    fn each_stands_below_what_it_needs_and_none_overlap() {
        let edges = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (4, 3), (5, 3)];
        let layout = layout(&[item(); 6], &edges, RULES);
        let row = |item: usize| {
            layout.rows.iter().position(|row| row.iter().any(|cell| cell.item == Some(item)))
        };
        for (from, to) in edges {
            assert!(row(from) < row(to), "{from} above {to}");
        }
        for row in &layout.rows {
            for pair in row.windows(2) {
                assert!(pair[0].left + pair[0].size.width + RULES.gap <= pair[1].left + 0.001);
            }
        }
    }

    #[test]
    fn a_chain_is_straight_and_lines_that_cross_are_sorted_out() {
        let chain = layout(&[item(); 3], &[(0, 1), (1, 2)], RULES);
        let ports: Vec<f64> = chain.rows.iter().map(|row| row[0].port()).collect();
        assert_eq!(ports, [4.0, 4.0, 4.0]);
        let crossed = layout(&[item(); 4], &[(0, 3), (1, 2)], RULES);
        assert_eq!(crossed.crossings(), 0);
    }

    #[test]
    fn a_row_that_is_too_wide_becomes_several() {
        let edges: Vec<(usize, usize)> = (1..10).map(|to| (0, to)).collect();
        let layout = layout(&[item(); 10], &edges, RULES);
        assert_eq!(layout.rows.len(), 4);
        assert!(layout.width <= 44.0, "{}", layout.width);
    }

    #[test]
    fn a_circle_does_not_hang_it() {
        layout(&[item(); 3], &[(0, 1), (1, 2), (2, 0), (1, 1)], RULES);
    }
}

//! tmux layout strings, e.g. `b25d,80x24,0,0{40x24,0,0,0,39x24,41,0,1}`.

/// Panes a layout string arranges, or what is wrong with it.
pub(super) fn pane_count(layout: &str) -> Result<usize, String> {
    let Some((sum, rest)) = layout.split_once(',') else {
        return Err("it is no layout of tmux's".to_owned());
    };
    let wanted =
        u16::from_str_radix(sum, 16).map_err(|_| "it is no layout of tmux's".to_owned())?;
    if sum.len() != 4 || checksum(rest) != wanted {
        return Err(format!("its checksum is wrong: it should be {:04x}", checksum(rest)));
    }
    let cells = rest.matches('x').count();
    let groups = rest.matches(['{', '[']).count();
    Ok(cells.saturating_sub(groups))
}

/// The checksum tmux writes before a layout: a 16-bit sum that is rotated right at each byte.
fn checksum(layout: &str) -> u16 {
    layout.bytes().fold(0_u16, |sum, byte| sum.rotate_right(1).wrapping_add(u16::from(byte)))
}

/// Smallest pane in which a person can still work, in columns and rows.
const SMALLEST: (usize, usize) = (20, 5);
/// Size of a window nobody looks at yet.
const SIZE: (usize, usize) = (200, 50);

/// Panes that fit into one window when they are tiled.
pub(super) const fn most_panes() -> usize {
    (SIZE.0 / SMALLEST.0) * (SIZE.1 / (SMALLEST.1 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_as_tmux_writes_them() {
        assert_eq!(pane_count("b25d,80x24,0,0,0"), Ok(1));
        assert_eq!(
            pane_count("e07b,80x24,0,0{40x24,0,0,0,39x24,41,0,1}").is_ok(),
            checksum("80x24,0,0{40x24,0,0,0,39x24,41,0,1}") == 0xe07b
        );
        assert!(pane_count("0000,80x24,0,0,0").unwrap_err().contains("b25d"));
        assert!(pane_count("tiles").is_err());
        assert!(pane_count("").is_err());
    }
}

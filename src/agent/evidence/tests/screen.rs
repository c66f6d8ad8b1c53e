use proptest::prelude::*;

use super::super::Screen;

fn lines(screen: &Screen) -> Vec<String> {
    screen.lines().into_iter().filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_screen_shows_what_a_terminal_shows() {
    let mut screen = Screen::new(20, 4);
    screen.feed(b"one\r\ntwo\x1b[1;1HO\x1b[2K");
    assert_eq!(lines(&screen), ["two"]);
    assert_eq!(screen.cursor(), (1, 0));
    screen.feed(b"\x1b[?1049h\x1b[2J\x1b[Hother");
    assert_eq!(lines(&screen), ["other"]);
    screen.feed(b"\x1b[?1049l");
    assert_eq!(lines(&screen), ["two"]);
}

#[test]
fn a_title_is_taken_from_the_bytes_whole_or_in_pieces() {
    let mut screen = Screen::new(20, 4);
    assert_eq!(screen.title(), None);
    screen.feed(b"\x1b]0;one\x07");
    assert_eq!(screen.title().as_deref(), Some("one"));
    for byte in "\x1b]2;✳ zwei\x1b\\".as_bytes() {
        screen.feed(&[*byte]);
    }
    assert_eq!(screen.title().as_deref(), Some("✳ zwei"));
    assert_eq!(lines(&screen), [""; 0]);
}

#[test]
fn a_program_that_asks_for_framed_pastes_is_seen() {
    let mut screen = Screen::new(20, 4);
    assert!(!screen.bracketed_paste());
    screen.feed(b"\x1b[?2004h");
    assert!(screen.bracketed_paste());
    screen.feed(b"\x1b[?2004l");
    assert!(!screen.bracketed_paste());
}

#[test]
fn a_screen_takes_a_new_size() {
    let mut screen = Screen::new(0, 0);
    assert_eq!(screen.size(), (4, 2));
    screen.resize(30, 5);
    screen.feed(b"twenty and some letters");
    assert_eq!(lines(&screen), ["twenty and some letters"]);
    screen.feed(b"\x1b]0;name\x07\x1b[?2004h\r\n\x1b[2mab\x1b[mcd");
    screen.resize(10, 2);
    assert_eq!(screen.size(), (10, 2));
    assert_eq!(lines(&screen), ["twenty and", "abcd"]);
    assert_eq!(screen.solid(1), "  cd");
    assert_eq!((screen.title().as_deref(), screen.bracketed_paste()), (Some("name"), true));
}

#[test]
fn a_wide_letter_on_the_new_edge_is_cut_off() {
    let mut screen = Screen::new(8, 3);
    screen.feed("abc日本\r\nnext\r\nABC日".as_bytes());
    screen.resize(4, 3);
    assert_eq!(lines(&screen), ["abc", "next", "ABC"]);
    screen.feed(b"\x1b[H1234");
    assert_eq!(lines(&screen), ["1234", "next", "ABC"]);
}

proptest! {
    /// Agents write whatever they like, in pieces of any size, while people drag the window.
    #[test]
    fn no_bytes_and_no_sizes_end_the_screen(
        feeds in prop::collection::vec(
            (
                prop::collection::vec(
                    prop_oneof![
                        "[a-z日\u{1b}\r\n\t ]{0,12}".prop_map(String::into_bytes),
                        "\u{1b}\\[[?]?[0-9;]{0,9}[@-~]".prop_map(String::into_bytes),
                        prop::collection::vec(any::<u8>(), 0..12),
                    ],
                    0..20,
                ),
                0_u16..60,
                0_u16..20,
            ),
            0..12,
        )
    ) {
        let mut screen = Screen::new(20, 6);
        for (bytes, cols, rows) in feeds {
            screen.feed(&bytes.concat());
            let _ = screen.solid(0);
            screen.resize(cols, rows);
            prop_assert_eq!(screen.lines().len(), usize::from(rows.max(2)));
        }
    }
}

//! Plain tables: a header, rows, nothing else.

use comfy_table::{presets, CellAlignment, ContentArrangement, Table};

/// Lines up cells under a header. The first `left` columns are flush left, as words are; the others flush right.
pub fn grid<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>, left: usize) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header).add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        column.set_cell_alignment(if index < left { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_left_numbers_right() {
        let rows = [["a", "1"], ["long name", "12"]].map(|row| row.map(str::to_owned));
        assert_eq!(grid(["name", "n"], rows, 1), "name        n\na           1\nlong name  12");
    }
}

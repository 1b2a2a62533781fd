//! What children say, without what would do more to a terminal than show it.

use serde_json::Value;

/// A line without escape sequences and control characters; what sets words apart becomes spaces.
pub fn line(text: &str) -> String {
    let visible = anstream::adapter::strip_str(text).to_string();
    // Sequences may also begin with a control character beyond ASCII.
    visible.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

/// Lines, as [`line`].
pub fn lines(text: &str) -> String {
    text.lines().map(|each| line(each) + "\n").collect()
}

/// Data whose texts are as [`line`].
pub fn data(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(line(&text)),
        Value::Array(values) => values.into_iter().map(data).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (line(&key), data(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_a_terminal_obeys() {
        let cases = [
            ("    blur", "    blur"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07text", "text"),
            ("a\tb\r", "a b "),
            ("bell\x07, back\x08, delete\x7f", "bell, back, delete"),
            ("\u{9b}2J", "2J"),
            ("größer 3µs", "größer 3µs"),
        ];
        for (text, expected) in cases {
            assert_eq!(line(text), expected, "{text:?}");
        }
        assert_eq!(lines("a\x1b[1m\nb"), "a\nb\n");
    }

    #[test]
    fn data_keeps_its_shape() {
        let value = serde_json::json!({"na\u{1b}[1mme": ["\u{1b}[2Jf", 1.5, null, true]});
        assert_eq!(data(value), serde_json::json!({"name": ["f", 1.5, null, true]}));
    }
}

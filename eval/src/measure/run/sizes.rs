//! Sizes at which results are checked.

/// A size of one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// This many.
    Plain(i32),
    /// The estimate plus this, which may be negative.
    FromEstimate(i32),
}

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("'{text}' is not a size; accepted are N, estimate, estimate+N, estimate-N");
        match text.strip_prefix("estimate") {
            Some("") => Ok(Size::FromEstimate(0)),
            Some(offset) if offset.starts_with(['+', '-']) => {
                offset.parse().map(Size::FromEstimate).map_err(|_| error())
            }
            Some(_) => Err(error()),
            None => text.parse().ok().filter(|&size| size > 0).map(Size::Plain).ok_or_else(error),
        }
    }
}

impl Size {
    /// The extent, where the estimate is `estimate`.
    pub fn extent(self, estimate: i32) -> i32 {
        match self {
            Size::Plain(size) => size,
            Size::FromEstimate(offset) => estimate.saturating_add(offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_parse() {
        assert_eq!("33".parse(), Ok(Size::Plain(33)));
        assert_eq!("estimate".parse(), Ok(Size::FromEstimate(0)));
        assert_eq!("estimate-1".parse(), Ok(Size::FromEstimate(-1)));
        assert_eq!("estimate+12".parse::<Size>().unwrap().extent(30), 42);
        for bad in ["0", "-3", "estimate*2", "large", ""] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}

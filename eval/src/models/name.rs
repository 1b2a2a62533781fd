//! What models are called.

use std::fmt;
use std::str::FromStr;

/// Longest part of a name.
const LONGEST: usize = 64;

/// The whole name of a model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Kernel, for example `mm`.
    pub kernel: String,
    /// Variant of the kernel, for example `eigen`.
    pub variant: String,
    /// What it was measured on: a fingerprint or a label.
    pub hardware: String,
}

/// A name as people write it, `mm`, `mm.eigen` or `mm.eigen.3f9c21`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    kernel: String,
    variant: Option<String>,
    hardware: Option<String>,
}

/// A part of a name: letters, digits, `_` and `-`. Nothing that could lead out of a folder.
///
/// # Errors
/// A message for the user.
pub fn parse_part(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.is_empty() || text.len() > LONGEST || !text.chars().all(allowed) {
        return Err(format!("'{text}' is not 1 to {LONGEST} letters, digits, '_' and '-'"));
    }
    Ok(text.to_owned())
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split('.').map(parse_part);
        let kernel = parts.next().unwrap_or_else(|| parse_part(""))?;
        let (variant, hardware) = (parts.next().transpose()?, parts.next().transpose()?);
        match parts.next() {
            None => Ok(Name { kernel, variant, hardware }),
            Some(_) => Err(format!("'{text}' is not of the form KERNEL[.VARIANT[.HARDWARE]]")),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kernel)?;
        [&self.variant, &self.hardware].into_iter().flatten().try_for_each(|part| write!(f, ".{part}"))
    }
}

impl Name {
    /// The whole name, with these in place of parts left out.
    pub fn complete(&self, variant: &str, hardware: &str) -> Key {
        Key {
            kernel: self.kernel.clone(),
            variant: self.variant.as_deref().unwrap_or(variant).to_owned(),
            hardware: self.hardware.as_deref().unwrap_or(hardware).to_owned(),
        }
    }

    /// Whether it could mean `key`.
    pub fn fits(&self, key: &Key) -> bool {
        self.complete(&key.variant, &key.hardware) == *key
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.kernel, self.variant, self.hardware)
    }
}

impl Key {
    /// The key that a file without its extension is named after, if it is one.
    pub fn of_stem(stem: &str) -> Option<Key> {
        match stem.parse().ok()? {
            Name { kernel, variant: Some(variant), hardware: Some(hardware) } => {
                Some(Key { kernel, variant, hardware })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys() {
        let name: Name = "mm.eigen".parse().unwrap();
        let key = name.complete("csv", "3f9c21");
        assert_eq!((name.to_string(), key.to_string()), ("mm.eigen".to_owned(), "mm.eigen.3f9c21".to_owned()));
        assert_eq!(Key::of_stem("mm.eigen.3f9c21"), Some(key.clone()));
        let fits = |text: &str| text.parse::<Name>().unwrap().fits(&key);
        assert!(fits("mm") && fits("mm.eigen") && fits("mm.eigen.3f9c21"));
        assert!(!fits("m") && !fits("mm.boost") && !fits("mm.eigen.000000"));
        assert!(Key::of_stem("mm.eigen").is_none() && Key::of_stem(".nnc-x").is_none());
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for text in ["", ".", "..", "a/b", "mm.eigen.x.y", "mm..x", "mm.eigen.", "a b", &"a".repeat(65)] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}

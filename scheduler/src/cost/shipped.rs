//! The learned models that come with this library.

use super::LearnedModel;
use crate::ir::Target;
use std::sync::OnceLock;

/// A model's name and file.
struct Shipped {
    vector_bytes: u32,
    /// A feature that targets have which it is for; none for all with such vectors.
    feature: Option<&'static str>,
    name: &'static str,
    text: &'static str,
    model: OnceLock<LearnedModel>,
}

macro_rules! shipped {
    ($bytes:literal, $feature:expr, $name:literal) => {
        Shipped {
            vector_bytes: $bytes,
            feature: $feature,
            name: $name,
            text: include_str!(concat!("../../models/", $name, ".json")),
            model: OnceLock::new(),
        }
    };
}

/// Of x86, the more special first. Other architectures have the analytic cost.
static X86: [Shipped; 3] = [
    shipped!(64, Some("avx512_sapphirerapids"), "x86-64-avx512-sapphirerapids"),
    shipped!(64, None, "x86-64-avx512"),
    shipped!(32, None, "x86-64-avx2"),
];

/// The model for a target's instructions, and its name. `None` where nobody has measured any: the analytic cost serves.
pub fn shipped(target: &Target) -> Option<(&'static str, &'static LearnedModel)> {
    let has = |feature: &str| target.name.split('-').any(|name| name == feature);
    let fits = |s: &&Shipped| s.vector_bytes == target.vector_bytes && s.feature.is_none_or(has);
    X86.iter().find(fits).filter(|_| target.name.starts_with("x86-64-")).map(|s| (s.name, s.get()))
}

/// What calibration for a target starts from, and its name: the model for its instructions or, where there is none, the one for
/// the most similar vectors. Models see ratios to the analytic time, much of which holds for other machines, too.
pub fn nearest(target: &Target) -> (&'static str, &'static LearnedModel) {
    let distance = |s: &&Shipped| s.vector_bytes.abs_diff(target.vector_bytes);
    let similar = || X86.iter().filter(|s| s.feature.is_none()).min_by_key(distance).map(|s| (s.name, s.get()));
    shipped(target).or_else(similar).expect("some model is shipped")
}

impl Shipped {
    fn get(&self) -> &LearnedModel {
        self.model
            .get_or_init(|| LearnedModel::from_json(self.text).expect("shipped models are sound: a test reads all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_sound() {
        for shipped in &X86 {
            LearnedModel::from_json(shipped.text).unwrap();
        }
    }

    #[test]
    fn targets_find_theirs() {
        let target = |name: &str, vector_bytes| Target { name: name.to_owned(), vector_bytes, ..Target::default() };
        assert_eq!(shipped(&target("x86-64-linux-avx512_skylake", 64)).unwrap().0, "x86-64-avx512");
        let rapids = target("x86-64-linux-avx2-avx512_sapphirerapids-avx512_zen4", 64);
        assert_eq!(shipped(&rapids).unwrap().0, "x86-64-avx512-sapphirerapids");
        assert_eq!(shipped(&target("x86-64-linux-avx2", 32)).unwrap().0, "x86-64-avx2");
        assert_eq!(nearest(&target("arm-64-linux", 64)).0, "x86-64-avx512");
        let narrow = target("x86-64-linux-sse41", 16);
        assert!(shipped(&narrow).is_none() && shipped(&target("arm-64-linux", 16)).is_none());
        assert_eq!(nearest(&narrow).0, "x86-64-avx2");
    }
}

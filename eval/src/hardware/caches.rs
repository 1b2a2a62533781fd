//! Sizes of the caches, as the operating system reports them.

use std::fs;
use std::path::Path;

/// Bytes of each level of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caches {
    /// First level, for data.
    pub l1: u64,
    /// The last level that a core has for itself.
    pub private: u64,
    /// The last level.
    pub shared: u64,
}

/// One entry of the system's list.
#[derive(Clone, Copy, Debug)]
struct Entry {
    level: u32,
    bytes: u64,
    cores: usize,
}

impl Caches {
    /// Those of the first core. `None` if the system does not say.
    pub fn here() -> Option<Caches> {
        Caches::listed_in(Path::new("/sys/devices/system/cpu/cpu0/cache"))
    }

    fn listed_in(folder: &Path) -> Option<Caches> {
        let mut data: Vec<Entry> = fs::read_dir(folder).ok()?.filter_map(|entry| read(&entry.ok()?.path())).collect();
        data.sort_by_key(|entry| entry.level);
        let (first, last) = (data.first()?, data.last()?);
        let alone = data.iter().rev().find(|entry| entry.cores < last.cores || entry.level < last.level);
        Some(Caches { l1: first.bytes, private: alone.unwrap_or(first).bytes, shared: last.bytes })
    }
}

/// A data cache. Instruction caches are none.
fn read(folder: &Path) -> Option<Entry> {
    let text = |name: &str| Some(fs::read_to_string(folder.join(name)).ok()?.trim().to_owned());
    if text("type")? == "Instruction" {
        return None;
    }
    let size = text("size")?;
    let unit = match size.chars().last()? {
        'K' => 1 << 10,
        'M' => 1 << 20,
        _ => 1,
    };
    let bytes = size.trim_end_matches(['K', 'M']).parse::<u64>().ok()? * unit;
    Some(Entry { level: text("level")?.parse().ok()?, bytes, cores: cores(&text("shared_cpu_list")?) })
}

/// How many cores a list such as `0-3,8` names.
fn cores(list: &str) -> usize {
    let range = |part: &str| -> Option<usize> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(last.parse::<usize>().ok()?.saturating_sub(first.parse().ok()?) + 1)
    };
    list.split(',').filter_map(range).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_caches_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [
            ("index0", "1", "Data", "32K", "0,4"),
            ("index1", "1", "Instruction", "64K", "0,4"),
            ("index2", "2", "Unified", "1024K", "0,4"),
            ("index3", "3", "Unified", "32M", "0-7"),
        ];
        for (name, level, kind, size, cores) in entries {
            let entry = folder.path().join(name);
            fs::create_dir(&entry).unwrap();
            for (file, text) in [("level", level), ("type", kind), ("size", size), ("shared_cpu_list", cores)] {
                fs::write(entry.join(file), format!("{text}\n")).unwrap();
            }
        }
        let caches = Caches::listed_in(folder.path()).unwrap();
        assert_eq!(caches, Caches { l1: 32 << 10, private: 1 << 20, shared: 32 << 20 });
        assert_eq!(Caches::listed_in(&folder.path().join("none")), None);
    }

    #[test]
    fn lists_of_cores_are_counted() {
        assert_eq!([cores("0"), cores("0-3"), cores("0-3,8,10-11")], [1, 4, 7]);
    }
}

//! Which Halide a `libHalide` is, and which one a build of the autoscheduler was compiled for.
//!
//! Neither says so itself: Halide has no function that returns its version, and its releases share one soname. Its classes
//! change from release to release, so that a build for another one may lack symbols or, worse, find all of them.

pub mod builds;

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;

use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, ReadCache, SymbolKind};
use sha2::{Digest, Sha256};

/// The section of a build that holds its [`BuiltFor`] as text.
pub const SECTION: &str = ".halide_abi";

/// Why a library could not be told apart.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened.
    #[error("cannot open it: {0}")]
    Open(#[from] std::io::Error),
    /// It is no shared library of this kind of machine.
    #[error("it is no shared library: {0}")]
    Elf(#[from] object::Error),
    /// It does not say what it was built for.
    #[error("it does not say for which Halide it was built")]
    Unlabelled,
}

/// What a build is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltFor {
    /// The version of that Halide, for messages.
    pub version: String,
    /// Its [`fingerprint`], which decides.
    pub fingerprint: String,
}

impl fmt::Display for BuiltFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.fingerprint)
    }
}

impl FromStr for BuiltFor {
    type Err = Error;

    fn from_str(text: &str) -> Result<BuiltFor, Error> {
        let (version, fingerprint) = text.trim().split_once(' ').ok_or(Error::Unlabelled)?;
        Ok(BuiltFor { version: version.to_owned(), fingerprint: fingerprint.to_owned() })
    }
}

impl BuiltFor {
    /// What the build in a file says.
    ///
    /// # Errors
    /// If the file is no such build.
    pub fn of_build(build: &Path) -> Result<BuiltFor, Error> {
        let content = ReadCache::new(File::open(build)?);
        let elf: ElfFile64<'_, object::Endianness, _> = ElfFile64::parse(&content)?;
        let section = elf.section_by_name(SECTION).ok_or(Error::Unlabelled)?;
        std::str::from_utf8(section.data()?).map_err(|_| Error::Unlabelled)?.parse()
    }
}

/// Whether a symbol is a function of namespace `Halide` itself: what the header promises, whichever back ends are
/// compiled in. Inline functions, which are weak, depend on the compiler.
fn is_public(mangled: &str) -> bool {
    let name = mangled.strip_prefix("_ZNK6Halide").or_else(|| mangled.strip_prefix("_ZN6Halide"));
    name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()) && !name.starts_with("8Internal"))
}

/// A hash of the name under which plugins are linked with `libhalide`, and of the public functions that it exports.
///
/// All builds of a release have the same; releases differ.
///
/// # Errors
/// If the file cannot be read.
pub fn fingerprint(libhalide: &Path) -> Result<String, Error> {
    let content = ReadCache::new(File::open(libhalide)?);
    let elf: ElfFile64<'_, object::Endianness, _> = ElfFile64::parse(&content)?;
    let mut names: Vec<&str> = elf
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition() && symbol.is_global() && !symbol.is_weak())
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
        .filter_map(|symbol| symbol.name().ok().filter(|name| is_public(name)))
        .collect();
    names.sort_unstable();
    names.dedup();

    let mut hash = Sha256::new();
    hash.update(soname(&elf)?.unwrap_or_default());
    for name in names {
        hash.update([0]);
        hash.update(name);
    }
    Ok(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

fn soname<'data>(
    elf: &ElfFile64<'data, object::Endianness, &'data ReadCache<File>>,
) -> Result<Option<&'data [u8]>, Error> {
    let dynamic = elf.elf_dynamic_table()?;
    let entry = dynamic.iter().find(|entry| entry.tag == object::elf::DT_SONAME);
    Ok(entry.map(|entry| dynamic.string(entry)).transpose()?)
}

/// The version that the headers say that belong to `libhalide`, if they are installed.
pub fn version(libhalide: &Path) -> Option<String> {
    // ROOT/lib64/libHalide.so, or ROOT/lib/TRIPLE/libHalide.so
    let roots = libhalide.ancestors().skip(2).take(2);
    let header =
        roots.map(|root| root.join("include/HalideRuntime.h")).find_map(|path| std::fs::read_to_string(path).ok());
    version_in(&header?)
}

fn version_in(header: &str) -> Option<String> {
    let part = |name: &str| {
        let mut words = header.lines().map(str::split_whitespace);
        words.find_map(|mut words| {
            (words.next() == Some("#define") && words.next() == Some(name)).then(|| words.next())?
        })
    };
    let parts = ["HALIDE_VERSION_MAJOR", "HALIDE_VERSION_MINOR", "HALIDE_VERSION_PATCH"].map(part);
    Some(parts.into_iter().collect::<Option<Vec<_>>>()?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_functions() {
        for name in ["_ZN6Halide5Stage6rfactorERKSt6vector", "_ZNK6Halide7FuncRef13equivalent_toERKS0_"] {
            assert!(is_public(name), "{name}");
        }
        for name in
            ["_ZN6Halide8Internal8Function4lockEv", "_ZNK6Halide8Internal4Call", "halide_malloc", "_ZN4llvm4TypeE"]
        {
            assert!(!is_public(name), "{name}");
        }
    }

    #[test]
    fn version_of_a_header() {
        let header = "#ifndef X\n#define HALIDE_VERSION_MAJOR 21\n#define HALIDE_VERSION_MINOR 0\n#define HALIDE_VERSION_PATCH 3\n";
        assert_eq!(version_in(header).as_deref(), Some("21.0.3"));
        assert_eq!(version_in("#define HALIDE_VERSION_MAJOR 21"), None);
    }

    #[test]
    fn built_for_survives_as_text() {
        let built_for = BuiltFor { version: "21.0.0".to_owned(), fingerprint: "0f".to_owned() };
        assert_eq!(built_for.to_string().parse::<BuiltFor>().unwrap(), built_for);
        assert!("21.0.0".parse::<BuiltFor>().is_err());
    }

    #[test]
    fn other_files_are_errors() {
        let this = std::env::current_exe().unwrap();
        assert!(matches!(BuiltFor::of_build(&this), Err(Error::Unlabelled)));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(matches!(fingerprint(&source), Err(Error::Elf(_))));
        assert!(matches!(fingerprint(Path::new("/no/such/libHalide.so")), Err(Error::Open(_))));
    }
}

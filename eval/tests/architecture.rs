//! What `doc/architecture.md` says of the modules of `nnc`: layers, commands that do not know each other, no cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree};

/// From what knows nothing of the others to what knows all.
const LAYERS: [&str; 12] = [
    "system",
    "results",
    "report",
    "hardware",
    "models",
    "predictors",
    "measure",
    "expected",
    "records",
    "training",
    "commands",
    "cli",
];

type Module = Vec<String>;

/// The modules of a crate, each with those that it names outside of its tests.
fn imports(source: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut files = Vec::new();
    find(source, &mut files);
    let modules: BTreeMap<Module, PathBuf> = files.into_iter().map(|file| (module(source, &file), file)).collect();
    let known: BTreeSet<Module> = modules.keys().cloned().collect();
    let named = |(here, file): (&Module, &PathBuf)| {
        let text = fs::read_to_string(file).unwrap();
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(&text).unwrap());
        let found = paths.0.iter().filter_map(|path| resolve(here, path, &known));
        (here.clone(), found.filter(|module| module != here).collect())
    };
    modules.iter().map(named).collect()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

fn module(source: &Path, file: &Path) -> Module {
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "main") {
        parts.pop();
    }
    parts
}

/// All paths of a file, but for its tests.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    };
    attributes.iter().any(is_test)
}

impl Paths {
    fn tree(&mut self, prefix: &[String], tree: &UseTree) {
        let joined = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&joined(path.ident.to_string()), &path.tree),
            UseTree::Name(name) => self.0.push(joined(name.ident.to_string())),
            UseTree::Rename(rename) => self.0.push(joined(rename.ident.to_string())),
            UseTree::Glob(_) => self.0.push(prefix.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(prefix, tree)),
        }
    }
}

impl<'a> Visit<'a> for Paths {
    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if !is_test(&item.attrs) {
            self.tree(&[], &item.tree);
        }
    }

    // `pub(super)` names nothing.
    fn visit_visibility(&mut self, _: &'a syn::Visibility) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// The module in which what `path` names is, if that is one of the crate's.
fn resolve(here: &Module, path: &[String], known: &BTreeSet<Module>) -> Option<Module> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let absolute = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "super" => [&here[..here.len().checked_sub(ups)?], &path[ups..]].concat(),
        "self" => [here, &path[1..]].concat(),
        // One of its own children.
        child if known.contains(&[&here[..], &[child.to_owned()]].concat()) => [here, path].concat(),
        _ => return None,
    };
    (1..=absolute.len()).rev().map(|length| absolute[..length].to_vec()).find(|module| known.contains(module))
}

/// A circle of modules that name each other, if there is one.
fn cycle(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<String>> {
    // What names nothing that is left is taken away, until only circles are.
    let mut left = imports.clone();
    while let Some(done) = left.iter().find(|(_, named)| named.iter().all(|module| !left.contains_key(module))) {
        let done = done.0.clone();
        left.remove(&done);
    }
    let mut at = left.keys().next()?.clone();
    let mut way = vec![];
    while !way.contains(&at) {
        way.push(at.clone());
        at = left[&at].iter().find(|module| left.contains_key(*module))?.clone();
    }
    Some(way.iter().skip_while(|module| **module != at).map(|module| module.join("::")).collect())
}

fn nnc() -> BTreeMap<Module, BTreeSet<Module>> {
    imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn layers_know_lower_ones_only() {
    // The crate's root declares and dispatches.
    for (module, named) in nnc().iter().filter(|(module, _)| !module.is_empty()) {
        let layer = |module: &Module| LAYERS.iter().position(|layer| *layer == module[0]).expect("a layer");
        for other in named.iter().filter(|other| !other.is_empty()) {
            assert!(layer(other) <= layer(module), "{} names {}", module.join("::"), other.join("::"));
        }
    }
}

#[test]
fn no_command_knows_another() {
    let command = |module: &Module| (module.first()? == "commands").then(|| module.get(1).cloned())?;
    for (module, named) in nnc() {
        let Some(own) = command(&module) else { continue };
        for other in named.iter().filter_map(command) {
            assert_eq!(own, other, "{} names commands::{other}", module.join("::"));
        }
    }
}

#[test]
fn no_modules_name_each_other_in_a_circle() {
    assert_eq!(cycle(&nnc()), None);
}

#[test]
fn circles_are_found() {
    let module = |name: &str| vec![name.to_owned()];
    let named = |names: &[&str]| names.iter().map(|name| module(name)).collect::<BTreeSet<_>>();
    let mut imports = BTreeMap::from([(module("a"), named(&["b"])), (module("b"), named(&["c"]))]);
    imports.insert(module("c"), named(&[]));
    assert_eq!(cycle(&imports), None);
    imports.insert(module("c"), named(&["b"]));
    assert_eq!(cycle(&imports), Some(vec!["b".to_owned(), "c".to_owned()]));
}

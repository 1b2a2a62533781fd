//! A folder of model files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use host::models_folder;
use predictor::Ensemble;

use super::name::{Key, Name};

/// Extension of model files.
const EXTENSION: &str = "json";

/// A folder of model files, which need not exist until a model is saved.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store that the environment names. Reads it now, and nobody later.
    ///
    /// # Errors
    /// When neither a folder nor a home is known.
    pub fn from_environment() -> Result<Store> {
        Ok(Store::at(models_folder(|name| std::env::var_os(name))?))
    }

    /// The store in this folder.
    pub fn at(folder: impl Into<PathBuf>) -> Store {
        Store { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that the model is, or would be.
    pub fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{key}.{EXTENSION}"))
    }

    /// All models, sorted by name. Files of other names are none.
    ///
    /// # Errors
    /// A folder that exists but cannot be read.
    pub fn keys(&self) -> Result<Vec<Key>> {
        let read = || -> io::Result<Vec<Key>> {
            let files = match fs::read_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                files => files?,
            };
            let mut keys = Vec::new();
            for file in files {
                let path = file?.path();
                let model = path.extension().is_some_and(|extension| extension == EXTENSION);
                keys.extend(path.file_stem().filter(|_| model).and_then(|stem| Key::of_stem(stem.to_str()?)));
            }
            keys.sort();
            Ok(keys)
        };
        read().with_context(|| format!("cannot read {}", self.folder.display()))
    }

    /// The model that `name` means: the only one that fits or, of several, the only one for `hardware`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn find(&self, name: &Name, hardware: &str) -> Result<Key> {
        let keys = self.keys()?;
        let fitting: Vec<&Key> = keys.iter().filter(|key| name.fits(key)).collect();
        let ours: Vec<&Key> = fitting.iter().copied().filter(|key| key.hardware == hardware).collect();
        let list = |keys: Vec<&Key>| keys.into_iter().map(Key::to_string).collect::<Vec<_>>().join(", ");
        match (&fitting[..], &ours[..]) {
            ([key], _) | (_, [key]) => Ok((*key).clone()),
            ([], _) if keys.is_empty() => bail!("no model {name}: there are none in {}", self.folder.display()),
            ([], _) => bail!("no model {name} in {}; there are {}", self.folder.display(), list(keys.iter().collect())),
            _ => bail!("{name} could be any of {}", list(fitting)),
        }
    }

    /// Reads a model.
    ///
    /// # Errors
    /// A file that cannot be read or is no model file.
    pub fn load(&self, key: &Key) -> Result<Ensemble> {
        // The library's messages hold their causes already; a chain would say them twice.
        Ensemble::load(self.path(key)).map_err(|error| anyhow!("{error}"))
    }

    /// Keeps `model`, labelled with its name, in place of any of that name. Returns its file.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn save(&self, key: &Key, mut model: Ensemble) -> Result<PathBuf> {
        fs::create_dir_all(&self.folder).with_context(|| format!("cannot create {}", self.folder.display()))?;
        let provenance = model.provenance_mut();
        let Key { kernel, variant, hardware } = key.clone();
        (provenance.kernel, provenance.variant, provenance.hardware) = (kernel, variant, hardware);
        let path = self.path(key);
        model.save(&path)?;
        Ok(path)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use ndarray::{Array1, Array2};
    use predictor::{train, Dataset, Schema, TrainConfig};

    /// A model of t = n^2 nanoseconds.
    pub fn tiny_model() -> Ensemble {
        let inputs = Array2::from_shape_fn((12, 2), |(row, column)| (row as f64 + 1.0).powi(column as i32 + 1));
        let seconds: Array1<f64> = inputs.column(1).mapv(|square| 1e-9 * square);
        let data = Dataset::new(Schema::from_names(&["n"], &[], &["n^2"]).unwrap(), inputs, seconds).unwrap();
        let config = TrainConfig { epochs: 5, restarts: 1, companions: 1, ..TrainConfig::default() };
        train(&data, &config).unwrap()
    }

    pub fn key(text: &str) -> Key {
        Key::of_stem(text).unwrap()
    }

    #[test]
    fn models_come_back_under_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("a/b"));
        assert!(store.keys().unwrap().is_empty(), "a folder that is not there yet is empty");
        let key = key("mm.eigen.3f9c21");
        let path = store.save(&key, tiny_model()).unwrap();
        assert_eq!(path, store.folder().join("mm.eigen.3f9c21.json"));
        let back = store.load(&key).unwrap();
        assert_eq!((&*back.provenance().variant, &*back.provenance().hardware), ("eigen", "3f9c21"));
        assert_eq!(back.lead(), tiny_model().lead());
        fs::write(store.folder().join("notes.txt"), "").unwrap();
        fs::write(store.folder().join("mm.json"), "").unwrap();
        assert_eq!(store.keys().unwrap(), [key]);
    }

    #[test]
    fn names_find_one_model_or_say_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let find = |text: &str| store.find(&text.parse().unwrap(), "aaa").map(|key| key.to_string());
        let message = |text: &str| find(text).unwrap_err().to_string();
        assert!(message("mm").contains("there are none"));
        for name in ["mm.eigen.aaa", "mm.eigen.bbb", "mm.boost.bbb", "mv.eigen.bbb", "mv.eigen.ccc"] {
            fs::write(store.path(&key(name)), "").unwrap();
        }
        assert_eq!(find("mm.eigen").unwrap(), "mm.eigen.aaa");
        assert_eq!(find("mm").unwrap(), "mm.eigen.aaa");
        assert_eq!(find("mm.eigen.bbb").unwrap(), "mm.eigen.bbb");
        assert_eq!(find("mm.boost").unwrap(), "mm.boost.bbb");
        assert_eq!(message("mv"), "mv could be any of mv.eigen.bbb, mv.eigen.ccc");
        assert!(message("mp").contains("there are mm.boost.bbb, "));
    }

    #[test]
    fn broken_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let key = key("mm.eigen.aaa");
        fs::write(store.path(&key), &tiny_model().to_json()[..200]).unwrap();
        assert!(store.load(&key).unwrap_err().to_string().contains("mm.eigen.aaa.json"));
        assert!(Store::at(store.path(&key)).keys().is_err(), "a file is no folder");
        assert!(Store::at(store.path(&key)).save(&key, tiny_model()).is_err());
    }
}

//! The schedulers that are compared, and the generator arguments that choose each.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use nnc_worker_protocol::Autoscheduler;

use crate::measure::build::cache::{hash_file, Key};
use crate::measure::build::generator::{stderr_of, Executable};
use crate::measure::build::hl_autoscheduler::{self, Choice, Source, OURS};
use crate::system::ending::Usage;
use crate::system::units::parse_key_value;

/// Name under which the generator's own schedule is reported.
pub const NONE: &str = "none";
/// Name under which the expert schedule behind the generator parameter `manual` is reported.
pub const MANUAL: &str = "manual";
/// Name of the build that outputs are compared with.
pub const UNSCHEDULED: &str = "unscheduled";

/// What schedules a pipeline, as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// The generator's own schedule.
    None,
    /// The generator's expert schedule.
    Manual,
    /// Every Func computed at the root in plain loops, which is what outputs are compared with. Made by our plugin.
    Unscheduled,
    /// An autoscheduler.
    Plugin {
        /// Which.
        source: Source,
        /// Its parameters, but for the parallelism.
        params: Vec<(String, String)>,
        /// What was named with it, as in `:strategy=greedy`; tells it from the same scheduler with other parameters.
        variant: String,
    },
}

impl From<Choice> for Scheduler {
    fn from(choice: Choice) -> Scheduler {
        let Choice { source, params } = choice;
        source.map_or(Scheduler::None, |source| Scheduler::Plugin { source, params, variant: String::new() })
    }
}

impl std::str::FromStr for Scheduler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            NONE => Ok(Scheduler::None),
            MANUAL => Ok(Scheduler::Manual),
            UNSCHEDULED => Ok(Scheduler::Unscheduled),
            _ => {
                let (name, variant) = text.split_at(text.find(':').unwrap_or(text.len()));
                let params = variant.split(':').skip(1).map(parse_key_value);
                let params = params.collect::<Result<Vec<_>, _>>()?;
                let source = hl_autoscheduler::parse_source(name)
                    .map_err(|error| error.replace("none,", "none, manual, unscheduled,"))?;
                Ok(Scheduler::Plugin { source, params, variant: variant.to_owned() })
            }
        }
    }
}

impl Scheduler {
    /// An autoscheduler without parameters.
    pub fn plugin(source: Source) -> Scheduler {
        Scheduler::Plugin { source, params: vec![], variant: String::new() }
    }

    /// Whether it may add and multiply floats in another order than the pipeline says.
    pub fn reassociates(&self) -> bool {
        self.param("reassociate") == Some("true")
    }

    /// The value of one of its parameters, if it is given.
    pub fn param(&self, key: &str) -> Option<&str> {
        let Scheduler::Plugin { params, .. } = self else { return None };
        params.iter().rev().find(|(given, _)| given == key).map(|(_, value)| value.as_str())
    }

    /// The same with another value of one of its parameters.
    pub fn with(mut self, key: &str, value: &str) -> Scheduler {
        if let Scheduler::Plugin { params, .. } = &mut self {
            params.retain(|(given, _)| given != key);
            params.push((key.to_owned(), value.to_owned()));
        }
        self
    }

    /// How reports call it.
    pub fn label(&self) -> String {
        match self {
            Scheduler::None => NONE.to_owned(),
            Scheduler::Manual => MANUAL.to_owned(),
            Scheduler::Unscheduled => UNSCHEDULED.to_owned(),
            Scheduler::Plugin { source: Source::Known(name), variant, .. } => format!("{name}{variant}"),
            Scheduler::Plugin { source: Source::File(path), variant, .. } => plugin_stem(path) + variant,
        }
    }
}

/// The scheduler named on the command line, else the variable's, else ours.
pub fn scheduler_or_default(named: Option<&Scheduler>) -> Result<Scheduler, Usage> {
    let ours = Scheduler::plugin(Source::Known(OURS));
    match named {
        Some(named) => Ok(named.clone()),
        None => Ok(hl_autoscheduler::from_environment().map_err(Usage)?.map_or(ours, Scheduler::from)),
    }
}

/// `foo2024` of `libautoschedule_foo2024.so`; in its usual spelling where the plugin is a known one.
fn plugin_stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_prefix("libautoschedule_").unwrap_or(&stem);
    match hl_autoscheduler::KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(stem)) {
        Some(known) => known.to_owned(),
        None => stem.to_owned(),
    }
}

/// The schedulers of an evaluation when none are named: Halide's, and the one `HL_AUTOSCHEDULER` names, else ours. If it
/// names one of Halide's, that one runs with the parameters given. The last is the one the comparison is about.
pub fn default_comparison(choice: Option<Choice>) -> Vec<Scheduler> {
    let known = |name: &'static str| Scheduler::plugin(Source::Known(name));
    let mut schedulers =
        vec![Scheduler::None, Scheduler::Manual, known("Mullapudi2016"), known("Adams2019"), known("Li2018")];
    let chosen = choice.map_or(known(OURS), Scheduler::from);
    schedulers.retain(|scheduler| scheduler.label() != chosen.label());
    schedulers.push(chosen);
    schedulers
}

/// Where plugin files are looked for.
#[derive(Clone, Debug)]
pub struct PluginFiles {
    /// Our own plugin.
    pub ours: PathBuf,
    /// Folders of a Halide installation, tried after the one of the generator's own libHalide.
    pub halide_folders: Vec<PathBuf>,
}

/// A plugin that exists, under the name it registers.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The file, absolute.
    pub path: PathBuf,
    /// What `autoscheduler=` must say.
    pub name: String,
}

impl Plugin {
    /// Hash of all that may schedule: ours is a small library that opens the build for the generator's Halide.
    fn hash(&self) -> Result<String> {
        if self.name != OURS {
            return hash_file(&self.path);
        }
        let mut key = Key::new("plugin");
        key.add(&hash_file(&self.path)?);
        for build in halide_abi::builds::beside(&self.path) {
            key.add(&hash_file(&build.path)?);
        }
        Ok(key.hex())
    }
}

impl PluginFiles {
    /// The file of a known plugin, or `path` itself; for use by `executable`, since a plugin works with the libHalide
    /// it was built with only.
    pub fn find(&self, source: &Source, executable: &Executable) -> Result<Plugin> {
        match source {
            Source::Known(OURS) => {
                let path = std::fs::canonicalize(&self.ours).with_context(|| {
                    format!(
                        "no plugin at {}: build it (cargo build --release) or name it with --plugin",
                        self.ours.display()
                    )
                })?;
                Ok(Plugin { path, name: OURS.to_owned() })
            }
            Source::Known(name) => self.find_in_halide(name, executable),
            Source::File(path) => {
                let path = std::fs::canonicalize(path)?;
                let name = registered_name(&path, executable)?;
                Ok(Plugin { path, name })
            }
        }
    }

    fn find_in_halide(&self, name: &str, executable: &Executable) -> Result<Plugin> {
        let file = format!("libautoschedule_{}.so", name.to_ascii_lowercase());
        let beside = executable.libhalide.as_deref().and_then(Path::parent);
        let mut folders = beside.into_iter().chain(self.halide_folders.iter().map(PathBuf::as_path));
        let Some(path) = folders.clone().map(|folder| folder.join(&file)).find(|path| path.is_file()) else {
            let searched: Vec<_> = folders.by_ref().map(|folder| folder.display().to_string()).collect();
            bail!(
                "{file} is in none of the folders {}; point HALIDE_ROOT at a Halide installation",
                searched.join(", ")
            );
        };
        Ok(Plugin { path, name: name.to_owned() })
    }
}

/// The name a plugin registers, as Halide reports it when the plugin is loaded.
fn registered_name(plugin: &Path, executable: &Executable) -> Result<String> {
    let path = plugin.to_string_lossy();
    let lines = stderr_of(&executable.path, &["-p", &path, "-g", "nnc_names_please"], 1)?;
    let name = lines.iter().find_map(|line| line.strip_prefix("Registering autoscheduler '")?.split('\'').next());
    let name = name.map(str::to_owned);
    name.with_context(|| format!("{path} registers no autoscheduler; Halide said: {}", lines.join(" ")))
}

/// The part of a generator's command line that chooses a schedule.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// What to pass.
    pub args: Vec<String>,
    /// Hash of the plugin's files, empty if there is none.
    pub plugin_hash: String,
    /// Whether the plugin writes a report if it gets `autoscheduler.report=FILE`.
    pub reports: bool,
    /// The autoscheduler that they choose, if they do.
    pub autoscheduler: Option<Autoscheduler>,
}

impl Arguments {
    fn choose(autoscheduler: Autoscheduler, plugin_hash: String) -> Arguments {
        let Autoscheduler { plugin, name, params } = &autoscheduler;
        let mut args = vec!["-p".to_owned(), plugin.to_string_lossy().into_owned(), format!("autoscheduler={name}")];
        args.extend(params.iter().map(|(key, value)| format!("autoscheduler.{key}={value}")));
        Arguments { args, plugin_hash, reports: name == OURS, autoscheduler: Some(autoscheduler) }
    }
}

impl Scheduler {
    /// The arguments that make `executable` use this scheduler, for `threads` threads unless the parameters say else.
    pub fn arguments(&self, files: &PluginFiles, executable: &Executable, threads: usize) -> Result<Arguments> {
        let root = [("strategy".to_owned(), "root".to_owned())];
        let (source, params) = match self {
            Scheduler::None => return Ok(Arguments::default()),
            Scheduler::Manual => return Ok(Arguments { args: vec!["manual=true".to_owned()], ..Arguments::default() }),
            Scheduler::Unscheduled => (&Source::Known(OURS), &root[..]),
            Scheduler::Plugin { source, params, .. } => (source, &params[..]),
        };
        ensure!(
            executable.libhalide.is_some(),
            "{} has libHalide linked in, so that it can load no plugin; link it with the shared libHalide",
            executable.path.display()
        );
        let plugin = files.find(source, executable)?;
        let parallelism = ("parallelism".to_owned(), threads.to_string());
        let assumed = (!params.iter().any(|(key, _)| key == "parallelism")).then_some(parallelism);
        let hash = plugin.hash()?;
        let params = assumed.into_iter().chain(params.iter().cloned()).collect();
        Ok(Arguments::choose(Autoscheduler { plugin: plugin.path, name: plugin.name, params }, hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(choice: Option<&str>) -> Vec<String> {
        let choice = choice.map(|text| hl_autoscheduler::parse(text).unwrap());
        default_comparison(choice).iter().map(Scheduler::label).collect()
    }

    #[test]
    fn ours_is_the_default() {
        assert_eq!(labels(None), ["none", "manual", "Mullapudi2016", "Adams2019", "Li2018", "Srivastava2020"]);
    }

    #[test]
    fn environment_replaces_ours_or_parametrises_a_baseline() {
        assert_eq!(labels(Some("Anderson2021")).last().unwrap(), "Anderson2021");
        assert_eq!(labels(Some("none")), ["manual", "Mullapudi2016", "Adams2019", "Li2018", "none"]);
        let schedulers = default_comparison(Some(hl_autoscheduler::parse("Adams2019,beam_size=1").unwrap()));
        assert_eq!(schedulers.len(), 5);
        let beam = vec![("beam_size".to_owned(), "1".to_owned())];
        assert!(matches!(&schedulers[4], Scheduler::Plugin { params, .. } if *params == beam));
    }

    #[test]
    fn the_build_that_our_plugin_opens_counts() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
        let path = folder.path().join("libautoschedule_srivastava2020.so");
        let hash = |name: &str| Plugin { path: path.clone(), name: name.to_owned() }.hash().unwrap();
        write("libautoschedule_srivastava2020.so", "loader");
        write("libsrivastava2020_halide.so", "first");
        let (ours, another) = (hash(OURS), hash("Adams2019"));
        write("libsrivastava2020_halide.d", "no build");
        assert_eq!(hash(OURS), ours);
        write("libsrivastava2020_halide.so", "second");
        assert_ne!(hash(OURS), ours);
        assert_eq!(hash("Adams2019"), another);
    }

    #[test]
    fn names_parse() {
        assert_eq!("none".parse(), Ok(Scheduler::None));
        assert_eq!("li2018".parse::<Scheduler>().unwrap().label(), "Li2018");
        assert!("lee2018".parse::<Scheduler>().unwrap_err().contains("manual"));
        let variant: Scheduler = "Srivastava2020:strategy=greedy:seed=2".parse().unwrap();
        assert_eq!(variant.label(), "Srivastava2020:strategy=greedy:seed=2");
        assert!(matches!(&variant, Scheduler::Plugin { params, .. } if params.len() == 2));
        assert!("Srivastava2020:greedy".parse::<Scheduler>().is_err());
        assert!("Srivastava2020:reassociate=true".parse::<Scheduler>().unwrap().reassociates());
        assert!(!variant.reassociates());
        assert_eq!((variant.param("seed"), variant.param("model")), (Some("2"), None));
        let rooted = variant.with("strategy", "root");
        assert_eq!((rooted.param("strategy"), rooted.param("seed")), (Some("root"), Some("2")));
        assert_eq!(plugin_stem(Path::new("/x/libautoschedule_adams2019.so")), "Adams2019");
    }
}

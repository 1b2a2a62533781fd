//! All figures of a study, as data.

use std::path::Path;

use anyhow::Result;
use serde_json::{json, Value};

use super::judge::Judged;
use super::kernels::{Kernel, Space};
use super::selection::{self, ScheduleChoice, VariantChoice};
use crate::predictors::compare::Combination;

/// What was found out, about every computer that was measured.
#[derive(Debug, Default)]
pub struct Figures {
    /// Every variant.
    pub judged: Vec<Judged>,
    /// Choosing the variant for an input.
    pub variants: Vec<VariantChoice>,
    /// Choosing the schedule for a size.
    pub schedules: Vec<ScheduleChoice>,
    /// What was not measured, and why.
    pub skipped: Vec<String>,
}

/// One method's averages over many variants.
#[derive(Debug)]
pub struct Average {
    /// The method.
    pub model: String,
    /// Mean of the errors over all instances, a fraction.
    pub mape_all: f64,
    /// Mean of the errors over the slowest 70 %.
    pub mape_slowest70: f64,
    /// Mean rank correlation, of the variants that have one.
    pub spearman_rho: f64,
    /// Variants on which NN+C has the smaller error over the slowest 70 %, and variants.
    pub beaten: (usize, usize),
}

impl Figures {
    /// Adds the variants of one computer, whose measurements are in `folder`.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub fn add(&mut self, kernels: &[&'static Kernel], judged: Vec<Judged>, folder: &Path) -> Result<()> {
        for kernel in kernels {
            let own: Vec<&Judged> = judged.iter().filter(|judged| judged.kernel.name == kernel.name).collect();
            match kernel.space {
                Space::Inputs(_) => self.variants.extend(selection::variants(kernel, &own)),
                Space::Schedules { .. } => {
                    for judged in own {
                        self.schedules.extend(selection::schedules(judged, folder)?);
                    }
                }
            }
        }
        self.judged.extend(judged);
        Ok(())
    }

    /// Averages over all variants, a method each.
    pub fn averages(&self) -> Vec<Average> {
        let Some(first) = self.judged.first() else { return vec![] };
        (0..first.combinations.len()).map(|method| self.average(method)).collect()
    }

    fn average(&self, method: usize) -> Average {
        let of = |judged: &'_ Judged| judged.combinations[method].clone();
        let all: Vec<Combination> = self.judged.iter().map(of).collect();
        let mean = |figure: fn(&Combination) -> Option<f64>| {
            let known: Vec<f64> = all.iter().filter_map(figure).collect();
            known.iter().sum::<f64>() / known.len() as f64
        };
        let error = |combination: &Combination| combination.mape_slowest70.unwrap_or(f64::INFINITY);
        let beaten = self.judged.iter().filter(|judged| error(&judged.combinations[0]) < error(&of(judged))).count();
        Average {
            model: all[0].model.clone(),
            mape_all: mean(|combination| combination.mape_all),
            mape_slowest70: mean(|combination| combination.mape_slowest70),
            spearman_rho: mean(|combination| combination.spearman_rho),
            beaten: (beaten, all.len()),
        }
    }

    /// The figures for programs.
    pub fn to_json(&self) -> Value {
        let noise = self.judged.iter().map(|judged| {
            json!({ "kernel": judged.kernel.name, "variant": judged.variant.name,
                    "hardware": judged.hardware(), "mape": judged.noise })
        });
        json!({
            "combinations": self.judged.iter().flat_map(|judged| &judged.combinations).collect::<Vec<_>>(),
            "selection": self.variants,
            "schedules": self.schedules,
            "noise": noise.collect::<Vec<_>>(),
            "skipped": self.skipped,
        })
    }
}

//! Predictors of run times on tables of parameters and times: what `nnc predict` and `nnc study` judge.

pub mod columns;
pub mod compare;
pub mod data;
pub mod expression;

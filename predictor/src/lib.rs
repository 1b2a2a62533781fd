//! The predictors.
#![forbid(unsafe_code)]

//! Cost models trained on collected records: what `nnc accuracy` judges and `nnc calibrate` refines.

pub mod cross_validation;
pub mod data;
pub mod figures;
pub mod fit;
pub mod method;
pub mod model_file;

//! Plans: ordered lists of wanted changes that users write.

mod operation;

pub use operation::PlanOperation;

//! The question, as the lake understands it.

pub use bursar_lake::question::{
    Compare, Conversion, Dimension, Filter, Grain, Measure, Operator, Question, UnknownWord,
};

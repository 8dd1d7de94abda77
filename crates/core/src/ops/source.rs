//! Where values come from: inputs of a call, variables, constants, the batch size, the step.

use super::{Frame, Rule};
use crate::error::Result;
use crate::ir::{DType, Shape, Type};
use crate::text::Number;
use gradus_kernels::update::bias_correction;

/// A tensor that the caller writes before each run.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Which of the graph's inputs it is, in the order of the wire format.
    pub number: u32,
    /// Its name, unique in the graph; builds that only predict do not read it.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

impl Rule for Input {
    fn name(&self) -> String {
        format!("input[{}]", self.name)
    }
    fn infer(&self, _inputs: &[&Type]) -> Result<Vec<Type>> {
        Ok(vec![self.ty.clone()])
    }
    fn run(&self, _frame: &mut Frame) {}
}

/// A variable of the store, read in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its number in the store.
    pub id: u32,
    /// Its shape there.
    pub shape: Shape,
}

impl Rule for Variable {
    fn name(&self) -> String {
        format!("variable[{}]", self.id)
    }
    fn infer(&self, _inputs: &[&Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::f32(self.shape.clone())])
    }
    fn run(&self, _frame: &mut Frame) {}
}

/// A number.
#[derive(Clone, Debug, PartialEq)]
pub struct Const(pub f32);

impl Rule for Const {
    fn name(&self) -> String {
        format!("const[{}]", Number(self.0))
    }
    fn infer(&self, _inputs: &[&Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::f32(Shape::scalar())])
    }
    fn run(&self, frame: &mut Frame) {
        let ([], [out]) = frame.views([]);
        out[0] = self.0;
    }
}

/// The batch size of the call, as a number to reckon with.
#[derive(Clone, Debug, PartialEq)]
pub struct Extent;

impl Rule for Extent {
    fn name(&self) -> String {
        "extent[batch]".into()
    }
    fn infer(&self, _inputs: &[&Type]) -> Result<Vec<Type>> {
        Ok(vec![Type {
            shape: Shape::scalar(),
            dtype: DType::F32,
        }])
    }
    fn run(&self, frame: &mut Frame) {
        let batch = frame.clock.batch as f32;
        let ([], [out]) = frame.views([]);
        out[0] = batch;
    }
}

/// `1 - beta^step`: what a running mean of factor `beta` that began at 0 is divided by.
#[derive(Clone, Debug, PartialEq)]
pub struct BiasCorrection {
    /// The share of the mean that stays at each step.
    pub beta: f32,
}

impl Rule for BiasCorrection {
    fn name(&self) -> String {
        format!("biasCorrection[{}]", Number(self.beta))
    }
    fn infer(&self, _inputs: &[&Type]) -> Result<Vec<Type>> {
        Ok(vec![Type::f32(Shape::scalar())])
    }
    fn run(&self, frame: &mut Frame) {
        let correction = bias_correction(self.beta, frame.clock.step);
        let ([], [out]) = frame.views([]);
        out[0] = correction as f32;
    }
}

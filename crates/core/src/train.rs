//! From a loss to a training step: gradients, accumulation, clipping, updates. Graph in, graph out.

use crate::autodiff::differentiate;
use crate::composed::{Build, Composed};
use crate::error::{error, Result};
use crate::ir::{Graph, Shape, Value};
use crate::ops::{ClipScale, Norms, Op, Update, Variable};
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::update::UpdateKind;

/// How a graph is trained.
#[derive(Clone, Debug)]
pub struct Train {
    /// A single number to make small.
    pub loss: Value,
    /// A scalar: the learning rate of this call.
    pub learning_rate: Value,
    /// A scalar in place of the rule's first hyperparameter (momentum, beta1).
    pub momentum: Option<Value>,
    /// The update rule.
    pub method: Method,
    /// Its hyperparameters.
    pub hyper: Vec<f32>,
    /// How gradients are clipped.
    pub clip: Clip,
    /// Whether gradients of several calls make one update.
    pub accumulation: Accumulation,
    /// A variable `[trainables]` that gets the norm of each gradient before clipping.
    pub norms: Option<u32>,
    /// What is trained.
    pub trainables: Vec<Trainable>,
}

/// What makes the update of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// A row of the update table: one pass over the weights.
    Row(UpdateKind),
    /// A rule that needs norms or products of whole matrices.
    Composed(Composed),
}

impl Method {
    /// The method of that name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        let row = UpdateKind::by_name(name).map(Method::Row);
        row.or_else(|| Composed::by_name(name).map(Method::Composed))
    }
}

/// What a call does with its gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accumulation {
    /// It updates with them.
    None,
    /// It adds them to what earlier calls left.
    Gather,
    /// It updates with the mean of them and those of so many calls less one before, and clears.
    Finish(u32),
}

/// How gradients are clipped before the update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Not at all.
    None,
    /// Every element to [-v, v].
    Value(f32),
    /// Each variable's gradient to this norm.
    Norm(f32),
    /// All gradients together to this norm.
    GlobalNorm(f32),
}

/// A variable to train and what its update keeps.
#[derive(Clone, Debug)]
pub struct Trainable {
    /// The variable.
    pub variable: u32,
    /// Multiplies the learning rate.
    pub rate_multiplier: f32,
    /// Decoupled weight decay.
    pub weight_decay: f32,
    /// The update rule's variables, in the rule's order.
    pub slots: Vec<u32>,
    /// Where gradients gather; needed unless each call updates.
    pub accumulator: Option<u32>,
}

/// Adds the backward pass and the updates to a graph with a loss.
///
/// A trainable variable that the loss does not depend on is left alone, as in Keras; returns the
/// numbers of these.
pub fn add_updates(
    g: &mut Graph,
    train: &Train,
    shape_of: &dyn Fn(u32) -> Option<Shape>,
) -> Result<Vec<u32>> {
    let origin = g.origins.len() as u32;
    g.origins.push("optimizer".into());
    let mut known: Vec<(u32, Value)> = Vec::new();
    for (id, node) in g.nodes.iter().enumerate() {
        if let Op::Variable(v) = &node.op {
            known.push((v.id, Value::of(id as u32)));
        }
    }
    let mut variable = |g: &mut Graph, id: u32| -> Result<Value> {
        if let Some(&(_, value)) = known.iter().find(|(known, _)| *known == id) {
            return Ok(value);
        }
        let shape = shape_of(id)
            .ok_or_else(|| error!("optimizer", "a variable of the store", id.to_string()))?;
        let value = Value::of(g.add(Op::Variable(Variable { id, shape }), vec![], origin)?);
        known.push((id, value));
        Ok(value)
    };
    let weights = train
        .trainables
        .iter()
        .map(|t| variable(g, t.variable))
        .collect::<Result<Vec<_>>>()?;
    let mut grads = differentiate(g, train.loss, &weights)?;
    let pairs = train.trainables.iter().zip(&grads);
    let untouched = pairs.filter(|(_, grad)| grad.is_none());
    let untouched = untouched.map(|(t, _)| t.variable).collect();
    if let Some(norms) = train.norms {
        let into = variable(g, norms)?;
        observe(g, into, &grads, origin)?;
    }
    if train.accumulation != Accumulation::None {
        for (trainable, grad) in train.trainables.iter().zip(&mut grads) {
            let Some(found) = *grad else { continue };
            let id = trainable
                .accumulator
                .ok_or_else(|| error!("optimizer", "an accumulator", "none"))?;
            let accumulator = variable(g, id)?;
            *grad = accumulate(g, origin, train.accumulation, accumulator, found)?;
        }
    }
    let found: Vec<Value> = grads.iter().flatten().copied().collect();
    let global = match train.clip {
        Clip::GlobalNorm(limit) if !found.is_empty() => Some(Value::of(g.add(
            Op::ClipScale(ClipScale {
                limit,
                global: true,
            }),
            found,
            origin,
        )?)),
        _ => None,
    };
    for ((trainable, weight), grad) in train.trainables.iter().zip(weights).zip(grads) {
        let Some(grad) = grad else { continue };
        let factor = match train.clip {
            Clip::Norm(limit) => Some(Value::of(g.add(
                Op::ClipScale(ClipScale {
                    limit,
                    global: false,
                }),
                vec![grad],
                origin,
            )?)),
            _ => global,
        };
        let clip_value = match train.clip {
            Clip::Value(limit) => Some(limit),
            _ => None,
        };
        let slots = trainable
            .slots
            .iter()
            .map(|&slot| variable(g, slot))
            .collect::<Result<Vec<_>>>()?;
        let (rule, hyper) = match train.method {
            Method::Row(rule) => (rule, train.hyper.clone()),
            Method::Composed(composed) => match composed.row(&train.hyper, slots.len()) {
                Some(row) => row,
                None => {
                    let mut build = Build { graph: g, origin };
                    let grad = build.clipped(grad, factor, clip_value)?;
                    let rate = build.scaled(train.learning_rate, trainable.rate_multiplier)?;
                    let decay = trainable.weight_decay;
                    composed.update(&mut build, weight, grad, rate, decay, &train.hyper, &slots)?;
                    continue;
                }
            },
        };
        let mut inputs = vec![weight, grad, train.learning_rate];
        inputs.extend(train.momentum);
        inputs.extend(factor);
        inputs.extend(slots);
        let update = Update {
            rule,
            hyper,
            rate_multiplier: trainable.rate_multiplier,
            weight_decay: trainable.weight_decay,
            clip_value,
            momentum: train.momentum.is_some(),
            scaled: factor.is_some(),
        };
        let node = g.add(Op::Update(update), inputs, origin)?;
        g.effects.push(node);
    }
    Ok(untouched)
}

/// Adds a gradient to its accumulator; the gradient to update with, if this call does.
fn accumulate(
    g: &mut Graph,
    origin: u32,
    accumulation: Accumulation,
    accumulator: Value,
    grad: Value,
) -> Result<Option<Value>> {
    let mut build = Build { graph: g, origin };
    let sum = build.binary(BinaryKind::Add, grad, accumulator)?;
    let Accumulation::Finish(steps) = accumulation else {
        build.assign(accumulator, sum)?;
        return Ok(None);
    };
    let count = build.constant(steps as f32)?;
    let mean = build.binary(BinaryKind::Div, sum, count)?;
    let cleared = build.zeros_like(accumulator)?;
    build.assign(accumulator, cleared)?;
    Ok(Some(mean))
}

/// Writes the norm of each gradient to a variable; that of one that does not exist is 0.
fn observe(g: &mut Graph, into: Value, grads: &[Option<Value>], origin: u32) -> Result<()> {
    let mut build = Build { graph: g, origin };
    let mut inputs = Vec::with_capacity(grads.len());
    for grad in grads {
        inputs.push(match grad {
            Some(grad) => *grad,
            None => build.constant(0.0)?,
        });
    }
    let norms = build.add(Op::Norms(Norms), inputs)?;
    build.assign(into, norms)
}

//! The graph: values, their types, nodes. It knows no arithmetic and no memory.

use crate::error::{error, Result};
use crate::ops::Op;
use std::fmt;

/// Most dimensions a tensor may have.
pub const MAX_RANK: usize = 6;
/// How many symbols there are, the fixed number 1 included.
pub const SYMBOLS: usize = 3;
/// The symbol of the batch size.
pub const BATCH: u8 = 1;
/// The symbol of the number of time steps.
pub const TIME: u8 = 2;

/// What each symbol stands for in one call; index 0 is always 1.
pub type Bindings = [usize; SYMBOLS];

/// One extent of a shape: a number, or a number times a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    /// The number.
    pub factor: usize,
    /// 0 for none, else [`BATCH`] or [`TIME`].
    pub symbol: u8,
}

impl Dim {
    /// A fixed extent.
    pub const fn fixed(factor: usize) -> Self {
        Self { factor, symbol: 0 }
    }

    /// The batch size.
    pub const fn batch() -> Self {
        Self {
            factor: 1,
            symbol: BATCH,
        }
    }

    /// The extent in a call with these bindings.
    pub fn extent(self, bindings: &Bindings) -> usize {
        self.factor * bindings[self.symbol as usize]
    }

    /// The product, or nothing when both are symbolic.
    pub fn times(self, other: Dim) -> Option<Dim> {
        if self.symbol != 0 && other.symbol != 0 {
            return None;
        }
        let factor = self.factor.checked_mul(other.factor)?;
        Some(Dim {
            factor,
            symbol: self.symbol | other.symbol,
        })
    }

    /// True for the fixed extent 1.
    pub fn is_one(self) -> bool {
        self == Dim::fixed(1)
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = ["", "batch", "time"][self.symbol as usize];
        match (self.factor, self.symbol) {
            (n, 0) => write!(f, "{n}"),
            (1, _) => write!(f, "{symbol}"),
            (n, _) => write!(f, "{n}*{symbol}"),
        }
    }
}

/// The extents of a tensor, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shape(pub Vec<Dim>);

impl Shape {
    /// The shape of a single number.
    pub fn scalar() -> Self {
        Self::default()
    }

    /// A shape of fixed extents.
    pub fn fixed(extents: &[usize]) -> Self {
        Self(extents.iter().map(|&n| Dim::fixed(n)).collect())
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The last extent; 1 for a scalar.
    pub fn last(&self) -> Dim {
        self.0.last().copied().unwrap_or(Dim::fixed(1))
    }

    /// All extents but the last.
    pub fn leading(&self) -> Shape {
        Shape(self.0[..self.rank().saturating_sub(1)].to_vec())
    }

    /// The number of elements, or nothing when two symbols meet.
    pub fn size(&self) -> Option<Dim> {
        self.0
            .iter()
            .try_fold(Dim::fixed(1), |product, &dim| product.times(dim))
    }

    /// The extents in a call with these bindings.
    pub fn resolve(&self, bindings: &Bindings) -> Dims {
        let mut dims = Dims {
            rank: self.rank() as u8,
            extents: [1; MAX_RANK],
        };
        for (to, from) in dims.extents.iter_mut().zip(&self.0) {
            *to = from.extent(bindings);
        }
        dims
    }

    /// The shape of `a op b` under NumPy's broadcasting, or nothing when they do not fit.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        let rank = self.rank().max(other.rank());
        let at = |shape: &Shape, axis: usize| match (axis + shape.rank()).checked_sub(rank) {
            Some(own) => shape.0[own],
            None => Dim::fixed(1),
        };
        (0..rank)
            .map(|axis| match (at(self, axis), at(other, axis)) {
                (a, b) if a == b || b.is_one() => Some(a),
                (a, b) if a.is_one() => Some(b),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Shape)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "]")
    }
}

/// A shape with every symbol replaced by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Dims {
    rank: u8,
    extents: [usize; MAX_RANK],
}

impl Dims {
    /// The extents, outermost first.
    pub fn as_slice(&self) -> &[usize] {
        &self.extents[..self.rank as usize]
    }

    /// Number of elements.
    pub fn size(&self) -> usize {
        self.as_slice().iter().product()
    }

    /// The last extent; 1 for a scalar.
    pub fn cols(&self) -> usize {
        self.as_slice().last().copied().unwrap_or(1)
    }

    /// The product of all extents but the last.
    pub fn rows(&self) -> usize {
        self.as_slice()
            .split_last()
            .map_or(1, |(_, leading)| leading.iter().product())
    }
}

/// What an element is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DType {
    /// A float32 number.
    #[default]
    F32,
    /// A whole number in 32 bits (labels, indices).
    I32,
    /// A byte (images).
    U8,
}

impl DType {
    /// How many 32-bit words hold `elements` of this type.
    pub fn words(self, elements: usize) -> usize {
        match self {
            DType::F32 | DType::I32 => elements,
            DType::U8 => elements.div_ceil(4),
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::F32 => "float32",
            DType::I32 => "int32",
            DType::U8 => "uint8",
        })
    }
}

/// Shape and element type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// Its extents.
    pub shape: Shape,
    /// Its elements.
    pub dtype: DType,
}

impl Type {
    /// A float32 tensor.
    pub fn f32(shape: Shape) -> Self {
        Self {
            shape,
            dtype: DType::F32,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::F32 => write!(f, "{}", self.shape),
            other => write!(f, "{other} {}", self.shape),
        }
    }
}

/// Number of a node in its graph.
pub type NodeId = u32;

/// One result of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    /// The node.
    pub node: NodeId,
    /// Which of its results.
    pub port: u32,
}

impl Value {
    /// The first result of `node`.
    pub const fn of(node: NodeId) -> Self {
        Self { node, port: 0 }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => write!(f, "%{}", self.node),
            port => write!(f, "%{}.{port}", self.node),
        }
    }
}

/// An operation, what it works on, and what it yields.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is done.
    pub op: Op,
    /// What it is done to.
    pub inputs: Vec<Value>,
    /// Types of the results.
    pub outs: Vec<Type>,
    /// Index into [`Graph::origins`]: whom to name in an error.
    pub origin: u32,
}

/// Nodes in an order in which inputs come first, and what is wanted of them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All nodes.
    pub nodes: Vec<Node>,
    /// Human names of the parts of the model that nodes come from.
    pub origins: Vec<String>,
    /// Named results.
    pub outputs: Vec<(String, Value)>,
    /// Nodes that are run because they write variables, in this order where they share one.
    pub effects: Vec<NodeId>,
}

impl Graph {
    /// Appends a node after checking its inputs; returns its number. Inputs are numbered here.
    pub fn add(&mut self, mut op: Op, inputs: Vec<Value>, origin: u32) -> Result<NodeId> {
        let types: Vec<&Type> = inputs.iter().map(|&v| self.ty(v)).collect();
        let outs = op
            .rule()
            .infer(&types)
            .map_err(|e| e.at(|| self.place(origin, &op)))?;
        if let Some(wide) = outs.iter().find(|t| t.shape.rank() > MAX_RANK) {
            return Err(error!(
                self.place(origin, &op),
                format!("at most {MAX_RANK} dimensions"),
                wide.to_string(),
            ));
        }
        if let Op::Input(input) = &mut op {
            let inputs = self.nodes.iter().filter(|n| matches!(n.op, Op::Input(_)));
            input.number = inputs.count() as u32;
        }
        self.nodes.push(Node {
            op,
            inputs,
            outs,
            origin,
        });
        Ok(self.nodes.len() as NodeId - 1)
    }

    /// The type of a value. Panics on a value that is not of this graph.
    pub fn ty(&self, value: Value) -> &Type {
        &self.nodes[value.node as usize].outs[value.port as usize]
    }

    /// The node behind a number.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// Replaces every use of `from` by `to`, outputs included.
    pub fn redirect(&mut self, from: Value, to: Value) {
        let uses = self.nodes.iter_mut().flat_map(|n| n.inputs.iter_mut());
        for value in uses.chain(self.outputs.iter_mut().map(|(_, v)| v)) {
            if *value == from {
                *value = to;
            }
        }
    }

    /// How many times a value is used, as an input or an output of the graph.
    pub fn uses(&self, value: Value) -> usize {
        self.nodes
            .iter()
            .flat_map(|n| &n.inputs)
            .filter(|&&v| v == value)
            .count()
            + self.outputs.iter().filter(|(_, v)| *v == value).count()
    }

    fn place(&self, origin: u32, op: &Op) -> String {
        let name = op.name();
        match self.origins.get(origin as usize) {
            Some(origin) if name.is_empty() => origin.clone(),
            Some(origin) if !origin.is_empty() => format!("{origin} ({name})"),
            _ => name,
        }
    }
}

/// The printed form: one line a node, `%3 = matMul(%1, %2) : [batch, 300]  # dense "dense"`.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| {
            values
                .iter()
                .map(Value::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        for (id, node) in self.nodes.iter().enumerate() {
            if node.outs.is_empty() {
                write!(f, "{}({})", node.op.name(), list(&node.inputs))?;
            } else {
                let types: Vec<_> = node.outs.iter().map(Type::to_string).collect();
                write!(
                    f,
                    "%{id} = {}({}) : {}",
                    node.op.name(),
                    list(&node.inputs),
                    types.join(", ")
                )?;
            }
            match self.origins.get(node.origin as usize) {
                Some(origin) if !origin.is_empty() => writeln!(f, "  # {origin}")?,
                _ => writeln!(f)?,
            }
        }
        for (name, value) in &self.outputs {
            writeln!(f, "output {name} = {value}")?;
        }
        Ok(())
    }
}

//! The wire format: a graph as bytes, as TypeScript writes it. Reading never panics and never
//! allocates more than the bytes can justify. ARCHITECTURE.md shows the layout.

use crate::error::{error, Cause, Error, Result};
use crate::ir::{DType, Dim, Graph, Shape, Type, Value, SYMBOLS};
use crate::ops::*;
use crate::text::Number;
use crate::train::{Accumulation, Clip, Method, Train, Trainable};
use crate::TRAINS;
use gradus_kernels::binary::BinaryKind;
use gradus_kernels::unary;

/// The first bytes of every graph.
pub const MAGIC: &[u8; 4] = b"GRA1";

/// An error about what a reader has found.
macro_rules! bad {
    ($reader:ident, $expected:expr, $received:expr $(,)?) => {
        error!(format!("graph, byte {}", $reader.at), $expected, $received)
    };
}

/// A graph and, if it is to be trained, how.
#[derive(Debug)]
pub struct Message {
    /// The graph.
    pub graph: Graph,
    /// How it is trained.
    pub train: Option<Train>,
    /// What runs after it in the same call, one after the other: these see what it wrote.
    pub after: Vec<Graph>,
}

/// Reads a graph; `variable` gives the variable of the store that a number of the graph means.
pub fn read(bytes: &[u8], variable: &dyn Fn(u32) -> Option<Variable>) -> Result<Message> {
    let mut r = Reader { bytes, at: 0 };
    if r.take(4)? != MAGIC {
        return Err(error!("graph", "bytes that begin with GRA1", "others"));
    }
    let graph = read_graph(&mut r, variable)?;
    let train = match r.byte()? {
        0 => None,
        1 if TRAINS => Some(read_train(&mut r, &graph)?),
        other => {
            return Err(bad!(
                r,
                "0 or 1 before the training part",
                other.to_string()
            ))
        }
    };
    let mut after = Vec::new();
    for _ in 0..r.count(4)? {
        after.push(read_graph(&mut r, variable)?);
    }
    if r.at != bytes.len() {
        let rest = bytes.len() - r.at;
        return Err(bad!(
            r,
            "the end of the graph",
            format!("{rest} more bytes")
        ));
    }
    Ok(Message {
        graph,
        train,
        after,
    })
}

fn read_graph(r: &mut Reader, variable: &dyn Fn(u32) -> Option<Variable>) -> Result<Graph> {
    let mut graph = Graph::default();
    for _ in 0..r.count(1)? {
        graph.origins.push(r.string()?);
    }
    for _ in 0..r.count(3)? {
        read_node(r, &mut graph, variable)?;
    }
    for _ in 0..r.count(3)? {
        let name = r.string()?;
        let value = read_value(r, &graph)?;
        graph.outputs.push((name, value));
    }
    for _ in 0..r.count(1)? {
        let node = r.u32()?;
        let fits = graph
            .nodes
            .get(node as usize)
            .is_some_and(|n| n.outs.is_empty());
        if !fits {
            return Err(bad!(r, "an effect", format!("node {node}")));
        }
        graph.effects.push(node);
    }
    Ok(graph)
}

fn read_value(r: &mut Reader, graph: &Graph) -> Result<Value> {
    let value = Value {
        node: r.u32()?,
        port: r.u32()?,
    };
    let outs = graph
        .nodes
        .get(value.node as usize)
        .map_or(0, |n| n.outs.len());
    match (value.port as usize) < outs {
        true => Ok(value),
        false => Err(bad!(r, "a value of an earlier node", value.to_string())),
    }
}

fn read_node(
    r: &mut Reader,
    graph: &mut Graph,
    variable: &dyn Fn(u32) -> Option<Variable>,
) -> Result<()> {
    let code = r.byte()?;
    let origin = r.u32()?;
    let mut inputs = Vec::new();
    for _ in 0..r.count(2)? {
        inputs.push(read_value(r, graph)?);
    }
    let op = read_op(r, code, variable)?;
    for &at in op.rule().writes() {
        let node = inputs.get(at).map(|v| &graph.node(v.node).op);
        if !matches!(node, Some(Op::Variable(_))) {
            return Err(bad!(r, "a variable to write", op.name()));
        }
    }
    if let (Op::Input(input), true) = (&op, TRAINS) {
        let twice = |n: &crate::ir::Node| matches!(&n.op, Op::Input(i) if i.name == input.name);
        if graph.nodes.iter().any(twice) {
            return Err(bad!(
                r,
                "inputs of different names",
                format!("two of the name {}", input.name),
            ));
        }
    }
    graph.add(op, inputs, origin)?;
    Ok(())
}

fn read_op(r: &mut Reader, code: u8, variable: &dyn Fn(u32) -> Option<Variable>) -> Result<Op> {
    Ok(match code {
        1 => {
            let name = r.string()?;
            let dtype = match r.byte()? {
                0 => DType::F32,
                1 if TRAINS => DType::I32,
                2 if TRAINS => DType::U8,
                other => return Err(bad!(r, "a dtype", other.to_string())),
            };
            let shape = r.shape(false)?;
            if shape.size().is_none() {
                return Err(bad!(r, "one symbolic dimension at most", shape.to_string()));
            }
            Op::Input(Input {
                number: 0,
                name,
                ty: Type { shape, dtype },
            })
        }
        2 => {
            let id = r.u32()?;
            let found = variable(id).ok_or_else(|| bad!(r, "a variable", format!("{id}")))?;
            Op::Variable(found)
        }
        3 => Op::Const(Const(r.f32()?)),
        5 => {
            let flags = r.byte()?;
            // The tiles for a transposed first factor are left out of builds that only predict.
            if !TRAINS && flags & 1 != 0 {
                return Err(bad!(
                    r,
                    "a first factor as it is stored",
                    "a transposed one"
                ));
            }
            MatMul::plain(flags & 1 != 0, flags & 2 != 0)
        }
        6 => {
            let name = r.name()?;
            let params = r.floats()?;
            let row = unary::Unary::by_name(name, &params);
            Op::Unary(Unary(
                row.ok_or_else(|| bad!(r, "an elementwise function", shown(name)))?,
            ))
        }
        7 => {
            let name = r.name()?;
            let kind = BinaryKind::by_name(name);
            Op::Binary(Binary(
                kind.ok_or_else(|| bad!(r, "a two-operand function", shown(name)))?,
            ))
        }
        8 => {
            let name = r.name()?;
            let kind =
                Reduce::kind_by_name(name).ok_or_else(|| bad!(r, "a reduction", shown(name)))?;
            let mut axes = Vec::new();
            for _ in 0..r.count(1)? {
                axes.push(r.signed()?);
            }
            Op::Reduce(Reduce {
                kind,
                axes,
                keep_dims: r.byte()? != 0,
            })
        }
        9 => Op::Reshape(Reshape {
            shape: r.shape(true)?,
        }),
        10 => {
            let mut axes = Vec::new();
            for _ in 0..r.count(1)? {
                axes.push(r.u32()? as usize);
            }
            Op::Permute(Permute { axes })
        }
        11 => Op::Softmax(Softmax),
        12 => Op::LogSoftmax(LogSoftmax),
        15 => Op::ArgMax(ArgMax),
        18 => {
            let (epsilon, flags) = (r.f32()?, r.byte()?);
            Op::Normalize(Normalize {
                epsilon,
                scale: flags & 1 != 0,
                center: flags & 2 != 0,
            })
        }
        22 => match r.byte()? {
            crate::ir::BATCH => Op::Extent(Extent),
            other => return Err(bad!(r, "the symbol of the batch", other.to_string())),
        },
        23 => Op::StopGradient(StopGradient),
        25 => Op::Concat(Concat { axis: r.signed()? }),
        26 => {
            let axis = r.signed()?;
            Op::Slice(Slice {
                axis,
                from: r.u32()? as usize,
                to: r.u32()? as usize,
            })
        }
        28 => Op::Sparsemax(Sparsemax),
        29 => {
            let (epsilon, flags) = (r.f32()?, r.byte()?);
            Op::LayerNorm(LayerNorm {
                epsilon,
                scale: flags & 1 != 0,
                center: flags & 2 != 0,
                rms: flags & 4 != 0,
            })
        }
        other if TRAINS => read_op_of_training(r, other)?,
        other => return Err(no_operation(r, other)),
    })
}

/// What only training and evaluation need.
fn read_op_of_training(r: &mut Reader, code: u8) -> Result<Op> {
    Ok(match code {
        4 => Op::Cast(Cast),
        13 => Op::SparseCrossEntropy(SparseCrossEntropy),
        14 => Op::CrossEntropy(CrossEntropy),
        16 => Op::InTopK(InTopK {
            k: r.u32()? as usize,
        }),
        17 => {
            let (epsilon, flags) = (r.f32()?, r.byte()?);
            Op::BatchNorm(BatchNorm {
                epsilon,
                scale: flags & 1 != 0,
                center: flags & 2 != 0,
            })
        }
        19 => {
            let (rate, stream) = (r.f32()?, r.u32()?);
            if !(0.0..1.0).contains(&rate) {
                return Err(bad!(
                    r,
                    "a dropout rate in [0, 1)",
                    Number(rate).to_string()
                ));
            }
            Op::Dropout(Dropout { rate, stream })
        }
        20 => Op::UpdateMoving(UpdateMoving { momentum: r.f32()? }),
        21 => Op::Accumulate(Accumulate),
        24 => Op::Assign(Assign::default()),
        27 => Op::Average(Average {
            momentum: r.f32()?,
            overwrite: r.u32()?,
        }),
        30 => {
            let name = r.name()?;
            let distribution = Distribution::by_name(name, &r.floats()?)
                .ok_or_else(|| bad!(r, "a distribution and its parameters", shown(name)))?;
            let (stream, shape) = (r.u32()?, r.shape(false)?);
            if shape.size().is_none() {
                return Err(bad!(r, "one symbolic dimension at most", shape.to_string()));
            }
            Op::Random(Random {
                distribution,
                stream,
                shape,
            })
        }
        other => return Err(no_operation(r, other)),
    })
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

fn no_operation(r: &Reader, code: u8) -> Error {
    bad!(r, "an operation", format!("code {code}")).because(Cause::Version)
}

fn read_train(r: &mut Reader, graph: &Graph) -> Result<Train> {
    let loss = read_value(r, graph)?;
    let scalar = |r: &mut Reader| -> Result<Value> {
        let value = Value::of(r.u32()?);
        let node = graph.nodes.get(value.node as usize);
        match node.is_some_and(|n| n.outs.first().is_some_and(|t| t.shape.rank() == 0)) {
            true => Ok(value),
            false => Err(bad!(r, "a scalar input", value.to_string())),
        }
    };
    let learning_rate = scalar(r)?;
    let momentum = if r.byte()? != 0 {
        Some(scalar(r)?)
    } else {
        None
    };
    let name = r.name()?;
    let method = Method::by_name(name).ok_or_else(|| bad!(r, "an update rule", shown(name)))?;
    let hyper = r.floats()?;
    let (kind, limit) = (r.byte()?, r.f32()?);
    let clip = match kind {
        0 => Clip::None,
        1 => Clip::Value(limit),
        2 => Clip::Norm(limit),
        3 => Clip::GlobalNorm(limit),
        other => return Err(bad!(r, "a way of clipping", other.to_string())),
    };
    let accumulation = match (r.byte()?, r.u32()?) {
        (0, _) => Accumulation::None,
        (1, _) => Accumulation::Gather,
        (2, steps) if steps > 1 => Accumulation::Finish(steps),
        (other, _) => return Err(bad!(r, "a way of accumulating", other.to_string())),
    };
    let norms = match r.byte()? {
        0 => None,
        _ => Some(r.u32()?),
    };
    let mut trainables = Vec::new();
    for _ in 0..r.count(10)? {
        let variable = r.u32()?;
        let rate_multiplier = r.f32()?;
        let weight_decay = r.f32()?;
        let mut slots = Vec::new();
        for _ in 0..r.count(1)? {
            slots.push(r.u32()?);
        }
        let accumulator = match accumulation {
            Accumulation::None => None,
            _ => Some(r.u32()?),
        };
        trainables.push(Trainable {
            variable,
            rate_multiplier,
            weight_decay,
            slots,
            accumulator,
        });
    }
    Ok(Train {
        loss,
        learning_rate,
        momentum,
        method,
        hyper,
        clip,
        accumulation,
        norms,
        trainables,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        if count > rest.len() {
            return Err(bad!(self, "more bytes", "the end"));
        }
        self.at += count;
        Ok(&rest[..count])
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn u64(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(bad!(self, "a number of at most 64 bits", "a longer one"))
    }

    fn u32(&mut self) -> Result<u32> {
        let value = self.u64()?;
        u32::try_from(value).map_err(|_| bad!(self, "a number below 2^32", value.to_string()))
    }

    fn signed(&mut self) -> Result<i32> {
        let zigzag = self.u32()?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// The length of a list whose items take at least `least` bytes each.
    fn count(&mut self, least: usize) -> Result<usize> {
        let count = self.u32()? as usize;
        match count <= (self.bytes.len() - self.at) / least {
            true => Ok(count),
            false => Err(bad!(
                self,
                "a list that fits the bytes",
                format!("{count} items")
            )),
        }
    }

    fn f32(&mut self) -> Result<f32> {
        let bytes = self.take(4)?;
        Ok(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn floats(&mut self) -> Result<Vec<f32>> {
        (0..self.count(4)?).map(|_| self.f32()).collect()
    }

    /// A name of a table's row.
    fn name(&mut self) -> Result<&'a [u8]> {
        let count = self.count(1)?;
        self.take(count)
    }

    /// A name to be printed, which builds that only predict never do.
    fn string(&mut self) -> Result<String> {
        let bytes = self.name()?;
        if !TRAINS {
            return Ok(String::new());
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| bad!(self, "UTF-8 text", "other bytes"))
    }

    /// A shape; an extent of 0 is let through only where it means "to be inferred".
    fn shape(&mut self, open: bool) -> Result<Shape> {
        let mut dims = Vec::new();
        let mut left_open = 0;
        for _ in 0..self.count(2)? {
            let (factor, symbol) = (self.u32()? as usize, self.byte()?);
            if factor == 0 {
                left_open += 1;
            }
            if usize::from(symbol) >= SYMBOLS || left_open > usize::from(open) {
                return Err(bad!(
                    self,
                    "a dimension",
                    format!("{factor} * symbol {symbol}")
                ));
            }
            dims.push(Dim { factor, symbol });
        }
        match dims.len() <= crate::ir::MAX_RANK {
            true => Ok(Shape(dims)),
            false => Err(bad!(self, "at most 6 dimensions", dims.len().to_string())),
        }
    }
}

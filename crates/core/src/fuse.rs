//! Fusion: bias, activation, activation gradient and bias gradient move into the matrix product
//! they belong to, so that no pass over its result remains.
//!
//! A fused node may use values of later numbers; `order` sorts the graph afterwards. Builds that only
//! predict do without: there a node may use later numbers only of variables, which nothing computes.

use crate::error::Result;
use crate::ir::{Graph, Node, NodeId, Shape, Type, Value};
use crate::ops::{Const, MatMul, Op, ReduceKind};
use crate::TRAINS;
use gradus_kernels::unary::Saves;

/// Fuses all that can be fused.
pub fn fuse(g: &mut Graph) -> Result<()> {
    for id in 0..g.nodes.len() as NodeId {
        match &g.node(id).op {
            Op::Binary(_) => fuse_bias(g, id)?,
            Op::Unary(_) => fuse_activation(g, id)?,
            Op::UnaryGrad(_) if TRAINS => fuse_activation_grad(g, id)?,
            Op::Reduce(_) if TRAINS => fuse_column_sums(g, id)?,
            _ => {}
        }
    }
    Ok(())
}

/// The matrix product behind a value, if the value is its main result.
fn product(g: &Graph, value: Value) -> Option<&MatMul> {
    match &g.node(value.node).op {
        Op::MatMul(op) if value.port == 0 => Some(op),
        _ => None,
    }
}

/// Replaces a product by a richer one with more inputs.
fn replace(g: &mut Graph, id: NodeId, op: MatMul, more: &[Value]) -> Result<()> {
    let mut inputs = g.node(id).inputs.clone();
    inputs.extend(more);
    let op = Op::MatMul(op);
    let types: Vec<_> = inputs.iter().map(|&v| g.ty(v)).collect();
    let outs = op.rule().infer(&types)?;
    let origin = g.node(id).origin;
    g.nodes[id as usize] = Node {
        op,
        inputs,
        outs,
        origin,
    };
    Ok(())
}

/// Empties a node whose result nobody uses any more, so that it does not count as a user itself.
fn retire(g: &mut Graph, id: NodeId) {
    let node = &mut g.nodes[id as usize];
    node.op = Op::Const(Const(0.0));
    node.inputs.clear();
    node.outs = vec![Type::f32(Shape::scalar())];
}

/// `add(matMul(a, b), bias)`
fn fuse_bias(g: &mut Graph, id: NodeId) -> Result<()> {
    use gradus_kernels::binary::BinaryKind;
    let Node {
        op: Op::Binary(add),
        inputs,
        ..
    } = g.node(id)
    else {
        return Ok(());
    };
    if add.0 != BinaryKind::Add {
        return Ok(());
    }
    let (value, bias) = (inputs[0], inputs[1]);
    let Some(op) = product(g, value) else {
        return Ok(());
    };
    let comes_later = bias.node > value.node && !matches!(g.node(bias.node).op, Op::Variable(_));
    let row = Shape(vec![g.ty(value).shape.last()]);
    if (comes_later && !TRAINS) || !op.is_plain() || g.uses(value) != 1 || g.ty(bias).shape != row {
        return Ok(());
    }
    let op = MatMul {
        bias: true,
        ..op.clone()
    };
    replace(g, value.node, op, &[bias])?;
    g.redirect(Value::of(id), value);
    retire(g, id);
    Ok(())
}

/// `f(matMul(..))`; the value before f stays as a second result where others need it.
fn fuse_activation(g: &mut Graph, id: NodeId) -> Result<()> {
    let Node {
        op: Op::Unary(f),
        inputs,
        ..
    } = g.node(id)
    else {
        return Ok(());
    };
    let (f, value) = (f.0, inputs[0]);
    let Some(op) = product(g, value) else {
        return Ok(());
    };
    if op.activation.is_some() || op.grad.is_some() || op.column_sums {
        return Ok(());
    }
    let keep_pre = g.uses(value) > 1;
    let op = MatMul {
        activation: Some(f),
        keep_pre,
        ..op.clone()
    };
    replace(g, value.node, op, &[])?;
    let marker = Value {
        node: NodeId::MAX,
        port: 0,
    };
    g.redirect(Value::of(id), marker);
    g.redirect(
        value,
        Value {
            node: value.node,
            port: 1,
        },
    );
    g.redirect(marker, value);
    retire(g, id);
    Ok(())
}

/// `f'(saved, matMul(..))`
fn fuse_activation_grad(g: &mut Graph, id: NodeId) -> Result<()> {
    let Node {
        op: Op::UnaryGrad(f),
        inputs,
        ..
    } = g.node(id)
    else {
        return Ok(());
    };
    let (f, saved, value) = (f.0, inputs[0], inputs[1]);
    let Some(op) = product(g, value) else {
        return Ok(());
    };
    if !op.is_plain() || g.uses(value) != 1 || saved == value || f.saves() == Saves::Nothing {
        return Ok(());
    }
    let op = MatMul {
        grad: Some(f),
        ..op.clone()
    };
    replace(g, value.node, op, &[saved])?;
    g.redirect(Value::of(id), value);
    retire(g, id);
    Ok(())
}

/// `sum over rows of b` beside a product `op(a) . b` whose k runs over those rows.
fn fuse_column_sums(g: &mut Graph, id: NodeId) -> Result<()> {
    let Node {
        op: Op::Reduce(sum),
        inputs,
        ..
    } = g.node(id)
    else {
        return Ok(());
    };
    let value = inputs[0];
    let rank = g.ty(value).shape.rank();
    let over_rows = rank >= 2 && sum.mask(rank) == Some((1 << (rank - 1)) - 1);
    if sum.kind != ReduceKind::Sum || sum.keep_dims || !over_rows {
        return Ok(());
    }
    // The product may see the same rows as a matrix.
    let same_rows = |v: Value| {
        v == value
            || matches!(&g.node(v.node), Node { op: Op::Reshape(_), inputs, .. } if inputs[0] == value)
    };
    let found = g.nodes.iter().position(|node| match &node.op {
        Op::MatMul(op) => op.trans_a && op.is_plain() && !op.trans_b && same_rows(node.inputs[1]),
        _ => false,
    });
    let Some(found) = found.map(|at| at as NodeId) else {
        return Ok(());
    };
    if reaches(g, g.node(found).inputs[0].node, id) {
        return Ok(());
    }
    let Op::MatMul(op) = &g.node(found).op else {
        return Ok(());
    };
    let op = MatMul {
        column_sums: true,
        ..op.clone()
    };
    replace(g, found, op, &[])?;
    g.redirect(
        Value::of(id),
        Value {
            node: found,
            port: 1,
        },
    );
    Ok(())
}

/// Whether `from` is `target` or depends on it.
fn reaches(g: &Graph, from: NodeId, target: NodeId) -> bool {
    let mut seen = vec![false; g.nodes.len()];
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if id == target {
            return true;
        }
        if !std::mem::replace(&mut seen[id as usize], true) {
            open.extend(g.node(id).inputs.iter().map(|v| v.node));
        }
    }
    false
}

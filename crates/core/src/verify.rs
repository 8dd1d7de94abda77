//! The verifier: what must hold of every graph, whatever pass made it.

use crate::error::{error, Result};
use crate::ir::{Graph, Type};
use crate::ops::Op;

/// Checks that inputs come before uses, that types are what the shape rules say, that only
/// variables are written, and that every writing node is listed as an effect.
pub fn verify(g: &Graph) -> Result<()> {
    for (id, node) in g.nodes.iter().enumerate() {
        let broken = |what: &str| {
            error!(
                format!("graph node %{id} ({})", node.op.name()),
                what, "a broken graph",
            )
        };
        for value in &node.inputs {
            let before = (value.node as usize) < id;
            if !before || value.port as usize >= g.node(value.node).outs.len() {
                return Err(broken("inputs that come before"));
            }
        }
        let types: Vec<&Type> = node.inputs.iter().map(|&v| g.ty(v)).collect();
        if node.op.rule().infer(&types)? != node.outs {
            return Err(broken("result types as inferred"));
        }
        for &at in node.op.rule().writes() {
            if !matches!(g.node(node.inputs[at].node).op, Op::Variable(_)) {
                return Err(broken("a variable where it writes"));
            }
        }
        if node.outs.is_empty() != g.effects.contains(&(id as u32)) {
            return Err(broken(
                "to be listed among the effects exactly if it writes",
            ));
        }
    }
    for (name, value) in &g.outputs {
        let known = g.nodes.get(value.node as usize);
        if known.is_none_or(|n| value.port as usize >= n.outs.len()) {
            return Err(error!(
                "graph",
                format!("a value for output {name}"),
                value.to_string(),
            ));
        }
    }
    Ok(())
}

//! Passes that only leave things out: equal nodes become one, unused nodes go.

use crate::ir::{Graph, NodeId, Value};
use crate::ops::Op;

/// Makes one node of those that do the same to the same values.
pub fn deduplicate(g: &mut Graph) {
    let mut same: Vec<NodeId> = (0..g.nodes.len() as NodeId).collect();
    for id in 0..g.nodes.len() {
        for value in &mut g.nodes[id].inputs {
            value.node = same[value.node as usize];
        }
        let node = &g.nodes[id];
        if node.outs.is_empty() {
            continue;
        }
        let twin = (0..id).find(|&other| {
            let before = &g.nodes[other];
            same[other] == other as NodeId && before.inputs == node.inputs && before.op == node.op
        });
        if let Some(twin) = twin {
            same[id] = twin as NodeId;
        }
    }
    for (_, value) in &mut g.outputs {
        value.node = same[value.node as usize];
    }
}

/// The number a value's node has after [`deduplicate`] made one node of several.
pub fn first_equal(g: &Graph, value: Value) -> Value {
    let node = g.node(value.node);
    let twin = g
        .nodes
        .iter()
        .position(|n| n.op == node.op && n.inputs == node.inputs);
    Value {
        node: twin.map_or(value.node, |id| id as NodeId),
        ..value
    }
}

/// Drops every node that neither an output nor an effect needs. Inputs stay: callers write them.
pub fn prune(g: &mut Graph) {
    let mut needed = vec![false; g.nodes.len()];
    let mut open: Vec<NodeId> = g.effects.clone();
    open.extend(g.outputs.iter().map(|(_, v)| v.node));
    open.extend((0..g.nodes.len() as NodeId).filter(|&id| matches!(g.node(id).op, Op::Input(_))));
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut needed[id as usize], true) {
            open.extend(g.nodes[id as usize].inputs.iter().map(|v| v.node));
        }
    }
    let keep: Vec<NodeId> = (0..g.nodes.len() as NodeId)
        .filter(|&id| needed[id as usize])
        .collect();
    renumber(g, &keep);
}

/// Keeps these nodes, in this order. Everything they use must be among them.
pub fn renumber(g: &mut Graph, order: &[NodeId]) {
    let mut place = vec![NodeId::MAX; g.nodes.len()];
    for (at, &id) in order.iter().enumerate() {
        place[id as usize] = at as NodeId;
    }
    let mut nodes: Vec<_> = std::mem::take(&mut g.nodes).into_iter().map(Some).collect();
    g.nodes = order
        .iter()
        .filter_map(|&id| nodes[id as usize].take())
        .collect();
    let values = g.nodes.iter_mut().flat_map(|n| n.inputs.iter_mut());
    for value in values.chain(g.outputs.iter_mut().map(|(_, v)| v)) {
        value.node = place[value.node as usize];
    }
    for effect in &mut g.effects {
        *effect = place[*effect as usize];
    }
}

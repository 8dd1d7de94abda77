//! Writes graphs in the wire format, for tests of the reader; TypeScript has the real writer.
#![allow(dead_code)]

/// Bytes in the making.
#[derive(Default, Clone)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    pub fn graph() -> Self {
        Self(b"GRA1".to_vec())
    }
    pub fn u(mut self, mut value: u64) -> Self {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            self.0.push(if value == 0 { low } else { low | 0x80 });
            if value == 0 {
                return self;
            }
        }
    }
    pub fn b(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }
    pub fn f(mut self, value: f32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }
    pub fn s(self, text: &str) -> Self {
        let mut writer = self.u(text.len() as u64);
        writer.0.extend(text.as_bytes());
        writer
    }
    pub fn list(self, values: &[u64]) -> Self {
        values
            .iter()
            .fold(self.u(values.len() as u64), |w, &v| w.u(v))
    }
    /// Head of a node: code, origin 0, inputs (all at port 0).
    pub fn node(self, code: u8, inputs: &[u64]) -> Self {
        let head = self.b(code).u(0).u(inputs.len() as u64);
        inputs.iter().fold(head, |w, &v| w.u(v).u(0))
    }
}

/// relu(x . w + b) -> . v, sparse cross-entropy, adam with clipping, then a limit for w: a training
/// graph that uses variables 1 (w), 2 (b), 3 (v) and 4..=9 as slots.
pub fn small_training_graph() -> Vec<u8> {
    let zigzag = |axis: i64| ((axis << 1) ^ (axis >> 63)) as u64;
    Writer::graph()
        .u(1)
        .s("dense \"dense\"")
        .u(13)
        // 0 x: [batch, 4]
        .node(1, &[])
        .s("x")
        .b(0)
        .u(2)
        .u(1)
        .b(1)
        .u(4)
        .b(0)
        // 1 labels: int32 [batch]
        .node(1, &[])
        .s("y")
        .b(1)
        .u(1)
        .u(1)
        .b(1)
        // 2, 3, 4: variables
        .node(2, &[])
        .u(1)
        .node(2, &[])
        .u(2)
        .node(2, &[])
        .u(3)
        // 5 learning rate
        .node(1, &[])
        .s("learningRate")
        .b(0)
        .u(0)
        // 6..=10 the net
        .node(5, &[0, 2])
        .b(0)
        .node(7, &[6, 3])
        .s("add")
        .node(6, &[7])
        .s("relu")
        .u(0)
        .node(5, &[8, 4])
        .b(0)
        .node(13, &[9, 1])
        // 11 mean over the batch
        .node(8, &[10])
        .s("mean")
        .u(1)
        .u(zigzag(0))
        .b(0)
        // 12 softmax, for an output
        .node(11, &[9])
        .u(2)
        .s("loss")
        .u(11)
        .u(0)
        .s("p")
        .u(12)
        .u(0)
        .u(0)
        .b(1)
        .u(11)
        .u(0)
        .u(5)
        .b(0)
        .s("adam")
        .u(3)
        .f(0.9)
        .f(0.999)
        .f(1e-7)
        .b(3)
        .f(1.0)
        .b(0)
        .u(0)
        .b(0)
        .u(3)
        .u(1)
        .f(1.0)
        .f(0.0)
        .list(&[4, 5])
        .u(2)
        .f(1.0)
        .f(0.0)
        .list(&[6, 7])
        .u(3)
        .f(1.0)
        .f(0.0)
        .list(&[8, 9])
        // then: the first weight is cut to at most 0.1
        .u(1)
        .u(1)
        .s("limits")
        .u(3)
        .node(2, &[])
        .u(1)
        .node(6, &[0])
        .s("clip")
        .u(2)
        .f(-0.1)
        .f(0.1)
        .node(24, &[0, 1])
        .u(0)
        .u(1)
        .u(2)
        .0
}

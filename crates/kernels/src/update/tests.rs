//! Rules against plain f64 loops written from the Keras sources.

use super::*;

/// One weight with its slots, in f64.
#[derive(Clone, Default)]
struct Plain {
    w: f64,
    slots: [f64; MAX_SLOTS],
}

/// What Keras 3 does, with the hyperparameters as users write them.
fn plain_step(kind: UpdateKind, s: &Step, hyper: &[f64], p: &mut Plain, g: f64) {
    let lr = f64::from(s.lr);
    let g = g * f64::from(s.grad_scale);
    let g = s
        .clip_value
        .map_or(g, |c| g.clamp(-f64::from(c), f64::from(c)));
    p.w -= p.w * f64::from(s.weight_decay) * lr;
    match kind {
        UpdateKind::Sgd => p.w -= lr * g,
        UpdateKind::Momentum => {
            p.slots[0] = hyper[0] * p.slots[0] - lr * g;
            p.w += p.slots[0];
        }
        UpdateKind::Nesterov => {
            p.slots[0] = hyper[0] * p.slots[0] - lr * g;
            p.w += hyper[0] * p.slots[0] - lr * g;
        }
        UpdateKind::Adam | UpdateKind::AdamW | UpdateKind::Amsgrad => {
            let t = f64::from(s.step);
            let (b1, b2) = (hyper[0], hyper[1]);
            let alpha = lr * (1.0 - b2.powf(t)).sqrt() / (1.0 - b1.powf(t));
            p.slots[0] += (g - p.slots[0]) * (1.0 - b1);
            p.slots[1] += (g * g - p.slots[1]) * (1.0 - b2);
            p.slots[2] = p.slots[2].max(p.slots[1]);
            let size = p.slots[if kind == UpdateKind::Amsgrad { 2 } else { 1 }];
            p.w -= p.slots[0] * alpha / (size.sqrt() + hyper[2]);
        }
        UpdateKind::Adamax => {
            let rest = 1.0 - hyper[0].powf(f64::from(s.step));
            p.slots[0] += (g - p.slots[0]) * (1.0 - hyper[0]);
            p.slots[1] = (hyper[1] * p.slots[1]).max(g.abs());
            p.w -= lr * p.slots[0] / (rest * (p.slots[1] + hyper[2]));
        }
        UpdateKind::Nadam => {
            let (b1, b2) = (hyper[0], hyper[1]);
            let share = |t: u32| b1 * (1.0 - 0.5 * 0.96f64.powi(t as i32));
            let product: f64 = (1..=s.step).map(share).product();
            let next = share(s.step + 1);
            p.slots[0] += (g - p.slots[0]) * (1.0 - b1);
            p.slots[1] += (g * g - p.slots[1]) * (1.0 - b2);
            let mean = next * p.slots[0] / (1.0 - product * next)
                + (1.0 - share(s.step)) * g / (1.0 - product);
            let size = p.slots[1] / (1.0 - b2.powf(f64::from(s.step)));
            p.w -= mean * lr / (size.sqrt() + hyper[2]);
        }
        UpdateKind::Adagrad => {
            p.slots[0] += g * g;
            p.w -= lr * g / (p.slots[0] + hyper[0]).sqrt();
        }
        UpdateKind::Rmsprop
        | UpdateKind::RmspropMomentum
        | UpdateKind::RmspropCentered
        | UpdateKind::RmspropCenteredMomentum => {
            let at = |name: &str| kind.slots().iter().position(|slot| *slot == name);
            let [rho, epsilon] = hyper[hyper.len() - 2..] else {
                unreachable!()
            };
            p.slots[0] = rho * p.slots[0] + (1.0 - rho) * g * g;
            let mut variance = p.slots[0];
            if let Some(k) = at("averageGradient") {
                p.slots[k] = rho * p.slots[k] + (1.0 - rho) * g;
                variance -= p.slots[k] * p.slots[k];
            }
            let step = lr * g / (variance + epsilon).sqrt();
            match at("momentum") {
                Some(k) => {
                    p.slots[k] = hyper[0] * p.slots[k] + step;
                    p.w -= p.slots[k];
                }
                None => p.w -= step,
            }
        }
        UpdateKind::Adadelta => {
            let (rho, epsilon) = (hyper[0], hyper[1]);
            p.slots[0] = rho * p.slots[0] + (1.0 - rho) * g * g;
            let delta = -(p.slots[1] + epsilon).sqrt() * g / (p.slots[0] + epsilon).sqrt();
            p.slots[1] = rho * p.slots[1] + (1.0 - rho) * delta * delta;
            p.w += lr * delta;
        }
        UpdateKind::Lion => {
            let (b1, b2) = (hyper[0], hyper[1]);
            let direction = p.slots[0] * b1 + g * (1.0 - b1);
            p.w -= if direction == 0.0 {
                0.0
            } else {
                lr * direction.signum()
            };
            p.slots[0] = p.slots[0] * b2 + g * (1.0 - b2);
        }
        UpdateKind::Ftrl | UpdateKind::FtrlPower => {
            let [power, l1, l2, shrinkage, beta] = *hyper else {
                unreachable!()
            };
            let sum = p.slots[0] + g * g;
            let growth = (sum.powf(-power) - p.slots[0].powf(-power)) / lr;
            p.slots[1] += g + 2.0 * shrinkage * p.w - growth * p.w;
            let divisor = sum.powf(-power) / lr + 2.0 * (l2 + beta / (2.0 * lr));
            p.w = (p.slots[1].clamp(-l1, l1) - p.slots[1]) / divisor;
            p.slots[0] = sum;
        }
    }
}

/// What slots start from in Keras.
fn slots_of(kind: UpdateKind, n: usize) -> Vec<Vec<f32>> {
    let start = |slot: &&str| if *slot == "accumulator" { 0.1 } else { 0.0 };
    kind.slots().iter().map(|s| vec![start(s); n]).collect()
}

/// A gradient for weight `i` at step `t`: of different sizes, sometimes 0.
fn gradient(i: usize, t: usize) -> f32 {
    let size = 10f32.powi(-((i % 7) as i32));
    match (i + t) % 11 {
        0 => 0.0,
        _ => ((i * 31 + t * 17) as f32).sin() * size,
    }
}

fn hyper_of(kind: UpdateKind) -> Vec<f32> {
    kind.hyper().iter().map(|p| p.default).collect()
}

/// Runs `steps` steps over weights `range` of the common problem and returns weights and slots.
fn train(
    kind: UpdateKind,
    range: core::ops::Range<usize>,
    steps: usize,
    base: &Step,
) -> Vec<Vec<f32>> {
    let mut w: Vec<f32> = range.clone().map(|i| (i as f32 * 0.7).cos()).collect();
    let mut slots = slots_of(kind, w.len());
    for t in 0..steps {
        let g: Vec<f32> = range.clone().map(|i| gradient(i, t)).collect();
        let s = Step {
            step: t as u32 + 1,
            ..*base
        };
        let mut views: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
        kind.apply(&s, &mut Memo::default(), &mut w, &g, &mut views);
    }
    slots.insert(0, w);
    slots
}

/// Weights are gone through in pieces when what vanished is looked for.
#[test]
fn fading_leaves_the_rest_alone() {
    for kind in UpdateKind::ALL {
        let hyper = hyper_of(*kind);
        let step = |step| Step {
            lr: 0.01,
            step,
            grad_scale: 1.0,
            weight_decay: 0.0,
            clip_value: None,
            hyper: &hyper,
        };
        let n = 2 * FADED + 3;
        let run = |range: core::ops::Range<usize>| {
            let mut w: Vec<f32> = range.clone().map(|i| (i as f32).cos()).collect();
            let g: Vec<f32> = range.clone().map(|i| gradient(i, 0)).collect();
            let mut slots = slots_of(*kind, w.len());
            for t in [FADING, FADING + 1, 2 * FADING] {
                let mut views: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
                kind.apply(&step(t), &mut Memo::default(), &mut w, &g, &mut views);
            }
            w
        };
        let all = run(0..n);
        let parts: Vec<f32> = [0..5, 5..FADED + 2, FADED + 2..n].map(run).concat();
        assert_eq!(all, parts, "{}", kind.name());
        assert!(all.iter().all(|w| w.is_finite()));
    }
}

#[test]
fn names_and_codes_are_unique() {
    for (i, kind) in UpdateKind::ALL.iter().enumerate() {
        assert_eq!(UpdateKind::from_code(i as u8), Some(*kind));
        assert_eq!(UpdateKind::by_name(kind.name()), Some(*kind));
        assert!(kind.slots().len() <= MAX_SLOTS);
        assert!(kind.hyper().iter().all(|p| p.allows(p.default)));
    }
}

/// Every rule with its defaults, and some with other hyperparameters.
fn settings() -> Vec<(UpdateKind, Vec<f32>)> {
    let mut all: Vec<_> = UpdateKind::ALL.iter().map(|k| (*k, hyper_of(*k))).collect();
    all.push((UpdateKind::Amsgrad, vec![0.8, 0.9, 1e-3]));
    all.push((UpdateKind::Adamax, vec![0.8, 0.9, 1e-3]));
    all.push((UpdateKind::Nadam, vec![0.99, 0.9, 1e-3]));
    all.push((UpdateKind::RmspropCenteredMomentum, vec![0.5, 0.99, 1e-4]));
    all.push((UpdateKind::Adadelta, vec![0.8, 1e-3]));
    all.push((UpdateKind::Lion, vec![0.7, 0.8]));
    all.push((UpdateKind::Ftrl, vec![-0.5, 0.2, 0.1, 0.05, 0.3]));
    all.push((UpdateKind::FtrlPower, vec![-0.7, 0.2, 0.1, 0.05, 0.3]));
    all.push((UpdateKind::FtrlPower, vec![0.0, 0.0, 0.0, 0.0, 0.0]));
    all
}

#[test]
fn rules_follow_keras_over_100_steps() {
    for (kind, hyper) in settings() {
        // As users write them, not as float32 has them.
        let exact: Vec<f64> = hyper
            .iter()
            .map(|h| h.to_string().parse().expect("a number"))
            .collect();
        for (weight_decay, clip_value, grad_scale) in
            [(0.0, None, 1.0), (0.01, None, 0.5), (0.1, Some(0.03), 2.0)]
        {
            let base = Step {
                lr: 0.01,
                step: 0,
                grad_scale,
                weight_decay,
                clip_value,
                hyper: &hyper,
            };
            let got = train(kind, 0..37, 100, &base);
            for i in 0..37 {
                let mut p = Plain {
                    w: f64::from((i as f32 * 0.7).cos()),
                    ..Plain::default()
                };
                for (to, from) in p.slots.iter_mut().zip(slots_of(kind, 1)) {
                    *to = from[0].to_string().parse().expect("a number");
                }
                // A slot that passes through 0 is as exact as it was large.
                let mut greatest = [0.0f64; MAX_SLOTS];
                for t in 0..100 {
                    let s = Step {
                        step: t as u32 + 1,
                        ..base
                    };
                    plain_step(kind, &s, &exact, &mut p, f64::from(gradient(i, t)));
                    greatest = core::array::from_fn(|k| greatest[k].max(p.slots[k].abs()));
                }
                let error = (f64::from(got[0][i]) - p.w).abs();
                assert!(
                    error < 3e-6,
                    "{} weight {i}: {} and {}",
                    kind.name(),
                    got[0][i],
                    p.w
                );
                for (k, slot) in got[1..].iter().enumerate() {
                    // Linear sums up differences of powers, each within 3 ulp, over a rate of 0.01.
                    let linear = kind.slots()[k] == "linear";
                    let least = if linear { 10.0 } else { 1e-3 };
                    let relative = (f64::from(slot[i]) / p.slots[k] - 1.0).abs();
                    let error = (f64::from(slot[i]) - p.slots[k]).abs();
                    assert!(
                        relative < 1e-5 || error < 1e-6 * greatest[k].max(least),
                        "{} slot {k} of {i}: {} and {}",
                        kind.name(),
                        slot[i],
                        p.slots[k]
                    );
                }
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_position() {
    for kind in UpdateKind::ALL {
        let hyper = hyper_of(*kind);
        let base = Step {
            lr: 0.05,
            step: 0,
            grad_scale: 0.7,
            weight_decay: 0.02,
            clip_value: Some(0.5),
            hyper: &hyper,
        };
        let all = train(*kind, 0..160, 5, &base);
        for n in [1, 3, 4, 5, 7, 8, 9, 31, 33, 127] {
            for start in [0, 1, 2, 3, 17] {
                let part = train(*kind, start..start + n, 5, &base);
                for (a, b) in part.iter().zip(&all) {
                    let same = a
                        .iter()
                        .zip(&b[start..])
                        .all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{} {n} from {start}", kind.name());
                }
            }
        }
    }
}

/// With gradients gone, moments and decayed weights shrink through all magnitudes to 0: moments are
/// never denormal, weights not for long.
#[test]
fn no_denormal_lasts() {
    for kind in UpdateKind::ALL {
        let mut hyper = hyper_of(*kind);
        if let Some(beta2) = hyper.get_mut(1) {
            *beta2 = 0.9;
        }
        let n = 9;
        let mut w: Vec<f32> = (0..n).map(|i| 1e-30 * (i as f32 - 4.0)).collect();
        let mut slots = slots_of(*kind, n);
        for t in 0..2000u32 {
            let g: Vec<f32> = (0..n)
                .map(|i| if t < 3 { i as f32 * 1e-33 - 3e-33 } else { 0.0 })
                .collect();
            let g = if t == 0 { vec![0.1; n] } else { g };
            let s = Step {
                lr: 0.1,
                step: t + 1,
                grad_scale: 1.0,
                weight_decay: 1.0,
                clip_value: None,
                hyper: &hyper,
            };
            let mut views: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
            kind.apply(&s, &mut Memo::default(), &mut w, &g, &mut views);
            let looked = s.step.is_multiple_of(FADING);
            for v in slots.iter().flatten().chain(w.iter().filter(|_| looked)) {
                assert!(!v.is_subnormal(), "{} step {t}: {v:e}", kind.name());
            }
        }
        for (name, slot) in kind.slots().iter().zip(&slots) {
            let kept = ["accumulator", "linear", "velocityHat"].contains(name);
            assert!(
                kept || slot.iter().all(|v| *v == 0.0),
                "{} {name} does not decay to 0",
                kind.name()
            );
        }
    }
}

/// The product of Nadam's shares is that of all steps, also where its loop has come to rest.
#[test]
fn nadam_far_ahead() {
    for (b1, step) in [
        (0.9, 395),
        (0.9, 3000),
        (0.9999, 20_000),
        (0.999_999_9, 1_000_000),
    ] {
        let product: f64 = (1..=step)
            .map(|t| b1 * (1.0 - 0.5 * 0.96f64.powf(f64::from(t))))
            .product();
        let got = rules::nadam_product(b1, step);
        assert!(
            (got - product).abs() < 1e-9 * product + 1e-16,
            "{b1} {step}: {got} {product}"
        );
    }
}

/// Where a learning rate of 0 or an empty accumulator would divide 0 by 0.
#[test]
fn ftrl_without_a_divisor() {
    for kind in [UpdateKind::Ftrl, UpdateKind::FtrlPower] {
        let hyper = hyper_of(kind);
        let mut s = Step {
            lr: 0.0,
            step: 1,
            grad_scale: 1.0,
            weight_decay: 0.0,
            clip_value: None,
            hyper: &hyper,
        };
        let (mut w, mut n, mut z) = ([1.0f32; 2], [0.0f32; 2], [0.0f32; 2]);
        kind.apply(
            &s,
            &mut Memo::default(),
            &mut w,
            &[0.0, 2.0],
            &mut [&mut n, &mut z],
        );
        assert_eq!((w, n, z), ([1.0; 2], [0.0; 2], [0.0; 2]));
        s.lr = 0.5;
        kind.apply(
            &s,
            &mut Memo::default(),
            &mut w,
            &[0.0, 2.0],
            &mut [&mut n, &mut z],
        );
        // z = 2 - 2 / 0.5 = -2; w = 0.5 * 2 / 2.
        assert_eq!((w, n, z), ([0.0, 0.5], [0.0, 4.0], [0.0, -2.0]));
    }
}

/// A NaN gradient is not hidden by flushing or clipping.
#[test]
fn nan_stays_visible() {
    for kind in UpdateKind::ALL {
        let hyper = hyper_of(*kind);
        let s = Step {
            lr: 0.1,
            step: 1,
            grad_scale: 1.0,
            weight_decay: 0.0,
            clip_value: Some(1.0),
            hyper: &hyper,
        };
        let mut w = vec![1.0f32; 5];
        let mut slots = slots_of(*kind, 5);
        let mut views: Vec<&mut [f32]> = slots.iter_mut().map(Vec::as_mut_slice).collect();
        kind.apply(
            &s,
            &mut Memo::default(),
            &mut w,
            &[0.0, f32::NAN, 0.0, 0.0, f32::NAN],
            &mut views,
        );
        assert_eq!(
            w.iter().map(|v| v.is_nan()).collect::<Vec<_>>(),
            [false, true, false, false, true]
        );
    }
}

#[test]
#[should_panic(expected = "left == right")]
fn slots_are_counted() {
    let s = Step {
        lr: 0.1,
        step: 1,
        grad_scale: 1.0,
        weight_decay: 0.0,
        clip_value: None,
        hyper: &[0.9],
    };
    UpdateKind::Momentum.apply(&s, &mut Memo::default(), &mut [0.0], &[0.0], &mut []);
}

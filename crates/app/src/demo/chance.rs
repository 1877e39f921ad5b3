//! Repeatable chance.
//!
//! Every choice is a hash of the seed and of what is chosen, so that one resource's history does
//! not depend on how many others there are, or on which thread makes which month. Only `+ - * /`
//! on doubles: those are the same on every machine, `sin` and `exp` are not.

/// A stream of numbers that depends on its name alone.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of this name under this seed.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ mix(seed), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(mix(hash))
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// From 0 up to, not including, 1.
    pub(super) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// From `low` up to `high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// From 0 up to, not including, `n`, which must not be 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.bits() % (n.max(1) as u64)).unwrap_or(0)
    }

    /// True this often.
    pub(super) fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// An index, by weight.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u64 = weights.clone().map(u64::from).sum();
        let mut left = self.bits() % total.max(1);
        for (index, weight) in weights.enumerate() {
            if left < u64::from(weight) {
                return index;
            }
            left -= u64::from(weight);
        }
        0
    }

    /// Lower-case hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.bits()));
        }
        text.truncate(digits);
        text
    }

    /// A UUID's text.
    pub(super) fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    /// Capital letters and digits.
    pub(super) fn code(&mut self, length: usize) -> String {
        const SYMBOLS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..length).map(|_| char::from(SYMBOLS[self.below(SYMBOLS.len())])).collect()
    }

    /// Decimal digits, the first not 0.
    pub(super) fn digits(&mut self, length: usize) -> String {
        (0..length)
            .map(|i| {
                char::from(
                    b'0' + u8::try_from(if i == 0 { 1 + self.below(9) } else { self.below(10) }).unwrap_or(1),
                )
            })
            .collect()
    }
}

/// Bell-shaped noise of (key, day): mean 0, deviation 1, within ±3.5.
pub(super) fn noise(key: u64, day: i32) -> f64 {
    let mut sum = 0.0;
    let mut state = key ^ u64::from(day.unsigned_abs()).wrapping_mul(0xd6e8_feb8_6659_fd93);
    for _ in 0..4 {
        state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        sum += unit(state);
    }
    // The sum of four uniforms has variance 1/3.
    (sum - 2.0) * 1.732_050_807_568_877_2
}

fn unit(bits: u64) -> f64 {
    // 53 bits fit a double exactly.
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

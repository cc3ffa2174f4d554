//! Exact numbers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Maximum number of zeros before the text uses an exponent, so that `1e999999999` stays short.
const WRITTEN_ZEROS: i64 = 400;

/// A decimal number of any size and precision, or an infinity. It is never converted to a float internally.
///
/// Numbers are equal if their values are: `1.50`, `1.5` and `15e-1` are the same number. The order is numeric.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Infinite {
        negative: bool,
    },
    /// `0.digits × 10^scale`. The digits neither begin nor end with a zero. Zero has no digits, no scale and no sign.
    Finite {
        negative: bool,
        scale: i64,
        digits: String,
    },
}

/// A string that is not a number, or a float that is NaN. The message omits the string, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not decimal digits with an optional sign, fraction and exponent.
    #[error("not a decimal number")]
    Malformed,
    /// The exponent has more than nine digits.
    #[error("a number with an exponent out of range")]
    Exponent,
    /// A float that is not a number.
    #[error("not a number (NaN)")]
    NotANumber,
}

impl Number {
    /// Converts a float: integers exactly, others by their shortest decimal form.
    pub fn from_f64(float: f64) -> Result<Self, NumberError> {
        if float.is_nan() {
            return Err(NumberError::NotANumber);
        }
        if float.is_infinite() {
            return Ok(Self(Repr::Infinite { negative: float < 0.0 }));
        }
        if float.fract() == 0.0 { format!("{float:.0}").parse() } else { format!("{float:e}").parse() }
    }

    /// Converts a finite float to the shortest decimal number with this nearest float; another one to an infinity.
    pub(crate) fn shortest(float: impl fmt::LowerExp) -> Self {
        // The text of a finite float is a decimal number.
        format!("{float:e}").parse().unwrap_or(Self(Repr::Infinite { negative: false }))
    }

    /// Converts a finite float without rounding; another one to an infinity.
    pub(crate) fn exact(float: f64) -> Self {
        Self::from_f64(float).unwrap_or(Self(Repr::Infinite { negative: false }))
    }

    /// Returns the nearest float; an infinity if it is out of range.
    pub(crate) fn nearest<F: FromStr + Default>(&self) -> F {
        self.to_string().parse().unwrap_or_default()
    }

    /// Returns the number as an integer; `None` if it has a fraction or does not fit.
    pub(crate) fn to_integer<I: FromStr>(&self) -> Option<I> {
        self.short_integer()?.parse().ok()
    }

    /// Returns whether it is finite and has no fraction.
    pub fn is_integer(&self) -> bool {
        matches!(&self.0, Repr::Finite { scale, digits, .. } if *scale >= length(digits))
    }

    /// Returns whether it is not infinite.
    pub fn is_finite(&self) -> bool {
        matches!(self.0, Repr::Finite { .. })
    }

    /// Returns the number as an `i64`; `None` if it has a fraction or does not fit.
    pub fn as_i64(&self) -> Option<i64> {
        self.to_integer()
    }

    /// Returns the number as a `u64`; `None` if it has a fraction or does not fit.
    pub fn as_u64(&self) -> Option<u64> {
        self.to_integer()
    }

    /// Returns the nearest float. Huge numbers become infinite.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Infinite { negative: true } => f64::NEG_INFINITY,
            Repr::Infinite { negative: false } => f64::INFINITY,
            Repr::Finite { negative, scale, digits } => {
                let sign = if *negative { "-" } else { "" };
                format!("{sign}0.{digits}0e{scale}").parse().unwrap_or(f64::NAN)
            }
        }
    }

    fn short_integer(&self) -> Option<String> {
        match &self.0 {
            Repr::Finite { scale, .. } if self.is_integer() && *scale <= 20 => Some(self.to_string()),
            _ => None,
        }
    }

    fn zero() -> Self {
        Self(Repr::Finite { negative: false, scale: 0, digits: String::new() })
    }

    /// Returns the sign: -1, 0 or 1.
    fn sign(&self) -> i8 {
        match &self.0 {
            Repr::Finite { digits, .. } if digits.is_empty() => 0,
            Repr::Finite { negative: true, .. } | Repr::Infinite { negative: true } => -1,
            Repr::Finite { .. } | Repr::Infinite { .. } => 1,
        }
    }
}

fn length(digits: &str) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX)
}

fn digits_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |count| from + count)
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (negative, text) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let bytes = text.as_bytes();
        let whole_end = digits_end(bytes, 0);
        let whole = &text[..whole_end];
        let (fraction, mantissa_end) = match bytes.get(whole_end) {
            Some(b'.') => {
                let end = digits_end(bytes, whole_end + 1);
                (&text[whole_end + 1..end], end)
            }
            _ => ("", whole_end),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(NumberError::Malformed);
        }
        let exponent = match bytes.get(mantissa_end) {
            None => 0,
            Some(b'e' | b'E') => parse_exponent(&text[mantissa_end + 1..])?,
            Some(_) => return Err(NumberError::Malformed),
        };
        let digits = [whole, fraction].concat();
        let leading = digits.len() - digits.trim_start_matches('0').len();
        let digits = digits[leading..].trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Ok(Self::zero());
        }
        let scale = exponent + length(whole) - i64::try_from(leading).unwrap_or(i64::MAX);
        Ok(Self(Repr::Finite { negative, scale, digits }))
    }
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Malformed);
    }
    let digits = digits.trim_start_matches('0');
    if digits.len() > 9 {
        return Err(NumberError::Exponent);
    }
    let size: i64 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| NumberError::Exponent)? };
    Ok(if negative { -size } else { size })
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (negative, scale, digits) = match &self.0 {
            Repr::Infinite { negative } => return f.write_str(if *negative { "-inf" } else { "inf" }),
            Repr::Finite { digits, .. } if digits.is_empty() => return f.write_str("0"),
            Repr::Finite { negative, scale, digits } => (*negative, *scale, digits.as_str()),
        };
        if negative {
            f.write_str("-")?;
        }
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        let count = length(digits);
        if scale >= count && scale - count <= WRITTEN_ZEROS {
            write!(f, "{digits}{}", zeros(scale - count))
        } else if scale > 0 && scale < count {
            let (whole, fraction) = digits.split_at(usize::try_from(scale).unwrap_or(0));
            write!(f, "{whole}.{fraction}")
        } else if scale <= 0 && -scale <= WRITTEN_ZEROS {
            write!(f, "0.{}{digits}", zeros(-scale))
        } else {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() { "" } else { "." };
            write!(f, "{first}{point}{rest}e{}", scale - 1)
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.sign();
        sign.cmp(&other.sign()).then_with(|| {
            let size = match (&self.0, &other.0) {
                (Repr::Infinite { .. }, Repr::Infinite { .. }) => Ordering::Equal,
                (Repr::Infinite { .. }, Repr::Finite { .. }) => Ordering::Greater,
                (Repr::Finite { .. }, Repr::Infinite { .. }) => Ordering::Less,
                (
                    Repr::Finite { scale, digits, .. },
                    Repr::Finite { scale: other_scale, digits: other_digits, .. },
                ) => scale.cmp(other_scale).then_with(|| digits.cmp(other_digits)),
            };
            if sign < 0 { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Number {
            fn from(integer: $integer) -> Self {
                // The string form of an integer is always a decimal number.
                integer.to_string().parse().unwrap_or_else(|_| Self::zero())
            }
        }
    )*};
}

from_integers!(i8, i16, i32, i64, u8, u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_have_the_same_text() {
        for (given, canonical) in [
            ("0", "0"),
            ("-0.00e5", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("15e-1", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+12", "12"),
            ("-12000", "-12000"),
            ("0.00010", "0.0001"),
            ("00.0012e2", "0.12"),
            ("1180591620717411303424", "1180591620717411303424"),
            ("0.1000000000000000000000001", "0.1000000000000000000000001"),
            ("1e999999999", "1e999999999"),
            ("-1.25E-999", "-1.25e-999"),
            ("1e0000000000003", "1000"),
        ] {
            assert_eq!(number(given).to_string(), canonical, "{given}");
            assert_eq!(number(canonical), number(given), "{given}");
        }
    }

    #[test]
    fn invalid_numbers_are_rejected() {
        for text in ["", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1_000", " 1", "NaN", "inf", "١"] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Malformed), "{text}");
        }
        assert_eq!("1e9999999999".parse::<Number>(), Err(NumberError::Exponent));
        assert_eq!(Number::from_f64(f64::NAN), Err(NumberError::NotANumber));
    }

    #[test]
    fn floats_keep_integers_exact_and_fractions_short() {
        for (float, text) in [
            (0.1, "0.1"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (1_180_591_620_717_411_303_424.0, "1180591620717411303424"),
            (1e22, "10000000000000000000000"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            let expected = if text == "5e-324" { number(text).to_string() } else { text.to_owned() };
            assert_eq!(Number::from_f64(float).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn the_order_is_numeric() {
        let texts =
            ["-1e500", "-20", "-3", "-0.5", "0", "1e-500", "0.05", "0.5", "0.51", "3", "20", "100", "1e500"];
        let mut numbers: Vec<Number> = texts.iter().map(|text| number(text)).collect();
        numbers.insert(0, Number::from_f64(f64::NEG_INFINITY).unwrap());
        numbers.push(Number::from_f64(f64::INFINITY).unwrap());
        assert!(numbers.is_sorted());
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn integers_are_returned_if_they_fit() {
        for integer in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert_eq!(Number::from(integer).as_i64(), Some(integer));
        }
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Number::from(u64::MAX).as_i64(), None);
        assert_eq!(number("1.5").as_i64(), None);
        assert_eq!(number("1e30").as_i64(), None);
        assert_eq!(number("-1").as_u64(), None);
        assert!((number("2.5e3").to_f64() - 2500.0).abs() < f64::EPSILON);
        assert!(number("1e999").to_f64().is_infinite());
    }
}

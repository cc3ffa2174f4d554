//! Words as values of attributes. Called by the derive macro of [`Enum`].

use super::{Enum, Facts, Misfit, Value as _};
use crate::check::{nearest, one_of};
use crate::value::Dyn;

/// Returns the facts of values that are one of several words.
pub fn word_facts<E: Enum>() -> Facts {
    Facts { checks: vec![one_of(E::WORDS)], ..Facts::default() }
}

/// Reads a word. The misfit lists the words, and suggests the most similar one.
pub fn read_word<E: Enum>(value: &Dyn) -> Result<E, Misfit> {
    let word = String::from_known(value)?;
    E::of(&word).ok_or_else(|| {
        let misfit = Misfit::new(format!("must {}", one_of(E::WORDS).must()));
        match nearest(&word, E::WORDS) {
            Some(word) => misfit.fix(format!("Did you mean {word:?}?")),
            None => misfit,
        }
    })
}

//! Values that are one of several words.

/// A value that is one of several words: an `enum` without fields that derives `Enum`.
///
/// Each variant is a word of the configuration: its name in snake case, or the name in `#[attr(name = "…")]`. The
/// words are a check of every attribute with this type, and a sentence of its documentation. For values of which a
/// newer server may support more, use a `String` with the check
/// [`suggesting`](crate::check::Check::suggesting).
///
/// ```
/// use tfkit::Enum;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Enum)]
/// enum Paper {
///     Lined,
///     Squared,
///     #[attr(name = "squared-5mm")]
///     FineSquared,
/// }
///
/// assert_eq!(Paper::WORDS, ["lined", "squared", "squared-5mm"]);
/// assert_eq!(Paper::FineSquared.word(), "squared-5mm");
/// assert_eq!(Paper::of("lined"), Some(Paper::Lined));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not one of several words",
    note = "derive `tfkit::Enum` for an enum whose variants have no fields"
)]
pub trait Enum: Sized + Clone + Send + Sync + 'static {
    /// The words, in the order of the variants.
    const WORDS: &'static [&'static str];

    /// Returns the word of a variant.
    fn word(&self) -> &'static str;

    /// Returns the variant of a word.
    fn of(word: &str) -> Option<Self>;
}

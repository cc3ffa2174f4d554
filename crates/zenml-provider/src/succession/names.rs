//! The names of retired objects.

/// The longest name that a server accepts, in characters.
const LONGEST: usize = 255;

/// The separator between a name and its fingerprint.
const MARK: &str = " (replaced ";

/// Hexadecimal digits of the fingerprint.
const DIGITS: usize = 8;

/// Returns a filter for all names that [`retired`] creates.
pub(crate) fn all_retired() -> Vec<String> {
    vec![format!("contains:{MARK}")]
}

/// Returns a filter for a name and its retired form.
pub(crate) fn with_retired(name: &str) -> Vec<String> {
    let both = serde_json::Value::from(vec![name.to_owned(), retired(name)]);
    vec![format!("oneof:{both}")]
}

/// Returns the name of an object that a successor called `name` replaces. It is always the same, so that a later run
/// finds it after an interruption, and no person would choose it.
pub(crate) fn retired(name: &str) -> String {
    let mark = format!("{MARK}{:0DIGITS$x})", fingerprint(name));
    let room = LONGEST.saturating_sub(mark.len());
    let kept: String = name.chars().take(room).collect();
    kept + &mark
}

/// Returns whether this is the name of a retired object.
pub(crate) fn is_retired(name: &str) -> bool {
    let fingerprint = name.rsplit_once(MARK).and_then(|(kept, rest)| Some((kept, rest.strip_suffix(')')?)));
    fingerprint.is_some_and(|(kept, digits)| {
        let is_hexadecimal = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        !kept.is_empty() && digits.len() == DIGITS && digits.bytes().all(is_hexadecimal)
    })
}

/// Returns the 32-bit FNV-1a hash.
fn fingerprint(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_name_fits_is_unique_and_is_recognized() {
        let long = "ä".repeat(255);
        let other = format!("{}b", "ä".repeat(254));
        for name in ["a", "prod-s3", "a (replaced 00000000)", &long] {
            let retired = retired(name);
            assert!(retired.chars().count() <= LONGEST && is_retired(&retired), "{retired}");
            assert_ne!(retired, name);
        }
        assert_eq!(retired("a"), "a (replaced e40c292c)");
        assert_ne!(retired(&long), retired(&other));
        let strange =
            ["a", "a (replaced)", "a (replaced e40c292)", "a (replaced E40C292C)", "a (replaced e40c292c) "];
        for name in strange.into_iter().chain([" (replaced e40c292c)", ""]) {
            assert!(!is_retired(name), "{name}");
        }
    }

    #[test]
    fn one_filter_finds_a_name_and_its_retired_form_with_any_characters() {
        let [filter] = with_retired("a\"b").try_into().unwrap();
        assert_eq!(filter, format!("oneof:[\"a\\\"b\",\"a\\\"b{}\"]", &retired("a\"b")[3..]));
    }
}

//! Labels of resources, from the names of objects.

use std::collections::HashSet;

/// Gives each object of a type its own label.
#[derive(Debug, Default)]
pub(super) struct Labels(HashSet<String>);

impl Labels {
    /// Returns a label that no other object has.
    pub(super) fn take(&mut self, name: &str) -> String {
        let wanted = label(name);
        let mut free = wanted.clone();
        let mut number = 2_u64;
        while !self.0.insert(free.clone()) {
            free = format!("{wanted}_{number}");
            number += 1;
        }
        free
    }
}

/// Returns the name in lower case, with underscores for what a label cannot contain.
pub(super) fn label(name: &str) -> String {
    let mut label = String::new();
    for one in name.chars().flat_map(char::to_lowercase) {
        if one.is_ascii_alphanumeric() {
            label.push(one);
        } else if !label.ends_with('_') {
            label.push('_');
        }
    }
    let label = label.trim_matches('_');
    match label.chars().next() {
        None => "unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{label}"),
        Some(_) => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_name_without_what_a_label_cannot_contain() {
        for (name, expected) in [
            ("images", "images"),
            ("My Stack-2", "my_stack_2"),
            ("artifact_store/files", "artifact_store_files"),
            ("builders (Project Viewer in vision)", "builders_project_viewer_in_vision"),
            ("2024", "_2024"),
            ("${var.x}", "var_x"),
            ("模型", "unnamed"),
            ("", "unnamed"),
        ] {
            assert_eq!(label(name), expected, "{name:?}");
        }
    }

    #[test]
    fn objects_with_similar_names_get_different_labels() {
        let mut labels = Labels::default();
        let taken = ["a b", "a_b_2", "a-b", "A B"].map(|name| labels.take(name));
        assert_eq!(taken, ["a_b", "a_b_2", "a_b_3", "a_b_4"]);
    }
}
